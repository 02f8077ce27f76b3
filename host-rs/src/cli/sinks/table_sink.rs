//! Decisions as a table for people: the first rows, with points, grade, outcome and reasons.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table};
use serde_json::Value;

use super::{Answer, Layout, Output, Shown, Sink};
use crate::error::Result;

/// Columns of the table where it is not a terminal that says how wide it is.
const WIDTH: u16 = 140;
/// Scores that have columns of their own; of more there is one column that names them, which stays readable.
const SCORE_COLUMNS: usize = 6;

/// Of the further columns, those that fit a terminal: where the customer stands and what comes first.
const TOLD: [&str; 4] = ["lifecycle", "alerts", "offers", "offer_channel"];

pub(super) struct TableSink {
    output: Output,
    layout: Layout,
    /// Further columns that people want to see.
    told: Vec<Shown>,
    table: Table,
    rows: usize,
}

impl TableSink {
    pub(super) fn new(output: Output, layout: Layout) -> Self {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_none() {
            table.set_width(WIDTH);
        }
        let kept = layout.keep.iter().map(String::as_str);
        let told: Vec<_> =
            layout.shown.iter().filter(|column| TOLD.contains(&&*column.name)).cloned().collect();
        let mut names: Vec<&str> = std::iter::once("row").chain(kept).chain(["outcome"]).collect();
        if layout.scores.len() > SCORE_COLUMNS {
            names.push("scores");
        } else {
            names.extend(layout.scores.iter().map(String::as_str));
        }
        names.extend(told.iter().map(|column| &*column.name));
        names.push("why");
        table.set_header(names);
        Self { output, layout, told, table, rows: 0 }
    }

    fn row(&self, answer: &Answer) -> Vec<Cell> {
        let mut cells = vec![Cell::new(answer.number).set_alignment(CellAlignment::Right)];
        cells.extend(answer.kept.iter().map(|value| Cell::new(plain(value))));
        match &answer.result {
            Ok(decision) => {
                let json = decision.json();
                let outcome = decision.outcome();
                cells.push(Cell::new(outcome).fg(color(outcome)));
                cells.extend(self.scores(&json["scores"]));
                cells.extend(self.told.iter().map(|column| Cell::new(plain(&column.value(json)))));
                cells.push(Cell::new(why(json)));
            }
            Err(error) => {
                cells.push(Cell::new("error").fg(Color::Magenta));
                cells.extend(self.scores(&Value::Null));
                cells.extend(self.told.iter().map(|_| Cell::new("")));
                cells.push(Cell::new(error));
            }
        }
        cells
    }

    /// The cells of the scores: one each, or one for all of them where they are many.
    fn scores(&self, scores: &Value) -> Vec<Cell> {
        let names = &self.layout.scores;
        if names.len() > SCORE_COLUMNS {
            let said = names.iter().filter(|name| !scores[name.as_str()].is_null());
            let lines: Vec<String> = said.map(|name| format!("{name} {}", plain(&scores[name]))).collect();
            return vec![Cell::new(lines.join(", "))];
        }
        let cell = |name: &String| {
            let score = &scores[name.as_str()];
            let cell = Cell::new(plain(score));
            if score.is_number() { cell.set_alignment(CellAlignment::Right) } else { cell }
        };
        names.iter().map(cell).collect()
    }
}

/// Reasons with their texts, after what the record's quality says.
fn why(decision: &Value) -> String {
    let issues = decision["quality"]["issues"].as_array().into_iter().flatten();
    let issue = |issue: &Value| {
        Some(format!("{} {}", issue["field"].as_str()?, issue["issue"].as_str()?.replace('_', " ")))
    };
    let reasons = decision["reasons"].as_array().into_iter().flatten();
    let reason = |reason: &Value| {
        let (code, text) = (reason["code"].as_str()?, reason["text"].as_str().unwrap_or_default());
        Some(format!("{code} {text}").trim().to_owned())
    };
    let lines: Vec<String> = issues.filter_map(issue).chain(reasons.filter_map(reason)).collect();
    lines.join("\n")
}

fn color(outcome: &str) -> Color {
    match outcome {
        "approve" => Color::Green,
        "decline" => Color::Red,
        "refuse" => Color::Magenta,
        _ => Color::Yellow,
    }
}

/// A value for the eye: probabilities with four places.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.4}", number.as_f64().unwrap_or(f64::NAN)),
        other => other.to_string(),
    }
}

impl Sink for TableSink {
    fn write(&mut self, answers: &[Answer]) -> Result<()> {
        let room = self.layout.show.saturating_sub(self.rows);
        for answer in answers.iter().take(room) {
            let row = self.row(answer);
            self.table.add_row(row);
        }
        self.rows += answers.len();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let mut text = format!("{}\n", self.table);
        if self.rows > self.layout.show {
            text +=
                &format!("the first {} of {} rows; --format csv gives all\n", self.layout.show, self.rows);
        }
        let written = self.output.writer.write_all(text.as_bytes()).and_then(|()| self.output.writer.flush());
        written.map_err(|error| Output::error(&self.output.place, &error))
    }
}
