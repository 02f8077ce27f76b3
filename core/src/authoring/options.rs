//! What a call of `pack` can ask for.

use serde::Deserialize;

use crate::error::{Error, ErrorCode, Result};

/// Options of packing; no text means none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// Write what golden records give now as what they must give.
    pub(super) bless: bool,
    /// Fail with `bundle_not_packed` where a file that packing makes would change.
    pub(super) check: bool,
}

impl Options {
    pub(super) fn read(text: &[u8]) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(text).map_err(|error| {
            Error::new(
                ErrorCode::RequestInvalid,
                format!("the options of packing are `bless` and `check`: {error}"),
            )
        })
    }
}
