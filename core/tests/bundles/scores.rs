//! Scores by expression, and what they make of missing values and of each other.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::support::{Folder, decide, text_table};

/// A bundle without a model: inputs and these scores.
fn folder(scores: &Value, policy: &Value) -> Folder {
    let manifest = json!({
        "format": 1, "name": "scores", "version": "1.0.0",
        "inputs": [
            {"name": "income", "type": "number"},
            {"name": "debt", "type": "number"},
            {"name": "kind", "type": "string"}
        ],
        "scores": scores,
        "policy": policy
    });
    Folder::default().with("bundle.json", serde_json::to_vec_pretty(&manifest).unwrap())
}

fn policy(when: &str) -> Value {
    json!({"hit_policy": "collect", "default": {"outcome": "approve"}, "on_error": "decline",
        "rules": [{"id": "r", "when": when, "outcome": "review"}]})
}

fn scorer(folder: &Folder) -> scorebox_core::scorer::Scorer {
    let packed = folder.pack().unwrap_or_else(|error| panic!("{error}"));
    scorebox_core::scorer::Scorer::load(&packed, &scorebox_core::Limits::DEFAULT, [7; 32]).unwrap()
}

#[test]
fn scores_use_each_other_in_any_order() {
    let scores = json!({
        "a_total": {"expr": "burden * 2.0 + z_base", "unit": "share"},
        "burden": {"expr": "debt / income"},
        "label": {"expr": "a_total > 2.0 ? 'high' : kind", "type": "string", "optional": true},
        "z_base": {"expr": "1"}
    });
    let mut scorer = scorer(&folder(&scores, &policy("label == 'high' && a_total > burden")));
    let decision = decide(&mut scorer, r#"{"record":{"income":10,"debt":6,"kind":"x"}}"#);
    assert_eq!(decision["scores"], json!({"a_total": 2.2, "burden": 0.6, "label": "high", "z_base": 1}));
    assert_eq!(decision["outcome"], "review");
    let decision = decide(&mut scorer, r#"{"record":{"income":10,"debt":5,"kind":"x"}}"#);
    assert_eq!(decision["scores"]["label"], "x");
    assert_eq!(decision["outcome"], "approve");
    // An optional score may have no value; any other without one is as bad as a rule that cannot look.
    let decision = decide(&mut scorer, r#"{"record":{"income":10,"debt":5}}"#);
    assert_eq!((&decision["scores"]["label"], &decision["outcome"]), (&Value::Null, &json!("approve")));
    let decision = decide(&mut scorer, r#"{"record":{"income":0,"debt":5,"kind":"x"}}"#);
    assert_eq!(decision["scores"], json!({"a_total": null, "burden": null, "label": null, "z_base": 1}));
    assert_eq!(decision["outcome"], "decline");
}

#[test]
fn batches_have_a_column_per_score() {
    let scores = json!({
        "burden": {"expr": "debt / income", "optional": true},
        "label": {"expr": "burden > 0.5 ? 'high' : 'low'", "type": "string", "optional": true}
    });
    let mut scorer = scorer(&folder(&scores, &policy("false")));
    let table = text_table(&[("income", &["10", "", "4"]), ("debt", &["6", "1", "1"])]);
    let mut out = Vec::new();
    scorer.score_table(&table, b"", &mut out).unwrap();
    let table = scorebox_core::table::read(&out).unwrap();
    let names: Vec<&str> = table.entries().iter().map(|entry| entry.name()).collect();
    assert_eq!(&names[..5], ["outcome", "quality", "issues", "burden", "label"]);
    let label = &table.entries()[4];
    assert_eq!(
        (0..3).map(|row| if label.is_present(row) { label.text(row) } else { "-" }).collect::<Vec<_>>(),
        ["high", "-", "low"]
    );
}

#[test]
fn wrong_scores_are_refused() {
    let refuse = |scores: Value| folder(&scores, &policy("true")).pack().unwrap_err();
    for (scores, code, path, part) in [
        (json!({"a": {}}), ErrorCode::ManifestInvalid, "scores.a", "exactly one of"),
        (json!({"a": {"expr": " "}}), ErrorCode::ManifestInvalid, "scores.a.expr", "must not be empty"),
        (json!({"a": {"expr": "1", "unit": ""}}), ErrorCode::ManifestInvalid, "scores.a.unit", "empty"),
        (json!({"a": {"model": "m"}}), ErrorCode::ManifestInvalid, "scores.a.model", "there is no model"),
        (
            json!({"a": {"expr": "kind"}}),
            ErrorCode::RuleInvalid,
            "scores.a.expr",
            "the score's type is number",
        ),
        (
            json!({"a": {"expr": "1.0", "type": "string"}}),
            ErrorCode::RuleInvalid,
            "scores.a.expr",
            "the score's type is string",
        ),
        (
            json!({"a": {"expr": "incme"}}),
            ErrorCode::RuleInvalid,
            "scores.a.expr",
            "did you mean \"income\"?",
        ),
        (json!({"a": {"expr": "a"}}), ErrorCode::RuleInvalid, "scores.a.expr", "unknown name"),
        (
            json!({"a": {"expr": "b"}, "b": {"expr": "c"}, "c": {"expr": "a + 1.0"}, "d": {"expr": "1"}}),
            ErrorCode::RuleInvalid,
            "scores.a",
            "in a circle: a, b, c",
        ),
    ] {
        let error = refuse(scores);
        assert_eq!((error.code(), error.path()), (code, path), "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
}
