//! Scatter, ScatterElements, ScatterND: a copy of a tensor with some elements replaced or combined.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Tensor};

use super::axes::{axis_at_load, integers};
use super::compute::{Class, Compute, class, fill, is_nan, whole};
use super::indexing::{element_places, index_input, tuple_places};
use super::moving::{Placed, assemble};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Scatter", &[9, 11], (3, 3), "all", |spec| {
        let axis = spec.attributes.int("axis")?.unwrap_or(0);
        build(spec, Some(axis), "none")
    }),
    plain("ScatterElements", &[11, 13, 16, 18], (3, 3), "all", |spec| {
        let axis = spec.attributes.int("axis")?.unwrap_or(0);
        let reduction = if spec.opset >= 16 { spec.attributes.text("reduction")? } else { None };
        build(spec, Some(axis), reduction.unwrap_or("none"))
    }),
    plain("ScatterND", &[11, 13, 16, 18], (3, 3), "all", |spec| {
        let reduction = if spec.opset >= 16 { spec.attributes.text("reduction")? } else { None };
        build(spec, None, reduction.unwrap_or("none"))
    }),
];

fn build(spec: &NodeSpec<'_>, axis: Option<i64>, reduction: &str) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    index_input(spec, 1)?;
    if spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
    }
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    if let Some(axis) = axis {
        axis_at_load(axis, fact.rank())?;
    }
    if reduction == "none" {
        return Built::one(Replace { axis }, fact);
    }
    match class(dtype) {
        Class::F32 => Built::one(Combine { axis, combine: combination::<f32>(reduction)? }, fact),
        Class::F64 => Built::one(Combine { axis, combine: combination::<f64>(reduction)? }, fact),
        Class::I64 if dtype != DType::Bool => {
            Built::one(Combine { axis, combine: combination::<i64>(reduction)? }, fact)
        }
        Class::U64 => Built::one(Combine { axis, combine: combination::<u64>(reduction)? }, fact),
        _ => Err(spec.wrong_type(0, "a tensor of numbers")),
    }
}

fn combination<C: Compute>(reduction: &str) -> Result<fn(C, C) -> C> {
    Ok(match reduction {
        "add" => C::plus,
        "mul" => C::times,
        // A NaN on either side is the result.
        "max" => |old, new| if old >= new || is_nan(old) { old } else { new },
        "min" => |old, new| if old <= new || is_nan(old) { old } else { new },
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"reduction\" is \"{other}\", must be none, add, mul, max or min"),
            ));
        }
    })
}

/// Where each block of the updates goes, and how long a block is; checks that the shapes fit.
fn places(io: &Io<'_>, axis: Option<i64>, places: &mut Vec<usize>) -> Result<usize> {
    let (data, indices, updates) = (io.tensor(0)?, io.tensor(1)?, io.tensor(2)?);
    let unfit = |wanted: &dyn std::fmt::Display| {
        let found = updates.shape();
        Error::new(ErrorCode::InputShape, format!("updates have shape {found}, the indices ask for {wanted}"))
    };
    let Some(axis) = axis else {
        let depth = indices.shape().sizes().last().copied().unwrap_or(0);
        let outer = &indices.shape().sizes()[..indices.shape().rank().saturating_sub(1)];
        let wanted = super::indexing::joined(&[outer, data.shape().sizes().get(depth..).unwrap_or(&[])])?;
        if *updates.shape() != wanted {
            return Err(unfit(&wanted));
        }
        if updates.is_empty() {
            places.clear();
            return Ok(0);
        }
        return tuple_places(data.shape(), indices.shape(), &integers(indices), 0, places);
    };
    if updates.shape() != indices.shape() {
        return Err(unfit(indices.shape()));
    }
    element_places(data.shape(), indices.shape(), &integers(indices), axis, places)?;
    Ok(1)
}

struct Replace {
    axis: Option<i64>,
}

impl Kernel for Replace {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, updates) = (io.tensor(0)?, io.tensor(2)?);
        let mut indices = std::mem::take(&mut io.scratch.usize);
        let block = places(io, self.axis, &mut indices)?;
        let steps: [(&Tensor, &Placed<'_>); 2] =
            [(data, &Placed::All), (updates, &Placed::At { indices: &indices, block })];
        assemble(io, 0, data.dtype(), *data.shape(), steps)?;
        io.scratch.usize = indices;
        Ok(())
    }
}

struct Combine<C> {
    axis: Option<i64>,
    combine: fn(C, C) -> C,
}

impl<C: Compute> Kernel for Combine<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, updates) = (io.tensor(0)?, io.tensor(2)?);
        let mut indices = std::mem::take(&mut io.scratch.usize);
        let block = places(io, self.axis, &mut indices)?;
        io.check(data.shape())?;
        let target = io.output_tensor(0)?.reset_as(data.dtype(), *data.shape());
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let old = whole::<C>(data.data(), &mut spaces.0);
        let new = whole::<C>(updates.data(), &mut spaces.1);
        fill(target, &mut spaces.2, |out| {
            out.copy_from_slice(old);
            for (at, &to) in indices.iter().enumerate() {
                for offset in 0..block {
                    let slot = &mut out[to * block + offset];
                    *slot = (self.combine)(*slot, new[at * block + offset]);
                }
            }
        });
        io.scratch.usize = indices;
        Ok(())
    }
}
