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
    /// A list of records, such as transactions: a JSON array of objects. For inputs only.
    Records,
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
            Self::Records => "records",
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

    pub(super) const fn degrade() -> Self {
        Self::Degrade
    }
}

/// What is shown of a value.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Mask {
    /// Nothing.
    Null,
    /// 32 hex digits of a hash over the request's salt, the field's name and the value; nothing without a salt,
    /// since a value that can be guessed could be found out.
    Hash,
    /// The last four characters of a text or whole number of at least eight.
    Last4,
    /// The year of a time.
    Year,
    /// So many characters from the beginning of a longer text: the region of a postcode.
    Prefix(u32),
    /// A number rounded to a multiple of this.
    Round(f64),
}

/// Records that a list may have where its input does not say.
const DEFAULT_MAX_RECORDS: u32 = 1_000;

/// A field of a record, or of the records of a list.
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
    pub allowed: Option<Vec<crate::json::Value>>,
    /// For timestamps: how many days a value may lie before `now`. With it a record needs `now`.
    #[serde(default)]
    pub max_age_days: Option<f64>,
    /// What an older value means: by default `degrade`.
    #[serde(default)]
    pub stale: Option<OnIssue>,
    /// For timestamps: how many days a value may lie after `now`; 0 where only `future` is given.
    #[serde(default)]
    pub max_ahead_days: Option<f64>,
    /// What a value further in the future means: by default `degrade`. Not looked at where neither this nor
    /// `max_ahead_days` is given.
    #[serde(default)]
    pub future: Option<OnIssue>,
    /// The fields of each record of a list.
    #[serde(default)]
    pub fields: Vec<Input>,
    /// Most records that a list may have: 1,000 unless said otherwise, at most 10,000.
    #[serde(default)]
    pub max_records: Option<u32>,
    /// What a longer list means: by default `refuse`. It is dropped, never cut.
    #[serde(default)]
    pub too_many: Option<OnIssue>,
    /// The source that it comes from, one of `sources`.
    #[serde(default)]
    pub source: Option<String>,
    /// What a missing value means: by default `refuse` for a required field, otherwise `accept`.
    #[serde(default)]
    pub missing: Option<OnIssue>,
    /// What a value outside the range or not among the allowed ones means: by default `degrade`. The
    /// value is kept unless the record is refused.
    #[serde(default)]
    pub out_of_range: Option<OnIssue>,
    /// Unit: `EUR`, `years`, `EUR a month`. Expressions that mix different ones are refused when packing.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether it is personal data: its values are in no decision, log or error, and where a record is shown
    /// they are left out unless they are asked for by name.
    #[serde(default)]
    pub personal: bool,
    /// What is shown of its values where a record is shown, even where it is asked for by name.
    #[serde(default)]
    pub mask: Option<Mask>,
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

    /// What a value older than `max_age_days` means.
    #[must_use]
    pub fn on_stale(&self) -> OnIssue {
        self.stale.unwrap_or(OnIssue::Degrade)
    }

    /// What a value further in the future than `max_ahead_days` means.
    #[must_use]
    pub fn on_future(&self) -> OnIssue {
        self.future.unwrap_or(OnIssue::Degrade)
    }

    /// How many days a value may lie after `now`; `None` where nobody looks.
    #[must_use]
    pub fn ahead_days(&self) -> Option<f64> {
        self.max_ahead_days.or_else(|| self.future.map(|_| 0.0))
    }

    /// Whether its values are compared with `now`.
    #[must_use]
    pub fn needs_now(&self) -> bool {
        self.max_age_days.is_some() || self.ahead_days().is_some() || self.fields.iter().any(Self::needs_now)
    }

    /// Most records of a list.
    #[must_use]
    pub fn most_records(&self) -> usize {
        self.max_records.unwrap_or(DEFAULT_MAX_RECORDS) as usize
    }

    /// What a list of too many records means: it is dropped, so it is never accepted.
    #[must_use]
    pub fn on_too_many(&self) -> OnIssue {
        self.too_many.unwrap_or(OnIssue::Refuse).max(self.on_unreadable())
    }
}
