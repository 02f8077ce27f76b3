//! Batches: columns of a table, read in chunks of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::build::ColumnBuilder;
use super::cell::{Cell, from_integer, from_number, from_text};
use super::list::{ListBuilder, ListFlaws};
use super::{Field, Flaw, Frame, Issue, Layout, List, keep_unknown, unknown_field};
use crate::error::{Error, ErrorCode, Result};
use crate::json::Json;
use crate::manifest::InputType;
use crate::onnx::DType;
use crate::rules::Column;
use crate::table::{Entry, Kind, Table};
use crate::time::Timestamp;

/// The name of the column that gives each row its own time.
const NOW: &str = "now";
/// The name of the column that says which rows repeat an earlier one.
pub const REPEATED: &str = "duplicate";

/// A table whose columns are matched with a bundle's inputs.
pub struct Batch<'t, 'a> {
    rows: usize,
    columns: Vec<Option<&'t Entry<'a>>>,
    now: Option<&'t Entry<'a>>,
    /// Says which rows repeat an earlier one, where the host has looked.
    repeated: Option<&'t Entry<'a>>,
    unknown: Vec<&'t Entry<'a>>,
}

impl<'t, 'a> Batch<'t, 'a> {
    /// Matches a table's columns with the inputs. `keyed` says whether a column can say which rows repeat
    /// an earlier one.
    ///
    /// # Errors
    /// `record_malformed` where an entry is no column, has another length than the batch, or has the
    /// name of another one.
    pub fn new(table: &'t Table<'a>, layout: &Layout, keyed: bool) -> Result<Self> {
        let rows = table.rows();
        let columns = vec![None; layout.inputs().len()];
        let mut batch = Self { rows, columns, now: None, repeated: None, unknown: Vec::new() };
        let mut seen = BTreeSet::new();
        for (at, entry) in table.entries().iter().enumerate() {
            let malformed = |message: String| {
                Error::new(ErrorCode::RecordMalformed, message).at(format_args!("table.entries[{at}]"))
            };
            let name = entry.name();
            if entry.kind() != Kind::Tensor || entry.shape().rank() != 1 || entry.len() != rows {
                return Err(malformed(format!("`{name}` must be a column of {rows} elements, one per row")));
            }
            if !seen.insert(name) {
                return Err(malformed(format!("two columns are named `{name}`")));
            }
            match layout.position(name).and_then(|at| batch.columns.get_mut(at)) {
                Some(slot) => *slot = Some(entry),
                None if name == NOW => batch.now = Some(entry),
                None if keyed && name == REPEATED => batch.repeated = Some(entry),
                None => batch.unknown.push(entry),
            }
        }
        Ok(batch)
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the table says which rows repeat an earlier one.
    #[must_use]
    pub const fn says_repeated(&self) -> bool {
        self.repeated.is_some()
    }

    /// A frame of these rows. `now` is the time of rows that have none of their own.
    #[must_use]
    pub fn frame(&self, range: Range<usize>, layout: &Layout, now: Option<Timestamp>) -> Frame {
        let mut flaws = Vec::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut lists = BTreeMap::new();
        for (at, (input, entry)) in layout.inputs().iter().zip(&self.columns).enumerate() {
            if let Some(list) = layout.list(at) {
                let (column, of_records) = read_lists(*entry, list, range.clone(), at, &mut flaws);
                columns.push(column);
                lists.insert(at, of_records);
                continue;
            }
            let mut column = ColumnBuilder::new(input.kind, range.len());
            match entry {
                Some(entry) => {
                    each(entry, input.kind, range.clone(), |row, read| {
                        column.push_read(read, row, at, &mut flaws);
                    });
                }
                None => range.clone().for_each(|_| column.push(Cell::Missing)),
            }
            columns.push(column.finish());
        }
        let mut unknown = Vec::new();
        for entry in &self.unknown {
            let field = unknown_field(entry.name());
            for (row, at) in range.clone().enumerate() {
                if is_given(entry, at) {
                    unknown.push(Flaw { row, field: field.clone(), issue: Issue::UnknownField });
                }
            }
        }
        keep_unknown(unknown, &mut flaws);
        let now = self.times(range.clone(), now, &mut flaws);
        if let Some(entry) = self.repeated {
            each(entry, InputType::Boolean, range.clone(), |row, read| {
                // What cannot be read as "no" is not taken for it.
                if !matches!(read, Ok(Cell::Boolean(false) | Cell::Missing)) {
                    flaws.push(Flaw { row, field: Field::Key, issue: Issue::Duplicate });
                }
            });
        }
        flaws.sort_by_key(|flaw| flaw.row);
        Frame { rows: range.len(), columns, now, flaws, lists }
    }

    fn times(
        &self,
        range: Range<usize>,
        now: Option<Timestamp>,
        flaws: &mut Vec<Flaw>,
    ) -> Vec<Option<Timestamp>> {
        let Some(entry) = self.now else {
            return now.map_or_else(Vec::new, |now| vec![Some(now); range.len()]);
        };
        let mut times = Vec::with_capacity(range.len());
        each(entry, InputType::Timestamp, range, |row, read| match read {
            Ok(Cell::Timestamp(instant)) => times.push(Some(instant)),
            Ok(_) => times.push(now),
            Err(issue) => {
                flaws.push(Flaw { row, field: Field::Now, issue });
                times.push(None);
            }
        });
        times
    }
}

/// Lists of records are texts that hold JSON; a column of anything else is one of wrong values.
fn read_lists(
    entry: Option<&Entry<'_>>,
    list: &List,
    range: Range<usize>,
    input: usize,
    flaws: &mut Vec<Flaw>,
) -> (Column, ListFlaws) {
    let mut column = ListBuilder::new(list, range.len());
    let mut note = |row: usize, issue: Option<Issue>| {
        flaws.extend(issue.map(|issue| Flaw { row, field: Field::Input(input), issue }));
    };
    match entry {
        Some(entry) if entry.dtype() == DType::Str => {
            for (row, at) in range.enumerate() {
                let text = if entry.is_present(at) { entry.text(at) } else { "" };
                note(row, column.push_text(text));
            }
        }
        // No number or truth value is a list; NaN is missing here too.
        Some(entry) => each(entry, InputType::Records, range, |row, read| {
            let wrong = Json::Boolean(false);
            note(row, column.push_json(read.is_err().then_some(&wrong)));
        }),
        None => range.enumerate().for_each(|(row, _)| note(row, column.push_json(None))),
    }
    column.finish()
}

/// Whether a row has a value in a column that the bundle does not know.
fn is_given(entry: &Entry<'_>, at: usize) -> bool {
    entry.is_present(at) && (entry.dtype() != DType::Str || !entry.text(at).is_empty())
}

/// Reads the rows of a column as values of a type.
fn each(
    entry: &Entry<'_>,
    kind: InputType,
    range: Range<usize>,
    mut take: impl FnMut(usize, std::result::Result<Cell<'_>, Issue>),
) {
    macro_rules! numbers {
        ($type:ty, $read:expr) => {{
            let elements = entry.elements::<$type>().skip(range.start).take(range.len());
            for (row, element) in elements.enumerate() {
                let present = entry.is_present(range.start + row);
                take(row, if present { $read(element) } else { Ok(Cell::Missing) });
            }
        }};
    }
    match entry.dtype() {
        DType::F64 => numbers!(f64, |number| from_number(number, kind)),
        DType::F32 => numbers!(f32, |number: f32| from_number(number.into(), kind)),
        DType::F16 => numbers!(half::f16, |number: half::f16| from_number(number.into(), kind)),
        DType::I64 => numbers!(i64, |number| from_integer(number, kind)),
        DType::I32 => numbers!(i32, |number: i32| from_integer(number.into(), kind)),
        DType::I16 => numbers!(i16, |number: i16| from_integer(number.into(), kind)),
        DType::I8 => numbers!(i8, |number: i8| from_integer(number.into(), kind)),
        DType::U32 => numbers!(u32, |number: u32| from_integer(number.into(), kind)),
        DType::U16 => numbers!(u16, |number: u16| from_integer(number.into(), kind)),
        DType::U8 => numbers!(u8, |number: u8| from_integer(number.into(), kind)),
        DType::U64 => numbers!(u64, |number: u64| match i64::try_from(number) {
            Ok(number) => from_integer(number, kind),
            Err(_) => from_number(number as f64, kind),
        }),
        DType::Bool => numbers!(bool, |truth| match kind {
            InputType::Boolean => Ok(Cell::Boolean(truth)),
            _ => Err(Issue::WrongType),
        }),
        DType::Str => {
            for (row, at) in range.enumerate() {
                take(
                    row,
                    if entry.is_present(at) { from_text(entry.text(at), kind) } else { Ok(Cell::Missing) },
                );
            }
        }
    }
}
