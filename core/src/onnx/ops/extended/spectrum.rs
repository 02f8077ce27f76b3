//! STFT, a transform of each stretch of a signal; MelWeightMatrix, which gathers its bins as people hear them.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::{Integers, integers, size, unknown};
use super::super::compute::{Compute, Store};
use super::signal::{MOST_PRODUCTS, only, products, transform, turns};

/// The short-time Fourier transform.
struct Frames {
    step: Integers,
    length: Integers,
    onesided: bool,
}

pub(super) fn build_frames(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    if spec.inputs.get(2).is_some_and(Option::is_some) && spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 0", dtype.name())));
    }
    let kernel = Frames {
        step: Integers::input(spec, 1)?,
        length: Integers::input(spec, 3)?,
        onesided: spec.attributes.flag("onesided", true)?,
    };
    Built::one(kernel, Fact::shaped(dtype, Some(unknown(4))))
}

impl Kernel for Frames {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let unfit = |message: String| Error::new(ErrorCode::InputShape, message);
        let signal = io.tensor(0)?;
        let (&[batch, own, ..], parts) = (signal.shape().sizes(), signal.shape().sizes().get(2).copied())
        else {
            return Err(unfit("input 0 must have a batch, a length and one or two parts".to_owned()));
        };
        let parts = parts.unwrap_or(1);
        if !(1..=2).contains(&parts) || signal.shape().rank() > 3 || self.onesided && parts == 2 {
            return Err(unfit(format!(
                "a signal of shape {} must have one part, or two where onesided is 0",
                signal.shape()
            )));
        }
        let window = io.try_tensor(2);
        let length = match (self.length.get(io)?.as_deref(), window) {
            (Some(list), _) => size(only(list, "frame length")?)?,
            (None, Some(window)) => window.len(),
            (None, None) => own,
        };
        if window.is_some_and(|window| window.len() != length) {
            return Err(unfit("the window and frame_length differ".to_owned()));
        }
        let step = size(only(&self.step.require(io)?, "frame step")?)?;
        if step == 0 || length == 0 || length > own {
            return Err(Error::new(
                ErrorCode::RunValue,
                format!("frames of {length} every {step} do not fit a signal of {own}"),
            ));
        }
        let frames = (own - length) / step + 1;
        let bins = if self.onesided { length / 2 + 1 } else { length };
        let shape = Shape::new(&[batch, frames, bins, 2]).unwrap_or_default();
        io.check(&shape)?;
        if products(length).saturating_mul((batch * frames) as u64) > MOST_PRODUCTS {
            return Err(Error::new(ErrorCode::RunBudget, "the transform takes too long"));
        }
        let mut values = vec![0f64; signal.len()];
        f64::widen(signal.data(), 0, &mut values);
        let mut weights = vec![1f64; length];
        if let Some(window) = window {
            f64::widen(window.data(), 0, &mut weights);
        }
        let turns = turns(length);
        let mut out = Vec::with_capacity(shape.elements().unwrap_or(0));
        let mut line = vec![(0.0, 0.0); length];
        for frame in 0..batch * frames {
            let start = (frame / frames * own + frame % frames * step) * parts;
            for (at, (slot, weight)) in line.iter_mut().zip(&weights).enumerate() {
                let from = start + at * parts;
                let imaginary = if parts == 2 { values[from + 1] } else { 0.0 };
                *slot = (values[from] * weight, imaginary * weight);
            }
            for (real, imaginary) in transform(&line, 1, &turns).into_iter().take(bins) {
                out.extend([real, imaginary]);
            }
        }
        let dtype = signal.dtype();
        f64::narrow(&out, io.output_tensor(0)?.reset_as(dtype, shape), 0);
        Ok(())
    }
}

/// Triangles on the mel scale, one per column.
struct Mel {
    dtype: DType,
}

pub(super) fn build_mel(spec: &mut NodeSpec<'_>) -> Result<Built> {
    for at in 0..3 {
        if !matches!(spec.dtype(at)?, DType::I32 | DType::I64) {
            return Err(spec.wrong_type(at, "tensor(int32) or tensor(int64)"));
        }
    }
    for at in 3..5 {
        if !spec.dtype(at)?.is_float() {
            return Err(spec.wrong_type(at, "a tensor of floats"));
        }
    }
    let number = spec.attributes.int("output_datatype")?.unwrap_or(1);
    let dtype = i32::try_from(number).ok().and_then(DType::from_onnx).filter(|dtype| dtype.is_float());
    let dtype = dtype.ok_or_else(|| {
        Error::new(ErrorCode::ModelUnsupported, "attribute \"output_datatype\" must be a type of floats")
    })?;
    Built::one(Mel { dtype }, Fact::shaped(dtype, Some(unknown(2))))
}

fn number(tensor: &Tensor) -> Result<f64> {
    let mut value = [0f64];
    if tensor.len() != 1 {
        return Err(Error::new(ErrorCode::InputShape, "an edge must be one number"));
    }
    f64::widen(tensor.data(), 0, &mut value);
    Ok(value[0])
}

impl Kernel for Mel {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let count = |at: usize| size(only(&integers(io.tensor(at)?), "size")?);
        let (columns, length, rate) = (count(0)?, count(1)?, count(2)?);
        let (lower, upper) = (number(io.tensor(3)?)?, number(io.tensor(4)?)?);
        let fits = rate > 0 && lower >= 0.0 && lower < upper && upper <= rate as f64;
        if !fits {
            return Err(Error::new(
                ErrorCode::RunValue,
                format!("edges of {lower} and {upper} hertz do not fit a sample rate of {rate}"),
            ));
        }
        let shape = Shape::matrix(length / 2 + 1, columns);
        io.check(&shape)?;
        let mel = |hertz: f64| 2595.0 * libm::log10(1.0 + hertz / 700.0);
        let step = (mel(upper) - mel(lower)) / (columns + 2) as f64;
        let bin = |at: usize| {
            let hertz = 700.0 * (libm::pow(10.0, (at as f64 * step + mel(lower)) / 2595.0) - 1.0);
            ((length + 1) as f64 * hertz / rate as f64).floor() as usize
        };
        let mut out = vec![0f64; shape.elements().unwrap_or(0)];
        let mut set = |row: usize, column: usize, value: f64| {
            if let Some(slot) = out.get_mut(row * columns + column).filter(|_| row <= length / 2) {
                *slot = value;
            }
        };
        for column in 0..columns {
            let (low, centre, high) = (bin(column), bin(column + 1), bin(column + 2));
            if low == centre {
                set(centre, column, 1.0);
            }
            for row in low..=centre.min(length) {
                if centre > low {
                    set(row, column, (row - low) as f64 / (centre - low) as f64);
                }
            }
            for row in centre..high.min(length + 1) {
                set(row, column, (high - row) as f64 / (high - centre) as f64);
            }
        }
        f64::narrow(&out, io.output_tensor(0)?.reset_as(self.dtype, shape), 0);
        Ok(())
    }
}
