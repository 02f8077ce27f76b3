//! Lists of records as columns: the fields of all records of all rows lie side by side, so that an
//! aggregate reads numbers and not maps. An expression that loops over a list sees maps; they are made
//! once, when the first one asks.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::column::{Cell, Column};
use super::value::{List, Map, Value};

/// The records of some rows.
#[derive(Clone, Debug)]
pub struct Records {
    names: Arc<[Arc<str>]>,
    /// Per row, how many records end with it.
    ends: Vec<u32>,
    /// Per field, the values of all records.
    fields: Vec<Column>,
    values: OnceLock<Vec<Value>>,
    owners: OnceLock<Vec<u32>>,
}

impl Records {
    /// Records of these fields. `ends` says per row how many records there are up to and with it; each
    /// column is as long as the last of them says.
    #[must_use]
    pub fn new(names: Arc<[Arc<str>]>, ends: Vec<u32>, fields: Vec<Column>) -> Self {
        debug_assert!(names.len() == fields.len() && ends.is_sorted());
        debug_assert!(fields.iter().all(|field| field.len() == ends.last().map_or(0, |end| *end as usize)));
        Self { names, ends, fields, values: OnceLock::new(), owners: OnceLock::new() }
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many records all rows have together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// The records of a row, as places in the columns; none past the last row.
    #[must_use]
    pub fn range(&self, row: usize) -> Range<usize> {
        let end = |row: usize| self.ends.get(row).map_or(self.total(), |end| *end as usize);
        let start = if row == 0 { 0 } else { end(row - 1) };
        start..end(row)
    }

    /// Per record, the row that it belongs to.
    #[must_use]
    pub fn owners(&self) -> &[u32] {
        self.owners.get_or_init(|| {
            let mut owners = Vec::with_capacity(self.total());
            for (row, end) in (0..).zip(&self.ends) {
                owners.resize(*end as usize, row);
            }
            owners
        })
    }

    /// The names of the fields.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The values of a field, by its place.
    #[must_use]
    pub fn field(&self, at: usize) -> Option<&Column> {
        self.fields.get(at)
    }

    /// The lists as expressions see them: of maps in which a missing field is null.
    pub(super) fn values(&self) -> &[Value] {
        self.values.get_or_init(|| {
            let mut order: Vec<usize> = (0..self.names.len()).collect();
            order.sort_by(|a, b| self.names.get(*a).cmp(&self.names.get(*b)));
            let list = |row| {
                let maps = self.range(row).map(|record| self.map(record, &order)).collect::<Vec<_>>();
                List::new(maps).map_or(Value::Null, Value::List)
            };
            (0..self.len()).map(list).collect()
        })
    }

    fn map(&self, record: usize, order: &[usize]) -> Value {
        let entry = |at: &usize| {
            let value = match self.fields.get(*at)?.cell(record) {
                Cell::Value(value) => value,
                Cell::Null | Cell::Fault(_) => Value::Null,
            };
            Some((Value::Text(Arc::clone(self.names.get(*at)?)), value))
        };
        // The names differ and are texts, and values of fields do not nest.
        Map::new(order.iter().filter_map(entry).collect()).map_or(Value::Null, Value::Map)
    }
}
