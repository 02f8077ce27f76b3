//! `scorebox score`: a file of records in, decisions out, in chunks and in order.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::rows::{self, Chunk, Opening, Records, RowFormat, Wanted};
use super::sinks::{self, Answer, Layout, Shown};
use crate::bundle::Bundle;
use crate::decision::Decision;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::options::{BatchOutput, Held, Now, ScoreOptions};
use crate::table::Batch;

/// Rows that are held at a time: enough to keep every instance busy, few enough for small memory and
/// smooth progress.
const CHUNK_ROWS: usize = 8_192;

/// Score a file of records, or standard input.
///
/// A row that cannot be read stays in the output with its line number and what is wrong with it; the
/// exit code is then 3.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The bundle: a folder or zip archive
    #[arg(long, short, value_name = "PATH")]
    bundle: PathBuf,
    /// CSV, NDJSON or Parquet; `-` or nothing for standard input
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where decisions go; `-` or nothing for standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How decisions are written [default: by the output's name; a table on a terminal, else CSV]
    #[arg(long, short, value_enum)]
    format: Option<OutputFormat>,
    /// How the input is read [default: by its name, or by its first bytes]
    #[arg(long, value_enum)]
    input_format: Option<RowFormat>,
    /// What separates the cells of a CSV
    #[arg(long, default_value = ",", value_name = "CHAR")]
    delimiter: char,
    /// Columns to carry into the output, such as an id
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    keep: Vec<String>,
    /// The time of the decisions, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Bytes that salt the digests of the records, in hex
    #[arg(long, value_name = "HEX", env = "SCOREBOX_SALT", hide_env_values = true)]
    salt: Option<String>,
    /// How many reasons to give [default: as the bundle says]
    #[arg(long, value_name = "K")]
    reasons: Option<u32>,
    /// Language of the reasons' texts
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// What decisions say of items that are not offered [default: as the bundle says]
    #[arg(long, value_enum, value_name = "WHAT")]
    held: Option<HeldArgument>,
    /// What a bandit has learned, as JSON [default: what the bundle brings]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Count what is decided, and write counts and report here; `scorebox monitor` adds them up
    #[arg(long, value_name = "FILE")]
    monitor: Option<PathBuf>,
    /// Rows that a table shows; all are scored and counted
    #[arg(long, default_value_t = 20, value_name = "N")]
    show: usize,
    /// No progress bar and no summary
    #[arg(long, short)]
    quiet: bool,
}

/// What decisions say of items that are not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HeldArgument {
    /// Each with its first cause
    First,
    /// Each with every cause that was found
    All,
    /// How many each cause holds back
    Counts,
}

/// How decisions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people: points, grade, outcome and reasons
    Table,
    /// One line per row, one column per field
    Csv,
    /// One JSON object per row: its number, what was kept, and the decision's fields
    Ndjson,
    /// Apache Parquet, one column per field
    Parquet,
    /// One canonical decision per line, byte for byte as every host gives it
    Decisions,
}

impl Arguments {
    fn format(&self) -> Result<OutputFormat> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(path) = self.output.as_deref().filter(|path| path.as_os_str() != "-") else {
            let terminal = io::stdout().is_terminal();
            return Ok(if terminal { OutputFormat::Table } else { OutputFormat::Csv });
        };
        match RowFormat::of(path) {
            Some(RowFormat::Csv) => Ok(OutputFormat::Csv),
            Some(RowFormat::Ndjson) => Ok(OutputFormat::Ndjson),
            Some(RowFormat::Parquet) => Ok(OutputFormat::Parquet),
            None => Err(Error::new(
                ErrorCode::RequestInvalid,
                "the output's name ends in none of .csv, .ndjson, .parquet; say --format",
            )
            .at(path.display())),
        }
    }

    fn options(&self) -> Result<ScoreOptions> {
        let salt = self.salt.as_deref().map(|digits| {
            unhex(digits)
                .ok_or_else(|| Error::new(ErrorCode::RequestInvalid, "--salt takes pairs of hex digits"))
        });
        Ok(ScoreOptions {
            now: self.now.clone().map_or(Now::Clock, Now::At),
            salt: salt.transpose()?,
            reasons: self.reasons,
            lang: self.lang.clone(),
            held: self.held.map(|held| match held {
                HeldArgument::First => Held::First,
                HeldArgument::All => Held::All,
                HeldArgument::Counts => Held::Counts,
            }),
            state: self.state.as_deref().map(super::learn::read_state).transpose()?,
            monitor: self.monitor.is_some(),
            what_if: false,
        })
    }

    fn delimiter(&self) -> Result<u8> {
        u8::try_from(self.delimiter)
            .map_err(|_| Error::new(ErrorCode::RequestInvalid, "--delimiter takes one ASCII character"))
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    digits.len().is_multiple_of(2).then_some(())?;
    digits.chunks(2).map(|pair| Some((value(pair.first()?)? << 4 | value(pair.last()?)?) as u8)).collect()
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    let format = arguments.format()?;
    let mut options = arguments.options()?;
    let bundle = Bundle::load(engine, &arguments.bundle)?;
    // One time for the whole file, whichever chunk a row falls into.
    if options.now == Now::Clock {
        options.now = Now::At(crate::clock::now());
    }
    let mut inputs = input_names(&bundle);
    if !inputs.iter().any(|name| name == "now") {
        inputs.push("now".into());
    }
    let wanted = Wanted { inputs: Some(inputs), keep: arguments.keep.clone() };
    let opening = Opening {
        path: arguments.input.clone(),
        format: arguments.input_format,
        delimiter: arguments.delimiter()?,
        record_bytes: engine.config().record_bytes,
        progress: !arguments.quiet,
    };
    let (mut source, bar) = rows::open(&opening, wanted.clone())?;
    if let (Some(columns), false) = (source.columns(), arguments.quiet) {
        bar.suspend(|| warn_about_columns(columns, &wanted));
    }
    let layout = Layout {
        keep: arguments.keep.clone(),
        scores: score_names(&bundle),
        shown: Shown::of(bundle.describe()),
        show: arguments.show,
    };
    let mut sink = sinks::open(format, arguments.output.as_deref(), layout)?;
    let mut summary = Summary::default();
    while let Some(chunk) = source.next(CHUNK_ROWS)? {
        let answers = score(&bundle, chunk, &options, engine.config().instances)?;
        summary.count(&answers);
        bar.set_message(format!("{} rows", summary.rows));
        sink.write(&answers)?;
    }
    bar.finish_and_clear();
    sink.finish()?;
    if let Some(path) = &arguments.monitor {
        super::monitor::write(&bundle, path)?;
    }
    if !arguments.quiet {
        eprintln!("{summary}");
    }
    Ok(if summary.failed > 0 { super::some_rows_failed() } else { ExitCode::SUCCESS })
}

/// Scores one chunk. What is wrong with the bundle or the options ends the command; what is wrong with
/// a row stays with the row.
fn score(bundle: &Bundle, chunk: Chunk, options: &ScoreOptions, lanes: usize) -> Result<Vec<Answer>> {
    let decisions = match chunk.records {
        Records::Json(records) => score_records(bundle, &records, options, lanes),
        Records::Columns(columns) => {
            let rows = chunk.rows.iter().filter(|row| row.fault.is_none()).count();
            let scored = bundle.score_batch(&Batch { rows, columns }, options, BatchOutput::Decisions)?;
            let column = scored.column("decision");
            let decision = |at| {
                column
                    .and_then(|column| column.text(at))
                    .map_or_else(|| Err(missing()), |json| Decision::new(json.as_bytes()))
            };
            (0..rows).map(decision).collect()
        }
    };
    let mut decisions = decisions.into_iter();
    let mut answers = Vec::with_capacity(chunk.rows.len());
    for row in chunk.rows {
        let result = match row.fault {
            Some(fault) => Err(fault),
            None => match decisions.next() {
                Some(Err(error)) if !is_of_the_row(error.code()) => return Err(error),
                Some(result) => result,
                None => Err(missing()),
            },
        };
        answers.push(Answer { number: row.number, kept: row.kept, result });
    }
    Ok(answers)
}

fn missing() -> Error {
    Error::new(ErrorCode::ModuleAbi, "the module gave fewer decisions than rows")
}

/// Scores records one by one, side by side.
fn score_records(
    bundle: &Bundle,
    records: &[String],
    options: &ScoreOptions,
    lanes: usize,
) -> Vec<Result<Decision>> {
    let part = records.len().div_ceil(lanes.max(1)).max(1);
    let score = |records: &[String]| -> Vec<Result<Decision>> {
        records.iter().map(|record| bundle.score(record, options)).collect()
    };
    if records.len() < 2 {
        return score(records);
    }
    thread::scope(|scope| {
        let lanes: Vec<_> = records.chunks(part).map(|part| scope.spawn(move || score(part))).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap_or_default()).collect()
    })
}

const fn is_of_the_row(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::RequestInvalid | ErrorCode::ModuleAbi | ErrorCode::HostSetup)
}

/// The names of the bundle's inputs.
fn input_names(bundle: &Bundle) -> Vec<String> {
    names(&bundle.describe()["inputs"])
}

/// The names of the bundle's scores, so that a file's columns are known before its first row.
fn score_names(bundle: &Bundle) -> Vec<String> {
    names(&bundle.describe()["scores"])
}

/// Names from a list of names or of objects with a name.
fn names(list: &Value) -> Vec<String> {
    let name = |item: &Value| item.as_str().or_else(|| item["name"].as_str()).map(ToOwned::to_owned);
    list.as_array().into_iter().flatten().filter_map(name).collect()
}

fn warn_about_columns(columns: &[String], wanted: &Wanted) {
    let inputs = wanted.inputs.as_deref().unwrap_or_default();
    let absent = |names: &[String]| {
        let absent = names.iter().filter(|name| *name != "now" && !columns.contains(name));
        absent.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let used = |name: &&String| wanted.is_input(name) || wanted.keep.contains(*name);
    let unused: Vec<&str> = columns.iter().filter(|name| !used(name)).map(String::as_str).collect();
    for (what, names) in [
        ("no column for the inputs", absent(inputs)),
        ("columns not used", unused.join(", ")),
        ("--keep finds no", absent(&wanted.keep)),
    ] {
        if !names.is_empty() {
            eprintln!("note: {what}: {names}");
        }
    }
}

/// Counts for the last line.
#[derive(Default)]
struct Summary {
    rows: usize,
    failed: usize,
    outcomes: BTreeMap<String, usize>,
}

impl Summary {
    fn count(&mut self, answers: &[Answer]) {
        self.rows += answers.len();
        for answer in answers {
            match &answer.result {
                Ok(decision) => *self.outcomes.entry(decision.outcome().to_owned()).or_default() += 1,
                Err(_) => self.failed += 1,
            }
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows", self.rows)?;
        for (outcome, count) in &self.outcomes {
            write!(f, ", {count} {outcome}")?;
        }
        write!(f, ", {} in error", self.failed)
    }
}
