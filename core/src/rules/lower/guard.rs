//! Bounds a source before the parser sees it. The parser and the code that walks its tree recurse, so
//! depth is estimated from the text: brackets, and chains of operators within them.

use super::message::Source;
use crate::error::{ErrorCode, Result};

/// Bytes of one expression.
const MAX_BYTES: usize = 16 << 10;
/// Brackets within brackets.
const MAX_BRACKETS: usize = 40;
/// Nested nodes of the tree: each bracket, each link of a chain `a + b + c`, `a.b.c` or `a ? b : c ? …`.
const MAX_DEPTH: usize = 200;

/// One pair of brackets that is open.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Depth of the tree outside these brackets.
    outside: usize,
    /// Links of the chain that is being read.
    links: usize,
    /// Conditionals: what follows a `?` or `:` nests until the brackets close or a comma comes.
    conditionals: usize,
}

impl Level {
    fn depth(self) -> usize {
        self.outside + self.links + self.conditionals
    }
}

/// Refuses what is too long or too deep.
pub(super) fn check(source: &Source) -> Result<()> {
    let text = source.text();
    let refuse = |character, message: String| Err(source.error(ErrorCode::RuleBudget, character, message));
    if text.len() > MAX_BYTES {
        return refuse(0, format!("{} bytes; an expression has at most {MAX_BYTES}", text.len()));
    }
    let characters: Vec<char> = text.chars().collect();
    let mut levels = vec![Level::default()];
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        let deepest = levels.last().copied().unwrap_or_default();
        match character {
            '"' | '\'' => {
                let literal = Literal::at(&characters, at);
                if literal.is_bytes && literal.width == 3 {
                    let message = "bytes in triple quotes are outside the supported subset; write b\"…\"";
                    return Err(source.error(ErrorCode::RuleInvalid, at, message));
                }
                at = literal.end;
                continue;
            }
            '/' if characters.get(at + 1) == Some(&'/') => {
                at += characters.iter().skip(at).take_while(|character| **character != '\n').count();
                continue;
            }
            '(' | '[' | '{' => {
                levels.push(Level { outside: deepest.depth() + 1, ..Level::default() });
                if levels.len() > MAX_BRACKETS {
                    return refuse(
                        at,
                        format!("brackets nest deeper than {MAX_BRACKETS}; split the expression"),
                    );
                }
            }
            ')' | ']' | '}' => {
                if levels.len() > 1 {
                    levels.pop();
                }
                // A call or an index is a link of its chain.
                link(&mut levels, |level| level.links += 1);
            }
            ',' => link(&mut levels, |level| (level.links, level.conditionals) = (0, 0)),
            // The parser balances chains of && and ||.
            '&' | '|' => link(&mut levels, |level| level.links = 0),
            '?' => link(&mut levels, |level| level.conditionals += 1),
            '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '.' => {
                link(&mut levels, |level| level.links += 1);
            }
            'i' if characters.get(at + 1) == Some(&'n') => link(&mut levels, |level| level.links += 1),
            _ => {}
        }
        if levels.last().is_some_and(|level| level.depth() > MAX_DEPTH) {
            return refuse(at, format!("the expression nests deeper than {MAX_DEPTH}; split it"));
        }
        at += 1;
    }
    Ok(())
}

fn link(levels: &mut [Level], change: impl FnOnce(&mut Level)) {
    if let Some(level) = levels.last_mut() {
        change(level);
    }
}

/// A text or bytes literal.
struct Literal {
    is_bytes: bool,
    /// Quotes at each end: 1 or 3.
    width: usize,
    /// The character after it.
    end: usize,
}

impl Literal {
    /// The literal whose first quote is at `start`.
    fn at(characters: &[char], start: usize) -> Self {
        let quote = characters.get(start).copied().unwrap_or('"');
        let closes = |at: usize, width: usize| {
            characters.get(at..at + width).is_some_and(|end| end.iter().all(|own| *own == quote))
        };
        let width = if closes(start, 3) { 3 } else { 1 };
        let prefix: String = characters
            .get(..start)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|own| own.is_ascii_alphanumeric() || **own == '_')
            .map(char::to_ascii_lowercase)
            .collect();
        // Read backwards, as it was collected.
        let (is_raw, is_bytes) = match prefix.as_str() {
            "r" => (true, false),
            "b" => (false, true),
            "rb" | "br" => (true, true),
            _ => (false, false),
        };
        let mut at = start + width;
        while at < characters.len() {
            if closes(at, width) {
                return Self { is_bytes, width, end: at + width };
            }
            let escapes = !is_raw && characters.get(at) == Some(&'\\');
            at += if escapes { 2 } else { 1 };
        }
        Self { is_bytes, width, end: characters.len() }
    }
}
