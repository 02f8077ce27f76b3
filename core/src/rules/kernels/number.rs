//! Arithmetic on columns of one number type. Integers are checked.

use super::{Column, Data, Fault, Op, VALUE, View, doubles, ints, map2, strict};

pub(super) fn arithmetic(
    op: Op,
    a: &View<'_>,
    b: &View<'_>,
    views: &[View<'_>],
    rows: usize,
) -> Option<Column> {
    if let (Some(a), Some(b)) = (doubles(a), doubles(b)) {
        let cells = match op {
            Op::Add => map2(a, b, |a, b| a + b)?,
            Op::Subtract => map2(a, b, |a, b| a - b)?,
            Op::Multiply => map2(a, b, |a, b| a * b)?,
            Op::Divide => map2(a, b, |a, b| a / b)?,
            _ => return None,
        };
        return Some(Column::with_states(Data::Double(cells), strict(views, rows)));
    }
    let (a, b) = (ints(a)?, ints(b)?);
    let results = map2(a, b, |a, b| checked(op, a, b))?;
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

/// Integer arithmetic: an overflow is a fault, never a wrapped number.
pub(in super::super) fn checked(op: Op, a: i64, b: i64) -> Result<i64, Fault> {
    match op {
        Op::Add => a.checked_add(b).ok_or(Fault::Range),
        Op::Subtract => a.checked_sub(b).ok_or(Fault::Range),
        Op::Multiply => a.checked_mul(b).ok_or(Fault::Range),
        Op::Divide => divide(a, b),
        Op::Remainder => remainder(a, b),
        _ => Err(Fault::Overload),
    }
}

/// Integer division, truncated towards zero.
fn divide(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 { Err(Fault::ZeroDivision) } else { a.checked_div(b).ok_or(Fault::Range) }
}

/// Remainder with the sign of `a`.
fn remainder(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 { Err(Fault::ZeroDivision) } else { a.checked_rem(b).ok_or(Fault::Range) }
}
