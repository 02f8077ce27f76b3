//! The operators, one file per family. Each family exports its rows of the registry.

mod activation;
mod arithmetic;
mod arranging;
mod axes;
mod broadcast;
mod cast;
mod comparison;
mod compute;
mod constant;
mod elementwise;
mod indexing;
mod layout;
mod mapping;
mod moving;
mod pairwise;
mod power;
mod selection;
mod slice;
mod text_number;

use super::kernel::{Built, NodeSpec, Operator};
use crate::error::Result;

/// Every operator that the tabular runtime has, family by family.
pub const FAMILIES: &[&[Operator]] = &[
    activation::OPERATORS,
    arithmetic::OPERATORS,
    arranging::OPERATORS,
    cast::OPERATORS,
    comparison::OPERATORS,
    constant::OPERATORS,
    elementwise::OPERATORS,
    indexing::OPERATORS,
    layout::OPERATORS,
    selection::OPERATORS,
    slice::OPERATORS,
];

/// A row of the registry for an operator of `ai.onnx` with one output.
const fn plain(
    name: &'static str,
    versions: &'static [i64],
    inputs: (usize, usize),
    types: &'static str,
    build: fn(&mut NodeSpec<'_>) -> Result<Built>,
) -> Operator {
    Operator { domain: "", name, versions, inputs, outputs: (1, 1), types, build }
}
