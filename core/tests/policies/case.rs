//! A small bundle without a model whose policy a test gives.

use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, Limits};
use serde_json::{Value, json};

use crate::support::Folder;

/// A bundle with inputs of every type and this policy; a missing `default` is approve.
pub(crate) fn folder(policy: &Value) -> Folder {
    let mut policy = policy.clone();
    let own = policy.as_object_mut().unwrap();
    own.entry("hit_policy").or_insert(json!("collect"));
    own.entry("default").or_insert(json!({"outcome": "approve"}));
    let manifest = json!({
        "format": 1, "name": "policy", "version": "1.0.0",
        "inputs": [
            {"name": "age", "type": "integer"},
            {"name": "amount", "type": "number", "unit": "EUR"},
            {"name": "income", "type": "number", "unit": "EUR a month"},
            {"name": "risk", "type": "string"},
            {"name": "country", "type": "string", "allowed": ["DE", "FR", "NL"]},
            {"name": "affordable", "type": "boolean"},
            {"name": "since", "type": "timestamp"}
        ],
        "features": [{"name": "burden", "type": "number", "expr": "amount / income"}],
        "policy": policy,
        "reasons": {"codes": [
            {"code": "A", "text": {"en": "First"}}, {"code": "B", "text": {"en": "Second"}},
            {"code": "C", "text": {"en": "Third"}}
        ]}
    });
    Folder::default().with("bundle.json", serde_json::to_vec_pretty(&manifest).unwrap())
}

pub(crate) fn load(folder: &Folder) -> Scorer {
    let packed = folder.pack().unwrap_or_else(|error| panic!("{error}"));
    Scorer::load(&packed, &Limits::DEFAULT, [7; 32]).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn scorer(policy: &Value) -> Scorer {
    load(&folder(policy))
}

pub(crate) fn refusal(policy: &Value) -> Error {
    folder(policy).pack().err().unwrap_or_else(|| panic!("packs: {policy}"))
}

/// The decision on a record at a fixed time.
pub(crate) fn decide(scorer: &mut Scorer, record: &Value) -> Value {
    decide_at(scorer, record, "2026-11-23T09:00:00Z")
}

pub(crate) fn decide_at(scorer: &mut Scorer, record: &Value, now: &str) -> Value {
    crate::support::decide(scorer, &json!({"record": record, "now": now}).to_string())
}

/// A policy of one table.
pub(crate) fn table(table: &Value) -> Value {
    json!({"steps": [{"id": "t", "table": table}]})
}
