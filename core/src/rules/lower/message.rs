//! Messages for authors: where (line and column, from 1), what, and what would be right.

use cel::ParseErrors;
use cel::common::ast::SourceInfo;

use crate::error::{Error, ErrorCode};
use crate::rules::types::Type;

/// The text of an expression.
#[derive(Clone, Debug)]
pub(super) struct Source {
    text: String,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// An error at a character of the text.
    pub(super) fn error(&self, code: ErrorCode, character: usize, message: impl AsRef<str>) -> Error {
        let before: String = self.text.chars().take(character).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        at(code, line, column, message.as_ref())
    }

    /// An error at a node of the parsed expression: for a call, at the function's name.
    pub(super) fn error_at(&self, positions: &SourceInfo, id: u64, message: impl AsRef<str>) -> Error {
        // The parser counts bytes, and places a call at its opening bracket.
        let start = positions.offset_for(id).map_or(0, |(start, _)| start as usize);
        let before = self.text.get(..start).unwrap_or_default();
        let name = before.chars().rev().take_while(|own| own.is_alphanumeric() || *own == '_').count();
        let back = if self.text.get(start..).is_some_and(|rest| rest.starts_with('(')) { name } else { 0 };
        self.error(ErrorCode::RuleInvalid, before.chars().count() - back, message)
    }
}

fn at(code: ErrorCode, line: usize, column: usize, message: &str) -> Error {
    Error::new(code, format!("line {line}, column {column}: {message}"))
}

/// The parser's first complaint, with a hint for what people write who come from other languages.
pub(super) fn of_parser(source: &Source, errors: &ParseErrors) -> Error {
    let Some(first) = errors.errors.first() else {
        return at(ErrorCode::RuleInvalid, 1, 1, "not an expression");
    };
    let (line, column) =
        (usize::try_from(first.pos.0).unwrap_or(1), usize::try_from(first.pos.1).unwrap_or(1));
    if first.msg.contains("Recursion limit") {
        let message = "brackets and conditionals nest deeper than 96; split the expression";
        return at(ErrorCode::RuleBudget, line.max(1), column.max(1), message);
    }
    let hint = hint(source.text(), line, column).unwrap_or_default();
    at(ErrorCode::RuleInvalid, line.max(1), column.max(1), &format!("{}{hint}", plainly(&first.msg)))
}

/// The parser generator's words, for people who do not know its grammar.
fn plainly(said: &str) -> String {
    let said = said.trim_start_matches("Syntax error: ");
    let quoted = |after: &str| {
        let rest = said.split_once(after)?.1.strip_prefix('\'')?;
        let end = rest.find("' expecting").or_else(|| rest.rfind('\'')).unwrap_or(rest.len());
        Some(rest.get(..end)?.chars().take(30).collect::<String>())
    };
    if said.contains("'<EOF>'") {
        return "the expression ends too early".to_owned();
    }
    if let Some(text) = quoted("token recognition error at: ") {
        let is_text = text.starts_with(['"', '\'']);
        return if is_text {
            format!("the text {text} has no end")
        } else {
            format!("{:?} has no meaning here", text.trim_end())
        };
    }
    match quoted("mismatched input ")
        .or_else(|| quoted("extraneous input "))
        .or_else(|| quoted("no viable alternative at input "))
    {
        Some(text) => format!("unexpected {text:?}"),
        None => said.chars().take(200).collect(),
    }
}

fn hint(text: &str, line: usize, column: usize) -> Option<&'static str> {
    let line = text.lines().nth(line.checked_sub(1)?)?;
    let rest: String = line.chars().skip(column.checked_sub(1)?).collect();
    let word: String = rest.chars().take_while(|character| character.is_alphanumeric()).collect();
    match word.to_ascii_lowercase().as_str() {
        "and" => Some("; write && for and"),
        "or" => Some("; write || for or"),
        "not" => Some("; write ! for not"),
        "is" => Some("; write == null for is null"),
        "between" => Some("; write low <= x && x <= high"),
        _ if rest.starts_with("<>") => Some("; write != for unequal"),
        _ if rest.starts_with('=') => Some("; write == for equal"),
        _ => None,
    }
}

/// The error for an expression whose result is of another type than its place asks for.
pub(super) fn wrong_result(source: &str, found: &Type, wanted: &Type) -> Error {
    let start = source.chars().take_while(|character| character.is_whitespace()).count();
    let message = format!("this gives {found}; {wanted} is wanted here");
    Source::new(source).error(ErrorCode::RuleInvalid, start, message)
}
