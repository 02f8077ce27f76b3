//! The expressions of the offers, in the order in which they are bound.

use crate::expression::{Expression, Wanted};
use crate::manifest::Manifest;
use crate::scope::{ITEM_SCORE, Scope};

/// Every expression: gates, eligibility, suitability, contact policy, scores, value, reasons.
#[must_use]
pub fn expressions<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Expression<'m>> {
    let Some(own) = &manifest.offers else { return Vec::new() };
    // The customer and the outcome; those and the item; those and its score.
    let customer = scope.first_item();
    let item = scope.position(ITEM_SCORE).unwrap_or(customer);
    let scored = item + 1;
    let mut all = Vec::new();
    let mut push = |program: String, place: String, text: &'m str, visible: usize, wanted: Wanted| {
        all.push(Expression {
            program: format!("offers.{program}"),
            place: format!("offers.{place}"),
            text,
            visible,
            wanted,
        });
    };
    for (section, rules) in [("gates", &own.gates), ("eligibility", &own.eligibility)] {
        for (at, rule) in rules.iter().enumerate() {
            let program = format!("{section}.{}.when", rule.id);
            push(program, format!("{section}[{at}].when"), &rule.when, item, Wanted::Condition);
        }
    }
    for (at, own) in own.items.iter().enumerate() {
        if let Some(eligible) = &own.eligible {
            let program = format!("items.{}.eligible", own.id);
            push(program, format!("items[{at}].eligible"), eligible, item, Wanted::Condition);
        }
    }
    if let Some(own) = &own.suitability {
        let name = "suitability.tolerance";
        push(name.into(), name.into(), &own.tolerance, customer, Wanted::Level);
    }
    if let Some(contact) = &own.contact {
        if let Some(when) = &contact.do_not_contact {
            let name = "contact.do_not_contact";
            push(name.into(), name.into(), when, customer, Wanted::Condition);
        }
        for (at, channel) in contact.channels.iter().enumerate() {
            let program = |key: &str| format!("contact.channels.{}.{key}", channel.id);
            let place = |key: &str| format!("contact.channels[{at}].{key}");
            if let Some(consent) = &channel.consent {
                push(program("consent"), place("consent"), consent, customer, Wanted::Condition);
            }
            if let Some(score) = &channel.score {
                push(program("score"), place("score"), score, customer, Wanted::Number);
            }
        }
    }
    if let Some(expr) = own.score.as_ref().and_then(|score| score.expr.as_deref()) {
        push("score.expr".into(), "score.expr".into(), expr, item, Wanted::Number);
    }
    for (at, own) in own.items.iter().enumerate() {
        if let Some(expr) = own.score.as_ref().and_then(|score| score.expr.as_deref()) {
            let program = format!("items.{}.score.expr", own.id);
            push(program, format!("items[{at}].score.expr"), expr, item, Wanted::Number);
        }
    }
    if let Some(value) = &own.value {
        push("value".into(), "value".into(), value, scored, Wanted::Number);
    }
    for (at, own) in own.reasons.iter().enumerate() {
        // Reasons have no ids; one that moves is lowered anew.
        push(
            format!("reasons.{at}.when"),
            format!("reasons[{at}].when"),
            &own.when,
            scored,
            Wanted::Condition,
        );
    }
    all
}
