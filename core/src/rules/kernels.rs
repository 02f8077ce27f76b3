//! Typed kernels: the operations of ordinary rules over whole columns. Each either makes the same
//! column that `apply` would make row by row, or declines.

use std::cmp::Ordering;

use super::column::{Column, Data, NULL, VALUE};
use super::fault::Fault;
use super::op::Op;
use super::register::{Cells, View};
use super::value::Value;

/// Integers up to this are doubles exactly.
const EXACT: i64 = 1 << 53;

/// A column of one type, or a constant.
#[derive(Clone, Copy)]
enum Lane<'v, T> {
    Many(&'v [T]),
    One(T),
}

fn bools<'v>(view: &View<'v>) -> Option<Lane<'v, bool>> {
    match view.cells {
        Cells::Bool(cells) => Some(Lane::Many(cells)),
        Cells::One(Value::Bool(value)) => Some(Lane::One(*value)),
        _ => None,
    }
}

fn ints<'v>(view: &View<'v>) -> Option<Lane<'v, i64>> {
    match view.cells {
        Cells::Int(cells) => Some(Lane::Many(cells)),
        Cells::One(Value::Int(value)) => Some(Lane::One(*value)),
        _ => None,
    }
}

fn doubles<'v>(view: &View<'v>) -> Option<Lane<'v, f64>> {
    match view.cells {
        Cells::Double(cells) => Some(Lane::Many(cells)),
        Cells::One(Value::Double(value)) => Some(Lane::One(*value)),
        _ => None,
    }
}

/// Doubles, or an integer constant that is one exactly: `limit > 1000` compares by value.
fn comparable_doubles<'v>(view: &View<'v>) -> Option<Lane<'v, f64>> {
    match view.cells {
        Cells::One(Value::Int(value)) if (-EXACT..=EXACT).contains(value) => Some(Lane::One(*value as f64)),
        _ => doubles(view),
    }
}

fn map2<A: Copy, B: Copy, T>(a: Lane<'_, A>, b: Lane<'_, B>, rows: usize, f: impl Fn(A, B) -> T) -> Vec<T> {
    match (a, b) {
        (Lane::Many(a), Lane::Many(b)) => a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect(),
        (Lane::Many(a), Lane::One(b)) => a.iter().map(|a| f(*a, b)).collect(),
        (Lane::One(a), Lane::Many(b)) => b.iter().map(|b| f(a, *b)).collect(),
        (Lane::One(a), Lane::One(b)) => (0..rows).map(|_| f(a, b)).collect(),
    }
}

/// States of a strict operation: the first fault wins, and a null is one.
fn strict(views: &[View<'_>], rows: usize) -> Option<Vec<u8>> {
    let mut all: Option<Vec<u8>> = None;
    for states in views.iter().filter_map(|view| view.states) {
        let all = all.get_or_insert_with(|| vec![VALUE; rows]);
        for (state, own) in all.iter_mut().zip(states) {
            if *state == VALUE || (*state == NULL && *own > NULL) {
                *state = *own;
            }
        }
    }
    if let Some(all) = &mut all {
        for state in all.iter_mut().filter(|state| **state == NULL) {
            *state = Fault::Null as u8;
        }
    }
    all
}

/// Runs one operation on whole columns, if there is a kernel for these columns.
pub(super) fn run(op: Op, views: &[View<'_>], rows: usize) -> Option<Column> {
    match (op, views) {
        (Op::Eq | Op::Ne, [a, b]) => equal(op == Op::Eq, a, b, views, rows),
        (Op::Lt, [a, b]) => order(|order| order == Ordering::Less, |a, b| a < b, a, b, views, rows),
        (Op::Le, [a, b]) => order(|order| order != Ordering::Greater, |a, b| a <= b, a, b, views, rows),
        (Op::Gt, [a, b]) => order(|order| order == Ordering::Greater, |a, b| a > b, a, b, views, rows),
        (Op::Ge, [a, b]) => order(|order| order != Ordering::Less, |a, b| a >= b, a, b, views, rows),
        (Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder, [a, b]) => {
            arithmetic(op, a, b, views, rows)
        }
        (Op::And | Op::Or, [a, b]) => logic(op == Op::Or, a, b, rows),
        (Op::Not, [a]) => {
            let Cells::Bool(cells) = a.cells else { return None };
            Some(Column::with_states(
                Data::Bool(cells.iter().map(|cell| !cell).collect()),
                strict(views, rows),
            ))
        }
        (Op::ToDouble, [a]) => {
            let cells = match a.cells {
                Cells::Int(cells) => cells.iter().map(|cell| *cell as f64).collect(),
                Cells::Double(cells) => cells.to_vec(),
                _ => return None,
            };
            Some(Column::with_states(Data::Double(cells), strict(views, rows)))
        }
        (Op::Choose, [condition, then, other]) => choose(condition, then, other),
        (Op::In, [item, list]) => member(item, list, views, rows),
        _ => None,
    }
}

fn order(
    by_order: impl Fn(Ordering) -> bool,
    by_double: impl Fn(f64, f64) -> bool,
    a: &View<'_>,
    b: &View<'_>,
    views: &[View<'_>],
    rows: usize,
) -> Option<Column> {
    let cells = if let (Some(a), Some(b)) = (ints(a), ints(b)) {
        map2(a, b, rows, |a, b| by_order(a.cmp(&b)))
    } else if let (Some(a), Some(b)) = (comparable_doubles(a), comparable_doubles(b)) {
        map2(a, b, rows, by_double)
    } else {
        match (a.cells, b.cells) {
            (Cells::Timestamp(a), Cells::Timestamp(b)) => {
                a.iter().zip(b).map(|(a, b)| by_order(a.cmp(b))).collect()
            }
            (Cells::Timestamp(a), Cells::One(Value::Timestamp(b))) => {
                a.iter().map(|a| by_order(a.cmp(b))).collect()
            }
            (Cells::Text(a, start), Cells::One(Value::Text(b))) => {
                (start..start + rows).map(|row| by_order(a.get(row).cmp(b))).collect()
            }
            _ => return None,
        }
    };
    Some(Column::with_states(Data::Bool(cells), strict(views, rows)))
}

fn equal(positive: bool, a: &View<'_>, b: &View<'_>, views: &[View<'_>], rows: usize) -> Option<Column> {
    if let (Cells::One(Value::Null), view) | (view, Cells::One(Value::Null)) = (a.cells, b.cells) {
        let tested = if matches!(a.cells, Cells::One(Value::Null)) { b } else { a };
        return is_null(positive, view, tested.states, rows);
    }
    let cells: Vec<bool> = if let (Some(a), Some(b)) = (ints(a), ints(b)) {
        map2(a, b, rows, |a, b| (a == b) == positive)
    } else if let (Some(a), Some(b)) = (comparable_doubles(a), comparable_doubles(b)) {
        map2(a, b, rows, |a, b| (a == b) == positive)
    } else if let (Some(a), Some(b)) = (bools(a), bools(b)) {
        map2(a, b, rows, |a, b| (a == b) == positive)
    } else {
        match (a.cells, b.cells) {
            (Cells::Text(a, a_start), Cells::Text(b, b_start)) => {
                (0..rows).map(|row| (a.get(a_start + row) == b.get(b_start + row)) == positive).collect()
            }
            (Cells::Text(texts, start), Cells::One(Value::Text(text)))
            | (Cells::One(Value::Text(text)), Cells::Text(texts, start)) => {
                (start..start + rows).map(|row| (texts.get(row) == &**text) == positive).collect()
            }
            _ => return None,
        }
    };
    // Null equals null only; a fault stays one.
    let Some(mut states) = strict(&[], rows).or_else(|| merge_nulls(views, rows)) else {
        return Some(Column::new(Data::Bool(cells)));
    };
    let mut cells = cells;
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

fn arithmetic(op: Op, a: &View<'_>, b: &View<'_>, views: &[View<'_>], rows: usize) -> Option<Column> {
    if let (Some(a), Some(b)) = (doubles(a), doubles(b)) {
        let cells = match op {
            Op::Add => map2(a, b, rows, |a, b| a + b),
            Op::Subtract => map2(a, b, rows, |a, b| a - b),
            Op::Multiply => map2(a, b, rows, |a, b| a * b),
            Op::Divide => map2(a, b, rows, |a, b| a / b),
            _ => return None,
        };
        return Some(Column::with_states(Data::Double(cells), strict(views, rows)));
    }
    let (a, b) = (ints(a)?, ints(b)?);
    let results: Vec<Result<i64, Fault>> = match op {
        Op::Add => map2(a, b, rows, |a: i64, b| a.checked_add(b).ok_or(Fault::Range)),
        Op::Subtract => map2(a, b, rows, |a: i64, b| a.checked_sub(b).ok_or(Fault::Range)),
        Op::Multiply => map2(a, b, rows, |a: i64, b| a.checked_mul(b).ok_or(Fault::Range)),
        Op::Divide => map2(a, b, rows, divide),
        _ => map2(a, b, rows, remainder),
    };
    let mut states = strict(views, rows);
    for (row, fault) in results.iter().enumerate().filter_map(|(row, result)| Some((row, result.err()?))) {
        let states = states.get_or_insert_with(|| vec![VALUE; rows]);
        if let Some(state) = states.get_mut(row).filter(|state| **state == VALUE) {
            *state = fault as u8;
        }
    }
    let cells = results.into_iter().map(|result| result.unwrap_or_default()).collect();
    Some(Column::with_states(Data::Int(cells), states))
}

/// Integer division, truncated towards zero.
pub(super) fn divide(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 { Err(Fault::ZeroDivision) } else { a.checked_div(b).ok_or(Fault::Range) }
}

/// Remainder with the sign of `a`.
pub(super) fn remainder(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 { Err(Fault::ZeroDivision) } else { a.checked_rem(b).ok_or(Fault::Range) }
}

fn logic(or: bool, a: &View<'_>, b: &View<'_>, rows: usize) -> Option<Column> {
    let (a_lane, b_lane) = (bools(a)?, bools(b)?);
    let both = |a: bool, b: bool| if or { a | b } else { a & b };
    let mut cells = map2(a_lane, b_lane, rows, both);
    if a.states.is_none() && b.states.is_none() {
        return Some(Column::new(Data::Bool(cells)));
    }
    let at = |lane: Lane<'_, bool>, row: usize| match lane {
        Lane::Many(cells) => cells.get(row).copied().unwrap_or_default(),
        Lane::One(cell) => cell,
    };
    let mut states = vec![VALUE; rows];
    for (row, (cell, state)) in cells.iter_mut().zip(&mut states).enumerate() {
        let (a_state, b_state) = (a.state(row), b.state(row));
        if a_state == VALUE && b_state == VALUE {
            continue;
        }
        // The absorbing side decides alone; without it the first fault counts, and null is one.
        let decided =
            (a_state == VALUE && at(a_lane, row) == or) || (b_state == VALUE && at(b_lane, row) == or);
        if decided {
            *cell = or;
        } else {
            let first = if a_state == VALUE { b_state } else { a_state };
            *state = first.max(Fault::Null as u8 * u8::from(first == NULL));
        }
    }
    let has_faults = states.iter().any(|state| *state != VALUE);
    Some(Column::with_states(Data::Bool(cells), has_faults.then_some(states)))
}

fn choose(condition: &View<'_>, then: &View<'_>, other: &View<'_>) -> Option<Column> {
    let Cells::Bool(picks) = condition.cells else { return None };
    fn pick<T: Copy>(picks: &[bool], a: Lane<'_, T>, b: Lane<'_, T>) -> Vec<T> {
        match (a, b) {
            (Lane::Many(a), Lane::Many(b)) => {
                picks.iter().zip(a).zip(b).map(|((pick, a), b)| if *pick { *a } else { *b }).collect()
            }
            (Lane::Many(a), Lane::One(b)) => {
                picks.iter().zip(a).map(|(pick, a)| if *pick { *a } else { b }).collect()
            }
            (Lane::One(a), Lane::Many(b)) => {
                picks.iter().zip(b).map(|(pick, b)| if *pick { a } else { *b }).collect()
            }
            (Lane::One(a), Lane::One(b)) => picks.iter().map(|pick| if *pick { a } else { b }).collect(),
        }
    }
    let data = if let (Some(a), Some(b)) = (doubles(then), doubles(other)) {
        Data::Double(pick(picks, a, b))
    } else if let (Some(a), Some(b)) = (ints(then), ints(other)) {
        Data::Int(pick(picks, a, b))
    } else if let (Some(a), Some(b)) = (bools(then), bools(other)) {
        Data::Bool(pick(picks, a, b))
    } else {
        return None;
    };
    if [condition, then, other].iter().all(|view| view.states.is_none()) {
        return Some(Column::new(data));
    }
    let states = picks.iter().enumerate().map(|(row, pick)| match condition.state(row) {
        VALUE => {
            if *pick {
                then.state(row)
            } else {
                other.state(row)
            }
        }
        NULL => Fault::Null as u8,
        fault => fault,
    });
    Some(Column::with_states(data, Some(states.collect())))
}

/// `column in [constants]`.
fn member(item: &View<'_>, list: &View<'_>, views: &[View<'_>], rows: usize) -> Option<Column> {
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
