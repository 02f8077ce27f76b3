//! From leaves to sums: what the votes of all trees come to, row by row.

use super::ensemble::Forest;
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

/// Fills `scores` with `targets` numbers per row, and `seen` with whether a target had any vote.
pub(in super::super) fn score<T: Real>(
    forest: &Forest<T>,
    aggregate: Aggregate,
    (rows, width): (&[T], usize),
    targets: usize,
    scores: &mut [T],
    seen: &mut [bool],
) {
    scores.fill(T::ZERO);
    seen.fill(false);
    let (per_block, targets) = (BLOCK * targets, targets.max(1));
    let blocks = rows.chunks(BLOCK * width.max(1));
    for ((rows, scores), seen) in
        blocks.zip(scores.chunks_mut(per_block.max(1))).zip(seen.chunks_mut(per_block.max(1)))
    {
        match aggregate {
            Aggregate::Sum | Aggregate::Average if forest.ends.is_empty() && targets == 1 => {
                forest.leaves_of_block(rows, width, |row, leaf| {
                    scores[row] += forest.votes[leaf];
                    seen[row] = true;
                });
            }
            Aggregate::Sum | Aggregate::Average => forest.leaves_of_block(rows, width, |row, leaf| {
                for vote in forest.range(leaf) {
                    let at = row * targets + forest.target(vote);
                    scores[at] += forest.votes[vote];
                    seen[at] = true;
                }
            }),
            Aggregate::Min | Aggregate::Max => forest.leaves_of_block(rows, width, |row, leaf| {
                for vote in forest.range(leaf) {
                    let at = row * targets + forest.target(vote);
                    let weight = forest.votes[vote];
                    let better =
                        if aggregate == Aggregate::Min { weight < scores[at] } else { weight > scores[at] };
                    if !seen[at] || better {
                        scores[at] = weight;
                    }
                    seen[at] = true;
                }
            }),
        }
    }
}
