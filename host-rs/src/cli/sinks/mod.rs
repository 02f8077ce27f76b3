//! Decisions out: a table for people, CSV, NDJSON, Parquet, or the canonical decisions themselves.

mod columns;
mod csv_sink;
mod json_sink;
mod parquet_sink;
mod shown;
mod table_sink;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

pub(super) use self::shown::Shown;
use super::score::OutputFormat;
use crate::decision::Decision;
use crate::error::{Error, Result};

/// What became of one row.
pub(super) struct Answer {
    /// Its line or row number in the input.
    pub(super) number: u64,
    /// The values carried through.
    pub(super) kept: Vec<Value>,
    /// The decision, or why there is none.
    pub(super) result: Result<Decision>,
}

/// What the output looks like.
pub(super) struct Layout {
    /// Names of the columns carried through.
    pub(super) keep: Vec<String>,
    /// Names of the bundle's scores.
    pub(super) scores: Vec<String>,
    /// Further columns that the bundle has: its view, the policy's steps, offers.
    pub(super) shown: Vec<Shown>,
    /// Rows that a table shows.
    pub(super) show: usize,
}

/// Takes answers, in order.
pub(super) trait Sink {
    /// Writes some rows.
    fn write(&mut self, answers: &[Answer]) -> Result<()>;
    /// Writes what is left and closes.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A file or standard output, with its name for errors.
struct Output {
    writer: Box<dyn Write + Send>,
    place: String,
}

impl Output {
    fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Self {
                writer: Box::new(BufWriter::new(io::stdout())),
                place: "standard output".into(),
            });
        };
        let place = path.display().to_string();
        let file = File::create(path).map_err(|error| Error::io(&place, &error))?;
        Ok(Self { writer: Box::new(BufWriter::new(file)), place })
    }

    fn error(place: &str, error: &io::Error) -> Error {
        super::output_error(place, error)
    }
}

/// Opens an output.
pub(super) fn open(format: OutputFormat, path: Option<&Path>, layout: Layout) -> Result<Box<dyn Sink>> {
    let output = Output::open(path)?;
    Ok(match format {
        OutputFormat::Table => Box::new(table_sink::TableSink::new(output, layout)),
        OutputFormat::Csv => Box::new(csv_sink::CsvSink::new(output, layout)),
        OutputFormat::Ndjson => Box::new(json_sink::JsonSink::new(output, layout, false)),
        OutputFormat::Decisions => Box::new(json_sink::JsonSink::new(output, layout, true)),
        OutputFormat::Parquet => Box::new(parquet_sink::ParquetSink::new(output, layout)?),
    })
}
