//! What is wrong with a JSON text, and where.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// The kinds of what can be wrong with the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is no JSON.
    Broken,
    /// It ends where more must come.
    Ends,
    /// Objects and lists nest too deep.
    Deep,
    /// A number is past the range of doubles.
    Range,
    /// Something comes after the value.
    Follows,
}

impl Problem {
    const fn message(self) -> &'static str {
        match self {
            Self::Broken => "the JSON text is broken",
            Self::Ends => "the JSON text ends too early",
            Self::Deep => "the JSON text nests too deep",
            Self::Range => "the JSON text holds a number past the range of doubles",
            Self::Follows => "text follows the JSON value",
        }
    }
}

/// Why a text could not be read.
#[derive(Debug)]
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    /// Of the text itself, not of what it says.
    broken: bool,
    path: String,
    /// Bytes before the place, once it is known.
    at: Option<usize>,
}

impl Fault {
    pub(super) fn at(problem: Problem, at: usize) -> Self {
        Self(Box::new(Inner {
            message: problem.message().to_owned(),
            broken: true,
            path: String::new(),
            at: Some(at),
        }))
    }

    fn said(message: String) -> Self {
        Self(Box::new(Inner { message, broken: false, path: String::new(), at: None }))
    }

    /// Puts a key or `[index]` before the path, and says where the value starts unless that is known.
    pub(super) fn inside(mut self, place: &str, at: usize) -> Self {
        let inner = &mut *self.0;
        if !inner.path.is_empty() && !inner.path.starts_with('[') {
            inner.path.insert(0, '.');
        }
        inner.path.insert_str(0, place);
        inner.at = inner.at.or(Some(at));
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The JSON path of what is wrong, or an empty text for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Whether the text is no JSON at all, so that the message says nothing of what it holds.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.broken
    }

    /// Line and column, from 1, the column in characters.
    #[must_use]
    pub fn place(&self, text: &[u8]) -> (usize, usize) {
        place(text, self.0.at.unwrap_or(0))
    }

    /// Message, path, line and column in one text.
    #[must_use]
    pub fn explain(&self, text: &[u8]) -> String {
        let (line, column) = self.place(text);
        let message = self.message();
        match self.path() {
            "" => format!("{message} at line {line} column {column}"),
            path => format!("`{path}`: {message} at line {line} column {column}"),
        }
    }
}

/// Line and column, from 1, of the place behind `at` bytes; the column in characters.
pub(super) fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    // Bytes that continue a character of UTF-8 are 10xxxxxx.
    let rest = before.get(start..).unwrap_or_default();
    (line, rest.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::said(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The value is not repeated: it may be personal.
        let found = match found {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(_) => "a number",
            Unexpected::Str(_) => "a text",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            _ => "another value",
        };
        Self::said(format!("found {found}, expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::said(format!("the value is out of range, expected {expected}"))
    }

    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        Self::said(format!("found {len} items, expected {expected}"))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::said(format!("unknown variant `{found}`, expected {}", any_of(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::said(format!("unknown field `{field}`, expected {}", any_of(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::said(format!("missing field `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::said(format!("duplicate field `{field}`"))
    }
}

fn any_of(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [name] => format!("`{name}`"),
        _ => format!("one of `{}`", names.join("`, `")),
    }
}
