//! Checks of inputs and of the fields of their records.

use std::collections::BTreeSet;

use super::super::{Input, InputType, Manifest, Mask, OnIssue};
use super::{check_name, check_texts, each, invalid, unknown};
use crate::error::Result;
use crate::limits::Limits;

/// Days that a time may lie before or after `now`: all of the calendar.
const MAX_DAYS: f64 = 3_652_059.0;

pub(super) fn check_inputs(manifest: &Manifest, limits: &Limits) -> Result<()> {
    each("inputs", &manifest.inputs, |input| {
        check_field(input)?;
        check_list(input, limits)?;
        let known = || manifest.sources.iter().map(|source| source.id.as_str());
        match &input.source {
            Some(source) if !known().any(|id| id == source) => {
                Err(unknown("source", source, known()).at("source"))
            }
            _ => Ok(()),
        }
    })
}

/// The fields of a list, and that only lists have any.
fn check_list(input: &Input, limits: &Limits) -> Result<()> {
    if input.kind != InputType::Records {
        for (key, given) in [
            ("fields", !input.fields.is_empty()),
            ("max_records", input.max_records.is_some()),
            ("too_many", input.too_many.is_some()),
        ] {
            if given {
                return Err(invalid(format!("`{key}` is for inputs of type `records`")).at(key));
            }
        }
        return Ok(());
    }
    if input.fields.is_empty() || input.fields.len() > limits.list_fields {
        let message = format!("the records of a list have 1 to {} `fields`", limits.list_fields);
        return Err(invalid(message).at("fields"));
    }
    if !(1..=limits.list_records).contains(&input.most_records()) {
        return Err(invalid(format!("must be 1 to {}", limits.list_records)).at("max_records"));
    }
    if input.too_many == Some(OnIssue::Accept) {
        let message = "a list that is too long is dropped, so it is degraded or refused, never accepted";
        return Err(invalid(message).at("too_many"));
    }
    let mut seen = BTreeSet::new();
    each("fields", &input.fields, |field| {
        check_name(&field.name).map_err(|error| error.at("name"))?;
        if field.kind == InputType::Records || !field.fields.is_empty() {
            return Err(invalid("lists do not nest; a field of a record is one value").at("type"));
        }
        for (key, given) in [
            ("max_records", field.max_records.is_some()),
            ("too_many", field.too_many.is_some()),
            ("source", field.source.is_some()),
        ] {
            if given {
                return Err(invalid(format!("`{key}` is for inputs, not for the fields of a list")).at(key));
            }
        }
        check_field(field)
    })?;
    for (at, field) in input.fields.iter().enumerate() {
        if !seen.insert(&field.name) {
            let message = format!("`{}` is used twice; each field of a record has its own name", field.name);
            return Err(invalid(message).at(format_args!("fields[{at}].name")));
        }
    }
    Ok(())
}

fn check_field(input: &Input) -> Result<()> {
    check_texts(&input.title).map_err(|error| error.at("title"))?;
    let numeric = matches!(input.kind, InputType::Number | InputType::Integer);
    for (key, bound) in [("min", input.min), ("max", input.max)] {
        let Some(bound) = bound else { continue };
        if !numeric {
            return Err(invalid(format!("`{key}` is for numbers and integers")).at(key));
        }
        if !bound.is_finite() {
            return Err(invalid("a bound must be finite").at(key));
        }
    }
    if let (Some(min), Some(max)) = (input.min, input.max)
        && min > max
    {
        return Err(invalid("`min` must not be greater than `max`").at("min"));
    }
    if input.required && input.missing == Some(OnIssue::Accept) {
        return Err(
            invalid("a required field cannot be missing; drop `required` or refuse or degrade").at("missing")
        );
    }
    check_times(input)?;
    check_mask(input).map_err(|error| error.at("mask"))?;
    check_allowed(input)
}

fn check_mask(input: &Input) -> Result<()> {
    let Some(mask) = input.mask else { return Ok(()) };
    let fits = match mask {
        Mask::Null => true,
        Mask::Hash => input.kind != InputType::Records,
        Mask::Last4 => matches!(input.kind, InputType::String | InputType::Integer),
        Mask::Year => input.kind == InputType::Timestamp,
        Mask::Prefix(_) => input.kind == InputType::String,
        Mask::Round(_) => matches!(input.kind, InputType::Number | InputType::Integer),
    };
    if !fits {
        return Err(invalid(format!(
            "values of type {} cannot be shown so: `hash` is for single values, `last4` for texts and integers, `year` \
             for timestamps, `prefix` for texts, `round` for numbers",
            input.kind.name()
        )));
    }
    match mask {
        Mask::Prefix(0) => Err(invalid("a prefix has at least one character; `null` shows nothing")),
        Mask::Round(step) if !(step.is_finite() && step > 0.0) => {
            Err(invalid("numbers are rounded to a multiple of something greater than 0"))
        }
        _ => Ok(()),
    }
}

fn check_times(input: &Input) -> Result<()> {
    for (key, given) in [
        ("max_age_days", input.max_age_days.is_some()),
        ("stale", input.stale.is_some()),
        ("max_ahead_days", input.max_ahead_days.is_some()),
        ("future", input.future.is_some()),
    ] {
        if given && input.kind != InputType::Timestamp {
            return Err(invalid(format!("`{key}` is for timestamps")).at(key));
        }
    }
    if input.stale.is_some() && input.max_age_days.is_none() {
        return Err(invalid("nothing is stale without `max_age_days`").at("stale"));
    }
    for (key, days, least) in [
        ("max_age_days", input.max_age_days, f64::MIN_POSITIVE),
        ("max_ahead_days", input.max_ahead_days, 0.0),
    ] {
        if days.is_some_and(|days| !(least..=MAX_DAYS).contains(&days)) {
            let least = if least > 0.0 { "greater than 0" } else { "0 or more" };
            return Err(invalid(format!("a number of days, {least} and at most {MAX_DAYS}")).at(key));
        }
    }
    Ok(())
}

fn check_allowed(input: &Input) -> Result<()> {
    let Some(allowed) = &input.allowed else { return Ok(()) };
    if allowed.is_empty() {
        return Err(invalid("`allowed` must list at least one value").at("allowed"));
    }
    let fits = |value: &crate::json::Value| match input.kind {
        InputType::String => value.is_string(),
        InputType::Integer => value.is_i64(),
        InputType::Boolean => value.is_boolean(),
        InputType::Number | InputType::Timestamp | InputType::Records => false,
    };
    if matches!(input.kind, InputType::Number | InputType::Timestamp | InputType::Records) {
        return Err(invalid("`allowed` is for strings, integers and booleans; numbers take `min` and `max`")
            .at("allowed"));
    }
    let mut seen = BTreeSet::new();
    for (at, value) in allowed.iter().enumerate() {
        if !fits(value) {
            return Err(invalid(format!("the value must be of type {}", input.kind.name()))
                .at(format_args!("allowed[{at}]")));
        }
        if !seen.insert(value.to_string()) {
            return Err(invalid("this value is listed twice").at(format_args!("allowed[{at}]")));
        }
    }
    Ok(())
}
