//! The cells of a decision table: DMN's unary tests (S-FEEL, grammar rules 7 to 15 of DMN 1.5, 9.2 and
//! 10.3), read into a small tree and written as CEL.
//!
//! A cell is sugar: what decides is the CEL text that it becomes, and `inspect` shows that text.

use std::fmt::Write;

use crate::rules::Type;
use crate::time::Timestamp;

/// What is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Integer,
    Text,
    Truth,
    Instant,
}

impl Kind {
    /// The kind of values of this type; `None` for those that no cell can test.
    pub(crate) const fn of(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Double | Type::Uint => Self::Number,
            Type::Int => Self::Integer,
            Type::String => Self::Text,
            Type::Bool => Self::Truth,
            Type::Timestamp => Self::Instant,
            _ => return None,
        })
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Number | Self::Integer => "a number, such as `>= 600` or `[600..700)`",
            Self::Text => "a text, such as `\"car\"` or `\"car\", \"home\"`",
            Self::Truth => "`true` or `false`",
            Self::Instant => "a date, such as `>= 2026-01-31`",
        }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// `-`: anything, missing values too.
    Any,
    /// Any of these tests holds.
    Tests(Vec<Test>),
    /// None of these tests holds.
    Not(Vec<Test>),
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// The value is missing.
    Null,
    /// The value equals this.
    Equal(End),
    /// The value lies between these; an end that is absent is open.
    Range(Option<Bound>, Option<Bound>),
}

/// An end of a range, and whether it belongs to the range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) end: End,
    pub(crate) closed: bool,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Number(f64),
    Integer(i64),
    Text(String),
    Truth(bool),
    Instant(Timestamp),
    /// Another value that rules can name.
    Name(String),
}

/// Where in a cell something is wrong (in characters from 1), and what.
pub(crate) type Wrong = (usize, String);

impl Cell {
    /// Reads a cell of a column of this kind.
    pub(crate) fn read(text: &str, kind: Kind) -> Result<Self, Wrong> {
        let mut reader = Reader { text: text.chars().collect(), at: 0, kind };
        let cell = reader.cell()?;
        reader.skip();
        match reader.peek() {
            None => Ok(cell),
            Some(_) => Err(reader.wrong("text follows the test; several tests stand between commas")),
        }
    }

    /// The cell as CEL over the value of this name; `None` where it always holds.
    pub(crate) fn to_cel(&self, name: &str) -> Option<String> {
        let (tests, negated) = match self {
            Self::Any => return None,
            Self::Tests(tests) => (tests, false),
            Self::Not(tests) => (tests, true),
        };
        let equal =
            tests.iter().filter_map(|test| if let Test::Equal(end) = test { Some(end) } else { None });
        let equal: Vec<String> = equal.map(End::to_cel).collect();
        let mut parts = Vec::new();
        match equal.as_slice() {
            [] => {}
            [one] => parts.push(format!("{name} == {one}")),
            all => parts.push(format!("{name} in [{}]", all.join(", "))),
        }
        for test in tests {
            match test {
                Test::Equal(_) => {}
                Test::Null => parts.push(format!("{name} == null")),
                Test::Range(low, high) => {
                    // A comparison with a missing value has none; in a table it simply does not hold.
                    let mut range = format!("{name} != null");
                    for (bound, above) in [(low, true), (high, false)] {
                        let Some(bound) = bound else { continue };
                        let sign = match (above, bound.closed) {
                            (true, true) => ">=",
                            (true, false) => ">",
                            (false, true) => "<=",
                            (false, false) => "<",
                        };
                        let _ = write!(range, " && {name} {sign} {}", bound.end.to_cel());
                    }
                    parts.push(range);
                }
            }
        }
        let ranges = tests.iter().any(|test| matches!(test, Test::Range(..)));
        let several = parts.len() > 1;
        let joined = if several && ranges {
            parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" || ")
        } else {
            parts.join(" || ")
        };
        Some(match (negated, ranges) {
            // What is missing is neither inside nor outside a range.
            (true, true) => format!("{name} != null && !({joined})"),
            (true, false) => format!("!({joined})"),
            (false, _) if several => format!("({joined})"),
            (false, _) => joined,
        })
    }

    /// Whether the cell says what it does with a missing value.
    pub(crate) fn names_null(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Tests(tests) | Self::Not(tests) => tests.contains(&Test::Null),
        }
    }
}

impl End {
    fn to_cel(&self) -> String {
        match self {
            // Rust writes a double with a point or an exponent in this form, as CEL wants it.
            Self::Number(number) => format!("{number:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => quoted(text),
            Self::Truth(truth) => truth.to_string(),
            Self::Instant(instant) => format!("timestamp({})", quoted(&instant.to_string())),
            Self::Name(name) => name.clone(),
        }
    }
}

/// A text as CEL writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

struct Reader {
    text: Vec<char>,
    at: usize,
    kind: Kind,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        self.skip();
        let len = wanted.chars().count();
        let found =
            self.text.get(self.at..self.at + len).is_some_and(|text| wanted.chars().eq(text.iter().copied()));
        if found {
            self.at += len;
        }
        found
    }

    fn wrong(&self, message: impl Into<String>) -> Wrong {
        (self.at + 1, message.into())
    }

    fn cell(&mut self) -> Result<Cell, Wrong> {
        self.skip();
        let rest: String = self.text.get(self.at..).unwrap_or_default().iter().collect();
        if matches!(rest.trim(), "" | "-") {
            self.at = self.text.len();
            return Ok(Cell::Any);
        }
        let word: String = rest.chars().take_while(|own| own.is_alphabetic()).collect();
        if word == "not" && rest[word.len()..].trim_start().starts_with('(') {
            self.at += word.len();
            self.take("(");
            let tests = self.tests()?;
            if !self.take(")") {
                return Err(self.wrong("`not(` needs a `)` at its end"));
            }
            return Ok(Cell::Not(tests));
        }
        self.tests().map(Cell::Tests)
    }

    fn tests(&mut self) -> Result<Vec<Test>, Wrong> {
        let mut tests = vec![self.test()?];
        while self.take(",") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Result<Test, Wrong> {
        self.skip();
        let start = self.at;
        for (sign, above, closed) in
            [("<=", false, true), (">=", true, true), ("<", false, false), (">", true, false)]
        {
            if self.take(sign) {
                self.ordered(start)?;
                let bound = Some(Bound { end: self.end()?, closed });
                return Ok(if above { Test::Range(bound, None) } else { Test::Range(None, bound) });
            }
        }
        if self.take("=") {
            self.take("=");
            return self.end().map(Test::Equal);
        }
        let low_closed = match self.peek() {
            Some('[') => true,
            Some('(' | ']') => false,
            _ => return self.single(),
        };
        self.at += 1;
        self.ordered(start)?;
        let low = Bound { end: self.end()?, closed: low_closed };
        if !self.take("..") {
            return Err(self.wrong("an interval is written `[low..high]`, with `..` between its ends"));
        }
        let high_end = self.end()?;
        self.skip();
        let high_closed = match self.peek() {
            Some(']') => true,
            Some(')' | '[') => false,
            _ => return Err(self.wrong("an interval ends with `]` or `)`")),
        };
        self.at += 1;
        let high = Bound { end: high_end, closed: high_closed };
        if is_empty(&low, &high) {
            return Err((start + 1, "nothing lies in this interval: its low end comes first".into()));
        }
        Ok(Test::Range(Some(low), Some(high)))
    }

    fn single(&mut self) -> Result<Test, Wrong> {
        let start = self.at;
        let rest: String = self.text.get(start..).unwrap_or_default().iter().collect();
        let word: String = rest.chars().take_while(|own| own.is_alphanumeric() || *own == '_').collect();
        if word == "null" {
            self.at += word.len();
            return Ok(Test::Null);
        }
        self.end().map(Test::Equal)
    }

    /// Refuses an order between values that have none.
    fn ordered(&self, start: usize) -> Result<(), Wrong> {
        match self.kind {
            Kind::Number | Kind::Integer | Kind::Instant => Ok(()),
            Kind::Text => Err((start + 1, "texts have no order here; list those that are meant".into())),
            Kind::Truth => Err((start + 1, "truth values have no order; write `true` or `false`".into())),
        }
    }

    fn end(&mut self) -> Result<End, Wrong> {
        self.skip();
        let start = self.at;
        if self.peek() == Some('"') {
            let text = self.quoted_text()?;
            return match self.kind {
                Kind::Text => Ok(End::Text(text)),
                Kind::Instant => instant(&text).map(End::Instant).ok_or_else(|| {
                    (start + 1, "this is no date; write `2026-01-31` or an RFC 3339 time".into())
                }),
                kind => Err((start + 1, format!("the column takes {}, not a text", kind.example()))),
            };
        }
        let word = self.word();
        let wrong = |message: String| Err((start + 1, message));
        if word.is_empty() {
            return wrong(format!("expected {}", self.kind.example()));
        }
        match self.kind {
            Kind::Text => Ok(End::Text(word)),
            Kind::Truth => match word.as_str() {
                "true" | "TRUE" | "True" => Ok(End::Truth(true)),
                "false" | "FALSE" | "False" => Ok(End::Truth(false)),
                _ => wrong(format!("expected `true` or `false`, not `{word}`")),
            },
            Kind::Instant => match (instant(&word), is_name(&word)) {
                (Some(instant), _) => Ok(End::Instant(instant)),
                (None, true) => Ok(End::Name(word)),
                _ => wrong("this is no date; write `2026-01-31` or an RFC 3339 time".into()),
            },
            Kind::Number | Kind::Integer => {
                if is_name(&word) {
                    return Ok(End::Name(word));
                }
                if let (Kind::Integer, Ok(number)) = (self.kind, word.parse()) {
                    return Ok(End::Integer(number));
                }
                let decimal = |byte: u8| byte.is_ascii_digit() || b".+-eE".contains(&byte);
                match word.parse::<f64>() {
                    Ok(number) if number.is_finite() && word.bytes().all(decimal) => Ok(End::Number(number)),
                    _ => wrong(format!("`{word}` is no number; numbers have a decimal point, as in `0.25`")),
                }
            }
        }
    }

    /// Text up to what ends a test. `..` divides the ends of an interval.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek() {
            let dots = character == '.' && self.text.get(self.at + 1) == Some(&'.');
            if dots || matches!(character, ',' | '(' | ')' | '[' | ']' | '<' | '>' | '"' | '=') {
                break;
            }
            word.push(character);
            self.at += 1;
        }
        word.trim().to_owned()
    }

    fn quoted_text(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err((start + 1, "this text has no closing quote".into()));
            };
            self.at += 1;
            match character {
                '"' => return Ok(text),
                '\\' => {
                    let escaped = match self.peek() {
                        Some(own @ ('"' | '\\')) => own,
                        Some('n') => '\n',
                        Some('t') => '\t',
                        _ => return Err(self.wrong("after `\\` comes `\"`, `\\`, `n` or `t`")),
                    };
                    text.push(escaped);
                    self.at += 1;
                }
                other => text.push(other),
            }
        }
    }
}

/// Whether nothing lies between two literal ends.
fn is_empty(low: &Bound, high: &Bound) -> bool {
    let order = match (&low.end, &high.end) {
        (End::Instant(low), End::Instant(high)) => low.cmp(high),
        (low, high) => match (low.number(), high.number()) {
            (Some(low), Some(high)) => low.total_cmp(&high),
            _ => return false,
        },
    };
    order.is_gt() || (order.is_eq() && !(low.closed && high.closed))
}

impl End {
    /// The number that it is.
    pub(crate) const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_date(text))
}

/// Whether this is a name as expressions write it, dots inside allowed.
fn is_name(word: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|own| own.is_ascii_alphanumeric() || own == '_')
    };
    word.split('.').all(part)
}

#[cfg(test)]
mod tests;
