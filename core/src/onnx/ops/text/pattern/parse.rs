//! From the text of an expression to its steps.

use super::{Pattern, Place, Set, Step, is_word};
use crate::error::{Error, ErrorCode, Result};

/// Groups within groups.
const MAX_DEPTH: usize = 200;
/// Steps of one expression once repetitions are written out.
const MAX_STEPS: usize = 20_000;
/// The largest count of a repetition, as in RE2.
const MAX_COUNT: usize = 1_000;

/// Compiles an expression.
///
/// # Errors
/// [`ErrorCode::ModelAttribute`] where it is none, [`ErrorCode::ModelUnsupported`] for syntax that is
/// not supported, [`ErrorCode::ModelBudget`] where it is too large.
pub(in super::super) fn parse(text: &str) -> Result<Pattern> {
    let mut parser = Parser { text, at: 0, depth: 0, steps: Vec::new(), flags: Flags::default() };
    parser.alternatives()?;
    if parser.peek().is_some() {
        return Err(parser.wrong("a closing parenthesis without an opening one"));
    }
    parser.push(Step::Done)?;
    Ok(Pattern { steps: parser.steps })
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    dot_takes_newline: bool,
    lines: bool,
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    steps: Vec<Step>,
    flags: Flags,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn takes(&mut self, expected: &str) -> bool {
        let found = self.text[self.at..].starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn wrong(&self, what: &str) -> Error {
        Error::new(
            ErrorCode::ModelAttribute,
            format!("the regular expression has {what} at byte {}", self.at),
        )
    }

    fn unsupported(&self, what: &str) -> Error {
        Error::new(
            ErrorCode::ModelUnsupported,
            format!("the regular expression uses {what}, which is not supported"),
        )
    }

    fn push(&mut self, step: Step) -> Result<usize> {
        if self.steps.len() >= MAX_STEPS {
            return Err(Error::new(
                ErrorCode::ModelBudget,
                format!(
                    "the regular expression has more than {MAX_STEPS} steps once repetitions are written out"
                ),
            ));
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    /// `a|b|c`: a chain of splits, each alternative with a jump to the end.
    fn alternatives(&mut self) -> Result<()> {
        let mut jumps = Vec::new();
        let mut start = self.steps.len();
        self.sequence()?;
        while self.takes("|") {
            self.insert(start, Step::Split(start + 1, self.steps.len() + 2))?;
            jumps.push(self.push(Step::Jump(0))?);
            start = self.steps.len();
            self.sequence()?;
        }
        let end = self.steps.len();
        for jump in jumps {
            self.steps[jump] = Step::Jump(end);
        }
        Ok(())
    }

    /// Inserts a step before `at`; what comes after moves by one.
    fn insert(&mut self, at: usize, step: Step) -> Result<()> {
        self.push(Step::Done)?;
        let moved = |target: usize| if target >= at { target + 1 } else { target };
        for place in (at + 1..self.steps.len()).rev() {
            self.steps[place] = match self.steps[place - 1].clone() {
                Step::Split(one, other) => Step::Split(moved(one), moved(other)),
                Step::Jump(to) => Step::Jump(moved(to)),
                other => other,
            };
        }
        self.steps[at] = step;
        Ok(())
    }

    fn sequence(&mut self) -> Result<()> {
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let start = self.steps.len();
            if self.atom()? {
                self.repetition(start)?;
            }
        }
        Ok(())
    }

    /// One atom; `false` for those that cannot be repeated because they are not there: flags.
    fn atom(&mut self) -> Result<bool> {
        let fold = self.flags.fold;
        let step = match self.next() {
            Some('(') => return self.group(),
            Some('[') => Step::Take(self.class()?),
            Some('.') => {
                let ranges = if self.flags.dot_takes_newline { Vec::new() } else { vec![('\n', '\n')] };
                Step::Take(Set { ranges, negated: true, fold: false })
            }
            Some('^') => Step::Assert(if self.flags.lines { Place::LineStart } else { Place::TextStart }),
            Some('$') => Step::Assert(if self.flags.lines { Place::LineEnd } else { Place::TextEnd }),
            Some('*' | '+' | '?') => return Err(self.wrong("a repetition of nothing")),
            Some('\\') => return self.escape(),
            Some(c) => Step::Take(Set::one(c, fold)),
            None => return Ok(false),
        };
        self.push(step)?;
        Ok(true)
    }

    fn group(&mut self) -> Result<bool> {
        let outer = self.flags;
        if self.takes("?") {
            if self.takes("P<") || (self.takes("<") && !matches!(self.peek(), Some('=' | '!'))) {
                while let Some(c) = self.next().filter(|&c| c != '>') {
                    if !is_word(c) {
                        return Err(self.wrong("a group name with a character that is no letter or digit"));
                    }
                }
            } else if !self.read_flags()? {
                return Ok(false);
            }
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorCode::ModelBudget,
                "the regular expression has groups nested too deep",
            ));
        }
        self.alternatives()?;
        self.depth -= 1;
        self.flags = outer;
        if !self.takes(")") {
            return Err(self.wrong("an opening parenthesis without a closing one"));
        }
        Ok(true)
    }

    /// Flags after `(?`; `true` where a group follows them.
    fn read_flags(&mut self) -> Result<bool> {
        let mut value = true;
        loop {
            match self.next() {
                Some('i') => self.flags.fold = value,
                Some('s') => self.flags.dot_takes_newline = value,
                Some('m') => self.flags.lines = value,
                // Which repetitions are lazy makes no difference without captures.
                Some('U') => {}
                Some('-') if value => value = false,
                Some(':') => return Ok(true),
                Some(')') => return Ok(false),
                _ => return Err(self.wrong("a group of unknown kind")),
            }
        }
    }

    fn repetition(&mut self, start: usize) -> Result<()> {
        let before = self.at;
        let (least, most) = match self.next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts()? {
                Some(counts) => counts,
                None => {
                    self.at = before;
                    // A brace that counts nothing stands for itself: the next atom.
                    return Ok(());
                }
            },
            _ => {
                self.at = before;
                return Ok(());
            }
        };
        self.takes("?");
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return Err(self.wrong("a repetition of a repetition"));
        }
        self.repeat(start, least, most)
    }

    fn counts(&mut self) -> Result<Option<(usize, Option<usize>)>> {
        let Some(end) = self.text[self.at..].find('}') else { return Ok(None) };
        let inner = &self.text[self.at..self.at + end];
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
        };
        let counts = match inner.split_once(',') {
            None => number(inner).map(|count| (count, Some(count))),
            Some((least, "")) => number(least).map(|least| (least, None)),
            Some((least, most)) => number(least).zip(number(most)).map(|(least, most)| (least, Some(most))),
        };
        let Some((least, most)) = counts else { return Ok(None) };
        if least > MAX_COUNT || most.is_some_and(|most| most > MAX_COUNT || most < least) {
            return Err(self.wrong("a count that is too large or ends before it starts"));
        }
        self.at += end + 1;
        Ok(Some((least, most)))
    }

    /// Writes the steps from `start` on out as many times as they are repeated.
    fn repeat(&mut self, start: usize, least: usize, most: Option<usize>) -> Result<()> {
        let body: Vec<Step> = self.steps.drain(start..).collect();
        for _ in 0..least {
            self.copy(&body, start)?;
        }
        match most {
            None => {
                let split = self.push(Step::Done)?;
                self.copy(&body, start)?;
                self.push(Step::Jump(split))?;
                self.steps[split] = Step::Split(split + 1, self.steps.len());
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.push(Step::Done)?);
                    self.copy(&body, start)?;
                }
                let end = self.steps.len();
                for split in splits {
                    self.steps[split] = Step::Split(split + 1, end);
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, body: &[Step], start: usize) -> Result<()> {
        let offset = self.steps.len();
        for step in body {
            let step = match step.clone() {
                Step::Split(one, other) => Step::Split(one - start + offset, other - start + offset),
                Step::Jump(to) => Step::Jump(to - start + offset),
                other => other,
            };
            self.push(step)?;
        }
        Ok(())
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Result<bool> {
        let fold = self.flags.fold;
        let step = match self.peek() {
            Some('b') => Step::Assert(Place::WordEdge),
            Some('B') => Step::Assert(Place::NoWordEdge),
            Some('A') => Step::Assert(Place::TextStart),
            Some('z') => Step::Assert(Place::TextEnd),
            Some('C') => return Err(self.unsupported("\\C")),
            Some('Q') => {
                self.next();
                let rest = &self.text[self.at..];
                let len = rest.find("\\E").unwrap_or(rest.len());
                let literal = rest[..len].to_owned();
                self.at += len;
                self.takes("\\E");
                for c in literal.chars() {
                    self.push(Step::Take(Set::one(c, fold)))?;
                }
                return Ok(false);
            }
            _ => {
                let (ranges, negated) = self.class_escape()?;
                self.push(Step::Take(Set { ranges, negated, fold }))?;
                return Ok(true);
            }
        };
        self.next();
        self.push(step)?;
        Ok(true)
    }

    /// What follows a backslash and stands for characters: ranges, and whether all but them are meant.
    fn class_escape(&mut self) -> Result<(Vec<(char, char)>, bool)> {
        let Some(c) = self.next() else { return Err(self.wrong("a backslash before nothing")) };
        let word = || vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
        let space = || vec![('\t', '\n'), ('\x0C', '\r'), (' ', ' ')];
        Ok(match c {
            'd' => (vec![('0', '9')], false),
            'D' => (vec![('0', '9')], true),
            'w' => (word(), false),
            'W' => (word(), true),
            's' => (space(), false),
            'S' => (space(), true),
            'p' | 'P' => return Err(self.unsupported("a Unicode class (\\p)")),
            _ => {
                let c = self.character(c)?;
                (vec![(c, c)], false)
            }
        })
    }

    /// The character that is meant by `c` after a backslash.
    fn character(&mut self, c: char) -> Result<char> {
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\x0C',
            'v' => '\x0B',
            'a' => '\x07',
            'x' => {
                let digits = if self.takes("{") {
                    let end = self.text[self.at..]
                        .find('}')
                        .ok_or_else(|| self.wrong("an open brace after \\x"))?;
                    let digits = &self.text[self.at..self.at + end];
                    self.at += end + 1;
                    digits
                } else {
                    let digits = self.text.get(self.at..self.at + 2).unwrap_or_default();
                    self.at += digits.len();
                    digits
                };
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                code.ok_or_else(|| self.wrong("a character number that is none"))?
            }
            '0' => '\0',
            c if c.is_ascii_alphanumeric() => {
                return Err(self.unsupported("an escape that RE2 does not have"));
            }
            c => c,
        })
    }

    /// `[…]` after its opening bracket.
    fn class(&mut self) -> Result<Set> {
        let mut set = Set { ranges: Vec::new(), negated: self.takes("^"), fold: self.flags.fold };
        let mut first = true;
        loop {
            let Some(c) = self.next() else { return Err(self.wrong("a bracket that is not closed")) };
            if c == ']' && !first {
                return Ok(set);
            }
            first = false;
            if c == '[' && self.takes(":") {
                self.named_class(&mut set)?;
                continue;
            }
            let low = if c == '\\' {
                let (ranges, negated) = self.class_escape()?;
                match *ranges {
                    [(low, high)] if low == high && !negated => low,
                    _ => {
                        add(&mut set, &ranges, negated);
                        continue;
                    }
                }
            } else {
                c
            };
            let rest = &self.text[self.at..];
            if !rest.starts_with('-') || rest.starts_with("-]") {
                set.ranges.push((low, low));
                continue;
            }
            self.next();
            let high = match self.next() {
                Some('\\') => {
                    let c = self.next().ok_or_else(|| self.wrong("a backslash before nothing"))?;
                    self.character(c)?
                }
                Some(c) => c,
                None => return Err(self.wrong("a bracket that is not closed")),
            };
            if high < low {
                return Err(self.wrong("a range that ends before it starts"));
            }
            set.ranges.push((low, high));
        }
    }

    /// `[:name:]` after its first colon.
    fn named_class(&mut self, set: &mut Set) -> Result<()> {
        let negated = self.takes("^");
        let Some(end) = self.text[self.at..].find(":]") else {
            return Err(self.wrong("a named class that is not closed"));
        };
        let ranges: &[(char, char)] = match &self.text[self.at..self.at + end] {
            "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
            "alpha" => &[('A', 'Z'), ('a', 'z')],
            "ascii" => &[('\0', '\x7F')],
            "blank" => &[('\t', '\t'), (' ', ' ')],
            "cntrl" => &[('\0', '\x1F'), ('\x7F', '\x7F')],
            "digit" => &[('0', '9')],
            "graph" => &[('!', '~')],
            "lower" => &[('a', 'z')],
            "print" => &[(' ', '~')],
            "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            "space" => &[('\t', '\r'), (' ', ' ')],
            "upper" => &[('A', 'Z')],
            "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
            "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
            _ => return Err(self.wrong("a named class that does not exist")),
        };
        self.at += end + 2;
        add(set, ranges, negated);
        Ok(())
    }
}

/// Adds ranges, ascending and apart, or all but them.
fn add(set: &mut Set, ranges: &[(char, char)], negated: bool) {
    if !negated {
        set.ranges.extend(ranges);
        return;
    }
    let mut next = Some('\0');
    for &(low, high) in ranges {
        if let (Some(start), Some(end)) = (next, char::from_u32((low as u32).wrapping_sub(1)))
            && start <= end
        {
            set.ranges.push((start, end));
        }
        next = char::from_u32(high as u32 + 1);
    }
    if let Some(start) = next {
        set.ranges.push((start, char::MAX));
    }
}
