//! Limits on exposure: per customer, per group of connected customers, per segment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::Amount;
use super::maps;
use super::policy::Outcome;
use super::texts::Texts;

/// Whose exposure a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum LimitOf {
    /// One customer.
    Customer,
    /// A group of connected customers.
    Group,
    /// A sector, country or other part of the book: concentration.
    Segment,
    /// One product or facility.
    Product,
    /// The whole book.
    Portfolio,
}

impl LimitOf {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Group => "group",
            Self::Segment => "segment",
            Self::Product => "product",
            Self::Portfolio => "portfolio",
        }
    }
}

/// A limit: the current exposure plus what is requested must not pass it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Limit {
    /// Name; rules see what is left of it as `limits.<id>.headroom`.
    pub id: String,
    /// Whose exposure it is on.
    pub of: LimitOf,
    /// The exposure before the request: a number or a CEL expression over inputs, features, scores, points,
    /// grade and risks.
    pub current: Amount,
    /// The limit, likewise. Either this or `segment` with `by_segment`.
    #[serde(default)]
    pub limit: Option<Amount>,
    /// A name whose text says in which segment the request lies.
    #[serde(default)]
    pub segment: Option<String>,
    /// The limit per segment.
    #[serde(default, deserialize_with = "maps::unique")]
    pub by_segment: BTreeMap<String, f64>,
    /// The limit of all other segments; without it a record of another segment cannot be judged.
    #[serde(default)]
    pub otherwise: Option<f64>,
    /// The mildest outcome where it is passed; without it that is only reported.
    #[serde(default)]
    pub on_breach: Option<Outcome>,
    /// Code of the reason that is given where it is passed.
    #[serde(default)]
    pub reason: Option<String>,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

/// Limits on exposure, all in one unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Limits {
    /// What the request adds to the exposure.
    pub requested: Amount,
    /// Unit of all amounts, such as `EUR`.
    #[serde(default)]
    pub unit: Option<String>,
    /// The limits; the one with the least headroom binds.
    pub limits: Vec<Limit>,
}
