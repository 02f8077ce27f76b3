//! Operators that models of tables never need: attention, losses, signals, boxes (feature `extended`).
//!
//! They cost a page bytes that it has no use for. So the small module is built without them, and there
//! the same rows say that the model needs the full module.

#[cfg(feature = "extended")]
mod attention;
#[cfg(feature = "extended")]
mod boxes;
#[cfg(feature = "extended")]
pub(in crate::onnx) mod convolution;
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
mod pooling;
#[cfg(feature = "extended")]
mod resize;
#[cfg(feature = "extended")]
mod signal;
#[cfg(feature = "extended")]
mod spectrum;
#[cfg(feature = "extended")]
mod taps;
#[cfg(all(test, feature = "extended"))]
mod tests;
#[cfg(feature = "extended")]
mod unfolding;
#[cfg(feature = "extended")]
mod window;

use crate::onnx::kernel::Operator;

const FLOATS: &str = "float, double, float16";
const BYTES: &str = "int8, uint8";

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
    row!("AffineGrid", &[20], (2, 2), (1, 1), FLOATS, unfolding::build_grid),
    row!("AveragePool", &[1, 7, 10, 11, 19, 22], (1, 1), (1, 1), FLOATS, |spec| {
        pooling::build(spec, pooling::Name::Average, false)
    }),
    row!("CausalConvWithState", &[27], (2, 4), (1, 2), FLOATS, convolution::build_causal),
    row!("Col2Im", &[18], (3, 3), (1, 1), "numeric", unfolding::build_blocks),
    row!("ConvInteger", &[10], (2, 4), (1, 1), BYTES, convolution::build_integers),
    row!("GlobalAveragePool", &[1, 22], (1, 1), (1, 1), FLOATS, |spec| {
        pooling::build(spec, pooling::Name::Average, true)
    }),
    row!("GlobalLpPool", &[1, 2, 22], (1, 1), (1, 1), FLOATS, |spec| {
        pooling::build(spec, pooling::Name::Norm, true)
    }),
    row!("GlobalMaxPool", &[1, 22], (1, 1), (1, 1), "numeric", |spec| {
        pooling::build(spec, pooling::Name::Max, true)
    }),
    row!("LpPool", &[1, 2, 11, 18, 22], (1, 1), (1, 1), FLOATS, |spec| {
        pooling::build(spec, pooling::Name::Norm, false)
    }),
    row!("MaxPool", &[1, 8, 10, 11, 12, 22], (1, 1), (1, 2), "numeric", |spec| {
        pooling::build(spec, pooling::Name::Max, false)
    }),
    row!("MaxUnpool", &[9, 11, 22], (2, 3), (1, 1), FLOATS, unfolding::build_places),
    row!("MelWeightMatrix", &[17], (5, 5), (1, 1), "int32, int64", spectrum::build_mel),
    row!("QLinearConv", &[10], (8, 9), (1, 1), BYTES, convolution::build_quantised),
    row!("Resize", &[10, 11, 13, 18, 19], (1, 4), (1, 1), "numeric", resize::build),
    row!("STFT", &[17], (2, 4), (1, 1), FLOATS, spectrum::build_frames),
    row!("Upsample", &[7, 9, 10], (1, 2), (1, 1), "numeric", |spec| resize::build_old(spec, true)),
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
