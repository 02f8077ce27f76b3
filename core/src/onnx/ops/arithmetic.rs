//! Arithmetic on two tensors: Add, Sub, Mul, Div, Mod, Pow, PRelu.
//!
//! Integers wrap around, and dividing one by zero is an error.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, NodeSpec, Operator};
use crate::onnx::tensor::DType;

use super::compute::{Class, class};
use super::pairwise::{Pair, build, pair, same_type};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Add", &[7, 13, 14], (2, 2), "numeric", |spec| {
        arithmetic(spec, pair!(|a, b| a + b), pair!(|a, b| a + b), pair!(|a, b| a.wrapping_add(b)))
    }),
    plain("Sub", &[7, 13, 14], (2, 2), "numeric", |spec| {
        arithmetic(spec, pair!(|a, b| a - b), pair!(|a, b| a - b), pair!(|a, b| a.wrapping_sub(b)))
    }),
    plain("Mul", &[7, 13, 14], (2, 2), "numeric", |spec| {
        arithmetic(spec, pair!(|a, b| a * b), pair!(|a, b| a * b), pair!(|a, b| a.wrapping_mul(b)))
    }),
    plain("Div", &[7, 13, 14], (2, 2), "numeric", |spec| {
        division(
            spec,
            pair!(|a, b| a / b),
            pair!(|a, b| a / b),
            pair!(|a, b| a.wrapping_div(b)),
            pair!(|a, b| a / b),
        )
    }),
    plain("Mod", &[10, 13, 28], (2, 2), "numeric", modulo),
    plain("Pow", &[7, 12, 13, 15], (2, 2), "numeric", super::power::build),
    plain("PRelu", &[7, 9, 16], (2, 2), "numeric", |spec| {
        if spec.dtype(0)? == DType::U64 {
            return build::<u64, u64>(spec, same_type(spec)?, pair!(|x, _slope| x), false);
        }
        arithmetic(
            spec,
            pair!(|x, slope| if x < 0.0 { x * slope } else { x }),
            pair!(|x, slope| if x < 0.0 { x * slope } else { x }),
            pair!(|x, slope| if x < 0 { x.wrapping_mul(slope) } else { x }),
        )
    }),
];

/// Sums and products of uint64 have the bits of those of int64.
fn arithmetic(
    spec: &NodeSpec<'_>,
    single: Pair<f32, f32>,
    double: Pair<f64, f64>,
    integer: Pair<i64, i64>,
) -> Result<Built> {
    let dtype = numeric(spec)?;
    match class(dtype) {
        Class::F32 => build(spec, dtype, single, false),
        Class::F64 => build(spec, dtype, double, false),
        _ => build(spec, dtype, integer, false),
    }
}

fn division(
    spec: &NodeSpec<'_>,
    single: Pair<f32, f32>,
    double: Pair<f64, f64>,
    signed: Pair<i64, i64>,
    unsigned: Pair<u64, u64>,
) -> Result<Built> {
    let dtype = numeric(spec)?;
    match class(dtype) {
        Class::F32 => build(spec, dtype, single, false),
        Class::F64 => build(spec, dtype, double, false),
        Class::I64 => build(spec, dtype, signed, true),
        Class::U64 | Class::Text => build(spec, dtype, unsigned, true),
    }
}

fn numeric(spec: &NodeSpec<'_>) -> Result<DType> {
    let dtype = same_type(spec)?;
    if matches!(dtype, DType::Str | DType::Bool) {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    Ok(dtype)
}

/// With `fmod` the remainder has the dividend's sign, as in C; without, the divisor's, as in Python, which
/// floats have from operator set 28 on.
fn modulo(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fmod = spec.attributes.flag("fmod", false)?;
    if numeric(spec)?.is_float() && !fmod && spec.opset < 28 {
        return Err(Error::new(ErrorCode::ModelAttribute, "attribute \"fmod\" must be 1 for floats"));
    }
    if fmod {
        return division(
            spec,
            pair!(|a, b| a % b),
            pair!(|a, b| a % b),
            pair!(|a, b| a.wrapping_rem(b)),
            pair!(|a, b| a % b),
        );
    }
    division(
        spec,
        pair!(|a, b| {
            let rest = a % b;
            if rest == 0.0 {
                0f32.copysign(b)
            } else if (rest < 0.0) == (b < 0.0) {
                rest
            } else {
                rest + b
            }
        }),
        pair!(|a, b| {
            let rest = a % b;
            if rest == 0.0 {
                0f64.copysign(b)
            } else if (rest < 0.0) == (b < 0.0) {
                rest
            } else {
                rest + b
            }
        }),
        pair!(|a, b| {
            let rest = a.wrapping_rem(b);
            if rest != 0 && (rest < 0) != (b < 0) { rest.wrapping_add(b) } else { rest }
        }),
        pair!(|a, b| a % b),
    )
}
