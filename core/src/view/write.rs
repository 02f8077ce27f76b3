//! The view in a decision.

use super::{Unseen, View, Views};
use crate::decision::push_list;
use crate::json::{push_number, push_text};
use crate::manifest;
use crate::rules::Column;
use crate::rules::push_cell;

impl View {
    /// Appends the section `view` of a row that was scored.
    pub fn write(
        &self,
        manifest: &manifest::View,
        views: &Views,
        columns: &[Column],
        row: usize,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b",\"view\":{\"fields\":{");
        for (at, (field, own)) in self.fields.iter().zip(&manifest.fields).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_text(out, &own.name);
            out.extend_from_slice(b":{\"value\":");
            match columns.get(field.value) {
                Some(column) if column.fault(row).is_none() => push_cell(out, column, row),
                _ => out.extend_from_slice(b"null"),
            }
            if own.model.is_some() {
                let sure = views.probabilities.get(at).and_then(|sure| sure.get(row));
                out.extend_from_slice(b",\"probability\":");
                push_number(out, sure.copied().unwrap_or(f64::NAN));
            }
            if !own.bands.is_empty() {
                let band = views.bands.get(at).and_then(|bands| *bands.get(row)?);
                let band = band.and_then(|at| own.bands.get(at));
                push_name(out, b",\"band\":", band.map(|band| band.label.as_str()));
                let severity = band.and_then(|band| band.severity);
                push_name(out, b",\"severity\":", severity.map(manifest::Severity::name));
            }
            out.push(b'}');
        }
        out.push(b'}');
        let Some(seen) = views.seen(row) else {
            out.push(b'}');
            return;
        };
        if let Some(lifecycle) = &manifest.lifecycle {
            let stage = seen.stage.and_then(|at| lifecycle.stages.get(at));
            push_name(out, b",\"lifecycle\":", Some(stage.map_or(&*lifecycle.default, |own| &own.stage)));
        }
        out.extend_from_slice(b",\"tags\":");
        push_list(out, &seen.tags, |out, &at| {
            push_text(out, manifest.tags.get(at).map_or("", |tag| &tag.tag));
        });
        out.extend_from_slice(b",\"alerts\":");
        push_list(out, &seen.alerts, |out, &at| {
            let alert = manifest.alerts.get(at);
            push_name(out, b"{\"id\":", alert.map(|alert| alert.id.as_str()));
            push_name(out, b",\"severity\":", alert.map(|alert| alert.severity.name()));
            push_name(out, b",\"reason\":", alert.and_then(|alert| alert.reason.as_deref()));
            out.push(b'}');
        });
        out.extend_from_slice(b",\"faults\":");
        push_list(out, &seen.faults, |out, fault| {
            let stages = manifest.lifecycle.as_ref().map_or(&[][..], |lifecycle| &lifecycle.stages);
            let (kind, name) = match *fault {
                Unseen::Stage(at) => ("stage", stages.get(at).map(|stage| &stage.stage)),
                Unseen::Tag(at) => ("tag", manifest.tags.get(at).map(|tag| &tag.tag)),
                Unseen::Alert(at) => ("alert", manifest.alerts.get(at).map(|alert| &alert.id)),
            };
            push_name(out, b"{\"kind\":", Some(kind));
            push_name(out, b",\"name\":", name.map(String::as_str));
            out.push(b'}');
        });
        out.push(b'}');
    }
}

/// Appends a key and a text, or null.
fn push_name(out: &mut Vec<u8>, key: &[u8], name: Option<&str>) {
    out.extend_from_slice(key);
    match name {
        Some(name) => push_text(out, name),
        None => out.extend_from_slice(b"null"),
    }
}
