//! Golden records: requests with the decisions that a bundle must give, kept inside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Scorer;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Fault, Value, from_slice, json, push_value};

/// What stands for the module's digest in an expected decision: it differs with every build.
const MODULE: &str = "{module}";

/// A golden record: `golden/<id>.json` in a bundle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoldenRecord {
    /// Name, that of the file.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) why: String,
    /// What is scored, as a request for one record.
    pub(crate) request: Value,
    /// What must come of it.
    #[serde(default)]
    pub(crate) expect: Option<Expected>,
}

/// What must come of a golden record.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expected {
    /// This decision.
    Decision(Value),
    /// An error of this code.
    Error(String),
}

impl GoldenRecord {
    /// Reads a golden record.
    ///
    /// # Errors
    /// `bundle_malformed` with what is wrong.
    pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let malformed = |message: String| Error::new(ErrorCode::BundleMalformed, message).at(name);
        from_slice(bytes)
            .map_err(|fault: Fault| malformed(format!("this is no golden record: {}", fault.explain(bytes))))
    }
}

impl Scorer {
    /// What comes of a golden record now, with the module's digest left open.
    pub(crate) fn replay(&mut self, record: &GoldenRecord) -> Expected {
        let mut bytes = Vec::new();
        let request = record.request.to_string();
        match self.score(request.as_bytes(), &mut bytes) {
            Err(error) => Expected::Error(error.code().as_str().to_owned()),
            Ok(()) => {
                let mut decision = from_slice(&bytes).unwrap_or(Value::Null);
                decision["digests"]["module"] = MODULE.into();
                Expected::Decision(decision)
            }
        }
    }
}

/// Replays all golden records.
pub(super) fn verify(scorer: &mut Scorer, out: &mut Vec<u8>) -> Result<()> {
    let golden: BTreeMap<String, Vec<u8>> = std::mem::take(&mut scorer.golden);
    let report =
        golden.iter().map(|(name, bytes)| verify_one(scorer, name, bytes)).collect::<Result<Vec<_>>>();
    scorer.golden = golden;
    let cases = report?;
    let failed = cases.iter().filter(|case| case["ok"] == Value::Bool(false)).count();
    push_value(out, &json!({ "failed": failed, "cases": cases }));
    Ok(())
}

fn verify_one(scorer: &mut Scorer, name: &str, bytes: &[u8]) -> Result<Value> {
    let record = GoldenRecord::read(name, bytes)?;
    let found = scorer.replay(&record);
    let message = match &record.expect {
        None => Some("nothing is expected yet; bless it when packing".to_owned()),
        Some(expected) => difference(expected, &found),
    };
    Ok(json!({
        "id": record.id, "why": record.why, "ok": message.is_none(),
        "code": message.as_ref().map(|_| ErrorCode::GoldenMismatch.as_str()), "message": message,
    }))
}

/// Where two answers differ first, in words.
pub(crate) fn difference(expected: &Expected, found: &Expected) -> Option<String> {
    match (expected, found) {
        (Expected::Decision(expected), Expected::Decision(found)) => {
            differing_path(expected, found, String::new())
                .map(|path| format!("the decision differs at `{}`", path.trim_start_matches('.')))
        }
        (Expected::Error(expected), Expected::Error(found)) if expected == found => None,
        (_, Expected::Error(found)) => Some(format!("it gives the error {found}")),
        (Expected::Error(expected), Expected::Decision(_)) => {
            Some(format!("it gives a decision, not the error {expected}"))
        }
    }
}

/// The order of keys makes no difference.
fn differing_path(a: &Value, b: &Value, path: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(others)) if a.len() == others.len() => {
            a.iter().find_map(|(key, a)| {
                let path = format!("{path}.{key}");
                match b.get(key) {
                    Some(b) => differing_path(a, b, path),
                    None => Some(path),
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| differing_path(a, b, format!("{path}[{at}]")))
        }
        _ => (a != b).then_some(path),
    }
}
