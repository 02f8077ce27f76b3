//! What would change the outcome.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::support::{Folder, refuse};

fn folder(fields: &Value) -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "amount", "type": "integer", "required": true, "min": 0, "max": 10_000},
            {"name": "share", "type": "number", "min": 0, "max": 1},
            {"name": "secret", "type": "number", "personal": true},
            {"name": "masked", "type": "number", "mask": {"round": 100}},
            {"name": "since", "type": "timestamp"},
            {"name": "job", "type": "string", "allowed": ["a", "b", "c"]}
        ],
        "policy": {"hit_policy": "first", "default": {"outcome": "approve"}, "on_error": "decline", "rules": [
            // Not monotone: 3,000 to 4,000 and above 6,000 are declined.
            {"id": "gap", "when": "amount >= 3000 && amount <= 4000", "outcome": "decline"},
            {"id": "much", "when": "amount > 6000", "outcome": "decline"},
            {"id": "job", "when": "job == 'c'", "outcome": "review"},
            {"id": "share", "when": "share > 0.75", "outcome": "review"}
        ]},
        "what_if": {"fields": fields}
    }))
}

/// A rule that lacks a value decides as `on_error` says, so records have all of them.
fn record(amount: i64) -> Value {
    json!({"amount": amount, "share": 0.25, "job": "a"})
}

fn ask(fields: &Value, record: &Value) -> Value {
    let mut out = Vec::new();
    let request = json!({"record": record, "what_if": true}).to_string();
    folder(fields).load().score(request.as_bytes(), &mut out).unwrap();
    let decision: Value = serde_json::from_slice(&out).unwrap();
    let found = decision["what_if"].clone();
    // Each change is true: the changed record gets that outcome, which is another one.
    for change in found["changes"].as_array().unwrap() {
        let mut changed = record.clone();
        changed[change["field"].as_str().unwrap()] = change["to"].clone();
        let mut out = Vec::new();
        let request = json!({"record": changed}).to_string();
        folder(fields).load().score(request.as_bytes(), &mut out).unwrap();
        let other: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(other["outcome"], change["outcome"], "{change}");
        assert_ne!(other["outcome"], decision["outcome"]);
    }
    found
}

#[test]
fn the_nearest_change_is_found_on_either_side() {
    let both = json!([{"of": "amount", "step": 100}]);
    for (amount, to, steps) in [(3_200, 2_900, 3), (3_900, 4_100, 2), (3_500, 4_100, 6), (6_100, 6_000, 1)] {
        let found = ask(&both, &record(amount));
        let change = &found["changes"][0];
        assert_eq!((&change["from"], &change["to"]), (&json!(amount), &json!(to)), "{found}");
        assert_eq!((&change["steps"], &change["outcome"]), (&json!(steps), &json!("approve")));
    }
    let up = json!([{"of": "amount", "step": 100, "direction": "up"}]);
    assert_eq!(ask(&up, &record(3_200))["changes"][0]["to"], 4_100);
    // Nothing is found past the input's own range, nor past the steps.
    assert_eq!(ask(&up, &record(9_000))["without"], json!(["amount"]));
    let few = json!([{"of": "amount", "step": 100, "max_steps": 2}]);
    assert_eq!(ask(&few, &record(3_500)), json!({"changes": [], "without": ["amount"], "tried": 4}));
}

#[test]
fn changes_are_ordered_by_steps_and_what_is_missing_is_not_varied() {
    let fields = json!([
        {"of": "share", "step": 0.125, "direction": "down"}, {"of": "job", "values": ["c", "b"]},
        {"of": "amount", "step": 1_000, "direction": "up"}
    ]);
    let found = ask(&fields, &json!({"amount": 1_500, "share": 1.0, "job": "a"}));
    assert_eq!(
        found,
        json!({
            "changes": [
                {"field": "share", "from": 1, "to": 0.75, "steps": 2, "outcome": "approve"},
                {"field": "amount", "from": 1_500, "to": 3_500, "steps": 2, "outcome": "decline"}
            ],
            "without": ["job"], "tried": 6
        })
    );
    // Without a share the outcome is that of `on_error`, whatever the amount; the rule on jobs comes before.
    let found = ask(&fields, &json!({"amount": 1_500, "job": "a"}));
    assert_eq!(found["without"], json!(["share", "amount"]));
}

#[test]
fn a_lever_may_reach_past_the_range_of_its_input() {
    // Above 10,000 the record is out of range, which degrades it and no more.
    let fields = json!([{"of": "amount", "step": 5_000, "max": 1e9, "direction": "up"}]);
    let found = ask(&fields, &record(1_000));
    assert_eq!(found["changes"][0]["to"], 11_000, "{found}");
}

#[test]
fn it_is_asked_for_and_only_where_the_bundle_says_what_may_vary() {
    let fields = json!([{"of": "amount", "step": 100}]);
    let mut out = Vec::new();
    let mut scorer = folder(&fields).load();
    scorer.score(br#"{"record":{"amount":3500}}"#, &mut out).unwrap();
    assert!(!String::from_utf8_lossy(&out).contains("what_if"));
    let none = folder(&fields).edit(|manifest| {
        manifest.as_object_mut().unwrap().remove("what_if");
    });
    let error = none.load().score(br#"{"record":{"amount":3500},"what_if":true}"#, &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "what_if"));
    let error = scorer.score(br#"{"record":{"amount":3500},"what_if":1}"#, &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "what_if"));
    let error = scorer.score_table(b"", br#"{"what_if":true}"#, &mut out).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "what_if"));
}

#[test]
fn what_cannot_be_varied_is_refused() {
    for (lever, path, says) in [
        (json!({"of": "amuont", "step": 1}), "what_if.fields[0].of", "known: amount"),
        (json!({"of": "secret", "step": 1}), "what_if.fields[0].of", "personal"),
        (json!({"of": "masked", "step": 1}), "what_if.fields[0].of", "mask"),
        (json!({"of": "since", "values": ["2026-01-01"]}), "what_if.fields[0].of", "times"),
        (json!({"of": "amount"}), "what_if.fields[0].step", "the `step`"),
        (json!({"of": "job"}), "what_if.fields[0].values", "the `values`"),
        (json!({"of": "job", "step": 1}), "what_if.fields[0].step", "for numbers"),
        (json!({"of": "amount", "step": 1, "values": [1]}), "what_if.fields[0].values", "either"),
        (json!({"of": "amount", "step": 0}), "what_if.fields[0].step", "greater than 0"),
        (json!({"of": "amount", "step": 1.5}), "what_if.fields[0].step", "whole"),
        (json!({"of": "amount", "step": 1, "max_steps": 1_001}), "what_if.fields[0].max_steps", "1 to 1000"),
        (json!({"of": "amount", "step": 1, "min": 11_000}), "what_if.fields[0].min", "greater than `max`"),
        (json!({"of": "job", "values": ["d"]}), "what_if.fields[0].values[0]", "does not allow"),
        (json!({"of": "job", "values": [1]}), "what_if.fields[0].values[0]", "type string"),
        (json!({"of": "job", "values": ["a"], "max": 1}), "what_if.fields[0].max", "goes with `step`"),
    ] {
        refuse(&folder(&json!([lever])), ErrorCode::ManifestInvalid, path, says);
    }
    let many: Vec<Value> = (0..6)
        .map(|at| json!({"of": if at == 0 { "amount".to_owned() } else { format!("n{at}") }, "step": 1, "max_steps": 1_000}))
        .collect();
    let crowd = folder(&json!(many)).edit(|manifest| {
        let inputs = manifest["inputs"].as_array_mut().unwrap();
        inputs.extend((1..6).map(|at| json!({"name": format!("n{at}"), "type": "number"})));
    });
    refuse(&crowd, ErrorCode::ManifestInvalid, "what_if.fields", "up to 12000 records");
    refuse(&folder(&json!([])), ErrorCode::ManifestInvalid, "what_if.fields", "1 to 32");
    let twice = json!([{"of": "amount", "step": 1}, {"of": "amount", "step": 2}]);
    refuse(&folder(&twice), ErrorCode::ManifestInvalid, "what_if.fields[1].of", "twice");
}
