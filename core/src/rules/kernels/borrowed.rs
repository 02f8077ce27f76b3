//! Tests of texts and looks into records that need no copy of a value: the bulk of what rules over
//! lists of records do.

use super::{Cells, Column, Data, Fault, NULL, Op, VALUE, Value, View, strict};
use crate::rules::register::Builder;

/// `text.contains(constant)` and its kin.
pub(super) fn text_test(
    op: Op,
    text: &View<'_>,
    part: &View<'_>,
    views: &[View<'_>],
    rows: usize,
) -> Option<Column> {
    let (Cells::Text(texts, start), Cells::One(Value::Text(part))) = (text.cells, part.cells) else {
        return None;
    };
    let holds = |text: &str| match op {
        Op::Contains => text.contains(&**part),
        Op::StartsWith => text.starts_with(&**part),
        _ => text.ends_with(&**part),
    };
    let cells = (start..start + rows).map(|row| holds(texts.get(row))).collect();
    Some(Column::with_states(Data::Bool(cells), strict(views, rows)))
}

/// `record.field` and `has(record.field)` over a column of records.
pub(super) fn field(op: Op, records: &View<'_>, name: &View<'_>, rows: usize) -> Option<Column> {
    let (Cells::Any(records_cells), Cells::One(Value::Text(name))) = (records.cells, name.cells) else {
        return None;
    };
    let mut cells = Builder::new(rows);
    for (row, record) in records_cells.iter().enumerate() {
        cells.push(match (records.state(row), record) {
            (VALUE, Value::Map(map)) if op == Op::Has => Ok(Value::Bool(map.field(name).is_some())),
            (VALUE, Value::Map(map)) => map.field(name).cloned().ok_or(Fault::Key),
            (VALUE, Value::Null) | (NULL, _) => Err(Fault::Null),
            (VALUE, _) => Err(Fault::Overload),
            (fault, _) => Err(Fault::of_state(fault)),
        });
    }
    Some(cells.finish())
}

/// Equality of values of any type with a constant that is no list or map.
pub(super) fn equal(positive: bool, a: &View<'_>, b: &View<'_>, rows: usize) -> Option<Column> {
    let (values, one, column) = match (a.cells, b.cells) {
        (Cells::Any(values), Cells::One(one)) => (values, one, a),
        (Cells::One(one), Cells::Any(values)) => (values, one, b),
        _ => return None,
    };
    if matches!(one, Value::List(_) | Value::Map(_)) {
        return None;
    }
    let mut cells = Builder::new(rows);
    for (row, value) in values.iter().enumerate() {
        cells.push(match column.state(row) {
            VALUE => Ok(Value::Bool(value.equals(one) == positive)),
            NULL => Ok(Value::Bool(matches!(one, Value::Null) == positive)),
            fault => Err(Fault::of_state(fault)),
        });
    }
    Some(cells.finish())
}
