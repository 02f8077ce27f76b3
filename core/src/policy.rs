//! The policy: from scores, inputs and features to an outcome, with a trace of every rule.
//!
//! A rule whose condition has no value (a comparison with a missing field, a fault) is not skipped: it
//! counts as the bundle's `on_error` outcome, because a rule that could not look must not approve.

use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{self, HitPolicy, Manifest, Outcome, Rule};
use crate::rules::{Column, Type};
use crate::scope::{Bound, Scope};
use crate::time::Timestamp;

/// What became of a rule for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleResult {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// The condition has no value.
    Error,
    /// The rule is not in force at the time of the decision.
    Inactive,
}

impl RuleResult {
    /// The name in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Error => "error",
            Self::Inactive => "inactive",
        }
    }
}

/// What the policy says about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The outcome.
    pub outcome: Outcome,
    /// The rules that made it, by their place in the policy.
    pub fired: Vec<usize>,
    /// What became of each rule.
    pub trace: Vec<RuleResult>,
}

/// A policy, ready to be applied.
#[derive(Clone, Debug)]
pub struct Policy {
    hit_policy: HitPolicy,
    default: Outcome,
    on_error: Outcome,
    on_degraded: Option<Outcome>,
    rules: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    bound: Bound,
    outcome: Outcome,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    priority: i32,
}

/// What the policy must know about a record apart from the columns.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The time of the decision.
    pub now: Option<Timestamp>,
    /// Whether its quality is degraded.
    pub degraded: bool,
    /// Whether a score that the bundle has is not there.
    pub unscored: bool,
}

/// The path of a rule's program in the lock.
#[must_use]
pub fn program_path(rule: &Rule) -> String {
    format!("policy.rules.{}.when", rule.id)
}

impl Policy {
    /// Binds the packed programs of the rules; `None` for a bundle without a policy.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Option<Self>> {
        let Some(policy) = &manifest.policy else { return Ok(None) };
        let rules = policy.rules.iter().enumerate().map(|(at, rule)| {
            bind(rule, scope, lock, limits).map_err(|error| error.at(format_args!("policy.rules[{at}].when")))
        });
        let manifest::Policy { hit_policy, default, on_error, on_degraded, .. } = policy;
        Ok(Some(Self {
            hit_policy: *hit_policy,
            default: default.outcome,
            on_error: *on_error,
            on_degraded: *on_degraded,
            rules: rules.collect::<Result<_>>()?,
        }))
    }

    /// Whether it depends on the time: a rule reads the column at this place, or has effective dates.
    #[must_use]
    pub fn uses_time(&self, place: usize) -> bool {
        self.rules.iter().any(|rule| rule.from.is_some() || rule.until.is_some() || rule.bound.reads(place))
    }

    /// Whether a rule reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        self.rules.iter().any(|rule| rule.bound.reads(place))
    }

    /// Which of the rules that hold decides.
    #[must_use]
    pub const fn hit_policy(&self) -> HitPolicy {
        self.hit_policy
    }

    /// Rules on all rows of the columns.
    ///
    /// # Errors
    /// `internal` only.
    pub fn decide(&self, columns: &[Column], cases: &[Case]) -> Result<Vec<Ruling>> {
        let conditions = self.rules.iter().map(|rule| rule.bound.evaluate(columns, cases.len()));
        let conditions: Vec<Column> = conditions.collect::<Result<_>>()?;
        Ok(cases.iter().enumerate().map(|(row, case)| self.rule_on(&conditions, row, case)).collect())
    }

    fn rule_on(&self, conditions: &[Column], row: usize, case: &Case) -> Ruling {
        let mut trace = Vec::with_capacity(self.rules.len());
        for (rule, condition) in self.rules.iter().zip(conditions) {
            trace.push(match condition.truth(row) {
                _ if !rule.in_force(case.now) => RuleResult::Inactive,
                Ok(Some(true)) => RuleResult::True,
                Ok(Some(false)) => RuleResult::False,
                Ok(None) | Err(_) => RuleResult::Error,
            });
        }
        let (mut outcome, fired) = self.hit(&trace);
        if case.degraded
            && let Some(on_degraded) = self.on_degraded
        {
            outcome = outcome.max(on_degraded);
        }
        if case.unscored {
            outcome = outcome.max(self.on_error);
        }
        Ruling { outcome, fired, trace }
    }

    /// The outcome by the hit policy, and the rules that made it.
    fn hit(&self, trace: &[RuleResult]) -> (Outcome, Vec<usize>) {
        let hits = || {
            let counts = |(_, (_, result)): &(usize, (&Condition, &RuleResult))| {
                matches!(result, RuleResult::True | RuleResult::Error)
            };
            self.rules.iter().zip(trace).enumerate().filter(counts)
        };
        let outcome = |rule: &Condition, result: RuleResult| match result {
            RuleResult::True => rule.outcome,
            _ => self.on_error,
        };
        let fired =
            |at: usize, result: RuleResult| if result == RuleResult::True { vec![at] } else { Vec::new() };
        let single = match self.hit_policy {
            HitPolicy::Collect => {
                let most_severe = hits().map(|(_, (rule, &result))| outcome(rule, result)).max();
                let all = hits().filter(|(_, (_, result))| **result == RuleResult::True);
                return (most_severe.unwrap_or(self.default), all.map(|(at, _)| at).collect());
            }
            HitPolicy::First => hits().next(),
            // Of equal priorities the first rule wins, so the search keeps the earlier one.
            HitPolicy::Priority => {
                hits().reduce(|best, next| if next.1.0.priority > best.1.0.priority { next } else { best })
            }
        };
        match single {
            Some((at, (rule, &result))) => (outcome(rule, result), fired(at, result)),
            None => (self.default, Vec::new()),
        }
    }
}

impl Condition {
    /// Whether the rule is in force. Without a time, rules with dates are not; the schema refuses such
    /// records before they come here.
    fn in_force(&self, now: Option<Timestamp>) -> bool {
        match now {
            Some(now) => {
                self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
            }
            None => self.from.is_none() && self.until.is_none(),
        }
    }
}

fn bind(rule: &Rule, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Condition> {
    let code = lock.program(&program_path(rule), &rule.when)?;
    let bound = scope.bind(code, scope.all().len(), limits)?;
    if !matches!(bound.result(), Type::Bool | Type::Dyn | Type::Null) {
        let message = format!("a condition must be true or false, this one gives {}", bound.result());
        return Err(Error::new(ErrorCode::RuleInvalid, message));
    }
    let date = |date: &Option<String>| date.as_deref().and_then(Timestamp::parse_date);
    Ok(Condition {
        bound,
        outcome: rule.outcome,
        from: date(&rule.effective_from),
        until: date(&rule.effective_until),
        priority: rule.priority.unwrap_or_default(),
    })
}
