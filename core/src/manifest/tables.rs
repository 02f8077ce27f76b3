//! Decision tables, as DMN defines them: input columns, output columns, rows, and a hit policy.
//!
//! Terms are those of "Decision Model and Notation" (OMG, formal/2024-01-01, version 1.5), chapter 8.

use std::fmt;

use crate::json::Value;
use serde::{Deserialize, Serialize};

use super::maps;
use super::policy::FieldScope;
use super::texts::Texts;
use crate::error::{Error, ErrorCode, Result};

/// Which of the rows that hold give the table's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum TableHitPolicy {
    /// The only one; where two hold the table is in error.
    Unique,
    /// Any of them, since all must give the same; where they do not the table is in error.
    Any,
    /// The first one.
    First,
    /// The one whose outputs come first in the outputs' `values`.
    Priority,
    /// All of them in the order of the table, as lists, or what `aggregate` makes of them.
    Collect,
    /// All of them in the order of the table, as lists.
    RuleOrder,
    /// All of them in the order of the outputs' `values`, as lists.
    OutputOrder,
}

impl TableHitPolicy {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Any => "any",
            Self::First => "first",
            Self::Priority => "priority",
            Self::Collect => "collect",
            Self::RuleOrder => "rule_order",
            Self::OutputOrder => "output_order",
        }
    }

    /// Whether the result is that of one row.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Unique | Self::Any | Self::First | Self::Priority)
    }

    /// Whether rows are ranked by the outputs' `values`.
    #[must_use]
    pub const fn is_ranked(self) -> bool {
        matches!(self, Self::Priority | Self::OutputOrder)
    }
}

/// What `collect` makes of the outputs of all rows that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many there are.
    Count,
}

impl Aggregate {
    /// The name in manifests and decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
        }
    }
}

/// What it means that no row holds, under a hit policy that takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum Gaps {
    /// An error: when packing, where a gap is found; and for a record that falls into one.
    #[default]
    Refuse,
    /// The outputs are null.
    Allow,
}

/// What it means that a value which the table tests is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum MissingValue {
    /// Rows that test it do not hold, as in DMN, and the outcome is at least the policy's `on_error`. Not
    /// so for a column with a row that says `null`: that table has thought of it.
    #[default]
    OnError,
    /// Rows that test it do not hold; nothing more.
    NoMatch,
}

/// A decision table, written here or in a CSV file beside the manifest.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Table {
    /// Which of the rows that hold give the result.
    pub hit_policy: TableHitPolicy,
    /// What `collect` makes of the outputs; for tables of one output.
    #[serde(default)]
    pub aggregate: Option<Aggregate>,
    /// A CSV file of the bundle that holds columns and rows, such as `tables/pricing.csv`.
    #[serde(default)]
    pub file: Option<String>,
    /// What the rows test; those of the file where there is one.
    #[serde(default)]
    pub inputs: Vec<TableInput>,
    /// What the rows give; for a file only where it needs more than the file's header says.
    #[serde(default)]
    pub outputs: Vec<TableOutput>,
    /// The rows.
    #[serde(default)]
    pub rows: Vec<TableRow>,
    /// What it means that no row holds.
    #[serde(default)]
    pub gaps: Gaps,
    /// What it means that a value is missing.
    #[serde(default)]
    pub missing: MissingValue,
    /// Whether packing looks for rows that overlap, gaps, and rows that are never reached. The check takes
    /// the columns as independent of each other; turn it off where they are not.
    #[serde(default = "yes")]
    pub check: bool,
}

const fn yes() -> bool {
    true
}

/// A column that rows test.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct TableInput {
    /// The name of what is tested: an input, feature, score or earlier result; or, with `expr`, a name for
    /// it.
    pub name: String,
    /// CEL expression over everything that rules see and the steps before.
    #[serde(default)]
    pub expr: Option<String>,
    /// All values that it can have, where the table is to be complete over these only.
    #[serde(default)]
    pub values: Option<Vec<Value>>,
    /// Column of the table's file, from 1.
    #[serde(skip)]
    pub column: Option<usize>,
}

/// What the values of an output are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub enum TableOutputType {
    /// A finite 64-bit float.
    Number,
    /// A whole number of 64 bits.
    Integer,
    /// Text.
    String,
    /// true or false.
    Boolean,
    /// `approve`, `review` or `decline`; it counts as an outcome of the policy.
    Outcome,
}

impl TableOutputType {
    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Outcome => "outcome",
        }
    }
}

/// A column that rows give.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct TableOutput {
    /// Name; later expressions write `step.name`.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: TableOutputType,
    /// All values that it can have, those of the highest priority first.
    #[serde(default)]
    pub values: Option<Vec<Value>>,
    /// The value where no row holds.
    #[serde(default)]
    pub default: Option<Value>,
    /// Unit of its values.
    #[serde(default)]
    pub unit: Option<String>,
    /// Column of the table's file, from 1.
    #[serde(skip)]
    pub column: Option<usize>,
}

/// A row.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct TableRow {
    /// Name in decisions; `r1`, `r2` … by its place where there is none.
    #[serde(default)]
    pub id: Option<String>,
    /// A test per input: `-`, `>= 600`, `[600..700)`, `"car", "home"`, `not("car")`, `null`, `true`.
    pub when: Vec<Value>,
    /// A value per output: a number, text, truth value or null; for outputs that are no text also a CEL
    /// expression.
    pub then: Vec<Value>,
    /// Code of the reason that is given where the row gives the result.
    #[serde(default)]
    pub reason: Option<String>,
    /// First day on which it is in force (from midnight UTC), as `2026-01-31`.
    #[serde(default)]
    pub effective_from: Option<String>,
    /// First day on which it is no longer in force.
    #[serde(default)]
    pub effective_until: Option<String>,
    /// Where it applies: per field the values for which it does.
    #[serde(default, deserialize_with = "maps::unique")]
    pub scope: FieldScope,
    /// What it is for, by language.
    #[serde(default)]
    pub description: Texts,
    /// Line of the table's file.
    #[serde(skip)]
    pub line: Option<usize>,
}

impl Table {
    /// Name of a row in decisions.
    #[must_use]
    pub fn row_id(&self, at: usize) -> String {
        let given = self.rows.get(at).and_then(|row| row.id.clone());
        given.unwrap_or_else(|| format!("r{}", at + 1))
    }

    /// An error about an input: in the file where there is one, else below the table.
    #[must_use]
    pub fn input_error(&self, at: usize, key: &str, message: impl Into<String>) -> Error {
        let input = self.inputs.get(at);
        let column = input.and_then(|input| input.column);
        self.error(Some(1), column, input.map_or("", |input| &input.name), message.into())
            .unwrap_or_else(|message| invalid(message).at(format_args!("inputs[{at}].{key}")))
    }

    /// An error about an output.
    #[must_use]
    pub fn output_error(&self, at: usize, key: &str, message: impl Into<String>) -> Error {
        let output = self.outputs.get(at);
        let column = output.and_then(|output| output.column);
        self.error(Some(1), column, output.map_or("", |output| &output.name), message.into())
            .unwrap_or_else(|message| invalid(message).at(format_args!("outputs[{at}].{key}")))
    }

    /// An error about a test of a row.
    #[must_use]
    pub fn when_error(&self, row: usize, at: usize, message: impl Into<String>) -> Error {
        let input = self.inputs.get(at);
        let column = input.and_then(|input| input.column);
        self.error(self.line(row), column, input.map_or("", |input| &input.name), message.into())
            .unwrap_or_else(|message| invalid(message).at(format_args!("rows[{row}].when[{at}]")))
    }

    /// An error about an output of a row.
    #[must_use]
    pub fn then_error(&self, row: usize, at: usize, message: impl Into<String>) -> Error {
        let output = self.outputs.get(at);
        let column = output.and_then(|output| output.column);
        self.error(self.line(row), column, output.map_or("", |output| &output.name), message.into())
            .unwrap_or_else(|message| invalid(message).at(format_args!("rows[{row}].then[{at}]")))
    }

    /// An error about a row, or a key of it.
    #[must_use]
    pub fn row_error(&self, row: usize, key: &str, message: impl Into<String>) -> Error {
        self.error(self.line(row), None, "", message.into()).unwrap_or_else(|message| {
            let place = if key.is_empty() { format!("rows[{row}]") } else { format!("rows[{row}].{key}") };
            invalid(message).at(place)
        })
    }

    /// An error about all columns or rows together.
    #[must_use]
    pub fn columns_error(&self, key: &str, message: &str) -> Error {
        match &self.file {
            Some(file) => invalid(format!("line 1: {message}")).at(file),
            None => invalid(message).at(key),
        }
    }

    fn line(&self, row: usize) -> Option<usize> {
        self.rows.get(row).and_then(|row| row.line)
    }

    /// The error at a place in the file; gives the message back where there is no file.
    fn error(
        &self,
        line: Option<usize>,
        column: Option<usize>,
        name: &str,
        message: String,
    ) -> std::result::Result<Error, String> {
        let (Some(file), Some(line)) = (&self.file, line) else { return Err(message) };
        let column = column.map_or_else(String::new, |column| format!(", column {column} (`{name}`)"));
        Ok(invalid(format!("line {line}{column}: {message}")).at(file))
    }
}

/// Whether an error is about a file of the bundle beside the manifest; its place is then complete.
#[must_use]
pub(super) fn is_in_file(error: &Error) -> bool {
    error.path().ends_with(FILE_END)
}

/// Puts the place of a part before that of an error in it, unless the error is about a file.
#[must_use]
pub fn within(error: Error, place: impl fmt::Display) -> Error {
    if is_in_file(&error) { error } else { error.at(place) }
}

/// How names of tables' files end.
const FILE_END: &str = ".csv";

/// Refuses names of files that are no CSV's.
pub(super) fn sheet_file(file: &str) -> Result<()> {
    if file.ends_with(FILE_END) && file.len() > FILE_END.len() {
        return Ok(());
    }
    Err(invalid("the file is CSV; its name ends in `.csv`"))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
