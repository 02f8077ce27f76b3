//! The records of lists: judged field by field, told apart up to a few and together past them.

use super::Quality;
use super::field::FieldCheck;
use crate::frame::{Field, Frame, Issue, List, ListFlaws, Part, Place};
use crate::manifest::{Input, OnIssue};
use crate::rules::{Data, Records};
use crate::time::Timestamp;

/// Records with the same flaw in the same field that are named one by one.
const NAMED: usize = 4;

/// The checks of the records of one input.
#[derive(Clone, Debug)]
pub(super) struct ListCheck {
    input: usize,
    fields: Vec<FieldCheck>,
    /// What a record that is no object means.
    on_record: OnIssue,
    on_unknown: OnIssue,
}

/// The records of one row that have one flaw.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: u32,
    named: Vec<usize>,
}

impl ListCheck {
    pub(super) fn new(at: usize, input: &Input, list: &List, on_unknown: OnIssue) -> Self {
        let fields: Vec<FieldCheck> = list.layout.inputs().iter().map(FieldCheck::new).collect();
        let worst = list.layout.inputs().iter().map(Input::on_unreadable).max();
        Self {
            input: at,
            fields,
            on_record: worst.unwrap_or(OnIssue::Degrade).max(input.on_unreadable()),
            on_unknown,
        }
    }

    /// Judges the records of all rows.
    pub(super) fn judge(&self, frame: &Frame, rows: &mut [Quality]) {
        let (Some(column), Some(flaws)) = (frame.columns.get(self.input), frame.lists.get(&self.input))
        else {
            return;
        };
        let Data::Records(records) = column.data() else { return };
        let mut unknown = flaws.unknown.iter().peekable();
        for (row, quality) in rows.iter_mut().enumerate() {
            self.judge_row(records, flaws, row, frame.now.get(row).copied().flatten(), quality);
            while let Some((_, name, count)) = unknown.next_if(|(of, _, _)| *of == row) {
                let field = Field::Record(self.input, Part::Unknown(name.clone()), Place::Many(*count));
                quality.add(field, Issue::UnknownField, self.on_unknown);
            }
        }
    }

    fn judge_row(
        &self,
        records: &Records,
        flaws: &ListFlaws,
        row: usize,
        now: Option<Timestamp>,
        quality: &mut Quality,
    ) {
        let range = records.range(row);
        let mut broken = Tally::default();
        for (place, record) in range.clone().enumerate() {
            if flaws.of_record(record).is_some() {
                broken.add(place);
                quality.verdict.lower_to(self.on_record);
            }
        }
        self.report(&Part::Whole, Issue::WrongType, broken, quality);
        for (at, check) in self.fields.iter().enumerate() {
            let Some(column) = records.field(at) else { continue };
            if check.is_idle(column) && !flaws.has_cells(at) {
                continue;
            }
            let mut tallies: Vec<(Issue, Tally)> = Vec::new();
            for (place, record) in range.clone().enumerate() {
                let flaw = match flaws.of_cell(at, record) {
                    Some(issue) => Some((issue, check.on_flaw(issue))),
                    // A record that is no object has been reported as that.
                    None if flaws.of_record(record).is_some() => None,
                    None => check.judge(column, record, now),
                };
                let Some((issue, on_issue)) = flaw else { continue };
                quality.verdict.lower_to(on_issue);
                match tallies.iter_mut().find(|(own, _)| *own == issue) {
                    Some((_, tally)) => tally.add(place),
                    None => tallies.push((issue, Tally { count: 1, named: vec![place] })),
                }
            }
            for (issue, tally) in tallies {
                self.report(&Part::Known(at), issue, tally, quality);
            }
        }
    }

    fn report(&self, part: &Part, issue: Issue, tally: Tally, quality: &mut Quality) {
        let field = |place| Field::Record(self.input, part.clone(), place);
        let named = tally.named.len();
        quality.issues.extend(tally.named.into_iter().map(|place| (field(Place::One(place)), issue)));
        if tally.count as usize > named {
            quality.issues.push((field(Place::Many(tally.count)), issue));
        }
    }
}

impl Tally {
    fn add(&mut self, place: usize) {
        self.count = self.count.saturating_add(1);
        if self.named.len() < NAMED {
            self.named.push(place);
        }
    }
}
