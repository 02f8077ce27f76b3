//! Operators that lay elements out anew by strides alone: Transpose, Slice, Expand, Tile, Concat, Split.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, MAX_RANK, Shape};

use super::axes::{AxisSet, Integers, axis_at_load, axis_within, known, size, unknown};
use super::broadcast::{join, join_dims};
use super::moving::{Strided, assemble, strides, transfer};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Transpose", &[1, 13, 21, 23, 24, 25], (1, 1), "all", transpose),
    plain("Expand", &[8, 13], (2, 2), "all", expand),
    plain("Tile", &[6, 13], (2, 2), "all", tile),
    plain("Concat", &[4, 11, 13], (1, usize::MAX), "all", concat),
    Operator { outputs: (1, usize::MAX), ..plain("Split", &[2, 11, 13, 18], (1, 2), "all", split) },
];

struct Transpose {
    order: Option<Vec<usize>>,
}

fn transpose(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let dims = spec.input(0)?.dims.clone();
    let order = match spec.attributes.ints("perm")? {
        Some(order) => {
            AxisSet::new(order, order.len().min(MAX_RANK), ErrorCode::ModelAttribute)?;
            if dims.as_ref().is_some_and(|dims| dims.len() != order.len()) {
                return Err(Error::new(
                    ErrorCode::ModelShape,
                    "attribute \"perm\" must name every axis of input 0",
                ));
            }
            let at = |&axis: &i64| axis_within(axis, order.len(), ErrorCode::ModelAttribute);
            Some(order.iter().map(at).collect::<Result<Vec<_>>>()?)
        }
        None => None,
    };
    let dims = dims.map(|mut dims| match &order {
        Some(order) => order.iter().map(|&axis| dims[axis].clone()).collect(),
        None => {
            dims.reverse();
            dims
        }
    });
    Built::one(Transpose { order }, Fact::shaped(dtype, dims))
}

impl Kernel for Transpose {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        if self.order.as_ref().is_some_and(|order| order.len() != from.rank()) {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("a tensor of shape {from} has another rank than \"perm\""),
            ));
        }
        let mut to = from;
        let at = |axis: usize| self.order.as_ref().map_or(from.rank() - 1 - axis, |order| order[axis]);
        for (axis, size) in to.sizes_mut().iter_mut().enumerate() {
            *size = from.sizes()[at(axis)];
        }
        let (source, target) = (strides(&from), strides(&to));
        let mut copy = Strided::new(0, 0);
        for axis in 0..to.rank() {
            copy = copy.within(to.sizes()[axis], source[at(axis)], target[axis]);
        }
        transfer(io, 0, 0, to, &copy)
    }
}

/// A copy that stretches a tensor of shape `from` to `to`, which is a common shape of `from` and another.
pub(super) fn stretch(from: &Shape, to: &Shape) -> Strided {
    let (source, target) = (strides(from), strides(to));
    let missing = to.rank() - from.rank();
    let mut copy = Strided::new(0, 0);
    for axis in 0..to.rank() {
        let stretched = axis < missing || from.sizes()[axis - missing] == 1;
        let step = if stretched { 0 } else { source[axis - missing] };
        copy = copy.within(to.sizes()[axis], step, target[axis]);
    }
    copy
}

struct Expand {
    shape: Integers,
}

fn expand(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let shape = Integers::input(spec, 1)?;
    let dims = match shape.fixed() {
        Some(sizes) => {
            let sizes = sizes.iter().map(|&value| size(value)).collect::<Result<Vec<_>>>()?;
            join_dims([&spec.input(0)?.dims, &Some(known(&sizes))])?
        }
        None => None,
    };
    Built::one(Expand { shape }, Fact::shaped(dtype, dims))
}

impl Kernel for Expand {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let mut wanted = Shape::SCALAR;
        for &value in self.shape.require(io)?.iter() {
            if !wanted.push(size(value)?) {
                return Err(Error::new(ErrorCode::RunBudget, "the new shape has too many axes"));
            }
        }
        let from = *io.tensor(0)?.shape();
        let to = join(&from, &wanted)?;
        io.check(&to)?;
        transfer(io, 0, 0, to, &stretch(&from, &to))
    }
}

struct Tile {
    repeats: Integers,
}

fn tile(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let repeats = Integers::input(spec, 1)?;
    let dims = match (&spec.input(0)?.dims, repeats.fixed()) {
        (Some(dims), Some(repeats)) if dims.len() == repeats.len() => Some(
            dims.iter()
                .zip(repeats)
                .map(|(dim, &times)| match (dim, usize::try_from(times)) {
                    (dim, Ok(1)) => dim.clone(),
                    (Dim::Known(size), Ok(times)) => Dim::Known(size.saturating_mul(times)),
                    _ => Dim::Unknown,
                })
                .collect(),
        ),
        (Some(_), Some(_)) => {
            return Err(Error::new(
                ErrorCode::ModelShape,
                "input 1 must hold one number per axis of input 0",
            ));
        }
        (Some(dims), None) => Some(unknown(dims.len())),
        _ => None,
    };
    Built::one(Tile { repeats }, Fact::shaped(dtype, dims))
}

impl Kernel for Tile {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let repeats = self.repeats.require(io)?;
        let from = *io.tensor(0)?.shape();
        if repeats.len() != from.rank() {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("{} repeats are given for a tensor of shape {from}", repeats.len()),
            ));
        }
        let mut to = from;
        for (own, &times) in to.sizes_mut().iter_mut().zip(repeats.iter()) {
            *own = own.saturating_mul(size(times)?);
        }
        io.check(&to)?;
        let (source, target) = (strides(&from), strides(&to));
        let mut copy = Strided::new(0, 0);
        for axis in 0..from.rank() {
            let own = from.sizes()[axis];
            copy = copy.within(size(repeats[axis])?, 0, target[axis].wrapping_mul(own as isize));
            copy = copy.within(own, source[axis], target[axis]);
        }
        transfer(io, 0, 0, to, &copy)
    }
}

struct Concat {
    axis: i64,
}

fn concat(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axis = spec
        .attributes
        .int("axis")?
        .ok_or_else(|| Error::new(ErrorCode::ModelAttribute, "attribute \"axis\" is missing"))?;
    for at in 1..spec.inputs.len() {
        if spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let mut dims = spec.input(0)?.dims.clone();
    for fact in spec.inputs.iter().flatten().skip(1) {
        let (Some(common), Some(own)) = (&mut dims, &fact.dims) else {
            dims = None;
            continue;
        };
        if common.len() != own.len() {
            return Err(Error::new(ErrorCode::ModelShape, "all inputs must have the same number of axes"));
        }
        let along = axis_within(axis, common.len(), ErrorCode::ModelShape)?;
        for (at, (common, own)) in common.iter_mut().zip(own).enumerate() {
            *common = match (&*common, own) {
                (Dim::Known(a), Dim::Known(b)) if at == along => Dim::Known(a.saturating_add(*b)),
                _ if at == along => Dim::Unknown,
                (Dim::Known(a), Dim::Known(b)) if a != b => {
                    return Err(Error::new(
                        ErrorCode::ModelShape,
                        format!("sizes {a} and {b} of axis {at} differ"),
                    ));
                }
                (Dim::Known(_), _) | (_, Dim::Unknown) => common.clone(),
                (_, own) => own.clone(),
            };
        }
    }
    axis_at_load(axis, dims.as_ref().map(Vec::len))?;
    Built::one(Concat { axis }, Fact::shaped(dtype, dims))
}

impl Kernel for Concat {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let first = io.tensor(0)?;
        let mut shape = *first.shape();
        let axis = axis_within(self.axis, shape.rank(), ErrorCode::InputShape)?;
        for at in 1..io.input_count() {
            let own = *io.tensor(at)?.shape();
            let fits = own.rank() == shape.rank()
                && own.sizes().iter().zip(shape.sizes()).enumerate().all(|(at, (a, b))| at == axis || a == b);
            if !fits {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("shape {own} of input {at} does not fit {shape}"),
                ));
            }
            shape.sizes_mut()[axis] = shape.sizes()[axis].saturating_add(own.sizes()[axis]);
        }
        io.check(&shape)?;
        let (outer, _, block) = shape.split_at(axis);
        let step = shape.sizes()[axis] * block;
        let mut parts = Vec::with_capacity(io.input_count());
        let mut start = 0;
        for at in 0..io.input_count() {
            let tensor = io.tensor(at)?;
            let own = tensor.shape().sizes()[axis] * block;
            let copy = Strided::new(0, start).within(outer, own as isize, step as isize).within(own, 1, 1);
            parts.push((tensor, copy));
            start += own;
        }
        assemble(io, 0, first.dtype(), shape, parts.iter().map(|(tensor, copy)| (*tensor, copy)))
    }
}

/// Parts along one axis: of given sizes, or as equal as possible with the last one smaller.
struct Split {
    axis: i64,
    sizes: Integers,
    parts: usize,
    /// Whether the equal parts must divide the axis evenly: before operator set 18.
    even: bool,
}

fn split(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axis = spec.attributes.int("axis")?.unwrap_or(0);
    let sizes = Integers::attribute_until(spec, "split", 13, 1)?;
    let parts = spec.outputs;
    if spec.opset >= 18
        && let Some(wanted) = spec.attributes.int("num_outputs")?
        && (usize::try_from(wanted) != Ok(parts) || !sizes.is_absent())
    {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"num_outputs\" must be {parts}, without sizes"),
        ));
    }
    let kernel = Split { axis, sizes, parts, even: spec.opset < 18 };
    let data = &spec.input(0)?.dims;
    let along = axis_at_load(axis, data.as_ref().map(Vec::len))?;
    let total = match (data, along) {
        (Some(dims), Some(axis)) => {
            if let Dim::Known(total) = dims[axis] {
                Some(total)
            } else {
                None
            }
        }
        _ => None,
    };
    let fixed = kernel.sizes.fixed();
    let parted = match (total, fixed) {
        (Some(total), _) if fixed.is_some() || kernel.sizes.is_absent() => Some(
            kernel
                .part_sizes(fixed, total)
                .map_err(|error| Error::new(ErrorCode::ModelShape, error.message()))?,
        ),
        _ => None,
    };
    let outputs = (0..parts)
        .map(|part| {
            let dims = match (data, along) {
                (Some(dims), Some(axis)) => {
                    let mut dims = dims.clone();
                    dims[axis] = parted.as_ref().map_or(Dim::Unknown, |sizes| Dim::Known(sizes[part]));
                    Some(dims)
                }
                _ => None,
            };
            Fact::shaped(dtype, dims)
        })
        .collect();
    Ok(Built { kernel: Box::new(kernel), outputs })
}

impl Split {
    fn part_sizes(&self, given: Option<&[i64]>, total: usize) -> Result<Vec<usize>> {
        let sizes = match given {
            Some(sizes) => sizes.iter().map(|&value| size(value)).collect::<Result<Vec<_>>>()?,
            None if self.even && !total.is_multiple_of(self.parts) => Vec::new(),
            None => {
                let part = total.div_ceil(self.parts);
                (0..self.parts).map(|at| part.min(total.saturating_sub(at * part))).collect()
            }
        };
        let sum = sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size));
        if sizes.len() == self.parts && sum == Some(total) {
            return Ok(sizes);
        }
        Err(Error::new(
            ErrorCode::InputShape,
            format!("an axis of size {total} cannot be split into {} parts as asked", self.parts),
        ))
    }
}

impl Kernel for Split {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        let axis = axis_within(self.axis, from.rank(), ErrorCode::InputShape)?;
        let given = self.sizes.get(io)?;
        let (outer, total, block) = from.split_at(axis);
        let mut start = 0;
        for (part, size) in self.part_sizes(given.as_deref(), total)?.into_iter().enumerate() {
            let own = size * block;
            let copy = Strided::new(start, 0)
                .within(outer, (total * block) as isize, own as isize)
                .within(own, 1, 1);
            let mut shape = from;
            shape.sizes_mut()[axis] = size;
            transfer(io, 0, part, shape, &copy)?;
            start += own;
        }
        Ok(())
    }
}
