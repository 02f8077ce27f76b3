//! `text.format(list)`: `%s %d %f %e %b %o %x %X %%`. The clauses are CEL's; doubles in `%s` print as
//! ECMAScript prints them, and `%f` and `%e` round exactly, halves to even.

use std::fmt::Write as _;

use super::convert::duration_text;
use super::decimal::{fixed, scientific};
use super::{Fault, MAX_TEXT, Outcome, Value};

/// Digits after the point without a `%.3f`.
const DEFAULT_PRECISION: usize = 6;
/// The most digits after the point.
const MAX_PRECISION: usize = 100;

/// Fills a pattern with the items of a list, one per clause; items left over are a fault.
pub(super) fn format(pattern: &str, items: &[Value]) -> Outcome {
    let mut out = String::with_capacity(pattern.len());
    let mut items = items.iter();
    let mut rest = pattern;
    while let Some(percent) = rest.find('%') {
        let (head, tail) = rest.split_at(percent);
        out.push_str(head);
        let tail = tail.get(1..).unwrap_or_default();
        if let Some(after) = tail.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (precision, tail) = precision(tail)?;
        let clause = tail.chars().next().ok_or(Fault::Format)?;
        let item = items.next().ok_or(Fault::Format)?;
        write_clause(&mut out, clause, precision, item)?;
        rest = tail.get(clause.len_utf8()..).unwrap_or_default();
        if out.len() > MAX_TEXT {
            return Err(Fault::Budget);
        }
    }
    if items.next().is_some() {
        return Err(Fault::Format);
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn precision(clause: &str) -> Result<(Option<usize>, &str), Fault> {
    let Some(after) = clause.strip_prefix('.') else { return Ok((None, clause)) };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = after.split_at(digits);
    let precision = digits.parse().map_err(|_| Fault::Format)?;
    if precision > MAX_PRECISION { Err(Fault::Format) } else { Ok((Some(precision), rest)) }
}

fn write_clause(out: &mut String, clause: char, precision: Option<usize>, item: &Value) -> Result<(), Fault> {
    match (clause, item) {
        ('s', _) => write_plain(out, item)?,
        ('d', Value::Int(_) | Value::Uint(_)) => write_plain(out, item)?,
        ('d', Value::Double(number)) if !number.is_finite() => write_plain(out, item)?,
        ('f' | 'e', _) => {
            let number = match item {
                Value::Double(number) => *number,
                Value::Int(number) => *number as f64,
                Value::Uint(number) => *number as f64,
                _ => return Err(Fault::Format),
            };
            let precision = precision.unwrap_or(DEFAULT_PRECISION);
            if !number.is_finite() {
                write_plain(out, &Value::Double(number))?;
            } else if clause == 'f' {
                out.push_str(&fixed(number, precision));
            } else {
                out.push_str(&scientific(number, precision));
            }
        }
        ('b', Value::Bool(truth)) => out.push(if *truth { '1' } else { '0' }),
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            if *number < 0 {
                out.push('-');
            }
            write_radix(out, clause, number.unsigned_abs());
        }
        ('b' | 'o' | 'x' | 'X', Value::Uint(number)) => write_radix(out, clause, *number),
        ('x' | 'X', Value::Text(text)) => write_hex(out, clause, text.as_bytes()),
        ('x' | 'X', Value::Bytes(bytes)) => write_hex(out, clause, bytes),
        _ => return Err(Fault::Format),
    }
    Ok(())
}

/// Writing into a text cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn write_radix(out: &mut String, clause: char, number: u64) {
    match clause {
        'b' => push(out, format_args!("{number:b}")),
        'o' => push(out, format_args!("{number:o}")),
        'x' => push(out, format_args!("{number:x}")),
        _ => push(out, format_args!("{number:X}")),
    }
}

fn write_hex(out: &mut String, clause: char, bytes: &[u8]) {
    for byte in bytes {
        if clause == 'x' {
            push(out, format_args!("{byte:02x}"));
        } else {
            push(out, format_args!("{byte:02X}"));
        }
    }
}

/// `%s`. Recursion is as deep as values nest, which is bounded.
fn write_plain(out: &mut String, value: &Value) -> Result<(), Fault> {
    if out.len() > MAX_TEXT {
        return Err(Fault::Budget);
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => push(out, format_args!("{truth}")),
        Value::Int(number) => push(out, format_args!("{number}")),
        Value::Uint(number) => push(out, format_args!("{number}")),
        Value::Double(number) => out.push_str(ryu_js::Buffer::new().format(*number)),
        Value::Text(text) => out.push_str(text),
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Value::Timestamp(instant) => push(out, format_args!("{instant}")),
        Value::Duration(nanos) => out.push_str(&duration_text(*nanos)),
        Value::Type(ty) => out.push_str(type_name(ty)),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items().iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_plain(out, item)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            // By the keys' text, as CEL has it, so that the order does not depend on their types.
            let mut entries: Vec<(String, &Value)> = Vec::with_capacity(map.entries().len());
            for (key, value) in map.entries() {
                let mut text = String::new();
                write_plain(&mut text, key)?;
                let at = entries.partition_point(|(own, _)| *own <= text);
                entries.insert(at, (text, value));
            }
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(key);
                out.push_str(": ");
                write_plain(out, value)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// The name of a type as a value, without what it is a list of.
pub(super) fn type_name(ty: &super::super::types::Type) -> &'static str {
    use super::super::types::Type;
    match ty {
        Type::Dyn => "dyn",
        Type::Null => "null_type",
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Uint => "uint",
        Type::Double => "double",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Timestamp => "google.protobuf.Timestamp",
        Type::Duration => "google.protobuf.Duration",
        Type::Type => "type",
        Type::List(_) => "list",
        Type::Map(..) => "map",
    }
}
