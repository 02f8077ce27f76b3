//! Rows of numbers as steps of a model read them.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Inputs;
use crate::onnx::{Data, Tensor};

/// An input of a step, which must be numbers.
pub(super) fn input(inputs: &dyn Inputs, at: usize) -> Result<&Tensor> {
    inputs.tensor(at).ok_or_else(|| Error::new(ErrorCode::Internal, "what is explained is no tensor"))
}

/// The rows of a tensor of `width` elements per row.
///
/// # Errors
/// [`ErrorCode::InputShape`] where it has not so many.
pub(super) fn count_rows(tensor: &Tensor, width: usize) -> Result<usize> {
    let rows = tensor.shape().sizes().first().copied().unwrap_or(0);
    if rows * width != tensor.len() {
        let message = format!("what is explained has {} elements in {rows} rows of {width}", tensor.len());
        return Err(Error::new(ErrorCode::InputShape, message));
    }
    Ok(rows)
}

/// Appends all elements, as doubles.
///
/// # Errors
/// [`ErrorCode::Internal`] for what is no number.
pub(super) fn read(tensor: &Tensor, out: &mut Vec<f64>) -> Result<()> {
    macro_rules! push {
        ($($variant:ident),*) => {
            match tensor.data() {
                Data::I64(list) => out.extend(list.iter().map(|&value| value as f64)),
                Data::U64(list) => out.extend(list.iter().map(|&value| value as f64)),
                Data::F16(list) => out.extend(list.iter().map(|value| value.to_f64())),
                Data::Bool(list) => out.extend(list.iter().map(|&value| f64::from(u8::from(value)))),
                $(Data::$variant(list) => out.extend(list.iter().map(|&value| f64::from(value))),)*
                Data::Str(_) => return Err(Error::new(ErrorCode::Internal, "what is explained is text")),
            }
        };
    }
    push!(F32, F64, I32, I16, I8, U32, U16, U8);
    Ok(())
}
