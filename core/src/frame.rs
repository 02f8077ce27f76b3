//! Frames: records as typed columns with what is missing, and with the flaws met while reading.
//!
//! One record is a frame of one row and a batch is a frame of many, so that everything after this stage
//! is one code. A value that does not have its field's type never slips through: the cell becomes missing
//! and the flaw is kept for the [`schema`](crate::schema) to judge.

mod batch;
mod build;
mod cell;
mod record;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use record::read_record;

use std::collections::BTreeMap;

use crate::manifest::Input;
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
}

impl Issue {
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
        }
    }
}

/// The field that a flaw is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The input of this index.
    Input(usize),
    /// The time of the decision.
    Now,
    /// A field that the bundle does not know.
    Unknown(Box<str>),
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
}

/// The inputs of a bundle, found by name.
#[derive(Clone, Debug)]
pub struct Layout {
    inputs: Vec<Input>,
    by_name: BTreeMap<Box<str>, usize>,
}

impl Layout {
    /// A layout of these inputs, whose names are unique.
    #[must_use]
    pub fn new(inputs: &[Input]) -> Self {
        let by_name = inputs.iter().enumerate().map(|(at, input)| (input.name.as_str().into(), at)).collect();
        Self { inputs: inputs.to_vec(), by_name }
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

/// An unknown field, its name cut to a sane length.
fn unknown_field(name: &str) -> Field {
    match name.char_indices().nth(MAX_UNKNOWN_NAME) {
        Some((end, _)) => Field::Unknown(format!("{}…", &name[..end]).into()),
        None => Field::Unknown(name.into()),
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
