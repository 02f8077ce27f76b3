//! A decision: canonical JSON, kept as the bytes that the module gave.

use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use crate::error::{Error, ErrorCode, Result};

/// The answer to one record. Its bytes are the same in every host; the accessors read them.
#[derive(Clone)]
pub struct Decision {
    json: String,
    parsed: OnceLock<Value>,
}

impl Decision {
    pub(crate) fn new(json: &[u8]) -> Result<Self> {
        match std::str::from_utf8(json) {
            Ok(json) => Ok(Self { json: json.to_owned(), parsed: OnceLock::new() }),
            Err(_) => Err(Error::new(ErrorCode::ModuleAbi, "the module's decision is no UTF-8")),
        }
    }

    /// The canonical JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.json
    }

    /// The canonical JSON as bytes: what digests and golden cases compare.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.json.as_bytes()
    }

    /// The canonical JSON, taken out.
    #[must_use]
    pub fn into_string(self) -> String {
        self.json
    }

    /// The decision as a JSON value, parsed at the first use.
    #[must_use]
    pub fn json(&self) -> &Value {
        self.parsed.get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }

    /// `approve`, `review`, `decline` or `refuse`.
    #[must_use]
    pub fn outcome(&self) -> &str {
        self.json()["outcome"].as_str().unwrap_or_default()
    }

    /// The verdict on the record's quality: `ok`, `degraded` or `refuse`.
    #[must_use]
    pub fn quality(&self) -> &str {
        self.json()["quality"]["verdict"].as_str().unwrap_or_default()
    }

    /// A score by its name, such as `pd`; `None` where the record was refused or the bundle has none.
    #[must_use]
    pub fn score(&self, name: &str) -> Option<f64> {
        self.json()["scores"][name].as_f64()
    }

    /// The scorecard's points.
    #[must_use]
    pub fn points(&self) -> Option<i64> {
        self.json()["scores"]["points"].as_i64()
    }

    /// The scorecard's grade.
    #[must_use]
    pub fn grade(&self) -> Option<&str> {
        self.json()["scores"]["grade"].as_str()
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decision({})", self.json)
    }
}

impl PartialEq for Decision {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}
