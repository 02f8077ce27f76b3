//! Lists of records as inputs: read from JSON and from tables, judged record by record, seen by rules.

use scorebox_core::ErrorCode;
use scorebox_core::scorer::Scorer;
use scorebox_core::table::Writer;
use serde_json::{Value, json};

use crate::support::{Folder, decide, decide_table, issues, refuse, text_table};

fn account() -> Folder {
    Folder::of(json!({
        "inputs": [
            {"name": "home", "type": "string"},
            {"name": "transactions", "type": "records", "max_records": 8, "fields": [
                {"name": "at", "type": "timestamp", "required": true, "missing": "degrade",
                 "max_age_days": 90, "future": "refuse"},
                {"name": "amount", "type": "number", "required": true, "missing": "degrade", "min": 0,
                 "max": 1e6, "unit": "EUR"},
                {"name": "kind", "type": "string", "allowed": ["card", "cash"]},
                {"name": "online", "type": "boolean"},
                {"name": "count", "type": "integer"}
            ]}
        ],
        "policy": {
            "hit_policy": "collect", "default": {"outcome": "approve"}, "on_error": "review",
            "rules": [
                {"id": "large", "when": "transactions.exists(t, t.amount > 900.0)", "outcome": "review"},
                {"id": "many", "when": "transactions.size() > 2", "outcome": "review"},
                {"id": "odd", "when": "transactions.exists(t, has(t.kind) && t.kind != 'card')",
                 "outcome": "decline"},
                {"id": "bad", "when": "quality_issues.exists(i, i.endsWith('.amount:missing'))",
                 "outcome": "decline"}
            ]
        }
    }))
}

fn score(scorer: &mut Scorer, record: &Value) -> Value {
    let request = json!({"record": record, "now": "2026-11-23T09:00:00Z"});
    decide(scorer, &request.to_string())
}

fn of(scorer: &mut Scorer, transactions: &Value) -> Value {
    score(scorer, &json!({"home": "DE", "transactions": transactions}))
}

fn sound(amount: f64) -> Value {
    json!({"at": "2026-11-20T10:00:00Z", "amount": amount, "kind": "card", "online": true, "count": 1})
}

#[test]
fn rules_see_the_records() {
    let mut scorer = account().load();
    for (transactions, outcome, fired) in [
        (json!([]), "approve", json!([])),
        (json!([sound(900.0)]), "approve", json!([])),
        (json!([sound(900.5)]), "review", json!(["large"])),
        (json!([sound(1.0), sound(2.0), sound(3.0)]), "review", json!(["many"])),
        (json!([{"at": "2026-11-20T10:00:00Z", "amount": 1, "kind": "cash"}]), "decline", json!(["odd"])),
        (json!([{"at": "2026-11-20T10:00:00Z", "amount": 1}]), "approve", json!([])),
    ] {
        let decision = of(&mut scorer, &transactions);
        assert_eq!(
            (&decision["outcome"], &decision["policy"]["fired"]),
            (&json!(outcome), &fired),
            "{transactions}"
        );
        assert_eq!(decision["quality"]["verdict"], "ok", "{decision}");
    }
    // No list is no empty list: what loops over it has no value.
    let decision = score(&mut scorer, &json!({}));
    assert_eq!((&decision["outcome"], &decision["quality"]["verdict"]), (&json!("review"), &json!("ok")));
    assert_eq!(decision["policy"]["trace"][0]["result"], "error");
}

#[test]
fn a_flaw_names_its_record_and_field() {
    let mut scorer = account().load();
    let day = |day: &str| json!({"at": day, "amount": 1});
    for (transactions, verdict, found) in [
        (json!([sound(1.0), {"at": "2026-11-20"}]), "degraded", vec!["transactions[1].amount:missing"]),
        (
            json!([{"at": "2026-11-20", "amount": -1}]),
            "degraded",
            vec!["transactions[0].amount:out_of_range"],
        ),
        (json!([{"at": "2026-11-20", "amount": "1"}]), "degraded", vec!["transactions[0].amount:wrong_type"]),
        (
            json!([sound(1.0), {"at": "x", "amount": 1, "kind": "gift"}]),
            "degraded",
            vec!["transactions[1].at:wrong_type", "transactions[1].kind:unknown_value"],
        ),
        (json!([day("2026-08-25T09:00:00Z")]), "ok", vec![]),
        (json!([day("2026-08-25T08:59:59.999Z")]), "degraded", vec!["transactions[0].at:stale"]),
        (json!([day("2026-11-23T09:00:00Z")]), "ok", vec![]),
        (json!([day("2026-11-23T09:00:00.001Z")]), "refuse", vec!["transactions[0].at:future"]),
        (
            json!([1, null, sound(1.0)]),
            "degraded",
            vec!["transactions[0]:wrong_type", "transactions[1]:wrong_type"],
        ),
        (json!("none"), "degraded", vec!["transactions:wrong_type"]),
        (json!({}), "degraded", vec!["transactions:wrong_type"]),
        (json!(vec![sound(1.0); 8]), "ok", vec![]),
        (json!(vec![sound(1.0); 9]), "refuse", vec!["transactions:too_many"]),
        (
            json!([{"at": "2026-11-20", "amount": 1, "shop": "x", "till": null}]),
            "ok",
            vec!["transactions[*].shop:unknown_field"],
        ),
    ] {
        let decision = of(&mut scorer, &transactions);
        assert_eq!(issues(&decision), found, "{transactions}");
        assert_eq!(decision["quality"]["verdict"], verdict, "{transactions}");
    }
    // Without a time nothing can be compared with it.
    let request = json!({"record": {"transactions": []}});
    assert_eq!(issues(&decide(&mut scorer, &request.to_string())), ["now:missing"]);
}

#[test]
fn many_flaws_of_a_kind_are_told_together() {
    let mut scorer = account().load();
    let decision = of(&mut scorer, &json!(vec![json!({"at": "2026-11-20", "shop": 1}); 7]));
    assert_eq!(
        issues(&decision),
        [
            "transactions[0].amount:missing",
            "transactions[1].amount:missing",
            "transactions[2].amount:missing",
            "transactions[3].amount:missing",
            "transactions[*].amount:missing",
            "transactions[*].shop:unknown_field",
        ]
    );
    let all = decision["quality"]["issues"].as_array().unwrap();
    assert_eq!(all[0], json!({"field": "transactions[0].amount", "issue": "missing"}));
    assert_eq!(all[4], json!({"field": "transactions[*].amount", "issue": "missing", "records": 7}));
    assert_eq!(all[5]["records"], 7);
    assert_eq!(decision["outcome"], "decline", "a rule sees the issues");
}

#[test]
fn a_list_may_be_json_in_a_table() {
    let mut scorer = account().load();
    let lists = [
        json!([sound(1.0)]).to_string(),
        String::new(),
        " [] ".into(),
        "null".into(),
        "[{]".into(),
        "7".into(),
        json!([{"at": "2026-11-20"}]).to_string(),
        format!("[\"{}\"]", "x".repeat(1 << 20)),
    ];
    let table = text_table(&[("transactions", &lists.each_ref().map(String::as_str))]);
    let options = r#"{"output":"decisions","now":"2026-11-23T09:00:00Z"}"#;
    let decisions = decide_table(&mut scorer, &table, options);
    let found: Vec<String> = decisions.iter().map(|decision| issues(decision).join(" ")).collect();
    let wrong = "transactions:wrong_type";
    assert_eq!(
        found,
        ["", "", "", "", wrong, wrong, "transactions[0].amount:missing", "transactions:too_many"]
    );
    // The same record gives the same decision, digest and all.
    let json = score(&mut scorer, &json!({"transactions": [sound(1.0)]}));
    assert_eq!(decisions[0], json);
    // A column of numbers holds no lists; NaN is missing as everywhere.
    let mut writer = Writer::default();
    writer.column("transactions", &[1.0, f64::NAN], None);
    let mut numbers = Vec::new();
    writer.finish(2, &mut numbers).unwrap();
    let found: Vec<_> = decide_table(&mut scorer, &numbers, options).iter().map(issues).collect();
    assert_eq!(found, [vec![wrong.to_owned()], vec![]]);
}

#[test]
fn the_digest_covers_the_records() {
    let mut scorer = account().load();
    let mut digest = |transactions: Value| of(&mut scorer, &transactions)["digests"]["input"].clone();
    let one = digest(json!([{"amount": 1, "at": "2026-11-20"}]));
    assert_eq!(one, digest(json!([{"at": "2026-11-20T00:00:00Z", "amount": 1.0, "kind": null}])));
    for other in [json!([]), json!(null), json!([{"amount": 2, "at": "2026-11-20"}]), json!([{}])] {
        assert_ne!(one, digest(other.clone()), "{other}");
    }
    assert_ne!(digest(json!([])), digest(json!(null)));
}

/// Pseudo-random numbers for hostile records: always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Any JSON, mostly near what a list of transactions looks like.
fn hostile(dice: &mut Dice, depth: usize) -> Value {
    match dice.roll(if depth == 0 { 8 } else { 11 }) {
        0 => Value::Null,
        1 => json!(dice.roll(2) == 0),
        2 => json!(dice.roll(1_000) as f64 - 500.25),
        3 => json!(i64::MAX - dice.roll(3) as i64),
        4 => json!(
            ["card", "cash", "", "2026-11-20T10:00:00Z", "9999-12-31T23:59:59Z", "\u{0}", "é"][dice.roll(7)]
        ),
        5 => json!(1e308),
        6 => json!(-1e-320),
        7 => json!(u64::MAX),
        8 => Value::Array((0..dice.roll(6)).map(|_| hostile(dice, depth - 1)).collect()),
        _ => {
            let names = ["at", "amount", "kind", "online", "count", "x", "amount ", "AT"];
            (0..dice.roll(6)).map(|_| (names[dice.roll(8)].to_owned(), hostile(dice, depth - 1))).collect()
        }
    }
}

#[test]
fn hostile_lists_give_decisions() {
    let mut scorer = account().load();
    let mut dice = Dice(7);
    let mut verdicts = std::collections::BTreeMap::new();
    for _ in 0..2_000 {
        let transactions = match dice.roll(4) {
            0 => hostile(&mut dice, 3),
            _ => Value::Array((0..dice.roll(10)).map(|_| hostile(&mut dice, 2)).collect()),
        };
        let decision = of(&mut scorer, &transactions);
        let all = issues(&decision);
        assert!(all.len() < 120, "{} issues", all.len());
        let list = transactions.as_array().filter(|list| list.len() <= 8);
        let is_sound = list.is_some_and(|list| list.iter().all(Value::is_object));
        assert!(is_sound || transactions.is_null() || !all.is_empty(), "{transactions}");
        *verdicts.entry(decision["quality"]["verdict"].to_string()).or_insert(0) += 1;
        // As a table the same list gives the same decision.
        if !transactions.is_null() {
            let text = transactions.to_string();
            let table = text_table(&[("home", &["DE"]), ("transactions", &[&text])]);
            let options = r#"{"output":"decisions","now":"2026-11-23T09:00:00Z"}"#;
            let row = decide_table(&mut scorer, &table, options).remove(0);
            assert_eq!(row, decision, "{text}");
        }
    }
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
}

#[test]
fn the_longest_lists_have_bounded_cost() {
    let mut scorer = account().edit(|m| m["inputs"][1]["max_records"] = json!(10_000)).load();
    let names: serde_json::Map<_, _> = (0..2_000).map(|at| (format!("f{at}"), json!(1))).collect();
    let decision = of(&mut scorer, &json!([names]));
    assert_eq!(
        decision["quality"]["issues"].as_array().unwrap().len(),
        2 + 32,
        "required fields and some names"
    );
    let decision = of(&mut scorer, &json!(vec![json!({}); 10_000]));
    assert_eq!(issues(&decision).len(), 10);
    let decision = of(&mut scorer, &json!(vec![json!({}); 10_001]));
    assert_eq!(issues(&decision), ["transactions:too_many"]);
}

#[test]
fn lists_are_checked_when_packing() {
    let invalid = |change: &dyn Fn(&mut Value), path: &str, says: &str| {
        refuse(&account().edit(change), ErrorCode::ManifestInvalid, path, says);
    };
    invalid(&|m| m["inputs"][1]["fields"] = json!([]), "inputs[1].fields", "1 to 64 `fields`");
    invalid(
        &|m| m["inputs"][0]["fields"] = json!([{"name": "a", "type": "number"}]),
        "inputs[0].fields",
        "of type `records`",
    );
    invalid(&|m| m["inputs"][1]["max_records"] = json!(10_001), "inputs[1].max_records", "1 to 10000");
    invalid(&|m| m["inputs"][1]["max_records"] = json!(0), "inputs[1].max_records", "1 to 10000");
    invalid(&|m| m["inputs"][1]["too_many"] = json!("accept"), "inputs[1].too_many", "never accepted");
    invalid(&|m| m["inputs"][0]["max_records"] = json!(1), "inputs[0].max_records", "of type `records`");
    invalid(&|m| m["inputs"][1]["fields"][1]["name"] = json!("at"), "inputs[1].fields[1].name", "used twice");
    invalid(
        &|m| m["inputs"][1]["fields"][1]["name"] = json!("a b"),
        "inputs[1].fields[1].name",
        "is no name",
    );
    invalid(
        &|m| {
            m["inputs"][1]["fields"][1] =
                json!({"name": "x", "type": "records", "fields": [{"name": "y", "type": "number"}]});
        },
        "inputs[1].fields[1].type",
        "do not nest",
    );
    invalid(
        &|m| m["inputs"][1]["fields"][1]["source"] = json!("a"),
        "inputs[1].fields[1].source",
        "not for the fields",
    );
    invalid(
        &|m| m["inputs"][1]["fields"][1]["max_age_days"] = json!(1),
        "inputs[1].fields[1].max_age_days",
        "for timestamps",
    );
    invalid(
        &|m| m["inputs"][1]["fields"][0]["max_age_days"] = json!(0),
        "inputs[1].fields[0].max_age_days",
        "greater than 0",
    );
    invalid(
        &|m| m["inputs"][1]["fields"][0]["max_ahead_days"] = json!(-1),
        "inputs[1].fields[0].max_ahead_days",
        "0 or more",
    );
    invalid(&|m| m["inputs"][1]["min"] = json!(1), "inputs[1].min", "numbers and integers");
    invalid(
        &|m| m["inputs"][1]["allowed"] = json!([1]),
        "inputs[1].allowed",
        "strings, integers and booleans",
    );
    invalid(
        &|m| m["features"] = json!([{"name": "f", "type": "records", "expr": "transactions"}]),
        "features[0].type",
        "for inputs",
    );
}

#[test]
fn rules_on_records_are_checked_when_packing() {
    let rule = |when: &str, says: &str| {
        let folder = account().edit(|m| m["policy"]["rules"][0]["when"] = json!(when));
        refuse(&folder, ErrorCode::RuleInvalid, "policy.rules[0].when", says);
    };
    rule("transactions.exists(t, t.amuont > 1.0)", "no field \"amuont\"; did you mean \"amount\"?");
    rule(
        "transactions.filter(t, t.online).exists(t, t.price > 1.0)",
        "known are at, amount, kind, online, count",
    );
    rule("transactions[0].shop == 'x'", "the records of transactions have no field \"shop\"");
    rule("transactions.exists(t, has(t.shop))", "have no field \"shop\"");
    rule("transactions.exists(t, t.amount == 'x')", "never equal");
    rule("transactions.exists(t, t.at > 3)", "no order");
    rule("transactions.amount > 1.0", "has no fields");
}
