//! The tokens of a JSON text (RFC 8259), borrowed from it.

use std::borrow::Cow;

use super::fault::{Fault, Problem};

/// Objects and lists within each other.
const MAX_DEPTH: usize = 127;

/// A number as it was written: whole numbers stay exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Below zero, without fraction and exponent.
    Signed(i64),
    /// Zero or more, without fraction and exponent.
    Unsigned(u64),
    /// Any other; finite.
    Real(f64),
}

/// Reads tokens from left to right.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t [u8]) -> Result<Self, Fault> {
        match std::str::from_utf8(text) {
            Ok(text) => Ok(Self { text, at: 0, depth: 0 }),
            Err(error) => Err(Fault::at(Problem::Broken, error.valid_up_to())),
        }
    }

    /// Where the next token starts, or the last one ended.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    pub(super) fn fault(&self, problem: Problem) -> Fault {
        Fault::at(problem, self.at)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte of the next token.
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(self.fault(Problem::Ends))
    }

    /// Takes a byte that must come next.
    pub(super) fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek()? != byte {
            return Err(self.fault(Problem::Broken));
        }
        self.at += 1;
        Ok(())
    }

    /// Goes into an object or a list.
    pub(super) fn enter(&mut self, open: u8) -> Result<(), Fault> {
        self.take(open)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.fault(Problem::Deep)) } else { Ok(()) }
    }

    /// Whether another entry follows in the object or list that `close` ends; takes the comma before
    /// it, or the end.
    pub(super) fn more(&mut self, first: bool, close: u8) -> Result<bool, Fault> {
        if self.peek()? == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !first {
            self.take(b',')?;
            if self.peek()? == close {
                return Err(self.fault(Problem::Broken));
            }
        }
        Ok(true)
    }

    /// Takes `null`, `true` or `false`.
    pub(super) fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        self.peek()?;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            let cut_short = word.as_bytes().starts_with(rest);
            return Err(self.fault(if cut_short { Problem::Ends } else { Problem::Broken }));
        }
        self.at += word.len();
        Ok(())
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Ok(_) => Err(self.fault(Problem::Follows)),
            Err(_) => Ok(()),
        }
    }

    /// Takes a number.
    pub(super) fn number(&mut self) -> Result<Number, Fault> {
        self.peek()?;
        let start = self.at;
        let negative = self.pass(b'-');
        if self.pass(b'0') {
            // A number never starts with a zero that does not count.
        } else if self.digits() == 0 {
            return Err(self.stopped());
        }
        let mut whole = true;
        if self.pass(b'.') {
            whole = false;
            if self.digits() == 0 {
                return Err(self.stopped());
            }
        }
        if self.pass(b'e') || self.pass(b'E') {
            whole = false;
            let _sign = self.pass(b'+') || self.pass(b'-');
            if self.digits() == 0 {
                return Err(self.stopped());
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if whole {
            match (negative, text.parse(), text.parse()) {
                // The whole number 0 has no sign; the double has.
                (true, Ok(0), _) => return Ok(Number::Real(-0.0)),
                (true, Ok(number), _) => return Ok(Number::Signed(number)),
                (false, _, Ok(number)) => return Ok(Number::Unsigned(number)),
                _ => {}
            }
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Number::Real(number)),
            _ => Err(Fault::at(Problem::Range, start)),
        }
    }

    fn pass(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    /// The text is broken here, or ends where more must come.
    fn stopped(&self) -> Fault {
        self.fault(if self.byte().is_none() { Problem::Ends } else { Problem::Broken })
    }

    /// Takes a text; borrowed where nothing in it is escaped.
    pub(super) fn text(&mut self) -> Result<Cow<'t, str>, Fault> {
        self.take(b'"')?;
        let mut owned = String::new();
        let mut plain = self.at;
        loop {
            let Some(byte) = self.byte() else { return Err(self.fault(Problem::Ends)) };
            match byte {
                b'"' | b'\\' => {
                    let part = self.text.get(plain..self.at).unwrap_or_default();
                    self.at += 1;
                    if byte == b'"' {
                        if owned.is_empty() {
                            return Ok(Cow::Borrowed(part));
                        }
                        owned.push_str(part);
                        return Ok(Cow::Owned(owned));
                    }
                    owned.push_str(part);
                    owned.push(self.escaped()?);
                    plain = self.at;
                }
                0..b' ' => return Err(self.fault(Problem::Broken)),
                _ => self.at += 1,
            }
        }
    }

    /// The character that an escape stands for; the backslash is taken.
    fn escaped(&mut self) -> Result<char, Fault> {
        let Some(byte) = self.byte() else { return Err(self.fault(Problem::Ends)) };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    // The first half of a pair; the second must follow.
                    if !(self.pass(b'\\') && self.pass(b'u')) {
                        return Err(self.stopped());
                    }
                    let second = self.unit()?;
                    let low = second.checked_sub(0xdc00).filter(|&low| low < 0x400);
                    low.map(|low| 0x1_0000 + ((first - 0xd800) << 10 | low))
                } else {
                    Some(first)
                };
                code.and_then(char::from_u32).ok_or_else(|| self.fault(Problem::Broken))?
            }
            _ => return Err(self.fault(Problem::Broken)),
        })
    }

    /// Four hex digits.
    fn unit(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.stopped()) };
            unit = unit << 4 | digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn number(text: &str) -> Option<Number> {
        let mut scanner = Scanner::new(text.as_bytes()).ok()?;
        let number = scanner.number().ok()?;
        scanner.end().ok()?;
        Some(number)
    }

    #[test]
    fn numbers_are_those_of_the_grammar() {
        for (text, expected) in [
            ("0", Number::Unsigned(0)),
            ("-0", Number::Real(-0.0)),
            ("-7", Number::Signed(-7)),
            ("18446744073709551615", Number::Unsigned(u64::MAX)),
            ("18446744073709551616", Number::Real(18_446_744_073_709_551_616.0)),
            ("-9223372036854775808", Number::Signed(i64::MIN)),
            ("-9223372036854775809", Number::Real(-9_223_372_036_854_775_808.0)),
            ("1.0", Number::Real(1.0)),
            ("-1.5e-3", Number::Real(-0.0015)),
            ("1E+2", Number::Real(100.0)),
            ("2.2250738585072011e-308", Number::Real(2.225_073_858_507_201e-308)),
            ("5e-324", Number::Real(5e-324)),
            ("1e-999", Number::Real(0.0)),
        ] {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1_0", "1e999", "NaN", "1 2"]
        {
            assert_eq!(number(text), None, "{text}");
        }
        assert!(matches!(number("-0"), Some(Number::Real(zero)) if zero.is_sign_negative()));
    }

    #[test]
    fn texts_are_unescaped_once() {
        let text = |text: &str| Some(Scanner::new(text.as_bytes()).ok()?.text().ok()?.into_owned());
        assert_eq!(text(r#""""#).unwrap(), "");
        assert_eq!(
            text(r#""\"\\\/\b\f\n\r\té\u00e9\uD834\uDD1E\u0000x""#).unwrap(),
            "\"\\/\u{8}\u{c}\n\r\téé𝄞\0x"
        );
        for broken in [
            r#"""#,
            r#""\"#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00""#,
            "\"\n\"",
            "\"\t\"",
        ] {
            assert_eq!(text(broken), None, "{broken}");
        }
        assert!(Scanner::new(b"\"\xff\"").is_err());
    }
}
