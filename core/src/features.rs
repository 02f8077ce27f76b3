//! Features: from checked columns to further columns, one expression each.
//!
//! A feature whose expression has no value for a row is missing there: models see NaN, rules see null.
//! So is one whose value is infinite or NaN, because no model was trained to tell infinity from a large
//! number.

use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Feature, InputType, Manifest};
use crate::rules::{Cell, Column, Data, Texts, Type, Value};
use crate::scope::{Bound, Scope, rule_type};

/// The features of a bundle.
#[derive(Clone, Debug)]
pub struct Features {
    list: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    bound: Bound,
    kind: InputType,
    default: Option<serde_json::Value>,
}

/// The path of a feature's program in the lock.
#[must_use]
pub fn program_path(feature: &Feature) -> String {
    format!("features.{}.expr", feature.name)
}

/// Whether an expression of this type can be a feature of this kind.
///
/// # Errors
/// `rule_invalid` that says which type is right.
pub fn check_type(feature: &Feature, result: &Type) -> Result<()> {
    check_kind(feature.kind, result)
}

/// Whether an expression of this type gives values of this kind.
///
/// # Errors
/// As [`check_type`].
pub fn check_kind(kind: InputType, result: &Type) -> Result<()> {
    let fits = match kind {
        InputType::Number => result.is_number(),
        InputType::Integer => matches!(result, Type::Int | Type::Uint),
        kind => *result == rule_type(kind),
    };
    if fits || matches!(result, Type::Dyn | Type::Null) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::RuleInvalid,
        format!("the expression gives {result}, the type is to be {}", kind.name()),
    ))
}

impl Features {
    /// Binds the packed programs of the features.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Self> {
        let step = |(at, feature): (usize, &Feature)| {
            let code = lock.program(&program_path(feature), &feature.expr)?;
            let bound = scope.bind(code, scope.before_feature(at).len(), limits)?;
            check_type(feature, bound.result())?;
            Ok(Step { bound, kind: feature.kind, default: feature.default.clone() })
        };
        let list = manifest.features.iter().enumerate().map(|(at, feature)| {
            step((at, feature)).map_err(|error: Error| error.at(format_args!("features[{at}].expr")))
        });
        Ok(Self { list: list.collect::<Result<_>>()? })
    }

    /// Whether an expression reads the column at this place.
    #[must_use]
    pub fn read(&self, place: usize) -> bool {
        self.list.iter().any(|step| step.bound.reads(place))
    }

    /// Appends a column per feature to `columns`, which holds the inputs and the time.
    ///
    /// # Errors
    /// `internal` only; what a row lacks is missing in its feature.
    pub fn evaluate(&self, columns: &mut Vec<Column>, rows: usize) -> Result<()> {
        for step in &self.list {
            let column = step.bound.evaluate(columns, rows)?;
            columns.push(settle(column, step.kind, step.default.as_ref(), rows));
        }
        Ok(())
    }
}

/// A column of the feature's own type without faults, with the default where there is no value.
pub(crate) fn settle(
    column: Column,
    kind: InputType,
    default: Option<&serde_json::Value>,
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
            cells!(Double, number, default.and_then(serde_json::Value::as_f64), 0.0)
        }
        InputType::Integer => cells!(Int, integer, default.and_then(serde_json::Value::as_i64), 0),
        InputType::Boolean => cells!(Bool, truth, default.and_then(serde_json::Value::as_bool), false),
        InputType::Timestamp => cells!(Timestamp, instant, None, crate::time::Timestamp::default()),
        InputType::String => {
            let mut texts = Texts::default();
            for (row, present) in present.iter_mut().enumerate() {
                match (column.cell(row), default.and_then(serde_json::Value::as_str)) {
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
