//! Bins: what the values of a field are sorted into.

use serde::{Deserialize, Serialize};

/// Which end of a range belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Closed {
    /// From `from` up to below `to`.
    #[default]
    Left,
    /// From above `from` up to `to`.
    Right,
}

/// A bin: a range of numbers (`from`, `to`), listed `values`, the `missing` ones, or all `other` ones. Listed
/// values of a number are special: they are looked at before the ranges.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Bin {
    /// Where the range begins; without it the range has no lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Where it ends; without it the range has no upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// Texts, truth values, or numbers with a meaning of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<crate::json::Value>>,
    /// Whether it is for missing values.
    #[serde(default, skip_serializing_if = "is_false")]
    pub missing: bool,
    /// Whether it is for all values that no other bin takes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub other: bool,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Weight of evidence: ln(share of the goods in the bin / share of the bads in the bin).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub woe: Option<f64>,
    /// Points, for a scorecard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
const fn is_false(truth: &bool) -> bool {
    !*truth
}

impl Bin {
    /// Whether it is a range of numbers.
    #[must_use]
    pub const fn is_range(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}
