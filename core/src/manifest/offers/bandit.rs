//! Contextual bandits: scores that learn from rewards.

use serde::{Deserialize, Serialize};

/// A contextual bandit: the reward of an item is linear in the context, and what is not known of it is
/// explored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Bandit {
    /// How it explores.
    pub algorithm: Algorithm,
    /// Whether each item learns alone or all learn together.
    #[serde(default)]
    pub arms: Arms,
    /// Inputs, features, scores and fields of the view that describe the customer: numbers, integers and
    /// truth values. A missing one counts as 0; a constant 1 is added before the first.
    pub context: Vec<String>,
    /// With `shared` arms: numeric attributes that describe the item. The model sees them, and their
    /// products with the context.
    #[serde(default)]
    pub item_context: Vec<String>,
    /// Width of the exploration: LinUCB's alpha, or the factor of Thompson sampling's standard deviations.
    #[serde(default = "one")]
    pub alpha: f64,
    /// Ridge: how strongly the weights are held at 0 before anything is known.
    #[serde(default = "one")]
    pub ridge: f64,
    /// Share of decisions whose first offer is drawn evenly from the items that may be offered.
    #[serde(default)]
    pub explore: f64,
    /// An input or feature of type string or integer that is always there; whatever is drawn is drawn from it.
    /// Needed where anything is drawn: for `thompson`, and with `explore`.
    #[serde(default)]
    pub seed: Option<String>,
    /// A file of the bundle with the state to start from; a request may bring its own.
    #[serde(default)]
    pub state: Option<String>,
}

const fn one() -> f64 {
    1.0
}

/// Items that a bandit chooses among, at most: each decision computes the chance of each to be the first.
pub const MAX_BANDIT_ITEMS: usize = 256;
/// Numbers that describe a customer and an item together, at most: what is known of the weights is a table
/// of their products.
pub const MAX_DIMENSION: usize = 128;

impl Bandit {
    /// How many numbers describe a customer (and, with shared arms, an item): the constant, the context, the
    /// item's context, and the products of the two.
    #[must_use]
    pub const fn dimension(&self) -> usize {
        let (own, item) = (self.context.len(), self.item_context.len());
        match self.arms {
            Arms::Item => 1 + own,
            Arms::Shared => 1 + own + item + own * item,
        }
    }
}

/// How a bandit explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// The estimate plus `alpha` standard errors (Li, Chu, Langford and Schapire, WWW 2010).
    LinUcb,
    /// The estimate of weights drawn from their posterior (Agrawal and Goyal, ICML 2013).
    Thompson,
}

impl Algorithm {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinUcb => "lin_ucb",
            Self::Thompson => "thompson",
        }
    }
}

/// Who learns from a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Arms {
    /// The item alone.
    #[default]
    Item,
    /// All items together, through what they have in common.
    Shared,
}
