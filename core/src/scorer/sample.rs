//! A training sample through the stages, for the reference profile.

use super::load::{Purpose, load};
use super::{Scorer, batch, explain};
use crate::error::Result;
use crate::limits::Limits;
use crate::models::Scoring;
use crate::monitoring::Mix;
use crate::reasons::Measure;
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

    /// Takes a table of training rows through the stages, chunk by chunk. What the explained model's
    /// contributions start from is measured on the way.
    pub(crate) fn each_scored(
        &mut self,
        table: &[u8],
        mut take: impl FnMut(&SampleChunk<'_>),
    ) -> Result<Option<Measure>> {
        let scope = self.scope.clone();
        let table = table::read(table)?;
        let (explained, mut measure) = match self.explained_model() {
            Some(at) => {
                let (spec, model) = (&self.manifest.models[at], self.models[at].shared());
                let subject = explain::subject(spec, &self.models[at]);
                (at, Some(subject.measure(&model).map_err(|error| error.at("reasons"))?))
            }
            None => (0, None),
        };
        let options = Options { monitor: true, ..Options::default() };
        batch::each_chunk(self, &table, &options, |scorer, assessment| {
            let rows = assessment.quality.len();
            let scored: Vec<usize> = (0..rows).filter(|&row| assessment.is_sound(row)).collect();
            if let (Some(measure), Some(model)) = (&mut measure, scorer.models.get_mut(explained)) {
                add(measure, model, &assessment.columns, &scored)?;
            }
            take(&SampleChunk { scope: &scope, columns: &assessment.columns, rows, scored: &scored });
            Ok(())
        })?;
        Ok(measure)
    }

    /// The place of the model that reasons are about.
    fn explained_model(&self) -> Option<usize> {
        let id = self.manifest.reasons.as_ref()?.model.as_ref()?;
        self.manifest.models.iter().position(|model| model.id == *id)
    }
}

/// Adds some rows to what is measured.
fn add(measure: &mut Measure, model: &mut Scoring, columns: &[Column], rows: &[usize]) -> Result<()> {
    let part = if model.is_row_by_row() { 1 } else { rows.len().max(1) };
    rows.chunks(part).try_for_each(|rows| measure.add(&model.feeds(columns, rows)?))
}
