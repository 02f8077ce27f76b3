//! From whatever an expression gave to a column of the feature's own type: without faults, infinities and NaN,
//! with the default where there is no value.

use crate::manifest::InputType;
use crate::rules::{Cell, Column, Data, Texts, Value};

/// A column of the feature's own type without faults, with the default where there is no value.
pub(crate) fn settle(
    column: Column,
    kind: InputType,
    default: Option<&crate::json::Value>,
    rows: usize,
) -> Column {
    let default = default.filter(|default| !default.is_null());
    if is_settled(&column, kind, rows) {
        return column;
    }
    let mut present = vec![true; rows];
    macro_rules! cells {
        ($variant:ident, $take:expr, $default:expr, $blank:expr) => {{
            let cells = present.iter_mut().enumerate().map(|(row, present)| {
                let value = $take(&column.cell(row)).or_else(|| $default);
                *present = value.is_some();
                value.unwrap_or($blank)
            });
            Data::$variant(cells.collect())
        }};
    }
    let data = match kind {
        InputType::Number => {
            cells!(Double, number, default.and_then(crate::json::Value::as_f64), 0.0)
        }
        InputType::Integer => cells!(Int, integer, default.and_then(crate::json::Value::as_i64), 0),
        InputType::Boolean => cells!(Bool, truth, default.and_then(crate::json::Value::as_bool), false),
        InputType::Timestamp => cells!(Timestamp, instant, None, crate::time::Timestamp::default()),
        InputType::String => {
            let mut texts = Texts::default();
            for (row, present) in present.iter_mut().enumerate() {
                match (column.cell(row), default.and_then(crate::json::Value::as_str)) {
                    (Cell::Value(Value::Text(text)), _) => texts.push(&text),
                    (_, Some(default)) => texts.push(default),
                    _ => {
                        texts.push("");
                        *present = false;
                    }
                }
            }
            Data::Text(texts)
        }
        // No feature has this type; the manifest's check sees to that.
        InputType::Records => Data::Any(vec![Value::Null; rows]),
    };
    Column::with_presence(data, &present)
}

/// Whether a column can stay as it is: right type, no fault, no gap, nothing infinite.
fn is_settled(column: &Column, kind: InputType, rows: usize) -> bool {
    let whole = || (0..rows).all(|row| !column.is_null(row) && column.fault(row).is_none());
    match (column.data(), kind) {
        (Data::Double(cells), InputType::Number) => cells.iter().all(|cell| cell.is_finite()) && whole(),
        (Data::Int(_), InputType::Integer)
        | (Data::Bool(_), InputType::Boolean)
        | (Data::Text(_), InputType::String)
        | (Data::Timestamp(_), InputType::Timestamp) => whole(),
        _ => false,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    let number = match cell {
        Cell::Value(Value::Double(number)) => *number,
        Cell::Value(Value::Int(number)) => *number as f64,
        Cell::Value(Value::Uint(number)) => *number as f64,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn integer(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Value(Value::Int(number)) => Some(*number),
        Cell::Value(Value::Uint(number)) => i64::try_from(*number).ok(),
        _ => None,
    }
}

fn truth(cell: &Cell) -> Option<bool> {
    if let Cell::Value(Value::Bool(truth)) = cell { Some(*truth) } else { None }
}

fn instant(cell: &Cell) -> Option<crate::time::Timestamp> {
    if let Cell::Value(Value::Timestamp(instant)) = cell { Some(*instant) } else { None }
}
