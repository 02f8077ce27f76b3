//! Operators that change each line along one axis: Softmax, LogSoftmax, Hardmax, LpNormalization, CumSum,
//! CumProd.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::DType;

use super::axes::{Integers, axis_at_load, axis_within};
use super::compute::{Class, Compute, by_class, class, fill, is_nan, whole};
use super::plain;

const FLOATS: &str = "float, double, float16";

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Softmax", &[1, 11, 13], (1, 1), FLOATS, |spec| over_classes(spec, softmax_f32, softmax_f64)),
    plain("LogSoftmax", &[1, 11, 13], (1, 1), FLOATS, |spec| {
        over_classes(spec, log_softmax_f32, log_softmax_f64)
    }),
    plain("Hardmax", &[1, 11, 13], (1, 1), FLOATS, |spec| over_classes(spec, hardmax, hardmax)),
    plain("LpNormalization", &[1, 22], (1, 1), FLOATS, normalization),
    plain("CumSum", &[11, 14], (2, 2), "numeric", |spec| cumulation(spec, false)),
    plain("CumProd", &[26], (2, 2), "numeric", |spec| cumulation(spec, true)),
];

/// Changes one line in place.
type Line<C> = Box<dyn Fn(&mut [C]) + Send + Sync>;

struct Along<C> {
    axis: Integers,
    /// Whether all axes from `axis` on are one line: the Softmax family before operator set 13.
    flattens: bool,
    line: Line<C>,
}

impl<C: Compute> Kernel for Along<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let &[axis] = &*self.axis.require(io)? else {
            return Err(Error::new(ErrorCode::InputShape, "the axis must be one number"));
        };
        // A scalar is a line of one element; ONNX Runtime takes any axis for it.
        let (outer, size, inner) = if shape.rank() == 0 {
            (1, 1, 1)
        } else {
            let axis = axis_within(axis, shape.rank(), ErrorCode::InputShape)?;
            let (outer, size, inner) = shape.split_at(axis);
            if self.flattens { (outer, size * inner, 1) } else { (outer, size, inner) }
        };
        io.check(&shape)?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), shape);
        let (mut space, mut results, mut line) = (Vec::new(), Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        fill(target, &mut results, |out| {
            out.copy_from_slice(values);
            if inner == 1 {
                out.chunks_exact_mut(size.max(1)).for_each(|line| (self.line)(line));
                return;
            }
            for row in 0..if out.is_empty() { 0 } else { outer } {
                for column in 0..inner {
                    let start = row * size * inner + column;
                    line.clear();
                    line.extend((0..size).map(|at| out[start + at * inner]));
                    (self.line)(&mut line);
                    for (at, &value) in line.iter().enumerate() {
                        out[start + at * inner] = value;
                    }
                }
            }
        });
        Ok(())
    }
}

fn build(
    spec: &NodeSpec<'_>,
    axis: i64,
    flattens: bool,
    single: impl Fn(&mut [f32]) + Send + Sync + 'static,
    double: impl Fn(&mut [f64]) + Send + Sync + 'static,
) -> Result<Built> {
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    if fact.rank() != Some(0) {
        axis_at_load(axis, fact.rank())?;
    }
    let axis = Integers::Fixed(vec![axis]);
    match class(spec.dtype(0)?) {
        Class::F32 => Built::one(Along { axis, flattens, line: Box::new(single) }, fact),
        Class::F64 => Built::one(Along { axis, flattens, line: Box::new(double) }, fact),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}

/// From operator set 13 on one axis, the last by default; before, all axes from the given one on, the
/// second by default.
fn over_classes(spec: &NodeSpec<'_>, single: fn(&mut [f32]), double: fn(&mut [f64])) -> Result<Built> {
    let flattens = spec.opset < 13;
    let axis = spec.attributes.int("axis")?.unwrap_or(if flattens { 1 } else { -1 });
    build(spec, axis, flattens, single, double)
}

/// The largest element, NaN if there is one.
fn largest<C: Compute>(line: &[C]) -> C {
    let mut best = C::from_f64(f64::NEG_INFINITY);
    for &x in line {
        // Nothing is above NaN, so once taken it stays.
        if x > best || is_nan(x) {
            best = x;
        }
    }
    best
}

macro_rules! softmax {
    ($name:ident, $log_name:ident, $type:ty, $exp:path, $log:path) => {
        /// e^(x - max) / sum.
        fn $name(line: &mut [$type]) {
            let max = largest(line);
            let mut sum = 0.0;
            for x in line.iter_mut() {
                *x = $exp(*x - max);
                sum += *x;
            }
            line.iter_mut().for_each(|x| *x /= sum);
        }

        /// x - max - ln(sum(e^(x - max))).
        fn $log_name(line: &mut [$type]) {
            let max = largest(line);
            let sum: $type = line.iter().fold(0.0, |sum, &x| sum + $exp(x - max));
            let log = $log(sum);
            line.iter_mut().for_each(|x| *x = *x - max - log);
        }
    };
}
softmax!(softmax_f32, log_softmax_f32, f32, libm::expf, libm::logf);
softmax!(softmax_f64, log_softmax_f64, f64, libm::exp, libm::log);

/// 1 at the first of the largest elements, 0 elsewhere.
fn hardmax<C: Compute>(line: &mut [C]) {
    let max = largest(line);
    let first = line.iter().position(|&x| x == max).unwrap_or(0);
    for (at, x) in line.iter_mut().enumerate() {
        *x = C::from_f64(f64::from(u8::from(at == first)));
    }
}

/// Each line divided by its norm: the sum of absolute values or the root of the sum of squares. A line of
/// zeros stays as it is.
fn normalization(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let axis = spec.attributes.int("axis")?.unwrap_or(-1);
    let absolute = match spec.attributes.int("p")?.unwrap_or(2) {
        1 => true,
        2 => false,
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"p\" is {other}, must be 1 or 2"),
            ));
        }
    };
    macro_rules! divide {
        ($type:ty) => {
            move |line: &mut [$type]| {
                let sum: $type =
                    line.iter().fold(0.0, |sum, &x| sum + if absolute { x.abs() } else { x * x });
                let norm = if absolute { sum } else { sum.sqrt() };
                if norm != 0.0 {
                    line.iter_mut().for_each(|x| *x /= norm);
                }
            }
        };
    }
    build(spec, axis, false, divide!(f32), divide!(f64))
}

/// Running sums or products, from either end, each with or without its own element.
fn cumulation(spec: &NodeSpec<'_>, product: bool) -> Result<Built> {
    let exclusive = spec.attributes.flag("exclusive", false)?;
    let reverse = spec.attributes.flag("reverse", false)?;
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    let axis = Integers::input(spec, 1)?;
    let dtype = spec.dtype(0)?;
    if dtype == DType::Bool {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    by_class!(dtype, C => {
        let (start, combine) = if product { (C::from_f64(1.0), C::times as fn(C, C) -> C) } else { (C::default(), C::plus as _) };
        let line: Line<C> = Box::new(move |line| cumulate(line, start, combine, exclusive, reverse));
        Built::one(Along { axis, flattens: false, line }, fact)
    }, _ => Err(spec.wrong_type(0, "a tensor of numbers")))
}

fn cumulate<C: Compute>(line: &mut [C], start: C, combine: fn(C, C) -> C, exclusive: bool, reverse: bool) {
    let mut total = start;
    let mut step = |x: &mut C| {
        let with = combine(total, *x);
        *x = if exclusive { total } else { with };
        total = with;
    };
    if reverse {
        line.iter_mut().rev().for_each(&mut step);
    } else {
        line.iter_mut().for_each(&mut step);
    }
}
