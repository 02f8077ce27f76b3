//! Risk matrices: how likely and how bad, and what is done about it.
//!
//! Words are those of ISO 31000:2018 and of ISO Guide 73:2009 (likelihood, consequence, risk treatment); the
//! kinds of risk those of the Basel framework.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::Amount;
use super::maps;
use super::texts::Texts;
use super::view::Band;

/// What kind of risk it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum RiskKind {
    /// That a debtor does not pay.
    Credit,
    /// That prices move.
    Market,
    /// That people, processes or systems fail.
    Operational,
    /// That a contract or a law is not kept, or compliance with rules fails.
    Legal,
    /// That rules of regulators are not kept.
    Compliance,
    /// That customers are treated badly.
    Conduct,
    /// That money is not there when it is due.
    Liquidity,
    /// That somebody deceives.
    Fraud,
}

impl RiskKind {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Market => "market",
            Self::Operational => "operational",
            Self::Legal => "legal",
            Self::Compliance => "compliance",
            Self::Conduct => "conduct",
            Self::Liquidity => "liquidity",
            Self::Fraud => "fraud",
        }
    }
}

/// How the levels of several risks become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Combination {
    /// The highest one.
    #[default]
    Max,
    /// The mean of the levels' numbers (1 for the first) by the risks' weights, rounded half up.
    Weighted,
}

/// What is done about a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Strategy {
    /// Do not take it on.
    Avoid,
    /// Make it smaller.
    Reduce,
    /// Let somebody else bear it.
    Transfer,
    /// Bear it.
    Accept,
}

impl Strategy {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avoid => "avoid",
            Self::Reduce => "reduce",
            Self::Transfer => "transfer",
            Self::Accept => "accept",
        }
    }
}

/// A number and the bands that it falls into.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Banded {
    /// A number or a CEL expression over inputs, features, scores, points and grade.
    pub of: Amount,
    /// Bands, ascending; the last one has no bound.
    pub bands: Vec<Band>,
    /// Unit of the number.
    #[serde(default)]
    pub unit: Option<String>,
}

/// One risk: the level is that of the cell in which likelihood and impact meet.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Risk {
    /// Name; rules see its level as `risk.<id>`.
    pub id: String,
    /// What kind of risk it is.
    pub kind: RiskKind,
    /// How likely it is.
    pub likelihood: Banded,
    /// How bad it would be.
    pub impact: Banded,
    /// A row per band of the likelihood, in it a level per band of the impact.
    pub cells: Vec<Vec<String>>,
    /// The level where likelihood or impact has no value; without it there is none, and the outcome is at
    /// least the policy's `on_error`.
    #[serde(default)]
    pub missing: Option<String>,
    /// Weight under the combination `weighted`.
    #[serde(default)]
    pub weight: Option<f64>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

/// The risks of a decision.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Risks {
    /// Names of the levels, from the lowest to the highest.
    pub levels: Vec<String>,
    /// The risks; rules see the level of all together as `risk.level`.
    pub risks: Vec<Risk>,
    /// How their levels become one.
    #[serde(default)]
    pub combine: Combination,
    /// What is done about a risk of each level; rules see that of all together as `risk.strategy`.
    #[serde(default, deserialize_with = "maps::unique")]
    pub strategies: BTreeMap<String, Strategy>,
}
