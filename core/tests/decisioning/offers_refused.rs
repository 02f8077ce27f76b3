//! Offers that do not pack: what is said of each mistake, and where.

use serde_json::{Value, json};

use crate::page::refused;

const PAGE: &str = include_str!("../../../docs/manifest/offers.md");

#[test]
fn what_is_wrong_with_offers_is_said_when_packing() {
    let refused = |path: &str, says: &str, change: fn(&mut Value)| refused(PAGE, path, says, change);
    refused("offers.items", "at least one item", |m| m["offers"]["items"] = json!([]));
    refused("offers.items[1].id", "used twice", |m| m["offers"]["items"][1]["id"] = json!("loan"));
    refused("offers.items[1].id", "no comma", |m| m["offers"]["items"][1]["id"] = json!("a,b"));
    refused("offers.items[0].attributes.margn", "known: digital, margin", |m| {
        m["offers"]["items"][0]["attributes"] = json!({"margn": 1});
    });
    refused("offers.items[0].attributes.margin", "type number", |m| {
        m["offers"]["items"][0]["attributes"] = json!({"margin": "1"});
    });
    refused("offers.attributes.price", "already", |m| m["offers"]["attributes"]["price"] = json!("number"));
    refused("offers.attributes.t", "number, integer, string or boolean", |m| {
        m["offers"]["attributes"]["t"] = json!("timestamp");
    });
    refused("offers.items[0].risk", "expected one of `R1`", |m| {
        m["offers"]["items"][0]["risk"] = json!("R6");
    });
    refused("offers.items[2].risk", "suitability", |m| m["offers"]["suitability"] = Value::Null);
    refused("offers.suitability.tolerance", "whole number or a text", |m| {
        m["offers"]["suitability"]["tolerance"] = json!("income");
    });
    refused("offers.suitability.tolerance", "unknown name", |m| {
        m["offers"]["suitability"]["tolerance"] = json!("item.risk");
    });
    refused("offers.items[4].active_until", "later than", |m| {
        m["offers"]["items"][4]["active_from"] = json!("2027-01-01");
    });
    refused("offers.items[4].channels[0]", "known: sms, email, branch", |m| {
        m["offers"]["items"][4]["channels"] = json!(["post"]);
    });
    refused("offers.gates[0].categories[0]", "known: credit, fund, insurance", |m| {
        m["offers"]["gates"][0]["categories"] = json!(["loans"]);
    });
    refused("offers.gates[0].when", "true or false", |m| m["offers"]["gates"][0]["when"] = json!("outcome"));
    refused("offers.gates[0].when", "did you mean \"item.margin\"", |m| {
        m["offers"]["gates"][0]["when"] = json!("item.margins > 1.0");
    });
    // Gates come before scores.
    refused("offers.gates[0].when", "unknown name", |m| {
        m["offers"]["gates"][0]["when"] = json!("item.score > 1.0");
    });
    refused("offers.gates[0].reason", "known: K1", |m| m["offers"]["gates"][0]["reason"] = json!("X"));
    refused("offers.value", "a number", |m| m["offers"]["value"] = json!("item.id"));
    refused("offers.score", "exactly one", |m| m["offers"]["score"]["model"] = json!("default"));
    refused("offers.score.model", "known: default", |m| m["offers"]["score"] = json!({"model": "x"}));
    refused("offers.items[0].score", "no score", |m| m["offers"]["score"] = Value::Null);
    refused("offers.items[0].class", "kind `vector`", |m| m["offers"]["items"][0]["class"] = json!(1));
    refused("offers.min_expected_value", "without `value`", |m| {
        m["offers"]["value"] = Value::Null;
        m["offers"]["min_expected_value"] = json!(1);
    });
    refused("offers.top", "1 to 64", |m| m["offers"]["top"] = json!(0));
    refused("offers.contact.quiet_hours.until", "same minute", |m| {
        m["offers"]["contact"]["quiet_hours"]["until"] = json!("21:00");
    });
    refused("offers.contact.quiet_hours.from", "time of day", |m| {
        m["offers"]["contact"]["quiet_hours"]["from"] = json!("24:00");
    });
    refused("offers.contact.quiet_hours.offset_from", "type string", |m| {
        m["offers"]["contact"]["quiet_hours"]["offset_from"] = json!("age");
    });
    refused("offers.contact.history.list", "type records", |m| {
        m["offers"]["contact"]["history"]["list"] = json!("age");
    });
    refused("offers.contact.history.at", "type timestamp", |m| {
        m["offers"]["contact"]["history"]["at"] = json!("channel");
    });
    refused("offers.contact.history.item", "no field of these records", |m| {
        m["offers"]["contact"]["history"]["item"] = json!("product");
    });
    refused("offers.contact.caps[0]", "needs `history`", |m| m["offers"]["contact"]["history"] = Value::Null);
    refused("offers.contact.caps[0].days", "1 to 36525", |m| {
        m["offers"]["contact"]["caps"][0]["days"] = json!(0);
    });
    refused("offers.diversity.max_per_category", "at least 1", |m| {
        m["offers"]["diversity"]["max_per_category"] = json!(0);
    });
    refused("offers.diversity.mmr.lambda", "from 0 to 1", |m| {
        m["offers"]["diversity"] = json!({"mmr": {"lambda": 1.5}});
    });
    refused("inputs[3].name", "taken", |m| m["inputs"][3]["name"] = json!("outcome"));
    refused("scores.pd.model", "sees items", |m| {
        m["models"][0]["inputs"]["X"][2] = json!("item.margin");
    });
    refused("models[0].inputs.X[2]", "no input or feature", |m| {
        m["models"][0]["inputs"]["X"][2] = json!("item.colour");
    });
}
