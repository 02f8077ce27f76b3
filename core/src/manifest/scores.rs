//! Scores and the scorecard.

use serde::{Deserialize, Serialize};

/// A named score.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Score {
    /// The model whose calibrated answer it is.
    pub model: String,
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
