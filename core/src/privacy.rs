//! What is shown of a record beside its decision: only what was asked for, and of that only what the masks
//! leave.
//!
//! Decisions, receipts and errors hold no value of a record at all. A caller who has the record's result only,
//! a file of decisions or an audit, can ask for some fields of the record with it (`echo`). Masks are the
//! bundle's own, so that every host shows the same.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorCode, Result};
use crate::frame::Layout;
use crate::json::{push_integer, push_number, push_text};
use crate::manifest::{Input, InputType, Mask};
use crate::request::Echo;
use crate::rules::{Column, Data, Records, push_cell};

/// Characters that a text must have so that its last four say little.
const LONG: usize = 8;

/// The fields that are shown of each record.
#[derive(Clone, Debug)]
pub struct Shown {
    fields: Vec<(usize, Input)>,
    /// Whether they were asked for by name.
    named: bool,
}

impl Shown {
    /// The fields that a request asks for, in the order of the bundle; `None` where it asks for none.
    ///
    /// # Errors
    /// `request_invalid` for a name that is no input.
    pub fn new(echo: &Echo, layout: &Layout) -> Result<Option<Self>> {
        let inputs = layout.inputs().iter().cloned().enumerate();
        Ok(Some(match echo {
            Echo::Nothing => return Ok(None),
            Echo::All => Self { fields: inputs.collect(), named: false },
            Echo::Named(names) => {
                // The name is not repeated: it may be a value in the wrong place.
                if let Some(at) = names.iter().position(|name| layout.position(name).is_none()) {
                    let message = "there is no input of this name";
                    return Err(Error::new(ErrorCode::RequestInvalid, message).at(format_args!("echo[{at}]")));
                }
                let fields = inputs.filter(|(_, input)| names.contains(&input.name)).collect();
                Self { fields, named: true }
            }
        }))
    }

    /// Appends the fields of a row as a JSON object. `columns` begin with the inputs.
    pub fn write(&self, columns: &[Column], row: usize, salt: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (place, input)) in self.fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_text(out, &input.name);
            out.push(b':');
            match columns.get(*place) {
                Some(column) => write_field(input, column, row, salt, self.named, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
}

/// Appends what is shown of a value.
fn write_field(input: &Input, column: &Column, row: usize, salt: &[u8], named: bool, out: &mut Vec<u8>) {
    let hidden = match input.mask {
        None => input.personal && !named,
        Some(mask) => mask == Mask::Null,
    };
    if hidden || column.is_null(row) {
        return out.extend_from_slice(b"null");
    }
    match (input.mask, column.data()) {
        (None, Data::Records(records)) if input.kind == InputType::Records => {
            write_records(input, records, row, salt, out);
        }
        (None, _) => push_cell(out, column, row),
        (Some(mask), _) => {
            if !write_masked(mask, input, column, row, salt, out) {
                out.extend_from_slice(b"null");
            }
        }
    }
}

/// Each field of a record by its own mask; a personal one without any was not asked for by its name.
fn write_records(input: &Input, records: &Records, row: usize, salt: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, record) in records.range(row).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.push(b'{');
        for (at, field) in input.fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_text(out, &field.name);
            out.push(b':');
            match records.field(at) {
                Some(column) => write_field(field, column, record, salt, false, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends what a mask leaves of a value; false, and nothing, where that is nothing.
fn write_masked(
    mask: Mask,
    input: &Input,
    column: &Column,
    row: usize,
    salt: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    match (mask, column.data()) {
        (Mask::Hash, _) if !salt.is_empty() => {
            let mut value = Vec::new();
            push_text(&mut value, &input.name);
            value.push(b':');
            push_cell(&mut value, column, row);
            let digest = Sha256::new().chain_update(salt).chain_update(&value).finalize();
            let mut hex = String::with_capacity(32);
            for byte in digest.iter().take(16) {
                // Writing to a String cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
            push_text(out, &hex);
        }
        (Mask::Last4, Data::Text(cells)) => return push_last4(cells.get(row), out),
        (Mask::Last4, Data::Int(cells)) => {
            let digits = cells.get(row).map(ToString::to_string).unwrap_or_default();
            return push_last4(&digits, out);
        }
        (Mask::Year, Data::Timestamp(cells)) => {
            let Some(instant) = cells.get(row) else { return false };
            push_integer(out, instant.civil(0).year);
        }
        (Mask::Prefix(length), Data::Text(cells)) => {
            let text = cells.get(row);
            // A text that is no longer than its beginning would be shown whole.
            let Some((end, _)) = text.char_indices().nth(length as usize) else { return false };
            push_text(out, &format!("{}…", &text[..end]));
        }
        (Mask::Round(step), Data::Double(cells)) => {
            let Some(number) = cells.get(row) else { return false };
            push_number(out, libm::round(number / step) * step);
        }
        (Mask::Round(step), Data::Int(cells)) => {
            let Some(number) = cells.get(row) else { return false };
            push_number(out, libm::round(*number as f64 / step) * step);
        }
        _ => return false,
    }
    true
}

fn push_last4(text: &str, out: &mut Vec<u8>) -> bool {
    let length = text.chars().count();
    if length < LONG {
        return false;
    }
    let tail: String = text.chars().skip(length - 4).collect();
    push_text(out, &format!("…{tail}"));
    true
}
