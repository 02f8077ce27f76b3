//! A training sample through the stages, for the reference profile.

use super::load::{Purpose, load};
use super::{Scorer, batch};
use crate::error::Result;
use crate::limits::Limits;
use crate::models::Scoring;
use crate::monitoring::Mix;
use crate::reasons::{Baseline, measure};
use crate::request::Options;
use crate::rules::Column;
use crate::scope::Scope;
use crate::table;

/// Some rows of a sample after all stages.
pub(crate) struct SampleChunk<'c> {
    /// The names of the columns.
    pub(crate) scope: &'c Scope,
    /// Inputs, the time, features, scores, quality.
    pub(crate) columns: &'c [Column],
    /// Number of rows.
    pub(crate) rows: usize,
    /// The rows that were scored.
    pub(crate) scored: &'c [usize],
    /// Counts for the contributions of the explained model, where there is one.
    pub(crate) baseline: Option<Baseline>,
}

impl Scorer {
    /// Loads a bundle that has no reference profile yet.
    pub(crate) fn load_for_sample(zip: &[u8], limits: &Limits) -> Result<Self> {
        load(zip, limits, [0; 32], Purpose::Sample)
    }

    /// What was wrong with the records of the sample, and what was decided on them.
    pub(crate) fn take_mix(&mut self) -> Mix {
        self.counts.take().map(|counts| counts.mix).unwrap_or_default()
    }

    /// Takes a table of training rows through the stages, chunk by chunk.
    pub(crate) fn each_scored(&mut self, table: &[u8], mut take: impl FnMut(&SampleChunk<'_>)) -> Result<()> {
        let scope = self.scope.clone();
        let table = table::read(table)?;
        let reasons = self.manifest.reasons.as_ref();
        let explained = reasons.and_then(|reasons| reasons.model.clone());
        let explained = explained.and_then(|id| self.manifest.models.iter().position(|model| model.id == id));
        let options = Options { monitor: true, ..Options::default() };
        batch::each_chunk(self, &table, &options, |scorer, assessment| {
            let rows = assessment.quality.len();
            let scored: Vec<usize> = (0..rows).filter(|&row| assessment.is_sound(row)).collect();
            let baseline = match explained.and_then(|at| scorer.models.get_mut(at)) {
                Some(model) if !scored.is_empty() => Some(baseline(model, &assessment.columns, &scored)?),
                _ => None,
            };
            take(&SampleChunk {
                scope: &scope,
                columns: &assessment.columns,
                rows,
                scored: &scored,
                baseline,
            });
            Ok(())
        })
    }
}

/// The sums of a chunk's profile.
fn baseline(model: &mut Scoring, columns: &[Column], rows: &[usize]) -> Result<Baseline> {
    let onnx = model.shared();
    let mut baseline = Baseline::default();
    let part = if model.is_row_by_row() { 1 } else { rows.len() };
    for rows in rows.chunks(part) {
        baseline.add(&measure(&onnx, &model.feeds(columns, rows)?)?, rows.len());
    }
    Ok(baseline)
}
