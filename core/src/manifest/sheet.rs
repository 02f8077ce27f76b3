//! Decision tables in CSV files: the header says what each column is, every other line is a row.
//!
//! The reading of lines and quotes is the `csv-core` crate's (RFC 4180, as spreadsheets write it). The
//! grammar of headers is in `docs/manifest/tables.md`.

use std::collections::BTreeMap;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::tables::{Table, TableInput, TableOutput, TableOutputType, TableRow};
use super::texts::Texts;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Value};

/// Most bytes of one cell.
const MAX_CELL_BYTES: usize = 16 << 10;

/// A line of the file: its number and its cells.
struct Line {
    number: usize,
    cells: Vec<String>,
}

/// What a column of the file is.
enum Header {
    Id,
    Reason,
    From,
    Until,
    Note,
    Scope(String),
    Input(usize),
    Output(usize),
}

/// Fills a table from its file.
///
/// # Errors
/// `manifest_invalid` at the file's name, with line and column and what would be right.
pub(super) fn fill(table: &mut Table, file: &str, bytes: &[u8], max_cells: usize) -> Result<()> {
    let text = text_of(bytes).map_err(|error| error.at(file))?;
    let lines = lines(text, max_cells).map_err(|error| error.at(file))?;
    let mut lines = lines.into_iter();
    let Some(header) = lines.next() else {
        return Err(invalid("line 1: the file is empty; its first line names the columns").at(file));
    };
    let headers = read_header(table, &header).map_err(|error| error.at(file))?;
    for line in lines {
        let row = read_row(table, &headers, &header, &line).map_err(|error| error.at(file))?;
        table.rows.push(row);
    }
    if table.rows.is_empty() {
        return Err(invalid("line 2: the table has no rows").at(file));
    }
    Ok(())
}

/// Returns of risk factors: a column per factor, a line per scenario; columns with `@` are for people.
///
/// # Errors
/// `manifest_invalid` at the file's name, with line and column and what would be right.
pub(super) fn read_returns(file: &str, bytes: &[u8], max_cells: usize) -> Result<BTreeMap<String, Vec<f64>>> {
    let lines = text_of(bytes).and_then(|text| lines(text, max_cells)).map_err(|error| error.at(file))?;
    let mut lines = lines.into_iter();
    let empty = || invalid("line 1: the file is empty; its first line names the factors").at(file);
    let header = lines.next().ok_or_else(empty)?;
    let mut returns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (at, name) in header.cells.iter().enumerate().filter(|(_, name)| !name.starts_with('@')) {
        if name.is_empty() || returns.insert(name.clone(), Vec::new()).is_some() {
            let message = "each factor has a name of its own";
            return Err(place(header.number, at, name, message).at(file));
        }
    }
    for line in lines {
        if line.cells.len() != header.cells.len() {
            let (found, wanted) = (line.cells.len(), header.cells.len());
            let message =
                format!("line {}: the line has {found} cells, the header has {wanted}", line.number);
            return Err(invalid(message).at(file));
        }
        for (at, (name, cell)) in header.cells.iter().zip(&line.cells).enumerate() {
            let Some(column) = returns.get_mut(name) else { continue };
            let number = cell.parse::<f64>().ok().filter(|number| number.is_finite());
            let wrong = || {
                let message =
                    format!("`{cell}` is no return; write a number with a decimal point, as in `-0.0125`");
                place(line.number, at, name, &message).at(file)
            };
            column.push(number.ok_or_else(wrong)?);
        }
    }
    Ok(returns)
}

/// The text of a file without the mark that spreadsheets put before it.
fn text_of(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        invalid(format!("line {line}: the file is no UTF-8; save it as \"CSV UTF-8\""))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Lines with anything in them; those that begin with `#` are comments.
fn lines(text: &str, max_cells: usize) -> Result<Vec<Line>> {
    let reader = |delimiter| ReaderBuilder::new().delimiter(delimiter).comment(Some(b'#')).build();
    // Spreadsheets of half of Europe write semicolons: whichever divides the header into more columns.
    let width = |delimiter| {
        split(reader(delimiter), text, usize::MAX, 1)
            .map(|lines| lines.first().map_or(0, |line| line.cells.len()))
    };
    let delimiter = if width(b';')? > width(b',')? { b';' } else { b',' };
    split(reader(delimiter), text, max_cells, usize::MAX)
}

fn split(mut reader: Reader, text: &str, max_cells: usize, max_lines: usize) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut cells: Vec<String> = Vec::new();
    let mut cell = Vec::new();
    let mut buffer = [0; 1_024];
    let mut offset = 0;
    let mut count = 0_usize;
    // Where lines have been counted up to, and the line there.
    let mut counted = (0, 1);
    let mut number = next_record(text, 0, &mut counted);
    loop {
        let rest = text.as_bytes().get(offset..).unwrap_or_default();
        let (result, read, written) = reader.read_field(rest, &mut buffer);
        offset += read;
        cell.extend_from_slice(buffer.get(..written).unwrap_or_default());
        if cell.len() > MAX_CELL_BYTES {
            return Err(invalid(format!("line {number}: a cell is longer than {MAX_CELL_BYTES} bytes")));
        }
        match result {
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::Field { record_end } => {
                count += 1;
                if count > max_cells {
                    return Err(invalid(format!(
                        "line {number}: the tables have more than {max_cells} cells"
                    )));
                }
                cells.push(String::from_utf8_lossy(&cell).trim().to_owned());
                cell.clear();
                if record_end {
                    let cells = std::mem::take(&mut cells);
                    if cells.iter().any(|cell| !cell.is_empty()) {
                        lines.push(Line { number, cells });
                    }
                    if lines.len() >= max_lines {
                        return Ok(lines);
                    }
                    number = next_record(text, offset, &mut counted);
                }
            }
            ReadFieldResult::End => return Ok(lines),
        }
    }
}

/// The line on which the record at this place begins, from 1; ends of lines, empty lines and comments
/// before it are skipped, as the reader skips them.
fn next_record(text: &str, offset: usize, counted: &mut (usize, usize)) -> usize {
    let bytes = text.as_bytes();
    let mut at = offset;
    loop {
        match bytes.get(at) {
            Some(b'\r' | b'\n') => at += 1,
            Some(b'#') => {
                at += bytes[at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - at);
            }
            _ => break,
        }
    }
    let between = bytes.get(counted.0..at).unwrap_or_default();
    *counted = (at, counted.1 + between.iter().filter(|&&byte| byte == b'\n').count());
    counted.1
}

fn read_header(table: &mut Table, header: &Line) -> Result<Vec<Header>> {
    let declared = std::mem::take(&mut table.outputs);
    let mut headers = Vec::with_capacity(header.cells.len());
    for (at, cell) in header.cells.iter().enumerate() {
        let wrong = |message: String| place(header.number, at, cell, &message);
        let parsed = match cell.strip_prefix('@') {
            Some(special) => match special.trim() {
                "id" => Header::Id,
                "reason" => Header::Reason,
                "from" => Header::From,
                "until" => Header::Until,
                "note" => Header::Note,
                scope if scope.starts_with("scope:") => {
                    Header::Scope(scope["scope:".len()..].trim().to_owned())
                }
                _ => {
                    return Err(wrong(
                        "columns with `@` are @id, @reason, @from, @until, @note and @scope:field".into(),
                    ));
                }
            },
            None => match cell.strip_prefix("->") {
                Some(output) => {
                    let mut output = read_output(output, &declared).map_err(wrong)?;
                    output.column = Some(at + 1);
                    table.outputs.push(output);
                    Header::Output(table.outputs.len() - 1)
                }
                None if cell.is_empty() => return Err(wrong("the column has no name".into())),
                None => {
                    let (name, expr) = match cell.split_once('=') {
                        Some((name, expr)) => (name.trim(), Some(expr.trim().to_owned())),
                        None => (cell.as_str(), None),
                    };
                    let input = TableInput { name: name.to_owned(), expr, ..TableInput::default() };
                    table.inputs.push(TableInput { column: Some(at + 1), ..input });
                    Header::Input(table.inputs.len() - 1)
                }
            },
        };
        headers.push(parsed);
    }
    if let Some(output) =
        declared.iter().find(|own| !table.outputs.iter().any(|other| other.name == own.name))
    {
        let message = format!(
            "line {}: there is no column `-> {}`, which the manifest declares",
            header.number, output.name
        );
        return Err(invalid(message));
    }
    Ok(headers)
}

/// `name: type`, or a name whose type the manifest declares.
fn read_output(text: &str, declared: &[TableOutput]) -> std::result::Result<TableOutput, String> {
    let (name, kind) = match text.split_once(':') {
        Some((name, kind)) => (name.trim(), Some(kind.trim())),
        None => (text.trim(), None),
    };
    let kind = match kind {
        None => None,
        Some("number") => Some(TableOutputType::Number),
        Some("integer") => Some(TableOutputType::Integer),
        Some("string") => Some(TableOutputType::String),
        Some("boolean") => Some(TableOutputType::Boolean),
        Some("outcome") => Some(TableOutputType::Outcome),
        Some(_) => {
            return Err(
                "an output is of type number, integer, string, boolean or outcome, as in `-> rate: number`"
                    .into(),
            );
        }
    };
    match (declared.iter().find(|own| own.name == name), kind) {
        (Some(own), Some(kind)) if own.kind != kind => {
            Err(format!("the manifest says that `{name}` is of type {}", own.kind.name()))
        }
        (Some(own), _) => Ok(own.clone()),
        (None, Some(kind)) => Ok(TableOutput {
            name: name.to_owned(),
            kind,
            values: None,
            default: None,
            unit: None,
            column: None,
        }),
        (None, None) => Err(format!("say the type of the output: `-> {name}: number`")),
    }
}

fn read_row(table: &Table, headers: &[Header], header: &Line, line: &Line) -> Result<TableRow> {
    if line.cells.len() != headers.len() {
        let message = format!(
            "line {}: the line has {} cells, the header has {}; a text with the delimiter in it needs quotes",
            line.number,
            line.cells.len(),
            headers.len()
        );
        return Err(invalid(message));
    }
    let mut row = TableRow {
        when: vec![Value::from("-"); table.inputs.len()],
        then: vec![Value::Null; table.outputs.len()],
        line: Some(line.number),
        ..TableRow::default()
    };
    for (at, (parsed, cell)) in headers.iter().zip(&line.cells).enumerate() {
        let text = || (!cell.is_empty()).then(|| cell.clone());
        let wrong = |message: &str| place(line.number, at, &header.cells[at], message);
        match parsed {
            Header::Id => row.id = text(),
            Header::Reason => row.reason = text(),
            Header::From => row.effective_from = text(),
            Header::Until => row.effective_until = text(),
            Header::Note => {
                row.description =
                    text().map(|note| Texts([("en".to_owned(), note)].into())).unwrap_or_default();
            }
            Header::Scope(field) if matches!(cell.as_str(), "" | "-") => {
                row.scope.remove(field);
            }
            Header::Scope(field) => {
                row.scope
                    .insert(field.clone(), cell.split(',').map(|item| scope_value(item.trim())).collect());
            }
            Header::Input(input) => {
                if let Some(slot) = row.when.get_mut(*input) {
                    *slot = cell.as_str().into();
                }
            }
            Header::Output(output) if cell.is_empty() => {
                let name = &table.outputs[*output].name;
                return Err(wrong(&format!("`{name}` is empty; write a value, or `null` for none")));
            }
            Header::Output(output) => {
                if let (Some(slot), Some(output)) = (row.then.get_mut(*output), table.outputs.get(*output)) {
                    *slot = output_value(cell, output.kind);
                }
            }
        }
    }
    Ok(row)
}

/// A cell of an output as JSON would write it; what is none stays text, an expression.
fn output_value(cell: &str, kind: TableOutputType) -> Value {
    if cell == "null" {
        return Value::Null;
    }
    let number = || {
        cell.parse::<f64>().ok().filter(|number| number.is_finite() && !cell.starts_with(char::is_alphabetic))
    };
    match kind {
        TableOutputType::Number => number().map_or_else(|| Value::from(cell), Value::from),
        TableOutputType::Integer => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
        TableOutputType::Boolean => match cell.to_ascii_lowercase().as_str() {
            "true" => Value::from(true),
            "false" => Value::from(false),
            _ => Value::from(cell),
        },
        TableOutputType::String | TableOutputType::Outcome => {
            // DMN writes texts in quotes; spreadsheets do not need them.
            let quoted = cell.len() > 1 && cell.starts_with('"') && cell.ends_with('"');
            let inner = if quoted { json::from_slice::<String>(cell.as_bytes()).ok() } else { None };
            Value::from(inner.unwrap_or_else(|| cell.to_owned()))
        }
    }
}

/// A value of a scope: a number or truth value where it is written as one, else text.
fn scope_value(text: &str) -> Value {
    match (text.parse::<i64>(), text) {
        (Ok(number), _) if number.to_string() == text => Value::from(number),
        (_, "true") => Value::from(true),
        (_, "false") => Value::from(false),
        _ => Value::from(text.trim_matches('"')),
    }
}

fn place(line: usize, at: usize, header: &str, message: &str) -> Error {
    invalid(format!("line {line}, column {} (`{header}`): {message}", at + 1))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
