//! What of a bundle's archive a page gets: what the lock pins, and nothing that merely lay beside it.
//!
//! A bundle's folder may hold its training recipe and samples. The module ignores them, and a server
//! must not hand them out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::archive::{unzip, zip};

const LOCK: &str = "bundle.lock";

#[derive(Deserialize)]
struct Lock {
    files: BTreeMap<String, IgnoredAny>,
    golden: BTreeMap<String, IgnoredAny>,
}

/// The archive of the lock and the files that it pins; `None` for an archive without a lock, which no
/// real module loads.
pub(crate) fn published(archive: &[u8]) -> Option<Vec<u8>> {
    let mut files = unzip(archive).ok()?;
    let (_, lock) = files.iter().find(|(name, _)| name == LOCK)?;
    let lock: Lock = serde_json::from_slice(lock).ok()?;
    files.retain(|(name, _)| name == LOCK || lock.files.contains_key(name) || lock.golden.contains_key(name));
    zip(&files).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::published;
    use crate::archive::{unzip, zip};

    #[test]
    fn only_what_the_lock_pins_is_published() {
        let lock = r#"{"format":1,"files":{"bundle.json":"a","m.onnx":"b"},"golden":{"golden/1.json":"c"}}"#;
        let names = ["bundle.json", "bundle.lock", "golden/1.json", "m.onnx", "recipe.py", "sample.csv"];
        let files: Vec<(String, Vec<u8>)> = names
            .iter()
            .map(|name| (name.to_string(), if *name == "bundle.lock" { lock.into() } else { vec![1, 2] }))
            .collect();
        let kept = unzip(&published(&zip(&files).unwrap()).unwrap()).unwrap();
        let kept: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["bundle.json", "bundle.lock", "golden/1.json", "m.onnx"]);
        assert!(published(b"PK no archive").is_none());
        assert!(published(&zip(&files[..1]).unwrap()).is_none());
    }
}
