//! Regular expressions in RE2's syntax, which the standard asks for, matched in time linear in the text.
//!
//! Written here because the module must stay small, and because the tokenizer needs what RE2 calls
//! leftmost-longest matching, which the usual small libraries do not have. As in RE2, `\w`, `\d`,
//! `\s` and `\b` are about ASCII; Unicode classes (`\p{…}`) are refused. Captures are not kept, so
//! greedy and lazy repetition are the same.

mod parse;
mod run;

pub(super) use parse::parse;
pub(super) use run::Machine;

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Pattern {
    steps: Vec<Step>,
}

/// An instruction. Targets are places in [`Pattern::steps`].
#[derive(Clone, Debug)]
enum Step {
    /// Takes a character of this set and goes to the next step.
    Take(Set),
    /// Goes both ways.
    Split(usize, usize),
    /// Goes there.
    Jump(usize),
    /// Goes to the next step where the place in the text fits.
    Assert(Place),
    /// The expression is matched.
    Done,
}

/// A place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordEdge,
    NoWordEdge,
}

/// Characters: ranges, or all but them.
#[derive(Clone, Debug, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    negated: bool,
    /// Whether upper and lower case count as the same.
    fold: bool,
}

impl Set {
    fn one(c: char, fold: bool) -> Self {
        Self { ranges: vec![(c, c)], negated: false, fold }
    }

    fn lists(&self, c: char) -> bool {
        self.ranges.iter().any(|&(first, last)| first <= c && c <= last)
    }

    fn has(&self, c: char) -> bool {
        let listed = self.lists(c) || (self.fold && other_cases(c).any(|other| self.lists(other)));
        listed != self.negated
    }
}

/// The lower and upper case of a character, where they are one character each.
fn other_cases(c: char) -> impl Iterator<Item = char> {
    let single = |mut list: Box<dyn Iterator<Item = char>>| list.next().filter(|_| list.next().is_none());
    [single(Box::new(c.to_lowercase())), single(Box::new(c.to_uppercase()))].into_iter().flatten()
}

/// Whether `\w` has it.
const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn full(pattern: &str, text: &str) -> bool {
        Machine::default().matches_fully(&parse(pattern).unwrap(), text)
    }

    fn all(pattern: &str, text: &str) -> Vec<String> {
        let (pattern, mut machine, mut from) = (parse(pattern).unwrap(), Machine::default(), 0);
        let mut found = Vec::new();
        while let Some((start, end)) = machine.find(&pattern, text, from) {
            found.push(text[start..end].to_owned());
            from = if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
        }
        found
    }

    #[test]
    fn whole_texts() {
        assert!(full("www.[a-z]+.com", "www.google.com"));
        assert!(!full("www.[a-z]+.com", "www.google.com!"));
        assert!(full("a|b", "b") && !full("a|b", "ab"));
        assert!(full("(a|bc)*d{2,3}", "abcadd") && !full("(a|bc)*d{2,3}", "abcd"));
        assert!(full("(?i)straße", "STRAßE") && full("(?i)[a-c]+", "aBC"));
        assert!(!full(".", "\n") && full("(?s).", "\n") && full(".", "é"));
        assert!(full(r"\x41\x{20AC}\Q.*\E\.", "A€.*."));
        assert!(full(r"[^\d\s]+[[:digit:]]", "ab1") && !full(r"\w", "é"));
        assert!(full("", "") && !full("", "a"));
        assert!(full("(?:a?){40}a{40}", &"a".repeat(40)));
    }

    #[test]
    fn the_leftmost_match_is_the_longest() {
        assert_eq!(all("a|aab", "aabab"), ["aab", "a"]);
        assert_eq!(all("[a-z]+", "ab1c é d"), ["ab", "c", "d"]);
        assert_eq!(all(r"\b\w\w+\b", "don't stop"), ["don", "stop"]);
        assert_eq!(all("b*", "aab"), ["", "", "b", ""]);
        assert_eq!(all("(?m)^a$", "a\nb\na"), ["a", "a"]);
        assert_eq!(all(r"\Aa|b\z", "aab"), ["a", "b"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in
            ["(", ")", "a)", "[a", "a**", "*a", "a{2,1}", "a{1001}", "[z-a]", "\\", "\\p{L}", "(?=a)", "(?<a"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&"(".repeat(5_000)).is_err());
        assert!(parse("((a{100}){100}){100}").is_err(), "too large once written out");
        assert!(full("a{,2}", "a{,2}"), "a brace that counts nothing is itself");
    }

    #[test]
    fn hostile_expressions_take_linear_time() {
        let text = "a".repeat(20_000);
        assert!(!full("(a*)*b", &text));
        assert_eq!(all("a*b|c", &text), Vec::<String>::new());
    }
}
