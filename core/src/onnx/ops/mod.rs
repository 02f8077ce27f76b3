//! The operators, one file per family. Each family exports its rows of the registry.

mod activation;
mod arithmetic;
mod axes;
mod broadcast;
mod comparison;
mod compute;
mod elementwise;
mod mapping;
mod moving;
mod pairwise;
mod power;

use super::kernel::{Built, NodeSpec, Operator};
use crate::error::Result;

/// Every operator that the tabular runtime has, family by family.
pub const FAMILIES: &[&[Operator]] =
    &[activation::OPERATORS, arithmetic::OPERATORS, comparison::OPERATORS, elementwise::OPERATORS];

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
