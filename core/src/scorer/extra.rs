//! Columns of a batch's answer that only some manifests ask for.

use super::Scorer;
use super::assess::Assessment;
use super::gather::Gathered;
use crate::policy::Policy;
use crate::scope::{ALERTS, BAND_SUFFIX, LIFECYCLE, POINTS, PROBABILITY_SUFFIX, TAGS};
use crate::table::Writer;

/// The further columns of an answer.
pub(super) struct Extras {
    /// Their names, their places in the frame, and what was gathered.
    columns: Vec<(String, usize, Gathered)>,
}

impl Extras {
    /// The columns that the manifest asks for, without rows.
    pub(super) fn new(scorer: &Scorer) -> Self {
        let policy = scorer.policy.iter().flat_map(Policy::shown).map(|shown| shown.name);
        let columns = view_names(scorer).into_iter().chain(policy).filter_map(|name| {
            let place = scorer.scope.position(&name)?;
            Some((name, place, Gathered::of(&scorer.scope.all().get(place)?.ty)))
        });
        Self { columns: columns.collect() }
    }

    /// Appends a row.
    pub(super) fn push(&mut self, assessment: &Assessment, row: usize) {
        for (_, place, column) in &mut self.columns {
            column.push(assessment.columns.get(*place), row, assessment.scored(row));
        }
    }

    /// Appends the columns to a table.
    pub(super) fn write(&self, writer: &mut Writer) {
        self.columns.iter().for_each(|(name, _, column)| column.write(name, writer));
    }
}

/// The view's columns in the order of its fields. Scores and points have columns already.
fn view_names(scorer: &Scorer) -> Vec<String> {
    let Some(view) = &scorer.manifest.view else { return Vec::new() };
    let mut names = Vec::new();
    for field in &view.fields {
        if !scorer.manifest.scores.contains_key(&field.name) && field.name != POINTS {
            names.push(field.name.clone());
        }
        if field.model.is_some() {
            names.push(format!("{}{PROBABILITY_SUFFIX}", field.name));
        }
        if !field.bands.is_empty() {
            names.push(format!("{}{BAND_SUFFIX}", field.name));
        }
    }
    for (name, there) in [
        (LIFECYCLE, view.lifecycle.is_some()),
        (TAGS, !view.tags.is_empty()),
        (ALERTS, !view.alerts.is_empty()),
    ] {
        if there {
            names.push(name.to_owned());
        }
    }
    names
}
