//! What a sample of records says about "not known": counted once when a bundle is packed, and small.

use std::sync::Arc;

use super::numbers::{count_rows, input, read};
use super::terms::Terms;
use super::trees::Trees;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Inputs;
use crate::onnx::plan::Watcher;
use crate::onnx::{Model, Session, Value};

/// Counts and means over a sample. No record can be told from them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// For trees: how many rows of the sample reach each node, splits first, then leaves, in the order
    /// of the loaded model; one ensemble after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<f64>,
    /// For weighted sums: the mean of each value that is summed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f64>,
}

/// Counts and sums over a sample, part by part.
pub struct Measure {
    session: Session,
    watcher: Counting,
}

struct Counting {
    terms: Terms,
    trees: Vec<Trees>,
    /// Where the nodes of each part begin among all.
    starts: Vec<usize>,
    steps: Vec<usize>,
    counts: Vec<f64>,
    sums: Vec<f64>,
    rows: usize,
    numbers: Vec<f64>,
}

impl Measure {
    /// Prepares to measure a sample for the terms of a model's output.
    pub(super) fn new(model: &Arc<Model>, terms: Terms) -> Result<Self> {
        let trees = Trees::of_parts(model, &terms)?;
        let mut nodes = 0;
        let starts = trees.iter().map(|trees| {
            let start = nodes;
            nodes += trees.nodes();
            start
        });
        let watcher = Counting {
            starts: starts.collect(),
            steps: terms.steps(),
            counts: vec![0.0; nodes],
            sums: vec![0.0; terms.readings.len()],
            rows: 0,
            numbers: Vec::new(),
            trees,
            terms,
        };
        Ok(Self { session: Session::new(Arc::clone(model)), watcher })
    }

    /// Adds a part of the sample: the feeds of one run of the model, a row per record.
    ///
    /// # Errors
    /// Whatever running the model finds.
    pub fn add(&mut self, feeds: &[(&str, &Value)]) -> Result<()> {
        self.session.run_watched(feeds, &mut self.watcher, false)
    }

    /// The profile of all rows.
    ///
    /// # Errors
    /// [`ErrorCode::RecordMalformed`] where there is no row or, for weighted sums, a value that is not finite.
    pub fn finish(self) -> Result<Profile> {
        let Counting { counts, mut sums, rows, .. } = self.watcher;
        if rows == 0 {
            return Err(Error::new(ErrorCode::RecordMalformed, "the sample has no rows"));
        }
        for sum in &mut sums {
            *sum /= rows as f64;
            if !sum.is_finite() {
                return Err(Error::new(
                    ErrorCode::RecordMalformed,
                    "a column of the sample has a missing or infinite value where the model sums it up",
                ));
            }
        }
        Ok(Profile { covers: counts, means: sums })
    }
}

impl Watcher for Counting {
    fn steps(&self) -> &[usize] {
        &self.steps
    }

    fn see(&mut self, watched: usize, inputs: &dyn Inputs) -> Result<()> {
        let step = self.steps[watched];
        let mut rows = 0;
        let mut last = None;
        for (sum, reading) in self.sums.iter_mut().zip(&self.terms.readings) {
            if reading.step != step {
                continue;
            }
            if last != Some(reading.input) {
                let tensor = input(inputs, reading.input)?;
                rows = count_rows(tensor, reading.width)?;
                self.numbers.clear();
                read(tensor, &mut self.numbers)?;
                last = Some(reading.input);
            }
            *sum += self.numbers.iter().skip(reading.element).step_by(reading.width).sum::<f64>();
        }
        for (at, part) in self.terms.parts.iter().enumerate().filter(|(_, part)| part.step == step) {
            let tensor = input(inputs, 0)?;
            rows = count_rows(tensor, part.columns.len())?;
            self.numbers.clear();
            read(tensor, &mut self.numbers)?;
            let counts = &mut self.counts[self.starts[at]..];
            for row in self.numbers.chunks_exact(part.columns.len().max(1)) {
                self.trees[at].visit(row, |node| counts[node] += 1.0);
            }
        }
        if watched == 0 {
            self.rows += rows;
        }
        Ok(())
    }
}
