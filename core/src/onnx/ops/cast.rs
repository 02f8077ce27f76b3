//! Conversion between element types: Cast, CastLike, BitCast.
//!
//! Integers wrap; floats become integers toward zero, and values out of range, which the standard leaves
//! open, saturate (NaN becomes 0). Text is read and written as numbers the way ONNX Runtime does.

use half::f16;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::ExplainPart;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Data, Strings};

use super::compute::{CHUNK, Compute, Store, by_class, chunk};
use super::plain;
use super::text_number;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Cast", &[6, 9, 13, 19, 21, 23, 24, 25, 28], (1, 1), "all", |spec| {
        let number = spec.attributes.int("to")?;
        let to =
            number.ok_or_else(|| Error::new(ErrorCode::ModelAttribute, "attribute \"to\" is missing"))?;
        cast(spec, element_type(to)?)
    }),
    plain("CastLike", &[15, 19, 21, 23, 24, 25], (2, 2), "all", |spec| {
        let to = spec.dtype(1)?;
        cast(spec, to)
    }),
    plain("BitCast", &[26], (1, 1), "all but string", |spec| {
        let number = spec.attributes.int("to")?;
        let to = element_type(number.unwrap_or(0))?;
        let dtype = spec.dtype(0)?;
        if to.width() != dtype.width() || to == DType::Str || dtype == DType::Str {
            return Err(Error::new(ErrorCode::ModelType, "both types must have elements of the same size"));
        }
        let dims = spec.input(0)?.dims.clone();
        Built::one(BitCast { to }, Fact::shaped(to, dims))
    }),
];

/// The element type with this number in the standard.
pub(super) fn element_type(number: i64) -> Result<DType> {
    i32::try_from(number).ok().and_then(DType::from_onnx).ok_or_else(|| {
        Error::new(ErrorCode::ModelUnsupported, format!("element type {number} is not supported"))
    })
}

fn cast(spec: &NodeSpec<'_>, to: DType) -> Result<Built> {
    spec.dtype(0)?;
    if spec.opset >= 19 {
        // Only float8 targets look at it, and those are refused.
        spec.attributes.flag("saturate", true)?;
    }
    if spec.opset >= 24 {
        spec.attributes.text("round_mode")?;
    }
    let dims = spec.input(0)?.dims.clone();
    Built::one(Cast { to }, Fact::shaped(to, dims))
}

struct Cast {
    to: DType,
}

impl Kernel for Cast {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        if input.dtype() == self.to {
            io.output_tensor(0)?.copy_from(input);
            return Ok(());
        }
        let shape = *input.shape();
        if self.to == DType::Str {
            let mut text = std::mem::take(&mut io.scratch.text);
            let out = io.output_strings(0, shape)?;
            for at in 0..input.len() {
                text.clear();
                text_number::write(input.data(), at, &mut text);
                out.push(&text);
            }
            io.scratch.text = text;
            return Ok(());
        }
        io.check(&shape)?;
        let target = io.output_tensor(0)?.reset_as(self.to, shape);
        by_class!(input.dtype(), C => convert::<C>(input.data(), target), _ => {
            if let Some(texts) = input.strings() {
                parse(texts, target)?;
            }
        });
        Ok(())
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        matches!(self.to, DType::F32 | DType::F64).then_some(ExplainPart::Same)
    }
}

fn convert<C: Compute>(from: &Data, to: &mut Data) {
    let mut space = [C::default(); CHUNK];
    for at in (0..from.len()).step_by(CHUNK) {
        let len = CHUNK.min(from.len() - at);
        C::narrow(chunk(from, at, len, &mut space), to, at);
    }
}

fn parse(texts: &Strings, to: &mut Data) -> Result<()> {
    let refused = |at| Error::new(ErrorCode::RunValue, format!("element {at} of the text is not a number"));
    let floats = to.dtype().is_float();
    for (at, text) in texts.iter().enumerate() {
        if floats {
            f64::narrow(&[text_number::read_float(text).ok_or_else(|| refused(at))?], to, at);
        } else {
            i64::narrow(&[text_number::read_integer(text).ok_or_else(|| refused(at))?], to, at);
        }
    }
    Ok(())
}

struct BitCast {
    to: DType,
}

impl Kernel for BitCast {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        io.check(input.shape())?;
        let target = io.output_tensor(0)?.reset_as(self.to, *input.shape());
        for at in 0..input.len() {
            write_bits(target, at, bits(input.data(), at));
        }
        Ok(())
    }
}

fn bits(data: &Data, at: usize) -> u64 {
    match data {
        Data::F32(from) => u64::from(from[at].to_bits()),
        Data::F64(from) => from[at].to_bits(),
        Data::F16(from) => u64::from(from[at].to_bits()),
        _ => {
            let mut value = [0i64];
            i64::widen(data, at, &mut value);
            value[0] as u64
        }
    }
}

fn write_bits(data: &mut Data, at: usize, bits: u64) {
    match data {
        Data::F32(to) => to[at] = f32::from_bits(bits as u32),
        Data::F64(to) => to[at] = f64::from_bits(bits),
        Data::F16(to) => to[at] = f16::from_bits(bits as u16),
        to => u64::narrow(&[bits], to, at),
    }
}
