//! The policy: rules from scores and inputs to an outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actions::Actions;
use super::maps;
use super::tables::Table;
use super::texts::Texts;

/// What is decided; in order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// Go ahead.
    Approve,
    /// A person decides.
    Review,
    /// Do not go ahead.
    Decline,
}

impl Outcome {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Decline => "decline",
        }
    }
}

/// Which of the rules that hold decides, named as DMN names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum HitPolicy {
    /// The first one in the list.
    First,
    /// All of them; the most severe outcome wins.
    Collect,
    /// The one of the highest priority; of equals, the first in the list.
    Priority,
}

impl HitPolicy {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Collect => "collect",
            Self::Priority => "priority",
        }
    }
}

/// The policy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Policy {
    /// Which of the rules that hold decides.
    pub hit_policy: HitPolicy,
    /// The outcome where no rule holds.
    pub default: DefaultOutcome,
    /// The outcome of a rule whose condition has no value, such as one over a missing field.
    #[serde(default = "review")]
    pub on_error: Outcome,
    /// The mildest outcome that a record of degraded quality can have; none by default.
    #[serde(default)]
    pub on_degraded: Option<Outcome>,
    /// Decision tables and lists of rules that come before `rules`, in this order; each sees what those
    /// before it gave.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The rules, in order; they see what the steps gave.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// A decision table or a list of rules with a name. Steps of the same name are versions of one: their
/// dates or their scopes must not overlap.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Step {
    /// Name, as later expressions write it: `pricing.rate`, `kyc.outcome`.
    pub id: String,
    /// A decision table; either this or `list`.
    #[serde(default)]
    pub table: Option<Table>,
    /// A list of rules; either this or `table`.
    #[serde(default)]
    pub list: Option<RuleList>,
    /// First day on which it is in force (from midnight UTC), as `2026-01-31`.
    #[serde(default)]
    pub effective_from: Option<String>,
    /// First day on which it is no longer in force.
    #[serde(default)]
    pub effective_until: Option<String>,
    /// Where it applies: per field the values for which it does.
    #[serde(default, deserialize_with = "maps::unique")]
    pub scope: FieldScope,
    /// What it is for, by language.
    #[serde(default)]
    pub description: Texts,
}

/// Per field (an input or a feature) the values for which something applies: `{"country": ["DE", "FR"]}`.
pub type FieldScope = BTreeMap<String, Vec<crate::json::Value>>;

/// A list of rules with a hit policy of its own. Its outcome counts like that of `policy.rules`: the most
/// severe one of all is the decision's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct RuleList {
    /// Which of the rules that hold decides.
    pub hit_policy: HitPolicy,
    /// The outcome where no rule holds; without it the list then has none.
    #[serde(default)]
    pub default: Option<DefaultOutcome>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

const fn review() -> Outcome {
    Outcome::Review
}

/// The outcome where no rule holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct DefaultOutcome {
    /// The outcome.
    pub outcome: Outcome,
}

/// A rule of the policy. Rules of the same id are versions of one: their dates or their scopes must not
/// overlap.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Rule {
    /// Name of the rule in decisions.
    pub id: String,
    /// CEL condition over inputs, features, scores (`pd`, `points`, `grade`), `quality` and `now`.
    pub when: String,
    /// The outcome where it holds; needed unless the rule has actions.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// What is asked for where it holds.
    #[serde(default)]
    pub actions: Option<Actions>,
    /// Code of the reason that is given where it holds.
    #[serde(default)]
    pub reason: Option<String>,
    /// First day on which the rule is in force (from midnight UTC), as `2026-01-31`.
    #[serde(default)]
    pub effective_from: Option<String>,
    /// First day on which it is no longer in force.
    #[serde(default)]
    pub effective_until: Option<String>,
    /// Where it applies: per field the values for which it does.
    #[serde(default, deserialize_with = "maps::unique")]
    pub scope: FieldScope,
    /// Rank under the hit policy `priority`; the highest wins.
    #[serde(default)]
    pub priority: Option<i32>,
    /// What it is for, by language.
    #[serde(default)]
    pub description: Texts,
}
