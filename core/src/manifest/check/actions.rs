//! Checks of what rules ask for beside an outcome.

use std::collections::BTreeMap;

use super::super::{Actions, Amount, Policy, Rule};
use super::risk::check_amount;
use super::{each, invalid};
use crate::error::{Error, Result};

/// Most documents, collateral types or pieces of evidence of one rule.
const MAX_ITEMS: usize = 64;

/// Checks the actions of one rule.
pub(super) fn check_actions(actions: &Actions) -> Result<()> {
    if actions.is_empty() {
        return Err(invalid("say what is asked for: limit, price, collateral, condition or alert"));
    }
    let amount = |amount: Option<&Amount>, place: &str| match amount {
        Some(amount) => check_amount(amount).map_err(|error| error.at(place)),
        None => Ok(()),
    };
    amount(actions.limit.as_ref().map(|limit| &limit.amount), "limit.amount")?;
    if let Some(price) = &actions.price {
        if price.rate.is_none() && price.margin.is_none() {
            return Err(invalid("a price has a `rate`, a `margin`, or both").at("price"));
        }
        amount(price.rate.as_ref(), "price.rate")?;
        amount(price.margin.as_ref(), "price.margin")?;
    }
    each("collateral", &actions.collateral, |own| {
        check_text(&own.kind).map_err(|error| error.at("type"))?;
        amount(own.amount.as_ref(), "amount")?;
        amount(own.ltv.as_ref(), "ltv")
    })?;
    if actions.collateral.len() > MAX_ITEMS {
        return Err(invalid(format!("a rule asks for at most {MAX_ITEMS} collaterals")).at("collateral"));
    }
    if let Some(condition) = &actions.condition {
        if !(1..=MAX_ITEMS).contains(&condition.documents.len()) {
            return Err(invalid(format!("name 1 to {MAX_ITEMS} documents")).at("condition.documents"));
        }
        each("condition.documents", &condition.documents, |text| check_text(text))?;
    }
    if let Some(alert) = &actions.alert {
        check_text(&alert.queue).map_err(|error| error.at("alert.queue"))?;
        if alert.evidence.len() > MAX_ITEMS {
            return Err(
                invalid(format!("an alert has at most {MAX_ITEMS} pieces of evidence")).at("alert.evidence")
            );
        }
    }
    Ok(())
}

/// Batches list these texts with commas between.
fn check_text(text: &str) -> Result<()> {
    if text.trim().is_empty() || text.contains(',') || text.contains(char::is_control) {
        return Err(invalid("a name must not be empty and has no comma and no control characters"));
    }
    Ok(())
}

/// Checks that what is compared is in one unit: all limits, and all amounts of one type of collateral.
pub(super) fn check_units(policy: &Policy) -> Result<()> {
    let mut limit: Option<Option<&str>> = None;
    let mut collateral: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (place, actions) in all(policy) {
        let within = |error: Error| error.at(&place);
        if let Some(own) = &actions.limit {
            let unit = *limit.get_or_insert(own.unit.as_deref());
            same(unit, own.unit.as_deref(), "all limits of a policy")
                .map_err(|error| within(error.at("limit.unit")))?;
        }
        for (at, own) in actions.collateral.iter().enumerate() {
            let unit = *collateral.entry(&own.kind).or_insert(own.unit.as_deref());
            same(unit, own.unit.as_deref(), &format!("all collateral of type `{}`", own.kind))
                .map_err(|error| within(error.at(format_args!("collateral[{at}].unit"))))?;
        }
    }
    Ok(())
}

/// All actions of a policy and their places in it.
fn all(policy: &Policy) -> Vec<(String, &Actions)> {
    let mut all = Vec::new();
    for (at, list) in policy.steps.iter().enumerate().filter_map(|(at, step)| Some((at, step.list.as_ref()?)))
    {
        let place = |index: usize| format!("steps[{at}].list.rules[{index}].actions");
        all.extend(actions(&list.rules).map(|(index, actions)| (place(index), actions)));
    }
    all.extend(actions(&policy.rules).map(|(index, actions)| (format!("rules[{index}].actions"), actions)));
    all
}

fn actions(rules: &[Rule]) -> impl Iterator<Item = (usize, &Actions)> {
    rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.actions.as_ref()?)))
}

fn same(first: Option<&str>, other: Option<&str>, what: &str) -> Result<()> {
    if first == other {
        return Ok(());
    }
    let shown = |unit: Option<&str>| unit.map_or_else(|| "no unit".to_owned(), |unit| format!("`{unit}`"));
    Err(invalid(format!(
        "{what} are in one unit; an earlier one has {}, this one {}",
        shown(first),
        shown(other)
    )))
}
