//! Counting: from the columns of some decisions to their counts.

use super::counts::{Counts, count};
use super::plan::{Bins, NO_OFFER, Plan};
use crate::decision::outcome_name;
use crate::manifest::Manifest;
use crate::offers::Recommendation;
use crate::policy::Ruling;
use crate::rules::{Column, Data};
use crate::schema::{Quality, Verdict};
use crate::view::Seen;

/// One decision as counting sees it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The record's quality.
    pub quality: &'a Quality,
    /// Whether it has all scores.
    pub sound: bool,
    /// What the policy says, where there is one.
    pub ruling: Option<&'a Ruling>,
    /// The grade.
    pub grade: Option<&'a str>,
    /// What the view shows.
    pub seen: Option<&'a Seen>,
    /// What was offered.
    pub offers: Option<&'a Recommendation>,
}

impl Counts {
    /// Counts the decision on a row of columns.
    pub fn observe(
        &mut self,
        plan: &Plan,
        manifest: &Manifest,
        columns: &[Column],
        row: usize,
        one: &Observed<'_>,
    ) {
        self.rows += 1;
        count(&mut self.mix.verdicts, one.quality.verdict.name());
        let mut told: Vec<(String, &'static str)> = Vec::new();
        for (field, issue) in &one.quality.issues {
            let own = (plan.issue_name(field), issue.name());
            // A record with many records of one issue has it once.
            if !told.contains(&own) {
                count(self.mix.issues.entry(own.0.clone()).or_default(), own.1);
                told.push(own);
            }
        }
        if let Some(outcome) = outcome_name(one.quality, one.ruling) {
            count(&mut self.mix.outcomes, outcome);
        }
        if one.quality.verdict == Verdict::Refuse {
            return;
        }
        if let Some(grade) = one.grade {
            count(&mut self.mix.grades, grade);
        }
        let lifecycle = manifest.view.as_ref().and_then(|view| view.lifecycle.as_ref());
        if let (Some(lifecycle), Some(seen)) = (lifecycle, one.seen) {
            let stage = seen.stage.and_then(|at| lifecycle.stages.get(at));
            count(&mut self.mix.stages, stage.map_or(&*lifecycle.default, |own| &own.stage));
        }
        if let (Some(offers), Some(made)) = (&manifest.offers, one.offers) {
            let first = made.top.first().and_then(|offer| offers.items.get(offer.item));
            count(&mut self.mix.offers, first.map_or(NO_OFFER, |item| &item.id));
        }
        if !one.sound {
            return;
        }
        self.scored += 1;
        for field in plan.fields() {
            let (Some(column), Some(own)) = (columns.get(field.place), self.fields.get_mut(&field.name))
            else {
                continue;
            };
            match bin(&field.bins, column, row) {
                None => own.missing += 1,
                Some(bin) => {
                    if let Some(count) = own.bins.get_mut(bin) {
                        *count += 1;
                    }
                }
            }
        }
    }
}

/// The bin of a cell, as packing divides the sample; `None` where there is no value.
fn bin(bins: &Bins, column: &Column, row: usize) -> Option<usize> {
    if column.is_null(row) || column.fault(row).is_some() {
        return None;
    }
    match bins {
        Bins::None => Some(0),
        Bins::Edges(edges) => {
            let number = match column.data() {
                Data::Double(cells) => *cells.get(row)?,
                Data::Int(cells) => *cells.get(row)? as f64,
                Data::Bool(cells) => f64::from(u8::from(*cells.get(row)?)),
                Data::Timestamp(cells) => cells.get(row)?.seconds() as f64,
                _ => return Some(edges.len()),
            };
            Some(edges.partition_point(|edge| *edge < number))
        }
        Bins::Texts(texts) => match column.data() {
            Data::Text(cells) => {
                Some(texts.binary_search_by(|own| (**own).cmp(cells.get(row))).unwrap_or(texts.len()))
            }
            _ => Some(texts.len()),
        },
    }
}
