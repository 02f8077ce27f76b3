//! What a kernel tells of itself to whoever explains a model's answers.

use std::sync::Arc;

pub use super::ops::ml::tree::{Child, Ensemble, Test};

/// The part of a kernel that an explanation needs. Most kernels have none.
pub enum ExplainPart<'k> {
    /// Column `i` of the output depends on column `i` of input 0 alone, and says the same of a record:
    /// a cast, a copy, a value put in where one is missing.
    Columnwise,
    /// As [`Self::Columnwise`], and the output is `(x - offset) * scale`; each list has a value for
    /// every column or one for all.
    Scale {
        /// What is taken off.
        offset: &'k [f32],
        /// What is multiplied by.
        scale: &'k [f32],
    },
    /// The columns of all inputs, one input after another.
    SideBySide,
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
}

/// Weighted sums.
#[derive(Clone, Copy)]
pub struct Linear<'k> {
    /// A row of weights per target, target after target.
    pub coefficients: &'k [f32],
    /// What is added per target; empty for nothing.
    pub intercepts: &'k [f32],
}
