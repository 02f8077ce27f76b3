//! Risk matrices and limits on exposure.

use scorebox_core::scorer::Scorer;
use serde_json::{Value, json};

use crate::case::{decide, folder, load};
use crate::support::Folder;

fn with(section: &str, own: &Value, policy: &Value) -> Folder {
    folder(policy).edit(|manifest| {
        manifest[section] = own.clone();
        if section == "risk" {
            // What risks give has names that begin with `risk`.
            manifest["inputs"][3]["name"] = json!("category");
        }
    })
}

fn when(condition: &str) -> Value {
    json!({"on_error": "decline", "rules": [{"id": "r", "when": condition, "outcome": "review"}]})
}

fn risk(id: &str, of: &str, extra: &Value) -> Value {
    let mut own = json!({
        "id": id, "kind": "operational",
        "likelihood": {"of": of, "bands": [{"label": "rare", "below": 1}, {"label": "often"}]},
        "impact": {"of": "amount", "bands": [{"label": "small", "below": 100}, {"label": "large", "below": 1000}, {"label": "huge"}]},
        "cells": [["low", "low", "medium"], ["low", "medium", "high"]]
    });
    for (key, value) in extra.as_object().unwrap() {
        own[key] = value.clone();
    }
    own
}

fn risks(combine: &str, risks: &Value) -> Value {
    json!({"levels": ["low", "medium", "high"], "combine": combine, "risks": risks,
        "strategies": {"low": "accept", "medium": "transfer", "high": "avoid"}})
}

#[test]
fn a_cell_is_a_level_and_a_level_has_a_strategy() {
    let own = risks("max", &json!([risk("process", "age", &json!({}))]));
    let mut scorer =
        load(&with("risk", &own, &when("risk.process == 'medium' && risk.strategy == 'transfer'")));
    for (age, amount, level, strategy, outcome) in [
        (0, 99.0, "low", "accept", "approve"),
        (0, 100.0, "low", "accept", "approve"),
        (0, 1000.0, "medium", "transfer", "review"),
        (1, 99.0, "low", "accept", "approve"),
        (1, 999.5, "medium", "transfer", "review"),
        (1, 1000.0, "high", "avoid", "approve"),
    ] {
        let decision = decide(&mut scorer, &json!({"age": age, "amount": amount}));
        assert_eq!(
            (&decision["risk"]["level"], &decision["risk"]["strategy"]),
            (&json!(level), &json!(strategy))
        );
        assert_eq!(decision["risk"]["risks"][0]["level"], level);
        assert_eq!(decision["outcome"], outcome, "{age} {amount}");
    }
    let decision = decide(&mut scorer, &json!({"age": 1}));
    assert_eq!(
        decision["risk"],
        json!({"level": null, "strategy": null, "risks": [{"id": "process", "kind": "operational",
            "likelihood": {"value": 1, "band": "often"}, "impact": {"value": null, "band": null}, "level": null,
            "strategy": null}]})
    );
    assert_eq!(decision["outcome"], "decline", "what is not known is no low risk");
}

#[test]
fn a_missing_risk_has_the_level_that_the_manifest_says() {
    let own = risks(
        "max",
        &json!([
            risk("process", "age", &json!({"missing": "high"})),
            risk("other", "age", &json!({"missing": "low"}))
        ]),
    );
    let mut scorer = load(&with("risk", &own, &when("risk.level == 'high'")));
    let decision = decide(&mut scorer, &json!({"age": 1}));
    let levels: Vec<&Value> =
        decision["risk"]["risks"].as_array().unwrap().iter().map(|own| &own["level"]).collect();
    assert_eq!((levels, &decision["outcome"]), (vec![&json!("high"), &json!("low")], &json!("review")));
}

#[test]
fn levels_combine_by_their_weights() {
    let of = |weights: [f64; 3]| {
        risks(
            "weighted",
            &json!([
                risk("a", "age", &json!({"weight": weights[0]})),
                risk("b", "-1.0 * double(age)", &json!({"weight": weights[1]})),
                risk("c", "0.0 * double(age)", &json!({"weight": weights[2]}))
            ]),
        )
    };
    // At age 1 and a huge amount the levels are high (3), medium (2) and medium (2).
    for (weights, mean, level) in [
        ([1.0, 1.0, 1.0], 7.0 / 3.0, "medium"),
        ([2.0, 1.0, 1.0], 2.5, "high"),
        ([1.0, 0.5, 0.500_001], 2.499_999_75, "medium"),
        ([8.0, 1.0, 1.0], 2.8, "high"),
    ] {
        let mut scorer = load(&with("risk", &of(weights), &when("false")));
        let decision = decide(&mut scorer, &json!({"age": 1, "amount": 5000}));
        let found = decision["risk"]["mean"].as_f64().unwrap();
        assert!((found - mean).abs() < 1e-6, "{weights:?}: {found}");
        assert_eq!(decision["risk"]["level"], level, "{weights:?}");
    }
}

#[test]
fn wrong_risks_are_refused() {
    let good = || risks("max", &json!([risk("process", "age", &json!({}))]));
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 14] = [
        ("levels", "at least one level", |own| own["levels"] = json!([])),
        ("risks", "at least one risk", |own| own["risks"] = json!([])),
        ("risks[0].id", "take another name", |own| own["risks"][0]["id"] = json!("level")),
        ("risks[0].cells", "so there are 2 rows", |own| {
            own["risks"][0]["cells"] = json!([["low", "low", "low"]]);
        }),
        ("risks[0].cells[1]", "each row has 3 levels", |own| own["risks"][0]["cells"][1] = json!(["low"])),
        ("risks[0].cells[0][2]", "no level \"worst\"; known: low, medium, high", |own| {
            own["risks"][0]["cells"][0][2] = json!("worst");
        }),
        ("risks[0].missing", "no level", |own| own["risks"][0]["missing"] = json!("x")),
        ("risks[0].weight", "no effect", |own| own["risks"][0]["weight"] = json!(1)),
        ("risks[0].weight", "needs a weight", |own| own["combine"] = json!("weighted")),
        ("risks[0].impact.bands", "at least one band", |own| own["risks"][0]["impact"]["bands"] = json!([])),
        ("risks[0].impact.bands[1].below", "ascend strictly", |own| {
            own["risks"][0]["impact"]["bands"][1]["below"] = json!(100);
        }),
        ("risks[0].likelihood.of", "did you mean \"age\"?", |own| {
            own["risks"][0]["likelihood"]["of"] = json!("agee");
        }),
        ("risks[0].impact.of", "this is to be in EUR a year: EUR and EUR a year", |own| {
            own["risks"][0]["impact"]["unit"] = json!("EUR a year");
        }),
        ("strategies", "`high` has no strategy", |own| {
            own["strategies"].as_object_mut().unwrap().remove("high");
        }),
    ];
    for (path, part, change) in changes {
        let mut own = good();
        change(&mut own);
        let error = with("risk", &own, &when("true")).pack().err().unwrap_or_else(|| panic!("{path} packs"));
        assert_eq!(error.path(), format!("risk.{path}"), "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
    let error = with("risk", &good(), &when("true")).pack().err();
    assert!(error.is_none(), "{error:?}");
}

fn limits(limits: &Value) -> Value {
    json!({"requested": "amount", "unit": "EUR", "limits": limits})
}

fn held(limits: &Value, record: &Value) -> (Value, Value) {
    let mut scorer: Scorer = load(&with("limits", limits, &when("limits.breached")));
    let decision = decide(&mut scorer, record);
    (decision["limits"].clone(), decision["outcome"].clone())
}

#[test]
fn a_limit_is_passed_by_what_is_more_than_it() {
    let own = limits(&json!([{"id": "one", "of": "customer", "current": 60, "limit": 100}]));
    for (amount, breached, outcome) in [(40.0, false, "approve"), (40.000_000_1, true, "review")] {
        let (found, decided) = held(&own, &json!({"amount": amount}));
        assert_eq!((&found["breached"], &decided), (&json!(breached), &json!(outcome)), "{amount}");
        assert_eq!((&found["headroom"], &found["binding"]), (&json!(40), &json!("one")));
    }
}

#[test]
fn the_least_headroom_binds() {
    let limit = |id: &str, current: Value, limit: Value| json!({"id": id, "of": "group", "current": current, "limit": limit});
    let own = limits(&json!([
        limit("a", json!(10), json!(100)),
        limit("b", json!("amount / 2.0"), json!(50)),
        limit("c", json!(0), json!(40))
    ]));
    for (amount, binding, headroom, breached) in
        [(10.0, "c", 40, false), (20.0, "b", 40, false), (30.0, "b", 35, false), (60.0, "b", 20, true)]
    {
        let (found, _) = held(&own, &json!({"amount": amount}));
        assert_eq!(
            (&found["binding"], &found["headroom"], &found["breached"]),
            (&json!(binding), &json!(headroom), &json!(breached)),
            "{amount}: {found}"
        );
    }
    let (found, outcome) = held(&own, &json!({}));
    assert_eq!(
        (&found["binding"], &found["headroom"], &found["breached"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(outcome, "decline", "what is not known may be passed");
}

#[test]
fn segments_have_limits_of_their_own() {
    let own = |otherwise: Value| {
        limits(
            &json!([{"id": "s", "of": "segment", "current": 90, "segment": "risk", "by_segment": {"retail": 100, "farm": 95},
            "otherwise": otherwise, "on_breach": "review", "reason": "A"}]),
        )
    };
    for (segment, otherwise, limit, breached) in [
        (json!("retail"), Value::Null, json!(100), json!(false)),
        (json!("farm"), Value::Null, json!(95), json!(true)),
        (json!("ship"), json!(99), json!(99), json!(true)),
        (json!("ship"), json!(100), json!(100), json!(false)),
        (json!("ship"), Value::Null, Value::Null, Value::Null),
        (Value::Null, json!(100), Value::Null, Value::Null),
    ] {
        let (found, _) = held(&own(otherwise), &json!({"amount": 10, "risk": segment}));
        assert_eq!(
            (&found["limits"][0]["limit"], &found["limits"][0]["breached"]),
            (&limit, &breached),
            "{segment}"
        );
    }
    let mut scorer = load(&with("limits", &own(Value::Null), &json!({"rules": []})));
    let decision = decide(&mut scorer, &json!({"amount": 10, "risk": "farm"}));
    assert_eq!((&decision["outcome"], &decision["reasons"][0]["code"]), (&json!("review"), &json!("A")));
    assert_eq!(decision["limits"]["limits"][0]["used"], json!(100.0 / 95.0));
}

#[test]
fn wrong_limits_are_refused() {
    let good = || limits(&json!([{"id": "one", "of": "customer", "current": "amount", "limit": 100}]));
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 11] = [
        ("limits", "at least one limit", |own| own["limits"] = json!([])),
        ("unit", "must not be empty", |own| own["unit"] = json!("")),
        ("requested", "did you mean \"amount\"?", |own| own["requested"] = json!("amunt")),
        ("requested", "this is to be in EUR", |own| own["requested"] = json!("income")),
        ("limits[0].id", "take another name", |own| own["limits"][0]["id"] = json!("headroom")),
        ("limits[0].current", "must give a number", |own| own["limits"][0]["current"] = json!("risk")),
        ("limits[0].limit", "either `limit`, or `segment`", |own| {
            own["limits"][0]["segment"] = json!("risk");
        }),
        ("limits[0].by_segment", "go with `segment`", |own| own["limits"][0]["by_segment"] = json!({"a": 1})),
        ("limits[0].segment", "there is no text \"age\"; known: country, risk", |own| {
            own["limits"][0].as_object_mut().unwrap().remove("limit");
            own["limits"][0]["segment"] = json!("age");
        }),
        ("limits[0].by_segment", "at least one segment", |own| {
            own["limits"][0].as_object_mut().unwrap().remove("limit");
            own["limits"][0]["segment"] = json!("risk");
        }),
        ("limits[0].reason", "known: A, B, C", |own| own["limits"][0]["reason"] = json!("Z")),
    ];
    for (path, part, change) in changes {
        let mut own = good();
        change(&mut own);
        let error =
            with("limits", &own, &when("true")).pack().err().unwrap_or_else(|| panic!("{path} packs"));
        assert_eq!(error.path(), format!("limits.{path}"), "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
}
