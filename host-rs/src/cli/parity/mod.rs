//! `scorebox verify --model`: whether an exported model says what its source says, on rows with the
//! source's answers. The terms are those of `scorebox.verify` in Python, and both write one certificate.

mod answers;
mod feeds;
mod report;
#[cfg(test)]
mod tests;
mod traps;

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use self::answers::Got;
use self::feeds::{absent, integer, number};
pub(super) use self::report::Parity;
use self::traps::{Answers, Rows};
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::model::Model;
use crate::table::Column;

/// Rows that the model takes at a time.
const BLOCK_ROWS: usize = 4_096;

#[derive(Debug, Args)]
#[command(next_help_heading = "Comparing an export with its source")]
pub(super) struct Comparison {
    /// An `.onnx` file to compare with its source, in place of a bundle
    #[arg(long, value_name = "FILE", requires = "data", requires = "expected", conflicts_with = "bundle")]
    pub(super) model: Option<PathBuf>,
    /// Rows, CSV or Parquet: the model's inputs and the source's answers
    #[arg(long, value_name = "FILE", requires = "model")]
    data: Option<PathBuf>,
    /// The columns with the source's answers: one, or one for each class in order
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "model")]
    expected: Vec<String>,
    /// Columns that are neither inputs nor answers, such as an id
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "model")]
    ignore: Vec<String>,
    /// The output to compare [default: the first that fits the answers, probabilities before others]
    #[arg(long, value_name = "NAME", requires = "model")]
    output: Option<String>,
    /// What may differ, absolute and relative
    #[arg(long, value_name = "T", default_value_t = 1e-5)]
    tolerance: f64,
    /// The source as its library prints it, such as "KNeighborsClassifier(weights='distance')": some traps
    /// are told from that alone
    #[arg(long, value_name = "TEXT", default_value = "", requires = "model", hide_default_value = true)]
    source: String,
    /// Write the report there; `scorebox pack` takes certificates in a bundle's folder `parity/`
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(super) certificate: Option<PathBuf>,
}

/// What the source answered.
enum Expected {
    Labels(Vec<String>),
    Numbers(Answers),
}

/// The output to compare and the expected answers, in each other's form.
struct Pair {
    output: String,
    want: Expected,
    got: Got,
    /// Whether the one column of answers is the probability of the second of two classes.
    is_binary: bool,
}

pub(super) fn compare(engine: &Engine, asked: &Comparison, path: &Path) -> Result<Parity> {
    if !(asked.tolerance.is_finite() && asked.tolerance >= 0.0) {
        return Err(invalid("--tolerance is a number, 0 or more"));
    }
    let data = asked.data.as_deref().ok_or_else(|| invalid("give --data"))?;
    let read = |path: &Path| std::fs::read(path).map_err(|error| Error::io(path.display(), &error));
    let bytes = read(path)?;
    let (model_digest, data_file_digest) = (digest(&bytes), digest(&read(data)?));
    let model = Model::from_bytes(engine, bytes).map_err(|error| error.at(path.display()))?;
    let columns = feeds::columns(engine, data)?;
    if columns.iter().all(|column| column.data.is_empty()) {
        return Err(invalid("there are no rows to compare").at(data.display()));
    }
    let find = |name: &String| {
        columns.iter().find(|column| column.name == *name).ok_or_else(|| {
            invalid(format!("there is no column {name:?}; the data have {}", names(&columns)))
                .at(data.display())
        })
    };
    let answers = asked.expected.iter().map(find).collect::<Result<Vec<_>>>()?;
    asked.ignore.iter().try_for_each(|name| find(name).map(|_| ()))?;
    let apart =
        |column: &&Column<'_>| !asked.expected.iter().chain(&asked.ignore).any(|name| column.name == *name);
    let inputs: Vec<&Column<'_>> = columns.iter().filter(apart).collect();
    let rows = answers.first().map_or(0, |column| column.data.len());
    let feeds = feeds::feeds(&model, &inputs, rows).map_err(|error| error.at(data.display()))?;
    let outputs = answers::run(&model, &feeds, rows)?;
    let Pair { output, want, got, is_binary } = pair(asked, &answers, outputs, rows)?;
    let is_foreign = |column: &&Column<'_>, row| column.text(row).is_some_and(|text| !text.is_ascii());
    let marks = Rows {
        near: answers::near(&model, &feeds, rows, &output, &got)?,
        missing: (0..rows).map(|row| inputs.iter().any(|column| absent(column, row))).collect(),
        not_ascii: (0..rows).map(|row| inputs.iter().any(|column| is_foreign(column, row))).collect(),
    };
    let mut parity = Parity { rows, output, tolerance: asked.tolerance, ..Parity::default() };
    parity.model_digest = model_digest;
    parity.data_file_digest = data_file_digest;
    match (want, got) {
        (Expected::Numbers(want), Got::Numbers(got)) => {
            let apart = traps::difference(&got, &want, asked.tolerance);
            parity.largest_absolute = Some(apart.absolute).filter(|value| value.is_finite());
            parity.largest_relative = Some(apart.relative).filter(|value| value.is_finite());
            parity.largest_ulp = Some(apart.ulp);
            if apart.off.contains(&true) {
                parity.trap = traps::whole_answer(&got, &want)
                    .or_else(|| traps::some_rows(&apart.off, &marks, apart.absolute, &asked.source));
            }
            parity.differing = numbers_of(&apart.off);
            parity.flips = numbers_of(&traps::flips(&got, &want, is_binary));
        }
        (Expected::Labels(want), Got::Labels(got)) => {
            let off: Vec<bool> = want.iter().zip(&got).map(|(want, got)| want != got).collect();
            if off.contains(&true) {
                parity.trap = traps::some_rows(&off, &marks, f64::INFINITY, &asked.source);
            }
            parity.flips = numbers_of(&off);
        }
        _ => return Err(invalid("labels cannot be compared with numbers; name another --output")),
    }
    parity.near_threshold = numbers_of(&marks.near);
    parity.advice = parity.trap.map_or("", traps::advice);
    parity.ok = parity.differing.is_empty() && parity.flips.is_empty();
    Ok(parity)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::RequestInvalid, message)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(columns: &[Column<'_>]) -> String {
    columns.iter().map(|column| &*column.name).collect::<Vec<_>>().join(", ")
}

/// The numbers of the rows that are marked.
fn numbers_of(marks: &[bool]) -> Vec<usize> {
    marks.iter().enumerate().filter_map(|(row, marked)| marked.then_some(row)).collect()
}

fn pair(
    asked: &Comparison,
    columns: &[&Column<'_>],
    mut outputs: Vec<(String, Got)>,
    rows: usize,
) -> Result<Pair> {
    // A margin beside a probability fits the same answers.
    outputs.sort_by_key(|(name, _)| !name.to_lowercase().contains("prob"));
    let cells = (0..rows).flat_map(|row| columns.iter().map(move |column| (*column, row)));
    let numbers: Result<Vec<f64>> = cells.clone().map(|(column, row)| number(column, row)).collect();
    let is_whole = cells.clone().all(|(column, row)| {
        integer(&column.data, row).is_some()
            || column.text(row).is_some_and(|text| text.trim().parse::<i64>().is_ok())
    });
    let has_labels = outputs.iter().any(|(_, got)| matches!(got, Got::Labels(_)));
    let wanted = |name: &String| asked.output.as_ref().is_none_or(|output| output == name);
    let width = columns.len();
    let mut known = Vec::new();
    for (output, got) in outputs {
        known.push(output.clone());
        if !wanted(&output) {
            continue;
        }
        match (got, &numbers) {
            (Got::Labels(got), _) if width == 1 && (is_whole || numbers.is_err()) => {
                let label = |(column, row): (&Column<'_>, usize)| match column.text(row) {
                    Some(text) => text.trim().to_owned(),
                    None => integer(&column.data, row).map(|value| value.to_string()).unwrap_or_default(),
                };
                let want = Expected::Labels(cells.map(label).collect());
                return Ok(Pair { output, want, got: Got::Labels(got), is_binary: false });
            }
            (Got::Numbers(got), Ok(numbers)) if asked.output.is_some() || !(is_whole && has_labels) => {
                let is_binary = width == 1 && got.columns == 2;
                let got = if is_binary { got.last_column() } else { got };
                if got.columns == width {
                    let want = Answers { values: numbers.clone(), columns: width, double: true };
                    return Ok(Pair {
                        output,
                        want: Expected::Numbers(want),
                        got: Got::Numbers(got),
                        is_binary,
                    });
                }
            }
            _ => {}
        }
    }
    let known = known.join(", ");
    Err(match (&asked.output, numbers) {
        (Some(output), _) if !known.split(", ").any(|name| name == output) => {
            invalid(format!("there is no output {output:?} with an answer per row; the model gives {known}"))
        }
        (_, Err(error)) if !has_labels => error,
        _ => invalid(format!("{width} column(s) of answers fit no output; the model gives {known}")),
    })
}
