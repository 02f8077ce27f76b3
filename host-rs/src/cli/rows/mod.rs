//! Rows from CSV, NDJSON and Parquet, in chunks, in order, none lost.
//!
//! A row that cannot be read is a row still: it keeps its place and says what is wrong with it.

mod csv_rows;
mod ndjson_rows;
mod parquet_rows;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::Value;

use crate::cli::progress::{self, Watched};
use crate::error::{Error, ErrorCode, Result};
use crate::table::Column;

/// A format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Comma-separated values with a header
    Csv,
    /// One JSON object per line
    Ndjson,
    /// Apache Parquet
    Parquet,
}

impl RowFormat {
    /// The format that a file's name promises.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "csv" | "tsv" | "txt" => Self::Csv,
            "ndjson" | "jsonl" | "json" => Self::Ndjson,
            "parquet" | "pq" => Self::Parquet,
            _ => return None,
        })
    }
}

/// One row that was read: where it stands, what is carried through, and whether it can be scored.
pub(crate) struct Row {
    /// Line (CSV, NDJSON; the header of a CSV is line 1) or row number (Parquet), counted from 1.
    pub(crate) number: u64,
    /// The values of the columns to keep, in the order asked for.
    pub(crate) kept: Vec<Value>,
    /// Why it cannot be scored, where it cannot.
    pub(crate) fault: Option<Error>,
}

/// What the rows without a fault are scored from, in order.
pub(crate) enum Records {
    /// One JSON text per row.
    Json(Vec<String>),
    /// Columns with one element per row.
    Columns(Vec<Column<'static>>),
}

/// Some rows.
pub(crate) struct Chunk {
    pub(crate) rows: Vec<Row>,
    pub(crate) records: Records,
}

/// Which columns matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The bundle's inputs, and `now`; `None` for every column.
    pub(crate) inputs: Option<Vec<String>>,
    /// Columns to carry through.
    pub(crate) keep: Vec<String>,
}

impl Wanted {
    /// Every column, none carried through.
    pub(crate) const fn everything() -> Self {
        Self { inputs: None, keep: Vec::new() }
    }

    /// Whether a column of this name is an input.
    pub(crate) fn is_input(&self, name: &str) -> bool {
        self.inputs.as_ref().is_none_or(|inputs| inputs.iter().any(|input| input == name))
    }
}

/// A source of chunks.
pub(crate) trait Source {
    /// The next rows, at most `limit`; `None` at the end.
    fn next(&mut self, limit: usize) -> Result<Option<Chunk>>;

    /// The columns of the file, where they are known before the rows are.
    fn columns(&self) -> Option<&[String]>;
}

/// How to open an input.
pub(crate) struct Opening {
    /// The file; `None` or `-` for standard input.
    pub(crate) path: Option<PathBuf>,
    /// The format; by name or content where not given.
    pub(crate) format: Option<RowFormat>,
    /// What separates a CSV's cells.
    pub(crate) delimiter: u8,
    /// The longest line of NDJSON.
    pub(crate) record_bytes: usize,
    /// Whether to show progress.
    pub(crate) progress: bool,
}

/// Opens an input.
pub(crate) fn open(opening: &Opening, wanted: Wanted) -> Result<(Box<dyn Source>, ProgressBar)> {
    let path = opening.path.as_deref().filter(|path| path.as_os_str() != "-");
    let Some(path) = path else {
        let bar = progress::bar(None, opening.progress);
        let input = BufReader::new(Watched::new(io::stdin(), bar.clone()));
        return Ok((from_stream(opening, wanted, input)?, bar));
    };
    let failed = |error: io::Error| Error::io(path.display(), &error);
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let bar = progress::bar(Some(bytes), opening.progress);
    let format = opening.format.or_else(|| RowFormat::of(path));
    let source = if format == Some(RowFormat::Parquet) {
        // Parquet is read from its end; the bar counts what the columns take.
        let watched = bar.clone();
        parquet_rows::open(file, wanted, move |bytes| watched.inc(bytes))
    } else {
        let opening = Opening { format, path: None, ..*opening };
        from_stream(&opening, wanted, BufReader::new(Watched::new(file, bar.clone())))
    };
    Ok((source.map_err(|error| error.at(path.display()))?, bar))
}

fn from_stream(
    opening: &Opening,
    wanted: Wanted,
    mut input: impl BufRead + 'static,
) -> Result<Box<dyn Source>> {
    let format = match opening.format {
        Some(format) => format,
        None => sniff(&mut input)?,
    };
    match format {
        RowFormat::Csv => csv_rows::open(input, &wanted, opening.delimiter),
        RowFormat::Ndjson => Ok(ndjson_rows::open(input, wanted, opening.record_bytes)),
        RowFormat::Parquet => {
            // A stream cannot be read from its end, so it is taken whole.
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(|error| Error::io("standard input", &error))?;
            parquet_rows::open(Bytes::from(bytes), wanted, |_| {})
        }
    }
}

/// The format of a stream, from its first bytes.
fn sniff(input: &mut impl BufRead) -> Result<RowFormat> {
    let start = input.fill_buf().map_err(|error| Error::io("input", &error))?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    Ok(match text.first() {
        _ if start.starts_with(b"PAR1") => RowFormat::Parquet,
        Some(b'{') => RowFormat::Ndjson,
        Some(b'[') => {
            let message = "this is a JSON array; write one object per line (NDJSON)";
            return Err(Error::new(ErrorCode::HostFormat, message));
        }
        _ => RowFormat::Csv,
    })
}
