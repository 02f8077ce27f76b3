//! The fields of a record.

use serde::{Deserialize, Serialize};

use super::texts::Texts;

/// What the values of a field or feature are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum InputType {
    /// A finite 64-bit float.
    Number,
    /// A whole number of 64 bits; JSON may write it as `30` or `30.0`.
    Integer,
    /// Text.
    String,
    /// true or false.
    Boolean,
    /// An instant: RFC 3339 text (a date alone is midnight UTC) or milliseconds since 1970.
    Timestamp,
}

impl InputType {
    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
        }
    }
}

/// What an issue with a field does to the record: from harmless to severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum OnIssue {
    /// The record stays as good as it was.
    Accept,
    /// The record is scored, and its quality is `degraded`.
    Degrade,
    /// The record is not scored; its outcome is `refuse`.
    Refuse,
}

impl OnIssue {
    pub(super) const fn accept() -> Self {
        Self::Accept
    }
}

/// A field of a record.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Input {
    /// Name, as records and expressions write it: a letter or `_`, then letters, digits or `_`.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Whether a record must have it.
    #[serde(default)]
    pub required: bool,
    /// Smallest value in range; for numbers and integers.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest value in range; for numbers and integers.
    #[serde(default)]
    pub max: Option<f64>,
    /// The values it may have; for strings, integers and booleans.
    #[serde(default)]
    pub allowed: Option<Vec<serde_json::Value>>,
    /// What a missing value means: by default `refuse` for a required field, otherwise `accept`.
    #[serde(default)]
    pub missing: Option<OnIssue>,
    /// What a value outside the range or not among the allowed ones means: by default `degrade`. The
    /// value is kept unless the record is refused.
    #[serde(default)]
    pub out_of_range: Option<OnIssue>,
    /// Unit, for people: `EUR`, `years`, `months late`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether it is personal data.
    #[serde(default)]
    pub personal: bool,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

impl Input {
    /// What a missing value means.
    #[must_use]
    pub fn on_missing(&self) -> OnIssue {
        self.missing.unwrap_or(if self.required { OnIssue::Refuse } else { OnIssue::Accept })
    }

    /// What a value that is out of range or not allowed means.
    #[must_use]
    pub fn on_out_of_range(&self) -> OnIssue {
        self.out_of_range.unwrap_or(OnIssue::Degrade)
    }

    /// What a value of the wrong type, or infinity, means: the value is dropped, so it is never
    /// accepted, and it refuses the record where a missing value would.
    #[must_use]
    pub fn on_unreadable(&self) -> OnIssue {
        self.on_missing().max(OnIssue::Degrade)
    }
}
