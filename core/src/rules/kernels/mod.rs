//! Typed kernels: the operations of ordinary rules over whole columns. Each either makes the same
//! column that `apply` would make row by row, or declines.

mod borrowed;
mod compare;
mod logic;
mod number;

pub(super) use number::checked;

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

/// Applies a function row by row; declines two constants, which packing has folded. Each use is three
/// loops in the module that a page loads, so there are few.
fn map2<A: Copy, B: Copy, T>(a: Lane<'_, A>, b: Lane<'_, B>, f: impl Fn(A, B) -> T) -> Option<Vec<T>> {
    Some(match (a, b) {
        (Lane::Many(a), Lane::Many(b)) => a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect(),
        (Lane::Many(a), Lane::One(b)) => a.iter().map(|a| f(*a, b)).collect(),
        (Lane::One(a), Lane::Many(b)) => b.iter().map(|b| f(a, *b)).collect(),
        (Lane::One(_), Lane::One(_)) => return None,
    })
}

/// Turns true and false around.
fn negate(cells: &mut [bool]) {
    cells.iter_mut().for_each(|cell| *cell = !*cell);
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
        (Op::Eq | Op::Ne, [a, b]) => {
            let positive = op == Op::Eq;
            compare::equal(positive, a, b, views, rows).or_else(|| borrowed::equal(positive, a, b, rows))
        }
        (Op::Lt, [a, b]) => compare::order(false, a, b, views, rows),
        (Op::Le, [a, b]) => compare::order(true, a, b, views, rows),
        (Op::Gt, [a, b]) => compare::order(false, b, a, views, rows),
        (Op::Ge, [a, b]) => compare::order(true, b, a, views, rows),
        (Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder, [a, b]) => {
            number::arithmetic(op, a, b, views, rows)
        }
        (Op::And | Op::Or, [a, b]) => logic::join(op == Op::Or, a, b, rows),
        (Op::Not, [a]) => {
            let Cells::Bool(cells) = a.cells else { return None };
            let mut cells = cells.to_vec();
            negate(&mut cells);
            Some(Column::with_states(Data::Bool(cells), strict(views, rows)))
        }
        (Op::ToDouble, [a]) => {
            let cells = match a.cells {
                Cells::Int(cells) => cells.iter().map(|cell| *cell as f64).collect(),
                Cells::Double(cells) => cells.to_vec(),
                _ => return None,
            };
            Some(Column::with_states(Data::Double(cells), strict(views, rows)))
        }
        (Op::Choose, [condition, then, other]) => logic::choose(condition, then, other),
        (Op::In, [item, list]) => compare::member(item, list, views, rows),
        (Op::Contains | Op::StartsWith | Op::EndsWith, [text, part]) => {
            borrowed::text_test(op, text, part, views, rows)
        }
        (Op::Field | Op::Has, [records, name]) => borrowed::field(op, records, name, rows),
        _ => None,
    }
}
