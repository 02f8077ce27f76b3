//! Checks of the customer view.

use std::collections::BTreeSet;

use super::super::{Band, InputType, Manifest, OFFER_COLUMNS, OutputKind, ScoreType, View, ViewField};
use super::{check_texts, each, invalid, unique, unknown};
use crate::error::Result;
use crate::scope::{ALERTS, BAND_SUFFIX, LIFECYCLE, POINTS, PROBABILITY_SUFFIX, TAGS};

/// Columns that a batch is answered with, whatever the bundle.
const ANSWER_NAMES: [&str; 6] = ["outcome", "issues", "rules", "reasons", "reason_texts", "decision"];

/// Names that the view adds to what rules see, each with the place of what declares it.
pub(super) fn names(view: &View) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (at, field) in view.fields.iter().enumerate() {
        let place = format!("view.fields[{at}].name");
        if field.declares() {
            names.push((field.name.clone(), place.clone()));
        }
        if field.model.is_some() {
            names.push((format!("{}{PROBABILITY_SUFFIX}", field.name), place.clone()));
        }
        if !field.bands.is_empty() {
            names.push((format!("{}{BAND_SUFFIX}", field.name), place));
        }
    }
    for (name, there) in [
        (LIFECYCLE, view.lifecycle.is_some()),
        (TAGS, !view.tags.is_empty()),
        (ALERTS, !view.alerts.is_empty()),
    ] {
        if there {
            names.push((name.to_owned(), format!("view.{name}")));
        }
    }
    names
}

pub(super) fn check_view(view: &View, manifest: &Manifest) -> Result<()> {
    unique("fields", view.fields.iter().map(|field| field.name.as_str()), "name")?;
    each("fields", &view.fields, |field| check_field(field, manifest))?;
    let codes: BTreeSet<&str> =
        manifest.reasons.iter().flat_map(|reasons| &reasons.codes).map(|code| code.code.as_str()).collect();
    let condition = |when: &str, reason: Option<&str>| {
        if when.trim().is_empty() {
            return Err(invalid("a condition must not be empty; `true` always holds").at("when"));
        }
        match reason {
            Some(reason) if !codes.contains(reason) => {
                Err(unknown("reason code", reason, codes.iter().copied()).at("reason"))
            }
            _ => Ok(()),
        }
    };
    if let Some(lifecycle) = &view.lifecycle {
        let stages = lifecycle.stages.iter().map(|stage| stage.stage.as_str());
        unique("lifecycle.stages", stages, "stage")?;
        if lifecycle.default.is_empty() {
            return Err(invalid("the stage where no condition holds needs a name").at("lifecycle.default"));
        }
        each("lifecycle.stages", &lifecycle.stages, |stage| {
            check_texts(&stage.title).map_err(|error| error.at("title"))?;
            condition(&stage.when, stage.reason.as_deref())
        })?;
    }
    unique("tags", view.tags.iter().map(|tag| tag.tag.as_str()), "tag")?;
    each("tags", &view.tags, |tag| {
        if tag.tag.contains(',') {
            return Err(invalid("a tag has no comma: batches list tags with commas between").at("tag"));
        }
        check_texts(&tag.title).map_err(|error| error.at("title"))?;
        condition(&tag.when, tag.reason.as_deref())
    })?;
    unique("alerts", view.alerts.iter().map(|alert| alert.id.as_str()), "id")?;
    each("alerts", &view.alerts, |alert| {
        if alert.id.contains(',') {
            return Err(invalid("an id has no comma: batches list alerts with commas between").at("id"));
        }
        check_texts(&alert.title).map_err(|error| error.at("title"))?;
        condition(&alert.when, alert.reason.as_deref())
    })
}

fn check_field(field: &ViewField, manifest: &Manifest) -> Result<()> {
    check_texts(&field.title).map_err(|error| error.at("title"))?;
    let offers: &[&str] = if manifest.offers.is_some() { &OFFER_COLUMNS } else { &[] };
    if ANSWER_NAMES.contains(&field.name.as_str()) || offers.contains(&field.name.as_str()) {
        return Err(
            invalid(format!("`{}` is a column of every answer; take another name", field.name)).at("name")
        );
    }
    if field.expr.is_some() && field.model.is_some() {
        return Err(invalid("a field has an `expr` or a `model`, not both").at("model"));
    }
    if field.kind.is_some() && field.expr.is_none() {
        return Err(invalid("`type` is that of an `expr`; this field has its type already").at("type"));
    }
    let numeric = match (&field.expr, &field.model) {
        (Some(expr), _) if expr.trim().is_empty() => {
            return Err(invalid("an expression must not be empty").at("expr"));
        }
        (Some(_), _) => matches!(field.kind(), InputType::Number | InputType::Integer),
        (None, Some(id)) => {
            let Some(model) = manifest.model(id) else {
                let known = manifest.models.iter().map(|model| model.id.as_str());
                return Err(unknown("model", id, known).at("model"));
            };
            if model.sees_items() {
                return Err(
                    invalid("the model sees items of the catalogue; only `offers` can run it").at("model")
                );
            }
            if model.output.kind != OutputKind::Vector || model.output.labels.is_none() {
                let message = "the model must have an output of kind `vector` with `labels`";
                return Err(invalid(message).at("model"));
            }
            false
        }
        (None, None) => is_number(&field.name, manifest)?,
    };
    if !field.bands.is_empty() && !numeric {
        return Err(invalid("only a number has bands").at("bands"));
    }
    check_bands(&field.bands)
}

/// Whether what has this name already is a number.
fn is_number(name: &str, manifest: &Manifest) -> Result<bool> {
    let numeric = |kind: InputType| matches!(kind, InputType::Number | InputType::Integer);
    if let Some(input) = manifest.input(name) {
        return Ok(numeric(input.kind));
    }
    if let Some(feature) = manifest.features.iter().find(|feature| feature.name == name) {
        return Ok(numeric(feature.kind));
    }
    if let Some(score) = manifest.scores.get(name) {
        return Ok(score.kind() == ScoreType::Number);
    }
    if name == POINTS && manifest.scorecard.is_some() {
        return Ok(true);
    }
    let known = manifest.scores.keys().map(String::as_str);
    let known = known.chain(manifest.features.iter().map(|feature| feature.name.as_str()));
    let known = known.chain(manifest.inputs.iter().map(|input| input.name.as_str()));
    Err(unknown("score, feature or input", name, known).at("name"))
}

pub(super) fn check_bands(bands: &[Band]) -> Result<()> {
    unique("bands", bands.iter().map(|band| band.label.as_str()), "label")?;
    let mut before = f64::NEG_INFINITY;
    for (at, band) in bands.iter().enumerate() {
        check_texts(&band.title).map_err(|error| error.at(format_args!("bands[{at}].title")))?;
        let problem = match band.below {
            None if at + 1 < bands.len() => Some("only the last band has no bound"),
            Some(_) if at + 1 == bands.len() => {
                Some("the last band has no bound, so that no value lacks one")
            }
            Some(below) if !below.is_finite() || below <= before => {
                Some("bounds must be finite and ascend strictly; between equal ones nothing lies")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(invalid(problem).at(format_args!("bands[{at}].below")));
        }
        before = band.below.unwrap_or(before);
    }
    Ok(())
}
