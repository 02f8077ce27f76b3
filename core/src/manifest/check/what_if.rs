//! Checks of what may be varied.

use super::super::{Input, InputType, Lever, Manifest, Toward, WhatIf};
use super::{each, invalid, unique, unknown};
use crate::error::Result;
use crate::json::Value;
use crate::limits::Limits;

/// Most fields.
const MAX_FIELDS: usize = 32;
/// Most steps in one direction, and most values.
const MAX_STEPS: u32 = 1_000;
/// Whole numbers up to here are exact as doubles.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

pub(super) fn check_what_if(own: &WhatIf, manifest: &Manifest, limits: &Limits) -> Result<()> {
    if manifest.policy.is_none() {
        return Err(invalid("there is no `policy`, so there is no outcome that could change"));
    }
    if own.fields.is_empty() || own.fields.len() > MAX_FIELDS {
        return Err(invalid(format!("1 to {MAX_FIELDS} fields may be varied")).at("fields"));
    }
    let steps = |lever: &Lever| match lever.step {
        Some(_) if lever.direction == Toward::Both => 2 * lever.max_steps() as usize,
        Some(_) => lever.max_steps() as usize,
        None => lever.values.len(),
    };
    let all: usize = own.fields.iter().map(steps).sum();
    if all > limits.what_if_records {
        let most = limits.what_if_records;
        let message = format!("up to {all} records would be tried for one answer, the limit is {most}");
        return Err(invalid(message).at("fields"));
    }
    unique("fields", own.fields.iter().map(|lever| lever.of.as_str()), "of")?;
    each("fields", &own.fields, |lever| {
        let inputs = || manifest.inputs.iter().filter(|input| input.kind != InputType::Records);
        let Some(input) = inputs().find(|input| input.name == lever.of) else {
            return Err(unknown("input", &lever.of, inputs().map(|input| input.name.as_str())).at("of"));
        };
        if input.personal || input.mask.is_some() {
            let what = if input.personal { "is personal" } else { "has a mask" };
            let message = format!("the input {what}, and decisions would show its values; leave it out");
            return Err(invalid(message).at("of"));
        }
        check_lever(lever, input)
    })
}

fn check_lever(lever: &Lever, input: &Input) -> Result<()> {
    let numeric = matches!(input.kind, InputType::Number | InputType::Integer);
    if input.kind == InputType::Timestamp {
        return Err(invalid("times are not varied; vary a number, a text or a truth value").at("of"));
    }
    match (lever.step, lever.values.is_empty()) {
        (Some(step), true) if numeric => check_steps(lever, step, input),
        (Some(_), true) => Err(invalid("`step` is for numbers; give the `values` to try").at("step")),
        (Some(_), false) => Err(invalid("give either a `step` or `values`").at("values")),
        (None, true) => {
            let right = if numeric { "the `step` of the number" } else { "the `values` to try" };
            Err(invalid(format!("say {right}")).at(if numeric { "step" } else { "values" }))
        }
        (None, false) => check_values(lever, input),
    }
}

fn check_steps(lever: &Lever, step: f64, input: &Input) -> Result<()> {
    if !step.is_finite() || step <= 0.0 {
        return Err(invalid("a step is finite and greater than 0").at("step"));
    }
    let whole = input.kind == InputType::Integer;
    if whole && (libm::trunc(step) != step || step > MAX_EXACT) {
        return Err(invalid("the input is an integer, so the step is a whole number").at("step"));
    }
    if !(1..=MAX_STEPS).contains(&lever.max_steps()) {
        return Err(invalid(format!("must be 1 to {MAX_STEPS}")).at("max_steps"));
    }
    for (key, bound) in [("min", lever.min), ("max", lever.max)] {
        if bound.is_some_and(|bound| !bound.is_finite()) {
            return Err(invalid("a bound must be finite").at(key));
        }
    }
    match (lever.min.or(input.min), lever.max.or(input.max)) {
        (Some(min), Some(max)) if min > max => Err(invalid("`min` must not be greater than `max`").at("min")),
        _ => Ok(()),
    }
}

fn check_values(lever: &Lever, input: &Input) -> Result<()> {
    for (key, given) in [
        ("min", lever.min.is_some()),
        ("max", lever.max.is_some()),
        ("max_steps", lever.max_steps.is_some()),
        ("direction", lever.direction != Toward::Both),
    ] {
        if given {
            return Err(invalid(format!("`{key}` goes with `step`; `values` are tried as listed")).at(key));
        }
    }
    if lever.values.len() > MAX_STEPS as usize {
        return Err(invalid(format!("there are at most {MAX_STEPS} values")).at("values"));
    }
    each("values", &lever.values, |value| {
        let fits = match value {
            Value::String(_) => input.kind == InputType::String,
            Value::Bool(_) => input.kind == InputType::Boolean,
            Value::Number(number) => match input.kind {
                InputType::Integer => number.as_i64().is_some(),
                InputType::Number => true,
                _ => false,
            },
            _ => false,
        };
        if !fits {
            let message = format!("the input is of type {}, and so are the values to try", input.kind.name());
            return Err(invalid(message));
        }
        match &input.allowed {
            Some(allowed) if !allowed.contains(value) => {
                Err(invalid("the input does not allow this value, so no record could have it"))
            }
            _ => Ok(()),
        }
    })
}
