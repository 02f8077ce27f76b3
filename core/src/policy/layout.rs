//! A decision table as it is written, read: the types of its columns, its cells as CEL, its outputs as
//! values, and the paths of its programs in the lock. Packing lowers from this and loading binds to it, so
//! that both read a table alike.

use std::sync::Arc;

use super::cell::{self, Kind};
use super::list::numbered;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Table, TableOutput, TableOutputType};
use crate::rules::{Type, Value, Variable};
use crate::scope::Scope;

/// A value of an output, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Number(f64),
    Integer(i64),
    Text(Arc<str>),
    Truth(bool),
    /// CEL.
    Expression(String),
}

impl Literal {
    /// Reads a value of an output of this type.
    pub(crate) fn read(
        value: &crate::json::Value,
        kind: TableOutputType,
    ) -> std::result::Result<Self, String> {
        use crate::json::Value as Json;
        let expression = |text: &String| match text.trim() {
            "" => Err("an output is a value or an expression; write `null` for none".to_owned()),
            _ => Ok(Self::Expression(text.clone())),
        };
        match (kind, value) {
            (_, Json::Null) => Ok(Self::Null),
            (TableOutputType::Number, Json::Number(number)) => {
                number.as_f64().map(Self::Number).ok_or_else(|| "the number is out of range".into())
            }
            (TableOutputType::Integer, Json::Number(number)) => {
                number.as_i64().map(Self::Integer).ok_or_else(|| "an integer has no fraction".into())
            }
            (TableOutputType::Boolean, Json::Bool(truth)) => Ok(Self::Truth(*truth)),
            (TableOutputType::String, Json::String(text)) => Ok(Self::Text(text.as_str().into())),
            (TableOutputType::Outcome, Json::String(text))
                if matches!(text.as_str(), "approve" | "review" | "decline") =>
            {
                Ok(Self::Text(text.as_str().into()))
            }
            (TableOutputType::Outcome, _) => Err("an outcome is `approve`, `review` or `decline`".into()),
            (TableOutputType::String, _) => Err("the output is of type string; write a text".into()),
            (_, Json::String(text)) => expression(text),
            (kind, _) => Err(format!("the output is of type {}", kind.name())),
        }
    }

    /// The value; null for an expression.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Null | Self::Expression(_) => Value::Null,
            Self::Number(number) => Value::Double(*number),
            Self::Integer(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(Arc::clone(text)),
            Self::Truth(truth) => Value::Bool(*truth),
        }
    }
}

/// A table, read.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    columns: Vec<ColumnLayout>,
    rows: Vec<RowLayout>,
    defaults: Vec<Option<Literal>>,
}

/// A column that rows test.
#[derive(Clone, Debug)]
pub(crate) struct ColumnLayout {
    /// Its name in cells' CEL.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) kind: Kind,
    ty: Type,
    /// The path of its program, where an expression computes it.
    pub(crate) path: String,
    /// Whether an expression computes it.
    local: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct RowLayout {
    /// The path of its test's program.
    pub(crate) when: String,
    /// Its test as CEL; `None` where it always holds.
    pub(crate) test: Option<String>,
    /// Its cells.
    pub(crate) cells: Vec<cell::Cell>,
    /// Its outputs and the paths of their programs.
    pub(crate) then: Vec<(Literal, String)>,
    ranks: Vec<usize>,
}

impl Layout {
    /// Reads a table that sees the first `visible` columns. `typed` gives the type of an input's expression by
    /// the path of its program and its text.
    ///
    /// # Errors
    /// `manifest_invalid` with the place below the table, or in its file, and what would be right.
    pub(crate) fn new(
        spec: &Table,
        prefix: &str,
        scope: &Scope,
        visible: usize,
        mut typed: impl FnMut(&str, &str) -> Result<Type>,
    ) -> Result<Self> {
        let mut columns = Vec::with_capacity(spec.inputs.len());
        for (at, input) in spec.inputs.iter().enumerate() {
            let path = format!("{prefix}.inputs.{}", input.name);
            let known = scope.all().get(..visible).unwrap_or_default();
            let known = known.iter().find(|variable| variable.name == input.name);
            let ty = match (&input.expr, known) {
                (None, Some(known)) => known.ty.clone(),
                (None, None) => {
                    let message = format!(
                        "there is no `{}` here; a column is named by what it tests, or has an expression of its own",
                        input.name
                    );
                    return Err(spec.input_error(at, "name", message));
                }
                (Some(_), Some(_)) => {
                    let message = format!("`{}` is a name already; give the expression another", input.name);
                    return Err(spec.input_error(at, "name", message));
                }
                (Some(expr), None) => typed(&path, expr).map_err(|error| match error.code() {
                    // What was packed is not what is here: no fault of the table's.
                    ErrorCode::BundleNotPacked => error,
                    code => spec.input_error(at, "expr", error.message()).with_code(code),
                })?,
            };
            let Some(kind) = Kind::of(&ty) else {
                let message =
                    format!("`{}` is {ty}; cells test numbers, texts, truth values and times", input.name);
                return Err(spec.input_error(
                    at,
                    if input.expr.is_some() { "expr" } else { "name" },
                    message,
                ));
            };
            columns.push(ColumnLayout {
                name: input.name.clone(),
                kind,
                ty,
                path,
                local: input.expr.is_some(),
            });
        }
        let ids: Vec<String> = (0..spec.rows.len()).map(|at| spec.row_id(at)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for (at, id) in numbered(&ids).into_iter().enumerate() {
            rows.push(read_row(spec, at, &format!("{prefix}.rows.{id}"), &columns)?);
        }
        let mut defaults = Vec::with_capacity(spec.outputs.len());
        for (at, output) in spec.outputs.iter().enumerate() {
            let read = output.default.as_ref().map(|default| Literal::read(default, output.kind)).transpose();
            let wrong = |message| invalid(message).at(format_args!("outputs[{at}].default"));
            match read.map_err(wrong)? {
                Some(Literal::Expression(_)) => {
                    return Err(wrong("a default is a value, no expression".into()));
                }
                default => defaults.push(default),
            }
        }
        Ok(Self { columns, rows, defaults })
    }

    /// A column by its place.
    pub(crate) fn column(&self, at: usize) -> &ColumnLayout {
        &self.columns[at]
    }

    /// A row by its place.
    pub(crate) fn row(&self, at: usize) -> &RowLayout {
        &self.rows[at]
    }

    /// Ranks of a row's outputs, the highest priority first; outputs without a list of values have none.
    pub(crate) fn ranks(&self, at: usize) -> Vec<usize> {
        self.rows.get(at).map_or_else(Vec::new, |row| row.ranks.clone())
    }

    /// Defaults of the outputs.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = Option<Literal>> + '_ {
        self.defaults.iter().cloned()
    }

    /// How many columns expressions compute.
    pub(crate) fn locals(&self) -> usize {
        self.columns.iter().filter(|column| column.local).count()
    }

    /// What cells and outputs can name: the first `visible` columns and the table's own.
    pub(crate) fn scope(&self, scope: &Scope, visible: usize) -> Scope {
        let local = self.columns.iter().filter(|column| column.local);
        scope.with(visible, local.map(|column| Variable::new(column.name.clone(), column.ty.clone())))
    }

    /// Whether some row tests a column and no row says what a missing value is.
    pub(crate) fn is_tested_blindly(&self, at: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.cells.get(at));
        let tested = cells.clone().any(|cell| *cell != cell::Cell::Any);
        tested && !cells.any(cell::Cell::names_null)
    }
}

fn read_row(spec: &Table, at: usize, prefix: &str, columns: &[ColumnLayout]) -> Result<RowLayout> {
    let row = &spec.rows[at];
    let mut cells = Vec::with_capacity(columns.len());
    for (index, (column, text)) in columns.iter().zip(&row.when).enumerate() {
        let text = match text {
            crate::json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let cell = cell::Cell::read(&text, column.kind).map_err(|(place, message)| {
            let message = match text.chars().count() {
                0..=80 => format!("at character {place} of `{text}`: {message}"),
                _ => format!("at character {place}: {message}"),
            };
            spec.when_error(at, index, message)
        })?;
        cells.push(cell);
    }
    let tests: Vec<String> =
        cells.iter().zip(columns).filter_map(|(cell, column)| cell.to_cel(&column.name)).collect();
    let mut then = Vec::with_capacity(spec.outputs.len());
    let mut ranks = Vec::new();
    for (index, (output, value)) in spec.outputs.iter().zip(&row.then).enumerate() {
        let wrong = |message: String| spec.then_error(at, index, message);
        let literal = Literal::read(value, output.kind).map_err(wrong)?;
        if let Some(rank) = rank(&literal, output).map_err(wrong)? {
            ranks.push(rank);
        }
        then.push((literal, format!("{prefix}.then.{}", output.name)));
    }
    if !spec.hit_policy.is_ranked() {
        ranks.clear();
    }
    let test = if tests.is_empty() { None } else { Some(tests.join(" && ")) };
    Ok(RowLayout { when: format!("{prefix}.when"), test, cells, then, ranks })
}

/// The place of a value in the output's list; `None` where there is no list.
fn rank(literal: &Literal, output: &TableOutput) -> std::result::Result<Option<usize>, String> {
    let Some(values) = &output.values else { return Ok(None) };
    if let Literal::Expression(_) = literal {
        return Err("an output with a list of values takes one of these, no expression".into());
    }
    let place = values.iter().position(|value| Literal::read(value, output.kind).as_ref() == Ok(literal));
    let known = || values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    place.map(Some).ok_or_else(|| format!("the value is none of the output's list: {}", known()))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
