//! Values computed from inputs.

use serde::{Deserialize, Serialize};

use super::inputs::InputType;

/// A value computed from inputs and from features above it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Feature {
    /// Name, as expressions and models' inputs write it.
    pub name: String,
    /// CEL expression over inputs and earlier features. Where it has no value (a missing operand, a
    /// division of integers by zero) or no finite one, the feature is missing.
    pub expr: String,
    /// Type of its values; the expression must give it.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Unit of its values; the expression must give it. Where it is not said, the expression's own counts.
    #[serde(default)]
    pub unit: Option<String>,
    /// The value where the expression has none: a number, text or truth value.
    #[serde(default)]
    pub default: Option<serde_json::Value>,
}
