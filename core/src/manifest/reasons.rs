//! Reasons: from contributions of features to codes and texts.

use serde::{Deserialize, Serialize};

use super::texts::Texts;

/// How contributions are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum ReasonMethod {
    /// Shapley values of tree ensembles along their paths, weighted by the training rows of each node.
    TreeShap,
    /// Coefficient times distance from the training mean, for linear models.
    Linear,
    /// Points lost in each characteristic of the scorecard.
    Scorecard,
}

/// What points are lost against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Against {
    /// The bin with the most points.
    #[default]
    Best,
    /// The points that speak neither for nor against.
    Neutral,
}

impl Against {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Neutral => "neutral",
        }
    }
}

/// Which way a contribution is adverse to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Direction {
    /// What increases the model's margin, such as that of default.
    #[default]
    Increase,
    /// What decreases it.
    Decrease,
}

/// The reasons of a decision.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Reasons {
    /// The model that is explained; none where only rules or the scorecard give reasons.
    #[serde(default)]
    pub model: Option<String>,
    /// How it is explained; needed where there is a model.
    #[serde(default)]
    pub method: Option<ReasonMethod>,
    /// For the method `scorecard`: what points are lost against.
    #[serde(default)]
    pub against: Against,
    /// How many of the model's reasons a decision gives at most, unless the request says otherwise.
    #[serde(default = "four")]
    pub top: usize,
    /// Which way a contribution is adverse; only those become reasons.
    #[serde(default)]
    pub direction: Direction,
    /// Codes and texts.
    pub codes: Vec<ReasonCode>,
}

const fn four() -> usize {
    4
}

/// A reason.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ReasonCode {
    /// The code.
    pub code: String,
    /// The model's inputs, or the scorecard's characteristics, whose contributions are summed under this code;
    /// none for codes that only rules give.
    #[serde(default)]
    pub features: Vec<String>,
    /// What it says, by language.
    pub text: Texts,
}
