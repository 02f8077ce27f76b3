//! Registers of a running program: what instructions read and make.

use super::column::{Column, Data, NULL, Texts, VALUE};
use super::fault::Fault;
use super::value::Value;
use crate::time::Timestamp;

/// A register during a run: a part of the caller's column, a constant, or a column made here.
#[derive(Debug)]
pub(super) enum Register<'a> {
    Lent { column: &'a Column, start: usize },
    Constant(&'a Value),
    Made(Column),
}

/// A register's cells, to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'v> {
    pub(super) cells: Cells<'v>,
    pub(super) states: Option<&'v [u8]>,
}

/// The cells behind a [`View`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Cells<'v> {
    Bool(&'v [bool]),
    Int(&'v [i64]),
    Double(&'v [f64]),
    Text(&'v Texts, usize),
    Timestamp(&'v [Timestamp]),
    Any(&'v [Value]),
    One(&'v Value),
}

impl Register<'_> {
    pub(super) fn view(&self, rows: usize) -> View<'_> {
        let (column, start) = match self {
            Self::Constant(value) => return View { cells: Cells::One(value), states: None },
            Self::Lent { column, start } => (*column, *start),
            Self::Made(column) => (column, 0),
        };
        fn part<T>(cells: &[T], start: usize, rows: usize) -> &[T] {
            cells.get(start..start.saturating_add(rows)).unwrap_or_default()
        }
        let cells = match column.data() {
            Data::Bool(cells) => Cells::Bool(part(cells, start, rows)),
            Data::Int(cells) => Cells::Int(part(cells, start, rows)),
            Data::Double(cells) => Cells::Double(part(cells, start, rows)),
            Data::Text(texts) => Cells::Text(texts, start),
            Data::Timestamp(cells) => Cells::Timestamp(part(cells, start, rows)),
            Data::Records(cells) => Cells::Any(part(cells.values(), start, rows)),
            Data::Any(cells) => Cells::Any(part(cells, start, rows)),
        };
        View { cells, states: column.states().map(|states| part(states, start, rows)) }
    }
}

impl View<'_> {
    /// The state byte of a row, whatever its cell holds.
    pub(super) fn state(&self, row: usize) -> u8 {
        self.states.map_or(VALUE, |states| states.get(row).copied().unwrap_or(VALUE))
    }

    /// The value of a row, null included.
    pub(super) fn get(&self, row: usize) -> Result<Value, Fault> {
        match self.state(row) {
            VALUE => {}
            NULL => return Ok(Value::Null),
            fault => return Err(Fault::of_state(fault)),
        }
        Ok(match self.cells {
            Cells::Bool(cells) => cells.get(row).map(|cell| Value::Bool(*cell)),
            Cells::Int(cells) => cells.get(row).map(|cell| Value::Int(*cell)),
            Cells::Double(cells) => cells.get(row).map(|cell| Value::Double(*cell)),
            Cells::Text(texts, start) => Some(Value::text(texts.get(start + row))),
            Cells::Timestamp(cells) => cells.get(row).map(|cell| Value::Timestamp(*cell)),
            Cells::Any(cells) => cells.get(row).cloned(),
            Cells::One(value) => Some(value.clone()),
        }
        .unwrap_or(Value::Null))
    }
}

/// Collects cells into the fastest column that holds them.
#[derive(Debug)]
pub(crate) struct Builder {
    rows: usize,
    data: Option<Data>,
    states: Vec<u8>,
    has_states: bool,
}

impl Builder {
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, data: None, states: Vec::with_capacity(rows), has_states: false }
    }

    pub(crate) fn push(&mut self, cell: Result<Value, Fault>) {
        let done = self.states.len();
        let value = match cell {
            Ok(Value::Null) => {
                self.has_states = true;
                self.states.push(NULL);
                Value::Null
            }
            Ok(value) => {
                self.states.push(VALUE);
                value
            }
            Err(fault) => {
                self.has_states = true;
                self.states.push(fault as u8);
                Value::Null
            }
        };
        if self.data.is_none() && is_blank(&value) {
            // No type is known yet, so none is chosen.
            return;
        }
        let data = self.data.get_or_insert_with(|| start_of(&value, done, self.rows));
        match (data, value) {
            (Data::Bool(cells), Value::Bool(value)) => cells.push(value),
            (Data::Int(cells), Value::Int(value)) => cells.push(value),
            (Data::Double(cells), Value::Double(value)) => cells.push(value),
            (Data::Any(cells), value) => cells.push(value),
            (Data::Bool(cells), Value::Null) => cells.push(false),
            (Data::Int(cells), Value::Null) => cells.push(0),
            (Data::Double(cells), Value::Null) => cells.push(0.0),
            (data, value) => {
                let mut cells = widen(data);
                cells.push(value);
                *data = Data::Any(cells);
            }
        }
    }

    pub(crate) fn finish(self) -> Column {
        let rows = self.states.len();
        let data = self.data.unwrap_or_else(|| Data::Any(vec![Value::Null; rows]));
        Column::with_states(data, self.has_states.then_some(self.states))
    }
}

pub(super) fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Null)
}

fn start_of(first: &Value, blanks: usize, rows: usize) -> Data {
    fn cells<T: Clone>(blank: T, blanks: usize, rows: usize) -> Vec<T> {
        let mut cells = Vec::with_capacity(rows);
        cells.resize(blanks, blank);
        cells
    }
    match first {
        Value::Bool(_) => Data::Bool(cells(false, blanks, rows)),
        Value::Int(_) => Data::Int(cells(0, blanks, rows)),
        Value::Double(_) => Data::Double(cells(0.0, blanks, rows)),
        _ => Data::Any(cells(Value::Null, blanks, rows)),
    }
}

pub(super) fn widen(data: &Data) -> Vec<Value> {
    match data {
        Data::Bool(cells) => cells.iter().map(|cell| Value::Bool(*cell)).collect(),
        Data::Int(cells) => cells.iter().map(|cell| Value::Int(*cell)).collect(),
        Data::Double(cells) => cells.iter().map(|cell| Value::Double(*cell)).collect(),
        Data::Text(texts) => (0..texts.len()).map(|row| Value::text(texts.get(row))).collect(),
        Data::Timestamp(cells) => cells.iter().map(|cell| Value::Timestamp(*cell)).collect(),
        Data::Records(cells) => cells.values().to_vec(),
        Data::Any(cells) => cells.clone(),
    }
}
