//! Columns: what flows into, through and out of a program. Numbers, booleans, texts and times lie
//! side by side, so that ordinary rules run at memory speed; everything else is a [`Value`] per row.

use super::fault::Fault;
use super::records::Records;
use super::value::Value;
use crate::time::Timestamp;

/// The state byte of a cell that holds a value; 1 is null, 2 and up are faults.
pub(super) const VALUE: u8 = 0;
/// The state byte of a null cell.
pub(super) const NULL: u8 = 1;

/// Texts one after another, without an allocation per row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// How many texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a row; the empty text past the end.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends.get(row - 1).copied().unwrap_or_default() };
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text));
        all
    }
}

/// The cells of a column. What stands in a cell that is null or a fault does not matter.
#[derive(Clone, Debug)]
pub enum Data {
    /// Booleans.
    Bool(Vec<bool>),
    /// Signed integers.
    Int(Vec<i64>),
    /// Doubles.
    Double(Vec<f64>),
    /// Texts.
    Text(Texts),
    /// Instants.
    Timestamp(Vec<Timestamp>),
    /// Lists of records.
    Records(Box<Records>),
    /// Anything.
    Any(Vec<Value>),
}

/// A column: its cells and, unless all of them hold values, a state byte per row.
#[derive(Clone, Debug)]
pub struct Column {
    data: Data,
    states: Option<Vec<u8>>,
}

/// One cell, borrowed.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Null.
    Null,
    /// A value other than null.
    Value(Value),
    /// No value.
    Fault(Fault),
}

impl Data {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(cells) => cells.len(),
            Self::Int(cells) => cells.len(),
            Self::Double(cells) => cells.len(),
            Self::Text(cells) => cells.len(),
            Self::Timestamp(cells) => cells.len(),
            Self::Records(cells) => cells.len(),
            Self::Any(cells) => cells.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Column {
    /// A column without nulls.
    #[must_use]
    pub fn new(data: Data) -> Self {
        Self { data, states: None }
    }

    /// A column with a null where `present` is false. Rows past the end of `present` are present.
    #[must_use]
    pub fn with_presence(data: Data, present: &[bool]) -> Self {
        if present.iter().all(|present| *present) {
            return Self::new(data);
        }
        let mut states: Vec<u8> = present.iter().map(|present| if *present { VALUE } else { NULL }).collect();
        states.resize(data.len(), VALUE);
        Self { data, states: Some(states) }
    }

    /// A column of these rows, each of which may occur any number of times. A row past the end is null.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        fn pick<T: Clone + Default>(cells: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| cells.get(row).cloned().unwrap_or_default()).collect()
        }
        let data = match &self.data {
            Data::Bool(cells) => Data::Bool(pick(cells, rows)),
            Data::Int(cells) => Data::Int(pick(cells, rows)),
            Data::Double(cells) => Data::Double(pick(cells, rows)),
            Data::Text(cells) => Data::Text(rows.iter().map(|&row| cells.get(row)).collect()),
            Data::Timestamp(cells) => Data::Timestamp(pick(cells, rows)),
            Data::Any(cells) => {
                Data::Any(rows.iter().map(|&row| cells.get(row).cloned().unwrap_or(Value::Null)).collect())
            }
            Data::Records(cells) => {
                let cells = cells.values();
                Data::Any(rows.iter().map(|&row| cells.get(row).cloned().unwrap_or(Value::Null)).collect())
            }
        };
        let outside = rows.iter().any(|&row| row >= self.len());
        if self.states.is_none() && !outside {
            return Self::new(data);
        }
        let state = |&row: &usize| if row < self.len() { self.state(row) } else { NULL };
        let states: Vec<u8> = rows.iter().map(state).collect();
        let any = states.iter().any(|&state| state != VALUE);
        Self { data, states: any.then_some(states) }
    }

    /// A column of cells with their states; `states` must be as long as the data.
    pub(super) fn with_states(data: Data, states: Option<Vec<u8>>) -> Self {
        Self { data, states }
    }

    /// The cells of these rows, in this order, rows repeated as often as they are named. Rows past the end are
    /// null.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Self {
        macro_rules! cells {
            ($variant:ident, $cells:expr) => {
                Data::$variant(
                    rows.iter().map(|row| $cells.get(*row as usize).copied().unwrap_or_default()).collect(),
                )
            };
        }
        let data = match &self.data {
            Data::Bool(cells) => cells!(Bool, cells),
            Data::Int(cells) => cells!(Int, cells),
            Data::Double(cells) => cells!(Double, cells),
            Data::Timestamp(cells) => cells!(Timestamp, cells),
            // Shared, not copied: a long text may be named by thousands of rows.
            Data::Text(_) | Data::Records(_) | Data::Any(_) => {
                let mut last = (u32::MAX, Value::Null);
                let value = |row: &u32| {
                    if last.0 != *row {
                        last = (*row, self.value(*row as usize));
                    }
                    last.1.clone()
                };
                Data::Any(rows.iter().map(value).collect())
            }
        };
        let state = |row: &u32| {
            let inside = (*row as usize) < self.data.len();
            if inside { self.state(*row as usize) } else { NULL }
        };
        let states: Vec<u8> = rows.iter().map(state).collect();
        let has_states = states.iter().any(|state| *state != VALUE);
        Self { data, states: has_states.then_some(states) }
    }

    /// The cells.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The state bytes, if not all cells hold values.
    pub(super) fn states(&self) -> Option<&[u8]> {
        self.states.as_deref()
    }

    /// Gives these rows a fault.
    pub(super) fn set_faults(&mut self, rows: &[usize], fault: Fault) {
        let states = self.states.get_or_insert_with(|| vec![VALUE; self.data.len()]);
        for row in rows {
            if let Some(state) = states.get_mut(*row) {
                *state = fault as u8;
            }
        }
    }

    /// The fault of a row, if it has one.
    #[must_use]
    pub fn fault(&self, row: usize) -> Option<Fault> {
        let state = self.state(row);
        (state > NULL).then(|| Fault::of_state(state))
    }

    /// Whether any row is null or a fault.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        self.states.is_some()
    }

    /// Whether a row is null.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.state(row) == NULL
    }

    fn state(&self, row: usize) -> u8 {
        self.states.as_ref().map_or(VALUE, |states| states.get(row).copied().unwrap_or(VALUE))
    }

    /// One cell. A row past the end reads as null.
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell {
        match self.state(row) {
            VALUE => match self.value(row) {
                Value::Null => Cell::Null,
                value => Cell::Value(value),
            },
            NULL => Cell::Null,
            fault => Cell::Fault(Fault::of_state(fault)),
        }
    }

    fn value(&self, row: usize) -> Value {
        match &self.data {
            Data::Bool(cells) => cells.get(row).map(|cell| Value::Bool(*cell)),
            Data::Int(cells) => cells.get(row).map(|cell| Value::Int(*cell)),
            Data::Double(cells) => cells.get(row).map(|cell| Value::Double(*cell)),
            Data::Text(cells) => (row < cells.len()).then(|| Value::text(cells.get(row))),
            Data::Timestamp(cells) => cells.get(row).map(|cell| Value::Timestamp(*cell)),
            Data::Records(cells) => cells.values().get(row).cloned(),
            Data::Any(cells) => cells.get(row).cloned(),
        }
        .unwrap_or(Value::Null)
    }

    /// Whether a condition holds: `Ok(None)` for null.
    ///
    /// # Errors
    /// The row's fault; [`Fault::Overload`] if the cell is no boolean.
    pub fn truth(&self, row: usize) -> Result<Option<bool>, Fault> {
        match self.cell(row) {
            Cell::Value(Value::Bool(truth)) => Ok(Some(truth)),
            Cell::Null => Ok(None),
            Cell::Value(_) => Err(Fault::Overload),
            Cell::Fault(fault) => Err(fault),
        }
    }

    /// A number as a double, from double, int or uint cells: `Ok(None)` for null.
    ///
    /// # Errors
    /// The row's fault; [`Fault::Overload`] if the cell is no number.
    pub fn number(&self, row: usize) -> Result<Option<f64>, Fault> {
        match self.cell(row) {
            Cell::Value(Value::Double(number)) => Ok(Some(number)),
            Cell::Value(Value::Int(number)) => Ok(Some(number as f64)),
            Cell::Value(Value::Uint(number)) => Ok(Some(number as f64)),
            Cell::Null => Ok(None),
            Cell::Value(_) => Err(Fault::Overload),
            Cell::Fault(fault) => Err(fault),
        }
    }
}
