//! Checks of the offers.

mod bandit;
mod contact;
mod items;

use std::collections::BTreeSet;

use super::super::{InputType, Manifest, OfferRule, OfferScore, Offers, OutputKind};
use super::{check_texts, each, invalid, unique, unknown};
use crate::error::{Error, Result};

/// Names of an item that need no declaration.
pub(super) const ITEM_NAMES: [&str; 5] = ["id", "category", "risk", "price", "score"];
/// Most offers of one decision.
const MAX_TOP: usize = 64;
/// Most attributes of an item.
const MAX_ATTRIBUTES: usize = 64;

pub(super) fn check_offers(offers: &Offers, manifest: &Manifest) -> Result<()> {
    if !(1..=MAX_TOP).contains(&offers.top) {
        return Err(invalid(format!("must be 1 to {MAX_TOP}")).at("top"));
    }
    let steps = manifest.policy.iter().flat_map(|policy| &policy.steps);
    if steps.into_iter().any(|step| step.id == "item") {
        let message = "a step of the policy is called `item`; offers need this name for the item";
        return Err(invalid(message).at("items"));
    }
    check_attributes(offers)?;
    if offers.items.is_empty() {
        return Err(invalid("a catalogue has at least one item").at("items"));
    }
    unique("items", offers.items.iter().map(|item| item.id.as_str()), "id")?;
    let codes = reason_codes(manifest);
    each("items", &offers.items, |item| items::check_item(item, offers, manifest, &codes))?;
    let categories: BTreeSet<&str> =
        offers.items.iter().filter_map(|item| item.category.as_deref()).collect();
    let rule = |rule: &OfferRule| {
        check_when(&rule.when)?;
        check_categories(rule.categories.as_deref(), &categories)?;
        check_code(rule.reason.as_deref(), &codes)?;
        check_texts(&rule.description).map_err(|error| error.at("description"))
    };
    unique("eligibility", offers.eligibility.iter().map(|rule| rule.id.as_str()), "id")?;
    each("eligibility", &offers.eligibility, rule)?;
    unique("gates", offers.gates.iter().map(|rule| rule.id.as_str()), "id")?;
    each("gates", &offers.gates, rule)?;
    each("reasons", &offers.reasons, |own| {
        check_when(&own.when)?;
        check_categories(own.categories.as_deref(), &categories)?;
        check_code(Some(&own.reason), &codes)
    })?;
    check_suitability(offers, &codes)?;
    if let Some(contact) = &offers.contact {
        contact::check_contact(contact, offers, manifest, &codes).map_err(|error| error.at("contact"))?;
    }
    check_scoring(offers, manifest)?;
    check_diversity(offers)
}

fn reason_codes(manifest: &Manifest) -> BTreeSet<&str> {
    manifest.reasons.iter().flat_map(|reasons| &reasons.codes).map(|code| code.code.as_str()).collect()
}

fn check_code(reason: Option<&str>, codes: &BTreeSet<&str>) -> Result<()> {
    match reason {
        Some(reason) if !codes.contains(reason) => {
            Err(unknown("reason code", reason, codes.iter().copied()).at("reason"))
        }
        _ => Ok(()),
    }
}

fn check_when(when: &str) -> Result<()> {
    if when.trim().is_empty() {
        return Err(invalid("a condition must not be empty; `true` always holds").at("when"));
    }
    Ok(())
}

fn check_categories(asked: Option<&[String]>, known: &BTreeSet<&str>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    if asked.is_empty() {
        return Err(invalid("the list must not be empty; leave it out for all items").at("categories"));
    }
    for (at, category) in asked.iter().enumerate() {
        if !known.contains(category.as_str()) {
            let place = format!("categories[{at}]");
            return Err(unknown("category of an item", category, known.iter().copied()).at(place));
        }
    }
    Ok(())
}

fn check_attributes(offers: &Offers) -> Result<()> {
    if offers.attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid(format!("there are at most {MAX_ATTRIBUTES} attributes")).at("attributes"));
    }
    for (name, kind) in &offers.attributes {
        let problem = if ITEM_NAMES.contains(&name.as_str()) {
            Some(format!("every item has `item.{name}` already"))
        } else if super::check_name(name).is_err() {
            Some("an attribute's name is a letter or `_`, then letters, digits or `_`".to_owned())
        } else if !matches!(
            kind,
            InputType::Number | InputType::Integer | InputType::String | InputType::Boolean
        ) {
            Some("an attribute is a number, integer, string or boolean".to_owned())
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(invalid(problem).at(format_args!("attributes.{name}")));
        }
    }
    Ok(())
}

fn check_suitability(offers: &Offers, codes: &BTreeSet<&str>) -> Result<()> {
    let risky = offers.items.iter().position(|item| item.risk.is_some());
    match (&offers.suitability, risky) {
        (None, Some(at)) => {
            Err(invalid("a risk level needs `suitability`, which compares it with the customer's")
                .at(format_args!("items[{at}].risk")))
        }
        (Some(_), None) => Err(invalid("no item has a `risk` level to compare with").at("suitability")),
        (Some(own), Some(_)) => {
            if own.tolerance.trim().is_empty() {
                return Err(invalid("an expression must not be empty").at("suitability.tolerance"));
            }
            check_code(own.reason.as_deref(), codes).map_err(|error| error.at("suitability"))
        }
        (None, None) => Ok(()),
    }
}

fn check_scoring(offers: &Offers, manifest: &Manifest) -> Result<()> {
    if let Some(bandit) = &offers.bandit {
        let other = [
            ("score", offers.score.is_some()),
            ("min_score", offers.min_score.is_some()),
            ("min_expected_value", offers.min_expected_value.is_some()),
        ];
        if let Some((key, _)) = other.iter().find(|(_, there)| *there) {
            let message =
                "a bandit scores the items itself and must be free to try each; drop one of the two";
            return Err(invalid(message).at(*key));
        }
        if let Some(at) = offers.items.iter().position(|item| item.score.is_some()) {
            let message = "a bandit scores the items itself; drop one of the two";
            return Err(invalid(message).at(format_args!("items[{at}].score")));
        }
        bandit::check_bandit(bandit, offers, manifest).map_err(|error| error.at("bandit"))?;
    } else if let Some(at) = offers.items.iter().position(|item| offers.score_of(item).is_none()) {
        let message = "the item has no score: give `offers.score`, one of its own, or a `bandit`";
        return Err(invalid(message).at(format_args!("items[{at}].score")));
    }
    if let Some(score) = &offers.score {
        check_score(score, manifest).map_err(|error| error.at("score"))?;
    }
    if offers.value.as_ref().is_some_and(|value| value.trim().is_empty()) {
        return Err(invalid("an expression must not be empty").at("value"));
    }
    for (key, bound) in [("min_score", offers.min_score), ("min_expected_value", offers.min_expected_value)] {
        if bound.is_some_and(|bound| !bound.is_finite()) {
            return Err(invalid("a bound must be finite").at(key));
        }
    }
    if offers.min_expected_value.is_some() && offers.value.is_none() {
        return Err(invalid("without `value` there is no expected value").at("min_expected_value"));
    }
    Ok(())
}

/// One of `expr` and `model`, and the model is there and gives numbers.
fn check_score(score: &OfferScore, manifest: &Manifest) -> Result<()> {
    match (&score.expr, &score.model) {
        (Some(expr), None) if expr.trim().is_empty() => {
            Err(invalid("an expression must not be empty").at("expr"))
        }
        (Some(_), None) => Ok(()),
        (None, Some(id)) => match manifest.model(id) {
            None => {
                let known = manifest.models.iter().map(|model| model.id.as_str());
                Err(unknown("model", id, known).at("model"))
            }
            Some(model) if model.output.kind == OutputKind::Vector && model.sees_items() => {
                Err(invalid("a model that sees one item gives one number for it, not a vector").at("model"))
            }
            Some(_) => Ok(()),
        },
        _ => Err(invalid("a score has exactly one of `expr` and `model`")),
    }
}

fn check_diversity(offers: &Offers) -> Result<()> {
    let Some(diversity) = &offers.diversity else { return Ok(()) };
    let wrong = |message: &str, key: &str| -> Error { invalid(message).at(format_args!("diversity.{key}")) };
    if diversity.max_per_category.is_none() && diversity.mmr.is_none() {
        return Err(wrong("give `max_per_category`, `mmr` or both", "max_per_category"));
    }
    if diversity.max_per_category == Some(0) {
        return Err(wrong("must be at least 1", "max_per_category"));
    }
    let Some(mmr) = &diversity.mmr else { return Ok(()) };
    if !(0.0..=1.0).contains(&mmr.lambda) {
        return Err(wrong("must be from 0 to 1", "mmr.lambda"));
    }
    for (at, name) in mmr.attributes.iter().enumerate() {
        check_numeric(name, offers)
            .map_err(|error| error.at(format_args!("diversity.mmr.attributes[{at}]")))?;
    }
    Ok(())
}

/// Whether an attribute of this name is a number.
fn check_numeric(name: &str, offers: &Offers) -> Result<()> {
    match offers.attributes.get(name) {
        Some(InputType::Number | InputType::Integer | InputType::Boolean) => Ok(()),
        Some(_) => Err(invalid("the attribute is no number")),
        None if name == "price" || name == "risk" => Ok(()),
        None => Err(unknown("attribute", name, offers.attributes.keys().map(String::as_str))),
    }
}
