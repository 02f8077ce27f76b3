//! What the three tree operators do at each run: bring the rows into the precision of the trees, score
//! them, and hand the scores on.

use super::features::rows_and_columns;
use super::tree::aggregate::{self, Aggregate};
use super::tree::fast::{Fast, Scored};
use super::tree::{Ensemble, Forest};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Io;
use crate::onnx::shape::Shape;

/// The scores of all rows.
pub(super) struct Scores<'s, T> {
    pub(super) rows: usize,
    /// As many per row as there are targets.
    pub(super) sums: &'s mut [T],
    /// Whether a target had any vote.
    pub(super) seen: &'s [bool],
}

/// Scores input 0 and calls `finish` with the sums.
pub(super) fn with_scores<T: Fast>(
    io: &mut Io<'_>,
    ensemble: &Ensemble,
    forest: &Forest<T>,
    aggregate: Aggregate,
    finish: impl FnOnce(&mut Io<'_>, Scores<'_, T>) -> Result<()>,
) -> Result<()> {
    let tensor = io.tensor(0)?;
    let (rows, width) = rows_and_columns(tensor.shape())?;
    if width < ensemble.features() {
        return Err(Error::new(
            ErrorCode::InputShape,
            format!("the trees look at {} columns, the input has {width}", ensemble.features()),
        ));
    }
    let targets = ensemble.targets();
    io.check(&Shape::matrix(rows, targets))?;
    let (inputs, sums) = T::buffers(io.scratch);
    let (mut inputs, mut sums) = (std::mem::take(inputs), std::mem::take(sums));
    let mut seen = std::mem::take(&mut io.scratch.flags);
    sums.resize(rows * targets, T::ZERO);
    seen.resize(rows * targets, false);
    let mut work = std::mem::take(&mut io.scratch.trees);
    let values = T::values(tensor.data(), &mut inputs);
    let scored = Scored { targets, scores: &mut sums, seen: &mut seen };
    if width == 0 {
        // Trees that look at no column are leaves only; any one value per row will do.
        let one_each = vec![T::ZERO; rows];
        aggregate::score(forest, ensemble, aggregate, (&one_each, 1), scored, &mut work);
    } else {
        aggregate::score(forest, ensemble, aggregate, (values, width), scored, &mut work);
    }
    io.scratch.trees = work;
    let done = finish(io, Scores { rows, sums: &mut sums, seen: &seen });
    let (kept_inputs, kept_sums) = T::buffers(io.scratch);
    (*kept_inputs, *kept_sums) = (inputs, sums);
    io.scratch.flags = seen;
    done
}
