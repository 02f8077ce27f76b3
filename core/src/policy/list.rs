//! A list of rules and its hit policy.
//!
//! A rule whose condition has no value (a comparison with a missing field, a fault) is not skipped: it
//! counts as the policy's `on_error` outcome, because a rule that could not look must not approve.

use std::collections::BTreeMap;

use super::actions::{Asks, Measures};
use super::applies::{Applies, Applying};
use crate::bundle::Lock;
use crate::error::Result;
use crate::limits::Limits;
use crate::manifest::{HitPolicy, Outcome, Rule};
use crate::rules::Column;
use crate::scope::{Bound, Scope, check_condition};
use crate::time::Timestamp;

/// What became of a rule for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleResult {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// The condition has no value, or a field of the rule's scope has none.
    Error,
    /// The rule is not in force at the time of the decision.
    Inactive,
    /// The rule is not for a record like this.
    OutOfScope,
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
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// What a list says about one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRuling {
    /// The outcome; `None` where no rule with an outcome holds and the list has no default.
    pub outcome: Option<Outcome>,
    /// The rules that made it, by their place in the list.
    pub fired: Vec<usize>,
    /// What became of each rule.
    pub trace: Vec<RuleResult>,
}

/// A list of rules, ready to be applied.
#[derive(Clone, Debug)]
pub(super) struct List {
    hit_policy: HitPolicy,
    default: Option<Outcome>,
    on_error: Outcome,
    rules: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    bound: Bound,
    applies: Applies,
    outcome: Option<Outcome>,
    priority: i32,
    asks: Option<Asks>,
}

/// What a list is made of.
pub(super) struct Parts<'m> {
    /// The list's name, empty for the policy's own rules.
    pub(super) name: &'m str,
    pub(super) hit_policy: HitPolicy,
    pub(super) default: Option<Outcome>,
    pub(super) on_error: Outcome,
    pub(super) rules: &'m [Rule],
}

/// The paths of the programs of a list's rules in the lock. Versions of a rule after its first one have a
/// number behind their id.
pub(super) fn rule_paths(prefix: &str, rules: &[Rule]) -> Vec<String> {
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    numbered(&ids).into_iter().map(|id| format!("{prefix}.{id}.when")).collect()
}

/// Names with a number behind each but the first of its kind.
pub(super) fn numbered(names: &[&str]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut numbered = Vec::with_capacity(names.len());
    for &name in names {
        let count = counts.entry(name).or_default();
        *count += 1;
        numbered.push(if *count == 1 { name.to_owned() } else { format!("{name}#{count}") });
    }
    numbered
}

impl List {
    /// Binds the packed programs of the rules. They see the first `visible` columns; `prefix` is the list's
    /// path in the lock, and errors name places below it.
    pub(super) fn load(
        parts: &Parts<'_>,
        prefix: &str,
        scope: &Scope,
        visible: usize,
        lock: &Lock,
        limits: &Limits,
    ) -> Result<Self> {
        let mut rules = Vec::with_capacity(parts.rules.len());
        for (at, (rule, path)) in parts.rules.iter().zip(rule_paths(prefix, parts.rules)).enumerate() {
            let place = format!("rules[{at}]");
            let mut condition = bind(rule, &path, scope, visible, lock, limits)
                .map_err(|error| error.at("when").at(&place))?;
            let name = match parts.name {
                "" => rule.id.clone(),
                list => format!("{list}.{}", rule.id),
            };
            condition.asks = Asks::load(rule, &name, &path, visible, scope, lock, limits)
                .map_err(|error| error.at(&place))?;
            rules.push(condition);
        }
        let Parts { hit_policy, default, on_error, .. } = *parts;
        Ok(Self { hit_policy, default, on_error, rules })
    }

    /// Whether a rule has dates.
    pub(super) fn has_dates(&self) -> bool {
        self.rules.iter().any(|rule| rule.applies.has_dates())
    }

    /// Whether a rule reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.bound.reads(place) || rule.asks.as_ref().is_some_and(|asks| asks.reads(place)))
    }

    /// Adds what the rules that fired ask for, row by row.
    ///
    /// # Errors
    /// `internal` only.
    pub(super) fn ask<'r>(
        &self,
        columns: &[Column],
        rulings: impl Iterator<Item = Option<&'r ListRuling>> + Clone,
        measures: &mut [Measures],
    ) -> Result<()> {
        let mut numbers = Vec::with_capacity(self.rules.len());
        for (at, rule) in self.rules.iter().enumerate() {
            // Amounts cost as much as rules; those that nobody asks for are not computed.
            let asked = || rulings.clone().flatten().any(|ruling| ruling.fired.contains(&at));
            numbers.push(match &rule.asks {
                Some(asks) if asked() => Some(asks.numbers(columns, measures.len())?),
                _ => None,
            });
        }
        for (row, (ruling, measures)) in rulings.zip(measures).enumerate() {
            for &at in ruling.map_or(&[][..], |ruling| &ruling.fired) {
                let rule = self.rules.get(at).and_then(|rule| rule.asks.as_ref());
                if let (Some(asks), Some(Some(numbers))) = (rule, numbers.get(at)) {
                    asks.add(numbers, row, measures);
                }
            }
        }
        Ok(())
    }

    pub(super) const fn hit_policy(&self) -> HitPolicy {
        self.hit_policy
    }

    /// Applies the rules to all rows of the columns.
    ///
    /// # Errors
    /// `internal` only.
    pub(super) fn decide(&self, columns: &[Column], now: &[Option<Timestamp>]) -> Result<Vec<ListRuling>> {
        let conditions = self.rules.iter().map(|rule| rule.bound.evaluate(columns, now.len()));
        let conditions: Vec<Column> = conditions.collect::<Result<_>>()?;
        Ok((0..now.len()).map(|row| self.rule_on(columns, &conditions, row, now[row])).collect())
    }

    fn rule_on(
        &self,
        columns: &[Column],
        conditions: &[Column],
        row: usize,
        now: Option<Timestamp>,
    ) -> ListRuling {
        let mut trace = Vec::with_capacity(self.rules.len());
        for (rule, condition) in self.rules.iter().zip(conditions) {
            trace.push(match (rule.applies.to(columns, row, now), condition.truth(row)) {
                (Applying::Inactive, _) => RuleResult::Inactive,
                (Applying::OutOfScope, _) => RuleResult::OutOfScope,
                // What does not hold anyway does not hold in any scope.
                (_, Ok(Some(false))) => RuleResult::False,
                (Applying::Yes, Ok(Some(true))) => RuleResult::True,
                (Applying::Unknown, _) | (_, Ok(None) | Err(_)) => RuleResult::Error,
            });
        }
        let (outcome, fired) = self.hit(&trace);
        ListRuling { outcome, fired, trace }
    }

    /// The outcome by the hit policy, and the rules that made it.
    fn hit(&self, trace: &[RuleResult]) -> (Option<Outcome>, Vec<usize>) {
        let hits = || {
            let counts = |(_, (_, result)): &(usize, (&Condition, &RuleResult))| {
                matches!(result, RuleResult::True | RuleResult::Error)
            };
            self.rules.iter().zip(trace).enumerate().filter(counts)
        };
        let outcome = |rule: &Condition, result: RuleResult| match result {
            RuleResult::True => rule.outcome,
            _ => Some(self.on_error),
        };
        let fired =
            |at: usize, result: RuleResult| if result == RuleResult::True { vec![at] } else { Vec::new() };
        let single = match self.hit_policy {
            HitPolicy::Collect => {
                let most_severe = hits().filter_map(|(_, (rule, &result))| outcome(rule, result)).max();
                let all = hits().filter(|(_, (_, result))| **result == RuleResult::True);
                return (most_severe.or(self.default), all.map(|(at, _)| at).collect());
            }
            HitPolicy::First => hits().next(),
            // Of equal priorities the first rule wins, so the search keeps the earlier one.
            HitPolicy::Priority => {
                hits().reduce(|best, next| if next.1.0.priority > best.1.0.priority { next } else { best })
            }
        };
        match single {
            Some((at, (rule, &result))) => (outcome(rule, result).or(self.default), fired(at, result)),
            None => (self.default, Vec::new()),
        }
    }
}

fn bind(
    rule: &Rule,
    path: &str,
    scope: &Scope,
    visible: usize,
    lock: &Lock,
    limits: &Limits,
) -> Result<Condition> {
    let code = lock.program(path, &rule.when)?;
    let bound = scope.bind(code, visible, limits)?;
    check_condition(bound.result())?;
    let applies =
        Applies::new(rule.effective_from.as_deref(), rule.effective_until.as_deref(), &rule.scope, scope)?;
    Ok(Condition {
        bound,
        applies,
        outcome: rule.outcome,
        priority: rule.priority.unwrap_or_default(),
        asks: None,
    })
}
