//! What a host may set before it loads anything: the module's own digest and tighter or wider limits.

use scorebox_core::json::{Fault, from_slice};
use scorebox_core::{Error, ErrorCode, Limits, Result};
use serde::Deserialize;

/// Digest and limits in force.
#[derive(Default)]
pub(crate) struct Configuration {
    /// The sha256 of the module's bytes, as the host computed it; a module cannot see its own bytes.
    pub(crate) module: [u8; 32],
    /// The limits for everything that is loaded.
    pub(crate) limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    module: Option<String>,
    #[serde(default)]
    limits: LimitsRequest,
}

/// The limits that differ from the defaults; names and meanings are those of [`Limits`].
macro_rules! limits {
    ($($name:ident: $type:ty),*) => {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct LimitsRequest { $($name: Option<$type>,)* }

        impl LimitsRequest {
            fn resolve(&self) -> Limits {
                Limits { $($name: self.$name.unwrap_or(Limits::DEFAULT.$name),)* }
            }
        }
    };
}
limits!(
    model_bytes: usize, nodes: usize, nesting: usize, tensor_elements: usize, run_bytes: usize, steps: u64,
    steps_per_byte: u64, reasons_bytes: usize, bundle_bytes: usize, bundle_files: usize, record_bytes: usize, list_records: usize, list_fields: usize,
    batch_rows: usize, manifest_items: usize,
    table_cells: usize, scenario_cells: usize, what_if_records: usize, rule_instructions: usize
);

impl Configuration {
    /// Reads the host's JSON.
    ///
    /// # Errors
    /// `request_invalid` with what is wrong.
    pub(crate) fn read(json: &[u8]) -> Result<Self> {
        let invalid = |reason: String| Error::new(ErrorCode::RequestInvalid, reason).at("configure");
        let request: Request = from_slice(json).map_err(|fault: Fault| invalid(fault.explain(json)))?;
        let module = match &request.module {
            Some(digits) => digest(digits).ok_or_else(|| invalid("`module` takes 64 hex digits".into()))?,
            None => [0; 32],
        };
        Ok(Self { module, limits: request.limits.resolve() })
    }
}

fn digest(digits: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(digest)
}
