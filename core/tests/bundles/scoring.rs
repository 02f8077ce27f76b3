//! Records and batches through all stages.

use scorebox_core::scorer::Scorer;
use scorebox_core::table::{self, Writer};
use scorebox_core::{ErrorCode, Limits};
use serde_json::{Value, json};

use crate::support::{Folder, TREES, decide, guide, text_table};

const RECORD: &str = r#"{"income": 3000, "debt": 1200, "age": 30, "employed": true, "purpose": "car"}"#;

fn request(record: &str) -> String {
    format!("{{\"record\":{record},\"now\":\"2026-11-23T09:00:00Z\"}}")
}

/// The decision on the guide's record with these fields changed; null takes a field away.
fn changed(scorer: &mut Scorer, fields: &Value) -> Value {
    let mut record: Value = serde_json::from_str(RECORD).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        record[name] = value.clone();
    }
    decide(scorer, &request(&record.to_string()))
}

fn codes(decision: &Value) -> Vec<&str> {
    decision["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn the_guides_example_scores() {
    let mut scorer = Folder::loan().scorer();
    let decision = decide(&mut scorer, guide(1));
    assert_eq!(decision["outcome"], "approve");
    // margin = 0.5 * 0.4 - 2 + 1 - 0.25 = -1.05; Platt: 1 / (1 + exp(1.1 * 1.05 + 0.2)).
    let pd = 1.0 / (1.0 + f64::exp(1.1 * 1.05 + 0.2));
    assert!((decision["scores"]["pd"].as_f64().unwrap() - pd).abs() < 1e-7);
    let points = 600.0 + 20.0 / 2_f64.ln() * (((1.0 - pd) / pd) / 50.0).ln();
    assert_eq!(decision["scores"]["points"], json!(points.round() as i64));
    assert_eq!(decision["scores"]["grade"], "B");
    let explanation = &decision["explanation"];
    assert!((explanation["margin"].as_f64().unwrap() + 1.05).abs() < 1e-6);
    assert!((explanation["sum"].as_f64().unwrap() + 1.05).abs() < 1e-6);
    // Adverse are the purpose (a third of the sample borrows for a car: 1 - 1/3) and the debt; work is not.
    assert_eq!(codes(&decision), ["R3", "R1"]);
    let contribution = decision["reasons"][0]["contribution"].as_f64().unwrap();
    assert!((contribution - 0.665).abs() < 1e-6, "{contribution}");
    assert_eq!(decision["reasons"][0]["text"], "Purpose of the loan");
}

#[test]
fn canonical_bytes_have_one_spelling() {
    let mut scorer = Folder::loan().scorer();
    let mut out = Vec::new();
    scorer.score(request(RECORD).as_bytes(), &mut out).unwrap();
    let text = String::from_utf8(out.clone()).unwrap();
    let keys = [
        "bundle",
        "version",
        "now",
        "outcome",
        "quality",
        "scores",
        "policy",
        "reasons",
        "explanation",
        "digests",
    ];
    let places: Vec<usize> = keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(
        text.starts_with("{\"bundle\":\"loan\",\"version\":\"1.0.0\",\"now\":\"2026-11-23T09:00:00.000Z\",")
    );
    assert!(text.contains(&format!("\"module\":\"sha256:{}\"", "07".repeat(32))));
    // The same record in another spelling is the same input and gives the same bytes.
    let other = r#"{"now":"2026-11-23T10:00:00+01:00","record":{"purpose":"c\u0061r","employed":true,
        "age":3e1,"debt":1.2e3,"income":3000.0,"applied_at":null}}"#;
    let mut again = Vec::new();
    scorer.score(other.as_bytes(), &mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), text);
    // A salt changes the digest of the input and nothing else.
    let salted = request(RECORD).replace("\"now\"", "\"salt\":\"00\",\"now\"");
    let (plain, salted) = (decide(&mut scorer, &request(RECORD)), decide(&mut scorer, &salted));
    assert_ne!(plain["digests"]["input"], salted["digests"]["input"]);
    assert_eq!(plain["scores"], salted["scores"]);
}

#[test]
fn quality_decides_whether_a_record_is_scored() {
    let mut scorer = Folder::loan().scorer();
    for (fields, verdict, outcome, issues) in [
        (json!({}), "ok", "approve", json!([])),
        (json!({"income": null}), "refuse", "refuse", json!([["income", "missing"]])),
        (json!({"income": "3000"}), "refuse", "refuse", json!([["income", "wrong_type"]])),
        (json!({"age": 200}), "refuse", "refuse", json!([["age", "out_of_range"]])),
        (json!({"age": 30.5}), "refuse", "refuse", json!([["age", "wrong_type"]])),
        (json!({"employed": null}), "degraded", "review", json!([["employed", "missing"]])),
        (json!({"purpose": "boat"}), "degraded", "review", json!([["purpose", "unknown_value"]])),
        (json!({"purpose": null}), "ok", "approve", json!([])),
        (json!({"purpose": 7}), "degraded", "review", json!([["purpose", "wrong_type"]])),
        (json!({"applied_at": "soon"}), "degraded", "review", json!([["applied_at", "wrong_type"]])),
        (json!({"hobby": "chess"}), "ok", "approve", json!([["hobby", "unknown_field"]])),
        (
            json!({"income": 0.5, "debt": -1, "x": 1, "purpose": ""}),
            "degraded",
            "decline",
            json!([
                ["income", "out_of_range"],
                ["debt", "out_of_range"],
                ["purpose", "unknown_value"],
                ["x", "unknown_field"]
            ]),
        ),
    ] {
        let decision = changed(&mut scorer, &fields);
        assert_eq!(decision["quality"]["verdict"], verdict, "{fields}: {decision}");
        let found = decision["quality"]["issues"].as_array().unwrap().iter();
        let found: Vec<Value> = found.map(|issue| json!([issue["field"], issue["issue"]])).collect();
        assert_eq!(json!(found), issues, "{fields}");
        if fields != json!({"income": 0.5, "debt": -1, "x": 1, "purpose": ""}) {
            assert_eq!(decision["outcome"], outcome, "{fields}: {decision}");
        }
        if verdict == "refuse" {
            assert_eq!(decision["scores"], json!({}));
            assert_eq!((&decision["reasons"], &decision["explanation"]), (&json!([]), &Value::Null));
            assert_eq!(decision["policy"], json!({"hit_policy": "collect", "fired": [], "trace": []}));
        }
    }
    let decision = decide(&mut scorer, &format!("{{\"record\":{RECORD}}}"));
    assert_eq!(decision["quality"]["issues"], json!([{"field": "now", "issue": "missing"}]));
    assert_eq!((&decision["outcome"], &decision["now"]), (&json!("refuse"), &Value::Null));
}

#[test]
fn policies_decide_by_their_hit_policy() {
    let rules = |hit_policy: &str, record: Value| {
        let mut scorer = Folder::unexplained()
            .edit(|m| {
                m["policy"]["hit_policy"] = json!(hit_policy);
                let rule = |id: &str, when: &str, outcome: &str, priority: i32| {
                    let mut rule = json!({"id": id, "when": when, "outcome": outcome, "reason": "K1"});
                    if hit_policy == "priority" {
                        rule["priority"] = json!(priority);
                    }
                    rule
                };
                m["policy"]["rules"] = json!([
                    rule("r", "age > 40", "review", 1),
                    rule("d", "age > 50", "decline", 3),
                    rule("a", "age > 60", "approve", 3),
                    rule("e", "purpose == \"car\" || applied_at > now", "approve", 9)
                ]);
                m["policy"]["on_error"] = json!("decline");
            })
            .scorer();
        let decision = changed(&mut scorer, &record);
        let trace: Vec<&str> = decision["policy"]["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["result"].as_str().unwrap())
            .collect();
        (
            decision["outcome"].as_str().unwrap().to_owned(),
            decision["policy"]["fired"].clone(),
            trace.join(" "),
        )
    };
    let home = |age: i32| json!({"age": age, "purpose": "home", "applied_at": "2026-01-01"});
    let answer = |outcome: &str, fired: Value, trace: &str| (outcome.to_owned(), fired, trace.to_owned());
    assert_eq!(rules("first", home(30)), answer("approve", json!([]), "false false false false"));
    assert_eq!(rules("first", home(70)), answer("review", json!(["r"]), "true true true false"));
    assert_eq!(rules("collect", home(70)), answer("decline", json!(["r", "d", "a"]), "true true true false"));
    assert_eq!(rules("priority", home(70)), answer("decline", json!(["d"]), "true true true false"));
    // A comparison with a missing field has no value and counts as `on_error`.
    let gap = json!({"age": 45, "purpose": "home"});
    assert_eq!(rules("first", gap.clone()), answer("review", json!(["r"]), "true false false error"));
    assert_eq!(rules("collect", gap.clone()), answer("decline", json!(["r"]), "true false false error"));
    assert_eq!(rules("priority", gap), answer("decline", json!([]), "true false false error"));
}

#[test]
fn rules_are_in_force_between_their_dates() {
    let mut scorer = Folder::unexplained()
        .edit(|m| m["policy"]["rules"][3]["effective_until"] = json!("2028-01-01"))
        .scorer();
    let record = RECORD.replace("30,", "20,");
    for (now, result) in [
        ("2026-12-31T23:59:59.999Z", "inactive"),
        ("2027-01-01T00:00:00Z", "true"),
        ("2027-01-01T00:00:00+01:00", "inactive"),
        ("2027-12-31T23:59:59Z", "true"),
        ("2028-01-01T00:00:00Z", "inactive"),
    ] {
        let decision = decide(&mut scorer, &format!("{{\"record\":{record},\"now\":\"{now}\"}}"));
        assert_eq!(decision["policy"]["trace"][3]["result"], result, "{now}");
    }
}

#[test]
fn reasons_follow_the_request() {
    let mut scorer = Folder::loan().scorer();
    let ask = |option: &str| request(RECORD).replace("\"now\"", &format!("{option},\"now\""));
    assert_eq!(codes(&decide(&mut scorer, &ask("\"reasons\":1"))), ["R3"]);
    let none = decide(&mut scorer, &ask("\"reasons\":0"));
    assert_eq!((codes(&none), &none["explanation"]), (vec![], &Value::Null));
    assert_eq!(decide(&mut scorer, &ask("\"lang\":\"zh-CN\""))["reasons"][0]["text"], "贷款用途");
    assert_eq!(decide(&mut scorer, &ask("\"lang\":\"fr\""))["reasons"][0]["text"], "Purpose of the loan");
    // Rules come first, each code once.
    let young = changed(&mut scorer, &json!({"age": 17, "employed": false}));
    assert_eq!((&young["outcome"], codes(&young)), (&json!("decline"), vec!["K1", "K3", "R2", "R3", "R1"]));
    assert_eq!(young["reasons"][0]["contribution"], Value::Null);
}

#[test]
fn trees_are_explained_too() {
    let folder = Folder::loan().with("model.onnx", TREES).edit(|m| {
        m["models"][0]["output"] = json!({"name": "probabilities", "kind": "probability", "class": 1});
        m["models"][0].as_object_mut().unwrap().remove("margin");
        m["models"][0]["calibration"] = json!({"method": "none"});
        m["reasons"]["method"] = json!("tree_shap");
    });
    let mut scorer = folder.scorer();
    let decision = changed(&mut scorer, &json!({"debt": 6000}));
    // Debt ratio 2 goes right: +1; employed (1 > 0) goes right: -0.5.
    assert!((decision["explanation"]["margin"].as_f64().unwrap() - 0.5).abs() < 1e-9, "{decision}");
    assert!((decision["scores"]["pd"].as_f64().unwrap() - 1.0 / (1.0 + f64::exp(-0.5))).abs() < 1e-6);
    assert_eq!(codes(&decision), ["K2", "K3", "R1"]);
    let error = folder.edit(|m| m["reasons"]["method"] = json!("linear")).pack_with_sample().unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, "reasons.method"), "{error}");
}

#[test]
fn a_batch_gives_the_bytes_of_its_records() {
    let mut scorer = Folder::loan().scorer();
    let records = [
        RECORD.to_owned(),
        RECORD.replace("3000", "2500.5").replace("true", "false"),
        r#"{"income": 3000, "debt": 1200, "age": 30}"#.to_owned(),
        r#"{"debt": 1200, "age": 300, "employed": true, "purpose": "信用", "hobby": "x"}"#.to_owned(),
        "{}".to_owned(),
    ];
    let parsed: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    let names = ["hobby", "purpose", "income", "debt", "age", "employed"];
    let text = |record: &Value, name: &str| match &record[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells: Vec<Vec<String>> =
        names.iter().map(|name| parsed.iter().map(|record| text(record, name)).collect()).collect();
    let borrowed: Vec<Vec<&str>> =
        cells.iter().map(|cells| cells.iter().map(String::as_str).collect()).collect();
    // More rows than one chunk: the records over and over.
    let long: Vec<Vec<&str>> =
        borrowed.iter().map(|cells| cells.iter().copied().cycle().take(5_003).collect()).collect();
    let columns: Vec<(&str, &[&str])> =
        names.iter().zip(&long).map(|(name, cells)| (*name, cells.as_slice())).collect();
    let table = text_table(&columns);
    let mut out = Vec::new();
    let options = br#"{"now":"2026-11-23T09:00:00Z","output":"decisions"}"#;
    scorer.score_table(&table, options, &mut out).unwrap();
    let answers = table::read(&out).unwrap();
    assert_eq!((answers.rows(), answers.entries().len()), (5_003, 1));
    for (row, record) in records.iter().cycle().take(5_003).enumerate() {
        let mut alone = Vec::new();
        if !(5..=5_000).contains(&row) {
            scorer.score(request(record).as_bytes(), &mut alone).unwrap();
            assert_eq!(answers.entries()[0].text(row), String::from_utf8(alone).unwrap(), "row {row}");
        } else {
            assert_eq!(answers.entries()[0].text(row), answers.entries()[0].text(row % 5));
        }
    }
    let mut columns = Vec::new();
    scorer.score_table(&table, br#"{"now":"2026-11-23T09:00:00Z"}"#, &mut columns).unwrap();
    let columns = table::read(&columns).unwrap();
    let named = |name: &str| columns.entries().iter().find(|entry| entry.name() == name).unwrap();
    for row in 0..5 {
        let decision: Value = serde_json::from_str(answers.entries()[0].text(row)).unwrap();
        assert_eq!(named("outcome").text(row), decision["outcome"]);
        let pd = named("pd").is_present(row).then(|| named("pd").elements::<f64>().nth(row).unwrap());
        assert_eq!(json!(pd), decision["scores"].get("pd").cloned().unwrap_or_default());
        assert_eq!(named("reasons").text(row), codes(&decision).join(","));
        assert_eq!(named("points").is_present(row), decision["scores"].get("points").is_some());
    }
}

#[test]
fn batches_that_are_none() {
    let mut scorer = Folder::loan().scorer();
    let mut out = Vec::new();
    let error = scorer.score_table(b"SBXT", b"", &mut out).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RecordMalformed);
    let mut empty = Vec::new();
    Writer::default().finish(0, &mut empty).unwrap();
    scorer.score_table(&empty, b"", &mut out).unwrap();
    assert_eq!(table::read(&out).unwrap().rows(), 0);
    let packed = Folder::unexplained().pack().unwrap();
    let few = Limits { batch_rows: 1, ..Limits::DEFAULT };
    let mut scorer = Scorer::load(&packed, &few, [0; 32]).unwrap_or_else(|error| panic!("{error}"));
    let error = scorer.score_table(&text_table(&[("age", &["1", "2"])]), b"", &mut out).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RecordBudget);
}

#[test]
fn golden_records_are_blessed_and_replayed() {
    let golden = json!({"id": "a", "why": "ordinary", "request": serde_json::from_str::<Value>(&request(RECORD)).unwrap()});
    let wrong =
        json!({"id": "b", "why": "hostile", "request": {"record": []}, "expect": {"error": "internal"}});
    let folder = Folder::unexplained()
        .with("golden/a.json", golden.to_string().into_bytes())
        .with("golden/b.json", wrong.to_string().into_bytes());
    let report = |zip: &[u8]| -> Value {
        let mut scorer =
            Scorer::load(zip, &Limits::DEFAULT, [3; 32]).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        scorer.verify(&mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    let before = report(&folder.pack().unwrap());
    assert_eq!(before["failed"], 2);
    assert_eq!(before["cases"][1]["message"], "it gives the error record_malformed");
    assert_eq!(before["cases"][1]["code"], "golden_mismatch");
    let bless = |zip: &[u8]| scorebox_core::authoring::pack(zip, &[], br#"{"bless":true}"#).unwrap();
    let blessed = bless(&folder.zip());
    assert_eq!(report(&blessed)["failed"], 0);
    assert_eq!(bless(&blessed), blessed, "blessing again changes nothing");
    let mut files = Folder::unzip(&blessed);
    assert_eq!(scorebox_core::authoring::pack(&blessed, &[], br#"{"check":true}"#).unwrap(), blessed);
    files = files.edit(|m| m["scorecard"]["pdo"] = json!(25));
    let error = scorebox_core::authoring::pack(&files.zip(), &[], br#"{"check":true}"#).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BundleNotPacked);
    assert!(error.message().contains("bundle.lock"), "{error}");
    let after = report(&files.pack().unwrap());
    // The bundle is another one, and so are its points; the first difference is named.
    assert_eq!((&after["failed"], &after["cases"][0]["ok"]), (&json!(1), &json!(false)));
    assert!(after["cases"][0]["message"].as_str().unwrap().contains("digests.bundle"), "{after}");
}

#[test]
fn a_bundle_describes_itself() {
    let scorer = Folder::loan().scorer();
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    assert_eq!((&about["name"], &about["version"]), (&json!("loan"), &json!("1.0.0")));
    assert_eq!(about["scores"], json!(["pd", "points", "grade"]));
    assert_eq!(about["languages"], json!(["en", "zh"]));
    assert_eq!(about["inputs"][2]["name"], "age");
    assert_eq!(
        (&about["inputs"][2]["missing"], &about["inputs"][2]["personal"]),
        (&json!("refuse"), &json!(true))
    );
    assert_eq!(about["models"][0]["inputs"][0], json!({"name": "X", "type": "tensor(float)"}));
    assert_eq!(about["needs_now"], true);
}
