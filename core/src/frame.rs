//! Frames: records as typed columns with what is missing, and with the flaws met while reading.
//!
//! One record is a frame of one row and a batch is a frame of many, so that everything after this stage
//! is one code. A value that does not have its field's type never slips through: the cell becomes missing
//! and the flaw is kept for the [`schema`](crate::schema) to judge.

mod batch;
mod build;
mod cell;
mod list;
mod record;

#[cfg(test)]
mod tests;

pub use batch::{Batch, REPEATED};
pub use list::ListFlaws;
pub use record::read_record;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::Limits;
use crate::manifest::{Input, InputType};
use crate::rules::Column;
use crate::time::Timestamp;

/// What is wrong with a field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Issue {
    /// There is no value.
    Missing,
    /// A number below the field's `min` or above its `max`.
    OutOfRange,
    /// A value that is not among the field's `allowed` ones.
    UnknownValue,
    /// A value that is not of the field's type; dropped.
    WrongType,
    /// A field that the bundle does not know.
    UnknownField,
    /// An infinite number; dropped.
    NotFinite,
    /// A list of more records than it may have; dropped.
    TooMany,
    /// A time that lies longer before `now` than the field's `max_age_days`.
    Stale,
    /// A time that lies further after `now` than the field's `max_ahead_days`.
    Future,
    /// Fields that contradict each other.
    Contradictory,
    /// A check whose condition has no value.
    Unchecked,
    /// A source of which there is no field.
    Absent,
    /// A record that the batch has had before.
    Duplicate,
}

impl Issue {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Missing,
        Self::OutOfRange,
        Self::UnknownValue,
        Self::WrongType,
        Self::UnknownField,
        Self::NotFinite,
        Self::TooMany,
        Self::Stale,
        Self::Future,
        Self::Contradictory,
        Self::Unchecked,
        Self::Absent,
        Self::Duplicate,
    ];

    /// The name in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::OutOfRange => "out_of_range",
            Self::UnknownValue => "unknown_value",
            Self::WrongType => "wrong_type",
            Self::UnknownField => "unknown_field",
            Self::NotFinite => "not_finite",
            Self::TooMany => "too_many",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Contradictory => "contradictory",
            Self::Unchecked => "unchecked",
            Self::Absent => "absent",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What an issue is about. Ordered as issues are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The input of this index.
    Input(usize),
    /// Records of the list that is the input of this index: `transactions[3].amount`.
    Record(usize, Part, Place),
    /// The check of this index.
    Check(usize),
    /// The source of this index.
    Source(usize),
    /// The inputs that tell records apart.
    Key,
    /// The time of the decision.
    Now,
    /// A field that the bundle does not know.
    Unknown(Box<str>),
}

/// Which part of a record in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Whole,
    /// The field of this index.
    Known(usize),
    /// A field that the bundle does not know.
    Unknown(Box<str>),
}

/// Which records of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The one of this number, from 0.
    One(usize),
    /// So many of them, told together.
    Many(u32),
}

/// A flaw met while reading a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// The row.
    pub row: usize,
    /// The field.
    pub field: Field,
    /// What is wrong.
    pub issue: Issue,
}

/// Records as columns, one per input of the bundle in its order.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Number of rows.
    pub rows: usize,
    /// The columns.
    pub columns: Vec<Column>,
    /// The time of each decision, where it is known; empty where it is known of none.
    pub now: Vec<Option<Timestamp>>,
    /// Flaws, sorted by row.
    pub flaws: Vec<Flaw>,
    /// Flaws of the records of lists, by the index of the input.
    pub lists: BTreeMap<usize, ListFlaws>,
}

/// The inputs of a bundle, found by name.
#[derive(Clone, Debug)]
pub struct Layout {
    inputs: Vec<Input>,
    by_name: BTreeMap<Box<str>, usize>,
    lists: BTreeMap<usize, List>,
}

/// What the records of a list look like.
#[derive(Clone, Debug)]
pub struct List {
    /// Their fields.
    pub layout: Layout,
    /// The names of these.
    pub names: Arc<[Arc<str>]>,
    /// Most records.
    pub most_records: usize,
    /// Longest text that holds a list as JSON.
    most_bytes: usize,
}

impl Layout {
    /// A layout of these inputs, whose names are unique.
    #[must_use]
    pub fn new(inputs: &[Input], limits: &Limits) -> Self {
        let by_name = inputs.iter().enumerate().map(|(at, input)| (input.name.as_str().into(), at)).collect();
        let lists = inputs.iter().enumerate().filter(|(_, input)| input.kind == InputType::Records);
        let list = |input: &Input| List {
            layout: Self::new(&input.fields, limits),
            names: input.fields.iter().map(|field| field.name.as_str().into()).collect(),
            most_records: input.most_records().min(limits.list_records),
            most_bytes: limits.record_bytes,
        };
        let lists = lists.map(|(at, input)| (at, list(input))).collect();
        Self { inputs: inputs.to_vec(), by_name, lists }
    }

    /// The list that the input of this index is.
    #[must_use]
    pub fn list(&self, at: usize) -> Option<&List> {
        self.lists.get(&at)
    }

    /// The inputs in order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The place of the input of this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// As [`Self::position`], quick where the input is at `guess`.
    fn position_near(&self, guess: usize, name: &str) -> Option<usize> {
        if self.inputs.get(guess).is_some_and(|input| input.name == name) {
            return Some(guess);
        }
        self.position(name)
    }
}

/// Most unknown fields that are told apart in one record; hostile ones have thousands.
const MAX_UNKNOWN_FIELDS: usize = 32;
/// Most characters of an unknown field's name that are repeated in a decision.
const MAX_UNKNOWN_NAME: usize = 64;

/// An unknown field.
fn unknown_field(name: &str) -> Field {
    Field::Unknown(cut_name(name))
}

/// A name cut to a sane length.
fn cut_name(name: &str) -> Box<str> {
    match name.char_indices().nth(MAX_UNKNOWN_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// Adds unknown fields to the flaws: sorted, each once, and not too many of one row.
fn keep_unknown(mut unknown: Vec<Flaw>, flaws: &mut Vec<Flaw>) {
    unknown.sort();
    unknown.dedup();
    let mut row = (0, 0);
    unknown.retain(|flaw| {
        row = if flaw.row == row.0 { (row.0, row.1 + 1) } else { (flaw.row, 1) };
        row.1 <= MAX_UNKNOWN_FIELDS
    });
    flaws.extend(unknown);
}
