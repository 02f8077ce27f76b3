//! Values computed from inputs.

use crate::json::Value;
use serde::{Deserialize, Serialize};

use super::bins::{Bin, Closed};
use super::inputs::InputType;

/// A value computed from inputs and from features above it, in exactly one way: `expr`, `aggregate`, `ratio`,
/// `bins` or `woe`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Feature {
    /// Name, as expressions and models' inputs write it.
    pub name: String,
    /// CEL expression over inputs and earlier features. Where it has no value (a missing operand, a
    /// division of integers by zero) or no finite one, the feature is missing.
    #[serde(default)]
    pub expr: Option<String>,
    /// One number, text or time from the records of a list.
    #[serde(default)]
    pub aggregate: Option<ListAggregate>,
    /// One number by another, guarded.
    #[serde(default)]
    pub ratio: Option<Ratio>,
    /// A label or number for each range of a number.
    #[serde(default)]
    pub bins: Option<Edges>,
    /// The weight of evidence of a value's bin.
    #[serde(default)]
    pub woe: Option<Woe>,
    /// Type of its values; what computes it must give it.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Unit of its values; what computes it must give it. Where it is not said, it is what comes out.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether its values are personal data. By default they are where they give a personal input away, as it is
    /// or so that it can be had back; `false` says that they may be shown.
    #[serde(default)]
    pub personal: Option<bool>,
    /// The value where there is none: a number, text or truth value.
    #[serde(default)]
    pub default: Option<Value>,
}

/// What an aggregate makes of the records that it selects. Values that are missing are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum ListFunction {
    /// How many records; with `value`, how many have one.
    Count,
    /// Sum of the values, in the order of the list; 0 of none.
    Sum,
    /// Arithmetic mean; of none there is none.
    Mean,
    /// Smallest number or earliest time.
    Min,
    /// Largest number or latest time.
    Max,
    /// Sample standard deviation (with n - 1); of fewer than two there is none.
    Std,
    /// How many different values.
    Distinct,
    /// Records that `where` selects as a share of those in the window; of none there is none.
    ShareOfCount,
    /// The sum of the values that `where` selects as a share of the sum in the window; of 0 there is none.
    ShareOfSum,
    /// The value of the earliest record that has one.
    First,
    /// The value of the latest record that has one.
    Last,
    /// Days from the latest record that is not after `now` until `now`.
    DaysSinceLast,
    /// Hours from the latest record that is not after `now` until `now`.
    HoursSinceLast,
    /// Days from the earliest record until `now`.
    DaysSinceFirst,
    /// Hours from the earliest record until `now`.
    HoursSinceFirst,
}

impl ListFunction {
    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Std => "std",
            Self::Distinct => "distinct",
            Self::ShareOfCount => "share_of_count",
            Self::ShareOfSum => "share_of_sum",
            Self::First => "first",
            Self::Last => "last",
            Self::DaysSinceLast => "days_since_last",
            Self::HoursSinceLast => "hours_since_last",
            Self::DaysSinceFirst => "days_since_first",
            Self::HoursSinceFirst => "hours_since_first",
        }
    }

    /// Whether it tells a span of time until `now`.
    #[must_use]
    pub const fn is_span(self) -> bool {
        matches!(
            self,
            Self::DaysSinceLast | Self::HoursSinceLast | Self::DaysSinceFirst | Self::HoursSinceFirst
        )
    }

    /// Whether it compares what `where` selects with all of the window.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(self, Self::ShareOfCount | Self::ShareOfSum)
    }

    /// Whether it takes a value per record: `None` where it may.
    #[must_use]
    pub const fn takes_value(self) -> Option<bool> {
        match self {
            Self::Count => None,
            Self::ShareOfCount => Some(false),
            _ => Some(!self.is_span()),
        }
    }

    /// Whether it asks for the order of the records in time.
    #[must_use]
    pub const fn needs_order(self) -> bool {
        self.is_span() || matches!(self, Self::First | Self::Last)
    }
}

/// One value from the records of a list: of those in the window for which `where` holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct ListAggregate {
    /// The input of type `records`.
    pub from: String,
    /// What is made of the records.
    pub function: ListFunction,
    /// A field of the records, or a CEL expression over their fields.
    #[serde(default)]
    pub value: Option<String>,
    /// CEL condition over the fields of a record, which hide inputs of the same name, the other inputs, earlier
    /// features and `now`. A record for which it has no value because a field is missing is not selected.
    #[serde(rename = "where", default)]
    pub condition: Option<String>,
    /// The field that says when a record was; may be left out where the records have one timestamp.
    #[serde(default)]
    pub time: Option<String>,
    /// Only records of so many days up to the end of the window, and not after it.
    #[serde(default)]
    pub window_days: Option<f64>,
    /// The same in hours.
    #[serde(default)]
    pub window_hours: Option<f64>,
    /// How many days before `now` the window ends; 0 by default.
    #[serde(default)]
    pub before_days: Option<f64>,
    /// The same in hours.
    #[serde(default)]
    pub before_hours: Option<f64>,
}

/// One number by another. Missing where either is; infinite or NaN is missing too.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Ratio {
    /// Name of the input or feature above the line.
    pub of: String,
    /// Name of the input or feature below the line.
    pub by: String,
    /// The value where `by` is 0; by default there is none.
    #[serde(default)]
    pub zero: Option<f64>,
    /// The value where `by` is below 0; by default the quotient as it is.
    #[serde(default)]
    pub negative: Option<f64>,
    /// Smaller quotients become this.
    #[serde(default)]
    pub min: Option<f64>,
    /// Larger quotients become this.
    #[serde(default)]
    pub max: Option<f64>,
}

/// Ranges of a number between edges, each with a label or a value: one more than there are edges.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Edges {
    /// Name of the input or feature.
    pub of: String,
    /// Where one range ends and the next begins, ascending.
    pub edges: Vec<f64>,
    /// Which end belongs to a range: `left` (the default) is from 25 up to below 35.
    #[serde(default)]
    pub closed: Closed,
    /// Texts for the ranges.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// Numbers for the ranges.
    #[serde(default)]
    pub values: Option<Vec<f64>>,
    /// Numbers that mean something else than themselves, looked at first.
    #[serde(default)]
    pub special: Vec<Special>,
    /// What a missing value gives; nothing by default.
    #[serde(default)]
    pub missing: Option<Value>,
}

/// Numbers that mean something else than themselves, such as -1 for "refused to say".
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Special {
    /// The numbers.
    pub values: Vec<f64>,
    /// What they give: a label or a number, as the ranges do.
    pub to: Value,
}

/// The weight of evidence of each bin of a value.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Woe {
    /// Name of the input or feature.
    pub of: String,
    /// Which end belongs to a range.
    #[serde(default)]
    pub closed: Closed,
    /// The bins, each with its `woe`.
    pub bins: Vec<Bin>,
}
