//! Conversions between types. What does not convert exactly as the language says is a fault.

use std::fmt::Write as _;

use super::super::op::Op;
use super::{Fault, Outcome, Value, no_overload};
use crate::time::Timestamp;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    let [value] = args else { return Err(Fault::Overload) };
    match (op, value) {
        (Op::ToBool, Value::Bool(_))
        | (Op::ToInt, Value::Int(_))
        | (Op::ToUint, Value::Uint(_))
        | (Op::ToDouble, Value::Double(_))
        | (Op::ToString, Value::Text(_))
        | (Op::ToBytes, Value::Bytes(_))
        | (Op::ToTimestamp, Value::Timestamp(_))
        | (Op::ToDuration, Value::Duration(_)) => Ok(value.clone()),
        (Op::ToBool, Value::Text(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(Fault::Conversion),
        },
        (Op::ToInt, _) => int(value).map(Value::Int),
        (Op::ToUint, _) => uint(value).map(Value::Uint),
        (Op::ToDouble, Value::Int(number)) => Ok(Value::Double(*number as f64)),
        (Op::ToDouble, Value::Uint(number)) => Ok(Value::Double(*number as f64)),
        (Op::ToDouble, Value::Text(text)) => text.parse().map(Value::Double).map_err(|_| Fault::Conversion),
        (Op::ToString, _) => text(value),
        (Op::ToBytes, Value::Text(text)) => Ok(Value::Bytes(text.as_bytes().into())),
        (Op::ToTimestamp, Value::Text(text)) => {
            Timestamp::parse_rfc3339(text).map(Value::Timestamp).ok_or(Fault::Conversion)
        }
        (Op::ToTimestamp, Value::Int(seconds)) => {
            Timestamp::new(*seconds, 0).map(Value::Timestamp).ok_or(Fault::Range)
        }
        (Op::ToDuration, Value::Text(text)) => parse_duration(text).map(Value::Duration),
        _ => Err(no_overload(args)),
    }
}

fn int(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Uint(number) => i64::try_from(*number).map_err(|_| Fault::Range),
        // Open at both ends, as the conformance suite has it: -2^63 as a double is refused too.
        Value::Double(number)
            if *number > -9_223_372_036_854_775_808.0 && *number < 9_223_372_036_854_775_808.0 =>
        {
            Ok(libm::trunc(*number) as i64)
        }
        Value::Double(_) => Err(Fault::Range),
        Value::Text(text) => text.parse().map_err(|_| Fault::Conversion),
        Value::Timestamp(instant) => Ok(instant.seconds()),
        Value::Duration(nanos) => Ok(nanos / NANOS_PER_SECOND),
        _ => Err(no_overload(std::slice::from_ref(value))),
    }
}

fn uint(value: &Value) -> Result<u64, Fault> {
    match value {
        Value::Int(number) => u64::try_from(*number).map_err(|_| Fault::Range),
        Value::Double(number) if *number > -1.0 && *number < 18_446_744_073_709_551_616.0 => {
            Ok(libm::trunc(*number) as u64)
        }
        Value::Double(_) => Err(Fault::Range),
        Value::Text(text) => text.parse().map_err(|_| Fault::Conversion),
        _ => Err(no_overload(std::slice::from_ref(value))),
    }
}

/// The text of a double as ECMAScript prints it, with CEL's names for what is no number.
pub(super) fn double_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        ryu_js::Buffer::new().format_finite(number).to_owned()
    }
}

fn text(value: &Value) -> Outcome {
    Ok(Value::text(match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => double_text(*number),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| Fault::Conversion)?.to_owned(),
        Value::Timestamp(instant) => instant.to_string(),
        Value::Duration(nanos) => duration_text(*nanos),
        _ => return Err(no_overload(std::slice::from_ref(value))),
    }))
}

/// A duration in seconds with as many digits as needed: `90.5s`.
pub(super) fn duration_text(nanos: i64) -> String {
    let mut text = String::new();
    let magnitude = nanos.unsigned_abs();
    let unit = NANOS_PER_SECOND.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    // Writing into a String cannot fail.
    let _ = write!(text, "{sign}{}", magnitude / unit);
    if !magnitude.is_multiple_of(unit) {
        let digits = format!("{:09}", magnitude % unit);
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text.push('s');
    text
}

/// Reads `1h30m`, `-1.5h`, `300ms`: decimal numbers, each with a unit (h, m, s, ms, us, ns).
fn parse_duration(text: &str) -> Result<i64, Fault> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Fault::Conversion);
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(digits(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits(after)),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(Fault::Conversion);
        }
        let name = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (name, after) = after.split_at(name);
        let unit: i128 = match name {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" | "μs" => 1_000,
            "ns" => 1,
            _ => return Err(Fault::Conversion),
        };
        let number = |digits: &str| {
            if digits.is_empty() { Ok(0) } else { digits.parse::<i64>().map_err(|_| Fault::Range) }
        };
        // Digits of a fraction past the fifteenth are below a nanosecond of every unit.
        let fraction = fraction.get(..15).unwrap_or(fraction);
        let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or_default());
        total += i128::from(number(whole)?) * unit + i128::from(number(fraction)?) * unit / scale;
        if total > i128::from(i64::MAX) {
            return Err(Fault::Range);
        }
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| Fault::Range)
}
