//! One value of a record, and how it becomes a value of its field's type.

use super::Issue;
use crate::json::Json;
use crate::manifest::InputType;
use crate::time::Timestamp;

/// A typed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// No value.
    Missing,
    /// A finite number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// A truth value.
    Boolean(bool),
    /// An instant.
    Timestamp(Timestamp),
}

/// Doubles are exact whole numbers up to here.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A value of JSON as a value of this type. JSON has types of its own, so a text is never read as a
/// number here.
pub(super) fn from_json<'a>(value: &'a Json<'_>, kind: InputType) -> Result<Cell<'a>, Issue> {
    match (kind, value) {
        (_, Json::Null) => Ok(Cell::Missing),
        (InputType::Boolean, Json::Boolean(value)) => Ok(Cell::Boolean(*value)),
        (InputType::String, Json::Text(text)) => Ok(Cell::Text(text)),
        (InputType::Timestamp, Json::Text(text)) => instant(text).map(Cell::Timestamp),
        (_, Json::Integer(number)) => from_integer(*number, kind),
        (_, Json::Number(number)) => from_number(*number, kind),
        _ => Err(Issue::WrongType),
    }
}

/// A double as a value of this type. NaN is how arrays of floats write "missing".
pub(super) fn from_number<'a>(number: f64, kind: InputType) -> Result<Cell<'a>, Issue> {
    if number.is_nan() {
        return Ok(Cell::Missing);
    }
    match kind {
        InputType::Number | InputType::Integer | InputType::Timestamp if number.is_infinite() => {
            Err(Issue::NotFinite)
        }
        InputType::Number => Ok(Cell::Number(number)),
        InputType::Integer | InputType::Timestamp
            if libm::trunc(number) == number && number.abs() <= MAX_EXACT =>
        {
            from_integer(number as i64, kind)
        }
        _ => Err(Issue::WrongType),
    }
}

/// A whole number as a value of this type; a timestamp counts milliseconds since 1970.
pub(super) fn from_integer<'a>(number: i64, kind: InputType) -> Result<Cell<'a>, Issue> {
    match kind {
        InputType::Number => Ok(Cell::Number(number as f64)),
        InputType::Integer => Ok(Cell::Integer(number)),
        InputType::Timestamp => Timestamp::from_unix_ms(number).map(Cell::Timestamp).ok_or(Issue::WrongType),
        InputType::String | InputType::Boolean | InputType::Records => Err(Issue::WrongType),
    }
}

/// Text as a value of this type, as hosts hand on the cells of CSV files. Space around it is dropped,
/// except for fields of text; nothing at all is missing. Numbers take a decimal point and an exponent;
/// truth values are `true`, `false`, `1`, `0`; times are RFC 3339.
pub(super) fn from_text(text: &str, kind: InputType) -> Result<Cell<'_>, Issue> {
    if kind == InputType::String {
        return Ok(if text.is_empty() { Cell::Missing } else { Cell::Text(text) });
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(Cell::Missing);
    }
    match kind {
        InputType::Boolean => match text {
            "true" | "True" | "TRUE" | "1" => Ok(Cell::Boolean(true)),
            "false" | "False" | "FALSE" | "0" => Ok(Cell::Boolean(false)),
            _ => Err(Issue::WrongType),
        },
        InputType::Timestamp => instant(text).map(Cell::Timestamp),
        InputType::Integer => match text.parse() {
            Ok(number) => Ok(Cell::Integer(number)),
            Err(_) => written_number(text).and_then(|number| from_number(number, kind)),
        },
        _ => written_number(text).and_then(|number| from_number(number, kind)),
    }
}

/// A decimal number; what means "no number" or "too large" in some program is not finite.
fn written_number(text: &str) -> Result<f64, Issue> {
    let decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    let unsigned = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if matches!(unsigned.as_str(), "nan" | "inf" | "infinity") {
        return Err(Issue::NotFinite);
    }
    if !text.bytes().all(decimal) {
        return Err(Issue::WrongType);
    }
    let number: f64 = text.parse().map_err(|_| Issue::WrongType)?;
    if number.is_finite() { Ok(number) } else { Err(Issue::NotFinite) }
}

/// An instant written as RFC 3339; a date alone is its midnight in UTC.
pub(super) fn instant(text: &str) -> Result<Timestamp, Issue> {
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_date(text)).ok_or(Issue::WrongType)
}
