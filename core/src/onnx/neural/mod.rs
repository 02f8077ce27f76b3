//! Operators of neural networks that the tabular runtime leaves to tract (feature `neural`).
//!
//! tract is right about most of what it does and wrong about some. So it never sees a model: each of
//! these nodes becomes a model of one node, with its attributes and sizes checked here first, behind
//! the same [`Kernel`](super::kernel::Kernel) as every other operator. What comes before and after such
//! a node, constants and shapes included, stays in the tabular runtime. Without the feature, the same
//! rows say that the model needs the full module.

#[cfg(feature = "neural")]
mod backend;
#[cfg(feature = "neural")]
mod convert;
mod layers;

use std::collections::BTreeSet;

use super::kernel::{Built, NodeSpec, Operator};
use super::ops::{FAMILIES, extended};
use super::proto::{AttributeValue, ModelProto, NodeProto};
use crate::error::Result;

/// An operator as the neural backend has it.
pub(crate) struct Layer {
    /// As in the standard.
    pub(crate) name: &'static str,
    /// The attributes that the standard gives it.
    pub(crate) attributes: &'static [&'static str],
    /// Refuses what the standard does not allow and what tract is known to get wrong.
    pub(crate) check: fn(&NodeSpec<'_>) -> Result<()>,
}

/// Every operator that only the neural backend has.
pub const OPERATORS: &[Operator] = layers::OPERATORS;

/// Checks a node and makes its kernel.
fn build(layer: &Layer, spec: &mut NodeSpec<'_>) -> Result<Built> {
    for name in layer.attributes {
        let _known = spec.attributes.has(name);
    }
    layers::check_sizes(layer, spec)?;
    #[cfg(feature = "extended")]
    if layer.name == "Conv" && spec.dtype(0)? != crate::onnx::tensor::DType::F32 {
        return extended::convolution::build(spec);
    }
    (layer.check)(spec)?;
    #[cfg(feature = "neural")]
    return backend::build(layer, spec);
    #[cfg(not(feature = "neural"))]
    return Err(crate::error::Error::new(
        crate::error::ErrorCode::BundleNeedsFull,
        format!("operator ai.onnx.{} runs in the full module only (scorebox-full.wasm)", layer.name),
    ));
}

/// The operators of a model that only the full module has, by name.
pub(crate) fn used_by<'m>(model: &'m ModelProto<'m>) -> BTreeSet<&'m str> {
    let only_here = |name: &str| {
        let has = |rows: &[Operator]| rows.iter().any(|row| row.domain.is_empty() && row.name == name);
        has(OPERATORS) && !FAMILIES.iter().any(|family| has(family))
            || cfg!(not(feature = "extended")) && has(extended::OPERATORS)
    };
    let mut names = BTreeSet::new();
    let mut open: Vec<&[NodeProto<'_>]> = model.functions.iter().map(|function| &*function.nodes).collect();
    open.extend(model.graph.iter().map(|graph| &*graph.nodes));
    while let Some(nodes) = open.pop() {
        for node in nodes {
            if matches!(node.domain, "" | "ai.onnx") && only_here(node.op_type) {
                names.insert(node.op_type);
            }
            open.extend(node.attributes.iter().filter_map(|attribute| match &attribute.value {
                AttributeValue::Graph(graph) => Some(&*graph.nodes),
                _ => None,
            }));
        }
    }
    names
}
