//! Lists of records: JSON arrays of objects become columns of their fields.
//!
//! What is wrong with a cell is kept beside it, a byte a cell and only where anything is wrong: a hostile
//! list is as cheap as a sound one. The [`schema`](crate::schema) counts and judges.

use std::collections::BTreeMap;

use super::build::ColumnBuilder;
use super::cell::{Cell, from_json};
use super::{Issue, List, MAX_UNKNOWN_FIELDS, cut_name};
use crate::json::{self, Json};
use crate::rules::{Column, Data, Records};

/// What is wrong with the records of a column of lists. Records are counted over all its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFlaws {
    records: Vec<Option<Issue>>,
    cells: Vec<Vec<Option<Issue>>>,
    /// Fields that the bundle does not know: row, name, how many of its records have one. By row.
    pub unknown: Vec<(usize, Box<str>, u32)>,
}

impl ListFlaws {
    /// What is wrong with a record as a whole: it is no object.
    #[must_use]
    pub fn of_record(&self, record: usize) -> Option<Issue> {
        self.records.get(record).copied().flatten()
    }

    /// Whether any value of a field has been dropped.
    #[must_use]
    pub fn has_cells(&self, field: usize) -> bool {
        self.cells.get(field).is_some_and(|flaws| !flaws.is_empty())
    }

    /// What was wrong with the value of a field, which has been dropped.
    #[must_use]
    pub fn of_cell(&self, field: usize, record: usize) -> Option<Issue> {
        self.cells.get(field)?.get(record).copied().flatten()
    }
}

/// Keeps a flaw of a record; what was sound before it takes room only now.
fn keep(flaws: &mut Vec<Option<Issue>>, record: usize, issue: Issue) {
    flaws.resize(record, None);
    flaws.push(Some(issue));
}

/// A column of lists in the making.
pub(super) struct ListBuilder<'l> {
    list: &'l List,
    columns: Vec<ColumnBuilder>,
    total: usize,
    ends: Vec<u32>,
    present: Vec<bool>,
    flaws: ListFlaws,
}

impl<'l> ListBuilder<'l> {
    pub(super) fn new(list: &'l List, rows: usize) -> Self {
        let fields = list.layout.inputs();
        Self {
            list,
            columns: fields.iter().map(|field| ColumnBuilder::new(field.kind, 0)).collect(),
            total: 0,
            ends: Vec::with_capacity(rows),
            present: Vec::with_capacity(rows),
            flaws: ListFlaws { cells: vec![Vec::new(); fields.len()], ..ListFlaws::default() },
        }
    }

    /// Appends the list of a row, or nothing and what is wrong with it as a whole.
    pub(super) fn push_json(&mut self, value: Option<&Json<'_>>) -> Option<Issue> {
        let issue = match value {
            None | Some(Json::Null) => None,
            Some(Json::List(records)) if records.len() > self.list.most_records => Some(Issue::TooMany),
            Some(Json::List(records)) => {
                self.push_records(records);
                return None;
            }
            Some(_) => Some(Issue::WrongType),
        };
        self.close(false);
        issue
    }

    /// Appends the list that a text holds as JSON, as tables write it.
    pub(super) fn push_text(&mut self, text: &str) -> Option<Issue> {
        let text = text.trim();
        if text.is_empty() {
            return self.push_json(None);
        }
        if text.len() > self.list.most_bytes {
            self.close(false);
            return Some(Issue::TooMany);
        }
        match json::read(text.as_bytes()) {
            Ok(value) => self.push_json(Some(&value)),
            Err(_) => {
                self.close(false);
                Some(Issue::WrongType)
            }
        }
    }

    fn push_records(&mut self, records: &[Json<'_>]) {
        let mut slots: Vec<Option<&Json<'_>>> = vec![None; self.columns.len()];
        let mut unknown: BTreeMap<Box<str>, u32> = BTreeMap::new();
        for record in records {
            slots.fill(None);
            let Json::Object(fields) = record else {
                keep(&mut self.flaws.records, self.total, Issue::WrongType);
                self.push_record(&slots);
                continue;
            };
            for (place, (name, value)) in fields.iter().enumerate() {
                let at = self.list.layout.position_near(place, name);
                match at.and_then(|at| slots.get_mut(at)) {
                    Some(slot) => *slot = Some(value),
                    None if *value == Json::Null => {}
                    None => *unknown.entry(cut_name(name)).or_default() += 1,
                }
            }
            self.push_record(&slots);
        }
        let row = self.ends.len();
        let unknown = unknown.into_iter().take(MAX_UNKNOWN_FIELDS);
        self.flaws.unknown.extend(unknown.map(|(name, count)| (row, name, count)));
        self.close(true);
    }

    fn push_record(&mut self, slots: &[Option<&Json<'_>>]) {
        let fields = self.list.layout.inputs();
        for (((column, slot), field), flaws) in
            self.columns.iter_mut().zip(slots).zip(fields).zip(&mut self.flaws.cells)
        {
            match slot.map_or(Ok(Cell::Missing), |value| from_json(value, field.kind)) {
                Ok(cell) => column.push(cell),
                Err(issue) => {
                    keep(flaws, self.total, issue);
                    column.push(Cell::Missing);
                }
            }
        }
        self.total += 1;
    }

    /// Ends the row.
    fn close(&mut self, present: bool) {
        self.ends.push(u32::try_from(self.total).unwrap_or(u32::MAX));
        self.present.push(present);
    }

    pub(super) fn finish(self) -> (Column, ListFlaws) {
        let fields = self.columns.into_iter().map(ColumnBuilder::finish).collect();
        let records = Records::new(self.list.names.clone(), self.ends, fields);
        (Column::with_presence(Data::Records(Box::new(records)), &self.present), self.flaws)
    }
}
