//! The customer view.

use serde_json::{Value, json};

use crate::page::{columns, decide, folder, refused, scorer};

const PAGE: &str = include_str!("../../../docs/manifest/view.md");

fn record(changes: &Value) -> Value {
    let mut record = json!({
        "income": 4000, "debt": 1000, "employed": true, "tenure_months": 40, "logins_30_days": 3, "topic": "clerk",
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

#[test]
fn a_number_belongs_to_the_first_band_above_it() {
    // Bands of an input, so that the bounds can be met exactly.
    let mut scorer = scorer(&folder(PAGE).edit(|m| {
        m["view"]["fields"][0] = json!({"name": "debt", "bands": [
            {"label": "none", "below": 0.5}, {"label": "some", "below": 1000}, {"label": "much", "severity": "critical"}
        ]});
        m["view"]["tags"][1]["when"] = json!("debt_band == 'some'");
    }));
    for (debt, band) in [(0.0, "none"), (0.5, "some"), (999.999, "some"), (1000.0, "much"), (1e9, "much")] {
        let view = decide(&mut scorer, &record(&json!({"debt": debt})))["view"].take();
        assert_eq!(view["fields"]["debt"]["band"], band, "{debt}");
        assert_eq!(view["fields"]["debt"]["value"].as_f64(), Some(debt));
        let tagged = view["tags"].as_array().unwrap().contains(&json!("cautious"));
        assert_eq!(tagged, band == "some", "{debt}");
    }
}

#[test]
fn the_first_stage_that_holds_is_the_stage() {
    let mut scorer = scorer(&folder(PAGE));
    for (changes, stage, faults) in [
        (json!({"tenure_months": 5, "logins_30_days": 0}), "new", json!([])),
        (json!({"tenure_months": 6, "logins_30_days": 0}), "dormant", json!([])),
        (json!({"tenure_months": 6, "logins_30_days": 1}), "active", json!([])),
        // What cannot be looked at does not hold, and is said; what comes after the stage does not matter.
        (json!({"tenure_months": null, "logins_30_days": 0}), "dormant", json!(["new"])),
        (json!({"tenure_months": null, "logins_30_days": null}), "active", json!(["new"])),
        (json!({"tenure_months": 1, "logins_30_days": null}), "new", json!([])),
    ] {
        let decision = decide(&mut scorer, &record(&changes));
        assert_eq!(decision["view"]["lifecycle"], stage, "{changes}");
        let names: Vec<&Value> =
            decision["view"]["faults"].as_array().unwrap().iter().map(|fault| &fault["name"]).collect();
        assert_eq!(json!(names), faults, "{changes}");
    }
}

#[test]
fn a_label_is_that_of_the_greatest_number() {
    let mut scorer = scorer(&folder(PAGE));
    for (topic, mood) in [("worker", "good"), ("clerk", "good"), ("nobody", "bad")] {
        let mood_of = decide(&mut scorer, &record(&json!({"topic": topic})))["view"]["fields"]["mood"].take();
        assert_eq!(mood_of["value"], mood, "{topic}");
        let sure = mood_of["probability"].as_f64().unwrap();
        assert!(sure > 1.0 / 3.0 && sure < 1.0, "{sure}");
    }
}

#[test]
fn refused_records_have_no_view_and_batches_have_columns() {
    let mut scorer = scorer(&folder(PAGE));
    let refused = record(&json!({"income": null}));
    let dormant = record(&json!({"logins_30_days": 0}));
    assert_eq!(decide(&mut scorer, &refused)["view"], Value::Null);
    let rows = columns(&mut scorer, &[dormant.clone(), refused]);
    let view = decide(&mut scorer, &dormant)["view"].take();
    assert_eq!(rows[0]["value"], view["fields"]["value"]["value"]);
    assert_eq!(rows[0]["pd_band"], "medium");
    assert_eq!(rows[0]["mood"], "good");
    assert_eq!(rows[0]["mood_probability"], view["fields"]["mood"]["probability"]);
    assert_eq!((&rows[0]["lifecycle"], &rows[0]["tags"]), (&json!("dormant"), &json!("valuable")));
    assert_eq!((&rows[0]["alerts"], &rows[0]["reasons"]), (&json!("leaving"), &json!("V1,L1")));
    for name in ["value", "pd_band", "mood", "lifecycle", "tags", "alerts"] {
        assert_eq!(rows[1][name], Value::Null, "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_view_is_said_when_packing() {
    let refused = |path: &str, says: &str, change: fn(&mut Value)| refused(PAGE, path, says, change);
    refused("view.fields[1].name", "is taken", |m| m["view"]["fields"][1]["name"] = json!("income"));
    refused("view.fields[1].name", "column of every answer", |m| {
        m["view"]["fields"][1]["name"] = json!("outcome");
    });
    refused("view.fields[0].name", "no score, feature or input", |m| {
        m["view"]["fields"][0]["name"] = json!("pdd");
    });
    refused("view.fields[2].model", "vector", |m| m["view"]["fields"][2]["model"] = json!("default"));
    refused("view.fields[2].model", "known: default, topics", |m| {
        m["view"]["fields"][2]["model"] = json!("x");
    });
    refused("view.fields[2].model", "not both", |m| m["view"]["fields"][2]["expr"] = json!("1.0"));
    refused("view.fields[2].bands", "only a number", |m| {
        m["view"]["fields"][2]["bands"] = json!([{"label": "a"}]);
    });
    refused("view.fields[0].bands[2].below", "last band", |m| {
        m["view"]["fields"][0]["bands"][2]["below"] = json!(1.0);
    });
    refused("view.fields[0].bands[0].below", "only the last", |m| {
        m["view"]["fields"][0]["bands"][0]["below"] = Value::Null;
    });
    // A band between equal bounds has no width.
    refused("view.fields[0].bands[1].below", "ascend strictly", |m| {
        m["view"]["fields"][0]["bands"][1]["below"] = json!(0.02);
    });
    refused("view.fields[0].bands[1].label", "used twice", |m| {
        m["view"]["fields"][0]["bands"][1]["label"] = json!("low");
    });
    refused("view.fields[0].type", "`expr`", |m| m["view"]["fields"][0]["type"] = json!("number"));
    refused("view.fields[1].expr", "gives string", |m| m["view"]["fields"][1]["expr"] = json!("topic"));
    // A field sees those above it, no others.
    refused("view.fields[1].expr", "unknown name", |m| m["view"]["fields"][1]["expr"] = json!("size(mood)"));
    refused("view.lifecycle.stages[0].when", "unknown name", |m| {
        m["view"]["lifecycle"]["stages"][0]["when"] = json!("lifecycle == 'x'");
    });
    refused("view.tags[0].when", "unknown name", |m| {
        m["view"]["tags"][0]["when"] = json!("size(alerts) > 0");
    });
    refused("view.tags[0].when", "true or false", |m| m["view"]["tags"][0]["when"] = json!("value"));
    refused("view.tags[1].tag", "used twice", |m| m["view"]["tags"][1]["tag"] = json!("valuable"));
    refused("view.tags[1].tag", "comma", |m| m["view"]["tags"][1]["tag"] = json!("a,b"));
    refused("view.alerts[0].reason", "known: L1, V1", |m| m["view"]["alerts"][0]["reason"] = json!("V9"));
    refused("view.alerts[0].severity", "expected one of `info`", |m| {
        m["view"]["alerts"][0]["severity"] = json!("urgent");
    });
    refused("inputs[3].name", "taken", |m| m["inputs"][3]["name"] = json!("income"));
    refused("view.lifecycle", "is taken", |m| m["inputs"][3]["name"] = json!("lifecycle"));
    refused("models[1].output.labels", "which keys", |m| {
        m["models"][1]["output"].as_object_mut().unwrap().remove("labels");
        m["view"]["fields"].as_array_mut().unwrap().remove(2);
        m["view"]["tags"].as_array_mut().unwrap().remove(1);
    });
    refused("models[1].output.labels[1]", "its own", |m| {
        m["models"][1]["output"]["labels"] = json!(["good", "good"]);
    });
    refused("models[1].output.class", "read whole", |m| m["models"][1]["output"]["class"] = json!("good"));
    refused("scores.pd.model", "one: say a `class`", |m| m["scores"]["pd"]["model"] = json!("topics"));
}
