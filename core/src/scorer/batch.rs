//! Batches: chunks of rows through the stages, answers collected in columns.

use std::collections::BTreeSet;

use super::Scorer;
use super::extra::Extras;
use super::gather::{Gathered, Optional};
use crate::decision::{issue_text, outcome_name};
use crate::error::{Error, ErrorCode, Result};
use crate::frame::Batch;
use crate::onnx::Strings;
use crate::privacy::Shown;
use crate::request::Options;
use crate::scope::{GRADE, POINTS, score_type};
use crate::table::{Table, Writer};

/// Rows that go through the stages together: enough to be fast, few enough that a batch of any length
/// needs little memory besides its answers.
const CHUNK_ROWS: usize = 2_048;
/// Cells of lists that go through the stages together at most, some 70 MB of them; a row alone may have more.
const CHUNK_CELLS: usize = 8 << 20;
/// The column of what is shown of the records.
const RECORD: &str = "record";

/// Writes a column per field of the decision.
pub(super) fn columns(
    scorer: &mut Scorer,
    table: &Table<'_>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<()> {
    let shown = Shown::new(&options.echo, scorer.schema.layout())?;
    let mut answers = Answers { records: shown.as_ref().map(|_| Strings::default()), ..Answers::new(scorer) };
    each_chunk(scorer, table, options, |scorer, assessment| {
        for row in 0..assessment.quality.len() {
            answers.push(scorer, assessment, row, options);
            if let Some(records) = &mut answers.records {
                show(shown.as_ref(), assessment, row, options, records);
            }
        }
        Ok(())
    })?;
    answers.finish(scorer, table.rows(), out)
}

/// Writes one column with the canonical bytes of each decision.
pub(super) fn decisions(
    scorer: &mut Scorer,
    table: &Table<'_>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<()> {
    let shown = Shown::new(&options.echo, scorer.schema.layout())?;
    let mut texts = Strings::default();
    let mut records = Strings::default();
    let mut bytes = Vec::new();
    let mut total = 0_usize;
    each_chunk(scorer, table, options, |scorer, assessment| {
        for row in 0..assessment.quality.len() {
            bytes.clear();
            scorer.write_decision(assessment, row, options, &mut bytes);
            total += bytes.len();
            texts.push(std::str::from_utf8(&bytes).unwrap_or_default());
            total += show(shown.as_ref(), assessment, row, options, &mut records);
        }
        Ok(())
    })?;
    if u32::try_from(total).is_err() {
        return Err(Error::new(ErrorCode::RunBudget, "the decisions pass 4 GiB; send fewer rows"));
    }
    let mut writer = Writer::default();
    writer.texts("decision", texts.iter(), None);
    if shown.is_some() {
        writer.texts(RECORD, records.iter(), None);
    }
    writer.finish(table.rows(), out)
}

/// Appends what is shown of a record, and gives its length.
fn show(
    shown: Option<&Shown>,
    assessment: &super::Assessment,
    row: usize,
    options: &Options,
    records: &mut Strings,
) -> usize {
    let Some(shown) = shown else { return 0 };
    let mut bytes = Vec::new();
    shown.write(&assessment.columns, row, &options.salt, &mut bytes);
    records.push(std::str::from_utf8(&bytes).unwrap_or_default());
    bytes.len()
}

/// Writes one column with the key that tells each record apart: 32 hex digits, or nothing where it has none.
pub(super) fn keys(scorer: &Scorer, table: &Table<'_>, options: &Options, out: &mut Vec<u8>) -> Result<()> {
    let Some(key) = scorer.schema.key() else {
        let message = "the bundle does not look for duplicates, so its records have no keys";
        return Err(Error::new(ErrorCode::RequestInvalid, message).at("output"));
    };
    check_rows(scorer, table)?;
    let layout = scorer.schema.layout();
    let batch = Batch::new(table, layout, true)?;
    let chunk_rows = chunk_rows(scorer);
    let mut texts = Strings::default();
    let mut start = 0;
    while start < table.rows() {
        let end = table.rows().min(start + chunk_rows);
        let keys = key.texts(&batch.frame(start..end, layout, options.now));
        keys.iter().for_each(|key| texts.push(key));
        start = end;
    }
    let mut writer = Writer::default();
    writer.texts("key", texts.iter(), None);
    writer.finish(table.rows(), out)
}

fn check_rows(scorer: &Scorer, table: &Table<'_>) -> Result<()> {
    let rows = table.rows();
    if rows <= scorer.limits.batch_rows {
        return Ok(());
    }
    let message = format!("the batch has {rows} rows, the limit is {}", scorer.limits.batch_rows);
    Err(Error::new(ErrorCode::RecordBudget, message))
}

/// Rows that go through the stages together: fewer where each may hold long lists.
fn chunk_rows(scorer: &Scorer) -> usize {
    let layout = scorer.schema.layout();
    let cells = |at: usize| layout.list(at).map_or(0, |list| list.most_records * list.names.len());
    let of_row = (0..layout.inputs().len()).map(cells).sum::<usize>().max(1);
    (CHUNK_CELLS / of_row).clamp(1, CHUNK_ROWS)
}

pub(super) fn each_chunk(
    scorer: &mut Scorer,
    table: &Table<'_>,
    options: &Options,
    mut take: impl FnMut(&mut Scorer, &super::Assessment) -> Result<()>,
) -> Result<()> {
    let rows = table.rows();
    check_rows(scorer, table)?;
    let batch = Batch::new(table, scorer.schema.layout(), scorer.schema.key().is_some())?;
    let chunk_rows = chunk_rows(scorer);
    let mut seen = BTreeSet::new();
    let mut start = 0;
    while start < rows {
        let end = rows.min(start + chunk_rows);
        let mut frame = batch.frame(start..end, scorer.schema.layout(), options.now);
        if let Some(key) = scorer.schema.key().filter(|_| !batch.says_repeated()) {
            key.compare(&mut frame, &mut seen);
        }
        let assessment = scorer.assess(frame, options)?;
        if options.monitor {
            scorer.observe(&assessment);
        }
        take(scorer, &assessment)?;
        start = end;
    }
    Ok(())
}

/// The columns of the answer.
struct Answers {
    outcome: Optional<Strings>,
    quality: Strings,
    issues: Strings,
    scores: Vec<Gathered>,
    points: Optional<Vec<i64>>,
    grade: Optional<Strings>,
    rules: Strings,
    reasons: Strings,
    texts: Strings,
    extras: Extras,
    /// What is shown of the records, where they are asked for.
    records: Option<Strings>,
}

impl Answers {
    fn new(scorer: &Scorer) -> Self {
        let scores = scorer.scores.entries().iter();
        Self {
            outcome: Optional::default(),
            quality: Strings::default(),
            issues: Strings::default(),
            scores: scores.map(|entry| Gathered::of(&score_type(entry.kind))).collect(),
            points: Optional::default(),
            grade: Optional::default(),
            rules: Strings::default(),
            reasons: Strings::default(),
            texts: Strings::default(),
            extras: Extras::new(scorer),
            records: None,
        }
    }

    fn push(&mut self, scorer: &Scorer, assessment: &super::Assessment, row: usize, options: &Options) {
        let quality = &assessment.quality[row];
        let ruling = assessment.ruling(row);
        self.outcome.push(outcome_name(quality, ruling));
        self.quality.push(quality.verdict.name());
        let layout = scorer.schema.layout();
        let issue = |(field, issue): &(_, _)| issue_text(field, *issue, layout, &scorer.head.issues);
        self.issues.push(&quality.issues.iter().map(issue).collect::<Vec<_>>().join(","));
        let shown = assessment.scored(row);
        for (entry, column) in scorer.scores.entries().iter().zip(&mut self.scores) {
            column.push(assessment.columns.get(entry.place), row, shown);
        }
        self.points.push_cell(assessment.points(row));
        self.grade.push(assessment.grade(row, &scorer.manifest));
        let ids = scorer.head.policy.as_ref().map_or(&[][..], |(_, ids)| ids);
        let fired = ruling.map_or(&[][..], |ruling| &ruling.rules.fired);
        let fired: Vec<&str> = fired.iter().filter_map(|&at| ids.get(at)).map(String::as_str).collect();
        self.rules.push(&fired.join(","));
        let reasons = scorer.reasons(assessment, row, options);
        self.reasons.push(&reasons.iter().map(|reason| reason.code).collect::<Vec<_>>().join(","));
        self.texts.push(&reasons.iter().map(|reason| reason.text).collect::<Vec<_>>().join("; "));
        self.extras.push(scorer, assessment, row);
    }

    fn finish(&self, scorer: &Scorer, rows: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut writer = Writer::default();
        writer.texts("outcome", self.outcome.cells.iter(), Some(&self.outcome.present));
        writer.texts("quality", self.quality.iter(), None);
        writer.texts("issues", self.issues.iter(), None);
        for (name, score) in scorer.head.scores.iter().zip(&self.scores) {
            score.write(name, &mut writer);
        }
        if scorer.head.points {
            writer.column(POINTS, &self.points.cells, Some(&self.points.present));
            writer.texts(GRADE, self.grade.cells.iter(), Some(&self.grade.present));
        }
        writer.texts("rules", self.rules.iter(), None);
        writer.texts("reasons", self.reasons.iter(), None);
        writer.texts("reason_texts", self.texts.iter(), None);
        self.extras.write(&mut writer);
        if let Some(records) = &self.records {
            writer.texts(RECORD, records.iter(), None);
        }
        writer.finish(rows, out)
    }
}
