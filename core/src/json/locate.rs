//! Where in a text a JSON path lies, so that an error found after reading still has its line and column.

use super::fault::place;
use super::typed::from_slice;

/// Line and column (from 1, in characters) of the value at a path like `policy.rules[3].when`; of the
/// innermost value on the way where the path goes on further. `None` where not even its first part exists.
///
/// The text must be JSON that has been read before; on other text the answer is of no use, but the walk
/// ends.
#[must_use]
pub fn locate(json: &[u8], path: &str) -> Option<(usize, usize)> {
    let mut walk = Walk { json, at: 0 };
    let mut found = None;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        let inside = match part.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => walk.enter_array(index),
            _ => walk.enter_object(part),
        };
        if inside.is_none() {
            break;
        }
        found = Some(walk.at);
    }
    Some(place(json, found?))
}

/// The text of the value under a key of an object; on text that is no JSON the answer is of no use.
pub(crate) fn member<'t>(json: &'t [u8], key: &str) -> Option<&'t [u8]> {
    let mut walk = Walk { json, at: 0 };
    walk.enter_object(key)?;
    let start = walk.at;
    walk.skip()?;
    json.get(start..walk.at)
}

/// JSON without the white space between its tokens.
pub(crate) fn minified(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for &byte in json {
        if inside {
            inside = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            inside = byte == b'"';
        }
        out.push(byte);
    }
    out
}

struct Walk<'a> {
    json: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.json.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.json.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Moves to the value under a key of the object here.
    fn enter_object(&mut self, key: &str) -> Option<()> {
        self.take(b'{')?;
        while self.peek()? == b'"' {
            let start = self.at;
            self.skip()?;
            let found: String = from_slice(self.json.get(start..self.at)?).ok()?;
            self.take(b':')?;
            self.peek()?;
            if found == key {
                return Some(());
            }
            self.skip()?;
            self.take(b',')?;
        }
        None
    }

    /// Moves to an item of the array here.
    fn enter_array(&mut self, index: usize) -> Option<()> {
        self.take(b'[')?;
        for _ in 0..index {
            self.skip()?;
            self.take(b',')?;
        }
        (self.peek()? != b']').then_some(())
    }

    /// Moves behind the value here.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        self.peek()?;
        loop {
            match self.json.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    while *self.json.get(self.at)? != b'"' {
                        self.at += if *self.json.get(self.at)? == b'\\' { 2 } else { 1 };
                    }
                    self.at += 1;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' if depth == 0 => return Some(()),
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' if depth == 0 => return Some(()),
                byte if byte.is_ascii_whitespace() && depth == 0 => return Some(()),
                b':' if depth == 0 => return Some(()),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const JSON: &str =
        "{\"信用\": {\"a\": [1, {\"b\": \"x,]\\\"}\"}, -2.5e3]},\n  \"c\": [ ],\n\t\"d\": true}";

    #[test]
    fn cuts_out_members() {
        let text = br#"{ "a" : [1, " \" ] "], "b": {"c" : "\\" , "d": 1 }, "e":2}"#;
        let found = |key| member(text, key).map(|text| String::from_utf8(minified(text)).unwrap());
        assert_eq!(found("a").unwrap(), r#"[1," \" ] "]"#);
        assert_eq!(found("b").unwrap(), r#"{"c":"\\","d":1}"#);
        assert_eq!(found("e").unwrap(), "2");
        assert_eq!(found("c"), None);
    }

    #[test]
    fn finds_values() {
        for (path, value) in [
            ("信用", "{\"a\""),
            ("信用.a[0]", "1,"),
            ("信用.a[1].b", "\"x,]"),
            ("信用.a[2]", "-2.5"),
            ("c", "[ ]"),
            ("d", "true"),
            ("c[0]", "[ ]"),
            ("d.e", "true"),
        ] {
            let (line, column) = locate(JSON.as_bytes(), path).unwrap();
            let rest: String = JSON.lines().nth(line - 1).unwrap().chars().skip(column - 1).collect();
            assert!(rest.starts_with(value), "{path}: {rest}");
        }
        assert_eq!(locate(JSON.as_bytes(), "nowhere"), None);
        assert_eq!(locate(b"", "a.b[3]"), None);
        assert_eq!(locate(b"{\"a\":[[[", "a[0][7]"), Some((1, 7)));
    }
}
