//! Certificates of parity, `parity/<name>.json`: what was found when a model was compared with the library
//! that trained it.
//!
//! `scorebox verify` and `scorebox.verify` in Python write them, packing pins them, and a bundle shows them.
//! A certificate names its model by sha256, so that none can be carried over to another model. No decision
//! reads them.

use serde::{Deserialize, Serialize};

use crate::bundle::Sha256Digest;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Fault, Value, from_slice, json};

/// The format's number.
pub const FORMAT: u32 = 1;

/// `parity/<name>.json`. Rows are counted from 0, in ascending order.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// The format's number: 1.
    pub format: u32,
    /// Whether every row is within the tolerance and keeps its label.
    pub ok: bool,
    /// Rows that were compared.
    pub rows: u64,
    /// The output that was compared.
    pub output: String,
    /// Largest absolute difference; null where it is not finite, or labels were compared.
    pub largest_absolute: Option<f64>,
    /// Largest difference divided by the expected value; null as above.
    pub largest_relative: Option<f64>,
    /// Largest difference in units in the last place of the output's type; null where labels were compared.
    pub largest_ulp: Option<u64>,
    /// Rows that differ by more than the tolerance.
    pub differing: Vec<u64>,
    /// Rows whose label is another one.
    pub flips: Vec<u64>,
    /// Rows where moving one float32 input by one unit in the last place makes the answer jump.
    pub near_threshold: Vec<u64>,
    /// The known trap of exporters that explains the difference.
    pub trap: Option<String>,
    /// What to do about it; empty without a trap.
    pub advice: String,
    /// What may differ, absolute and relative.
    pub tolerance: f64,
    /// sha256 of the model's ONNX file.
    #[cfg_attr(feature = "authoring", schemars(with = "String"))]
    pub model_digest: Sha256Digest,
    /// sha256 of the file of rows and answers, where they came from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "authoring", schemars(with = "Option<String>"))]
    pub data_file_digest: Option<Sha256Digest>,
    /// sha256 of rows and answers in memory, where they came from Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "authoring", schemars(with = "Option<String>"))]
    pub data_digest: Option<Sha256Digest>,
    /// Version of the program that compared.
    pub version: String,
}

impl Certificate {
    /// Reads the certificate in a file of a bundle.
    ///
    /// # Errors
    /// `bundle_malformed` where it is none of this format, or contradicts itself.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |message: String| Error::new(ErrorCode::BundleMalformed, message).at(file);
        let own: Self = from_slice(bytes).map_err(|fault: Fault| {
            wrong(format!("this is no certificate of parity: {}", fault.explain(bytes)))
        })?;
        if own.format != FORMAT {
            return Err(wrong(format!("the certificate's format must be {FORMAT}")));
        }
        if own.ok != (own.differing.is_empty() && own.flips.is_empty()) {
            return Err(wrong("`ok` is not what `differing` and `flips` say".to_owned()));
        }
        for (name, rows) in
            [("differing", &own.differing), ("flips", &own.flips), ("near_threshold", &own.near_threshold)]
        {
            if !rows.is_sorted_by(|a, b| a < b) || rows.last().is_some_and(|&row| row >= own.rows) {
                return Err(wrong(format!("`{name}` must be ascending row numbers below {}", own.rows)));
            }
        }
        Ok(own)
    }

    /// Finds the model that a certificate is about among the digests of the bundle's ONNX files.
    ///
    /// # Errors
    /// `bundle_not_packed` where it is about none of them.
    pub fn model(&self, file: &str, models: &[Sha256Digest]) -> Result<usize> {
        models.iter().position(|model| *model == self.model_digest).ok_or_else(|| {
            let message = "the certificate is about another model than those of the bundle; compare again with \
                           `scorebox verify --model`, or remove it";
            Error::new(ErrorCode::BundleNotPacked, message).at(file)
        })
    }

    /// What a bundle says of the certificate: its file, its model's id, and counts in place of lists.
    #[must_use]
    pub fn describe(&self, file: &str, model: &str) -> Value {
        json!({
            "model": model, "file": file, "ok": self.ok, "output": self.output, "rows": self.rows,
            "largest_absolute": self.largest_absolute, "largest_ulp": self.largest_ulp,
            "differing": self.differing.len(), "flips": self.flips.len(),
            "near_threshold": self.near_threshold.len(), "trap": self.trap, "tolerance": self.tolerance,
        })
    }
}
