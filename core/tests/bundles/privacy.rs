//! Personal values: shown only where they are asked for, and then as the masks say.

use scorebox_core::ErrorCode;
use scorebox_core::scorer::Scorer;
use scorebox_core::table;
use serde_json::{Value, json};

use crate::support::{Folder, decide, refuse, text_table};

fn customer() -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "customer", "type": "string", "personal": true, "mask": "hash"},
            {"name": "iban", "type": "string", "personal": true, "mask": "last4"},
            {"name": "card", "type": "integer", "personal": true, "mask": "last4"},
            {"name": "born", "type": "timestamp", "personal": true, "mask": "year", "max_age_days": 40000, "future": "refuse"},
            {"name": "postcode", "type": "string", "personal": true, "mask": {"prefix": 2}},
            {"name": "income", "type": "number", "personal": true, "mask": {"round": 500}, "min": 0, "unit": "EUR"},
            {"name": "note", "type": "string", "personal": true, "mask": "null", "allowed": ["a", "b"]},
            {"name": "name", "type": "string", "personal": true},
            {"name": "product", "type": "string"},
            {"name": "transactions", "type": "records", "max_records": 5, "fields": [
                {"name": "amount", "type": "number", "min": 0, "unit": "EUR"},
                {"name": "counterparty", "type": "string", "personal": true},
                {"name": "account", "type": "string", "personal": true, "mask": "last4"}
            ]}
        ],
        "features": [
            {"name": "rich", "type": "boolean", "expr": "income > 5000.0"},
            {"name": "peers", "type": "integer", "aggregate": {"from": "transactions", "function": "distinct", "value": "counterparty"}}
        ],
        "checks": [{"id": "unpaid", "when": "rich && transactions.size() == 0", "effect": "degrade", "fields": ["income"],
                    "text": {"en": "Income without payments"}}],
        "scores": {"load": {"expr": "double(peers) / 10.0", "optional": true}},
        "policy": {"hit_policy": "collect", "default": {"outcome": "approve"}, "rules": [
            {"id": "own", "when": "transactions.exists(t, t.counterparty == name)", "outcome": "review"}
        ]}
    }))
}

/// Values that nothing may repeat.
const CANARY: &str = "Xq7Zanzibar";

fn record() -> Value {
    json!({
        "customer": format!("{CANARY}-1"), "iban": format!("DE00{CANARY}4321"), "card": 7_777_888_899_990_001_i64,
        "born": "1977-07-17T07:07:07Z", "postcode": format!("80{CANARY}"), "income": 7_777.75,
        "note": format!("{CANARY}2"), "name": format!("{CANARY}3"), "product": "loan",
        "transactions": [{"amount": 1, "counterparty": format!("{CANARY}4"), "account": format!("{CANARY}9876")}]
    })
}

/// Fails where a text holds a personal value of [`record`].
fn assert_silent(text: &str) {
    for canary in [CANARY, "777788889999", "1977", "7777.75", "7777"] {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

fn request(record: &Value, echo: &Value, salt: &str) -> String {
    json!({"record": record, "now": "2026-11-23T09:00:00Z", "echo": echo, "salt": salt}).to_string()
}

#[test]
fn decisions_hold_no_personal_value() {
    let mut scorer = customer().load();
    let mut out = Vec::new();
    let mut broken = record();
    broken["born"] = json!("1977-07-17 17:77");
    broken["income"] = json!(-7_777.75);
    broken["card"] = json!("7777888899990001");
    broken["transactions"][0]["amount"] = json!(format!("{CANARY}5"));
    broken["transactions"][0]["extra"] = json!(CANARY);
    broken["extra"] = json!({"name": CANARY});
    for own in [record(), broken.clone(), json!({"born": "1777-07-17", "income": 1e300, "name": CANARY})] {
        scorer.score(request(&own, &Value::Null, "").as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(out.clone()).unwrap();
        assert_silent(&text.replace("sha256:", ""));
        assert!(!text.contains("\"record\""));
        // In a batch neither, and what a host asks to tell duplicates is no value either.
        let names: Vec<&String> = own.as_object().unwrap().keys().collect();
        let cells: Vec<String> = names
            .iter()
            .map(|name| {
                own[name.as_str()].as_str().map_or_else(|| own[name.as_str()].to_string(), str::to_owned)
            })
            .collect();
        let cells: Vec<[&str; 1]> = cells.iter().map(|cell| [cell.as_str()]).collect();
        let columns: Vec<(&str, &[&str])> =
            names.iter().zip(&cells).map(|(name, cell)| (name.as_str(), &cell[..])).collect();
        for options in ["{}", r#"{"output":"decisions"}"#] {
            scorer.score_table(&text_table(&columns), options.as_bytes(), &mut out).unwrap();
            assert_silent(&String::from_utf8_lossy(&out));
        }
    }
    assert_silent(&scorer.describe());
}

#[test]
fn errors_hold_no_personal_value() {
    let mut scorer = customer().load();
    let mut out = Vec::new();
    let long = format!("{{\"record\":{{\"name\":\"{}\"}}}}", CANARY.repeat(200_000));
    for broken in [
        &format!("{{\"record\":{{\"name\":\"{CANARY}\""),
        &format!("{{\"record\":{{\"name\":\"{CANARY}\",\"name\":\"{CANARY}\"}}}}"),
        &format!("{{\"record\":\"{CANARY}\"}}"),
        &format!("{{\"{CANARY}\":1,\"record\":{{}}}}"),
        &format!("{{\"record\":{{}},\"now\":\"{CANARY}\"}}"),
        &format!("{{\"record\":{{}},\"salt\":\"{CANARY}\"}}"),
        &format!("{{\"record\":{{}},\"echo\":[\"{CANARY}\"]}}"),
        &format!("{{\"record\":{{}},\"echo\":\"{CANARY}\"}}"),
        &format!("{{\"record\":{{}},\"lang\":[\"{CANARY}\"]}}"),
        &format!("{{\"record\":{{}},\"state\":\"{CANARY}\"}}"),
        &format!("{{\"record\":{{}},\"held\":\"{CANARY}\"}}"),
        &format!("{{\"record\":{{\"name\":\"{CANARY}\\ud800\"}}}}"),
        &long,
    ] {
        let error = scorer.score(broken.as_bytes(), &mut out).unwrap_err();
        assert_silent(&error.to_string());
        let error =
            scorer.score_table(&text_table(&[("name", &[CANARY])]), broken.as_bytes(), &mut out).unwrap_err();
        assert_silent(&error.to_string());
    }
    let twice = text_table(&[("name", &[CANARY]), ("name", &[CANARY])]);
    assert_silent(&scorer.score_table(&twice, b"", &mut out).unwrap_err().to_string());
}

#[test]
fn what_is_asked_for_is_shown_as_the_masks_say() {
    let mut scorer = customer().load();
    let shown = |scorer: &mut Scorer, echo: Value, salt: &str| {
        decide(scorer, &request(&record(), &echo, salt))["record"].clone()
    };
    let all = shown(&mut scorer, json!(true), "00ff");
    let hash = all["customer"].as_str().unwrap().to_owned();
    assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    assert_eq!(
        all,
        json!({
            "customer": hash, "iban": "…4321", "card": "…0001", "born": 1977, "postcode": "80…", "income": 8_000,
            "note": null, "name": null, "product": "loan",
            "transactions": [{"amount": 1, "counterparty": null, "account": "…9876"}]
        })
    );
    // By name, a personal field without a mask is shown; one with a mask keeps it.
    let named = shown(&mut scorer, json!(["name", "iban", "note"]), "00ff");
    assert_eq!(named, json!({"iban": "…4321", "note": null, "name": format!("{CANARY}3")}));
    assert_eq!(named.as_object().unwrap().len(), 3, "only what was asked for");
    // A hash without a salt could be guessed, and another salt gives another one.
    assert_eq!(shown(&mut scorer, json!(["customer"]), ""), json!({"customer": null}));
    assert_eq!(shown(&mut scorer, json!(["customer"]), "00ff"), json!({ "customer": hash }));
    assert_ne!(shown(&mut scorer, json!(["customer"]), "00fe"), json!({ "customer": hash }));
    assert_eq!(shown(&mut scorer, json!(false), "00ff"), Value::Null);
    assert_eq!(shown(&mut scorer, json!([]), "00ff"), json!({}));
}

#[test]
fn masks_of_short_values_show_nothing() {
    let mut scorer = customer().load();
    for (field, value, expected) in [
        ("iban", json!("1234567"), json!(null)),
        ("iban", json!("12345678"), json!("…5678")),
        ("card", json!(1_234_567), json!(null)),
        ("postcode", json!("80"), json!(null)),
        ("postcode", json!("801"), json!("80…")),
        ("postcode", json!("漢字仮名"), json!("漢字…")),
        ("income", json!(249), json!(0)),
        ("income", json!(250), json!(500)),
        ("born", json!(null), json!(null)),
        ("transactions", json!([]), json!([])),
        ("transactions", json!(null), json!(null)),
    ] {
        let mut record = json!({});
        record[field] = value;
        let decision = decide(&mut scorer, &request(&record, &json!([field]), "00"));
        assert_eq!(decision["record"][field], expected, "{record}");
    }
}

#[test]
fn decisions_are_the_same_with_and_without_what_is_shown() {
    let mut scorer = customer().load();
    let (mut plain, mut shown) = (Vec::new(), Vec::new());
    scorer.score(request(&record(), &Value::Null, "00").as_bytes(), &mut plain).unwrap();
    scorer.score(request(&record(), &json!(["product"]), "00").as_bytes(), &mut shown).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    assert_eq!(
        String::from_utf8(shown).unwrap(),
        format!("{},\"record\":{{\"product\":\"loan\"}}}}", plain.strip_suffix('}').unwrap())
    );
    // In a batch it is a column of its own.
    let table = text_table(&[("product", &["loan", ""]), ("name", &[CANARY, "b"])]);
    for options in [r#"{"echo":["product"],"output":"decisions"}"#, r#"{"echo":["product"]}"#] {
        let mut out = Vec::new();
        scorer.score_table(&table, options.as_bytes(), &mut out).unwrap();
        assert_silent(&String::from_utf8_lossy(&out));
        let answers = table::read(&out).unwrap();
        let column = answers.entries().iter().find(|entry| entry.name() == "record").unwrap();
        assert_eq!([0, 1].map(|row| column.text(row)), ["{\"product\":\"loan\"}", "{\"product\":null}"]);
    }
    let error = scorer.score_table(&table, br#"{"echo":["produkt"]}"#, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "echo[0]"));
}

#[test]
fn what_would_show_a_personal_value_is_refused_when_packing() {
    let score = |expr: &str, kind: &str| {
        let (expr, kind) = (expr.to_owned(), kind.to_owned());
        customer().edit(move |m| m["scores"]["shown"] = json!({"expr": expr, "type": kind, "optional": true}))
    };
    for (expr, kind, of) in [
        ("income", "number", "income"),
        ("income * 12.0 + 1.0", "number", "income"),
        ("math.round(-income)", "number", "income"),
        ("rich ? income : 0.0", "number", "income"),
        ("double(card)", "number", "card"),
        ("math.greatest(income, 0.0)", "number", "income"),
        ("name", "string", "name"),
        ("'customer ' + name", "string", "name"),
        ("name.upperAscii().substring(1)", "string", "name"),
        ("'%s'.format([name])", "string", "name"),
        ("[name, product].join(' ')", "string", "name"),
        ("string(born)", "string", "born"),
        ("cel.bind(x, name, x)", "string", "name"),
        ("transactions[0].counterparty", "string", "transactions.counterparty"),
        ("transactions.map(t, t.account)[0]", "string", "transactions.account"),
    ] {
        let says = format!("would show `{of}`, which is personal");
        refuse(&score(expr, kind), ErrorCode::RuleInvalid, "scores.shown.expr", &says);
    }
    for (expr, kind) in [
        ("income > 3000.0 ? 1.0 : 0.0", "number"),
        ("income / transactions[0].amount", "number"),
        ("name == 'x' ? 'known' : 'unknown'", "string"),
        ("double(born.getFullYear())", "number"),
        ("double(size(name))", "number"),
        ("product", "string"),
    ] {
        score(expr, kind).pack().unwrap_or_else(|error| panic!("{expr}: {error}"));
    }
    // Through features too; and where one may be shown, it can be said.
    let by_feature = |expr: &str, personal: Value| {
        let expr = expr.to_owned();
        customer().edit(move |m| {
            let feature = json!({"name": "who", "type": "string", "expr": expr, "personal": personal});
            m["features"].as_array_mut().unwrap().push(feature);
            m["scores"]["shown"] = json!({"expr": "who", "type": "string", "optional": true});
        })
    };
    refuse(
        &by_feature("name.trim()", json!(null)),
        ErrorCode::RuleInvalid,
        "scores.shown.expr",
        "would show `name`",
    );
    by_feature("name.trim()", json!(false)).load();
    by_feature("rich ? 'a' : 'b'", json!(null)).load();
    refuse(
        &by_feature("rich ? 'a' : 'b'", json!(true)),
        ErrorCode::RuleInvalid,
        "scores.shown.expr",
        "would show `who`",
    );
    let view = |field: Value| customer().edit(|m| m["view"] = json!({ "fields": [field] }));
    refuse(
        &view(json!({"name": "income"})),
        ErrorCode::RuleInvalid,
        "view.fields[0].name",
        "would show `income`",
    );
    refuse(
        &view(json!({"name": "pay", "expr": "income / 12.0"})),
        ErrorCode::RuleInvalid,
        "view.fields[0].expr",
        "would show `income`",
    );
}

#[test]
fn masks_are_checked_when_packing() {
    let mask = |at: usize, mask: Value, says: &str| {
        let folder = customer().edit(|m| m["inputs"][at]["mask"] = mask);
        refuse(&folder, ErrorCode::ManifestInvalid, &format!("inputs[{at}].mask"), says);
    };
    mask(5, json!("last4"), "`last4` for texts and integers");
    mask(0, json!("year"), "`year` for timestamps");
    mask(9, json!("hash"), "`hash` is for single values");
    mask(0, json!({"round": 10}), "`round` for numbers");
    mask(5, json!({"round": 0}), "greater than 0");
    mask(4, json!({"prefix": 0}), "at least one character");
    mask(4, json!("last5"), "unknown variant `last5`");
}

#[test]
fn the_report_tells_what_is_used_for_what() {
    let folder = Folder::of(json!({
        "inputs": [
            {"name": "income", "type": "number", "required": true, "personal": true},
            {"name": "debt", "type": "number"},
            {"name": "shoe_size", "type": "number", "personal": true},
            {"name": "id", "type": "string", "required": true, "personal": true},
            {"name": "age", "type": "integer", "personal": true},
            {"name": "region", "type": "string"},
            {"name": "bonus", "type": "number"},
            {"name": "tx", "type": "records", "fields": [
                {"name": "at", "type": "timestamp"}, {"name": "amount", "type": "number"},
                {"name": "shop", "type": "string", "personal": true}, {"name": "lane", "type": "integer"}
            ]}
        ],
        "features": [
            {"name": "ratio", "type": "number", "ratio": {"of": "debt", "by": "income"}},
            {"name": "spend", "type": "number", "aggregate": {"from": "tx", "function": "sum", "value": "amount", "window_days": 30}},
            {"name": "idle", "type": "number", "expr": "bonus"},
            {"name": "zero", "type": "number", "expr": "0.0"}
        ],
        "duplicates": {"key": ["id"]},
        "models": [{"id": "m", "file": "model.onnx", "inputs": {"X": ["ratio", "spend", "zero"]},
                    "output": {"name": "probability", "kind": "probability"}}],
        "scores": {"pd": {"model": "m"}},
        "policy": {"hit_policy": "first", "default": {"outcome": "approve"},
                   "rules": [{"id": "young", "when": "age < 18", "outcome": "decline"}]},
        "checks": [{"id": "abroad", "when": "region == 'xx'", "effect": "degrade"}]
    }))
    .with("model.onnx", crate::support::LINEAR);
    let about: Value = serde_json::from_str(&folder.load().describe()).unwrap();
    let report = &about["data_use"];
    assert_eq!(report["never"], json!(["shoe_size", "bonus", "tx.shop", "tx.lane"]));
    assert_eq!(report["only_quality"], json!(["id", "region"]));
    assert_eq!(report["only_rules"], json!(["age"]));
    assert_eq!(report["only_models"], json!(["income", "debt", "tx.at", "tx.amount", "tx"]));
    assert_eq!(report["only_reasons"], json!([]));
    assert_eq!(
        report["inputs"][0],
        json!({
            "name": "income", "personal": true, "used_by": ["quality", "models"], "features": ["ratio"], "checks": [],
            "models": ["m"]
        })
    );
    assert_eq!(report["inputs"][5]["checks"], json!(["abroad"]));
    assert_eq!(
        report["inputs"][7]["fields"][2],
        json!({
            "name": "shop", "personal": true, "used_by": [], "features": [], "checks": [], "models": []
        })
    );
    // A feature that nothing uses does not make its input useful, and shows up itself.
    assert_eq!(report["features_never"], json!(["idle"]));
    assert_eq!(report["inputs"][6]["features"], json!(["idle"]));
    assert_eq!(report["inputs"][6]["used_by"], json!([]));
}
