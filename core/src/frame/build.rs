//! Columns that grow cell by cell.

use super::cell::Cell;
use super::{Field, Flaw, Issue};
use crate::manifest::InputType;
use crate::rules::{Column, Data, Texts, Value};
use crate::time::Timestamp;

/// A column in the making. A missing cell holds a default, which nobody reads.
pub(super) struct ColumnBuilder {
    data: Data,
    present: Vec<bool>,
}

impl ColumnBuilder {
    pub(super) fn new(kind: InputType, rows: usize) -> Self {
        let data = match kind {
            InputType::Number => Data::Double(Vec::with_capacity(rows)),
            InputType::Integer => Data::Int(Vec::with_capacity(rows)),
            InputType::String => Data::Text(Texts::default()),
            InputType::Boolean => Data::Bool(Vec::with_capacity(rows)),
            InputType::Timestamp => Data::Timestamp(Vec::with_capacity(rows)),
            // Lists have a builder of their own; inside records there are none.
            InputType::Records => Data::Any(Vec::with_capacity(rows)),
        };
        Self { data, present: Vec::with_capacity(rows) }
    }

    /// Appends a cell of the column's own type; any other counts as missing.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        let present = match (&mut self.data, cell) {
            (Data::Double(cells), Cell::Number(number)) => {
                cells.push(number);
                true
            }
            (Data::Int(cells), Cell::Integer(number)) => {
                cells.push(number);
                true
            }
            (Data::Text(cells), Cell::Text(text)) => {
                cells.push(text);
                true
            }
            (Data::Bool(cells), Cell::Boolean(truth)) => {
                cells.push(truth);
                true
            }
            (Data::Timestamp(cells), Cell::Timestamp(instant)) => {
                cells.push(instant);
                true
            }
            (Data::Double(cells), _) => {
                cells.push(0.0);
                false
            }
            (Data::Int(cells), _) => {
                cells.push(0);
                false
            }
            (Data::Text(cells), _) => {
                cells.push("");
                false
            }
            (Data::Bool(cells), _) => {
                cells.push(false);
                false
            }
            (Data::Timestamp(cells), _) => {
                cells.push(Timestamp::default());
                false
            }
            (Data::Any(cells), _) => {
                cells.push(Value::Null);
                false
            }
            (Data::Records(_), _) => false,
        };
        self.present.push(present);
    }

    /// Appends what was read for input `at` in `row`, or nothing and a flaw.
    pub(super) fn push_read(
        &mut self,
        read: Result<Cell<'_>, Issue>,
        row: usize,
        at: usize,
        flaws: &mut Vec<Flaw>,
    ) {
        match read {
            Ok(cell) => self.push(cell),
            Err(issue) => {
                flaws.push(Flaw { row, field: Field::Input(at), issue });
                self.push(Cell::Missing);
            }
        }
    }

    pub(super) fn finish(self) -> Column {
        Column::with_presence(self.data, &self.present)
    }
}
