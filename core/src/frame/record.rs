//! One record of JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::build::ColumnBuilder;
use super::cell::{Cell, from_json};
use super::list::ListBuilder;
use super::{Field, Flaw, Frame, Issue, Layout, keep_unknown, unknown_field};
use crate::json::Json;
use crate::time::Timestamp;

/// A frame of one row from a record's fields. A field that is null is missing; a field that is unknown
/// and null is as good as absent.
#[must_use]
pub fn read_record(fields: &[(Cow<'_, str>, Json<'_>)], layout: &Layout, now: Option<Timestamp>) -> Frame {
    let mut values: Vec<Option<&Json<'_>>> = vec![None; layout.inputs().len()];
    let mut unknown = Vec::new();
    for (place, (name, value)) in fields.iter().enumerate() {
        // Records mostly keep the bundle's own order, so the first guess is mostly right.
        match layout.position_near(place, name).and_then(|at| values.get_mut(at)) {
            Some(slot) => *slot = Some(value),
            None if *value == Json::Null => {}
            None => unknown.push(Flaw { row: 0, field: unknown_field(name), issue: Issue::UnknownField }),
        }
    }
    let mut flaws = Vec::new();
    let mut columns = Vec::with_capacity(values.len());
    let mut lists = BTreeMap::new();
    for (at, (input, value)) in layout.inputs().iter().zip(values).enumerate() {
        if let Some(list) = layout.list(at) {
            let mut column = ListBuilder::new(list, 1);
            let issue = column.push_json(value);
            flaws.extend(issue.map(|issue| Flaw { row: 0, field: Field::Input(at), issue }));
            let (column, of_records) = column.finish();
            columns.push(column);
            lists.insert(at, of_records);
            continue;
        }
        let mut column = ColumnBuilder::new(input.kind, 1);
        let read = value.map_or(Ok(Cell::Missing), |value| from_json(value, input.kind));
        column.push_read(read, 0, at, &mut flaws);
        columns.push(column.finish());
    }
    keep_unknown(unknown, &mut flaws);
    Frame { rows: 1, columns, now: now.map_or_else(Vec::new, |now| vec![Some(now)]), flaws, lists }
}
