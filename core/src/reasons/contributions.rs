//! What an explanation holds.

use super::terms::Terms;
use crate::error::{Error, ErrorCode, Result};

/// Base value and contributions may differ from the margin by this share of it, or of 1 where it is less.
const TOLERANCE: f64 = 1e-6;

/// What the features of each row contribute to each score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// The number of rows.
    pub rows: usize,
    /// The number of scores that are explained: one for a regression or two classes, else one per class.
    pub outputs: usize,
    /// The number of features.
    pub features: usize,
    /// `rows * outputs * features` contributions, in the unit of the margin (log-odds for most
    /// classifiers, a probability for random forests).
    pub values: Vec<f64>,
    /// `rows * outputs` margins: the score before any transform, summed in double.
    pub margins: Vec<f64>,
    /// As many standard errors as values, where those are estimates; else none.
    pub errors: Vec<f64>,
}

impl Contributions {
    /// The contributions of all features to one score of one row.
    #[must_use]
    pub fn of(&self, row: usize, output: usize) -> &[f64] {
        let start = (row * self.outputs + output) * self.features;
        self.values.get(start..start + self.features).unwrap_or_default()
    }

    /// The standard errors of the contributions of all features to one score of one row; none where the
    /// contributions are exact.
    #[must_use]
    pub fn errors_of(&self, row: usize, output: usize) -> &[f64] {
        let start = (row * self.outputs + output) * self.features;
        self.errors.get(start..start + self.features).unwrap_or_default()
    }

    /// The margin of one score of one row.
    #[must_use]
    pub fn margin(&self, row: usize, output: usize) -> f64 {
        self.margins.get(row * self.outputs + output).copied().unwrap_or(f64::NAN)
    }

    /// Makes room for so many rows the first time it is called in a run.
    pub(super) fn begin(&mut self, rows: usize, terms: &Terms) -> Result<()> {
        if self.rows == rows && rows > 0 {
            return Ok(());
        }
        if self.rows > 0 {
            return Err(Error::new(
                ErrorCode::InputShape,
                "parts of the model see different numbers of rows",
            ));
        }
        self.rows = rows;
        self.errors.clear();
        self.values.clear();
        self.values.resize(rows * self.outputs * self.features, 0.0);
        self.margins.clear();
        for _ in 0..rows {
            self.margins.extend(terms.sums.iter().map(|sum| sum.bias));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, row: usize, output: usize, factor: f64, contributions: &[f64]) {
        let start = (row * self.outputs + output) * self.features;
        let own = &mut self.values[start..start + self.features];
        for (own, contribution) in own.iter_mut().zip(contributions) {
            *own += factor * contribution;
        }
    }

    /// Checks that the base values and the contributions of a row add up to its margins.
    ///
    /// # Errors
    /// [`ErrorCode::ReasonsSum`] where they do not, which infinite or missing values of a weighted sum cause.
    pub fn check(&self, row: usize, base: &[f64]) -> Result<()> {
        for (output, &base) in base.iter().enumerate() {
            let margin = self.margin(row, output);
            let sum = self.of(row, output).iter().fold(base, |sum, value| sum + value);
            let apart = (sum - margin).abs();
            if apart.is_nan() || apart > TOLERANCE * margin.abs().max(1.0) {
                return Err(Error::new(
                    ErrorCode::ReasonsSum,
                    format!("row {row}: the contributions do not add up to the model's margin"),
                ));
            }
        }
        Ok(())
    }

    /// Appends the rows of another part of the same batch.
    pub(crate) fn append(&mut self, other: &mut Self) {
        if self.rows == 0 {
            std::mem::swap(self, other);
            return;
        }
        self.rows += other.rows;
        self.values.extend_from_slice(&other.values);
        self.margins.extend_from_slice(&other.margins);
        self.errors.extend_from_slice(&other.errors);
    }
}
