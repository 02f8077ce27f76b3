//! Which operators go to tract, and on which conditions.

use super::{Layer, build};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{NodeSpec, Operator};
use crate::onnx::shape::Dim;
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
    layer!("Conv", &[1, 11, 22], (2, 3), (1, 1), WINDOW, |spec| convolution(spec, 1, false)),
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
        |spec| convolution(spec, 0, true)
    ),
    layer!(
        "BatchNormalization",
        &[7, 9, 14, 15],
        (5, 5),
        (1, 1),
        &["epsilon", "momentum", "training_mode", "spatial"],
        inference
    ),
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

/// Numbers that are sizes must be at least 1, paddings at least 0, and none of them huge. Lists have
/// an entry for each axis after batch and channels, paddings two.
pub(super) fn check_sizes(layer: &Layer, spec: &NodeSpec<'_>) -> Result<()> {
    let known = |name: &&&str| layer.attributes.contains(*name);
    let axes = spec.input(0)?.rank().map(|rank| rank.saturating_sub(2));
    for name in ["strides", "dilations", "kernel_shape", "pads", "output_padding", "output_shape"]
        .iter()
        .filter(known)
    {
        let Some(list) = spec.attributes.ints(name)? else { continue };
        let least = i64::from(!matches!(*name, "pads" | "output_padding"));
        if let Some(wrong) = list.iter().find(|size| !(least..=MOST).contains(*size)) {
            return Err(attribute(format!("attribute \"{name}\" has {wrong}, must be {least} to {MOST}")));
        }
        let count = axes.map(|axes| if *name == "pads" { 2 * axes } else { axes });
        if let Some(count) = count.filter(|&count| count != list.len()) {
            let found = list.len();
            return Err(attribute(format!("attribute \"{name}\" has {found} numbers, must have {count}")));
        }
    }
    for name in ["group", "p", "num_heads"].iter().filter(known) {
        let Some(size) = spec.attributes.int(name)? else { continue };
        if !(1..=MOST).contains(&size) {
            return Err(attribute(format!("attribute \"{name}\" is {size}, must be 1 to {MOST}")));
        }
    }
    Ok(())
}

/// The sizes of input `at` as far as they are known.
fn sizes(spec: &NodeSpec<'_>, at: usize) -> Option<Vec<Option<usize>>> {
    let dims = spec.inputs.get(at)?.as_ref()?.dims.as_ref()?;
    Some(dims.iter().map(|dim| if let Dim::Known(size) = dim { Some(*size) } else { None }).collect())
}

/// A convolution's weights fit its input: `channels` is the weights' axis that counts the input's
/// channels, all of them where `whole` and those of one group otherwise.
fn convolution(spec: &NodeSpec<'_>, channels: usize, whole: bool) -> Result<()> {
    floats(spec)?;
    let wrong = |what: &str| Err(Error::new(ErrorCode::ModelShape, what.to_owned()));
    let group = spec.attributes.int("group")?.unwrap_or(1).unsigned_abs() as usize;
    let Some(weights) = sizes(spec, 1) else { return Ok(()) };
    if weights.len() < 3 || weights.contains(&Some(0)) {
        return wrong("input 1 must have a size of at least 1 on each of at least 3 axes");
    }
    let window = spec.attributes.ints("kernel_shape")?.unwrap_or_default();
    let differs = |(size, window): (&Option<usize>, &i64)| size.is_some_and(|size| size as i64 != *window);
    if weights[2..].iter().zip(window).any(differs) {
        return wrong("attribute \"kernel_shape\" and the shape of input 1 differ");
    }
    let divided = if whole { weights[channels] } else { weights[1 - channels] };
    if divided.is_some_and(|size| !size.is_multiple_of(group)) {
        return wrong("attribute \"group\" must divide the channels of input 1");
    }
    let Some(input) = sizes(spec, 0) else { return Ok(()) };
    let expected = weights[channels].map(|size| if whole { size } else { size * group });
    if input.len() != weights.len() || (input[1].is_some() && expected.is_some() && input[1] != expected) {
        return wrong("the channels of input 0 do not fit input 1");
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
