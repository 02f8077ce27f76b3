//! Where the largest elements are: ArgMax, ArgMin, TopK.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

use super::axes::{Integers, axis_at_load, axis_within, size};
use super::compute::{Compute, by_class, whole};
use super::moving::{Taken, transfer};
use super::order_key::order_key;
use super::plain;
use super::reduction::refuse_empty;
use super::sorting::least;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("ArgMax", &[1, 11, 12, 13], (1, 1), "numeric", |spec| arg(spec, true)),
    plain("ArgMin", &[1, 11, 12, 13], (1, 1), "numeric", |spec| arg(spec, false)),
    Operator { outputs: (2, 2), ..plain("TopK", &[1, 10, 11, 24], (1, 2), "numeric", top_k) },
];

/// NaN is never better than what was found before it, as in ONNX Runtime.
struct Arg<C> {
    axis: i64,
    keep: bool,
    better: fn(C, C) -> bool,
}

fn arg(spec: &mut NodeSpec<'_>, largest: bool) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if matches!(dtype, DType::Str | DType::Bool) {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    let axis = spec.attributes.int("axis")?.unwrap_or(0);
    let keep = spec.attributes.flag("keepdims", true)?;
    let last = spec.opset >= 12 && spec.attributes.flag("select_last_index", false)?;
    let mut dims = spec.input(0)?.dims.clone();
    if let Some(dims) = &mut dims {
        let axis = axis_within(axis, dims.len(), ErrorCode::ModelShape)?;
        if keep {
            dims[axis] = Dim::Known(1);
        } else {
            dims.remove(axis);
        }
    }
    let fact = Fact::shaped(DType::I64, dims);
    by_class!(dtype, C => {
        let better: fn(C, C) -> bool = match (largest, last) {
            (true, false) => |x, best| x > best,
            (true, true) => |x, best| x >= best,
            (false, false) => |x, best| x < best,
            (false, true) => |x, best| x <= best,
        };
        Built::one(Arg { axis, keep, better }, fact)
    }, _ => Err(spec.wrong_type(0, "a tensor of numbers")))
}

impl<C: Compute> Kernel for Arg<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let from = input.shape();
        let axis = axis_within(self.axis, from.rank(), ErrorCode::InputShape)?;
        let (outer, size, inner) = from.split_at(axis);
        refuse_empty(size)?;
        let mut shape = Shape::SCALAR;
        for (at, &size) in from.sizes().iter().enumerate() {
            // Cannot fail: no more axes than before.
            let _ = match (at == axis, self.keep) {
                (true, true) => shape.push(1),
                (true, false) => true,
                (false, _) => shape.push(size),
            };
        }
        let mut space = Vec::new();
        let values = whole::<C>(input.data(), &mut space);
        let out = io.output::<i64>(0, shape)?;
        if out.is_empty() {
            return Ok(());
        }
        for row in 0..outer {
            for column in 0..inner {
                let start = row * size * inner + column;
                let (mut best, mut found) = (values[start], 0);
                for at in 1..size {
                    let x = values[start + at * inner];
                    if (self.better)(x, best) {
                        (best, found) = (x, at);
                    }
                }
                out[row * inner + column] = found as i64;
            }
        }
        Ok(())
    }
}

/// The first k elements by value; of equal ones the one with the lower index. NaN counts as the largest.
/// The order is by value even where the node does not ask for it.
struct TopK {
    count: Integers,
    axis: i64,
    largest: bool,
}

fn top_k(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if matches!(dtype, DType::Str | DType::Bool) {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    let count = if spec.opset >= 10 {
        Integers::input(spec, 1)?
    } else {
        spec.attributes.int("k")?.map_or(Integers::Absent, |count| Integers::Fixed(vec![count]))
    };
    if count.is_absent() {
        return Err(Error::new(ErrorCode::ModelAttribute, "the number of elements to take is missing"));
    }
    let axis = spec.attributes.int("axis")?.unwrap_or(-1);
    let newer = spec.opset >= 11;
    let largest = !newer || spec.attributes.flag("largest", true)?;
    if newer {
        spec.attributes.flag("sorted", true)?;
    }
    let mut dims = spec.input(0)?.dims.clone();
    if let (Some(dims), Some(at)) = (&mut dims, axis_at_load(axis, spec.input(0)?.rank())?) {
        dims[at] = match count.fixed() {
            Some(&[count]) => Dim::Known(size(count)?),
            _ => Dim::Unknown,
        };
    }
    let outputs = vec![Fact::shaped(dtype, dims.clone()), Fact::shaped(DType::I64, dims)];
    Ok(Built { kernel: Box::new(TopK { count, axis, largest }), outputs })
}

impl Kernel for TopK {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let mut shape = *input.shape();
        let axis = axis_within(self.axis, shape.rank(), ErrorCode::InputShape)?;
        let (outer, total, inner) = shape.split_at(axis);
        let &[count] = &*self.count.require(io)? else {
            return Err(Error::new(
                ErrorCode::InputShape,
                "the number of elements to take must be one number",
            ));
        };
        let count = size(count)?;
        if count > total {
            return Err(Error::new(
                ErrorCode::RunValue,
                format!("more elements are asked for than the {total} that the axis has"),
            ));
        }
        shape.sizes_mut()[axis] = count;
        let elements = shape.elements().unwrap_or(0);
        let mut picks = std::mem::take(&mut io.scratch.usize);
        picks.clear();
        picks.resize(elements, 0);
        for row in 0..if elements == 0 { 0 } else { outer } {
            for column in 0..inner {
                let start = row * total * inner + column;
                let line = (0..total).map(|at| {
                    let key = order_key(input.data(), start + at * inner);
                    (if self.largest { !key } else { key }, at)
                });
                for (rank, (_, at)) in least(line, count).into_iter().enumerate() {
                    picks[(row * count + rank) * inner + column] = start + at * inner;
                }
            }
        }
        transfer(io, 0, 0, shape, &Taken { indices: &picks, block: 1 })?;
        let out = io.output::<i64>(1, shape)?;
        for (slot, &pick) in out.iter_mut().zip(&picks) {
            *slot = (pick / inner % total) as i64;
        }
        io.scratch.usize = picks;
        Ok(())
    }
}
