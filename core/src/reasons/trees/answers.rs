//! What a row answers to the splits of the trees.
//!
//! Nearly every split compares with `<=` or can be made to: `x < t` is `x <= u` with the number `u` just
//! below `t`, and `x > t` its opposite. A missing value that should hold is replaced by minus infinity, which
//! is below every threshold, in a second copy of its column. So most splits cost one comparison without a
//! branch; the rest are asked of the ensemble.

use std::collections::BTreeMap;

use crate::onnx::explain::{Ensemble, Test};

/// A split as `value <= threshold`, or its opposite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) threshold: f64,
    /// The column of the prepared row.
    pub(super) column: u32,
    /// Whether the answer is turned round.
    opposite: bool,
    /// The split in the ensemble, where no comparison stands for it.
    other: Option<u32>,
}

impl Question {
    /// Whether it is a comparison that is not turned round.
    pub(super) const fn is_plain(&self) -> bool {
        !self.opposite && self.other.is_none()
    }

    /// The answer of a prepared row: 1 where the split holds.
    pub(super) fn answer(&self, ensemble: &Ensemble, row: &[f64]) -> u8 {
        match self.other {
            Some(number) => ensemble.holds(number as usize, row).into(),
            None => u8::from(row[self.column as usize] <= self.threshold) ^ u8::from(self.opposite),
        }
    }
}

#[cfg(test)]
impl Question {
    /// A comparison.
    pub(super) const fn compare(column: u32, threshold: f64) -> Self {
        Self { threshold, column, opposite: false, other: None }
    }

    /// A split of which nothing is known.
    pub(super) const fn other(number: u32) -> Self {
        Self { threshold: 0.0, column: 0, opposite: false, other: Some(number) }
    }
}

/// How rows are prepared.
#[derive(Debug)]
pub(super) struct Rows {
    width: usize,
    /// Columns of which there is a copy with minus infinity for what is missing, and its place.
    copies: BTreeMap<u32, u32>,
    /// Whether the trees compare floats.
    floats: bool,
}

impl Rows {
    /// Rows of `width` values for this ensemble.
    pub(super) const fn new(ensemble: &Ensemble, width: usize) -> Self {
        Self { width, copies: BTreeMap::new(), floats: !ensemble.is_double() }
    }

    /// Split `number` of the ensemble as a question.
    pub(super) fn question(&mut self, ensemble: &Ensemble, number: u32) -> Question {
        let at = number as usize;
        let asked = ensemble.comparison(at);
        let (threshold, opposite) = match asked.test {
            Test::Leq => (asked.threshold, false),
            Test::Lt => (asked.threshold.next_down(), false),
            Test::Gt => (asked.threshold, true),
            Test::Gte => (asked.threshold.next_down(), true),
            Test::Eq | Test::Neq | Test::Member => (f64::NAN, false),
        };
        let mut column = ensemble.feature(at) as u32;
        if !threshold.is_finite() || !asked.threshold.is_finite() {
            return Question { threshold, column, opposite, other: Some(number) };
        }
        if asked.missing_is_true != opposite {
            let next = self.columns() as u32;
            column = *self.copies.entry(column).or_insert(next);
        }
        Question { threshold, column, opposite, other: None }
    }

    /// Values that a prepared row has.
    pub(super) fn columns(&self) -> usize {
        self.width + self.copies.len()
    }

    /// Prepares a row: its values, then the copies.
    pub(super) fn prepare(&self, row: &[f64], prepared: &mut [f64]) {
        for (prepared, &value) in prepared.iter_mut().zip(row) {
            *prepared = if self.floats { f64::from(value as f32) } else { value };
        }
        for (&column, &copy) in &self.copies {
            let value = prepared[column as usize];
            prepared[copy as usize] = if value.is_nan() { f64::NEG_INFINITY } else { value };
        }
    }
}
