//! What a kernel tells of itself to whoever explains a model's answers.

use std::sync::Arc;

pub use super::ops::ml::tree::{Child, Comparison, Ensemble, Test};

/// The part of a kernel that an explanation needs. Most kernels have none: the operator's name says enough.
pub enum ExplainPart<'k> {
    /// The output is input 0, rounded at most.
    Same,
    /// The output is `(x - offset) * scale`; each list has a value for every column or one for all.
    Scale {
        /// What is taken off.
        offset: &'k [f32],
        /// What is multiplied by.
        scale: &'k [f32],
    },
    /// Trees that make scores of input 0.
    Trees(Trees<'k>),
    /// Weighted sums of the columns of input 0.
    Linear(Linear<'k>),
}

/// Trees whose votes are summed or averaged.
pub struct Trees<'k> {
    /// The trees.
    pub ensemble: &'k Arc<Ensemble>,
    /// What is added per target; empty for nothing.
    pub base: &'k [f64],
    /// Whether votes are averaged over trees rather than summed.
    pub average: bool,
    /// The one target that counts, where the operator makes all its scores from it.
    pub outputs: Option<usize>,
    /// What becomes of the sums.
    pub scores: Scores,
}

/// Weighted sums.
#[derive(Clone, Copy)]
pub struct Linear<'k> {
    /// A row of weights per target, target after target.
    pub coefficients: &'k [f32],
    /// What is added per target; empty for nothing.
    pub intercepts: &'k [f32],
    /// What becomes of the sums.
    pub scores: Scores,
}

/// How an operator's scores are made from its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scores {
    /// They are the sums.
    Sums,
    /// There is one sum, which is the second of two scores; the first is `offset + factor * sum`.
    Pair {
        /// What is added.
        offset: f64,
        /// What is multiplied by.
        factor: f64,
    },
    /// So many, each a function of the sums and first of all of the one at its place.
    Linked(usize),
}
