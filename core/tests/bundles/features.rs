//! Features: aggregates over lists of records, guarded ratios, bins, weights of evidence, units.

use serde_json::{Value, json};

use crate::support::{Folder, decide};

const NOW: &str = "2026-11-23T09:00:00Z";

/// A bundle of these features, each of which is also a score of the name `<name>_score`.
pub(crate) fn bundle(features: &Value) -> Folder {
    let mut scores = json!({});
    for feature in features.as_array().unwrap() {
        let name = feature["name"].as_str().unwrap();
        let (kind, expr) = match feature["type"].as_str().unwrap() {
            "number" => ("number", name.to_owned()),
            "integer" => ("number", format!("double({name})")),
            "string" => ("string", name.to_owned()),
            _ => ("string", format!("string({name})")),
        };
        scores[format!("{name}_score")] = json!({"expr": expr, "type": kind, "optional": true});
    }
    Folder::of(json!({
        "inputs": [
            {"name": "income", "type": "number", "unit": "EUR a month"},
            {"name": "debt", "type": "number", "unit": "EUR"},
            {"name": "salary_year", "type": "number", "unit": "EUR a year"},
            {"name": "age", "type": "integer", "unit": "years"},
            {"name": "job", "type": "string"},
            {"name": "home", "type": "string"},
            {"name": "owner", "type": "boolean"},
            {"name": "amount", "type": "number", "unit": "points"},
            {"name": "tx", "type": "records", "fields": [
                {"name": "at", "type": "timestamp"},
                {"name": "amount", "type": "number", "unit": "EUR"},
                {"name": "kind", "type": "string"},
                {"name": "country", "type": "string"},
                {"name": "items", "type": "integer"},
                {"name": "online", "type": "boolean"}
            ]},
            {"name": "loans", "type": "records", "fields": [
                {"name": "opened", "type": "timestamp"}, {"name": "closed", "type": "timestamp"},
                {"name": "balance", "type": "number", "unit": "EUR"}
            ]}
        ],
        "features": features,
        "scores": scores
    }))
}

/// What these features give for a record.
fn values(features: &Value, record: &Value) -> Vec<Value> {
    let mut scorer = bundle(features).load();
    let decision = decide(&mut scorer, &json!({"record": record, "now": NOW}).to_string());
    assert_eq!(decision["quality"]["verdict"], "ok", "{decision}");
    let names = features.as_array().unwrap().iter().map(|feature| feature["name"].as_str().unwrap());
    // Decisions write 7.0 as 7; here all numbers are doubles.
    let double = |value: &Value| value.as_f64().map_or_else(|| value.clone(), |number| json!(number));
    names.map(|name| double(&decision["scores"][format!("{name}_score")])).collect()
}

fn aggregate(kind: &str, aggregate: &Value) -> Value {
    json!([{"name": "f", "type": kind, "aggregate": aggregate}])
}

fn transactions() -> Value {
    json!({"home": "DE", "debt": 100.0, "tx": [
        {"at": "2026-11-23T09:00:00Z", "amount": 10, "kind": "card", "country": "DE", "items": 1, "online": true},
        {"at": "2026-11-22T09:00:00Z", "amount": 20, "kind": "cash", "country": "FR", "items": 2, "online": false},
        {"at": "2026-11-16T09:00:00Z", "amount": 40.5, "kind": "card", "country": "DE", "items": 3},
        {"at": "2026-10-24T09:00:00Z", "amount": 80, "kind": "card", "country": "PL", "online": true},
        {"at": "2026-09-24T09:00:00Z", "kind": "cash", "country": "DE", "items": 7},
        {"amount": -5, "kind": "card", "items": 1},
        {"at": "2026-11-23T09:00:01Z", "amount": 1000, "kind": "late", "country": "XX", "items": 0}
    ]})
}

#[test]
fn aggregates_make_one_value_of_the_records() {
    let record = transactions();
    for (kind, own, expected) in [
        ("integer", json!({"function": "count"}), json!(7.0)),
        ("integer", json!({"function": "count", "value": "amount"}), json!(6.0)),
        ("number", json!({"function": "count", "where": "kind == 'card'"}), json!(4.0)),
        ("number", json!({"function": "sum", "value": "amount"}), json!(1145.5)),
        ("integer", json!({"function": "sum", "value": "items"}), json!(14.0)),
        ("number", json!({"function": "sum", "value": "amount", "where": "kind == 'none'"}), json!(0.0)),
        (
            "number",
            json!({"function": "sum", "value": "amount * double(items)", "where": "kind != 'late'"}),
            json!(10.0 + 40.0 + 121.5 - 5.0),
        ),
        ("number", json!({"function": "mean", "value": "amount", "where": "country == 'DE'"}), json!(25.25)),
        ("number", json!({"function": "mean", "value": "amount", "where": "kind == 'none'"}), json!(null)),
        ("number", json!({"function": "min", "value": "amount"}), json!(-5.0)),
        ("integer", json!({"function": "max", "value": "items"}), json!(7.0)),
        ("timestamp", json!({"function": "max", "value": "at"}), json!("2026-11-23T09:00:01Z")),
        (
            "number",
            json!({"function": "std", "value": "items", "where": "items > 0 && items < 4"}),
            json!((11.0_f64 / 12.0).sqrt()),
        ),
        ("number", json!({"function": "std", "value": "amount", "where": "kind == 'late'"}), json!(null)),
        ("integer", json!({"function": "distinct", "value": "country"}), json!(4.0)),
        ("integer", json!({"function": "distinct", "value": "online"}), json!(2.0)),
        ("integer", json!({"function": "distinct", "value": "items % 2"}), json!(2.0)),
        ("number", json!({"function": "share_of_count", "where": "kind == 'cash'"}), json!(2.0 / 7.0)),
        (
            "number",
            json!({"function": "share_of_sum", "value": "items", "where": "kind == 'cash'"}),
            json!(9.0 / 14.0),
        ),
        ("string", json!({"function": "first", "value": "country"}), json!("DE")),
        ("string", json!({"function": "last", "value": "kind"}), json!("late")),
        ("boolean", json!({"function": "last", "value": "online"}), json!("true")),
        ("number", json!({"function": "last", "value": "amount", "where": "kind == 'card'"}), json!(10.0)),
        // The window ends at now, which is inside; its beginning is outside.
        ("integer", json!({"function": "count", "window_days": 1}), json!(1.0)),
        ("integer", json!({"function": "count", "window_hours": 24.001}), json!(2.0)),
        ("number", json!({"function": "sum", "value": "amount", "window_days": 30}), json!(70.5)),
        ("number", json!({"function": "sum", "value": "amount", "window_days": 30.5}), json!(150.5)),
        ("integer", json!({"function": "count", "window_days": 30, "before_days": 30}), json!(1.0)),
        ("integer", json!({"function": "count", "window_days": 30, "before_days": 1}), json!(3.0)),
        (
            "number",
            json!({"function": "share_of_count", "where": "online", "window_days": 8}),
            json!(1.0 / 3.0),
        ),
        ("number", json!({"function": "days_since_last"}), json!(0.0)),
        ("number", json!({"function": "days_since_last", "where": "kind == 'cash'"}), json!(1.0)),
        ("number", json!({"function": "hours_since_last", "where": "kind == 'cash'"}), json!(24.0)),
        ("number", json!({"function": "days_since_first"}), json!(60.0)),
        ("number", json!({"function": "days_since_last", "where": "kind == 'late'"}), json!(null)),
        // A field hides an input of its name; the others are there, and so is the time.
        ("integer", json!({"function": "count", "where": "amount > 15.0"}), json!(4.0)),
        ("integer", json!({"function": "count", "where": "country != home"}), json!(4.0)),
        ("integer", json!({"function": "count", "where": "amount > debt"}), json!(1.0)),
        ("integer", json!({"function": "count", "where": "at > now - duration('48h')"}), json!(3.0)),
        // A missing field selects nothing; any other fault leaves no value.
        ("integer", json!({"function": "count", "where": "items > 0"}), json!(5.0)),
        ("integer", json!({"function": "count", "where": "10 / items > 3"}), json!(null)),
        ("integer", json!({"function": "count", "where": "10 / items > 3", "window_days": 1}), json!(1.0)),
        ("number", json!({"function": "sum", "value": "double(10 / items)"}), json!(null)),
    ] {
        let mut own = own;
        own["from"] = json!("tx");
        let found = values(&aggregate(kind, &own), &record);
        assert_eq!(found, [expected], "{own}");
    }
}

#[test]
fn no_list_is_not_an_empty_one() {
    let count = aggregate("integer", &json!({"from": "tx", "function": "count"}));
    assert_eq!(values(&count, &json!({"tx": []})), [json!(0.0)]);
    assert_eq!(values(&count, &json!({})), [json!(null)]);
    let mut with_default = count;
    with_default[0]["default"] = json!(-1);
    assert_eq!(values(&with_default, &json!({})), [json!(-1.0)]);
    let since = aggregate("number", &json!({"from": "tx", "function": "days_since_last"}));
    assert_eq!(values(&since, &json!({"tx": [{"amount": 1}]})), [json!(null)]);
    // Times that are equal are ordered as the list is.
    let at = |kind: &str| json!({"at": "2026-11-20", "kind": kind});
    for (function, expected) in [("first", "a"), ("last", "c")] {
        let own = aggregate("string", &json!({"from": "tx", "function": function, "value": "kind"}));
        assert_eq!(values(&own, &json!({"tx": [at("a"), at("b"), at("c")]})), [json!(expected)]);
    }
    // Whole numbers never wrap.
    let sum = aggregate("integer", &json!({"from": "tx", "function": "sum", "value": "items"}));
    let large = json!({"tx": [{"items": i64::MAX}, {"items": 1}]});
    assert_eq!(values(&sum, &large), [json!(null)]);
}

#[test]
fn records_of_one_row_do_not_touch_another() {
    let features = json!([
        {"name": "n", "type": "integer", "aggregate": {"from": "tx", "function": "count", "where": "country != home"}},
        {"name": "s", "type": "number", "aggregate": {"from": "tx", "function": "sum", "value": "amount", "window_days": 7}}
    ]);
    let mut scorer = bundle(&features).load();
    let rows: Vec<Value> = (0..300)
        .map(|row| {
            let tx: Vec<Value> = (0..row % 7)
                .map(|at| {
                    json!({"at": format!("2026-11-{:02}", 10 + at * 2), "amount": f64::from(row + at),
                                 "country": if at % 2 == 0 { "DE" } else { "FR" }})
                })
                .collect();
            json!({"home": if row % 3 == 0 { "DE" } else { "FR" }, "tx": tx})
        })
        .collect();
    let texts: Vec<String> = rows.iter().map(|row| row["tx"].to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let homes: Vec<&str> = rows.iter().map(|row| row["home"].as_str().unwrap()).collect();
    let table = crate::support::text_table(&[("home", &homes), ("tx", &texts)]);
    let options = format!("{{\"output\":\"decisions\",\"now\":\"{NOW}\"}}");
    let batch = crate::support::decide_table(&mut scorer, &table, &options);
    for (row, decision) in rows.iter().zip(batch) {
        assert_eq!(decide(&mut scorer, &json!({"record": row, "now": NOW}).to_string()), decision, "{row}");
    }
}

#[test]
fn a_costly_condition_costs_its_row_only() {
    // Each record compares a long text with itself turned around: far past a row's budget.
    let features =
        aggregate("integer", &json!({"from": "tx", "function": "count", "where": "home.reverse() == home"}));
    let mut scorer = bundle(&features).load();
    let request = |home: &str, records: usize| {
        json!({"record": {"home": home, "tx": vec![json!({"amount": 1}); records]}, "now": NOW}).to_string()
    };
    let long = "x".repeat(100_000);
    assert_eq!(decide(&mut scorer, &request("aba", 1_000))["scores"]["f_score"], 1_000);
    assert_eq!(decide(&mut scorer, &request(&long, 3))["scores"]["f_score"], 3);
    let started = std::time::Instant::now();
    assert_eq!(decide(&mut scorer, &request(&long, 1_000))["scores"]["f_score"], json!(null));
    assert!(started.elapsed().as_secs() < 20, "the budget bounds the work");
    let lists = [vec![json!({"amount": 1}); 1_000], vec![json!({"amount": 1}); 2]];
    let lists = lists.map(|list| json!(list).to_string());
    let table = crate::support::text_table(&[("home", &[&long, "aba"]), ("tx", &[&lists[0], &lists[1]])]);
    let options = format!("{{\"output\":\"decisions\",\"now\":\"{NOW}\"}}");
    let batch = crate::support::decide_table(&mut scorer, &table, &options);
    assert_eq!(batch[0]["scores"]["f_score"], json!(null));
    assert_eq!(batch[1]["scores"]["f_score"], 2);
}

#[test]
fn ratios_are_guarded() {
    let ratio = |own: Value| json!([{"name": "f", "type": "number", "ratio": own}]);
    for (own, income, debt, expected) in [
        (json!({}), json!(200), json!(50), json!(0.25)),
        (json!({}), json!(0), json!(50), json!(null)),
        (json!({"zero": 9}), json!(0), json!(0), json!(9.0)),
        (json!({"zero": 9, "max": 3}), json!(0), json!(50), json!(9.0)),
        (json!({"max": 3}), json!(10), json!(50), json!(3.0)),
        (json!({"min": 0.5}), json!(200), json!(50), json!(0.5)),
        (json!({}), json!(-200), json!(50), json!(-0.25)),
        (json!({"negative": 7, "max": 3}), json!(-200), json!(50), json!(7.0)),
        (json!({"zero": 9}), json!(null), json!(50), json!(null)),
        (json!({"zero": 9}), json!(0), json!(null), json!(null)),
        (json!({}), json!(1e-300), json!(1e300), json!(null)),
        (json!({"max": 3}), json!(1e-300), json!(1e300), json!(3.0)),
    ] {
        let mut own = own;
        own["of"] = json!("debt");
        own["by"] = json!("income");
        let found = values(&ratio(own.clone()), &json!({"income": income, "debt": debt}));
        assert_eq!(found, [expected], "{own} {debt}/{income}");
    }
    // Two windows in a ratio: this month against the three before.
    let features = json!([
        {"name": "month", "type": "number", "aggregate": {"from": "tx", "function": "sum", "value": "amount", "window_days": 30}},
        {"name": "before", "type": "number", "aggregate":
            {"from": "tx", "function": "sum", "value": "amount", "window_days": 90, "before_days": 30}},
        {"name": "pace", "type": "number", "ratio": {"of": "month", "by": "before", "zero": 10, "max": 10}}
    ]);
    assert_eq!(values(&features, &transactions())[2], json!(70.5 / 80.0));
}

#[test]
fn bins_and_weights_of_evidence() {
    let age = |own: Value, kind: &str| json!([{"name": "f", "type": kind, "bins": own}]);
    let labels = json!({"of": "age", "edges": [25, 40], "labels": ["young", "middle", "old"],
                        "special": [{"values": [-1, -2], "to": "secret"}], "missing": "unknown"});
    let right =
        json!({"of": "age", "edges": [25, 40], "labels": ["young", "middle", "old"], "closed": "right"});
    let numbers =
        json!({"of": "age", "edges": [25], "values": [0.5, -0.5], "special": [{"values": [99], "to": 7}]});
    for (own, kind, value, expected) in [
        (&labels, "string", json!(24), json!("young")),
        (&labels, "string", json!(25), json!("middle")),
        (&labels, "string", json!(40), json!("old")),
        (&labels, "string", json!(-1), json!("secret")),
        (&labels, "string", json!(-3), json!("young")),
        (&labels, "string", json!(null), json!("unknown")),
        (&right, "string", json!(25), json!("young")),
        (&right, "string", json!(26), json!("middle")),
        (&right, "string", json!(null), json!(null)),
        (&numbers, "number", json!(24), json!(0.5)),
        (&numbers, "number", json!(99), json!(7.0)),
        (&numbers, "number", json!(98), json!(-0.5)),
    ] {
        assert_eq!(values(&age(own.clone(), kind), &json!({"age": value})), [expected], "{own} {value}");
    }
    let woe = |own: Value| json!([{"name": "f", "type": "number", "woe": own}]);
    let ages = json!({"of": "age", "bins": [
        {"values": [-1], "woe": 0.9}, {"to": 25, "woe": -0.4}, {"from": 25, "woe": 0.3}, {"missing": true, "woe": -1}
    ]});
    let jobs = json!({"of": "job", "bins": [
        {"values": ["clerk", "nurse"], "woe": 0.2}, {"values": ["none"], "woe": -2}, {"other": true, "woe": 0}
    ]});
    let owner =
        json!({"of": "owner", "bins": [{"values": [true], "woe": 1}, {"values": [false], "woe": -1}]});
    for (own, record, expected) in [
        (&ages, json!({"age": 24}), json!(-0.4)),
        (&ages, json!({"age": 25}), json!(0.3)),
        (&ages, json!({"age": -1}), json!(0.9)),
        (&ages, json!({}), json!(-1.0)),
        (&jobs, json!({"job": "nurse"}), json!(0.2)),
        (&jobs, json!({"job": "none"}), json!(-2.0)),
        (&jobs, json!({"job": "smith"}), json!(0.0)),
        (&jobs, json!({}), json!(null)),
        (&owner, json!({"owner": false}), json!(-1.0)),
    ] {
        assert_eq!(values(&woe(own.clone()), &record), [expected], "{own} {record}");
    }
}
