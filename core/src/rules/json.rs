//! Values as canonical JSON: what decisions show of them.

use super::column::{Cell, Column, Data};
use super::records::Records;
use super::value::Value;
use crate::json::{push_integer, push_number, push_text};

/// Appends a cell; `null` where it has no value.
pub fn push_cell(out: &mut Vec<u8>, column: &Column, row: usize) {
    if column.is_null(row) || column.fault(row).is_some() {
        out.extend_from_slice(b"null");
        return;
    }
    match column.data() {
        Data::Double(cells) => push_number(out, cells.get(row).copied().unwrap_or(f64::NAN)),
        Data::Text(cells) => push_text(out, cells.get(row)),
        Data::Records(records) => push_records(out, records, row),
        _ => match column.cell(row) {
            Cell::Value(value) => push_value(out, &value),
            Cell::Null | Cell::Fault(_) => out.extend_from_slice(b"null"),
        },
    }
}

/// Appends a list of records, their fields in the order of the input.
fn push_records(out: &mut Vec<u8>, records: &Records, row: usize) {
    out.push(b'[');
    for (index, record) in records.range(row).enumerate() {
        out.extend_from_slice(if index > 0 { b",{" } else { b"{" });
        for (at, name) in records.names().iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_text(out, name);
            out.push(b':');
            match records.field(at) {
                Some(field) => push_cell(out, field, record),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends a value. Times are texts; what JSON cannot say (bytes, types, spans of time) is `null`.
pub fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Int(number) => push_integer(out, *number),
        Value::Uint(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(number) => push_number(out, *number),
        Value::Text(text) => push_text(out, text),
        Value::Timestamp(instant) => push_text(out, &instant.to_string()),
        Value::List(list) => {
            out.push(b'[');
            for (at, item) in list.items().iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_value(out, item);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (at, (key, value)) in map.entries().iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                match key {
                    Value::Text(key) => push_text(out, key),
                    other => {
                        let mut key = Vec::new();
                        push_value(&mut key, other);
                        push_text(out, &String::from_utf8(key).unwrap_or_default());
                    }
                }
                out.push(b':');
                push_value(out, value);
            }
            out.push(b'}');
        }
        Value::Null | Value::Bytes(_) | Value::Duration(_) | Value::Type(_) => {
            out.extend_from_slice(b"null");
        }
    }
}
