//! Packing: from the files that an author writes to a bundle that scores.
//!
//! All of it happens in the full module; the host reads the folder and writes what comes back.

use std::path::Path;

use scorebox_abi::exports;
use serde::Serialize;

use crate::archive::read_source;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::guest::{Guest, Input};
use crate::module::Artefact;
use crate::table::{Batch, encode};

/// What packing does beside compiling rules and pinning files.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PackOptions {
    /// Writes the decisions that the bundle gives now into its golden records.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bless: bool,
}

/// A packed bundle.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The zip archive.
    pub zip: Vec<u8>,
}

/// Packs the bundle at `source`, a folder or zip archive, with the profile of `sample` (training rows)
/// where one is given.
///
/// # Errors
/// `manifest_invalid` and `rule_invalid` with the place of the fault; `bundle_needs_full` where this
/// crate was built without the full module; the codes of loading.
pub fn pack(
    engine: &Engine,
    source: &Path,
    sample: Option<&Batch<'_>>,
    options: &PackOptions,
) -> Result<Packed> {
    let zip = read_source(source)?;
    let options = serde_json::to_string(options).unwrap_or_else(|_| "{}".into());
    let plan = sample.map(encode::batch).transpose()?;
    let mut guest = Guest::start(engine, &*engine.compiled(Artefact::Full)?)?;
    let write = |block: &mut [u8]| {
        if let Some(plan) = &plan {
            plan.write(block);
        }
    };
    let sample = Input::Written(plan.as_ref().map_or(0, encode::Plan::bytes), &write);
    guest.pack(&zip, sample, options.as_bytes()).map_err(|error| error.at(source.display()))?;
    Ok(Packed { zip: guest.result()?.to_vec() })
}

/// The JSON Schema of `bundle.json`, as the full module publishes it.
///
/// # Errors
/// `bundle_needs_full` where this crate was built without the full module.
pub fn manifest_schema(engine: &Engine) -> Result<String> {
    let mut guest = Guest::start(engine, &*engine.compiled(Artefact::Full)?)?;
    guest.plain_call(exports::SCHEMA)?;
    let text = std::str::from_utf8(guest.result()?);
    text.map(ToOwned::to_owned).map_err(|_| Error::new(ErrorCode::ModuleAbi, "the schema is no UTF-8"))
}
