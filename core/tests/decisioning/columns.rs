//! What a bundle says of its columns is where decisions and batches have them, so hosts need no rules.

use scorebox_core::scorer::Scorer;
use serde_json::{Value, json};

use crate::page::{columns, decide, folder, folder_of, scorer};

const VIEW: &str = include_str!("../../../docs/manifest/view.md");
const OFFERS: &str = include_str!("../../../docs/manifest/offers.md");

/// A cell by the description: what the pointer finds, items with commas between.
fn cell(column: &Value, decision: &Value) -> Value {
    let pointer = column["pointer"].as_str().unwrap();
    let text = |item: &Value| item.as_str().unwrap().to_owned();
    let Some((list, rest)) = pointer.split_once("/*") else {
        return match decision.pointer(pointer) {
            Some(Value::Array(items)) => json!(items.iter().map(text).collect::<Vec<_>>().join(",")),
            value => value.cloned().unwrap_or_default(),
        };
    };
    let Some(Value::Array(items)) = decision.pointer(list) else { return Value::Null };
    let one = |item: &Value| match column["each"].as_array() {
        None => text(item.pointer(rest).unwrap()),
        Some(keys) => {
            let parts: Vec<&str> =
                keys.iter().map(|key| item[key.as_str().unwrap()].as_str().unwrap()).collect();
            parts.join(":")
        }
    };
    json!(items.iter().map(one).collect::<Vec<_>>().join(","))
}

fn agree(scorer: &mut Scorer, records: &[Value], names: &[&str]) {
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    let described = about["columns"].as_array().unwrap();
    let found: Vec<&str> = described.iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(found, names);
    let rows = columns(scorer, records);
    for (row, record) in rows.iter().zip(records) {
        let mut record = record.clone();
        if record["contacts"] == "[]" {
            record["contacts"] = json!([]);
        }
        let decision = decide(scorer, &record);
        for column in described {
            let name = column["name"].as_str().unwrap();
            let (found, wanted) = (&row[name], cell(column, &decision));
            let same = *found == wanted || (found.is_number() && found.as_f64() == wanted.as_f64());
            assert!(same, "{name}: {found} and {wanted}: {decision:#}");
            let fits = match column["type"].as_str().unwrap() {
                "number" | "integer" => row[name].is_number(),
                "boolean" => row[name].is_boolean(),
                _ => row[name].is_string(),
            };
            assert!(fits || row[name].is_null(), "{name} is no {}: {}", column["type"], row[name]);
        }
    }
}

#[test]
fn columns_are_where_they_are_said_to_be() {
    let customer = |logins: u32| {
        json!({
            "income": 4000, "debt": 1000, "employed": true, "tenure_months": 40, "logins_30_days": logins, "topic": "clerk",
        })
    };
    let names = ["pd_band", "value", "mood", "mood_probability", "lifecycle", "tags", "alerts"];
    agree(&mut scorer(&folder(VIEW)), &[customer(0), customer(5), json!({"topic": "x"})], &names);
    let client = |age: u32, tolerance: &str| {
        json!({
            "income": 4000, "debt": 1000, "employed": true, "age": age, "tolerance": tolerance, "consent_sms": true,
            "consent_email": true, "do_not_call": false, "utc_offset": "+08:00", "contacts": "[]",
        })
    };
    let names = ["offer", "offer_channel", "offer_score", "offer_rank_by", "offer_reason", "offers", "held"];
    agree(&mut scorer(&folder(OFFERS)), &[client(30, "C1"), client(70, "C5"), client(17, "C2")], &names);
    let names = [&names[..5], &["offer_propensity"], &names[5..]].concat();
    let drawn = |seed: &str| json!({"customer": seed, "age": 50, "app": true});
    agree(&mut scorer(&folder_of(OFFERS, 1)), &[drawn("a"), drawn("b"), json!({"age": 1})], &names);
}
