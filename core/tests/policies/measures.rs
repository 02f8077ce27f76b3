//! Scores that measure: classes, expected loss, anomalies, value at risk, expected shortfall, bands.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::case::decide;
use crate::support::{Folder, refuse, text_table};

const CLASSES: &[u8] = include_bytes!("../../../tests/bundles/labels/classes.onnx");

fn when(condition: &str) -> Value {
    json!({"hit_policy": "collect", "default": {"outcome": "approve"}, "on_error": "decline",
        "rules": [{"id": "r", "when": condition, "outcome": "review"}]})
}

fn rating(scores: &Value, policy: &Value) -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "job", "type": "string", "required": true},
            {"name": "amount", "type": "number", "required": true}
        ],
        "models": [{
            "id": "classes", "file": "classes.onnx", "inputs": {"job": "job", "amount": "amount"},
            "output": {"name": "scores", "kind": "vector", "labels": ["bad", "good", "ugly"]}
        }],
        "scores": scores, "policy": policy
    }))
    .with("classes.onnx", CLASSES)
}

#[test]
fn classes_become_a_label_a_value_and_a_score_each() {
    let scores = json!({
        "rating": {"model": "classes", "take": "label"},
        "confidence": {"model": "classes", "take": "confidence"},
        "notches": {"model": "classes", "take": "expected", "values": {"bad": 3, "good": 1, "ugly": 2}},
        "p_bad": {"model": "classes", "class": "bad"},
        "p_good": {"model": "classes", "class": "good"},
        "p_ugly": {"model": "classes", "class": "ugly"}
    });
    let mut scorer =
        rating(&scores, &when("rating == 'good' && notches < 2.0 && confidence == p_good")).load();
    let mut labels = std::collections::BTreeSet::new();
    for (job, amount) in [("clerk", 100.0), ("clerk", 9_000.0), ("none", -100.0), ("none", 20_000.0)] {
        let decision = decide(&mut scorer, &json!({"job": job, "amount": amount}));
        let scores = &decision["scores"];
        let score = |name: &str| scores[name].as_f64().unwrap_or_else(|| panic!("{name}: {decision}"));
        let parts = [("bad", score("p_bad")), ("good", score("p_good")), ("ugly", score("p_ugly"))];
        assert!((parts.iter().map(|(_, part)| part).sum::<f64>() - 1.0).abs() < 1e-6, "{decision}");
        let best = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!((&scores["rating"], score("confidence")), (&json!(best.0), best.1));
        let expected = 3.0 * parts[0].1 + parts[1].1 + 2.0 * parts[2].1;
        assert!((score("notches") - expected).abs() < 1e-12);
        let review = best.0 == "good" && expected < 2.0;
        assert_eq!(decision["outcome"], if review { "review" } else { "approve" });
        labels.insert(best.0);
    }
    assert!(labels.len() > 1, "the records are meant to differ: {labels:?}");
}

#[test]
fn classes_need_a_model_that_has_them() {
    for (score, path, says) in [
        (json!({"model": "classes"}), "scores.s.model", "say a `class`, or what to `take`"),
        (json!({"model": "classes", "class": "evil"}), "scores.s.class", "there is no class \"evil\""),
        (json!({"model": "classes", "class": "bad", "take": "label"}), "scores.s.take", "either"),
        (
            json!({"model": "classes", "take": "expected", "values": {"bad": 1, "good": 2}}),
            "scores.s.values",
            "`ugly` has no value",
        ),
        (
            json!({"model": "classes", "take": "expected", "values": {"bad": 1, "good": 2, "ugly": 3, "c": 4}}),
            "scores.s.values.c",
            "there is no label",
        ),
        (json!({"model": "classes", "class": "bad", "values": {"bad": 1}}), "scores.s.values", "expected"),
        (json!({"expr": "1", "take": "label"}), "scores.s.take", "`model`"),
        (json!({"expr": "1", "class": "bad"}), "scores.s.class", "model's"),
        (
            json!({"model": "classes", "take": "label", "bands": [{"label": "all"}]}),
            "scores.s.bands",
            "only a number has bands",
        ),
    ] {
        refuse(&rating(&json!({"s": score}), &when("true")), ErrorCode::ManifestInvalid, path, says);
    }
    let one = rating(&json!({"s": {"model": "classes", "class": "bad"}}), &when("true")).edit(|manifest| {
        manifest["models"][0]["output"] = json!({"name": "scores", "kind": "probability", "class": "bad"});
    });
    refuse(&one, ErrorCode::ManifestInvalid, "scores.s.class", "kind `vector`");
}

fn plain(extra: &Value) -> Folder {
    let mut manifest = json!({
        "inputs": [
            {"name": "pd", "type": "number"},
            {"name": "lgd", "type": "number", "unit": "share"},
            {"name": "drawn", "type": "number", "unit": "EUR"},
            {"name": "undrawn", "type": "number", "unit": "EUR"}
        ],
        "policy": when("false")
    });
    for (key, value) in extra.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    Folder::of(manifest)
}

fn loss(pd: &Value, lgd: &Value, ead: &Value) -> Value {
    json!({"el": {"expected_loss": {"pd": pd, "lgd": lgd, "ead": ead}, "unit": "EUR",
        "bands": [{"label": "low", "below": 100}, {"label": "high"}]}})
}

#[test]
fn expected_loss_is_a_product_with_its_parts_shown() {
    let scores = loss(&json!("pd"), &json!(0.45), &json!("drawn + 0.75 * undrawn"));
    let mut scorer = plain(&json!({"scores": scores, "policy": when("el_band == 'high'")})).load();
    let decision = decide(&mut scorer, &json!({"pd": 0.02, "drawn": 8000, "undrawn": 4000}));
    assert_eq!(decision["scores"], json!({"el": 0.02 * 0.45 * 11_000.0, "el_band": "low"}));
    assert_eq!(
        decision["expected_loss"],
        json!({"el": {"pd": 0.02, "lgd": 0.45, "ead": 11_000, "unit": "EUR"}})
    );
    assert_eq!(decision["outcome"], "approve");
    // 0.02 x 0.5 x 10,000 would be the first loss of the upper band; 0.45 x 1/9 x ... comes near it.
    let decision = decide(&mut scorer, &json!({"pd": 0.5, "drawn": 1000, "undrawn": 0}));
    assert_eq!(decision["scores"], json!({"el": 225, "el_band": "high"}));
    assert_eq!(decision["outcome"], "review");
    // What lies outside of its range is no probability and no exposure; what is missing is not known.
    for record in [
        json!({"pd": 1.01, "drawn": 1000, "undrawn": 0}),
        json!({"pd": -0.01, "drawn": 1000, "undrawn": 0}),
        json!({"pd": 0.5, "drawn": -1, "undrawn": 0}),
        json!({"pd": 0.5, "drawn": 1}),
    ] {
        let decision = decide(&mut scorer, &record);
        assert_eq!(decision["scores"], json!({"el": null, "el_band": null}), "{record}");
        assert_eq!(decision["outcome"], "decline", "{record}");
        assert_eq!(decision["expected_loss"]["el"]["lgd"], 0.45);
    }
}

#[test]
fn the_ends_of_the_ranges_belong_to_them() {
    let mut scorer = plain(&json!({"scores": loss(&json!("pd"), &json!("lgd"), &json!("drawn"))})).load();
    for (pd, lgd, drawn, expected) in [(0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 50.0, 50.0), (1.0, 0.5, 0.0, 0.0)] {
        let decision = decide(&mut scorer, &json!({"pd": pd, "lgd": lgd, "drawn": drawn}));
        assert_eq!(decision["scores"]["el"].as_f64(), Some(expected));
    }
}

#[test]
fn parts_of_another_unit_or_type_are_refused() {
    for (scores, path, says) in [
        (loss(&json!("drawn"), &json!(0.45), &json!("drawn")), "scores.el.expected_loss.pd", "EUR"),
        (
            loss(&json!("pd"), &json!(0.45), &json!("lgd")),
            "scores.el.expected_loss.ead",
            "a plain number and EUR",
        ),
        (loss(&json!("pd > 0.1"), &json!(0.45), &json!("drawn")), "scores.el.expected_loss.pd", "bool"),
        (loss(&json!("pd"), &json!(0.45), &json!("drwan")), "scores.el.expected_loss.ead", "drawn"),
    ] {
        refuse(&plain(&json!({"scores": scores})), ErrorCode::RuleInvalid, path, says);
    }
    let unsaid = json!({"el": {"expected_loss": {"pd": "pd", "lgd": 0.45}}});
    refuse(&plain(&json!({"scores": unsaid})), ErrorCode::ManifestInvalid, "scores.el.expected_loss", "ead");
    let circle = loss(&json!("pd"), &json!(0.45), &json!("el / 2.0"));
    let error = plain(&json!({"scores": circle})).pack().unwrap_err();
    assert!(error.message().contains("circle"), "{error}");
}

/// Two hundred rows whose `drawn` is 1 to 200.
fn sample() -> Vec<u8> {
    let cells: Vec<String> = (1..=200).map(|row| row.to_string()).collect();
    let drawn: Vec<&str> = cells.iter().map(String::as_str).collect();
    text_table(&[("drawn", &drawn)])
}

#[test]
fn an_anomaly_is_a_place_in_the_sample() {
    let folder = plain(&json!({
        "scores": {
            "raw": {"expr": "drawn * 2.0"},
            "strange": {"anomaly": {"of": "raw"},
                "bands": [{"label": "usual", "below": 99}, {"label": "strange"}]}
        },
        "policy": when("strange_band == 'strange'")
    }));
    let error = folder.pack().err().map(|error| (error.code(), error.path().to_owned()));
    assert_eq!(error, Some((ErrorCode::BundleNotPacked, "scores.strange.anomaly".into())));
    let packed = scorebox_core::authoring::pack(&folder.zip(), &sample(), b"").unwrap();
    let mut scorer =
        scorebox_core::scorer::Scorer::load(&packed, &scorebox_core::Limits::DEFAULT, [7; 32]).unwrap();
    for (drawn, percentile, band, outcome) in [
        (0.4, 0.0, "usual", "approve"),
        (1.0, 0.5, "usual", "approve"),
        (100.0, 50.0, "usual", "approve"),
        (100.5, 50.25, "usual", "approve"),
        (197.9, 98.95, "usual", "approve"),
        (198.0, 99.0, "strange", "review"),
        (1e6, 99.9, "strange", "review"),
    ] {
        let decision = decide(&mut scorer, &json!({"drawn": drawn}));
        let found = decision["scores"]["strange"].as_f64().unwrap();
        assert!((found - percentile).abs() < 1e-9, "{drawn}: {found}");
        assert_eq!(
            (&decision["scores"]["strange_band"], &decision["outcome"]),
            (&json!(band), &json!(outcome))
        );
    }
    let decision = decide(&mut scorer, &json!({}));
    assert_eq!((&decision["scores"]["strange"], &decision["outcome"]), (&Value::Null, &json!("decline")));
    // The profile counts the anomaly too: monitoring compares its distribution.
    let files = Folder::unzip(&packed);
    let profile: Value = serde_json::from_slice(&files.0["reference.json"]).unwrap();
    assert_eq!(profile["scored"], 200);
    let quantiles = profile["fields"]["strange"]["numbers"]["quantiles"].as_array().unwrap();
    assert!((quantiles.last().unwrap()[1].as_f64().unwrap() - 99.0).abs() < 0.2, "{quantiles:?}");
}

#[test]
fn an_anomaly_may_follow_from_another() {
    let folder = plain(&json!({"scores": {
        "a": {"anomaly": {"of": "z"}},
        "b": {"expr": "100.0 - a"},
        "c": {"anomaly": {"of": "b"}},
        "z": {"expr": "drawn"}
    }}));
    let packed = scorebox_core::authoring::pack(&folder.zip(), &sample(), b"").unwrap();
    let mut scorer =
        scorebox_core::scorer::Scorer::load(&packed, &scorebox_core::Limits::DEFAULT, [7; 32]).unwrap();
    let decision = decide(&mut scorer, &json!({"drawn": 150}));
    assert_eq!((&decision["scores"]["a"], &decision["scores"]["b"]), (&json!(75), &json!(25)));
    let c = decision["scores"]["c"].as_f64().unwrap();
    assert!((c - 25.5).abs() < 1.0, "{c}");
    // Nothing of the sample has the number.
    let folder = folder.edit(|manifest| manifest["scores"]["z"]["expr"] = json!("undrawn"));
    let error = scorebox_core::authoring::pack(&folder.zip(), &sample(), b"").unwrap_err();
    assert_eq!(error.path(), "sample");
}

#[test]
fn anomalies_are_about_another_number() {
    for (of, says) in [("strange", "another score"), ("word", "that is a number"), ("rwa", "known: raw")] {
        let scores = json!({
            "raw": {"expr": "drawn"}, "word": {"expr": "'x'", "type": "string"},
            "strange": {"anomaly": {"of": of}}
        });
        refuse(
            &plain(&json!({"scores": scores})),
            ErrorCode::ManifestInvalid,
            "scores.strange.anomaly.of",
            says,
        );
    }
}

fn tail(confidence: f64, extra: &Value) -> Value {
    let mut own = json!({"portfolio": "book", "confidence": confidence});
    for (key, value) in extra.as_object().unwrap() {
        own[key] = value.clone();
    }
    own
}

#[test]
fn observed_gains_have_tails() {
    let folder = plain(&json!({
        "inputs": [{"name": "history", "type": "records", "fields": [{"name": "pnl", "type": "number", "required": true, "unit": "EUR"}]}],
        "portfolios": {"book": {"pnl": "history.map(h, h.pnl)", "unit": "EUR"}},
        "scores": {
            "worst": {"value_at_risk": tail(0.95, &json!({})), "unit": "EUR"},
            "var_linear": {"value_at_risk": tail(0.95, &json!({"quantile": "linear"})), "unit": "EUR"},
            "var_ten_days": {"value_at_risk": tail(0.95, &json!({"scale_to_days": 10})), "unit": "EUR"},
            "es": {"expected_shortfall": tail(0.95, &json!({})), "unit": "EUR"},
            "bold": {"value_at_risk": tail(0.95, &json!({"min_observations": 1})), "optional": true}
        },
        "policy": when("es > 100.0")
    }));
    let mut scorer = folder.load();
    let history = |n: i32| (1..=n).map(|day| json!({"pnl": 50 - day})).collect::<Vec<_>>();
    // Losses -49 to 50: 95 of a hundred do not exceed 45; the worst five are 46 to 50.
    let decision = decide(&mut scorer, &json!({"history": history(100)}));
    let scores = &decision["scores"];
    assert_eq!((&scores["worst"], &scores["es"], &scores["bold"]), (&json!(45), &json!(48), &json!(45)));
    assert!((scores["var_linear"].as_f64().unwrap() - 45.05).abs() < 1e-12);
    assert!((scores["var_ten_days"].as_f64().unwrap() - 45.0 * 10f64.sqrt()).abs() < 1e-9);
    assert_eq!(decision["portfolios"], json!({"book": {"observations": 100, "unit": "EUR"}}));
    assert_eq!(decision["outcome"], "approve");
    // Twenty observations leave one beyond 0.95, nineteen none.
    let decision = decide(&mut scorer, &json!({"history": history(20)}));
    assert_eq!(decision["scores"]["worst"], json!(-31));
    let decision = decide(&mut scorer, &json!({"history": history(19)}));
    assert_eq!((&decision["scores"]["worst"], &decision["scores"]["es"]), (&Value::Null, &Value::Null));
    assert_eq!(decision["scores"]["bold"], json!(-31));
    assert_eq!(
        (&decision["outcome"], &decision["portfolios"]["book"]["observations"]),
        (&json!("decline"), &json!(19))
    );
    let decision = decide(&mut scorer, &json!({}));
    assert_eq!(decision["portfolios"]["book"]["observations"], Value::Null);
    // An observation that is not there is not 0.
    let mut gap = history(100);
    gap[3] = json!({"pnl": null});
    let decision = decide(&mut scorer, &json!({"history": gap}));
    assert_eq!(decision["scores"]["worst"], Value::Null, "{decision}");
}

#[test]
fn scenarios_move_exposures() {
    let returns = json!({"equity": [-0.1, 0.02, -0.05, 0.01], "rates": [0.01, -0.01, 0.02, 0.0]});
    let inline = json!({"returns": returns, "exposures": {"equity": "drawn", "rates": 1000}, "unit": "EUR"});
    let scores = json!({
        "worst": {"value_at_risk": tail(0.5, &json!({})), "unit": "EUR"},
        "es": {"expected_shortfall": tail(0.5, &json!({})), "unit": "EUR"}
    });
    let inside = plain(&json!({"portfolios": {"book": inline}, "scores": scores}));
    let csv = "equity,rates\n-0.1,0.01\n0.02,-0.01\n-0.05,0.02\n0.01,0\n";
    let outside = inside.clone().with("tables/scenarios.csv", csv.as_bytes()).edit(|manifest| {
        let book = &mut manifest["portfolios"]["book"];
        book.as_object_mut().unwrap().remove("returns");
        book["file"] = json!("tables/scenarios.csv");
    });
    for folder in [&inside, &outside] {
        let mut scorer = folder.load();
        let decision = decide(&mut scorer, &json!({"drawn": 1000}));
        // Losses 90, -10, 30, -10: in order -10, -10, 30, 90; half of them do not exceed -10, the worst two
        // are 30 and 90.
        assert_eq!(decision["scores"]["worst"].as_f64(), Some(-10.0), "{decision}");
        assert_eq!(decision["scores"]["es"].as_f64(), Some(60.0));
        assert_eq!(decision["portfolios"]["book"]["observations"], 4);
        let decision = decide(&mut scorer, &json!({}));
        assert_eq!((&decision["scores"]["es"], &decision["outcome"]), (&Value::Null, &json!("decline")));
    }
    let packed = Folder::unzip(&outside.pack().unwrap());
    let lock: Value = serde_json::from_slice(&packed.0["bundle.lock"]).unwrap();
    assert!(lock.to_string().contains("tables/scenarios.csv"));
    // A file that was changed after packing does not load.
    let changed = packed.with("tables/scenarios.csv", csv.replace("-0.1", "-0.2").into_bytes()).zip();
    let error = scorebox_core::scorer::Scorer::load(&changed, &scorebox_core::Limits::DEFAULT, [7; 32])
        .err()
        .unwrap();
    assert_eq!(error.code(), ErrorCode::BundleDigest, "{error}");
}

#[test]
fn wrong_portfolios_are_refused() {
    let with = |portfolio: &Value, score: &Value| {
        plain(&json!({"portfolios": {"book": portfolio}, "scores": {"worst": score}}))
    };
    let var = json!({"value_at_risk": tail(0.5, &json!({})), "unit": "EUR"});
    let returns = json!({"equity": [0.1, 0.2]});
    for (portfolio, path, says) in [
        (json!({}), "portfolios.book.returns", "at least one scenario"),
        (json!({"returns": returns}), "portfolios.book.exposures", "no exposure to `equity`"),
        (
            json!({"returns": returns, "exposures": {"equity": 1, "rates": 1}}),
            "portfolios.book.exposures.rates",
            "there is no factor",
        ),
        (
            json!({"returns": {"equity": [0.1], "rates": [0.1, 0.2]}, "exposures": {"equity": 1, "rates": 1}}),
            "portfolios.book.returns",
            "as many returns as scenarios",
        ),
        (json!({"pnl": "[1.0]", "exposures": {"equity": 1}}), "portfolios.book.pnl", "either `pnl`"),
        (json!({"pnl": "[1.0]", "horizon_days": 0}), "portfolios.book.horizon_days", "greater than 0"),
    ] {
        refuse(&with(&portfolio, &var), ErrorCode::ManifestInvalid, path, says);
    }
    let book = json!({"returns": returns, "exposures": {"equity": "drawn"}, "unit": "EUR"});
    for (extra, path, says) in [
        (json!({"portfolio": "bok"}), "scores.worst.value_at_risk.portfolio", "known: book"),
        (json!({"confidence": 1}), "scores.worst.value_at_risk.confidence", "between 0 and 1"),
        (json!({"confidence": 0.123_456_7}), "scores.worst.value_at_risk.confidence", "six decimals"),
        (json!({"scale_to_days": 0}), "scores.worst.value_at_risk.scale_to_days", "greater than 0"),
        (json!({"min_observations": 0}), "scores.worst.value_at_risk.min_observations", "at least one"),
    ] {
        let var = json!({"value_at_risk": tail(0.5, &extra)});
        refuse(&with(&book, &var), ErrorCode::ManifestInvalid, path, says);
    }
    let es = json!({"expected_shortfall": tail(0.5, &json!({"quantile": "linear"}))});
    refuse(&with(&book, &es), ErrorCode::ManifestInvalid, "scores.worst.expected_shortfall.quantile", "mean");
    let share = json!({"returns": returns, "exposures": {"equity": "lgd"}, "unit": "EUR"});
    refuse(
        &with(&share, &var),
        ErrorCode::RuleInvalid,
        "portfolios.book.exposures.equity",
        "a plain number and EUR",
    );
    let text = json!({"pnl": "['a']"});
    refuse(&with(&text, &var), ErrorCode::RuleInvalid, "portfolios.book.pnl", "list");
    let circle = json!({"pnl": "[worst]"});
    let error = with(&circle, &var).pack().unwrap_err();
    assert!(error.message().contains("circle"), "{error}");
}

#[test]
fn wrong_scenario_files_are_refused_with_their_place() {
    let var = json!({"value_at_risk": tail(0.5, &json!({}))});
    let book = json!({"file": "tables/s.csv", "exposures": {"equity": "drawn"}});
    let folder = plain(&json!({"portfolios": {"book": book}, "scores": {"worst": var}}));
    for (csv, says) in [
        ("equity\n0.1\nmuch\n", "line 3, column 1 (`equity`)"),
        ("equity,rates\n0.1\n", "line 2"),
        ("equity,equity\n0.1,0.2\n", "equity"),
        ("equity\n", "at least one scenario"),
        ("", "line 1: the file is empty"),
    ] {
        let error = folder.clone().with("tables/s.csv", csv.as_bytes()).pack().err();
        let error = error.unwrap_or_else(|| panic!("packs: {csv:?}"));
        assert!(error.to_string().contains(says), "{csv:?}: {error}");
    }
    let error = folder.pack().unwrap_err();
    assert_eq!(error.path(), "portfolios.book.file", "{error}");
}
