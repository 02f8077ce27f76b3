//! Activation functions of neural networks, element by element.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, NodeSpec, Operator};

use super::mapping::{floats, map};
use super::plain;

/// An activation: its value in float and in double, with the attributes that it takes and their defaults.
macro_rules! activation {
    ($name:literal, $versions:expr, [$($attribute:literal = $default:expr),*],
     |$x:ident, $own:ident| $single:expr, $double:expr) => {
        plain($name, $versions, (1, 1), "float, double, float16", |spec| {
                let own = own(spec, &[$(($attribute, $default)),*])?;
                floats(spec, map!(|$x, $own: f32| $single), map!(|$x, $own: f64| $double), own)
            })
    };
}

/// The values of up to two float attributes.
fn own(spec: &NodeSpec<'_>, attributes: &[(&str, f32)]) -> Result<[f32; 2]> {
    let mut own = [0.0; 2];
    for (slot, (name, default)) in own.iter_mut().zip(attributes) {
        *slot = spec.attributes.float(name)?.unwrap_or(*default);
    }
    Ok(own)
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    activation!("Sigmoid", &[6, 13], [], |x, _own| sigmoid_f32(x), sigmoid_f64(x)),
    activation!(
        "LeakyRelu",
        &[6, 16],
        ["alpha" = 0.01],
        |x, own| if x < 0.0 { own[0] * x } else { x },
        if x < 0.0 { own[0] * x } else { x }
    ),
    activation!(
        "ThresholdedRelu",
        &[10, 22],
        ["alpha" = 1.0],
        |x, own| if x > own[0] { x } else { 0.0 },
        if x > own[0] { x } else { 0.0 }
    ),
    activation!(
        "Elu",
        &[6, 22],
        ["alpha" = 1.0],
        |x, own| if x < 0.0 { own[0] * libm::expm1f(x) } else { x },
        if x < 0.0 { own[0] * libm::expm1(x) } else { x }
    ),
    activation!(
        "Selu",
        &[6, 22],
        ["alpha" = 1.673_263_2, "gamma" = 1.050_701],
        |x, own| own[1] * if x > 0.0 { x } else { own[0] * libm::expm1f(x) },
        own[1] * if x > 0.0 { x } else { own[0] * libm::expm1(x) }
    ),
    activation!(
        "Celu",
        &[12, 28],
        ["alpha" = 1.0],
        |x, own| if x < 0.0 { own[0] * libm::expm1f(x / own[0]) } else { x },
        if x < 0.0 { own[0] * libm::expm1(x / own[0]) } else { x }
    ),
    activation!(
        "HardSigmoid",
        &[6, 22],
        ["alpha" = 0.2, "beta" = 0.5],
        |x, own| (own[0] * x + own[1]).clamp(0.0, 1.0),
        (own[0] * x + own[1]).clamp(0.0, 1.0)
    ),
    activation!(
        "HardSwish",
        &[14, 22],
        [],
        |x, _own| x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        x * (x / 6.0 + 0.5).clamp(0.0, 1.0)
    ),
    activation!("Softplus", &[1, 22], [], |x, _own| softplus_f32(x), softplus_f64(x)),
    activation!("Softsign", &[1, 22], [], |x, _own| x / (1.0 + x.abs()), x / (1.0 + x.abs())),
    activation!(
        "Mish",
        &[18, 22],
        [],
        |x, _own| x * libm::tanhf(softplus_f32(x)),
        x * libm::tanh(softplus_f64(x))
    ),
    activation!(
        "Swish",
        &[24],
        ["alpha" = 1.0],
        |x, own| x * sigmoid_f32(own[0] * x),
        x * sigmoid_f64(own[0] * x)
    ),
    activation!(
        "Shrink",
        &[9],
        ["lambd" = 0.5, "bias" = 0.0],
        |x, own| if x < -own[0] {
            x + own[1]
        } else if x > own[0] {
            x - own[1]
        } else {
            0.0
        },
        if x < -own[0] {
            x + own[1]
        } else if x > own[0] {
            x - own[1]
        } else {
            0.0
        }
    ),
    plain("Gelu", &[20], (1, 1), "float, double, float16", gelu),
];

/// The logistic function; the exponential never overflows to an infinity that would turn into NaN.
pub(super) fn sigmoid_f32(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// The logistic function in double.
pub(super) fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// ln(1 + e^x), written so that a large `x` gives `x`.
fn softplus_f32(x: f32) -> f32 {
    if x > 0.0 { x + libm::log1pf(libm::expf(-x)) } else { libm::log1pf(libm::expf(x)) }
}

fn softplus_f64(x: f64) -> f64 {
    if x > 0.0 { x + libm::log1p(libm::exp(-x)) } else { libm::log1p(libm::exp(x)) }
}

fn gelu(spec: &mut NodeSpec<'_>) -> Result<Built> {
    use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
    use std::f64::consts;
    match spec.attributes.text("approximate")?.unwrap_or("none") {
        "none" => floats(
            spec,
            map!(|x| 0.5 * x * (1.0 + libm::erff(x * FRAC_1_SQRT_2))),
            map!(|x| 0.5 * x * (1.0 + libm::erf(x * consts::FRAC_1_SQRT_2))),
            [0.0; 2],
        ),
        "tanh" => floats(
            spec,
            map!(|x| 0.5
                * x
                * (1.0 + libm::tanhf(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044_715 * x * x * x)))),
            map!(|x| {
                let inner = consts::FRAC_2_SQRT_PI * consts::FRAC_1_SQRT_2 * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + libm::tanh(inner))
            }),
            [0.0; 2],
        ),
        other => Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"approximate\" is \"{other}\", must be \"none\" or \"tanh\""),
        )),
    }
}
