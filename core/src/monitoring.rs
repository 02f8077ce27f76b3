//! Monitoring: whether customers, data and decisions still look as they did when the bundle was made.
//!
//! A call counts what it decides on: how values fall into the training sample's bins, what was wrong with
//! records, outcomes, grades, stages, offers. Counts are whole numbers, so hosts add them up in any order and
//! get the same, and they hold no value of any record. A report compares them with the reference profile.

mod counter;
mod counts;
mod plan;
mod report;
mod stability;

pub use counter::Observed;
pub use counts::{Counts, FieldCounts, Mix, Tally};
pub use plan::{Bins, FieldPlan, NO_OFFER, Plan, Role};
pub use report::{Level, report};
pub use stability::{SMOOTHING, Stability, share_noise, stability};
