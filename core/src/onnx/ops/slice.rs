//! Slice: every n-th element of a range, along some axes.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};

use super::axes::{Integers, axis_within, unknown};
use super::moving::{Strided, strides, transfer};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[plain("Slice", &[1, 10, 11, 13], (1, 5), "all", slice)];

/// The four lists as the node gives them; axes and steps may be left out.
struct Slice {
    starts: Integers,
    ends: Integers,
    axes: Integers,
    steps: Integers,
}

/// One axis of a slice: where it starts, how many elements it takes, and how far apart they are.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    count: usize,
    step: i64,
}

fn slice(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let steps = if spec.opset >= 10 { Integers::input(spec, 4)? } else { Integers::Absent };
    let kernel = Slice {
        starts: Integers::attribute_until(spec, "starts", 10, 1)?,
        ends: Integers::attribute_until(spec, "ends", 10, 2)?,
        axes: Integers::attribute_until(spec, "axes", 10, 3)?,
        steps,
    };
    if kernel.starts.is_absent() || kernel.ends.is_absent() {
        return Err(Error::new(ErrorCode::ModelInvalid, "the starts and ends of a slice are required"));
    }
    let dims = match &spec.input(0)?.dims {
        Some(dims) => Some(kernel.known_dims(dims)?),
        None => None,
    };
    Built::one(kernel, Fact::shaped(dtype, dims))
}

impl Slice {
    /// The result's axes, as far as the lists are constants.
    fn known_dims(&self, dims: &[Dim]) -> Result<Vec<Dim>> {
        let at_load = |error: Error| Error::new(ErrorCode::ModelShape, error.message());
        let (Some(starts), Some(ends)) = (self.starts.fixed(), self.ends.fixed()) else {
            return Ok(unknown(dims.len()));
        };
        let axes = self.axes.fixed();
        let steps = self.steps.fixed();
        if axes.is_none() && !self.axes.is_absent() || steps.is_none() && !self.steps.is_absent() {
            return Ok(unknown(dims.len()));
        }
        let mut result = dims.to_vec();
        for (axis, start, end, step) in entries(dims.len(), starts, ends, axes, steps).map_err(at_load)? {
            result[axis] = match dims[axis] {
                Dim::Known(size) => Dim::Known(range(size, start, end, step).map_err(at_load)?.count),
                // The whole of an axis of unknown size keeps its name.
                _ if start == 0 && end >= i64::from(i32::MAX) && step == 1 => continue,
                _ => Dim::Unknown,
            };
        }
        Ok(result)
    }
}

/// Axis, start, end and step of each entry of the lists, which must be equally long.
fn entries(
    rank: usize,
    starts: &[i64],
    ends: &[i64],
    axes: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Result<Vec<(usize, i64, i64, i64)>> {
    let count = starts.len();
    let fits = |list: Option<&[i64]>| list.is_none_or(|list| list.len() == count);
    if ends.len() != count || !fits(axes) || !fits(steps) || count > rank {
        return Err(Error::new(
            ErrorCode::InputShape,
            "starts, ends, axes and steps must be equally long lists",
        ));
    }
    (0..count)
        .map(|at| {
            let axis = axes.map_or(at as i64, |axes| axes[at]);
            let axis = axis_within(axis, rank, ErrorCode::InputShape)?;
            Ok((axis, starts[at], ends[at], steps.map_or(1, |steps| steps[at])))
        })
        .collect()
}

/// Bounds are counted from the end where negative and drawn in where they lie outside.
fn range(size: usize, start: i64, end: i64, step: i64) -> Result<Range> {
    let size = size as i64;
    let from_end = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (start, end) = (from_end(start), from_end(end));
    let (start, distance) = match step {
        0 => return Err(Error::new(ErrorCode::RunValue, "a slice's step must not be 0")),
        1.. => {
            let start = start.clamp(0, size);
            (start, end.clamp(0, size) - start)
        }
        _ => {
            let start = start.clamp(-1, size - 1);
            (start, start - end.clamp(-1, size - 1))
        }
    };
    let count = if distance <= 0 { 0 } else { (distance as u64).div_ceil(step.unsigned_abs()) as usize };
    Ok(Range { start: start.max(0) as usize, count, step })
}

impl Kernel for Slice {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        let mut ranges = [Range { start: 0, count: 0, step: 1 }; crate::onnx::shape::MAX_RANK];
        for (range, &size) in ranges.iter_mut().zip(from.sizes()) {
            range.count = size;
        }
        let (axes, steps) = (self.axes.get(io)?, self.steps.get(io)?);
        let (starts, ends) = (self.starts.require(io)?, self.ends.require(io)?);
        for (axis, start, end, step) in
            entries(from.rank(), &starts, &ends, axes.as_deref(), steps.as_deref())?
        {
            ranges[axis] = range(from.sizes()[axis], start, end, step)?;
        }
        let mut to = from;
        for (size, range) in to.sizes_mut().iter_mut().zip(&ranges) {
            *size = range.count;
        }
        transfer(io, 0, 0, to, &sliced(&from, &to, &ranges))
    }
}

fn sliced(from: &Shape, to: &Shape, ranges: &[Range]) -> Strided {
    let (source, target) = (strides(from), strides(to));
    let start = (0..from.rank()).map(|axis| ranges[axis].start.wrapping_mul(source[axis] as usize));
    let mut copy = Strided::new(start.fold(0, usize::wrapping_add), 0);
    for axis in 0..from.rank() {
        copy = copy.within(
            ranges[axis].count,
            source[axis].wrapping_mul(ranges[axis].step as isize),
            target[axis],
        );
    }
    copy
}
