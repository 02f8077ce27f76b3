//! What-if: the smallest change of each permitted field, alone, that would change the outcome.
//!
//! A model need not be monotone, so nothing is inferred: each candidate is a record that goes through all
//! stages, from the nearest outwards, and the first with another outcome is the answer (a counterfactual
//! explanation of one feature; S. Wachter, B. Mittelstadt and C. Russell, "Counterfactual explanations
//! without opening the black box", Harvard Journal of Law & Technology 31, 2018).

use std::borrow::Cow;

use super::Scorer;
use crate::decision::{outcome_name, push_list};
use crate::error::{Error, ErrorCode, Result};
use crate::frame::read_record;
use crate::json::{Json, Value, push_integer, push_text, push_value};
use crate::manifest::{InputType, Lever, Toward};
use crate::request::{Fields, Options};

/// A change, and what comes of it.
pub(super) struct Change<'m> {
    lever: &'m Lever,
    from: Json<'static>,
    to: Json<'static>,
    steps: u32,
    outcome: &'static str,
}

/// What was found.
pub(super) struct Found<'m> {
    /// The changes, fewest steps first, then in the manifest's order.
    changes: Vec<Change<'m>>,
    /// Fields of which no value that was tried changes the outcome, or that have no value to start from.
    without: Vec<&'m str>,
    /// Records that were tried.
    tried: u32,
}

/// Refuses to look where the bundle does not say what may be varied.
pub(super) fn check(scorer: &Scorer) -> Result<()> {
    if scorer.manifest.what_if.is_some() {
        return Ok(());
    }
    let message = "the bundle has no section `what_if` that says which fields may be varied";
    Err(Error::new(ErrorCode::RequestInvalid, message).at("what_if"))
}

/// Looks for changes of a record whose outcome is `outcome`, and appends them.
pub(super) fn write(
    scorer: &mut Scorer,
    fields: &Fields<'_>,
    outcome: Option<&'static str>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Some(own) = scorer.manifest.what_if.clone() else { return Ok(()) };
    // Nothing of a candidate is told but its outcome, which comes before offers and reasons.
    let options = Options { reasons: Some(0), monitor: false, state: None, ..options.clone() };
    let offers = scorer.offers.take();
    let found = look(scorer, &own.fields, fields, outcome, &options);
    scorer.offers = offers;
    found?.write(out);
    Ok(())
}

fn look<'m>(
    scorer: &mut Scorer,
    levers: &'m [Lever],
    fields: &Fields<'_>,
    outcome: Option<&'static str>,
    options: &Options,
) -> Result<Found<'m>> {
    let mut found = Found { changes: Vec::new(), without: Vec::new(), tried: 0 };
    for lever in levers {
        match search(scorer, lever, fields, outcome, options, &mut found.tried)? {
            Some(change) => found.changes.push(change),
            None => found.without.push(&lever.of),
        }
    }
    found.changes.sort_by_key(|change| change.steps);
    Ok(found)
}

fn search<'m>(
    scorer: &mut Scorer,
    lever: &'m Lever,
    fields: &Fields<'_>,
    outcome: Option<&'static str>,
    options: &Options,
    tried: &mut u32,
) -> Result<Option<Change<'m>>> {
    let Some(input) = scorer.manifest.input(&lever.of).cloned() else { return Ok(None) };
    let Some(place) = fields.iter().position(|(name, _)| *name == lever.of) else { return Ok(None) };
    let Some(from) = own_value(&fields[place].1, input.kind) else { return Ok(None) };
    let bounds = (
        lever.min.or(input.min).unwrap_or(f64::NEG_INFINITY),
        lever.max.or(input.max).unwrap_or(f64::INFINITY),
    );
    let mut record: Fields<'_> = fields.clone();
    for (steps, to) in candidates(lever, &from, bounds) {
        record[place].1 = to.clone();
        let frame = read_record(&record, scorer.schema.layout(), options.now);
        let assessment = scorer.assess(frame, options)?;
        *tried += 1;
        let other = outcome_name(&assessment.quality[0], assessment.ruling(0));
        match other {
            // A record that cannot be decided on is no way to another decision.
            Some(other) if Some(other) != outcome && assessment.is_sound(0) => {
                return Ok(Some(Change { lever, from, to, steps, outcome: other }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The record's own value, where it is of the input's type.
fn own_value(value: &Json<'_>, kind: InputType) -> Option<Json<'static>> {
    Some(match (value, kind) {
        (Json::Integer(own), InputType::Integer | InputType::Number) => Json::Integer(*own),
        (Json::Number(own), InputType::Number) => Json::Number(*own),
        (Json::Number(own), InputType::Integer) if whole(*own).is_some() => Json::Integer(whole(*own)?),
        (Json::Boolean(own), InputType::Boolean) => Json::Boolean(*own),
        (Json::Text(own), InputType::String) => Json::Text(Cow::Owned(own.to_string())),
        _ => return None,
    })
}

fn whole(number: f64) -> Option<i64> {
    (libm::trunc(number) == number && number.abs() < 9e15).then_some(number as i64)
}

/// The values to try with their distance in steps, the nearest first.
fn candidates(lever: &Lever, from: &Json<'_>, bounds: (f64, f64)) -> Vec<(u32, Json<'static>)> {
    let Some(step) = lever.step else {
        let values = lever.values.iter().filter_map(value).filter(|to| !same(to, from));
        return (1..).zip(values).collect();
    };
    let mut found = Vec::new();
    for steps in 1..=lever.max_steps() {
        let signs: &[f64] = match lever.direction {
            Toward::Both => &[1.0, -1.0],
            Toward::Up => &[1.0],
            Toward::Down => &[-1.0],
        };
        for sign in signs {
            let distance = sign * f64::from(steps) * step;
            let to = match from {
                Json::Integer(own) if libm::trunc(step) == step => {
                    own.checked_add(distance as i64).map(Json::Integer)
                }
                Json::Integer(own) => Some(Json::Number(*own as f64 + distance)),
                Json::Number(own) => Some(Json::Number(own + distance)),
                _ => None,
            };
            found.extend(to.filter(|to| within(to, bounds)).map(|to| (steps, to)));
        }
    }
    found
}

fn within(to: &Json<'_>, (min, max): (f64, f64)) -> bool {
    let number = match to {
        Json::Integer(number) => *number as f64,
        Json::Number(number) => *number,
        _ => return false,
    };
    number.is_finite() && number >= min && number <= max
}

fn same(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a, b) {
        (Json::Integer(whole), Json::Number(number)) | (Json::Number(number), Json::Integer(whole)) => {
            *whole as f64 == *number
        }
        _ => a == b,
    }
}

/// A value of the manifest as records have it.
fn value(own: &Value) -> Option<Json<'static>> {
    Some(match own {
        Value::Bool(truth) => Json::Boolean(*truth),
        Value::String(text) => Json::Text(Cow::Owned(text.to_string())),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Json::Integer(whole),
            None => Json::Number(number.as_f64()?),
        },
        _ => return None,
    })
}

impl Found<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"what_if\":{\"changes\":");
        push_list(out, &self.changes, |out, change| {
            out.extend_from_slice(b"{\"field\":");
            push_text(out, &change.lever.of);
            out.extend_from_slice(b",\"from\":");
            push_json(out, &change.from);
            out.extend_from_slice(b",\"to\":");
            push_json(out, &change.to);
            out.extend_from_slice(b",\"steps\":");
            push_integer(out, change.steps.into());
            out.extend_from_slice(b",\"outcome\":");
            push_text(out, change.outcome);
            out.push(b'}');
        });
        out.extend_from_slice(b",\"without\":");
        push_list(out, &self.without, |out, name| push_text(out, name));
        out.extend_from_slice(b",\"tried\":");
        push_integer(out, self.tried.into());
        out.push(b'}');
    }
}

fn push_json(out: &mut Vec<u8>, own: &Json<'_>) {
    match own {
        Json::Integer(whole) => push_integer(out, *whole),
        Json::Number(number) => crate::json::push_number(out, *number),
        Json::Boolean(truth) => push_value(out, &Value::Bool(*truth)),
        Json::Text(text) => push_text(out, text),
        _ => out.extend_from_slice(b"null"),
    }
}
