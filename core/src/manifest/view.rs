//! The customer view: named fields with bands, a lifecycle stage, tags and alerts.

use serde::{Deserialize, Serialize};

use super::inputs::InputType;
use super::severity::Severity;
use super::texts::Texts;

/// One view of a customer, from all models together. The policy and the offers see it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct View {
    /// What is known of the customer: risk, value, churn, satisfaction, intent.
    #[serde(default)]
    pub fields: Vec<ViewField>,
    /// Where the customer stands; rules see it as `lifecycle`.
    #[serde(default)]
    pub lifecycle: Option<Lifecycle>,
    /// Marks that hold or do not; rules see those that hold as the list `tags`.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// What somebody should look at; rules see the ids of those that hold as the list `alerts`.
    #[serde(default)]
    pub alerts: Vec<Alert>,
}

/// A field of the view. It takes its value from one of three places: an expression, the labels of a
/// model, or, without either, the score, feature or input that has its name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ViewField {
    /// Name, as rules write it.
    pub name: String,
    /// CEL expression over inputs, features, scores, `quality`, `now` and the fields above it. Where it
    /// has no value the field has none.
    #[serde(default)]
    pub expr: Option<String>,
    /// Type of the expression's values; `number` by default.
    #[serde(rename = "type", default)]
    pub kind: Option<InputType>,
    /// A model whose output is of kind `vector` with labels: the value is the label of the greatest
    /// number, and rules see that number as `<name>_probability`.
    #[serde(default)]
    pub model: Option<String>,
    /// Bands of a number, ascending; rules see the label as `<name>_band`.
    #[serde(default)]
    pub bands: Vec<Band>,
    /// Unit, for people.
    #[serde(default)]
    pub unit: Option<String>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

impl ViewField {
    /// Type of the expression's values.
    #[must_use]
    pub fn kind(&self) -> InputType {
        self.kind.unwrap_or(InputType::Number)
    }

    /// Whether rules see the value under the field's own name: not where that is a name already.
    #[must_use]
    pub const fn declares(&self) -> bool {
        self.expr.is_some() || self.model.is_some()
    }
}

/// A band of a number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Band {
    /// Its label, such as `high`.
    pub label: String,
    /// Values below this, and not in a band before, belong to it. The last band has no bound.
    #[serde(default)]
    pub below: Option<f64>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

impl Band {
    /// The band of a number, by its place: the first whose bound lies above it; `None` for NaN.
    #[must_use]
    pub fn find(bands: &[Self], number: f64) -> Option<usize> {
        let holds = |band: &Self| band.below.is_none_or(|below| number < below);
        if number.is_nan() { None } else { bands.iter().position(holds) }
    }
}

/// The lifecycle as a table: the first stage whose condition holds is the customer's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Lifecycle {
    /// The stages in the order in which they are tried.
    pub stages: Vec<Stage>,
    /// The stage where no condition holds.
    pub default: String,
}

/// A stage of the lifecycle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Stage {
    /// Its name, such as `new`, `active`, `dormant`.
    pub stage: String,
    /// CEL condition; what tags see but for `lifecycle` itself.
    pub when: String,
    /// Code of the reason that is given where the customer is in this stage.
    #[serde(default)]
    pub reason: Option<String>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

/// A mark that holds or does not.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Tag {
    /// Its name.
    pub tag: String,
    /// CEL condition over everything above, the view's fields and `lifecycle`.
    pub when: String,
    /// Code of the reason that is given where it holds.
    #[serde(default)]
    pub reason: Option<String>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

/// What somebody should look at.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Alert {
    /// Its name.
    pub id: String,
    /// CEL condition over what tags see and `tags`.
    pub when: String,
    /// How bad it is.
    pub severity: Severity,
    /// Code of the reason that is given where it holds.
    #[serde(default)]
    pub reason: Option<String>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}
