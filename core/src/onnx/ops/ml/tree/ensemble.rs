//! The structure of a checked ensemble: flat arrays, 16 bytes per split of floats, 24 of doubles.
//!
//! Whoever holds an [`Ensemble`] may rely on this: every child exists, no path returns to a split it
//! has passed, every feature is below [`Ensemble::features`] and every target below
//! [`Ensemble::targets`]. Splits are in the order of a walk that goes to the true child first, and
//! no tree is entered by another's splits.

use std::sync::OnceLock;

use super::fast::{Fast, Kernels};

/// The comparison that a split makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Test {
    /// x <= threshold.
    Leq = 0,
    /// x < threshold.
    Lt = 1,
    /// x >= threshold.
    Gte = 2,
    /// x > threshold.
    Gt = 3,
    /// x = threshold.
    Eq = 4,
    /// x != threshold.
    Neq = 5,
    /// x is in a set.
    Member = 6,
}

impl Test {
    /// The test of this number in version 5 of TreeEnsemble.
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Leq,
            1 => Self::Lt,
            2 => Self::Gte,
            3 => Self::Gt,
            4 => Self::Eq,
            5 => Self::Neq,
            6 => Self::Member,
            _ => return None,
        })
    }
}

/// Where a split leads: to a split or to a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child(u32);

const LEAF: u32 = 1 << 31;

impl Child {
    /// Split number `at`.
    #[must_use]
    pub const fn branch(at: u32) -> Self {
        Self(at)
    }

    /// Leaf number `at`.
    #[must_use]
    pub const fn leaf(at: u32) -> Self {
        Self(at | LEAF)
    }

    /// The number of the leaf, if it is one.
    #[must_use]
    pub const fn as_leaf(self) -> Option<usize> {
        if self.0 & LEAF == 0 { None } else { Some((self.0 & !LEAF) as usize) }
    }

    /// The number of the split or leaf among its kind.
    #[must_use]
    pub const fn place(self) -> usize {
        (self.0 & !LEAF) as usize
    }
}

/// A split. The feature and what belongs to the comparison share a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch<T> {
    pub(crate) threshold: T,
    tested: u32,
    pub(crate) on_true: Child,
    pub(crate) on_false: Child,
}

/// Features that fit the word: 2^28.
pub(super) const MAX_FEATURE: u32 = (1 << 28) - 1;

impl<T> Branch<T> {
    pub(super) const fn new(threshold: T, feature: u32, test: Test, missing_is_true: bool) -> Self {
        let tested = feature | (test as u32) << 28 | (missing_is_true as u32) << 31;
        Self { threshold, tested, on_true: Child(0), on_false: Child(0) }
    }

    /// The column that it looks at.
    pub(crate) const fn feature(&self) -> usize {
        (self.tested & MAX_FEATURE) as usize
    }

    /// Its comparison.
    pub(crate) const fn test(&self) -> Test {
        match self.tested >> 28 & 7 {
            0 => Test::Leq,
            1 => Test::Lt,
            2 => Test::Gte,
            3 => Test::Gt,
            4 => Test::Eq,
            5 => Test::Neq,
            _ => Test::Member,
        }
    }

    /// Whether NaN goes to the true child.
    pub(crate) const fn missing_is_true(&self) -> bool {
        self.tested >> 31 != 0
    }
}

/// The comparison of a split, for whoever compares by other means.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Its kind.
    pub test: Test,
    /// What is compared with; of no meaning for [`Test::Member`].
    pub threshold: f64,
    /// Whether NaN goes to the true child.
    pub missing_is_true: bool,
}

/// The trees in one precision.
#[derive(Debug, Default)]
pub(crate) struct Forest<T> {
    /// Where each tree starts.
    pub(crate) roots: Vec<Child>,
    pub(crate) branches: Vec<Branch<T>>,
    /// Leaf `i` has votes `ends[i - 1]..ends[i]`; empty where every leaf has exactly one.
    pub(crate) ends: Vec<u32>,
    /// The target of each vote; empty where all vote for target 0.
    pub(crate) targets: Vec<u32>,
    /// The weight of each vote.
    pub(crate) votes: Vec<T>,
    /// Sets of [`Test::Member`], ascending within each: set `i` is `sets[set_ends[i - 1]..set_ends[i]]`.
    /// A split that tests a set holds its number in the threshold's place.
    pub(crate) sets: Vec<T>,
    pub(crate) set_ends: Vec<u32>,
    /// The one test that all splits make, and whether any sends NaN to its true child.
    pub(crate) uniform: Option<(Test, bool)>,
    /// The tables of the fast evaluators, once they are made; none where the plain one serves.
    pub(super) kernels: OnceLock<Option<Box<Kernels<T>>>>,
}

/// A checked ensemble of decision trees.
#[derive(Debug)]
pub struct Ensemble {
    pub(crate) forest: Precision,
    pub(crate) features: usize,
    pub(crate) target_count: usize,
    pub(crate) leaf_count: usize,
    /// Whether some split or leaf has more than one parent, so that the "trees" are none.
    pub(crate) shared: bool,
}

/// Trees in the precision that the model asks for.
#[derive(Debug)]
pub(crate) enum Precision {
    /// All numbers are floats.
    Single(Forest<f32>),
    /// Some are doubles: attributes of the model or its input.
    Double(Forest<f64>),
}

/// Runs the same expression whatever the precision.
macro_rules! with_forest {
    ($precision:expr, $forest:ident => $body:expr) => {
        match $precision {
            $crate::onnx::ops::ml::tree::Precision::Single($forest) => $body,
            $crate::onnx::ops::ml::tree::Precision::Double($forest) => $body,
        }
    };
}
pub(crate) use with_forest;

impl Ensemble {
    /// The number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        with_forest!(&self.forest, forest => forest.roots.len())
    }

    /// One more than the largest column that a split looks at.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.features
    }

    /// The number of targets or classes that leaves vote for.
    #[must_use]
    pub const fn targets(&self) -> usize {
        self.target_count
    }

    /// The number of splits. Together with [`Self::leaves`] it numbers all nodes: splits first.
    #[must_use]
    pub fn branches(&self) -> usize {
        with_forest!(&self.forest, forest => forest.branches.len())
    }

    /// The number of leaves.
    #[must_use]
    pub const fn leaves(&self) -> usize {
        self.leaf_count
    }

    /// Where tree `at` starts.
    #[must_use]
    pub fn root(&self, at: usize) -> Child {
        with_forest!(&self.forest, forest => forest.roots[at])
    }

    /// The children of split `at`, the true one first.
    #[must_use]
    pub fn children(&self, at: usize) -> (Child, Child) {
        with_forest!(&self.forest, forest => (forest.branches[at].on_true, forest.branches[at].on_false))
    }

    /// The column that split `at` looks at.
    #[must_use]
    pub fn feature(&self, at: usize) -> usize {
        with_forest!(&self.forest, forest => forest.branches[at].feature())
    }

    /// The comparison of split `at`. Values are compared in the trees' precision: see [`Self::is_double`].
    #[must_use]
    #[allow(clippy::useless_conversion, reason = "a float is widened, a double is not")]
    pub fn comparison(&self, at: usize) -> Comparison {
        with_forest!(&self.forest, forest => {
            let branch = &forest.branches[at];
            Comparison {
                test: branch.test(),
                threshold: branch.threshold.into(),
                missing_is_true: branch.missing_is_true(),
            }
        })
    }

    /// Whether values are compared and summed as doubles; else they are cut to floats first.
    #[must_use]
    pub const fn is_double(&self) -> bool {
        matches!(self.forest, Precision::Double(_))
    }

    /// Whether the comparison of split `at` holds for a row, given in the precision of the model's
    /// input, widened.
    #[must_use]
    pub fn holds(&self, at: usize, row: &[f64]) -> bool {
        with_forest!(&self.forest, forest => forest.holds(at, row))
    }

    /// The votes of leaf `at`: targets and weights.
    pub fn votes(&self, at: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let (single, double) = match &self.forest {
            Precision::Single(forest) => (Some(forest), None),
            Precision::Double(forest) => (None, Some(forest)),
        };
        let single = single.into_iter().flat_map(move |forest| {
            forest.range(at).map(|vote| (forest.target(vote), f64::from(forest.votes[vote])))
        });
        let double = double
            .into_iter()
            .flat_map(move |forest| forest.range(at).map(|vote| (forest.target(vote), forest.votes[vote])));
        single.chain(double)
    }

    /// Whether some node has more than one parent.
    #[must_use]
    pub const fn shares_nodes(&self) -> bool {
        self.shared
    }

    /// Bytes that the structure takes, the tables of the fast evaluators included once they are made.
    #[must_use]
    pub fn bytes(&self) -> usize {
        with_forest!(&self.forest, forest => forest.bytes())
    }
}

impl<T: Fast> Forest<T> {
    fn bytes(&self) -> usize {
        let kernels = self.kernels.get().and_then(Option::as_deref);
        size_of_val(&*self.branches)
            + size_of_val(&*self.roots)
            + size_of_val(&*self.ends)
            + size_of_val(&*self.targets)
            + size_of_val(&*self.votes)
            + size_of_val(&*self.sets)
            + size_of_val(&*self.set_ends)
            + kernels.map_or(0, Kernels::bytes)
    }
}

impl<T> Forest<T> {
    /// Which votes leaf `at` has.
    pub(crate) fn range(&self, at: usize) -> std::ops::Range<usize> {
        if self.ends.is_empty() {
            return at..at + 1;
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        start..self.ends[at] as usize
    }

    /// The target of a vote.
    pub(crate) fn target(&self, vote: usize) -> usize {
        if self.targets.is_empty() { 0 } else { self.targets[vote] as usize }
    }

    /// The members of set `at`.
    pub(crate) fn set(&self, at: usize) -> &[T] {
        let start = if at == 0 { 0 } else { self.set_ends[at - 1] as usize };
        &self.sets[start..self.set_ends[at] as usize]
    }
}
