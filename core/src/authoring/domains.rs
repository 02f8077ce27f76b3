//! What values a name can have, as far as the manifest tells.

use crate::json::Value;

use super::regions::Domain;
use crate::manifest::{Input, InputType, Manifest, Model, OnIssue, ScoreType, TableInput, View};
use crate::policy::cell::End;
use crate::scope::{BAND_SUFFIX, GRADE, LIFECYCLE, POINTS, QUALITY};

/// The domain of a table's column.
pub(super) fn of_column(column: &TableInput, manifest: &Manifest) -> Domain {
    let mut domain = match &column.expr {
        None => of_name(&column.name, manifest),
        Some(_) => Domain { nullable: true, ..Domain::default() },
    };
    if let Some(values) = &column.values {
        domain.values = Some(ends(values));
    }
    domain
}

/// The domain of a name.
pub(super) fn of_name(name: &str, manifest: &Manifest) -> Domain {
    let texts = |texts: &[&str], nullable| Domain {
        values: Some(texts.iter().map(|text| End::Text((*text).to_owned())).collect()),
        nullable,
        ..Domain::default()
    };
    if let Some(input) = manifest.input(name) {
        return Domain { nullable: manifest.may_lack(input), ..of_input(input) };
    }
    if let Some(feature) = manifest.features.iter().find(|feature| feature.name == name) {
        let always = feature.default.as_ref().is_some_and(|default| !default.is_null());
        return Domain { whole: feature.kind == InputType::Integer, nullable: !always, ..Domain::default() };
    }
    if let Some(score) = manifest.scores.get(name) {
        let model = score.model.as_deref().and_then(|id| manifest.model(id));
        let share = model.is_some_and(Model::gives_probability) || score.points.is_some();
        let bound = (share && score.kind() == ScoreType::Number).then_some(());
        return Domain {
            min: bound.map(|()| 0.0),
            max: bound.map(|()| 1.0),
            nullable: true,
            ..Domain::default()
        };
    }
    match (name, &manifest.scorecard) {
        (POINTS, Some(card)) => {
            let (least, most) = card.range();
            return Domain {
                min: Some(least as f64),
                max: Some(most as f64),
                whole: true,
                nullable: true,
                ..Domain::default()
            };
        }
        (GRADE, Some(card)) => {
            let grades: Vec<&str> = card.grades.iter().map(|grade| grade.grade.as_str()).collect();
            return texts(&grades, true);
        }
        (QUALITY, _) => return texts(&["ok", "degraded"], false),
        _ => {}
    }
    if let Some(labels) = manifest.view.as_ref().and_then(|view| of_view(name, view)) {
        return texts(&labels, true);
    }
    of_step(name, manifest).unwrap_or(Domain { nullable: true, ..Domain::default() })
}

fn of_input(input: &Input) -> Domain {
    let strict = input.on_out_of_range() == OnIssue::Refuse;
    let values = input.allowed.as_ref().filter(|_| strict).map(|values| ends(values));
    Domain {
        min: input.min.filter(|_| strict),
        max: input.max.filter(|_| strict),
        whole: input.kind == InputType::Integer,
        values,
        nullable: input.on_missing() != OnIssue::Refuse,
    }
}

fn of_view<'v>(name: &str, view: &'v View) -> Option<Vec<&'v str>> {
    if let (LIFECYCLE, Some(lifecycle)) = (name, &view.lifecycle) {
        let stages = lifecycle.stages.iter().map(|stage| stage.stage.as_str());
        return Some(stages.chain([lifecycle.default.as_str()]).collect());
    }
    let field = view.fields.iter().find(|field| name.strip_suffix(BAND_SUFFIX) == Some(&field.name))?;
    Some(field.bands.iter().map(|band| band.label.as_str()).collect())
}

/// A table's output with a list of values, or a list's outcome.
fn of_step(name: &str, manifest: &Manifest) -> Option<Domain> {
    let (id, part) = name.split_once('.')?;
    let step = manifest.policy.as_ref()?.steps.iter().find(|step| step.id == id)?;
    let values = match &step.table {
        None if part == crate::policy::OUTCOME => {
            ["approve", "review", "decline"].map(|outcome| End::Text(outcome.into())).into()
        }
        None => return None,
        Some(table) => {
            let output = table.outputs.iter().find(|output| output.name == part)?;
            ends(output.values.as_ref()?)
        }
    };
    Some(Domain { values: Some(values), nullable: true, ..Domain::default() })
}

fn ends(values: &[Value]) -> Vec<End> {
    let end = |value: &Value| match value {
        Value::Bool(truth) => Some(End::Truth(*truth)),
        Value::String(text) => Some(End::Text(text.clone())),
        value => value.as_f64().map(End::Number),
    };
    values.iter().filter_map(end).collect()
}
