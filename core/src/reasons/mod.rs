//! Reasons: what each feature of a record contributes to a model's score, exactly.
//!
//! An [`Explainer`] finds the trees or the weighted sum in a model that make its score, and how the
//! columns of the model's inputs reach them. What "not known" means is taken from a [`Profile`] of a
//! sample of records, made when a bundle is packed: for trees how many of its rows reach each node,
//! for weighted sums the mean of each column. Base value and contributions add up to the margin; where
//! they do not, there is no answer ([`crate::ErrorCode::ReasonsSum`]).

mod baseline;
mod codes;
mod explainer;
mod locate;
mod profile;
pub mod shapley;
mod trees;

pub use baseline::Baseline;
pub use codes::CodeMap;
pub use explainer::{Contributions, Explainer};
pub use profile::{Profile, measure};
