//! From leaves to sums: what the votes of all trees come to, row by row.

use super::ensemble::{Ensemble, Forest};
use super::fast::{self, Fast, Kernels, Scored, Work};
use super::real::Real;
use super::walk::BLOCK;
use crate::error::{Error, ErrorCode, Result};

/// How votes for one target become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    /// Their sum over the number of trees.
    Average,
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Aggregate {
    /// The aggregate of this name.
    pub(in super::super) fn from_name(name: Option<&str>) -> Result<Self> {
        Ok(match name {
            Some("AVERAGE") => Self::Average,
            None | Some("SUM") => Self::Sum,
            Some("MIN") => Self::Min,
            Some("MAX") => Self::Max,
            Some(other) => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!(
                        "attribute \"aggregate_function\" is \"{other}\", must be AVERAGE, SUM, MIN or MAX"
                    ),
                ));
            }
        })
    }

    /// The aggregate of this number in version 5 of TreeEnsemble.
    pub(in super::super) fn from_number(number: i64) -> Result<Self> {
        Ok(match number {
            0 => Self::Average,
            1 => Self::Sum,
            2 => Self::Min,
            3 => Self::Max,
            other => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!("attribute \"aggregate_function\" is {other}, must be 0 to 3"),
                ));
            }
        })
    }

    /// What the aggregate makes of the sum over all trees.
    pub(in super::super) fn finish<T: Real>(self, sum: &mut T, trees: usize) {
        if self == Self::Average && trees > 0 {
            *sum /= T::from_f64(trees as f64);
        }
    }
}

/// Fills `out` with the scores of rows of `width` numbers: `targets` of them per row, and whether a target
/// had any vote.
pub(in super::super) fn score<T: Fast>(
    forest: &Forest<T>,
    ensemble: &Ensemble,
    aggregate: Aggregate,
    (rows, width): (&[T], usize),
    mut out: Scored<'_, T>,
    work: &mut Work,
) {
    out.scores.fill(T::ZERO);
    out.seen.fill(false);
    match kernels(forest, ensemble, aggregate) {
        Some(kernels) => score_fast(kernels, forest, aggregate, (rows, width), &mut out, work),
        None => score_plainly(forest, aggregate, (rows, width), &mut out),
    }
}

/// The tables of the fast evaluators, made now unless they have been; none where the plain one serves.
pub(in super::super) fn kernels<'f, T: Fast>(
    forest: &'f Forest<T>,
    ensemble: &Ensemble,
    aggregate: Aggregate,
) -> Option<&'f Kernels<T>> {
    let made = forest.kernels.get_or_init(|| fast::choose(forest, ensemble, aggregate).map(Box::new));
    made.as_deref()
}

pub(super) fn score_fast<T: Fast>(
    kernels: &Kernels<T>,
    forest: &Forest<T>,
    aggregate: Aggregate,
    rows: (&[T], usize),
    out: &mut Scored<'_, T>,
    work: &mut Work,
) {
    kernels.score(forest, rows, out, work, &mut |out, row, leaf| cast(forest, aggregate, out, row, leaf));
}

pub(super) fn score_plainly<T: Real>(
    forest: &Forest<T>,
    aggregate: Aggregate,
    (rows, width): (&[T], usize),
    out: &mut Scored<'_, T>,
) {
    for (block, rows) in rows.chunks(BLOCK * width).enumerate() {
        forest.leaves_of_block(rows, width, |row, leaf| {
            cast(forest, aggregate, out, block * BLOCK + row, leaf);
        });
    }
}

/// Counts the votes of a leaf for a row.
#[inline]
fn cast<T: Real>(forest: &Forest<T>, aggregate: Aggregate, out: &mut Scored<'_, T>, row: usize, leaf: usize) {
    for vote in forest.range(leaf) {
        let at = row * out.targets + forest.target(vote);
        let weight = forest.votes[vote];
        let better = match aggregate {
            Aggregate::Sum | Aggregate::Average => {
                out.scores[at] += weight;
                false
            }
            Aggregate::Min => weight < out.scores[at] || !out.seen[at],
            Aggregate::Max => weight > out.scores[at] || !out.seen[at],
        };
        if better {
            out.scores[at] = weight;
        }
        out.seen[at] = true;
    }
}
