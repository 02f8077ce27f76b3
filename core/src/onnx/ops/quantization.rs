//! Between floats and small integers: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Data, Tensor};

use super::axes::axis_within;
use super::cast::element_type;
use super::compute::{Store, whole};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("QuantizeLinear", &[10, 13, 19, 21, 23, 24, 25, 28], (2, 3), "float, float16, int32", quantize),
    plain("DequantizeLinear", &[10, 13, 19, 21, 23, 24, 25, 28], (2, 3), "8 and 16 bits, int32", dequantize),
    Operator { outputs: (3, 3), ..plain("DynamicQuantizeLinear", &[11], (1, 1), "float", dynamic) },
];

/// The range of a type that numbers are quantised to; `None` for other types.
pub(super) const fn range(dtype: DType) -> Option<(f32, f32)> {
    match dtype {
        DType::U8 => Some((0.0, 255.0)),
        DType::I8 => Some((-128.0, 127.0)),
        DType::U16 => Some((0.0, 65535.0)),
        DType::I16 => Some((-32768.0, 32767.0)),
        _ => None,
    }
}

/// Which scale and zero point belong to an element: one for all, one per index of an axis, or one per block
/// of an axis.
struct Grain {
    axis: i64,
    block: usize,
}

impl Grain {
    fn read(spec: &NodeSpec<'_>) -> Result<Self> {
        let axis = if spec.opset >= 13 { spec.attributes.int("axis")?.unwrap_or(1) } else { 0 };
        let block = if spec.opset >= 21 { spec.attributes.int("block_size")?.unwrap_or(0) } else { 0 };
        let block = usize::try_from(block).map_err(|_| {
            Error::new(ErrorCode::ModelAttribute, "attribute \"block_size\" must not be negative")
        })?;
        Ok(Self { axis, block })
    }

    /// Calls `visit` with each element and the place of its scale.
    fn visit(&self, data: &Shape, scale: &Shape, mut visit: impl FnMut(usize, usize)) -> Result<()> {
        let count = data.elements().unwrap_or(0);
        if scale.elements() == Some(1) && (self.block == 0 || scale.rank() <= 1) {
            (0..count).for_each(|at| visit(at, 0));
            return Ok(());
        }
        let unfit =
            || Error::new(ErrorCode::InputShape, format!("scales of shape {scale} do not fit {data}"));
        let axis = axis_within(self.axis, data.rank(), ErrorCode::InputShape)?;
        let (_, size, inner) = data.split_at(axis);
        if self.block == 0 {
            if scale.sizes() != [size] {
                return Err(unfit());
            }
            (0..count).for_each(|at| visit(at, at / inner % size));
            return Ok(());
        }
        let blocks = size.div_ceil(self.block);
        let mut wanted = *data;
        wanted.sizes_mut()[axis] = blocks;
        if *scale != wanted {
            return Err(unfit());
        }
        (0..count).for_each(|at| {
            let (outer, along) = (at / inner / size, at / inner % size);
            visit(at, (outer * blocks + along / self.block) * inner + at % inner);
        });
        Ok(())
    }
}

/// The zero points, which must have the shape of the scales, or none.
fn zero_points<'a>(zero: Option<&'a Tensor>, scale: &Tensor, space: &'a mut Vec<i64>) -> Result<&'a [i64]> {
    match zero {
        Some(zero) if zero.len() == scale.len() => Ok(whole::<i64>(zero.data(), space)),
        Some(_) => Err(Error::new(ErrorCode::InputShape, "scales and zero points must have the same shape")),
        None => {
            space.resize(scale.len(), 0);
            Ok(space)
        }
    }
}

struct Quantize {
    grain: Grain,
    output: DType,
}

fn quantize(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if !matches!(spec.dtype(0)?, DType::F32 | DType::F16 | DType::I32) {
        return Err(spec.wrong_type(0, "a tensor of float, float16 or int32"));
    }
    if !matches!(spec.dtype(1)?, DType::F32 | DType::F16 | DType::I32) {
        return Err(spec.wrong_type(1, "a tensor of float, float16 or int32"));
    }
    let grain = Grain::read(spec)?;
    if spec.opset >= 19 {
        // Only float8 targets look at it, and those are refused.
        spec.attributes.flag("saturate", true)?;
    }
    if spec.opset >= 23 && spec.attributes.int("precision")?.unwrap_or(0) != 0 {
        return Err(Error::new(ErrorCode::ModelUnsupported, "attribute \"precision\" must be 0"));
    }
    let asked = if spec.opset >= 21 { spec.attributes.int("output_dtype")?.unwrap_or(0) } else { 0 };
    let zero = spec.inputs.get(2).and_then(Option::as_ref).map(|_| spec.dtype(2)).transpose()?;
    let output = match (zero, asked) {
        (Some(zero), 0) => zero,
        (Some(zero), asked) if element_type(asked)? == zero => zero,
        (Some(_), _) => {
            return Err(Error::new(ErrorCode::ModelType, "the zero point must be of type \"output_dtype\""));
        }
        (None, 0) => DType::U8,
        (None, asked) => element_type(asked)?,
    };
    if range(output).is_none() {
        return Err(Error::new(
            ErrorCode::ModelUnsupported,
            format!("{} is no type to quantise to", output.name()),
        ));
    }
    let dims = spec.input(0)?.dims.clone();
    Built::one(Quantize { grain, output }, Fact::shaped(output, dims))
}

/// round(x / scale) + zero, halves to even, within the range of the type.
pub(super) fn quantized(x: f32, scale: f32, zero: i64, range: (f32, f32)) -> f32 {
    let value = (x / scale).round_ties_even() + zero as f32;
    // NaN has no place in an integer; saturation sends it to the lower end.
    if value >= range.1 {
        range.1
    } else if value > range.0 {
        value
    } else {
        range.0
    }
}

/// A float, float16 or int32 tensor as floats.
fn floats<'a>(tensor: &'a Tensor, space: &'a mut Vec<f32>) -> &'a [f32] {
    if let Data::I32(values) = tensor.data() {
        *space = values.iter().map(|&value| value as f32).collect();
        return space;
    }
    whole::<f32>(tensor.data(), space)
}

impl Kernel for Quantize {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (input, scale) = (io.tensor(0)?, io.tensor(1)?);
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let zeros = zero_points(io.try_tensor(2), scale, &mut spaces.0)?;
        let (values, scales) = (floats(input, &mut spaces.1), floats(scale, &mut spaces.2));
        let range = range(self.output).unwrap_or((0.0, 0.0));
        io.check(input.shape())?;
        let target = io.output_tensor(0)?.reset_as(self.output, *input.shape());
        self.grain.visit(input.shape(), scale.shape(), |at, own| {
            f32::narrow(&[quantized(values[at], scales[own], zeros[own], range)], target, at);
        })
    }
}

struct Dequantize {
    grain: Grain,
    output: DType,
}

fn dequantize(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if range(dtype).is_none() && dtype != DType::I32 {
        return Err(spec.wrong_type(0, "a tensor of integers of 8 or 16 bits, or int32"));
    }
    if !matches!(spec.dtype(1)?, DType::F32 | DType::F16) {
        return Err(spec.wrong_type(1, "a tensor of float or float16"));
    }
    if spec.inputs.get(2).is_some_and(Option::is_some) && spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
    }
    let grain = Grain::read(spec)?;
    let asked = if spec.opset >= 23 { spec.attributes.int("output_dtype")?.unwrap_or(0) } else { 0 };
    let output = if asked == 0 { spec.dtype(1)? } else { element_type(asked)? };
    if !matches!(output, DType::F32 | DType::F16) {
        return Err(Error::new(
            ErrorCode::ModelUnsupported,
            "attribute \"output_dtype\" must be float or float16",
        ));
    }
    let dims = spec.input(0)?.dims.clone();
    Built::one(Dequantize { grain, output }, Fact::shaped(output, dims))
}

impl Kernel for Dequantize {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (input, scale) = (io.tensor(0)?, io.tensor(1)?);
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let zeros = zero_points(io.try_tensor(2), scale, &mut spaces.0)?;
        let (values, scales) =
            (whole::<i64>(input.data(), &mut spaces.1), whole::<f32>(scale.data(), &mut spaces.2));
        io.check(input.shape())?;
        let target = io.output_tensor(0)?.reset_as(self.output, *input.shape());
        self.grain.visit(input.shape(), scale.shape(), |at, own| {
            // Exact in float: the difference of two integers of at most 16 bits, or one of 32 bits, which
            // is rounded as it is converted.
            f32::narrow(&[(values[at] - zeros[own]) as f32 * scales[own]], target, at);
        })
    }
}

struct Dynamic;

fn dynamic(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::F32 {
        return Err(spec.wrong_type(0, "tensor(float)"));
    }
    let dims = spec.input(0)?.dims.clone();
    let outputs = vec![
        Fact::shaped(DType::U8, dims),
        Fact::shaped(DType::F32, Some(Vec::new())),
        Fact::shaped(DType::U8, Some(Vec::new())),
    ];
    Ok(Built { kernel: Box::new(Dynamic), outputs })
}

impl Kernel for Dynamic {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (input, shape) = (io.elements::<f32>(0)?, *io.tensor(0)?.shape());
        // The range always holds zero, so that zero is exact.
        let min = input.iter().fold(0f32, |min, &x| if x < min { x } else { min });
        let max = input.iter().fold(0f32, |max, &x| if x > max { x } else { max });
        let scale = if max == min { 1.0 } else { (max - min) / 255.0 };
        let zero = (0.0 - min / scale).round_ties_even().clamp(0.0, 255.0);
        let out = io.output::<u8>(0, shape)?;
        for (slot, &x) in out.iter_mut().zip(input) {
            *slot = quantized(x, scale, zero as i64, (0.0, 255.0)) as u8;
        }
        io.output::<f32>(1, Shape::SCALAR)?[0] = scale;
        io.output::<u8>(2, Shape::SCALAR)?[0] = zero as u8;
        Ok(())
    }
}
