//! Scores and the scorecard.

use serde::{Deserialize, Serialize};

/// What the values of a score are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum ScoreType {
    /// A finite 64-bit float.
    #[default]
    Number,
    /// Text, such as a rating.
    String,
}

impl ScoreType {
    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::String => "string",
        }
    }
}

/// A named score: a model's calibrated answer, or an expression. Exactly one of `model` and `expr`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Score {
    /// The model whose calibrated answer it is.
    #[serde(default)]
    pub model: Option<String>,
    /// CEL expression over inputs, features, `now` and other scores, in any order but no circle.
    #[serde(default)]
    pub expr: Option<String>,
    /// Type of the expression's values; `number` by default.
    #[serde(rename = "type", default)]
    pub kind: Option<ScoreType>,
    /// Unit of its values: `EUR`, `share`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether a record may lack it. A score that is not optional and has no value makes the outcome at
    /// least the policy's `on_error`.
    #[serde(default)]
    pub optional: bool,
}

impl Score {
    /// Type of its values.
    #[must_use]
    pub fn kind(&self) -> ScoreType {
        self.kind.unwrap_or_default()
    }
}

/// Points and grades from a probability: with odds = (1 - p) / p, points = `base_points` +
/// `pdo` / ln 2 * ln(odds / `base_odds`), rounded half away from zero and kept within floor and cap.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Scorecard {
    /// The score that holds the probability of the bad event.
    pub score: String,
    /// Points at the base odds.
    pub base_points: f64,
    /// Odds of good to bad at the base points; greater than 0.
    pub base_odds: f64,
    /// Points that double the odds; greater than 0.
    pub pdo: f64,
    /// Fewest points.
    pub floor: i64,
    /// Most points.
    pub cap: i64,
    /// Grades from best to worst; the last one reaches down to the floor.
    #[serde(default)]
    pub grades: Vec<Grade>,
}

/// A grade.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Grade {
    /// Name of the grade.
    pub grade: String,
    /// Fewest points that still earn it.
    pub min_points: i64,
}
