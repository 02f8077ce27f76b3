//! Equality, order, and membership in a constant list.

use std::cmp::Ordering;

use super::{
    Cells, Column, Data, NULL, VALUE, Value, View, bools, comparable_doubles, ints, map2, negate, strict,
};

/// `a < b`, or `a <= b`.
pub(super) fn order(
    or_equal: bool,
    a: &View<'_>,
    b: &View<'_>,
    views: &[View<'_>],
    rows: usize,
) -> Option<Column> {
    let holds = |order: Ordering| order == Ordering::Less || (or_equal && order == Ordering::Equal);
    let cells: Vec<bool> = if let (Some(a), Some(b)) = (ints(a), ints(b)) {
        if or_equal {
            // No less the other way round; doubles have NaN, which is neither.
            let mut cells = map2(b, a, |b, a| b < a)?;
            negate(&mut cells);
            cells
        } else {
            map2(a, b, |a, b| a < b)?
        }
    } else if let (Some(a), Some(b)) = (comparable_doubles(a), comparable_doubles(b)) {
        if or_equal { map2(a, b, |a, b| a <= b)? } else { map2(a, b, |a, b| a < b)? }
    } else {
        match (a.cells, b.cells) {
            (Cells::Timestamp(a), Cells::Timestamp(b)) => {
                a.iter().zip(b).map(|(a, b)| holds(a.cmp(b))).collect()
            }
            (Cells::Timestamp(a), Cells::One(Value::Timestamp(b))) => {
                a.iter().map(|a| holds(a.cmp(b))).collect()
            }
            (Cells::One(Value::Timestamp(a)), Cells::Timestamp(b)) => {
                b.iter().map(|b| holds(a.cmp(b))).collect()
            }
            _ => return None,
        }
    };
    Some(Column::with_states(Data::Bool(cells), strict(views, rows)))
}

pub(super) fn equal(
    positive: bool,
    a: &View<'_>,
    b: &View<'_>,
    views: &[View<'_>],
    rows: usize,
) -> Option<Column> {
    if let (Cells::One(Value::Null), view) | (view, Cells::One(Value::Null)) = (a.cells, b.cells) {
        let tested = if matches!(a.cells, Cells::One(Value::Null)) { b } else { a };
        return is_null(positive, view, tested.states, rows);
    }
    let mut cells: Vec<bool> = if let (Some(a), Some(b)) = (ints(a), ints(b)) {
        map2(a, b, |a, b| a == b)?
    } else if let (Some(a), Some(b)) = (comparable_doubles(a), comparable_doubles(b)) {
        map2(a, b, |a, b| a == b)?
    } else if let (Some(a), Some(b)) = (bools(a), bools(b)) {
        map2(a, b, |a, b| a == b)?
    } else {
        match (a.cells, b.cells) {
            (Cells::Text(a, a_start), Cells::Text(b, b_start)) => {
                (0..rows).map(|row| a.get(a_start + row) == b.get(b_start + row)).collect()
            }
            (Cells::Text(texts, start), Cells::One(Value::Text(text)))
            | (Cells::One(Value::Text(text)), Cells::Text(texts, start)) => {
                (start..start + rows).map(|row| texts.get(row) == &**text).collect()
            }
            _ => return None,
        }
    };
    if !positive {
        negate(&mut cells);
    }
    // Null equals null only; a fault stays one.
    let Some(mut states) = merge_nulls(views, rows) else {
        return Some(Column::new(Data::Bool(cells)));
    };
    for (row, (state, cell)) in states.iter_mut().zip(&mut cells).enumerate() {
        if *state == NULL {
            *state = VALUE;
            *cell = (a.state(row) == b.state(row)) == positive;
        }
    }
    Some(Column::with_states(Data::Bool(cells), Some(states)))
}

/// Per row: the first fault, else null if either is null, else a value.
fn merge_nulls(views: &[View<'_>], rows: usize) -> Option<Vec<u8>> {
    if views.iter().all(|view| view.states.is_none()) {
        return None;
    }
    let merge = |row| {
        let states = views.iter().map(|view: &View<'_>| view.state(row));
        states.clone().find(|state| *state > NULL).unwrap_or_else(|| states.max().unwrap_or(VALUE))
    };
    Some((0..rows).map(merge).collect())
}

fn is_null(positive: bool, cells: Cells<'_>, states: Option<&[u8]>, rows: usize) -> Option<Column> {
    if matches!(cells, Cells::Any(_) | Cells::One(_)) {
        return None;
    }
    let Some(states) = states else { return Some(Column::new(Data::Bool(vec![!positive; rows]))) };
    let cells = states.iter().map(|state| (*state == NULL) == positive).collect();
    let faults: Vec<u8> = states.iter().map(|state| if *state > NULL { *state } else { VALUE }).collect();
    let has_faults = faults.iter().any(|state| *state != VALUE);
    Some(Column::with_states(Data::Bool(cells), has_faults.then_some(faults)))
}

/// `column in [constants]`.
pub(super) fn member(item: &View<'_>, list: &View<'_>, views: &[View<'_>], rows: usize) -> Option<Column> {
    let Cells::One(Value::List(list)) = list.cells else { return None };
    let items = list.items();
    let cells: Vec<bool> = match item.cells {
        Cells::Text(texts, start) => {
            let has =
                |text: &str| items.iter().any(|item| matches!(item, Value::Text(own) if &**own == text));
            (start..start + rows).map(|row| has(texts.get(row))).collect()
        }
        Cells::Int(cells) if items.iter().all(|item| matches!(item, Value::Int(_))) => {
            let has = |cell: i64| items.iter().any(|item| matches!(item, Value::Int(own) if *own == cell));
            cells.iter().map(|cell| has(*cell)).collect()
        }
        _ => return None,
    };
    let mut states = merge_nulls(views, rows);
    let mut cells = cells;
    if let Some(states) = &mut states {
        let has_null = items.iter().any(|item| matches!(item, Value::Null));
        for (state, cell) in states.iter_mut().zip(&mut cells).filter(|(state, _)| **state == NULL) {
            *state = VALUE;
            *cell = has_null;
        }
    }
    Some(Column::with_states(Data::Bool(cells), states))
}
