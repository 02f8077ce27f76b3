//! Pad: elements added or taken away at both ends of each axis.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, MAX_RANK, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::axes::{AxisSet, Integers, axis_within, unknown};
use super::moving::{Strided, Taken, assemble, strides, transfer, zero};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] =
    &[plain("Pad", &[2, 11, 13, 18, 19, 21, 23, 24, 25], (1, 4), "all", pad)];

/// What added elements are.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// One value.
    Constant,
    /// The tensor mirrored at its outermost elements.
    Reflect,
    /// The outermost elements.
    Edge,
    /// The tensor again.
    Wrap,
}

struct Pad {
    mode: Mode,
    pads: Integers,
    axes: Integers,
    /// What is added where input 2 gives no value.
    value: Tensor,
}

fn pad(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let mode = match spec.attributes.text("mode")?.unwrap_or("constant") {
        "constant" => Mode::Constant,
        "reflect" => Mode::Reflect,
        "edge" => Mode::Edge,
        "wrap" if spec.opset >= 19 => Mode::Wrap,
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!(
                    "attribute \"mode\" is \"{other}\", must be constant, reflect, edge or (from 19 on) wrap"
                ),
            ));
        }
    };
    let pads = Integers::attribute_until(spec, "pads", 11, 1)?;
    if pads.is_absent() {
        return Err(Error::new(ErrorCode::ModelAttribute, "the pads are missing"));
    }
    let axes = if spec.opset >= 18 { Integers::input(spec, 3)? } else { Integers::Absent };
    let mut value = zero(dtype);
    if spec.opset < 11 {
        let given = spec.attributes.float("value")?.unwrap_or(0.0);
        match dtype {
            DType::F32 => value = Tensor::scalar(given),
            DType::F64 => value = Tensor::scalar(f64::from(given)),
            DType::F16 => value = Tensor::scalar(half::f16::from_f32(given)),
            _ => return Err(spec.wrong_type(0, "a tensor of floats")),
        }
    } else if spec.inputs.get(2).is_some_and(Option::is_some) && spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
    }
    let kernel = Pad { mode, pads, axes, value };
    let listed = if kernel.axes.is_absent() { Some(None) } else { kernel.axes.fixed().map(Some) };
    let dims = match (&spec.input(0)?.dims, kernel.pads.fixed(), listed) {
        (Some(dims), Some(pads), Some(axes)) => {
            let ends = ends(dims.len(), pads, axes)
                .map_err(|error| Error::new(ErrorCode::ModelShape, error.message()))?;
            let padded = dims.iter().zip(ends).map(|(dim, (before, after))| match dim {
                Dim::Known(size) => i64::try_from(*size)
                    .ok()
                    .and_then(|size| size.checked_add(before)?.checked_add(after))
                    .and_then(|size| usize::try_from(size).ok())
                    .map_or(Dim::Unknown, Dim::Known),
                dim if (before, after) == (0, 0) => dim.clone(),
                _ => Dim::Unknown,
            });
            Some(padded.collect())
        }
        (Some(dims), ..) => Some(unknown(dims.len())),
        _ => None,
    };
    Built::one(kernel, Fact::shaped(dtype, dims))
}

/// How much is added (or, negative, taken away) before and after each axis.
fn ends(rank: usize, pads: &[i64], axes: Option<&[i64]>) -> Result<[(i64, i64); MAX_RANK]> {
    let count = axes.map_or(rank, <[i64]>::len);
    if pads.len() != 2 * count {
        return Err(Error::new(
            ErrorCode::InputShape,
            format!("{} pads are given for {count} axes", pads.len()),
        ));
    }
    if let Some(axes) = axes {
        AxisSet::new(axes, rank, ErrorCode::InputShape)?;
    }
    let mut ends = [(0, 0); MAX_RANK];
    for at in 0..count {
        let axis = axes.map_or(at as i64, |axes| axes[at]);
        ends[axis_within(axis, rank, ErrorCode::InputShape)?] = (pads[at], pads[at + count]);
    }
    Ok(ends)
}

impl Kernel for Pad {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let from = *input.shape();
        let axes = self.axes.get(io)?;
        let ends = ends(from.rank(), &self.pads.require(io)?, axes.as_deref())?;
        let mut to = from;
        for (size, (before, after)) in to.sizes_mut().iter_mut().zip(ends) {
            let padded = (*size as i64).checked_add(before).and_then(|size| size.checked_add(after));
            *size = padded.and_then(|size| usize::try_from(size).ok()).ok_or_else(|| {
                Error::new(ErrorCode::RunValue, "an axis would have a size below zero or beyond counting")
            })?;
        }
        io.check(&to)?;
        if self.mode != Mode::Constant {
            return self.repeat(io, &from, to, &ends);
        }
        let value = io.try_tensor(2).unwrap_or(&self.value);
        if value.len() != 1 {
            return Err(Error::new(ErrorCode::InputShape, "the value to pad with must be one element"));
        }
        let fill = Strided::new(0, 0).within(to.elements().unwrap_or(0), 0, 1);
        let copy = placed(&from, &to, &ends);
        assemble(io, 0, input.dtype(), to, [(value, &fill), (input, &copy)])
    }
}

/// A copy of the part of the input that stays to its place in the output.
fn placed(from: &Shape, to: &Shape, ends: &[(i64, i64)]) -> Strided {
    let (source, target) = (strides(from), strides(to));
    let (mut source_start, mut target_start) = (0usize, 0usize);
    let mut counts = [0; MAX_RANK];
    for axis in 0..from.rank() {
        let (before, after) = ends[axis];
        source_start += (-before).max(0) as usize * source[axis] as usize;
        target_start += before.max(0) as usize * target[axis] as usize;
        counts[axis] = (from.sizes()[axis] as i64 + before.min(0) + after.min(0)).max(0) as usize;
    }
    let mut copy = Strided::new(source_start, target_start);
    for axis in 0..from.rank() {
        copy = copy.within(counts[axis], source[axis], target[axis]);
    }
    copy
}

impl Pad {
    /// Every added element is one of the input's: where from is worked out axis by axis.
    fn repeat(&self, io: &mut Io<'_>, from: &Shape, to: Shape, ends: &[(i64, i64)]) -> Result<()> {
        let steps = strides(from);
        let mut picks = std::mem::take(&mut io.scratch.usize);
        picks.clear();
        picks.push(0);
        for axis in 0..if to.elements() == Some(0) { 0 } else { from.rank() } {
            let (before, after) = ends[axis];
            let first = (-before).max(0);
            let kept = from.sizes()[axis] as i64 - first + after.min(0);
            if kept <= 0 {
                return Err(Error::new(
                    ErrorCode::RunValue,
                    "an axis without elements has nothing to repeat",
                ));
            }
            let rows = picks.len();
            let size = to.sizes()[axis];
            let mut next = Vec::with_capacity(rows * size);
            for &start in &picks {
                next.extend((0..size as i64).map(|at| {
                    let place = first + self.source_of(at - before.max(0), kept);
                    start + place as usize * steps[axis] as usize
                }));
            }
            picks = next;
        }
        if to.elements() == Some(0) {
            picks.clear();
        }
        transfer(io, 0, 0, to, &Taken { indices: &picks, block: 1 })?;
        io.scratch.usize = picks;
        Ok(())
    }

    /// Which of `size` elements stands at place `at`, which may lie outside.
    fn source_of(&self, at: i64, size: i64) -> i64 {
        match self.mode {
            Mode::Reflect if size > 1 => {
                let turn = 2 * (size - 1);
                let at = at.rem_euclid(turn);
                at.min(turn - at)
            }
            Mode::Wrap => at.rem_euclid(size),
            _ => at.clamp(0, size - 1),
        }
    }
}
