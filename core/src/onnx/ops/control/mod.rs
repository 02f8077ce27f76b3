//! Operators that run nested graphs: If, Loop, Scan, SequenceMap.
//!
//! A body runs in a frame of its own that the session keeps, and hands its results on by swapping
//! buffers. Every time round costs a step, so a loop of 2^62 empty rounds ends like any other.

mod choice;
mod loops;
mod scan;
mod sequence_map;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::body::Body;
use crate::onnx::kernel::{Fact, NodeSpec, Operator};
use crate::onnx::plan::Frame;
use crate::onnx::shape::{Dim, DimList};
use crate::onnx::tensor::Tensor;
use crate::onnx::value::{Value, ValueType};

/// The versions of all operators with nested graphs: each new type of tensor made one.
const VERSIONS: &[i64] = &[1, 11, 13, 16, 19, 21, 23, 24, 25];
const ALL: &str = "all, sequence, optional";

const fn row(
    name: &'static str,
    versions: &'static [i64],
    inputs: (usize, usize),
    types: &'static str,
    build: fn(&mut NodeSpec<'_>) -> Result<crate::onnx::kernel::Built>,
) -> Operator {
    Operator { domain: "", name, versions, inputs, outputs: (0, usize::MAX), types, build }
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    row("If", VERSIONS, (1, 1), ALL, choice::build),
    row("Loop", VERSIONS, (0, usize::MAX), ALL, loops::build),
    row("Scan", &[8, 9, 11, 16, 19, 21, 23, 24, 25], (1, usize::MAX), "all", scan::build),
    row("SequenceMap", &[17], (1, usize::MAX), "sequence, all", sequence_map::build),
];

/// Plans the graph in attribute `name` for these inputs.
fn body(spec: &NodeSpec<'_>, name: &str, inputs: &[Fact]) -> Result<Body> {
    let missing = || Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" is required"));
    let graph = spec.attributes.graph(name)?.ok_or_else(missing)?;
    let planner =
        spec.nested.ok_or_else(|| Error::new(ErrorCode::Internal, "no planner for nested graphs"))?;
    planner.plan(graph, inputs).map_err(|error| error.at(name))
}

/// What is known of input `at` of the node, without its value: a body sees another one each time.
fn varying(spec: &NodeSpec<'_>, at: usize) -> Result<Fact> {
    Ok(Fact { constant: None, ..spec.input(at)?.clone() })
}

/// A nested graph must return what it is given.
fn same_kind(what: &str, at: usize, given: &ValueType, made: &ValueType) -> Result<()> {
    if given == made {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::ModelType,
        format!("{what} {at} is {given}, but the nested graph makes {made} of it"),
    ))
}

/// What two shapes have in common.
fn common(one: &DimList, other: &DimList) -> DimList {
    let (one, other) = (one.as_ref()?, other.as_ref()?);
    if one.len() != other.len() {
        return None;
    }
    Some(one.iter().zip(other).map(|(a, b)| if a == b { a.clone() } else { Dim::Unknown }).collect())
}

/// A body's output that is collected over all rounds: a tensor with one more axis, at `axis`.
fn stacked(fact: &Fact, axis: i64, rounds: Dim) -> Result<Fact> {
    let dtype = fact.dtype().ok_or_else(|| {
        Error::new(ErrorCode::ModelType, format!("{} cannot be stacked, only tensors can", fact.kind))
    })?;
    let Some(mut dims) = fact.dims.clone() else { return Ok(Fact::tensor(dtype)) };
    let at = place(axis, dims.len() + 1).ok_or_else(|| {
        Error::new(ErrorCode::ModelShape, format!("scan axis {axis} is not within {} axes", dims.len() + 1))
    })?;
    dims.insert(at, rounds);
    Ok(Fact::shaped(dtype, Some(dims)))
}

/// An axis that may count from the end, below `rank`.
fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank = rank as i64;
    let at = if axis < 0 { axis + rank } else { axis };
    (0..rank).contains(&at).then_some(at as usize)
}

/// A condition: a boolean tensor of one element.
fn is_true(tensor: &Tensor) -> Result<bool> {
    match tensor.elements::<bool>() {
        Some([condition]) => Ok(*condition),
        _ => Err(Error::new(
            ErrorCode::InputShape,
            format!("a condition must be one truth value, got shape {}", tensor.shape()),
        )),
    }
}

/// Output `at` of a body, which the planner knows to be a tensor.
fn made<'f>(body: &Body, frame: &'f mut Frame, at: usize) -> Result<&'f Tensor> {
    match body.output(frame, at)? {
        Value::Tensor(tensor) => Ok(tensor),
        _ => Err(Error::new(ErrorCode::Internal, format!("output {at} of a nested graph is no tensor"))),
    }
}
