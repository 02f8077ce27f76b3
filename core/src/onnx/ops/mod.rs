//! The operators, one file per family. Each family exports its rows of the registry.

use super::kernel::Operator;

/// Every operator that the tabular runtime has, family by family.
pub const FAMILIES: &[&[Operator]] = &[];
