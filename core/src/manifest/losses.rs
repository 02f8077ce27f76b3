//! Scores that measure losses: expected loss, anomalies against the sample, value at risk and expected
//! shortfall of a portfolio.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::Amount;
use super::maps;

/// What is taken of a model whose output is of kind `vector` with labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Take {
    /// The label of the greatest number, the first of equals: a text.
    Label,
    /// The greatest number, where the numbers are probabilities.
    Confidence,
    /// The mean of `values` by the probabilities of their labels.
    Expected,
}

/// Expected loss: probability of default x loss given default x exposure at default (Basel Committee on
/// Banking Supervision, The Basel Framework, CRE31.4 and CRE35.2). Each is a number or a CEL expression
/// over inputs, features and other scores.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ExpectedLoss {
    /// Probability of default, 0 to 1.
    pub pd: Amount,
    /// Loss given default, as a share of the exposure, 0 to 1.
    pub lgd: Amount,
    /// Exposure at default, in the unit of the score; not below 0.
    pub ead: Amount,
}

/// How strange a number is: the share of the training sample that does not exceed it, in percent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Anomaly {
    /// The score whose place in the sample is asked for.
    pub of: String,
}

/// How a quantile between two observations is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Quantile {
    /// The least loss that at least the confidence's share of observations does not exceed: the inverse of
    /// the empirical distribution, type 1 of Hyndman and Fan (1996).
    #[default]
    InverseCdf,
    /// Linear between the two nearest observations: type 7 of Hyndman and Fan (1996), what spreadsheets and
    /// NumPy give.
    Linear,
}

/// A loss in the tail of a portfolio's distribution, by historical simulation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct TailLoss {
    /// The portfolio, one of `portfolios`.
    pub portfolio: String,
    /// The confidence, such as 0.99; at most six decimals.
    pub confidence: f64,
    /// Value at risk only: how a quantile between two observations is read.
    #[serde(default)]
    pub quantile: Option<Quantile>,
    /// Days of the horizon that is asked for; the loss is then scaled by the square root of time from the
    /// portfolio's own horizon. Without it nothing is scaled.
    #[serde(default)]
    pub scale_to_days: Option<f64>,
    /// Fewest observations with which there is a value; by default as many as leave one beyond the
    /// confidence: 100 at 0.99.
    #[serde(default)]
    pub min_observations: Option<u32>,
}

/// The gains and losses of a portfolio: observed ones, or those of scenarios.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Portfolio {
    /// CEL expression over inputs, features and scores that gives a list of gains (losses below 0), such as
    /// `history.map(h, h.pnl)`.
    #[serde(default)]
    pub pnl: Option<String>,
    /// Returns of risk factors: per factor one return for each scenario, the same number for all.
    #[serde(default, deserialize_with = "maps::unique")]
    pub returns: BTreeMap<String, Vec<f64>>,
    /// A CSV file of the bundle with the returns: a column per factor, a line per scenario.
    #[serde(default)]
    pub file: Option<String>,
    /// The exposure to each factor, in the unit of the portfolio: a number or a CEL expression over inputs,
    /// features and scores. The gain of a scenario is the sum of exposure x return.
    #[serde(default, deserialize_with = "maps::unique")]
    pub exposures: BTreeMap<String, Amount>,
    /// Days over which a gain or return was observed; 1 by default.
    #[serde(default)]
    pub horizon_days: Option<f64>,
    /// Unit of the gains.
    #[serde(default)]
    pub unit: Option<String>,
}

impl Portfolio {
    /// Days over which a gain was observed.
    #[must_use]
    pub fn horizon_days(&self) -> f64 {
        self.horizon_days.unwrap_or(1.0)
    }

    /// How many scenarios there are.
    #[must_use]
    pub fn scenarios(&self) -> usize {
        self.returns.values().next().map_or(0, Vec::len)
    }
}
