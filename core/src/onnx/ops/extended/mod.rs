//! Operators that models of tables never need: attention, losses, signals, boxes (feature `extended`).
//!
//! They cost a page bytes that it has no use for. So the small module is built without them, and there
//! the same rows say that the model needs the full module.

#[cfg(feature = "extended")]
mod attention;
#[cfg(feature = "extended")]
mod boxes;
#[cfg(feature = "extended")]
mod gate;
#[cfg(feature = "extended")]
mod heads;
#[cfg(feature = "extended")]
mod linear_attention;
#[cfg(feature = "extended")]
mod loss;
#[cfg(feature = "extended")]
mod places;
#[cfg(feature = "extended")]
mod signal;
#[cfg(all(test, feature = "extended"))]
mod tests;

use crate::onnx::kernel::Operator;

const FLOATS: &str = "float, double, float16";

/// A row with its builder, or without the feature one that refuses.
macro_rules! row {
    ($name:literal, $versions:expr, $inputs:expr, $outputs:expr, $types:expr, $build:expr) => {
        Operator {
            domain: "",
            name: $name,
            versions: $versions,
            inputs: $inputs,
            outputs: $outputs,
            types: $types,
            #[cfg(feature = "extended")]
            build: $build,
            #[cfg(not(feature = "extended"))]
            build: |_| {
                Err(crate::error::Error::new(
                    crate::error::ErrorCode::BundleNeedsFull,
                    concat!("operator ai.onnx.", $name, " runs in the full module only (scorebox-full.wasm)"),
                ))
            },
        }
    };
}

/// This folder's operators.
pub(crate) const OPERATORS: &[Operator] = &[
    row!("Attention", &[23, 24, 25], (3, 7), (1, 4), FLOATS, attention::build),
    row!("LinearAttention", &[27], (3, 6), (2, 2), "float, float16", linear_attention::build),
    row!("NegativeLogLikelihoodLoss", &[12, 13, 22], (2, 3), (1, 1), FLOATS, |spec| loss::build(spec, false)),
    row!("CenterCropPad", &[18], (2, 2), (1, 1), "all", places::build_centre),
    row!("DFT", &[17, 20], (1, 3), (1, 1), FLOATS, signal::build_dft),
    row!("BlackmanWindow", &[17], (1, 1), (1, 1), "int32, int64", |spec| {
        signal::build_window(spec, (0.42, 0.5, 0.08))
    }),
    row!("HammingWindow", &[17], (1, 1), (1, 1), "int32, int64", |spec| {
        signal::build_window(spec, (25.0 / 46.0, 21.0 / 46.0, 0.0))
    }),
    row!("HannWindow", &[17], (1, 1), (1, 1), "int32, int64", |spec| {
        signal::build_window(spec, (0.5, 0.5, 0.0))
    }),
    row!("NonMaxSuppression", &[10, 11], (2, 5), (1, 1), "float", boxes::build),
    row!("SwiGLU", &[28], (2, 2), (1, 1), FLOATS, gate::build),
    row!("TensorScatter", &[24], (2, 3), (1, 1), "all", places::build_write),
    row!("SoftmaxCrossEntropyLoss", &[12, 13], (2, 3), (1, 2), FLOATS, |spec| loss::build(spec, true)),
];
