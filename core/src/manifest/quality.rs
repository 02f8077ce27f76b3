//! Quality of a record beyond its single fields: sources that may be absent, fields that contradict each
//! other, records that a batch holds twice.

use serde::{Deserialize, Serialize};

use super::inputs::OnIssue;
use super::texts::Texts;

/// Where fields come from: the application, a bureau, the transactions of an account. A source is absent
/// where none of its inputs has a value; then it is reported, and its inputs are not.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Source {
    /// Name, as the inputs' `source` writes it.
    pub id: String,
    /// What its absence does to the record.
    pub absent: OnIssue,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
}

/// A condition that no sound record meets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Check {
    /// Name of the check in decisions.
    pub id: String,
    /// CEL condition over inputs, features and `now`; where it holds the record contradicts itself.
    pub when: String,
    /// What that does to the record.
    pub effect: OnIssue,
    /// What it does to the record that the condition cannot be judged because a value is missing: by
    /// default `accept`, which says nothing, because the field says itself what its absence means. A
    /// condition without a value for any other cause always has the check's effect.
    #[serde(default = "OnIssue::accept")]
    pub on_missing: OnIssue,
    /// The fields that contradict each other.
    #[serde(default)]
    pub fields: Vec<String>,
    /// What is wrong then, by language.
    #[serde(default)]
    pub text: Texts,
}

/// Records of a batch that are the same: those after the first are duplicates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Duplicates {
    /// The inputs whose values together tell records apart. A record that lacks one is no duplicate.
    pub key: Vec<String>,
    /// What being one does to the record.
    #[serde(default = "OnIssue::degrade")]
    pub effect: OnIssue,
}
