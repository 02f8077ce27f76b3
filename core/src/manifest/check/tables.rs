//! Checks of decision tables: columns, rows and outputs that fit each other.

use std::collections::BTreeSet;

use crate::json::Value;

use super::super::sheet_file;
use super::super::{Aggregate, Gaps, Manifest, Table, TableHitPolicy, TableOutput, TableOutputType, within};
use super::policy::{Version, check_dates, check_id, check_reason, check_scope, check_versions};
use super::scores::check_portfolio;
use super::{check_name, check_size, check_texts, invalid};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The name of the list of rows that gave a table's result; no output can have it.
const FIRED: &str = "fired";

/// Checks the tables that are written in the manifest, and what it says of those that are not.
pub(super) fn check_inline(manifest: &Manifest, limits: &Limits) -> Result<()> {
    each_table(manifest, |table| match &table.file {
        None => check_table(table, manifest),
        Some(file) => check_file(table, file),
    })?;
    check_cells(manifest, limits)
}

/// Checks the tables that have been read from files.
pub(in super::super) fn check_tables(manifest: &Manifest, limits: &Limits) -> Result<()> {
    each_table(manifest, |table| if table.file.is_some() { check_table(table, manifest) } else { Ok(()) })?;
    for (name, portfolio) in manifest.portfolios.iter().filter(|(_, own)| own.file.is_some()) {
        check_portfolio(portfolio, true, limits)
            .map_err(|error| error.at(format_args!("portfolios.{name}")))?;
    }
    check_size(manifest, limits)?;
    check_cells(manifest, limits)?;
    check_shapes(manifest)
}

fn each_table(manifest: &Manifest, check: impl Fn(&Table) -> Result<()>) -> Result<()> {
    let steps = manifest.policy.iter().flat_map(|policy| &policy.steps).enumerate();
    for (at, table) in steps.filter_map(|(at, step)| Some((at, step.table.as_ref()?))) {
        check(table).map_err(|error| within(error, format_args!("policy.steps[{at}].table")))?;
    }
    Ok(())
}

fn check_cells(manifest: &Manifest, limits: &Limits) -> Result<()> {
    let tables =
        manifest.policy.iter().flat_map(|policy| &policy.steps).filter_map(|step| step.table.as_ref());
    let cells: usize =
        tables.map(|table| table.rows.len() * (table.inputs.len() + table.outputs.len())).sum();
    if cells > limits.table_cells {
        let message = format!("the decision tables have {cells} cells, the limit is {}", limits.table_cells);
        return Err(invalid(message).at("policy.steps"));
    }
    Ok(())
}

/// Checks that versions of a table give the same outputs.
fn check_shapes(manifest: &Manifest) -> Result<()> {
    let steps = manifest.policy.as_ref().map_or(&[][..], |policy| &policy.steps);
    for (at, step) in steps.iter().enumerate() {
        let first =
            steps[..at].iter().find(|other| other.id == step.id).and_then(|other| other.table.as_ref());
        let (Some(first), Some(table)) = (first, &step.table) else { continue };
        let shape = |table: &Table| -> Vec<(String, TableOutputType)> {
            table.outputs.iter().map(|output| (output.name.clone(), output.kind)).collect()
        };
        let lists =
            |table: &Table| (table.hit_policy.is_single() || table.aggregate.is_some(), table.aggregate);
        if shape(first) != shape(table) || lists(first) != lists(table) {
            let message = format!(
                "the versions of `{}` must give the same outputs, of the same types and in the same order",
                step.id
            );
            return Err(invalid(message).at(format_args!("policy.steps[{at}].table.outputs")));
        }
    }
    Ok(())
}

fn check_file(table: &Table, file: &str) -> Result<()> {
    sheet_file(file).map_err(|error| error.at("file"))?;
    if !table.rows.is_empty() {
        return Err(invalid("the rows are in the file; drop `rows` or `file`").at("rows"));
    }
    if !table.inputs.is_empty() {
        return Err(invalid("the file's header names the inputs; drop `inputs` or `file`").at("inputs"));
    }
    Ok(())
}

fn check_table(table: &Table, manifest: &Manifest) -> Result<()> {
    if table.inputs.is_empty() {
        return Err(table.columns_error("inputs", "a table has at least one input"));
    }
    if table.outputs.is_empty() {
        return Err(table.columns_error(
            "outputs",
            "a table has at least one output; a file marks it as `-> name: type`",
        ));
    }
    if table.rows.is_empty() {
        return Err(table.columns_error("rows", "a table has at least one row"));
    }
    let mut seen = BTreeSet::new();
    for (at, input) in table.inputs.iter().enumerate() {
        if input.expr.is_some() || !input.name.contains('.') {
            check_name(&input.name).map_err(|error| table.input_error(at, "name", error.message()))?;
        }
        if input.expr.as_ref().is_some_and(|expr| expr.trim().is_empty()) {
            return Err(table.input_error(at, "expr", "an expression must not be empty"));
        }
        if !seen.insert(&input.name) {
            return Err(table.input_error(at, "name", format!("`{}` is a column already", input.name)));
        }
        if input.values.as_ref().is_some_and(Vec::is_empty) {
            return Err(table.input_error(at, "values", "list at least one value"));
        }
    }
    check_outputs(table)?;
    check_hit_policy(table)?;
    check_rows(table, manifest)
}

fn check_outputs(table: &Table) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut outcomes = 0;
    for (at, output) in table.outputs.iter().enumerate() {
        check_name(&output.name).map_err(|error| table.output_error(at, "name", error.message()))?;
        if output.name == FIRED {
            return Err(table.output_error(
                at,
                "name",
                "`fired` is the list of the rows that gave the result",
            ));
        }
        if !seen.insert(&output.name) {
            return Err(table.output_error(at, "name", format!("`{}` is an output already", output.name)));
        }
        outcomes += usize::from(output.kind == TableOutputType::Outcome);
        if outcomes > 1 {
            return Err(table.output_error(at, "type", "a table has at most one output of type `outcome`"));
        }
        check_values(output).map_err(|error| error.at(format_args!("outputs[{at}]")))?;
    }
    Ok(())
}

/// Lists of values and defaults are in the manifest, also for tables in files.
fn check_values(output: &TableOutput) -> Result<()> {
    let fits = |value: &Value| match output.kind {
        TableOutputType::Number => value.as_f64().is_some_and(f64::is_finite),
        TableOutputType::Integer => value.is_i64(),
        TableOutputType::String => value.is_string(),
        TableOutputType::Boolean => value.is_boolean(),
        TableOutputType::Outcome => matches!(value.as_str(), Some("approve" | "review" | "decline")),
    };
    let wrong = || invalid(format!("the value must be of type {}", output.kind.name()));
    for (at, value) in output.values.iter().flatten().enumerate() {
        if !fits(value) {
            return Err(wrong().at(format_args!("values[{at}]")));
        }
        if output.values.iter().flatten().take(at).any(|other| other == value) {
            return Err(invalid("this value is listed twice").at(format_args!("values[{at}]")));
        }
    }
    match (&output.default, &output.values) {
        (Some(default), _) if !fits(default) => Err(wrong().at("default")),
        (Some(default), Some(values)) if !values.contains(default) => {
            Err(invalid("the default is none of `values`").at("default"))
        }
        _ => Ok(()),
    }
}

fn check_hit_policy(table: &Table) -> Result<()> {
    if let Some(aggregate) = table.aggregate {
        if table.hit_policy != TableHitPolicy::Collect {
            return Err(invalid("an aggregate is for the hit policy `collect`").at("aggregate"));
        }
        let kinds: Vec<TableOutputType> = table.outputs.iter().map(|output| output.kind).collect();
        let numeric = matches!(kinds.as_slice(), [TableOutputType::Number | TableOutputType::Integer]);
        if kinds.len() != 1 {
            return Err(invalid("an aggregate is for tables of one output").at("aggregate"));
        }
        if aggregate != Aggregate::Count && !numeric {
            let message = format!("`{}` is for an output of type number or integer", aggregate.name());
            return Err(invalid(message).at("aggregate"));
        }
    }
    if table.hit_policy.is_ranked() && !table.outputs.iter().any(|output| output.values.is_some()) {
        let message = format!(
            "`{}` goes by the outputs' lists of values; give one output `values`, the highest priority first",
            table.hit_policy.name()
        );
        return Err(invalid(message).at("outputs"));
    }
    if table.gaps == Gaps::Allow && !table.hit_policy.is_single() {
        return Err(invalid("`gaps` is for hit policies that take one row").at("gaps"));
    }
    Ok(())
}

fn check_rows(table: &Table, manifest: &Manifest) -> Result<()> {
    for (at, row) in table.rows.iter().enumerate() {
        for (key, found, wanted) in
            [("when", row.when.len(), table.inputs.len()), ("then", row.then.len(), table.outputs.len())]
        {
            if found != wanted {
                let message = format!("the row has {found} cells here, the table has {wanted} columns");
                return Err(table.row_error(at, key, message));
            }
        }
        for (index, cell) in row.when.iter().enumerate() {
            if cell.is_array() || cell.is_object() {
                return Err(table.when_error(at, index, "a cell is a text, a number, a truth value or null"));
            }
        }
        let place = |error: Error| table.row_error(at, error.path(), error.message());
        check_id(&table.row_id(at)).map_err(|error| table.row_error(at, "id", error.message()))?;
        check_reason(row.reason.as_deref(), manifest)
            .map_err(|error| table.row_error(at, "reason", error.message()))?;
        check_dates(row.effective_from.as_deref(), row.effective_until.as_deref()).map_err(place)?;
        check_scope(&row.scope, manifest).map_err(place)?;
        check_texts(&row.description).map_err(|error| table.row_error(at, "description", error.message()))?;
    }
    let ids: Vec<String> = (0..table.rows.len()).map(|at| table.row_id(at)).collect();
    let versions = ids.iter().zip(&table.rows).map(|(id, row)| Version {
        id,
        from: row.effective_from.as_deref(),
        until: row.effective_until.as_deref(),
        scope: &row.scope,
    });
    check_versions("row", &versions.collect::<Vec<_>>())
        .map_err(|(at, key, message)| table.row_error(at, key, message))
}
