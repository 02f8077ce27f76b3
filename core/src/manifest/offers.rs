//! Offers: a catalogue, who may have what, how items are scored, ranked and reached.

mod bandit;
mod contact;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use bandit::{Algorithm, Arms, Bandit, MAX_BANDIT_ITEMS, MAX_DIMENSION};
pub use contact::{Cap, CapScope, Channel, Contact, History, QuietHours};

use super::inputs::InputType;
use super::maps;
use super::models::Class;
use super::texts::Texts;

/// What a customer is offered. Expressions see inputs, features, scores, the view, `quality`, `now`, the
/// policy's `outcome`, and the item as `item.id`, `item.category`, `item.risk`, `item.price` and
/// `item.<attribute>`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Offers {
    /// How many offers a decision makes at most.
    #[serde(default = "three")]
    pub top: usize,
    /// Types of the items' own attributes: `number`, `integer`, `string` or `boolean`.
    #[serde(default, deserialize_with = "maps::unique")]
    pub attributes: BTreeMap<String, InputType>,
    /// The catalogue. Of equals, the item that stands earlier comes first.
    pub items: Vec<Item>,
    /// Conditions that must hold for an item to be offered.
    #[serde(default)]
    pub eligibility: Vec<OfferRule>,
    /// Conditions that hold items back, such as credit after a decline.
    #[serde(default)]
    pub gates: Vec<OfferRule>,
    /// What risk a customer may be offered.
    #[serde(default)]
    pub suitability: Option<Suitability>,
    /// Which channels may be used, when, and how often.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// How items are scored that say nothing themselves: the propensity, or any number to rank by.
    #[serde(default)]
    pub score: Option<OfferScore>,
    /// CEL expression for what an accepted offer is worth; it may name `item.score`. Items are then ranked
    /// by score times value.
    #[serde(default)]
    pub value: Option<String>,
    /// Items with a lower score are held back.
    #[serde(default)]
    pub min_score: Option<f64>,
    /// Items with a lower score times value are held back.
    #[serde(default)]
    pub min_expected_value: Option<f64>,
    /// Learns from rewards in place of `score`.
    #[serde(default)]
    pub bandit: Option<Bandit>,
    /// Keeps offers from being all alike.
    #[serde(default)]
    pub diversity: Option<Diversity>,
    /// Reasons of offers: the first whose condition holds; it may name `item.score`.
    #[serde(default)]
    pub reasons: Vec<OfferReason>,
    /// What is said of items that are not offered; `first`, or `counts` for more than 256 items.
    #[serde(default)]
    pub held: Option<Held>,
}

const fn three() -> usize {
    3
}

/// Columns that offers add to the answer to a batch.
pub const OFFER_COLUMNS: [&str; 8] = [
    "offer",
    "offer_channel",
    "offer_score",
    "offer_rank_by",
    "offer_reason",
    "offer_propensity",
    "offers",
    "held",
];

/// Items of which a decision says one by one why they are not offered, at most.
pub const MAX_LISTED_ITEMS: usize = 256;

impl Offers {
    /// What is said of items that are not offered.
    #[must_use]
    pub fn held(&self) -> Held {
        let by_size = if self.items.len() > MAX_LISTED_ITEMS { Held::Counts } else { Held::First };
        self.held.unwrap_or(by_size)
    }

    /// How an item is scored.
    #[must_use]
    pub fn score_of<'m>(&'m self, item: &'m Item) -> Option<&'m OfferScore> {
        item.score.as_ref().or(self.score.as_ref())
    }
}

/// Something that can be offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Item {
    /// Its name in decisions.
    pub id: String,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
    /// The kind of product, such as `credit` or `fund`.
    #[serde(default)]
    pub category: Option<String>,
    /// How risky it is for the customer, `R1` (lowest) to `R5`.
    #[serde(default)]
    pub risk: Option<RiskLevel>,
    /// Its price.
    #[serde(default)]
    pub price: Option<f64>,
    /// Values of the attributes that `attributes` declares; one that is left out is missing.
    #[serde(default, deserialize_with = "maps::unique")]
    pub attributes: BTreeMap<String, crate::json::Value>,
    /// Channels that it can be offered through, by their ids in `contact`; all of them by default.
    #[serde(default)]
    pub channels: Option<Vec<String>>,
    /// First day on which it can be offered (from midnight UTC), as `2026-01-31`.
    #[serde(default)]
    pub active_from: Option<String>,
    /// First day on which it can no longer be offered.
    #[serde(default)]
    pub active_until: Option<String>,
    /// CEL condition that must hold for it to be offered, beside those of `eligibility`.
    #[serde(default)]
    pub eligible: Option<String>,
    /// How it is scored, if not as the others.
    #[serde(default)]
    pub score: Option<OfferScore>,
    /// Its class in a model that scores all items at once: the column, or its label; by default the label
    /// that is its id.
    #[serde(default)]
    pub class: Option<Class>,
    /// Code of the reason where no condition gives one.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How risky a product is, from lowest to highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum RiskLevel {
    /// Lowest.
    R1,
    /// Low to medium.
    R2,
    /// Medium.
    R3,
    /// Medium to high.
    R4,
    /// Highest.
    R5,
}

impl RiskLevel {
    /// 1 to 5.
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64 + 1
    }
}

/// A condition for some items.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct OfferRule {
    /// Its name in decisions.
    pub id: String,
    /// CEL condition. Where it has no value the item is held back.
    pub when: String,
    /// Categories of the items that it is about; all items by default.
    #[serde(default)]
    pub categories: Option<Vec<String>>,
    /// Code of the reason why an item is held back.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it is for, by language.
    #[serde(default)]
    pub description: Texts,
}

/// Suitability: an item whose risk level is above the customer's tolerance is held back. The five levels of
/// each and their match (C1 takes R1, C2 takes R1 and R2, … C5 takes all) are those of the Securities
/// Association of China's guidelines on investor suitability (2017); MiFID II, article 25(2), asks for the
/// same comparison without fixing the levels.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Suitability {
    /// CEL expression for the customer's tolerance: 1 to 5, or `"C1"` to `"C5"`. Without a value no item
    /// with a risk level is suitable.
    pub tolerance: String,
    /// Code of the reason why an item is held back.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How items are scored: exactly one of `expr` and `model`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct OfferScore {
    /// CEL expression.
    #[serde(default)]
    pub expr: Option<String>,
    /// A model. One with an output of kind `vector` scores all items at once; one that is fed with
    /// `item.<attribute>` runs once for each customer and item; any other scores the item alone.
    #[serde(default)]
    pub model: Option<String>,
}

/// Why an item is offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct OfferReason {
    /// Code of the reason.
    pub reason: String,
    /// CEL condition.
    pub when: String,
    /// Categories of the items that it is about; all items by default.
    #[serde(default)]
    pub categories: Option<Vec<String>>,
}

/// Keeps offers from being all alike.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Diversity {
    /// Offers of one category at most.
    #[serde(default)]
    pub max_per_category: Option<usize>,
    /// Maximal marginal relevance.
    #[serde(default)]
    pub mmr: Option<Mmr>,
}

/// Maximal marginal relevance (J. Carbonell and J. Goldstein, SIGIR 1998): the next offer is the one with the
/// greatest `lambda * relevance - (1 - lambda) * similarity`, where relevance is what items are ranked by,
/// scaled to 0 to 1 over the items in question, and similarity is that to the most similar offer so far.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Mmr {
    /// 1 for relevance alone, 0 for difference alone.
    pub lambda: f64,
    /// Numeric attributes whose cosine is the similarity of two items; without any, items of one category
    /// are alike (1) and others are not (0).
    #[serde(default)]
    pub attributes: Vec<String>,
}

/// What is said of items that are not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Held {
    /// Each item with the first cause that holds it back.
    First,
    /// Each item with every cause that was found.
    All,
    /// How many items each cause holds back first.
    Counts,
}
