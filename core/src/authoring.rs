//! What only packing needs: rules from text to code, the reference profile, the lock, the JSON Schema.
//!
//! Packing is pure like everything here: a zip archive of a bundle's folder goes in, one with the files
//! that packing makes (`bundle.lock`, `reference.json`, blessed golden records) comes out. The same
//! files give the same bytes, so a folder that is up to date does not change.

mod lower;
mod options;
mod pack;
mod profile;
mod quantiles;

#[cfg(test)]
mod tests;

pub use pack::pack;

use crate::manifest::Manifest;

/// The JSON Schema of `bundle.json`, indented, as `docs/bundle.schema.json` holds it.
#[must_use]
pub fn json_schema() -> String {
    let mut schema = schemars::schema_for!(Manifest);
    schema.insert("title".into(), "Scorebox bundle".into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
