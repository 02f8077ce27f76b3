//! The reference profile: what the training sample looked like, without any of its rows.
//!
//! It gives reasons their baseline (how many training rows reached each node of a tree) and monitoring
//! its yardstick (how each field was distributed). Texts are counted only where the manifest lists the
//! values that are allowed: any other text may name a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::quantiles::Distribution;
use crate::bundle::Sha256Digest;
use crate::rules::{Column, Data};

/// The format's number.
pub(super) const FORMAT: u32 = 1;

/// `reference.json`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// 1.
    pub format: u32,
    /// Rows of the sample.
    pub rows: u64,
    /// Rows that were scored: quality did not refuse them.
    pub scored: u64,
    /// Per model what its reasons need.
    pub models: BTreeMap<String, ModelProfile>,
    /// Per input, feature and score how it was distributed over the scored rows.
    pub fields: BTreeMap<String, FieldProfile>,
}

/// What a profile knows of a model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelProfile {
    /// Digest of the ONNX file that the sample went through.
    pub sha256: Sha256Digest,
}

/// How a field was distributed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FieldProfile {
    /// Rows without a value.
    pub missing: u64,
    /// Numbers, times as seconds since 1970, truth values as 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Distribution>,
    /// Rows per allowed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<BTreeMap<String, u64>>,
}

/// Collects a field's values chunk by chunk.
#[derive(Default)]
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
            Data::Any(_) => None,
        };
        self.numbers.extend(number);
    }

    pub(super) fn finish(self) -> FieldProfile {
        FieldProfile { missing: self.missing, numbers: Distribution::of(self.numbers), texts: self.texts }
    }
}
