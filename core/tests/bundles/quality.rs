//! Sources, contradictions, times against `now`, duplicates: the quality of a record beyond single fields.

use scorebox_core::ErrorCode;
use scorebox_core::scorer::Scorer;
use serde_json::{Value, json};

use crate::support::{Folder, decide, decide_table, issues, refuse, text_table};

fn applicant() -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "id", "type": "string", "required": true, "source": "application"},
            {"name": "age", "type": "integer", "source": "application"},
            {"name": "years_employed", "type": "number", "source": "application"},
            {"name": "bureau_score", "type": "integer", "required": true, "min": 300, "max": 850, "source": "bureau"},
            {"name": "bureau_at", "type": "timestamp", "source": "bureau", "max_age_days": 30,
             "stale": "degrade", "max_ahead_days": 0.5, "future": "refuse"},
            {"name": "note", "type": "string"}
        ],
        "sources": [
            {"id": "application", "absent": "refuse"},
            {"id": "bureau", "absent": "degrade", "title": {"en": "Credit bureau"}}
        ],
        "checks": [
            {"id": "long_career", "when": "years_employed > double(age) - 14.0", "effect": "degrade",
             "fields": ["age", "years_employed"],
             "text": {"en": "The career is longer than the life allows", "de": "Zu lange berufstätig"}},
            {"id": "ten_digits", "when": "1000 / size(note) > 990", "effect": "refuse", "on_missing": "degrade"}
        ],
        "duplicates": {"key": ["id", "age"]},
        "features": [{"name": "senior", "type": "boolean", "expr": "age > 60", "default": false}],
        "policy": {
            "hit_policy": "collect", "default": {"outcome": "approve"}, "on_degraded": "review",
            "rules": [
                {"id": "no_bureau", "when": "'bureau:absent' in quality_issues", "outcome": "decline"},
                {"id": "count", "when": "quality_issues.size() > 2", "outcome": "decline"}
            ]
        }
    }))
}

const NOW: &str = "2026-11-23T09:00:00Z";

fn changed(scorer: &mut Scorer, fields: &Value) -> Value {
    let mut record = json!({"id": "a", "age": 40, "years_employed": 20, "bureau_score": 700,
                            "bureau_at": "2026-11-01T00:00:00Z", "note": "fine"});
    for (name, value) in fields.as_object().unwrap() {
        record[name] = value.clone();
    }
    decide(scorer, &json!({"record": record, "now": NOW}).to_string())
}

#[test]
fn every_cause_has_its_effect() {
    let mut scorer = applicant().load();
    for (fields, verdict, outcome, found) in [
        (json!({}), "ok", "approve", vec![]),
        // A source that is absent is told once, and what it would have brought is not asked for.
        (json!({"bureau_score": null, "bureau_at": null}), "degraded", "decline", vec!["bureau:absent"]),
        (json!({"bureau_score": null}), "refuse", "refuse", vec!["bureau_score:missing"]),
        (
            json!({"bureau_score": "x", "bureau_at": null}),
            "refuse",
            "refuse",
            vec!["bureau_score:wrong_type"],
        ),
        (
            json!({"id": null, "age": null, "years_employed": null}),
            "refuse",
            "refuse",
            vec!["application:absent"],
        ),
        // Thirty days are still fresh, and half a day ahead is still no future.
        (json!({"bureau_at": "2026-10-24T09:00:00Z"}), "ok", "approve", vec![]),
        (
            json!({"bureau_at": "2026-10-24T08:59:59.999999999Z"}),
            "degraded",
            "review",
            vec!["bureau_at:stale"],
        ),
        (json!({"bureau_at": "2026-11-23T21:00:00Z"}), "ok", "approve", vec![]),
        (
            json!({"bureau_at": "2026-11-23T21:00:00.000000001Z"}),
            "refuse",
            "refuse",
            vec!["bureau_at:future"],
        ),
        (json!({"years_employed": 26}), "ok", "approve", vec![]),
        (json!({"years_employed": 26.1}), "degraded", "review", vec!["long_career:contradictory"]),
        // A check on a missing value says nothing, unless it is to.
        (json!({"years_employed": null}), "ok", "approve", vec![]),
        (json!({"note": null}), "degraded", "review", vec!["ten_digits:unchecked"]),
        // Any other fault has the effect of the check.
        (json!({"note": ""}), "refuse", "refuse", vec!["ten_digits:unchecked"]),
        (json!({"note": "x"}), "refuse", "refuse", vec!["ten_digits:contradictory"]),
        (
            json!({"bureau_at": "2026-01-01", "bureau_score": 900, "years_employed": 99}),
            "degraded",
            "decline",
            vec!["bureau_score:out_of_range", "bureau_at:stale", "long_career:contradictory"],
        ),
    ] {
        let decision = changed(&mut scorer, &fields);
        assert_eq!(issues(&decision), found, "{fields}");
        assert_eq!(decision["quality"]["verdict"], verdict, "{fields}");
        assert_eq!(decision["outcome"], outcome, "{fields}: {decision}");
    }
}

#[test]
fn a_contradiction_names_its_fields_and_says_what_is_wrong() {
    let mut scorer = applicant().load();
    let decision = changed(&mut scorer, &json!({"years_employed": 99}));
    assert_eq!(
        decision["quality"]["issues"][0],
        json!({
            "field": "long_career", "issue": "contradictory", "fields": ["age", "years_employed"],
            "text": "The career is longer than the life allows"
        })
    );
    let record = json!({"id": "a", "age": 40, "years_employed": 99, "bureau_score": 700, "note": "fine"});
    let decision = decide(&mut scorer, &json!({"record": record, "now": NOW, "lang": "de-AT"}).to_string());
    assert_eq!(decision["quality"]["issues"][0]["text"], "Zu lange berufstätig");
}

#[test]
fn a_bundle_that_looks_at_times_needs_one() {
    let mut scorer = applicant().load();
    let record = json!({"id": "a", "age": 40, "years_employed": 20, "bureau_score": 700, "note": "fine"});
    assert_eq!(issues(&decide(&mut scorer, &json!({"record": record}).to_string())), ["now:missing"]);
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    assert_eq!(about["needs_now"], true);
    assert_eq!(about["sources"][1]["id"], "bureau");
    assert_eq!(about["checks"][0]["effect"], "degrade");
    assert_eq!(about["duplicates"]["key"], json!(["id", "age"]));
}

const BATCH: [(&str, [&str; 6]); 4] = [
    ("id", ["a", "b", "a", "a", "", ""]),
    ("age", ["40", "40", "40", "41", "40", "40"]),
    ("bureau_score", ["700", "700", "710", "700", "700", "700"]),
    ("note", ["fine"; 6]),
];

fn batch(more: &[(&str, &[&str])], rows: std::ops::Range<usize>) -> Vec<u8> {
    let columns: Vec<(&str, &[&str])> =
        BATCH.iter().map(|(name, cells)| (*name, &cells[rows.clone()])).chain(more.iter().copied()).collect();
    text_table(&columns)
}

fn duplicates(decisions: &[Value]) -> Vec<bool> {
    decisions.iter().map(|decision| issues(decision).contains(&"id+age:duplicate".to_owned())).collect()
}

#[test]
fn a_batch_tells_its_duplicates() {
    let mut scorer = applicant().load();
    let options = format!("{{\"output\":\"decisions\",\"now\":\"{NOW}\"}}");
    let decisions = decide_table(&mut scorer, &batch(&[], 0..6), &options);
    // The first stands; a record without the whole key is like no other.
    assert_eq!(duplicates(&decisions), [false, false, true, false, false, false]);
    assert_eq!(decisions[2]["quality"]["verdict"], "degraded");
    assert_eq!(
        decisions[2]["quality"]["issues"],
        json!([
            {"field": "id+age", "issue": "duplicate", "fields": ["id", "age"]}
        ])
    );
    // A host that cuts a batch says which rows repeat earlier ones; by keys that it has asked for.
    let mut out = Vec::new();
    scorer.score_table(&batch(&[], 0..6), br#"{"output":"keys"}"#, &mut out).unwrap();
    let table = scorebox_core::table::read(&out).unwrap();
    let keys: Vec<&str> = (0..6).map(|row| table.entries()[0].text(row)).collect();
    assert_eq!(keys[0], keys[2]);
    assert_eq!(keys[0].len(), 32);
    assert!(keys[0] != keys[1] && keys[0] != keys[3] && keys[4].is_empty());
    let piece = batch(&[("duplicate", &["true", "false", ""])], 2..5);
    assert_eq!(duplicates(&decide_table(&mut scorer, &piece, &options)), [true, false, false]);
    let unreadable = batch(&[("duplicate", &["yes", "0", "1"])], 2..5);
    assert_eq!(duplicates(&decide_table(&mut scorer, &unreadable, &options)), [true, false, true]);
}

#[test]
fn duplicates_do_not_depend_on_chunks() {
    let mut scorer = applicant().load();
    let ids: Vec<String> = (0..5_000).map(|row| (row % 4_999).to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let table = text_table(&[
        ("id", &ids),
        ("age", &vec!["40"; 5_000]),
        ("bureau_score", &vec!["700"; 5_000]),
        ("note", &vec!["fine"; 5_000]),
    ]);
    let options = format!("{{\"output\":\"decisions\",\"now\":\"{NOW}\"}}");
    let found = duplicates(&decide_table(&mut scorer, &table, &options));
    assert_eq!(found.iter().filter(|found| **found).count(), 1);
    assert!(found[4_999]);
}

#[test]
fn without_a_key_there_are_no_duplicates() {
    let mut scorer = applicant()
        .edit(|m| {
            m.as_object_mut().unwrap().remove("duplicates");
        })
        .load();
    let error = scorer.score_table(&batch(&[], 0..6), br#"{"output":"keys"}"#, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "output"));
    // The column is then one that the bundle does not know.
    let options = format!("{{\"output\":\"decisions\",\"now\":\"{NOW}\"}}");
    let decisions = decide_table(&mut scorer, &batch(&[("duplicate", &["true", "", ""])], 0..3), &options);
    assert_eq!(issues(&decisions[0]), ["duplicate:unknown_field"]);
}

#[test]
fn quality_is_checked_when_packing() {
    let invalid = |change: &dyn Fn(&mut Value), path: &str, says: &str| {
        refuse(&applicant().edit(change), ErrorCode::ManifestInvalid, path, says);
    };
    invalid(&|m| m["inputs"][0]["source"] = json!("buro"), "inputs[0].source", "known: application, bureau");
    invalid(&|m| m["sources"][1]["id"] = json!("age"), "inputs[3].source", "no source \"bureau\"");
    invalid(&|m| m["sources"][0]["id"] = json!("bureau"), "inputs[0].source", "no source \"application\"");
    invalid(
        &|m| {
            m["sources"] = json!([{"id": "application", "absent": "refuse"}, {"id": "bureau", "absent": "refuse"},
                                       {"id": "text", "absent": "degrade"}]);
        },
        "sources[2].id",
        "no input comes from it",
    );
    invalid(&|m| m["checks"][0]["id"] = json!("age"), "checks[0].id", "taken");
    invalid(&|m| m["checks"][1]["id"] = json!("long_career"), "checks[1].id", "used twice");
    invalid(
        &|m| m["checks"][0]["fields"][0] = json!("agee"),
        "checks[0].fields[0]",
        "no input or feature \"agee\"",
    );
    invalid(
        &|m| m["checks"][0]["effect"] = json!("review"),
        "checks[0].effect",
        "expected one of `accept`, `degrade`, `refuse`",
    );
    invalid(&|m| m["checks"][0]["when"] = json!(" "), "checks[0].when", "must not be empty");
    invalid(&|m| m["duplicates"]["key"] = json!([]), "duplicates.key", "tell records apart");
    invalid(&|m| m["duplicates"]["key"] = json!(["id", "id"]), "duplicates.key[1]", "named twice");
    invalid(&|m| m["duplicates"]["key"] = json!(["idd"]), "duplicates.key[0]", "no input \"idd\"");
    invalid(&|m| m["inputs"][5]["name"] = json!("duplicate"), "duplicates", "no input is named `duplicate`");
    invalid(&|m| m["inputs"][4]["max_age_days"] = Value::Null, "inputs[4].stale", "without `max_age_days`");
    let check = |when: &str, says: &str| {
        let folder = applicant().edit(|m| m["checks"][0]["when"] = json!(when));
        refuse(&folder, ErrorCode::RuleInvalid, "checks[0].when", says);
    };
    check("agee > 1", "did you mean \"age\"?");
    check("age", "bool is wanted here");
    check("quality == 'ok'", "unknown name \"quality\"");
}
