//! Counts of what was decided, and the report on them.

use serde::Deserialize;

use super::Scorer;
use super::assess::Assessment;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Fault, from_slice, json, push_value, to_value};
use crate::monitoring::{Counts, Observed, report};

/// Bytes of the counts that one report is made of, as a multiple of those of one record.
const RECORDS_PER_REPORT: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    counts: Vec<Counts>,
}

impl Scorer {
    /// Counts the decisions on all rows.
    pub(super) fn observe(&mut self, assessment: &Assessment) {
        let Self { plan, manifest, counts, .. } = self;
        let counts = counts.get_or_insert_with(|| Counts::none(plan));
        for (row, quality) in assessment.quality.iter().enumerate() {
            let one = Observed {
                quality,
                sound: assessment.is_sound(row),
                ruling: assessment.ruling(row),
                grade: assessment.grade(row, manifest),
                seen: assessment.view(row).and_then(|views| views.seen(row)),
                offers: assessment.offers(row),
            };
            counts.observe(plan, manifest, &assessment.columns, row, &one);
        }
    }
}

/// Writes what was counted since the last time, and forgets it.
pub(super) fn take(scorer: &mut Scorer, out: &mut Vec<u8>) -> Result<()> {
    let counts = scorer.counts.take().unwrap_or_else(|| Counts::none(&scorer.plan));
    push_value(out, &to_value(&counts));
    Ok(())
}

/// Adds counts up and reports on them.
pub(super) fn monitor(scorer: &Scorer, text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let limit = scorer.limits.record_bytes.saturating_mul(RECORDS_PER_REPORT);
    if text.len() > limit {
        let message =
            format!("the counts have {} bytes, the limit is {limit}; add fewer at a time", text.len());
        return Err(Error::new(ErrorCode::RecordBudget, message));
    }
    let request: Request = from_slice(text).map_err(|fault: Fault| {
        // The fault's own message may repeat a name, which may be anything.
        let (line, column) = fault.place(text);
        let message = format!(
            "line {line} column {column}: a request is an object with the list `counts`, as scoring gives them"
        );
        Error::new(ErrorCode::RequestInvalid, message)
    })?;
    let mut sum = Counts::none(&scorer.plan);
    for (at, counts) in request.counts.iter().enumerate() {
        let place = |error: Error| error.at(format_args!("counts[{at}]"));
        counts.check(&scorer.plan).map_err(place)?;
        sum.add(counts).map_err(place)?;
    }
    let answer = json!({"counts": sum, "report": report(&scorer.manifest, &scorer.plan, &sum)});
    push_value(out, &answer);
    Ok(())
}
