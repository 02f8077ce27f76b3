//! Counting a sample: what becomes of its rows in the reference profile.

use std::collections::BTreeMap;

use super::quantiles::quantile;
use crate::reference::{Distribution, FieldProfile};
use crate::rules::{Column, Data};
use crate::scores::{SHARES, share};

/// Collects a field's values chunk by chunk.
pub(super) struct FieldCounter {
    missing: u64,
    numbers: Vec<f64>,
    texts: Option<BTreeMap<String, u64>>,
}

impl FieldCounter {
    /// A counter; `texts` are those that are counted by name.
    pub(super) fn new(texts: Option<BTreeMap<String, u64>>) -> Self {
        Self { missing: 0, numbers: Vec::new(), texts }
    }

    /// Counts a cell.
    pub(super) fn push(&mut self, column: &Column, row: usize) {
        if column.is_null(row) || column.fault(row).is_some() {
            self.missing += 1;
            return;
        }
        let number = match column.data() {
            Data::Double(cells) => cells.get(row).copied(),
            Data::Int(cells) => cells.get(row).map(|&cell| cell as f64),
            Data::Bool(cells) => cells.get(row).map(|&cell| f64::from(u8::from(cell))),
            Data::Timestamp(cells) => cells.get(row).map(|cell| cell.seconds() as f64),
            Data::Text(cells) => {
                if let Some(count) = self.texts.as_mut().and_then(|texts| texts.get_mut(cells.get(row))) {
                    *count += 1;
                }
                None
            }
            Data::Records(_) | Data::Any(_) => None,
        };
        self.numbers.extend(number);
    }

    /// The quantiles that anomalies are told by.
    pub(super) fn percentiles(&self) -> Vec<f64> {
        let mut sorted = self.numbers.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted.is_empty() {
            return Vec::new();
        }
        (0..SHARES).map(|at| quantile(&sorted, share(at))).collect()
    }

    pub(super) fn finish(self) -> FieldProfile {
        FieldProfile { missing: self.missing, numbers: Distribution::of(self.numbers), texts: self.texts }
    }
}
