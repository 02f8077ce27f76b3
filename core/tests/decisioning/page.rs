//! The complete examples on the pages of docs/manifest as bundles to change.

use scorebox_core::onnx::DType;
use scorebox_core::scorer::Scorer;
use scorebox_core::table;
use scorebox_core::{Error, ErrorCode, Limits};
use serde_json::{Map, Value, json};

use crate::support::{Folder, LINEAR};

const CLASSES: &[u8] = include_bytes!("../../../tests/bundles/labels/classes.onnx");

/// The first bundle of a page.
pub(crate) fn folder(page: &'static str) -> Folder {
    folder_of(page, 0)
}

/// A bundle of a page, with the head that pages may leave out.
pub(crate) fn folder_of(page: &'static str, block: usize) -> Folder {
    let text = page.split("```json bundle\n").nth(block + 1).unwrap().split("```").next().unwrap();
    let mut manifest: Value = serde_json::from_str(text).unwrap();
    for (key, value) in [("format", json!(1)), ("name", json!("page")), ("version", json!("1.0.0"))] {
        manifest.as_object_mut().unwrap().entry(key).or_insert(value);
    }
    Folder::default()
        .with("bundle.json", manifest.to_string().into_bytes())
        .with("linear.onnx", LINEAR)
        .with("classes.onnx", CLASSES)
}

pub(crate) fn scorer(folder: &Folder) -> Scorer {
    let packed = folder.pack().unwrap_or_else(|error| panic!("{error}"));
    Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap_or_else(|error| panic!("{error}"))
}

/// Packing the page's bundle after this change is refused: the path, and a part of the message.
pub(crate) fn refused(page: &'static str, path: &str, says: &str, change: impl FnOnce(&mut Value)) {
    let error: Error = folder(page).edit(change).pack().err().unwrap_or_else(|| panic!("{path} packs"));
    assert!(matches!(error.code(), ErrorCode::ManifestInvalid | ErrorCode::RuleInvalid), "{error}");
    assert_eq!(error.path(), path, "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(error.message().contains("line "), "no place in the text: {error}");
}

/// The decision on a record at a fixed time.
pub(crate) fn decide(scorer: &mut Scorer, record: &Value) -> Value {
    let request = json!({"record": record, "now": "2026-11-23T09:00:00Z"});
    let mut out = Vec::new();
    scorer.score(request.to_string().as_bytes(), &mut out).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_slice(&out).unwrap()
}

/// A batch of one row per record, answered with columns: a map from column to cell per row.
pub(crate) fn columns(scorer: &mut Scorer, records: &[Value]) -> Vec<Map<String, Value>> {
    let names: Vec<String> =
        records.iter().flat_map(|record| record.as_object().unwrap().keys().cloned()).collect();
    let mut names = names;
    names.sort();
    names.dedup();
    let cell = |record: &Value, name: &str| match &record[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells: Vec<Vec<String>> =
        names.iter().map(|name| records.iter().map(|record| cell(record, name)).collect()).collect();
    let borrowed: Vec<Vec<&str>> =
        cells.iter().map(|cells| cells.iter().map(String::as_str).collect()).collect();
    let pairs: Vec<(&str, &[&str])> =
        names.iter().zip(&borrowed).map(|(name, cells)| (name.as_str(), cells.as_slice())).collect();
    let mut out = Vec::new();
    let table = crate::support::text_table(&pairs);
    scorer.score_table(&table, br#"{"now":"2026-11-23T09:00:00Z"}"#, &mut out).unwrap();
    let answer = table::read(&out).unwrap();
    let mut rows = vec![Map::new(); records.len()];
    for entry in answer.entries() {
        for (at, row) in rows.iter_mut().enumerate() {
            let value = match entry.dtype() {
                _ if !entry.is_present(at) => Value::Null,
                DType::Str => json!(entry.text(at)),
                DType::Bool => json!(entry.elements::<bool>().nth(at)),
                DType::I64 => json!(entry.elements::<i64>().nth(at)),
                _ => json!(entry.elements::<f64>().nth(at)),
            };
            row.insert(entry.name().to_owned(), value);
        }
    }
    rows
}
