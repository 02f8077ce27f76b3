//! Scorecards of characteristics: points per bin that add up, reasons by points lost, what points mean.

use scorebox_core::ErrorCode;
use scorebox_core::scorer::Scorer;
use serde_json::{Value, json};

use crate::support::{Folder, LINEAR, decide, decide_table, issues, refuse, text_table};

/// Points given bin by bin.
fn given() -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "age", "type": "integer"},
            {"name": "job", "type": "string"},
            {"name": "owner", "type": "boolean", "required": true}
        ],
        "scorecard": {
            "start": 100,
            "characteristics": [
                {"of": "age", "neutral_points": 20, "bins": [
                    {"values": [-1, -2], "label": "not said", "points": -7},
                    {"to": 25, "points": 0}, {"from": 25, "to": 40, "points": 25}, {"from": 40, "points": 41},
                    {"missing": true, "points": 12}
                ]},
                {"of": "job", "neutral_points": 10, "bins": [
                    {"values": ["clerk", "nurse"], "points": 30}, {"values": ["none"], "points": -5},
                    {"missing": true, "points": 3}, {"other": true, "points": 11}
                ]},
                {"of": "owner", "neutral_points": 0, "bins": [{"values": [true], "points": 15}, {"values": [false], "points": 0}]}
            ],
            "grades": [{"grade": "A", "min_points": 150}, {"grade": "B", "min_points": 88}]
        },
        "scores": {"pd": {"points": {"method": "table", "edges": [120, 150], "y": [0.2, 0.08, 0.01]}}},
        "policy": {
            "hit_policy": "collect", "default": {"outcome": "approve"},
            "rules": [{"id": "low", "when": "points < 120.0", "outcome": "decline"},
                      {"id": "risky", "when": "pd > 0.05", "outcome": "review"}]
        },
        "reasons": {
            "method": "scorecard", "top": 2,
            "codes": [
                {"code": "S1", "features": ["age"], "text": {"en": "Age"}},
                {"code": "S2", "features": ["job"], "text": {"en": "Occupation"}},
                {"code": "S3", "features": ["owner"], "text": {"en": "No own home"}}
            ]
        }
    }))
}

fn score(scorer: &mut Scorer, record: &Value) -> Value {
    decide(scorer, &json!({ "record": record }).to_string())
}

/// The explanation's points add up to the score's points.
fn assert_adds_up(decision: &Value) {
    let card = &decision["explanation"]["scorecard"];
    let points =
        card["characteristics"].as_array().unwrap().iter().map(|own| own["points"].as_i64().unwrap());
    let sum = card["start"].as_i64().unwrap() + points.sum::<i64>();
    assert_eq!(Some(sum), card["sum"].as_i64());
    assert_eq!(Some(sum), decision["scores"]["points"].as_i64(), "{decision}");
}

#[test]
fn points_are_the_sum_of_the_bins() {
    let mut scorer = given().load();
    for (record, points, grade, pd, outcome) in [
        (json!({"age": 24, "job": "nurse", "owner": false}), 130, "B", 0.08, "review"),
        (json!({"age": 25, "job": "nurse", "owner": false}), 155, "A", 0.01, "approve"),
        (json!({"age": 40, "job": "smith", "owner": true}), 167, "A", 0.01, "approve"),
        // Special and missing values have bins of their own, and score what these say.
        (json!({"age": -1, "job": "none", "owner": false}), 88, "B", 0.2, "decline"),
        (json!({"age": -2, "job": "clerk", "owner": true}), 138, "B", 0.08, "review"),
        (json!({"age": -3, "job": "clerk", "owner": true}), 145, "B", 0.08, "review"),
        (json!({"job": "clerk", "owner": true}), 157, "A", 0.01, "approve"),
        (json!({"age": null, "job": null, "owner": false}), 115, "B", 0.2, "decline"),
    ] {
        let decision = score(&mut scorer, &record);
        assert_eq!(decision["scores"], json!({"pd": pd, "points": points, "grade": grade}), "{record}");
        assert_eq!(decision["outcome"], outcome, "{record}");
        assert_adds_up(&decision);
    }
    let decision = score(&mut scorer, &json!({"age": 30}));
    assert_eq!((&decision["outcome"], &decision["scores"]), (&json!("refuse"), &json!({})));
    assert_eq!(decision["explanation"], Value::Null);
    assert_eq!(issues(&decision), ["owner:missing"]);
}

#[test]
fn every_record_of_a_batch_adds_up() {
    let mut scorer = given().load();
    let ages: Vec<String> =
        (-3..77).map(|age| if age == 9 { String::new() } else { age.to_string() }).collect();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    let jobs: Vec<&str> = (0..80).map(|row| ["clerk", "none", "smith", ""][row % 4]).collect();
    let owners: Vec<&str> = (0..80).map(|row| ["true", "false"][row % 2]).collect();
    let table = text_table(&[("age", &ages), ("job", &jobs), ("owner", &owners)]);
    let decisions = decide_table(&mut scorer, &table, r#"{"output":"decisions"}"#);
    decisions.iter().for_each(assert_adds_up);
    assert_eq!(decisions.len(), 80);
}

#[test]
fn reasons_are_points_lost() {
    let record = json!({"age": 24, "job": "none", "owner": false});
    let mut best = given().load();
    let decision = score(&mut best, &record);
    assert_eq!(decision["explanation"]["scorecard"]["against"], "best");
    assert_eq!(
        decision["explanation"]["scorecard"]["characteristics"],
        json!([
            {"name": "age", "points": 0, "reference": 41}, {"name": "job", "points": -5, "reference": 30},
            {"name": "owner", "points": 0, "reference": 15}
        ])
    );
    assert_eq!(
        decision["reasons"],
        json!([
            {"code": "S1", "source": "scorecard", "contribution": 41, "text": "Age"},
            {"code": "S2", "source": "scorecard", "contribution": 35, "text": "Occupation"}
        ])
    );
    let all = decide(&mut best, &json!({"record": record, "reasons": 9}).to_string());
    assert_eq!(all["reasons"].as_array().unwrap().len(), 3);
    let none = decide(&mut best, &json!({"record": record, "reasons": 0}).to_string());
    assert_eq!((&none["reasons"], &none["explanation"]), (&json!([]), &Value::Null));
    assert_eq!(none["scores"], decision["scores"]);
    // Who lost nothing has no reason.
    let decision = score(&mut best, &json!({"age": 50, "job": "clerk", "owner": true}));
    assert_eq!(decision["reasons"], json!([]));
    let mut neutral = given().edit(|m| m["reasons"]["against"] = json!("neutral")).load();
    let decision = score(&mut neutral, &json!({"age": 24, "job": "smith", "owner": false}));
    assert_eq!(
        decision["reasons"],
        json!([
            {"code": "S1", "source": "scorecard", "contribution": 20, "text": "Age"}
        ])
    );
    assert_eq!(decision["explanation"]["scorecard"]["characteristics"][0]["reference"], 20);
}

/// Weights of evidence and coefficients, from which points are derived.
fn derived() -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "age", "type": "integer", "required": true},
            {"name": "rent", "type": "number", "required": true, "unit": "EUR"},
            {"name": "income", "type": "number", "required": true, "min": 1, "out_of_range": "refuse", "unit": "EUR"}
        ],
        "features": [{"name": "burden", "type": "number", "ratio": {"of": "rent", "by": "income"}, "default": 1}],
        "scorecard": {
            "base_points": 600, "base_odds": 30, "pdo": 20, "intercept": -1.2,
            "characteristics": [
                {"of": "age", "coefficient": -0.8, "bins": [{"to": 25, "woe": -0.5}, {"from": 25, "woe": 0.4}]},
                {"of": "burden", "coefficient": -1.1, "bins": [{"to": 0.4, "woe": 0.3}, {"from": 0.4, "woe": -0.9}]}
            ]
        },
        "scores": {"pd": {"points": {"method": "odds"}}},
        "reasons": {"method": "scorecard", "against": "neutral", "codes": [
            {"code": "S1", "features": ["age"], "text": {"en": "Age"}},
            {"code": "S2", "features": ["burden"], "text": {"en": "Rent takes too much"}}
        ]}
    }))
}

#[test]
fn points_are_derived_from_weights_of_evidence() {
    let mut scorer = derived().load();
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    assert_eq!(about["points"], json!({"min": 497, "max": 555}));
    assert_eq!(
        about["scorecard"]["characteristics"][0]["bins"],
        json!([
            {"to": 25.0, "woe": -0.5, "points": 257}, {"from": 25.0, "woe": 0.4, "points": 277}
        ])
    );
    for (age, rent, points) in [(24, 300, 535), (25, 300, 555), (24, 400, 497), (30, 400, 517)] {
        let decision = score(&mut scorer, &json!({"age": age, "rent": rent, "income": 1000}));
        assert_eq!(decision["scores"]["points"], points);
        assert_adds_up(&decision);
        let odds = 30.0 * 2_f64.powf((f64::from(points) - 600.0) / 20.0);
        assert!((decision["scores"]["pd"].as_f64().unwrap() - 1.0 / (1.0 + odds)).abs() < 1e-12);
        // Points are the regression's log odds on the scale, but for rounding each bin.
        let woe = [if age < 25 { -0.5 } else { 0.4 }, if rent < 400 { 0.3 } else { -0.9 }];
        let log_odds_of_good = 1.2 + 0.8 * woe[0] + 1.1 * woe[1];
        let exact = 600.0 + 20.0 / 2_f64.ln() * (log_odds_of_good - 30_f64.ln());
        assert!((exact - f64::from(points)).abs() <= 1.0, "{exact}");
    }
    let decision = score(&mut scorer, &json!({"age": 24, "rent": 400, "income": 1000}));
    let codes: Vec<&Value> =
        decision["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert_eq!(codes, ["S2", "S1"]);
    assert_eq!(decision["reasons"][1]["contribution"], 11);
}

#[test]
fn bands_calibrate_a_model() {
    let with = |calibration: Value| {
        Folder::of(json!({
            "inputs": [{"name": "a", "type": "number", "required": true}],
            "features": [{"name": "zero", "type": "number", "expr": "0.0"}],
            "models": [{"id": "m", "file": "model.onnx", "inputs": {"X": ["a", "zero", "zero"]},
                        "output": {"name": "probability", "kind": "probability"}, "calibration": calibration}],
            "scores": {"pd": {"model": "m"}},
            "scorecard": {"score": "pd", "base_points": 600, "base_odds": 50, "pdo": 20, "floor": 300, "cap": 850}
        }))
        .with("model.onnx", LINEAR)
    };
    let table = json!({"method": "table", "edges": [0.2, 0.5], "y": [0.01, 0.1, 0.6]});
    let mut scorer = with(table).load();
    // The model's margin is a / 2 - 0.25.
    for (a, pd) in [(-3.0, 0.01), (-2.0, 0.1), (0.4, 0.1), (0.6, 0.6), (100.0, 0.6)] {
        assert_eq!(score(&mut scorer, &json!({"a": a}))["scores"]["pd"], pd, "{a}");
    }
    let bad = |calibration: Value, path: &str, says: &str| {
        let path = format!("models[0].calibration{path}");
        refuse(&with(calibration), ErrorCode::ManifestInvalid, &path, says);
    };
    bad(
        json!({"method": "table", "edges": [0.5, 0.5], "y": [0, 0.1, 0.2]}),
        ".edges[1]",
        "between two equal ones no band is left",
    );
    bad(json!({"method": "table", "edges": [0.5, 0.2], "y": [0, 0.1, 0.2]}), ".edges[1]", "ascend");
    bad(json!({"method": "table", "edges": [0.5], "y": [0.1]}), ".y", "one more than there are `edges`");
    bad(json!({"method": "table", "edges": [0.2, 0.5], "y": [0.1, 0.3, 0.2]}), ".y", "turn the ranking");
    bad(json!({"method": "table", "edges": [0.5], "y": [0.1, 1.2]}), ".y", "must be probabilities");
    bad(json!({"method": "table", "x": [0.5], "y": [0.1, 0.2]}), "", "takes `edges` and `y` only");
    bad(json!({"method": "isotonic", "x": [0.5], "y": [0.1], "edges": [1]}), "", "takes `x` and `y` only");
}

fn invalid(folder: Folder, change: impl FnOnce(&mut Value), path: &str, says: &str) {
    refuse(&folder.edit(change), ErrorCode::ManifestInvalid, path, says);
}

#[test]
fn scorecards_are_checked_when_packing() {
    let bins =
        |at: usize, bins: Value| move |m: &mut Value| m["scorecard"]["characteristics"][at]["bins"] = bins;
    let card = "scorecard.characteristics";
    invalid(
        given(),
        bins(0, json!([{"to": 25, "points": 1}, {"from": 25, "points": 2}])),
        &format!("{card}[0].bins"),
        "no bin takes missing values",
    );
    invalid(
        given(),
        bins(0, json!([{"to": 25, "points": 1}, {"missing": true, "points": 2}])),
        &format!("{card}[0].bins"),
        "the largest numbers",
    );
    invalid(
        given(),
        bins(0, json!([{"from": 25, "points": 1}, {"missing": true, "points": 2}])),
        &format!("{card}[0].bins"),
        "the smallest numbers",
    );
    invalid(
        given(),
        bins(0, json!([{"to": 25, "points": 1}, {"from": 30, "points": 2}, {"missing": true, "points": 2}])),
        &format!("{card}[0].bins[1].from"),
        "no bin takes what lies between 25 and 30",
    );
    invalid(
        given(),
        bins(0, json!([{"to": 25, "points": 1}, {"from": 20, "points": 2}, {"missing": true, "points": 2}])),
        &format!("{card}[0].bins[1].from"),
        "ascend without overlap",
    );
    invalid(
        given(),
        bins(0, json!([{"from": 25, "to": 25, "points": 1}])),
        &format!("{card}[0].bins[0].to"),
        "is empty",
    );
    invalid(
        given(),
        bins(1, json!([{"values": ["a"], "points": 1}, {"missing": true, "points": 2}])),
        &format!("{card}[1].bins"),
        "texts that are not listed",
    );
    invalid(
        given(),
        bins(2, json!([{"values": [true], "points": 1}])),
        &format!("{card}[2].bins"),
        "no bin takes false",
    );
    invalid(given(), bins(2, json!([{"other": true}])), &format!("{card}[2].bins[0]"), "each bin has points");
    invalid(
        given(),
        bins(2, json!([{"other": true, "points": 1.5}])),
        &format!("{card}[2].bins[0].points"),
        "expected i64",
    );
    invalid(
        given(),
        |m| m["scorecard"]["characteristics"][1]["of"] = json!("age"),
        &format!("{card}[1].of"),
        "has points already",
    );
    invalid(
        given(),
        |m| m["scorecard"]["characteristics"][1]["of"] = json!("jop"),
        &format!("{card}[1].of"),
        "no input or feature \"jop\"",
    );
    invalid(
        given(),
        |m| m["scorecard"]["characteristics"][0]["coefficient"] = json!(1),
        &format!("{card}[0].coefficient"),
        "all bins have points",
    );
    invalid(
        given(),
        |m| m["scorecard"]["floor"] = json!(1),
        "scorecard.floor",
        "the points of characteristics are their sum, always",
    );
    invalid(given(), |m| m["scorecard"]["intercept"] = json!(1), "scorecard.intercept", "nothing is derived");
    invalid(given(), |m| m["scorecard"]["base_odds"] = json!(1), "scorecard.base_points", "together");
    invalid(given(), |m| m["scorecard"]["score"] = json!("pd"), "scorecard.score", "not both");
    invalid(
        given(),
        |m| m["scorecard"]["grades"][1]["min_points"] = json!(89),
        "scorecard.grades[1].min_points",
        "fewest points, 88",
    );
    invalid(given(), |m| m["scorecard"]["start"] = json!(1_i64 << 40), "scorecard.start", "within 2^32");
    invalid(
        given(),
        |m| m["scores"]["pd"]["points"] = json!({"method": "odds"}),
        "scores.pd.points.method",
        "needs the scorecard's `base_points`",
    );
    invalid(
        given(),
        |m| m["scores"]["pd"]["points"]["y"] = json!([0.1]),
        "scores.pd.points.y",
        "one more than there are `edges`",
    );
    invalid(
        given(),
        |m| m["reasons"]["codes"][0]["features"] = json!(["aeg"]),
        "reasons.codes[0].features[0]",
        "no characteristic of the scorecard \"aeg\"",
    );
    invalid(
        given(),
        |m| m["reasons"]["direction"] = json!("decrease"),
        "reasons.direction",
        "has no direction",
    );
    invalid(
        given(),
        |m| {
            m["reasons"]["against"] = json!("neutral");
            m["scorecard"]["characteristics"][1]["neutral_points"] = Value::Null;
        },
        "reasons.against",
        "`job` says no `neutral_points`",
    );
    invalid(
        derived(),
        |m| m["scorecard"]["intercept"] = Value::Null,
        "scorecard.intercept",
        "needs the `intercept`",
    );
    invalid(derived(), |m| m["scorecard"]["pdo"] = Value::Null, "scorecard.pdo", "together");
    invalid(
        derived(),
        |m| m["scorecard"]["characteristics"][0]["bins"][0]["points"] = json!(1),
        &format!("{card}[0].bins[0]"),
        "drop these",
    );
    invalid(
        derived(),
        |m| m["scorecard"]["characteristics"][0]["bins"][0]["woe"] = Value::Null,
        &format!("{card}[0].bins[0]"),
        "needs its `woe`",
    );
    invalid(
        derived(),
        |m| m["scorecard"]["characteristics"][0]["coefficient"] = Value::Null,
        &format!("{card}[0].bins[0]"),
        "a `coefficient`",
    );
    invalid(
        derived(),
        |m| m["scorecard"]["characteristics"] = json!([]),
        "scores.pd.points",
        "no scorecard with characteristics",
    );
    invalid(
        derived(),
        |m| {
            let bins = &mut m["scorecard"]["characteristics"][0];
            *bins = json!({"of": "age", "bins": [{"to": 25, "points": 1}, {"from": 25, "points": 2}]});
        },
        "scorecard.characteristics",
        "for all characteristics or for none",
    );
    // A source that may be absent takes what is required from it along.
    invalid(
        derived(),
        |m| {
            m["sources"] = json!([{"id": "bureau", "absent": "degrade"}]);
            m["inputs"][0]["source"] = json!("bureau");
        },
        &format!("{card}[0].bins"),
        "no bin takes missing values",
    );
}
