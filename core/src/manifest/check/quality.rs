//! Checks of sources, of checks between fields, and of what tells records apart.

use std::collections::BTreeSet;

use super::super::Manifest;
use super::{check_texts, each, invalid, unique, unknown};
use crate::error::Result;
use crate::frame::REPEATED;

pub(super) fn check_quality(manifest: &Manifest) -> Result<()> {
    let inputs = || manifest.inputs.iter().map(|input| input.name.as_str());
    // Issues name an input, a check or a source, so no two of these share a name.
    let mut taken: BTreeSet<&str> = inputs().collect();
    let mut take = |id| match taken.insert(id) {
        true => Ok(()),
        false => Err(invalid(format!("`{id}` is taken by an input, a source or a check")).at("id")),
    };
    unique("sources", manifest.sources.iter().map(|source| source.id.as_str()), "id")?;
    for (at, source) in manifest.sources.iter().enumerate() {
        let place = |error: crate::Error| error.at(format_args!("sources[{at}]"));
        take(&source.id).map_err(place)?;
        check_texts(&source.title).map_err(|error| place(error.at("title")))?;
        if !manifest.inputs.iter().any(|input| input.source.as_ref() == Some(&source.id)) {
            let message = format!("no input comes from it; write `\"source\": \"{}\"` there", source.id);
            return Err(place(invalid(message).at("id")));
        }
    }
    unique("checks", manifest.checks.iter().map(|check| check.id.as_str()), "id")?;
    for (at, check) in manifest.checks.iter().enumerate() {
        take(&check.id).map_err(|error| error.at(format_args!("checks[{at}]")))?;
    }
    let features = || manifest.features.iter().map(|feature| feature.name.as_str());
    each("checks", &manifest.checks, |check| {
        if check.when.trim().is_empty() {
            return Err(invalid("a condition must not be empty").at("when"));
        }
        for (at, field) in check.fields.iter().enumerate() {
            if !inputs().chain(features()).any(|name| name == field) {
                let known = inputs().chain(features());
                return Err(unknown("input or feature", field, known).at(format_args!("fields[{at}]")));
            }
        }
        check_texts(&check.text).map_err(|error| error.at("text"))
    })?;
    check_duplicates(manifest).map_err(|error| error.at("duplicates"))
}

fn check_duplicates(manifest: &Manifest) -> Result<()> {
    let Some(duplicates) = &manifest.duplicates else { return Ok(()) };
    let inputs = || manifest.inputs.iter().map(|input| input.name.as_str());
    if duplicates.key.is_empty() {
        return Err(invalid("name the inputs that tell records apart").at("key"));
    }
    let mut seen = BTreeSet::new();
    for (at, name) in duplicates.key.iter().enumerate() {
        let place = format!("key[{at}]");
        if !inputs().any(|input| input == name) {
            return Err(unknown("input", name, inputs()).at(place));
        }
        if !seen.insert(name) {
            return Err(invalid(format!("`{name}` is named twice")).at(place));
        }
    }
    if inputs().any(|name| name == REPEATED) {
        let message =
            format!("with `duplicates`, no input is named `{REPEATED}`: tables have a column of that name");
        return Err(invalid(message));
    }
    Ok(())
}
