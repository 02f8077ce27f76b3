//! Reasons: what each feature of a record contributes to a model's score, exactly where there is an exact
//! answer.
//!
//! [`terms`] takes a model's answer apart into a sum of trees and of values that one feature makes alone.
//! What "not known" means is taken from a sample of records, of which a [`Profile`] keeps counts and means:
//! how many of its rows reach each node of a tree, the mean of each value that is summed. [`exact`] explains
//! term by term while the model runs; [`trees`] is where the work is. Base value and contributions add up to
//! the margin; where they do not, there is no answer ([`crate::ErrorCode::ReasonsSum`]).

mod codes;
mod contributions;
mod exact;
mod explainer;
mod numbers;
mod profile;
mod quadrature;
mod terms;
mod trees;

pub use codes::CodeMap;
pub use contributions::Contributions;
pub use explainer::{Explainer, Subject};
pub use profile::{Measure, Profile};
