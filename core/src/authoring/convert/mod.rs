//! Models in the files of the libraries that trained them, as ONNX.
//!
//! The usual exporters round LightGBM's double thresholds to the nearest float32 and drop what their
//! author did not think of, so a score can differ after export. These readers take the file that the
//! library itself writes and make trees that send every float32 input to the leaf where the library
//! sends it. What ONNX cannot say is refused with the reason.
//!
//! The model has one input `X` (float, a row per record, a column per feature in the order of training;
//! NaN is missing, a category is its code and a whole number), an output `margin` (a column per class or
//! target) and one of `probabilities` or `value`; `Link` in `trees` says which.

mod lightgbm;
mod onnx_writer;
mod trees;
mod xgboost;

use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;

/// Whose model a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelFormat {
    /// ONNX itself.
    Onnx,
    /// LightGBM's text file.
    LightGbm,
    /// XGBoost's JSON file.
    XgBoost,
}

impl ModelFormat {
    /// The format that a file's name says.
    #[must_use]
    pub fn of(file: &str) -> Self {
        match file.rsplit_once('.') {
            Some((_, "txt")) => Self::LightGbm,
            Some((_, "json")) => Self::XgBoost,
            _ => Self::Onnx,
        }
    }
}

/// The ONNX model of a library's model file.
///
/// # Errors
/// `model_malformed` where the file is not what its ending says, with the line; `model_invalid` where its
/// trees are no trees; `model_unsupported` for what ONNX cannot say; `model_budget` where the file or the
/// model made from it is larger than [`Limits::model_bytes`].
pub fn to_onnx(format: ModelFormat, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    if bytes.len() > limits.model_bytes {
        let message = format!("the file has {} bytes, at most {} are read", bytes.len(), limits.model_bytes);
        return Err(Error::new(ErrorCode::ModelBudget, message));
    }
    let forest = match format {
        ModelFormat::Onnx => return Ok(bytes.to_vec()),
        ModelFormat::LightGbm => lightgbm::read(bytes, limits)?,
        ModelFormat::XgBoost => xgboost::read(bytes, limits)?,
    };
    Ok(onnx_writer::write(&forest))
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelMalformed, message)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelInvalid, message)
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelUnsupported, message)
}
