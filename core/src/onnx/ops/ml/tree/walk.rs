//! The plain evaluator: one row goes down one tree, split by split. It is the reference that `fast` is
//! held against, and scores what has no tables there.
//!
//! Rows are taken in blocks so that a tree stays in the cache for a block; within a row, trees follow
//! each other in the order of the model, because sums of floats depend on it.

use super::ensemble::{Branch, Forest, Test};
use super::real::Real;

/// Rows per block.
pub(super) const BLOCK: usize = 64;

impl<T: Real> Forest<T> {
    /// Calls `hit` with the row's place in the block and the leaf it comes to, for all rows of a block
    /// and one tree after another. `rows` holds rows of `width` values, at least as many as features.
    pub(super) fn leaves_of_block(&self, rows: &[T], width: usize, mut hit: impl FnMut(usize, usize)) {
        // Most models make one kind of comparison only; it is compiled in, not looked up per split.
        match self.uniform {
            Some((Test::Leq, false)) => self.block(rows, width, |x, branch| x <= branch.threshold, hit),
            Some((Test::Lt, false)) => self.block(rows, width, |x, branch| x < branch.threshold, hit),
            Some((Test::Gt, false)) => self.block(rows, width, |x, branch| x > branch.threshold, hit),
            Some((Test::Leq, true)) => self.block(
                rows,
                width,
                |x, branch| x <= branch.threshold || (is_nan(x) && branch.missing_is_true()),
                hit,
            ),
            Some((Test::Lt, true)) => self.block(
                rows,
                width,
                |x, branch| x < branch.threshold || (is_nan(x) && branch.missing_is_true()),
                hit,
            ),
            _ => {
                for &root in &self.roots {
                    for (place, row) in rows.chunks_exact(width.max(1)).enumerate() {
                        let mut at = root;
                        while at.as_leaf().is_none() {
                            let branch = &self.branches[at.place()];
                            let goes = self.compare(branch, row[branch.feature()]);
                            at = if goes { branch.on_true } else { branch.on_false };
                        }
                        hit(place, at.place());
                    }
                }
            }
        }
    }

    fn block(
        &self,
        rows: &[T],
        width: usize,
        goes: impl Fn(T, &Branch<T>) -> bool,
        mut hit: impl FnMut(usize, usize),
    ) {
        for &root in &self.roots {
            for (place, row) in rows.chunks_exact(width.max(1)).enumerate() {
                let mut at = root;
                while at.as_leaf().is_none() {
                    let branch = &self.branches[at.place()];
                    at = if goes(row[branch.feature()], branch) { branch.on_true } else { branch.on_false };
                }
                hit(place, at.place());
            }
        }
    }

    /// Whether the comparison of a split holds for the value of its feature. NaN goes where the split
    /// sends missing values, whatever the comparison.
    pub(super) fn compare(&self, branch: &Branch<T>, x: T) -> bool {
        let threshold = branch.threshold;
        if is_nan(x) {
            return branch.missing_is_true();
        }
        match branch.test() {
            Test::Leq => x <= threshold,
            Test::Lt => x < threshold,
            Test::Gte => x >= threshold,
            Test::Gt => x > threshold,
            Test::Eq => x == threshold,
            Test::Neq => x != threshold,
            Test::Member => {
                let set = self.set(threshold.to_place() as usize);
                let at = set.partition_point(|member| *member < x);
                set.get(at).is_some_and(|member| *member == x)
            }
        }
    }

    /// Whether the comparison of split `at` holds for a row of doubles.
    pub(super) fn holds(&self, at: usize, row: &[f64]) -> bool {
        let branch = &self.branches[at];
        let x = row.get(branch.feature()).copied().unwrap_or(f64::NAN);
        self.compare(branch, T::from_f64(x))
    }
}

#[allow(clippy::eq_op, reason = "this is how a generic type is asked for NaN")]
fn is_nan<T: Real>(x: T) -> bool {
    x != x
}
