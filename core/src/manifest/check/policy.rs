//! Checks of the policy: rules, their versions, dates and scopes, and the names of its steps.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Value;

use super::super::{FieldScope, HitPolicy, InputType, Manifest, Policy, Rule, Step};
use super::actions::{check_actions, check_units};
use super::{MAX_NAME_BYTES, RESERVED_NAMES, SCORECARD_NAMES};
use super::{check_name, check_texts, each, invalid, unknown};
use crate::error::{Error, Result};
use crate::scope::{LIMITS, RISK, Scope};
use crate::time::Timestamp;

/// How many rules and rows a policy has.
pub(super) fn items(policy: &Policy) -> usize {
    let step = |step: &Step| {
        let rows = step.table.as_ref().map_or(0, |table| table.rows.len());
        1 + rows + step.list.as_ref().map_or(0, |list| list.rules.len())
    };
    policy.rules.len() + policy.steps.iter().map(step).sum::<usize>()
}

pub(super) fn check_policy(policy: &Policy, manifest: &Manifest) -> Result<()> {
    check_rules(&policy.rules, policy.hit_policy, manifest)?;
    check_units(policy)?;
    let taken = taken(manifest);
    for (at, step) in policy.steps.iter().enumerate() {
        let place = |error: Error| error.at(format_args!("steps[{at}]"));
        check_step(step, &taken, manifest).map_err(place)?;
        let same = policy.steps[..at].iter().find(|other| other.id == step.id);
        if same.is_some_and(|other| other.table.is_some() != step.table.is_some()) {
            return Err(place(
                invalid(format!("the versions of `{}` must all be tables or all be lists", step.id)).at("id"),
            ));
        }
    }
    let steps = policy.steps.iter().map(|step| Version {
        id: &step.id,
        from: step.effective_from.as_deref(),
        until: step.effective_until.as_deref(),
        scope: &step.scope,
    });
    check_versions("step", &steps.collect::<Vec<_>>())
        .map_err(|(at, key, message)| invalid(message).at(format_args!("steps[{at}].{key}")))
}

/// Names that expressions see before the first step, and those that a section may add.
fn taken(manifest: &Manifest) -> BTreeSet<String> {
    let scope = Scope::new(manifest);
    let known = scope.before(scope.before_steps()).iter().map(|variable| variable.name.clone());
    let reserved = RESERVED_NAMES.into_iter().chain(SCORECARD_NAMES).chain([RISK, LIMITS]);
    known.chain(reserved.map(str::to_owned)).collect()
}

fn check_step(step: &Step, taken: &BTreeSet<String>, manifest: &Manifest) -> Result<()> {
    check_name(&step.id).map_err(|error| error.at("id"))?;
    if taken.contains(&step.id) {
        return Err(invalid(format!(
            "`{}` is taken: by an input, feature, score or part of the view, or reserved",
            step.id
        ))
        .at("id"));
    }
    check_dates(step.effective_from.as_deref(), step.effective_until.as_deref())?;
    check_scope(&step.scope, manifest)?;
    check_texts(&step.description).map_err(|error| error.at("description"))?;
    match (&step.table, &step.list) {
        (Some(_), None) => Ok(()),
        (None, Some(list)) => {
            if list.rules.is_empty() {
                return Err(invalid("a list has at least one rule").at("list.rules"));
            }
            check_rules(&list.rules, list.hit_policy, manifest).map_err(|error| error.at("list"))
        }
        _ => Err(invalid("a step is either a `table` or a `list`")),
    }
}

fn check_rules(rules: &[Rule], hit_policy: HitPolicy, manifest: &Manifest) -> Result<()> {
    for (at, rule) in rules.iter().enumerate() {
        check_id(&rule.id).map_err(|error| error.at(format_args!("rules[{at}].id")))?;
    }
    let versions = rules.iter().map(|rule| Version {
        id: &rule.id,
        from: rule.effective_from.as_deref(),
        until: rule.effective_until.as_deref(),
        scope: &rule.scope,
    });
    each("rules", rules, |rule| check_rule(rule, hit_policy, manifest))?;
    check_versions("rule", &versions.collect::<Vec<_>>())
        .map_err(|(at, key, message)| invalid(message).at(format_args!("rules[{at}].{key}")))
}

/// Ids are texts for people: no identifiers, but not empty and not long.
pub(super) fn check_id(id: &str) -> Result<()> {
    match id {
        "" => Err(invalid("`id` must not be empty")),
        _ if id.len() > MAX_NAME_BYTES || id.contains(char::is_control) => {
            Err(invalid(format!("`id` has at most {MAX_NAME_BYTES} bytes and no control characters")))
        }
        _ => Ok(()),
    }
}

fn check_rule(rule: &Rule, hit_policy: HitPolicy, manifest: &Manifest) -> Result<()> {
    if rule.when.trim().is_empty() {
        return Err(invalid("a condition must not be empty; `true` always holds").at("when"));
    }
    match &rule.actions {
        None if rule.outcome.is_none() => {
            return Err(invalid("a rule needs an `outcome`, or `actions`").at("outcome"));
        }
        None => {}
        Some(actions) => check_actions(actions).map_err(|error| error.at("actions"))?,
    }
    check_reason(rule.reason.as_deref(), manifest).map_err(|error| error.at("reason"))?;
    check_dates(rule.effective_from.as_deref(), rule.effective_until.as_deref())?;
    check_scope(&rule.scope, manifest)?;
    match (hit_policy, rule.priority) {
        (HitPolicy::Priority, None) => {
            Err(invalid("the hit policy `priority` needs a priority for each rule").at("priority"))
        }
        (HitPolicy::First | HitPolicy::Collect, Some(_)) => {
            Err(invalid("priorities have no effect unless the hit policy is `priority`").at("priority"))
        }
        _ => check_texts(&rule.description).map_err(|error| error.at("description")),
    }
}

/// Checks that a reason code is among the bundle's.
pub(super) fn check_reason(reason: Option<&str>, manifest: &Manifest) -> Result<()> {
    let Some(reason) = reason else { return Ok(()) };
    let codes = manifest.reasons.iter().flat_map(|reasons| &reasons.codes).map(|code| code.code.as_str());
    if codes.clone().any(|code| code == reason) {
        return Ok(());
    }
    let codes: BTreeSet<&str> = codes.collect();
    Err(unknown("reason code", reason, codes.into_iter()))
}

/// Checks the dates between which something is in force.
pub(super) fn check_dates(from: Option<&str>, until: Option<&str>) -> Result<()> {
    let from = check_date(from).map_err(|error| error.at("effective_from"))?;
    let until = check_date(until).map_err(|error| error.at("effective_until"))?;
    match (from, until) {
        (Some(from), Some(until)) if from >= until => {
            Err(invalid("must be later than `effective_from`: it is the first day without it")
                .at("effective_until"))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_date(date: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(date) = date else { return Ok(None) };
    Timestamp::parse_date(date).map(Some).ok_or_else(|| invalid("a date is written as `2026-01-31`"))
}

/// Checks where something applies.
pub(super) fn check_scope(scope: &FieldScope, manifest: &Manifest) -> Result<()> {
    for (name, values) in scope {
        let place = |error: Error| error.at(format_args!("scope.{name}"));
        let input = manifest.input(name);
        let feature = manifest.features.iter().find(|feature| feature.name == *name);
        let kind = input.map(|input| input.kind).or_else(|| feature.map(|feature| feature.kind));
        let Some(kind) = kind else {
            let inputs = manifest.inputs.iter().map(|input| input.name.as_str());
            let known = inputs.chain(manifest.features.iter().map(|feature| feature.name.as_str()));
            return Err(place(unknown("input or feature", name, known)));
        };
        if !matches!(kind, InputType::String | InputType::Integer | InputType::Boolean) {
            let message =
                format!("a scope is over texts, integers and truth values; `{name}` is {}", kind.name());
            return Err(place(invalid(message)));
        }
        if values.is_empty() {
            return Err(place(invalid("list at least one value, or drop the field from the scope")));
        }
        let fits = |value: &Value| match kind {
            InputType::String => value.is_string(),
            InputType::Integer => value.is_i64(),
            _ => value.is_boolean(),
        };
        for (at, value) in values.iter().enumerate() {
            let wrong = |message: String| place(invalid(message).at(format_args!("[{at}]")));
            if !fits(value) {
                return Err(wrong(format!("the value must be of type {}", kind.name())));
            }
            let allowed = input.and_then(|input| input.allowed.as_ref());
            if let Some(allowed) = allowed.filter(|allowed| !allowed.contains(value)) {
                let known = allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                return Err(wrong(format!("`{name}` is never {value}; it is one of {known}")));
            }
        }
    }
    Ok(())
}

/// Something with an id that may have several versions.
pub(super) struct Version<'m> {
    pub(super) id: &'m str,
    pub(super) from: Option<&'m str>,
    pub(super) until: Option<&'m str>,
    pub(super) scope: &'m FieldScope,
}

/// Checks that versions of one thing never apply together; else gives the place of the second one, its key
/// that is wrong, and what would be right.
pub(super) fn check_versions(
    what: &str,
    versions: &[Version<'_>],
) -> std::result::Result<(), (usize, &'static str, String)> {
    let mut by_id: BTreeMap<&str, Vec<&Version<'_>>> = BTreeMap::new();
    for (at, later) in versions.iter().enumerate() {
        let same = by_id.entry(later.id).or_default();
        for earlier in same.iter() {
            let date = |date: Option<&str>| date.and_then(Timestamp::parse_date);
            let starts = [date(earlier.from), date(later.from)];
            // Without a first day it was always in force, without a last one it always will be.
            let start = starts.iter().flatten().max().copied();
            let ends = [date(earlier.until), date(later.until)];
            let end = ends.iter().flatten().min().copied();
            let apart = matches!((start, end), (Some(start), Some(end)) if start >= end);
            if apart || are_disjoint(earlier.scope, later.scope) {
                continue;
            }
            let dated = [earlier.from, earlier.until, later.from, later.until].iter().any(Option::is_some);
            if !dated && earlier.scope.is_empty() && later.scope.is_empty() {
                return Err((at, "id", format!("`{}` is used twice; each id must be its own", later.id)));
            }
            let day = start.map_or_else(
                || "from the beginning".to_owned(),
                |day| format!("on {}", day.to_string().split('T').next().unwrap_or_default()),
            );
            let key = if later.from.is_some() { "effective_from" } else { "id" };
            let message = format!(
                "two versions of the {what} `{}` are in force {day}; end the earlier one with `effective_until` \
                 before the later one begins, keep their scopes apart, or give one another id",
                later.id
            );
            return Err((at, key, message));
        }
        same.push(later);
    }
    Ok(())
}

/// Whether no record is in both scopes: they share a field and no value of it.
fn are_disjoint(a: &FieldScope, b: &FieldScope) -> bool {
    a.iter().any(|(field, values)| {
        b.get(field).is_some_and(|others| !values.iter().any(|value| others.contains(value)))
    })
}
