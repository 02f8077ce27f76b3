//! Sum, Mean, Max and Min of any number of tensors, and Clip, which bounds one.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::broadcast::{Plan, join, join_facts};
use super::compute::{Class, Compute, by_class, class, fill, whole};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Sum", &[6, 8, 13], (1, usize::MAX), "float, double, float16", |spec| {
        floats_only(spec)?;
        build(spec, |a, b| a + b, |a, b| a + b, |a, b| a.wrapping_add(b), |a, b| a.wrapping_add(b), false)
    }),
    plain("Mean", &[6, 8, 13], (1, usize::MAX), "float, double, float16", |spec| {
        floats_only(spec)?;
        build(spec, |a, b| a + b, |a, b| a + b, |a, b| a.wrapping_add(b), |a, b| a.wrapping_add(b), true)
    }),
    plain("Max", &[6, 8, 12, 13], (1, usize::MAX), "numeric", |spec| {
        // A NaN on either side is the result.
        build(
            spec,
            |a, b| if a >= b || a.is_nan() { a } else { b },
            |a, b| if a >= b || a.is_nan() { a } else { b },
            i64::max,
            u64::max,
            false,
        )
    }),
    plain("Min", &[6, 8, 12, 13], (1, usize::MAX), "numeric", |spec| {
        build(
            spec,
            |a, b| if a <= b || a.is_nan() { a } else { b },
            |a, b| if a <= b || a.is_nan() { a } else { b },
            i64::min,
            u64::min,
            false,
        )
    }),
    plain("Clip", &[6, 11, 12, 13], (1, 3), "numeric", clip),
];

fn floats_only(spec: &NodeSpec<'_>) -> Result<()> {
    if spec.dtype(0)?.is_float() { Ok(()) } else { Err(spec.wrong_type(0, "a tensor of floats")) }
}

fn build(
    spec: &NodeSpec<'_>,
    single: fn(f32, f32) -> f32,
    double: fn(f64, f64) -> f64,
    signed: fn(i64, i64) -> i64,
    unsigned: fn(u64, u64) -> u64,
    mean: bool,
) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    for at in 1..spec.inputs.len() {
        if spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let fact = Fact::shaped(dtype, join_facts(&spec.inputs)?);
    match class(dtype) {
        Class::F32 => Built::one(Variadic { combine: single, mean }, fact),
        Class::F64 => Built::one(Variadic { combine: double, mean }, fact),
        Class::I64 if dtype != DType::Bool => Built::one(Variadic { combine: signed, mean }, fact),
        Class::U64 => Built::one(Variadic { combine: unsigned, mean }, fact),
        _ => Err(spec.wrong_type(0, "a tensor of numbers")),
    }
}

/// Combines all inputs from left to right; float16 is rounded once, at the end.
struct Variadic<C> {
    combine: fn(C, C) -> C,
    /// Whether to divide by the number of inputs at the end.
    mean: bool,
}

impl<C: Compute + std::ops::Div<Output = C>> Kernel for Variadic<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let count = io.input_count();
        let tensors = (0..count).map(|at| io.tensor(at)).collect::<Result<Vec<&Tensor>>>()?;
        let mut shape = Shape::SCALAR;
        for tensor in &tensors {
            shape = join(&shape, tensor.shape())?;
        }
        io.check(&shape)?;
        let dtype = io.tensor(0)?.dtype();
        let plans =
            tensors.iter().map(|tensor| Plan::new([&shape, tensor.shape()])).collect::<Result<Vec<_>>>()?;
        let target = io.output_tensor(0)?.reset_as(dtype, shape);
        let (mut space, mut results) = (Vec::new(), Vec::new());
        fill(target, &mut results, |out| {
            for (number, (tensor, plan)) in tensors.iter().zip(&plans).enumerate() {
                let values = whole::<C>(tensor.data(), &mut space);
                plan.rows(&mut |[to, from]| {
                    for at in 0..plan.inner() {
                        let (slot, x) = (&mut out[to + at * plan.step(0)], values[from + at * plan.step(1)]);
                        *slot = if number == 0 { x } else { (self.combine)(*slot, x) };
                    }
                });
            }
            if self.mean {
                let count = C::from_f64(count as f64);
                out.iter_mut().for_each(|value| *value = *value / count);
            }
        });
        Ok(())
    }
}

/// Bounds as attributes (before operator set 11) or as inputs 1 and 2, each of which may be left out.
struct Clip<C> {
    fixed: [Option<C>; 2],
}

fn clip(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    let mut attributes = [None; 2];
    if spec.opset < 11 {
        attributes = [spec.attributes.float("min")?, spec.attributes.float("max")?];
        if spec.inputs.len() > 1 {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                "before operator set 11 the bounds are attributes",
            ));
        }
    }
    for at in 1..spec.inputs.len() {
        if let Some(bound) = &spec.inputs[at]
            && (bound.dtype() != Some(dtype))
        {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    if dtype == DType::Bool {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    by_class!(dtype, C => {
        Built::one(Clip { fixed: attributes.map(|bound| bound.map(|bound| C::from_f64(f64::from(bound)))) }, fact)
    }, _ => Err(spec.wrong_type(0, "a tensor of numbers")))
}

impl<C: Compute> Kernel for Clip<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let mut bounds = self.fixed;
        for (at, bound) in bounds.iter_mut().enumerate() {
            if let Some(tensor) = io.try_tensor(at + 1) {
                if tensor.len() != 1 {
                    return Err(Error::new(
                        ErrorCode::InputShape,
                        format!("input {} must be one number", at + 1),
                    ));
                }
                let mut value = [C::default()];
                C::widen(tensor.data(), 0, &mut value);
                *bound = Some(value[0]);
            }
        }
        io.check(input.shape())?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), *input.shape());
        let (mut space, mut results) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        fill(target, &mut results, |out| {
            out.copy_from_slice(values);
            // The upper bound comes last, so it wins where the bounds cross. NaN stays.
            if let Some(min) = bounds[0] {
                out.iter_mut().for_each(|x| *x = if *x < min { min } else { *x });
            }
            if let Some(max) = bounds[1] {
                out.iter_mut().for_each(|x| *x = if *x > max { max } else { *x });
            }
        });
        Ok(())
    }
}
