//! Texts. Positions count characters (Unicode code points), never bytes.

use super::super::op::Op;
use super::super::value::List;
use super::{Fault, MAX_TEXT, Outcome, Value, no_overload};

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    match (op, args) {
        (Op::Join, [Value::List(list)]) => join(list.items(), ""),
        (Op::Join, [Value::List(list), Value::Text(separator)]) => join(list.items(), separator),
        (_, [Value::Text(text), rest @ ..]) => of_text(op, text, rest).ok_or_else(|| no_overload(args))?,
        _ => Err(no_overload(args)),
    }
}

/// `None` when the other arguments are of the wrong kind.
fn of_text(op: Op, text: &str, rest: &[Value]) -> Option<Outcome> {
    Some(match (op, rest) {
        (Op::Contains, [Value::Text(part)]) => Ok(Value::Bool(text.contains(&**part))),
        (Op::StartsWith, [Value::Text(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        (Op::EndsWith, [Value::Text(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        (Op::CharAt, [Value::Int(at)]) => char_at(text, *at),
        (Op::IndexOf, [Value::Text(part)]) => index_of(text, part, 0),
        (Op::IndexOf, [Value::Text(part), Value::Int(from)]) => index_of(text, part, *from),
        (Op::LastIndexOf, [Value::Text(part)]) => last_index_of(text, part, None),
        (Op::LastIndexOf, [Value::Text(part), Value::Int(from)]) => last_index_of(text, part, Some(*from)),
        (Op::LowerAscii, []) => Ok(Value::text(text.to_ascii_lowercase())),
        (Op::UpperAscii, []) => Ok(Value::text(text.to_ascii_uppercase())),
        (Op::Replace, [Value::Text(old), Value::Text(new)]) => replace(text, old, new, -1),
        (Op::Replace, [Value::Text(old), Value::Text(new), Value::Int(count)]) => {
            replace(text, old, new, *count)
        }
        (Op::Split, [Value::Text(separator)]) => split(text, separator, -1),
        (Op::Split, [Value::Text(separator), Value::Int(count)]) => split(text, separator, *count),
        (Op::Substring, [Value::Int(start)]) => substring(text, *start, None),
        (Op::Substring, [Value::Int(start), Value::Int(end)]) => substring(text, *start, Some(*end)),
        (Op::Trim, []) => Ok(Value::text(text.trim())),
        (Op::Reverse, []) => Ok(Value::text(text.chars().rev().collect::<String>())),
        (Op::Quote, []) => Ok(Value::text(quote(text))),
        _ => return None,
    })
}

/// Byte position of a character; one past the last character is the end.
fn byte_at(text: &str, character: i64) -> Option<usize> {
    let character = usize::try_from(character).ok()?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(character)
}

fn position(text: &str, byte: usize) -> Outcome {
    let before = text.get(..byte).unwrap_or_default().chars().count();
    Ok(Value::Int(i64::try_from(before).unwrap_or(i64::MAX)))
}

fn char_at(text: &str, at: i64) -> Outcome {
    let start = byte_at(text, at).ok_or(Fault::Index)?;
    let found = text.get(start..).and_then(|rest| rest.chars().next());
    Ok(Value::text(found.map(String::from).unwrap_or_default()))
}

fn index_of(text: &str, part: &str, from: i64) -> Outcome {
    let start = match byte_at(text, from) {
        Some(start) => start,
        // An empty part is found at its offset, and looking past the end is a fault.
        None => return Err(Fault::Index),
    };
    match text.get(start..).and_then(|rest| rest.find(part)) {
        Some(found) => position(text, start + found),
        None => Ok(Value::Int(-1)),
    }
}

fn last_index_of(text: &str, part: &str, from: Option<i64>) -> Outcome {
    let end = match from {
        Some(from) => {
            let start = byte_at(text, from).ok_or(Fault::Index)?;
            (start + part.len()).min(text.len())
        }
        None => text.len(),
    };
    // The end may fall inside a character when the part does not match there; step back to its start.
    let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    match text.get(..end).and_then(|head| head.rfind(part)) {
        Some(found) => position(text, found),
        None => Ok(Value::Int(-1)),
    }
}

fn substring(text: &str, start: i64, end: Option<i64>) -> Outcome {
    let from = byte_at(text, start).ok_or(Fault::Index)?;
    let to = match end {
        Some(end) => byte_at(text, end).ok_or(Fault::Index)?,
        None => text.len(),
    };
    text.get(from..to).map(Value::text).ok_or(Fault::Index)
}

fn replace(text: &str, old: &str, new: &str, count: i64) -> Outcome {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let matches = text.matches(old).take(count).count();
    if text.len().saturating_add(matches.saturating_mul(new.len())) > MAX_TEXT {
        return Err(Fault::Budget);
    }
    Ok(Value::text(text.replacen(old, new, count)))
}

fn split(text: &str, separator: &str, count: i64) -> Outcome {
    let parts: Vec<Value> = if count == 0 {
        Vec::new()
    } else if separator.is_empty() {
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if parts.len() + 1 == most {
                parts.push(Value::text(rest));
                break;
            }
            let (head, tail) = rest.split_at(first.len_utf8());
            parts.push(Value::text(head));
            rest = tail;
        }
        parts
    } else {
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        text.splitn(most, separator).map(Value::text).collect()
    };
    List::new(parts).map(Value::List)
}

fn join(items: &[Value], separator: &str) -> Outcome {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let Value::Text(text) = item else { return Err(no_overload(items)) };
        if joined.len() + separator.len() + text.len() > MAX_TEXT {
            return Err(Fault::Budget);
        }
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(text);
    }
    Ok(Value::text(joined))
}

/// The text as a double-quoted literal.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
