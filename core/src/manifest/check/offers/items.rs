//! Checks of one item of the catalogue.

use std::collections::BTreeSet;

use super::super::super::{Class, InputType, Item, Manifest, Offers, OutputKind};
use super::super::{check_texts, invalid, policy::check_date, unknown};
use super::{check_code, check_score};
use crate::error::Result;

pub(super) fn check_item(
    item: &Item,
    offers: &Offers,
    manifest: &Manifest,
    codes: &BTreeSet<&str>,
) -> Result<()> {
    check_texts(&item.title).map_err(|error| error.at("title"))?;
    if item.id.contains(',') || item.id.contains(':') {
        return Err(
            invalid("an id has no comma and no colon: batches list items with these between").at("id")
        );
    }
    if item.category.as_ref().is_some_and(String::is_empty) {
        return Err(invalid("a category must not be empty").at("category"));
    }
    if item.price.is_some_and(|price| !price.is_finite()) {
        return Err(invalid("a price must be finite").at("price"));
    }
    for (name, value) in &item.attributes {
        let place = format!("attributes.{name}");
        let Some(kind) = offers.attributes.get(name) else {
            let known = offers.attributes.keys().map(String::as_str);
            return Err(unknown("attribute in `offers.attributes`", name, known).at(place));
        };
        let fits = match kind {
            InputType::Number => value.as_f64().is_some_and(f64::is_finite),
            InputType::Integer => value.is_i64(),
            InputType::String => value.is_string(),
            InputType::Boolean => value.is_boolean(),
            _ => false,
        };
        if !fits && !value.is_null() {
            return Err(invalid(format!("the value must be of type {}", kind.name())).at(place));
        }
    }
    let from = check_date(item.active_from.as_deref()).map_err(|error| error.at("active_from"))?;
    let until = check_date(item.active_until.as_deref()).map_err(|error| error.at("active_until"))?;
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(invalid("must be later than `active_from`: it is the first day without the item")
            .at("active_until"));
    }
    check_channels(item, offers)?;
    if item.eligible.as_ref().is_some_and(|when| when.trim().is_empty()) {
        return Err(invalid("a condition must not be empty; `true` always holds").at("eligible"));
    }
    if let Some(score) = &item.score {
        check_score(score, manifest).map_err(|error| error.at("score"))?;
    }
    check_class(item, offers, manifest).map_err(|error| error.at("class"))?;
    check_code(item.reason.as_deref(), codes)
}

fn check_channels(item: &Item, offers: &Offers) -> Result<()> {
    let Some(channels) = &item.channels else { return Ok(()) };
    let Some(contact) = &offers.contact else {
        return Err(invalid("channels are declared in `offers.contact`").at("channels"));
    };
    if channels.is_empty() {
        return Err(invalid("the list must not be empty; leave it out for all channels").at("channels"));
    }
    for (at, channel) in channels.iter().enumerate() {
        if !contact.channels.iter().any(|own| own.id == *channel) {
            let known = contact.channels.iter().map(|own| own.id.as_str());
            return Err(unknown("channel", channel, known).at(format_args!("channels[{at}]")));
        }
    }
    Ok(())
}

/// Whether the item's class can be one of the model that scores all items.
fn check_class(item: &Item, offers: &Offers, manifest: &Manifest) -> Result<()> {
    let model = offers.score_of(item).and_then(|score| manifest.model(score.model.as_deref()?));
    let Some(model) = model.filter(|model| model.output.kind == OutputKind::Vector) else {
        return match item.class {
            Some(_) => Err(invalid("a class is for a model with an output of kind `vector`")),
            None => Ok(()),
        };
    };
    let labels = model.output.labels.as_deref();
    let label = match &item.class {
        None => &item.id,
        Some(Class::Label(label)) => label,
        Some(Class::Number(number)) => {
            let inside = usize::try_from(*number).is_ok_and(|at| labels.is_none_or(|all| at < all.len()));
            return if inside {
                Ok(())
            } else {
                Err(invalid("the model has no such column; they count from 0"))
            };
        }
    };
    match labels {
        Some(labels) if labels.contains(label) => Ok(()),
        Some(labels) => Err(unknown("label of the model", label, labels.iter().map(String::as_str))),
        None => Err(invalid("the model's columns have no labels; give the number of the column")),
    }
}
