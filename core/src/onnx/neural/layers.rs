//! Which operators go to tract, and on which conditions.

use super::{Layer, build};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{NodeSpec, Operator};
use crate::onnx::tensor::DType;

/// Sizes in attributes stay below this: larger ones have no use but to exhaust memory.
const MOST: i64 = 1 << 16;

macro_rules! layer {
    ($name:literal, $versions:expr, $inputs:expr, $outputs:expr, $attributes:expr, $check:expr) => {
        Operator {
            domain: "",
            name: $name,
            versions: $versions,
            inputs: $inputs,
            outputs: $outputs,
            types: "float",
            build: |spec| {
                const LAYER: Layer = Layer { name: $name, attributes: $attributes, check: $check };
                build(&LAYER, spec)
            },
        }
    };
}

const WINDOW: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];

/// Every operator that only the neural backend has.
pub(super) const OPERATORS: &[Operator] = &[
    layer!("Conv", &[1, 11, 22], (2, 3), (1, 1), WINDOW, floats),
    layer!(
        "ConvTranspose",
        &[1, 11, 22],
        (2, 3),
        (1, 1),
        &[
            "auto_pad",
            "dilations",
            "group",
            "kernel_shape",
            "output_padding",
            "output_shape",
            "pads",
            "strides"
        ],
        floats
    ),
    layer!(
        "MaxPool",
        &[1, 8, 10, 11, 12, 22],
        (1, 1),
        (1, 2),
        &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"],
        floats
    ),
    layer!(
        "AveragePool",
        &[1, 7, 10, 11, 19, 22],
        (1, 1),
        (1, 1),
        &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"],
        floats
    ),
    layer!("GlobalAveragePool", &[1, 22], (1, 1), (1, 1), &[], floats),
    layer!("GlobalMaxPool", &[1, 22], (1, 1), (1, 1), &[], floats),
    layer!("GlobalLpPool", &[1, 2, 22], (1, 1), (1, 1), &["p"], floats),
    layer!(
        "BatchNormalization",
        &[7, 9, 14, 15],
        (5, 5),
        (1, 1),
        &["epsilon", "momentum", "training_mode", "spatial"],
        inference
    ),
    layer!("InstanceNormalization", &[6, 22], (3, 3), (1, 1), &["epsilon"], floats),
    layer!("LayerNormalization", &[17], (2, 3), (1, 3), &["axis", "epsilon", "stash_type"], floats),
    layer!("GroupNormalization", &[18, 21], (3, 3), (1, 1), &["epsilon", "num_groups", "stash_type"], floats),
    layer!("RMSNormalization", &[23], (2, 2), (1, 1), &["axis", "epsilon", "stash_type"], floats),
    layer!("LRN", &[1, 13], (1, 1), (1, 1), &["alpha", "beta", "bias", "size"], floats),
    layer!("LpNormalization", &[1, 22], (1, 1), (1, 1), &["axis", "p"], floats),
    layer!("MeanVarianceNormalization", &[9, 13], (1, 1), (1, 1), &["axes"], floats),
    layer!(
        "Resize",
        &[10, 11, 13, 18, 19],
        (1, 4),
        (1, 1),
        &[
            "antialias",
            "axes",
            "coordinate_transformation_mode",
            "cubic_coeff_a",
            "exclude_outside",
            "extrapolation_value",
            "keep_aspect_ratio_policy",
            "mode",
            "nearest_mode"
        ],
        floats
    ),
    layer!("DepthToSpace", &[1, 11, 13, 28], (1, 1), (1, 1), &["blocksize", "mode"], floats),
    layer!("SpaceToDepth", &[1, 13, 28], (1, 1), (1, 1), &["blocksize", "mode"], floats),
    layer!("GridSample", &[16, 20, 22], (2, 2), (1, 1), &["align_corners", "mode", "padding_mode"], floats),
    layer!(
        "RotaryEmbedding",
        &[23],
        (3, 4),
        (1, 1),
        &["interleaved", "num_heads", "rotary_embedding_dim"],
        floats
    ),
];

fn attribute(message: String) -> Error {
    Error::new(ErrorCode::ModelAttribute, message)
}

/// Numbers that are sizes must be at least 1, paddings at least 0, and none of them huge.
pub(super) fn check_sizes(spec: &NodeSpec<'_>) -> Result<()> {
    for (name, least) in [
        ("strides", 1),
        ("dilations", 1),
        ("kernel_shape", 1),
        ("pads", 0),
        ("output_padding", 0),
        ("output_shape", 1),
    ] {
        let Some(list) = spec.attributes.ints(name)? else { continue };
        if let Some(wrong) = list.iter().find(|size| !(least..=MOST).contains(*size)) {
            return Err(attribute(format!("attribute \"{name}\" has {wrong}, must be {least} to {MOST}")));
        }
    }
    for name in ["group", "blocksize", "num_groups", "size", "p", "num_heads"] {
        let Some(size) = spec.attributes.int(name)? else { continue };
        if !(1..=MOST).contains(&size) {
            return Err(attribute(format!("attribute \"{name}\" is {size}, must be 1 to {MOST}")));
        }
    }
    Ok(())
}

/// Input 0 is float.
fn floats(spec: &NodeSpec<'_>) -> Result<()> {
    match spec.dtype(0)? {
        DType::F32 => Ok(()),
        _ => Err(Error::new(
            ErrorCode::ModelUnsupported,
            spec.wrong_type(0, "tensor(float) for this operator").message(),
        )),
    }
}

/// Batch normalisation as models are run, not trained.
fn inference(spec: &NodeSpec<'_>) -> Result<()> {
    if spec.attributes.flag("training_mode", false)? {
        return Err(Error::new(ErrorCode::ModelUnsupported, "training_mode is not supported"));
    }
    if !spec.attributes.flag("spatial", true)? {
        return Err(Error::new(ErrorCode::ModelUnsupported, "spatial = 0 is not supported"));
    }
    floats(spec)
}
