//! What a rule asks for beside its outcome: a limit, a price, collateral, documents, an alert.

use serde::{Deserialize, Serialize};

use super::amounts::Amount;
use super::severity::Severity;

/// What is asked for where a rule fires. Amounts are numbers or CEL expressions over everything that the
/// rule sees.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Actions {
    /// The most that may be granted; of several the lowest counts.
    #[serde(default)]
    pub limit: Option<LimitAction>,
    /// What it costs; of several rates the highest counts, margins add up.
    #[serde(default)]
    pub price: Option<PriceAction>,
    /// What must be pledged; of several of one type the highest amount and the lowest loan to value count.
    #[serde(default)]
    pub collateral: Vec<CollateralAction>,
    /// What must be fulfilled first; all of them.
    #[serde(default)]
    pub condition: Option<ConditionAction>,
    /// Who should look at it; all of them, the most severe first.
    #[serde(default)]
    pub alert: Option<AlertAction>,
}

/// A limit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct LimitAction {
    /// The most that may be granted; below 0 counts as 0.
    pub amount: Amount,
    /// Its unit, such as `EUR`; the same for all limits of a policy.
    #[serde(default)]
    pub unit: Option<String>,
}

/// A price: a rate, a margin on it, or both.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct PriceAction {
    /// The rate as a share: 0.05 for 5 %.
    #[serde(default)]
    pub rate: Option<Amount>,
    /// What is added to the rate, as a share.
    #[serde(default)]
    pub margin: Option<Amount>,
}

/// A collateral.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct CollateralAction {
    /// What is pledged, such as `deposit` or `property`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its least value.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// The highest loan to value, as a share.
    #[serde(default)]
    pub ltv: Option<Amount>,
    /// Unit of the amount; the same for all collateral of one type.
    #[serde(default)]
    pub unit: Option<String>,
}

/// What must be fulfilled first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ConditionAction {
    /// Documents that must be there.
    pub documents: Vec<String>,
}

/// An alert.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct AlertAction {
    /// How bad it is.
    pub severity: Severity,
    /// Whose work list it goes to.
    pub queue: String,
    /// Names whose values are shown with it: inputs that are not personal, features, scores, results of
    /// earlier steps.
    #[serde(default)]
    pub evidence: Vec<String>,
}

impl Actions {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limit.is_none()
            && self.price.is_none()
            && self.collateral.is_empty()
            && self.condition.is_none()
            && self.alert.is_none()
    }
}
