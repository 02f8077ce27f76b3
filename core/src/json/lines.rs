//! Files for people and for `git diff`: one entry of a map a line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{Error, ErrorCode, Result};

/// A value as compact JSON.
///
/// # Errors
/// `internal` for what JSON cannot hold.
pub fn compact<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
}

/// Appends the member `name` of an object, a map, with an entry on each line.
///
/// # Errors
/// `internal` for what JSON cannot hold.
pub fn push_map<T: Serialize>(text: &mut String, name: &str, map: &BTreeMap<String, T>) -> Result<()> {
    text.push_str(&format!("  {}: {{\n", compact(name)?));
    for (at, (key, value)) in map.iter().enumerate() {
        let comma = if at + 1 == map.len() { "" } else { "," };
        text.push_str(&format!("    {}: {}{comma}\n", compact(key)?, compact(value)?));
    }
    text.push_str("  }");
    Ok(())
}
