//! Functions of one number: signs, rounding, exponentials, trigonometry, tests for NaN.
//!
//! Transcendental functions come from `libm`, so that every target gives the same bits.

use crate::error::Result;
use crate::onnx::kernel::{Built, NodeSpec, Operator};
use crate::onnx::tensor::DType;

use super::compute::{Class, class};
use super::mapping::{build, floats, map, numbers};
use super::plain;

/// A function of floats: its value in float, and in double.
macro_rules! function {
    ($name:literal, $versions:expr, |$x:ident| $single:expr, $double:expr) => {
        plain($name, $versions, (1, 1), "float, double, float16", |spec| {
            floats(spec, map!(|$x| $single), map!(|$x| $double), [0.0; 2])
        })
    };
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Abs", &[6, 13], (1, 1), "numeric", |spec| {
        numbers(spec, map!(|x| x.abs()), map!(|x| x.abs()), map!(|x| x.wrapping_abs()), map!(|x| x))
    }),
    plain("Neg", &[6, 13], (1, 1), "numeric", |spec| {
        numbers(spec, map!(|x| -x), map!(|x| -x), map!(|x| x.wrapping_neg()), map!(|x| x.wrapping_neg()))
    }),
    plain("Sign", &[9, 13], (1, 1), "numeric", |spec| {
        numbers(
            spec,
            map!(|x| if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x
            }),
            map!(|x| if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x
            }),
            map!(|x| x.signum()),
            map!(|x| x.min(1)),
        )
    }),
    plain("Relu", &[6, 13, 14], (1, 1), "numeric", |spec| {
        // `NaN < 0` is false, so NaN stays NaN.
        numbers(
            spec,
            map!(|x| if x < 0.0 { 0.0 } else { x }),
            map!(|x| if x < 0.0 { 0.0 } else { x }),
            map!(|x| x.max(0)),
            map!(|x| x),
        )
    }),
    plain("BitwiseNot", &[18], (1, 1), "integer", |spec| {
        let dtype = spec.dtype(0)?;
        match class(dtype) {
            Class::I64 if dtype != DType::Bool => build::<i64, i64>(spec, dtype, map!(|x| !x), [0.0; 2]),
            Class::U64 => build::<u64, u64>(spec, dtype, map!(|x| !x), [0.0; 2]),
            _ => Err(spec.wrong_type(0, "a tensor of integers")),
        }
    }),
    plain("Not", &[1], (1, 1), "bool", |spec| match spec.dtype(0)? {
        DType::Bool => build::<i64, bool>(spec, DType::Bool, map!(|x| x == 0), [0.0; 2]),
        _ => Err(spec.wrong_type(0, "tensor(bool)")),
    }),
    plain("IsNaN", &[9, 13, 20], (1, 1), "float, double, float16", |spec| match class(spec.dtype(0)?) {
        Class::F32 => build::<f32, bool>(spec, DType::Bool, map!(|x| x.is_nan()), [0.0; 2]),
        Class::F64 => build::<f64, bool>(spec, DType::Bool, map!(|x| x.is_nan()), [0.0; 2]),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }),
    plain("IsInf", &[10, 20], (1, 1), "float, double, float16", infinite),
    function!("Ceil", &[6, 13], |x| x.ceil(), x.ceil()),
    function!("Floor", &[6, 13], |x| x.floor(), x.floor()),
    function!("Round", &[11, 22], |x| x.round_ties_even(), x.round_ties_even()),
    function!("Sqrt", &[6, 13], |x| x.sqrt(), x.sqrt()),
    function!("Reciprocal", &[6, 13], |x| 1.0 / x, 1.0 / x),
    function!("Exp", &[6, 13], |x| libm::expf(x), libm::exp(x)),
    function!("Log", &[6, 13], |x| libm::logf(x), libm::log(x)),
    function!("Erf", &[9, 13], |x| libm::erff(x), libm::erf(x)),
    function!("Sin", &[7, 22], |x| libm::sinf(x), libm::sin(x)),
    function!("Cos", &[7, 22], |x| libm::cosf(x), libm::cos(x)),
    function!("Tan", &[7, 22], |x| libm::tanf(x), libm::tan(x)),
    function!("Asin", &[7, 22], |x| libm::asinf(x), libm::asin(x)),
    function!("Acos", &[7, 22], |x| libm::acosf(x), libm::acos(x)),
    function!("Atan", &[7, 22], |x| libm::atanf(x), libm::atan(x)),
    function!("Sinh", &[9, 22], |x| libm::sinhf(x), libm::sinh(x)),
    function!("Cosh", &[9, 22], |x| libm::coshf(x), libm::cosh(x)),
    function!("Tanh", &[6, 13], |x| libm::tanhf(x), libm::tanh(x)),
    function!("Asinh", &[9, 22], |x| libm::asinhf(x), libm::asinh(x)),
    function!("Acosh", &[9, 22], |x| libm::acoshf(x), libm::acosh(x)),
    function!("Atanh", &[9, 22], |x| libm::atanhf(x), libm::atanh(x)),
];

fn infinite(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let negative = f32::from(u8::from(spec.attributes.flag("detect_negative", true)?));
    let positive = f32::from(u8::from(spec.attributes.flag("detect_positive", true)?));
    let own = [positive, negative];
    match class(spec.dtype(0)?) {
        Class::F32 => build::<f32, bool>(
            spec,
            DType::Bool,
            map!(|x, own: f32| x.is_infinite() && own[usize::from(x < 0.0)] != 0.0),
            own,
        ),
        Class::F64 => build::<f64, bool>(
            spec,
            DType::Bool,
            map!(|x, own: f64| x.is_infinite() && own[usize::from(x < 0.0)] != 0.0),
            own,
        ),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}
