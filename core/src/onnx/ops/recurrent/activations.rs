//! The functions that a cell's gates go through.

use super::Cell;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::attributes::Attributes;
use crate::onnx::ops::activation::sigmoid_f32;

/// A function with its parameters.
#[derive(Clone, Copy)]
pub(super) struct Activation {
    kind: Kind,
    alpha: f32,
    beta: f32,
}

#[derive(Clone, Copy)]
enum Kind {
    Sigmoid,
    Tanh,
    Relu,
    Softsign,
    Affine,
    LeakyRelu,
    ThresholdedRelu,
    ScaledTanh,
    HardSigmoid,
}

/// Name, function, and the defaults of alpha and beta for functions that have them.
const KINDS: &[(&str, Kind, Option<f32>, Option<f32>)] = &[
    ("sigmoid", Kind::Sigmoid, None, None),
    ("tanh", Kind::Tanh, None, None),
    ("relu", Kind::Relu, None, None),
    ("softsign", Kind::Softsign, None, None),
    ("affine", Kind::Affine, Some(1.0), Some(0.0)),
    ("leakyrelu", Kind::LeakyRelu, Some(0.01), None),
    ("thresholdedrelu", Kind::ThresholdedRelu, Some(1.0), None),
    ("scaledtanh", Kind::ScaledTanh, Some(1.0), Some(1.0)),
    ("hardsigmoid", Kind::HardSigmoid, Some(0.2), Some(0.5)),
];

impl Activation {
    pub(super) fn apply(self, x: f32) -> f32 {
        let Self { kind, alpha, beta } = self;
        match kind {
            Kind::Sigmoid => sigmoid_f32(x),
            Kind::Tanh => libm::tanhf(x),
            Kind::Relu => x.max(0.0),
            Kind::Softsign => x / (1.0 + x.abs()),
            Kind::Affine => alpha * x + beta,
            Kind::LeakyRelu => {
                if x < 0.0 {
                    alpha * x
                } else {
                    x
                }
            }
            Kind::ThresholdedRelu => {
                if x > alpha {
                    x
                } else {
                    0.0
                }
            }
            Kind::ScaledTanh => alpha * libm::tanhf(beta * x),
            Kind::HardSigmoid => (alpha * x + beta).clamp(0.0, 1.0),
        }
    }
}

/// The functions of all directions, one direction after the other. The lists of parameters are used
/// up in this order, each by the functions that have the parameter.
pub(super) fn read(attributes: &Attributes<'_>, cell: Cell, directions: usize) -> Result<Vec<Activation>> {
    let defaults = cell.default_activations();
    let names = match attributes.texts("activations")? {
        Some(names) if !names.is_empty() => names,
        _ => defaults.repeat(directions),
    };
    if names.len() != defaults.len() * directions {
        let message = format!(
            "attribute \"activations\" has {} names, must have {}",
            names.len(),
            defaults.len() * directions
        );
        return Err(Error::new(ErrorCode::ModelAttribute, message));
    }
    let mut alphas = attributes.floats("activation_alpha")?.unwrap_or_default().iter();
    let mut betas = attributes.floats("activation_beta")?.unwrap_or_default().iter();
    let mut list = Vec::with_capacity(names.len());
    for name in names {
        let known = KINDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let (_, kind, alpha, beta) = known.ok_or_else(|| {
            let message = format!("activation \"{name}\" is not supported");
            Error::new(ErrorCode::ModelUnsupported, message)
        })?;
        let next = |default: &Option<f32>, given: &mut std::slice::Iter<'_, f32>| {
            default.map_or(0.0, |default| given.next().copied().unwrap_or(default))
        };
        list.push(Activation { kind: *kind, alpha: next(alpha, &mut alphas), beta: next(beta, &mut betas) });
    }
    Ok(list)
}
