//! Which records of a batch are the same.
//!
//! Hosts cut long batches into pieces that fit a deadline, and files into chunks. So that a duplicate is
//! found wherever the cut falls, a host can ask for the keys of the rows first (`"output": "keys"`) and say
//! with each piece, in the column `duplicate`, which of its rows repeat an earlier one. Where it does not,
//! the rows of the call are compared with each other.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::frame::{Field, Flaw, Frame, Issue, Layout};
use crate::rules::push_cell;

/// 128 bits that tell records apart.
type Key = [u8; 16];

/// What tells records apart.
#[derive(Clone, Debug)]
pub struct RowKeys {
    inputs: Vec<usize>,
}

impl RowKeys {
    pub(super) fn new(names: &[String], layout: &Layout) -> Self {
        Self { inputs: names.iter().filter_map(|name| layout.position(name)).collect() }
    }

    /// The key of a row; `None` where one of its inputs has no value.
    fn of(&self, frame: &Frame, row: usize, scratch: &mut Vec<u8>) -> Option<Key> {
        scratch.clear();
        for input in &self.inputs {
            let column = frame.columns.get(*input).filter(|column| !column.is_null(row))?;
            push_cell(scratch, column, row);
            scratch.push(b'\n');
        }
        let digest: [u8; 32] = Sha256::digest(&scratch).into();
        digest.first_chunk().copied()
    }

    /// The keys of all rows as 32 hex digits; empty where a row has none.
    #[must_use]
    pub fn texts(&self, frame: &Frame) -> Vec<String> {
        let mut scratch = Vec::new();
        let hex = |key: Key| {
            key.iter().fold(String::with_capacity(32), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
        };
        (0..frame.rows).map(|row| self.of(frame, row, &mut scratch).map(hex).unwrap_or_default()).collect()
    }

    /// Adds a flaw for each row whose key has been seen, and the keys of the others to those seen.
    pub fn compare(&self, frame: &mut Frame, seen: &mut BTreeSet<Key>) {
        let mut scratch = Vec::new();
        let repeated = (0..frame.rows)
            .filter(|&row| self.of(frame, row, &mut scratch).is_some_and(|key| !seen.insert(key)));
        let flaws: Vec<Flaw> =
            repeated.map(|row| Flaw { row, field: Field::Key, issue: Issue::Duplicate }).collect();
        frame.flaws.extend(flaws);
        frame.flaws.sort_by_key(|flaw| flaw.row);
    }
}
