//! The operators, one file per family. Each family exports its rows of the registry.

mod activation;
mod along;
mod arithmetic;
mod arranging;
mod axes;
mod blocks;
mod broadcast;
mod cast;
mod channel_norms;
mod comparison;
mod compute;
mod constant;
mod control;
mod determinant;
mod einsum;
mod elementwise;
pub(crate) mod extended;
mod extremes;
mod generation;
mod indexing;
mod layout;
mod log_sum_exp;
mod mapping;
mod matrix;
pub(crate) mod ml;
mod moving;
mod norms;
mod optional;
mod order_key;
mod padding;
mod pairwise;
mod power;
mod product;
mod quantization;
mod quantized_product;
mod recurrent;
mod reduction;
mod scatter;
mod selection;
mod sequence;
mod slice;
mod sorting;
mod text;
mod text_number;
mod unique;
mod variadic;

use super::kernel::{Built, NodeSpec, Operator};
use crate::error::Result;

/// Every operator that the tabular runtime has, family by family.
pub const FAMILIES: &[&[Operator]] = &[
    activation::OPERATORS,
    along::OPERATORS,
    arithmetic::OPERATORS,
    arranging::OPERATORS,
    blocks::OPERATORS,
    cast::OPERATORS,
    channel_norms::OPERATORS,
    comparison::OPERATORS,
    constant::OPERATORS,
    control::OPERATORS,
    determinant::OPERATORS,
    einsum::OPERATORS,
    elementwise::OPERATORS,
    extended::OPERATORS,
    extremes::OPERATORS,
    generation::OPERATORS,
    indexing::OPERATORS,
    layout::OPERATORS,
    ml::OPERATORS,
    norms::OPERATORS,
    padding::OPERATORS,
    product::OPERATORS,
    quantization::OPERATORS,
    quantized_product::OPERATORS,
    recurrent::OPERATORS,
    reduction::OPERATORS,
    scatter::OPERATORS,
    selection::OPERATORS,
    sequence::OPERATORS,
    slice::OPERATORS,
    text::OPERATORS,
    unique::OPERATORS,
    variadic::OPERATORS,
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

#[cfg(test)]
mod tests;
