//! `scorebox monitor`: adds up what was counted and says what has moved.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Color, Table};
use serde_json::Value;

use crate::bundle::Bundle;
use crate::counts::Counts;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};

/// Add up counts of `scorebox score --monitor` and of servers, and report what has moved since the bundle
/// was made.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The bundle: a folder or zip archive
    #[arg(long, short, value_name = "PATH")]
    bundle: PathBuf,
    /// Files of counts, with or without their reports
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,
    /// Where the sum and its report go, as JSON
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The report as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Fields that the table shows, those that moved most
    #[arg(long, default_value_t = 20, value_name = "N")]
    show: usize,
    /// Exit with 1 where the report's level is this or worse
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<Level>,
}

/// Levels of a report that somebody may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Level {
    /// Worth a look
    Watch,
    /// An alert
    Alert,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    let bundle = Bundle::load(engine, &arguments.bundle)?;
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path.display(), &error))?;
        Counts::parse(&text).map_err(|error| error.at(path.display()))
    };
    let counts = arguments.files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let answer = bundle.monitor(&counts)?;
    if let Some(path) = &arguments.output {
        write_answer(&answer, path)?;
    }
    let report = &answer["report"];
    if arguments.json {
        super::print(&serde_json::to_string_pretty(report).unwrap_or_default())?;
    } else {
        super::print(&text(report, arguments.show))?;
    }
    let level = match report["level"].as_str() {
        Some("alert") => Some(Level::Alert),
        Some("watch") => Some(Level::Watch),
        _ => None,
    };
    let failed = arguments.fail_on.is_some_and(|least| level.is_some_and(|level| level >= least));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes counts and report of what a bundle has counted.
pub(super) fn write(bundle: &Bundle, path: &Path) -> Result<()> {
    let counts = bundle.take_counts()?;
    write_answer(&bundle.monitor(&[counts])?, path)
}

fn write_answer(answer: &Value, path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(answer)
        .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
    std::fs::write(path, text + "\n").map_err(|error| Error::io(path.display(), &error))
}

/// The report for people: a head, then tables of what moved most.
fn text(report: &Value, show: usize) -> String {
    let of = |value: &Value| value.as_u64().unwrap_or(0);
    let bundle = &report["bundle"];
    let mut text = format!(
        "{} {}: {}\n{} records, {} scored; the sample had {}\n",
        bundle["name"].as_str().unwrap_or_default(),
        bundle["version"].as_str().unwrap_or_default(),
        report["level"].as_str().unwrap_or_default(),
        of(&report["rows"]),
        of(&report["scored"]),
        report["sample"]["rows"].as_u64().map_or("none".into(), |rows| rows.to_string()),
    );
    let mut fields: Vec<&Value> = report["fields"].as_array().into_iter().flatten().collect();
    fields.sort_by(|a, b| number(&b["index"]).total_cmp(&number(&a["index"])));
    let mut table = new_table(&["field", "role", "level", "index", "noise", "missing", "in sample"]);
    for field in fields.iter().take(show) {
        table.add_row(vec![
            plain(&field["field"]),
            plain(&field["role"]),
            level(&field["level"]),
            decimal(&field["index"]),
            decimal(&field["noise"]),
            percent(&field["missing"]["share"]),
            percent(&field["missing"]["sample"]),
        ]);
    }
    text += &format!("\nstability\n{table}\n");
    if fields.len() > show {
        text += &format!("the first {show} of {} fields; --show gives more\n", fields.len());
    }
    let quality: Vec<&Value> = report["quality"].as_array().into_iter().flatten().collect();
    if !quality.is_empty() {
        let mut table = new_table(&["field", "issue", "level", "share", "in sample"]);
        for line in quality {
            table.add_row(vec![
                plain(&line["field"]),
                plain(&line["issue"]),
                level(&line["level"]),
                percent(&line["share"]),
                percent(&line["sample"]),
            ]);
        }
        text += &format!("\nquality\n{table}\n");
    }
    let mut table = new_table(&["what", "level", "index", "shares (in sample)"]);
    for (name, mix) in report["mix"].as_object().into_iter().flatten() {
        let share = |own: &Value| {
            let sample =
                own["sample"].as_f64().map_or(String::new(), |sample| format!(" ({})", hundredths(sample)));
            let share = own["share"].as_f64().map_or("-".into(), hundredths);
            format!("{} {share}{sample}", own["name"].as_str().unwrap_or_default())
        };
        let shares: Vec<String> = mix["shares"].as_array().into_iter().flatten().map(share).collect();
        table.add_row(vec![
            Cell::new(name),
            level(&mix["level"]),
            decimal(&mix["index"]),
            Cell::new(shares.join(", ")),
        ]);
    }
    text + &format!("\ndecisions\n{table}")
}

fn new_table(names: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(names);
    table
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(-1.0)
}

fn plain(value: &Value) -> Cell {
    Cell::new(value.as_str().unwrap_or_default())
}

fn level(value: &Value) -> Cell {
    let color = match value.as_str() {
        Some("ok") => Color::Green,
        Some("watch") => Color::Yellow,
        Some("alert") => Color::Red,
        _ => Color::Grey,
    };
    plain(value).fg(color)
}

fn decimal(value: &Value) -> Cell {
    let text = value.as_f64().map_or_else(String::new, |number| format!("{number:.4}"));
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn percent(value: &Value) -> Cell {
    Cell::new(value.as_f64().map_or_else(String::new, hundredths)).set_alignment(CellAlignment::Right)
}

fn hundredths(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
