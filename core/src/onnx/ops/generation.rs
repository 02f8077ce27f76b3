//! Tensors made from a few numbers or from where elements are: Range, OneHot, NonZero, Trilu.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::axes::{Integers, axis_within, size};
use super::compute::{Class, Compute, by_class, class, fill, whole};
use super::indexing::joined;
use super::moving::{Pass, assemble, zero};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Range", &[11, 27], (3, 3), "float, double, float16, int16, int32, int64", |spec| {
        let dtype = spec.dtype(0)?;
        for at in 1..3 {
            if spec.dtype(at)? != dtype {
                return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
            }
        }
        if spec.opset >= 27 && spec.attributes.int("stash_type")?.unwrap_or(1) != 1 {
            return Err(Error::new(
                ErrorCode::ModelUnsupported,
                "attribute \"stash_type\" must be 1 (float)",
            ));
        }
        let fact = Fact::shaped(dtype, Some(vec![Dim::Unknown]));
        match class(dtype) {
            Class::F32 => Built::one(Range::<f32> { count: count_floats }, fact),
            Class::F64 => Built::one(Range::<f64> { count: count_floats }, fact),
            Class::I64 => Built::one(Range::<i64> { count: count_integers }, fact),
            _ => Err(spec.wrong_type(0, "a tensor of floats or signed integers")),
        }
    }),
    plain("OneHot", &[9, 11, 28], (3, 3), "all", one_hot),
    plain("NonZero", &[9, 13], (1, 1), "numeric, bool", |spec| {
        if spec.dtype(0)? == DType::Str {
            return Err(spec.wrong_type(0, "a tensor of numbers"));
        }
        let rank = spec.input(0)?.rank().map_or(Dim::Unknown, |rank| Dim::Known(rank.max(1)));
        Built::one(NonZero, Fact::shaped(DType::I64, Some(vec![rank, Dim::Unknown])))
    }),
    plain("Trilu", &[14], (1, 2), "all but string", |spec| {
        let fact = Fact { constant: None, ..spec.input(0)?.clone() };
        let upper = spec.attributes.flag("upper", true)?;
        if spec.dtype(0)? == DType::Str {
            return Err(spec.wrong_type(0, "a tensor of numbers"));
        }
        let diagonal = Integers::input(spec, 1)?;
        Built::one(Trilu { upper, diagonal }, fact)
    }),
];

/// The one number that input `at` holds.
fn only<C: Compute>(io: &Io<'_>, at: usize) -> Result<C> {
    let tensor = io.tensor(at)?;
    if tensor.len() != 1 {
        return Err(Error::new(
            ErrorCode::InputShape,
            format!("input {at} has shape {}, must be one number", tensor.shape()),
        ));
    }
    let mut value = [C::default()];
    C::widen(tensor.data(), 0, &mut value);
    Ok(value[0])
}

/// start + i * delta, as long as it is before limit.
struct Range<C> {
    count: fn(C, C, C) -> Option<u64>,
}

fn count_floats<C: Into<f64>>(start: C, limit: C, delta: C) -> Option<u64> {
    let steps = ((limit.into() - start.into()) / delta.into()).ceil();
    // A float too large for an integer saturates, and the budget refuses it.
    if steps.is_nan() { None } else { Some(steps.max(0.0) as u64) }
}

fn count_integers(start: i64, limit: i64, delta: i64) -> Option<u64> {
    let distance = i128::from(limit) - i128::from(start);
    let delta = i128::from(delta);
    let steps =
        distance.checked_div(delta)? + i128::from(distance % delta != 0 && (distance < 0) == (delta < 0));
    Some(u64::try_from(steps.max(0)).unwrap_or(u64::MAX))
}

impl<C: Compute> Kernel for Range<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (start, limit, delta) = (only::<C>(io, 0)?, only::<C>(io, 1)?, only::<C>(io, 2)?);
        let count = (self.count)(start, limit, delta).ok_or_else(|| {
            Error::new(ErrorCode::RunValue, "a range needs a step that is not zero, and no NaN")
        })?;
        let shape = Shape::vector(usize::try_from(count).unwrap_or(usize::MAX));
        io.check(&shape)?;
        let dtype = io.tensor(0)?.dtype();
        let target = io.output_tensor(0)?.reset_as(dtype, shape);
        fill(target, &mut Vec::new(), |out| {
            for (at, slot) in out.iter_mut().enumerate() {
                *slot = start.plus(C::from_f64(at as f64).times(delta));
            }
        });
        Ok(())
    }
}

struct OneHot {
    axis: i64,
}

fn one_hot(spec: &mut NodeSpec<'_>) -> Result<Built> {
    for at in [0, 1] {
        if matches!(spec.dtype(at)?, DType::Str | DType::Bool) {
            return Err(spec.wrong_type(at, "a tensor of numbers"));
        }
    }
    let axis = spec.attributes.int("axis")?.unwrap_or(-1);
    let dims = match &spec.input(0)?.dims {
        Some(dims) => {
            let mut dims = dims.clone();
            let at = axis_within(axis, dims.len() + 1, ErrorCode::ModelShape)?;
            let depth = spec.constant(1).filter(|depth| depth.len() == 1).map(whole_number);
            dims.insert(
                at,
                depth.and_then(|depth| usize::try_from(depth).ok()).map_or(Dim::Unknown, Dim::Known),
            );
            Some(dims)
        }
        None => None,
    };
    let dtype = spec.dtype(2)?;
    Built::one(OneHot { axis }, Fact::shaped(dtype, dims))
}

/// The first element as an integer, cut off toward zero.
fn whole_number(tensor: &Tensor) -> i64 {
    let mut value = Vec::new();
    whole_numbers(tensor, &mut value);
    value.first().copied().unwrap_or(0)
}

fn whole_numbers(tensor: &Tensor, out: &mut Vec<i64>) {
    by_class!(tensor.dtype(), C => {
        let mut space = Vec::new();
        let values = whole::<C>(tensor.data(), &mut space);
        let mut integers = crate::onnx::tensor::Data::I64(vec![0; values.len()]);
        super::compute::Store::narrow(values, &mut integers, 0);
        if let crate::onnx::tensor::Data::I64(integers) = integers {
            *out = integers;
        }
    }, _ => {});
}

/// Writes the second value where the index says and the first value elsewhere.
struct Hot<'a> {
    indices: &'a [i64],
    depth: usize,
    inner: usize,
}

impl Pass for Hot<'_> {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        target.fill(source[0]);
        for (at, &index) in self.indices.iter().enumerate() {
            let depth = self.depth as i64;
            let hot = if index < 0 { index.saturating_add(depth) } else { index };
            if (0..depth).contains(&hot) {
                target[(at / self.inner * self.depth + hot as usize) * self.inner + at % self.inner] =
                    source[1];
            }
        }
    }
}

impl Kernel for OneHot {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (indices, depth, values) = (io.tensor(0)?, io.tensor(1)?, io.tensor(2)?);
        if depth.len() != 1 || values.len() != 2 {
            return Err(Error::new(ErrorCode::InputShape, "the depth must be one number and the values two"));
        }
        let depth = size(whole_number(depth))?;
        let sizes = indices.shape().sizes();
        let axis = axis_within(self.axis, sizes.len() + 1, ErrorCode::InputShape)?;
        let shape = joined(&[&sizes[..axis], &[depth], &sizes[axis..]])?;
        io.check(&shape)?;
        let mut list = Vec::new();
        whole_numbers(indices, &mut list);
        let inner = sizes[axis..].iter().product::<usize>().max(1);
        let hot = Hot { indices: &list, depth, inner };
        assemble(io, 0, values.dtype(), shape, [(values, &hot)])
    }
}

/// The places of all elements that are not zero, one column each, in order.
struct NonZero;

impl Kernel for NonZero {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let mut places = std::mem::take(&mut io.scratch.usize);
        places.clear();
        by_class!(input.dtype(), C => {
            let mut space = Vec::new();
            let values = whole::<C>(input.data(), &mut space);
            places.extend(values.iter().enumerate().filter(|(_, x)| **x != C::default()).map(|(at, _)| at));
        }, _ => {});
        let sizes = input.shape().sizes();
        let count = places.len();
        let out = io.output::<i64>(0, Shape::matrix(sizes.len().max(1), count))?;
        for (column, &place) in places.iter().enumerate() {
            let mut rest = place;
            for axis in (0..sizes.len()).rev() {
                out[axis * count + column] = (rest % sizes[axis]) as i64;
                rest /= sizes[axis];
            }
            if sizes.is_empty() {
                out[column] = 0;
            }
        }
        io.scratch.usize = places;
        Ok(())
    }
}

/// The upper or lower triangle of each matrix, zero elsewhere.
struct Trilu {
    upper: bool,
    diagonal: Integers,
}

enum Triangle {
    Clear,
    Keep { upper: bool, diagonal: i64, rows: usize, columns: usize },
}

impl Pass for Triangle {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        match *self {
            Self::Clear => target.fill(source[0]),
            Self::Keep { upper, diagonal, rows, columns } => {
                for (at, (slot, &value)) in target.iter_mut().zip(source).enumerate() {
                    let (row, column) = ((at / columns % rows) as i64, (at % columns) as i64);
                    let edge = row.saturating_add(diagonal);
                    if if upper { column >= edge } else { column <= edge } {
                        *slot = value;
                    }
                }
            }
        }
    }
}

impl Kernel for Trilu {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let &[.., rows, columns] = shape.sizes() else {
            return Err(Error::new(ErrorCode::InputShape, format!("shape {shape} is not that of matrices")));
        };
        let diagonal = match self.diagonal.get(io)?.as_deref() {
            None => 0,
            Some(&[diagonal]) => diagonal,
            Some(_) => return Err(Error::new(ErrorCode::InputShape, "the diagonal must be one number")),
        };
        let empty = zero(input.dtype());
        let passes = [
            (&empty, Triangle::Clear),
            (input, Triangle::Keep { upper: self.upper, diagonal, rows, columns }),
        ];
        assemble(io, 0, input.dtype(), shape, passes.iter().map(|(tensor, pass)| (*tensor, pass)))
    }
}
