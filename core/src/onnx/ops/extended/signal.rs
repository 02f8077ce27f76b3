//! DFT, and the window functions that go with it.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::DType;

use super::super::axes::{Integers, axis_within, size, unknown};
use super::super::compute::{Compute, fill};

/// The most products of one transform: one that is longer, and whose length has a large prime factor,
/// would take minutes.
pub(super) const MOST_PRODUCTS: u64 = 1 << 34;

/// The discrete Fourier transform along one axis; the last axis holds real and imaginary parts.
struct Transform {
    axis: Integers,
    length: Integers,
    inverse: bool,
    onesided: bool,
}

pub(super) fn build_dft(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    let axis = if spec.opset >= 20 {
        match Integers::input(spec, 2)? {
            Integers::Absent => Integers::Fixed(vec![-2]),
            axis => axis,
        }
    } else if spec.inputs.len() > 2 {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            "input 2 exists from operator set 20 on; before, it is attribute \"axis\"",
        ));
    } else {
        Integers::Fixed(vec![spec.attributes.int("axis")?.unwrap_or(1)])
    };
    let kernel = Transform {
        axis,
        length: Integers::input(spec, 1)?,
        inverse: spec.attributes.flag("inverse", false)?,
        onesided: spec.attributes.flag("onesided", false)?,
    };
    let rank = spec.input(0)?.rank();
    Built::one(kernel, Fact::shaped(dtype, rank.map(unknown)))
}

/// The one number of a list.
pub(super) fn only(list: &[i64], what: &str) -> Result<i64> {
    match *list {
        [number] => Ok(number),
        _ => Err(Error::new(ErrorCode::InputShape, format!("the {what} must be one number"))),
    }
}

/// Cosine and sine of every `count`th part of a turn.
pub(super) fn turns(count: usize) -> Vec<(f64, f64)> {
    let angle = |at: usize| 2.0 * std::f64::consts::PI * at as f64 / count as f64;
    (0..count).map(|at| (libm::cos(angle(at)), libm::sin(angle(at)))).collect()
}

/// The sums of `line[i * step]` times the turns of `-i * k`, for `k` below their number: by halves as
/// long as the number is even, else one by one.
pub(super) fn transform(line: &[(f64, f64)], step: usize, turns: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let count = turns.len() / step;
    if count > 0 && count.is_multiple_of(2) {
        let (even, odd) = (transform(line, step * 2, turns), transform(&line[step..], step * 2, turns));
        let mut all = vec![(0.0, 0.0); count];
        for (at, (&(a, b), &(c, d))) in even.iter().zip(&odd).enumerate() {
            let (cos, sin) = turns[at * step];
            let (c, d) = (c * cos + d * sin, d * cos - c * sin);
            all[at] = (a + c, b + d);
            all[at + count / 2] = (a - c, b - d);
        }
        return all;
    }
    let sum = |k: usize| {
        let mut sum = (0.0, 0.0);
        for (i, &(a, b)) in line.iter().step_by(step).take(count).enumerate() {
            let (cos, sin) = turns[i * k % count * step];
            sum = (sum.0 + a * cos + b * sin, sum.1 + b * cos - a * sin);
        }
        sum
    };
    (0..count).map(sum).collect()
}

/// How many products one transform of this length takes.
pub(super) fn products(length: usize) -> u64 {
    let length = length as u64;
    let halves = length.trailing_zeros();
    let odd = length >> halves.min(u64::BITS - 1);
    length.saturating_mul(odd.saturating_add(u64::from(halves)))
}

impl Kernel for Transform {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let (shape, dtype) = (*input.shape(), input.dtype());
        let unfit = |message: &str| Err(Error::new(ErrorCode::InputShape, message));
        let parts = match shape.sizes() {
            &[_, .., parts @ (1 | 2)] => parts,
            _ => return unfit("input 0 must have two axes or more, the last with real and imaginary parts"),
        };
        let axis = axis_within(only(&self.axis.require(io)?, "axis")?, shape.rank(), ErrorCode::InputShape)?;
        if axis + 1 == shape.rank() {
            return unfit("the axis cannot be the last one");
        }
        // The half of a spectrum that real numbers have stands for the whole.
        let restores = self.inverse && self.onesided;
        if self.onesided && !self.inverse && parts == 2 {
            return unfit("onesided needs real numbers: the last axis must have size 1");
        }
        let own = shape.sizes()[axis];
        let length = match self.length.get(io)?.as_deref() {
            Some(list) => size(only(list, "length")?)?,
            None if restores => own.saturating_sub(1).saturating_mul(2),
            None => own,
        };
        if length == 0 {
            return Err(Error::new(ErrorCode::RunValue, "the length of a transform must be above zero"));
        }
        let kept = if self.onesided && !self.inverse { length / 2 + 1 } else { length };
        let mut result = shape;
        let made = if restores { 1 } else { 2 };
        result.sizes_mut()[axis] = kept;
        result.sizes_mut()[shape.rank() - 1] = made;
        io.check(&result)?;
        io.check(&Shape::vector(length))?;
        let inner: usize = shape.sizes()[axis + 1..shape.rank() - 1].iter().product();
        let lines: usize = shape.sizes()[..axis].iter().product::<usize>() * inner;
        if products(length).saturating_mul(lines as u64) > MOST_PRODUCTS {
            return Err(Error::new(ErrorCode::RunBudget, "the transform takes too long"));
        }
        let mut values = vec![0f64; input.len()];
        f64::widen(input.data(), 0, &mut values);
        let target = io.output_tensor(0)?.reset_as(dtype, result);
        let turns = turns(length);
        let scale = if self.inverse { 1.0 / length as f64 } else { 1.0 };
        let mut out = vec![0f64; result.elements().unwrap_or(0)];
        for at in 0..lines {
            let (outer, inside) = (at / inner, at % inner);
            let read = |place: usize| {
                let from = ((outer * own + place) * inner + inside) * parts;
                (values[from], if parts == 2 { values[from + 1] } else { 0.0 })
            };
            // The inverse is the transform with real and imaginary parts exchanged, on both ends.
            let mut line = vec![(0.0, 0.0); length];
            let given = if restores { own.min(length / 2 + 1) } else { own.min(length) };
            for place in 0..given {
                let (real, imaginary) = read(place);
                if !restores {
                    line[place] = if self.inverse { (imaginary, real) } else { (real, imaginary) };
                } else if place == 0 || place * 2 == length {
                    line[place] = (0.0, real);
                } else {
                    line[place] = (imaginary, real);
                    line[length - place] = (-imaginary, real);
                }
            }
            for (place, &(a, b)) in transform(&line, 1, &turns).iter().take(kept).enumerate() {
                let (real, imaginary) = if self.inverse { (b, a) } else { (a, b) };
                let to = ((outer * kept + place) * inner + inside) * made;
                out[to] = real * scale;
                if made == 2 {
                    out[to + 1] = imaginary * scale;
                }
            }
        }
        super::super::compute::Store::narrow(&out, target, 0);
        Ok(())
    }
}

/// How a window is made of the cosine of one turn and of two.
pub(super) type Weights = (f64, f64, f64);

/// a - b cos(2πn/N) + c cos(4πn/N), where N is the size, or one less for a symmetric window.
struct Window {
    weights: Weights,
    periodic: bool,
    dtype: DType,
}

pub(super) fn build_window(spec: &mut NodeSpec<'_>, weights: Weights) -> Result<Built> {
    if !matches!(spec.dtype(0)?, DType::I32 | DType::I64) {
        return Err(spec.wrong_type(0, "tensor(int32) or tensor(int64)"));
    }
    let number = spec.attributes.int("output_datatype")?.unwrap_or(1);
    let dtype = i32::try_from(number).ok().and_then(DType::from_onnx).filter(|dtype| dtype.is_float());
    // As integers, all that is left of a window is how its ones were rounded.
    let dtype = dtype.ok_or_else(|| {
        Error::new(ErrorCode::ModelUnsupported, "attribute \"output_datatype\" must be a type of floats")
    })?;
    let periodic = spec.attributes.flag("periodic", true)?;
    Built::one(Window { weights, periodic, dtype }, Fact::shaped(dtype, Some(unknown(1))))
}

impl Kernel for Window {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let count = size(only(&super::super::axes::integers(input), "size")?)?;
        let turn = if self.periodic { count } else { count.saturating_sub(1) };
        if turn == 0 && count > 0 {
            return Err(Error::new(ErrorCode::RunValue, "a symmetric window needs two elements or more"));
        }
        let shape = Shape::vector(count);
        io.check(&shape)?;
        let target = io.output_tensor(0)?.reset_as(self.dtype, shape);
        let (a, b, c) = self.weights;
        let weight = |at: usize| {
            let angle = 2.0 * std::f64::consts::PI * at as f64 / turn as f64;
            a - b * libm::cos(angle) + c * libm::cos(2.0 * angle)
        };
        let list: Vec<f64> = (0..count).map(weight).collect();
        match self.dtype {
            DType::F64 => fill::<f64>(target, &mut Vec::new(), |out| out.copy_from_slice(&list)),
            _ => super::super::compute::Store::narrow(&list, target, 0),
        }
        Ok(())
    }
}
