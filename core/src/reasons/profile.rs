//! What a sample of records says about "not known": counted once when a bundle is packed, and small.

use std::sync::Arc;

use super::explainer::Explained;
use super::trees::Trees;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Inputs;
use crate::onnx::{Model, Session, Value};

/// Counts and means over a sample. No record can be told from them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// For trees: how many rows of the sample reach each node, splits first, then leaves, in the order
    /// of the loaded model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<f64>,
    /// For weighted sums: the mean of each column that is summed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f64>,
}

/// Makes the profile of a sample: `feeds` are those of one run of the model, a row per record.
///
/// # Errors
/// [`ErrorCode::ModelUnsupported`] where the model has no part that reasons can be made of,
/// [`ErrorCode::RecordMalformed`] where the sample is empty or, for weighted sums, has a value that is
/// not finite; whatever running the model finds.
pub fn measure(model: &Arc<Model>, feeds: &[(&str, &Value)]) -> Result<Profile> {
    let explained = Explained::find(model)?;
    let mut session = Session::new(Arc::clone(model));
    session.read_before(feeds, explained.step, |inputs: &dyn Inputs| {
        let mut rows = Vec::new();
        let (count, width) = explained.rows(inputs, &mut rows)?;
        if count == 0 {
            return Err(Error::new(ErrorCode::RecordMalformed, "the sample has no rows"));
        }
        match &explained.trees {
            Some(trees) => Ok(Profile { covers: count_covers(trees, &rows, width), means: Vec::new() }),
            None => means(&rows, width).map(|means| Profile { covers: Vec::new(), means }),
        }
    })
}

/// Counts how many of `rows` (values of `width` columns each) reach each node of the trees.
pub(super) fn count_covers(trees: &Trees, rows: &[f64], width: usize) -> Vec<f64> {
    let mut covers = vec![0.0; trees.nodes()];
    for row in rows.chunks_exact(width.max(1)) {
        trees.visit(row, |node| {
            if let Some(count) = covers.get_mut(node) {
                *count += 1.0;
            }
        });
    }
    covers
}

fn means(rows: &[f64], width: usize) -> Result<Vec<f64>> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks_exact(width.max(1)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    let count = (rows.len() / width.max(1)) as f64;
    for sum in &mut sums {
        *sum /= count;
        if !sum.is_finite() {
            return Err(Error::new(
                ErrorCode::RecordMalformed,
                "a column of the sample has a missing or infinite value where the model sums it up",
            ));
        }
    }
    Ok(sums)
}
