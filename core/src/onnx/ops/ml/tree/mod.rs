//! Tree ensembles: one checked structure for the three operators that write them, and what is done
//! with it. [`Ensemble`] knows nothing of attributes; `nodes` and `flat` read the two layouts that
//! the standard has had; `walk` scores rows plainly and `fast` the same ones fast; `aggregate` chooses
//! between them and turns leaves into scores.

pub(super) mod aggregate;
mod assemble;
mod ensemble;
pub(crate) mod fast;
pub(super) mod flat;
pub(super) mod nodes;
pub(super) mod real;
mod votes;
mod walk;

pub use ensemble::{Child, Comparison, Ensemble, Test};
pub(crate) use ensemble::{Forest, Precision, with_forest};
