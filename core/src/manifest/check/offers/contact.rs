//! Checks of the contact policy.

use std::collections::BTreeSet;

use super::super::super::{CapScope, Contact, History, InputType, Manifest, Offers, QuietHours};
use super::super::{check_texts, each, invalid, unique, unknown};
use super::check_code;
use crate::error::Result;
use crate::time::{parse_minute, parse_offset};

/// Most channels.
const MAX_CHANNELS: usize = 64;
/// Most caps.
const MAX_CAPS: usize = 64;
/// Longest period of a cap: a century.
const MAX_DAYS: u32 = 36_525;

pub(super) fn check_contact(
    contact: &Contact,
    offers: &Offers,
    manifest: &Manifest,
    codes: &BTreeSet<&str>,
) -> Result<()> {
    let empty = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
    if empty(&contact.do_not_contact) {
        return Err(invalid("a condition must not be empty").at("do_not_contact"));
    }
    if contact.channels.is_empty() || contact.channels.len() > MAX_CHANNELS {
        return Err(invalid(format!("there are 1 to {MAX_CHANNELS} channels")).at("channels"));
    }
    unique("channels", contact.channels.iter().map(|channel| channel.id.as_str()), "id")?;
    each("channels", &contact.channels, |channel| {
        for (key, text) in [("consent", &channel.consent), ("score", &channel.score)] {
            if empty(text) {
                return Err(invalid("an expression must not be empty").at(key));
            }
        }
        check_texts(&channel.title).map_err(|error| error.at("title"))
    })?;
    if let Some(quiet) = &contact.quiet_hours {
        check_quiet(quiet, manifest).map_err(|error| error.at("quiet_hours"))?;
    }
    if let Some(history) = &contact.history {
        check_history(history, contact, manifest).map_err(|error| error.at("history"))?;
    }
    if contact.caps.len() > MAX_CAPS {
        return Err(invalid(format!("there are at most {MAX_CAPS} caps")).at("caps"));
    }
    unique("caps", contact.caps.iter().map(|cap| cap.id.as_str()), "id")?;
    each("caps", &contact.caps, |cap| {
        if contact.history.is_none() {
            return Err(invalid("a cap needs `history`, the list of past contacts"));
        }
        if cap.days == 0 || cap.days > MAX_DAYS {
            return Err(invalid(format!("must be 1 to {MAX_DAYS} days")).at("days"));
        }
        let categories = offers.items.iter().any(|item| item.category.is_some());
        if cap.per == CapScope::Category && !categories {
            return Err(invalid("no item has a category").at("per"));
        }
        check_code(cap.reason.as_deref(), codes)
    })
}

fn check_quiet(quiet: &QuietHours, manifest: &Manifest) -> Result<()> {
    let minute = |key: &str, text: &str| {
        parse_minute(text).ok_or_else(|| invalid("a time of day is written as `21:00`").at(key))
    };
    if minute("from", &quiet.from)? == minute("until", &quiet.until)? {
        return Err(invalid(
            "`from` and `until` are the same minute; nobody knows whether that is none or all",
        )
        .at("until"));
    }
    match (&quiet.offset, &quiet.offset_from) {
        (Some(_), Some(_)) => Err(invalid("give `offset` or `offset_from`, not both").at("offset_from")),
        (Some(offset), None) if parse_offset(offset).is_none() => {
            Err(invalid("an offset from UTC is written as `+08:00`").at("offset"))
        }
        (None, Some(name)) => {
            let input = manifest.input(name).map(|input| input.kind);
            let feature = manifest.features.iter().find(|own| own.name == *name).map(|own| own.kind);
            match input.or(feature) {
                Some(InputType::String) => Ok(()),
                Some(_) => Err(invalid("the offset must be of type string, as `+08:00`").at("offset_from")),
                None => {
                    let known = manifest.inputs.iter().map(|input| input.name.as_str());
                    Err(unknown("input or feature", name, known).at("offset_from"))
                }
            }
        }
        _ => Ok(()),
    }
}

fn check_history(history: &History, contact: &Contact, manifest: &Manifest) -> Result<()> {
    let Some(list) = manifest.input(&history.list) else {
        let known = manifest.inputs.iter().map(|input| input.name.as_str());
        return Err(unknown("input", &history.list, known).at("list"));
    };
    if list.kind != InputType::Records {
        return Err(invalid("the list of past contacts must be of type records").at("list"));
    }
    let counts = |scope: CapScope| contact.caps.iter().any(|cap| cap.per == scope);
    let by_category = counts(CapScope::Category);
    let of_item = counts(CapScope::Item) || (by_category && history.category.is_none());
    let category = history.category.as_deref().unwrap_or_default();
    for (key, name, kind, needed) in [
        ("at", history.at.as_str(), InputType::Timestamp, true),
        ("channel", &history.channel, InputType::String, counts(CapScope::Channel)),
        ("item", &history.item, InputType::String, of_item),
        ("category", category, InputType::String, by_category && history.category.is_some()),
    ] {
        match list.fields.iter().find(|field| field.name == name) {
            Some(field) if field.kind != kind => {
                return Err(invalid(format!("the field `{name}` must be of type {}", kind.name())).at(key));
            }
            None if needed => {
                let known = list.fields.iter().map(|field| field.name.as_str());
                return Err(unknown("field of these records", name, known).at(key));
            }
            _ => {}
        }
    }
    Ok(())
}
