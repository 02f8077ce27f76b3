//! What-if: which fields a customer could change, and in which steps.

use serde::{Deserialize, Serialize};

use crate::json::Value;

/// The fields that may be varied to find what would change the outcome. Requests ask for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct WhatIf {
    /// The fields. What the customer cannot change (age, history) or must not be told to does not belong here.
    pub fields: Vec<Lever>,
}

/// A field that may be varied, alone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Lever {
    /// Name of the input; none that is personal or has a mask, since decisions show the values.
    pub of: String,
    /// Numbers and integers: the least change that means something, such as 100 EUR. Changes of different
    /// fields are compared by their number of steps.
    #[serde(default)]
    pub step: Option<f64>,
    /// Most steps in one direction; 100 by default, at most 1,000.
    #[serde(default)]
    pub max_steps: Option<u32>,
    /// Numbers and integers: the least value that is tried; the input's `min` by default.
    #[serde(default)]
    pub min: Option<f64>,
    /// Numbers and integers: the greatest value that is tried; the input's `max` by default.
    #[serde(default)]
    pub max: Option<f64>,
    /// Numbers and integers: whether more, less or both are tried; both by default.
    #[serde(default)]
    pub direction: Toward,
    /// Strings, booleans and integers without `step`: the values that are tried, the easiest change first. Each is
    /// one step more.
    #[serde(default)]
    pub values: Vec<Value>,
}

/// In which direction a number is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Toward {
    /// More, then less, at each distance.
    #[default]
    Both,
    /// More only.
    Up,
    /// Less only.
    Down,
}

/// Steps in one direction where a field does not say.
const DEFAULT_STEPS: u32 = 100;

impl Lever {
    /// Most steps in one direction.
    #[must_use]
    pub fn max_steps(&self) -> u32 {
        self.max_steps.unwrap_or(DEFAULT_STEPS)
    }
}
