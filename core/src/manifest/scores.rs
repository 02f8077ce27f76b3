//! Scores and the scorecard.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bins::{Bin, Closed};
use super::losses::{Anomaly, ExpectedLoss, TailLoss, Take};
use super::maps;
use super::texts::Texts;
use super::view::Band;

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

/// A named score: a model's calibrated answer or a class of it, an expression, the probability that a
/// scorecard's points mean, an expected loss, an anomaly, or a loss in the tail of a portfolio. Exactly one of
/// `model`, `expr`, `points`, `expected_loss`, `anomaly`, `value_at_risk` and `expected_shortfall`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Score {
    /// The model whose calibrated answer it is.
    #[serde(default)]
    pub model: Option<String>,
    /// With a model whose output is of kind `vector` with labels: the probability of this class.
    #[serde(default)]
    pub class: Option<String>,
    /// With such a model instead of a class: what is taken of all of them.
    #[serde(default)]
    pub take: Option<Take>,
    /// With `"take": "expected"`: the value of each label.
    #[serde(default, deserialize_with = "maps::unique")]
    pub values: BTreeMap<String, f64>,
    /// CEL expression over inputs, features, `now` and other scores, in any order but no circle.
    #[serde(default)]
    pub expr: Option<String>,
    /// Expected loss: PD x LGD x EAD.
    #[serde(default)]
    pub expected_loss: Option<ExpectedLoss>,
    /// The percentile of another score in the training sample.
    #[serde(default)]
    pub anomaly: Option<Anomaly>,
    /// The loss that is not exceeded with a confidence.
    #[serde(default)]
    pub value_at_risk: Option<TailLoss>,
    /// The mean of the losses beyond a confidence.
    #[serde(default)]
    pub expected_shortfall: Option<TailLoss>,
    /// Bands of a number, ascending; rules see the label as `<name>_band`.
    #[serde(default)]
    pub bands: Vec<Band>,
    /// How the points of the scorecard, one with characteristics, become the probability of the bad event.
    #[serde(default)]
    pub points: Option<PointsCalibration>,
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
        match self.take {
            Some(Take::Label) => ScoreType::String,
            _ => self.kind.unwrap_or_default(),
        }
    }
}

/// How points become a probability.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct PointsCalibration {
    /// The method.
    pub method: PointsMethod,
    /// `table`: points at which a band ends and the next begins, ascending.
    #[serde(default)]
    pub edges: Option<Vec<f64>>,
    /// `table`: the observed probability of each band, one more than there are edges.
    #[serde(default)]
    pub y: Option<Vec<f64>>,
}

/// What points mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum PointsMethod {
    /// The odds of the scorecard's scale: `base_odds` at `base_points`, doubled every `pdo` points.
    Odds,
    /// What was observed in bands of points.
    Table,
}

/// Points and grades: of a probability (`score`), or of the characteristics of a record.
///
/// Of a probability, with odds = (1 - p) / p: `base_points` + `pdo` / ln 2 * ln(odds / `base_odds`), rounded half away
/// from zero and kept within floor and cap. Of characteristics: `start` plus the points of each bin, exactly.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Scorecard {
    /// The score that holds the probability of the bad event; none for a scorecard with characteristics.
    #[serde(default)]
    pub score: Option<String>,
    /// What is looked at, each with points per bin; none for a scorecard of a probability.
    #[serde(default)]
    pub characteristics: Vec<Characteristic>,
    /// Points that everybody has before any characteristic; 0 by default.
    #[serde(default)]
    pub start: Option<i64>,
    /// Where points are derived from weights of evidence: the intercept of the logistic regression of the bad
    /// event.
    #[serde(default)]
    pub intercept: Option<f64>,
    /// Points at the base odds.
    #[serde(default)]
    pub base_points: Option<f64>,
    /// Odds of good to bad at the base points; greater than 0.
    #[serde(default)]
    pub base_odds: Option<f64>,
    /// Points that double the odds; greater than 0.
    #[serde(default)]
    pub pdo: Option<f64>,
    /// Fewest points of a probability.
    #[serde(default)]
    pub floor: Option<i64>,
    /// Most points of a probability.
    #[serde(default)]
    pub cap: Option<i64>,
    /// Grades from best to worst; the last one reaches down to the fewest points that there are.
    #[serde(default)]
    pub grades: Vec<Grade>,
}

/// A characteristic of a scorecard: the bins of an input or feature, with their points. Either each bin has
/// `points`, or each has its `woe` and the characteristic a `coefficient`, from which points are derived.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Characteristic {
    /// Name of the input or feature.
    pub of: String,
    /// Which end belongs to a range.
    #[serde(default)]
    pub closed: Closed,
    /// The bins. Together they take every value that a scored record can have, missing ones among them.
    pub bins: Vec<Bin>,
    /// Coefficient of the weight of evidence in the logistic regression of the bad event; below 0 where
    /// evidence of good speaks against it.
    #[serde(default)]
    pub coefficient: Option<f64>,
    /// Points that speak neither for nor against: those of a weight of evidence of 0 where they are not said.
    #[serde(default)]
    pub neutral_points: Option<i64>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
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
