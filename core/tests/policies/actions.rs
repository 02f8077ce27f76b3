//! What rules ask for, and how several of them become one.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::case::{decide, refusal, scorer};

fn rule(id: &str, when: &str, actions: &Value) -> Value {
    json!({"id": id, "when": when, "actions": actions})
}

fn asks(rules: &Value, record: &Value) -> Value {
    decide(&mut scorer(&json!({"rules": rules})), record)
}

#[test]
fn the_lowest_limit_counts() {
    let limit = |id: &str, when: &str, amount: Value| {
        rule(id, when, &json!({"limit": {"amount": amount, "unit": "EUR"}}))
    };
    let rules = json!([
        limit("a", "true", json!(1000)),
        limit("b", "age < 30", json!("amount * 0.5")),
        limit("c", "age < 30", json!("amount * 0.5")),
        limit("d", "age < 20", json!("amount - 5000.0"))
    ]);
    for (record, amount, rule, outcome) in [
        (json!({"age": 40, "amount": 100}), json!(1000), "a", "approve"),
        (json!({"age": 25, "amount": 100}), json!(50), "b", "approve"),
        (json!({"age": 25, "amount": 9000}), json!(1000), "a", "approve"),
        (json!({"age": 19, "amount": 100}), json!(0), "d", "approve"),
        // What is not known may be lower than all else.
        (json!({"age": 25}), Value::Null, "b", "review"),
    ] {
        let decision = asks(&rules, &record);
        assert_eq!(
            decision["actions"],
            json!({"limit": {"amount": amount, "unit": "EUR", "rule": rule}}),
            "{record}"
        );
        assert_eq!(decision["outcome"], outcome, "{record}");
        assert!(decision.get("alerts").is_none());
    }
    let none = json!([limit("a", "age > 99", json!(1))]);
    assert_eq!(asks(&none, &json!({"age": 1}))["actions"], json!({"limit": null}));
}

#[test]
fn the_highest_rate_counts_and_margins_add_up() {
    let rules = json!([
        rule("base", "age < 90", &json!({"price": {"rate": 0.04}})),
        rule("high", "age < 30", &json!({"price": {"rate": 0.06, "margin": 0.001}})),
        rule("more", "amount > 10.0", &json!({"price": {"margin": "amount / 10000.0 / amount * 20.0"}}))
    ]);
    let price = |record: Value| asks(&rules, &record)["actions"]["price"].clone();
    assert_eq!(
        price(json!({"age": 40, "amount": 5})),
        json!({"rate": 0.04, "margin": null, "total": 0.04, "rate_rule": "base", "margin_rules": []})
    );
    assert_eq!(
        price(json!({"age": 25, "amount": 50})),
        json!({"rate": 0.06, "margin": 0.003, "total": 0.063, "rate_rule": "high", "margin_rules": ["high", "more"]})
    );
    assert_eq!(
        price(json!({"age": 95, "amount": 50})),
        json!({"rate": null, "margin": 0.002, "total": null, "rate_rule": null, "margin_rules": ["more"]})
    );
    assert_eq!(price(json!({"age": 95, "amount": 5})), Value::Null);
}

#[test]
fn collateral_and_documents_are_sets() {
    let rules = json!([
        rule(
            "a",
            "true",
            &json!({
            "collateral": [{"type": "deposit", "amount": 100, "ltv": 0.9, "unit": "EUR"}, {"type": "car"}],
            "condition": {"documents": ["payslip", "id"]}})
        ),
        rule(
            "b",
            "true",
            &json!({
            "collateral": [{"type": "deposit", "amount": 300, "unit": "EUR"}, {"type": "deposit", "ltv": 0.7, "unit": "EUR"}],
            "condition": {"documents": ["id", "tax return"]}})
        )
    ]);
    let decision = asks(&rules, &json!({}));
    assert_eq!(
        decision["actions"],
        json!({
            "collateral": [
                {"type": "deposit", "amount": 300, "unit": "EUR", "ltv": 0.7, "rules": ["a", "b", "b"]},
                {"type": "car", "amount": null, "unit": null, "ltv": null, "rules": ["a"]}
            ],
            "documents": ["payslip", "id", "tax return"]
        })
    );
}

#[test]
fn alerts_go_from_the_most_severe_to_the_least() {
    let alert = |id: &str, severity: &str, queue: &str| {
        rule(
            id,
            "amount > 1.0",
            &json!({"alert": {"severity": severity, "queue": queue, "evidence": ["amount", "burden"]}}),
        )
    };
    let policy = json!({
        "steps": [{"id": "aml", "list": {"hit_policy": "collect", "rules": [
            alert("x", "low", "desk"), alert("y", "critical", "officer"), alert("z", "low", "other")
        ]}}],
        "rules": [alert("late", "critical", "desk")]
    });
    let mut scorer = scorer(&policy);
    let decision = decide(&mut scorer, &json!({"amount": 2, "income": 4}));
    let found: Vec<Value> = decision["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| json!([own["rule"], own["severity"], own["queue"]]))
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["aml.y", "critical", "officer"],
            ["late", "critical", "desk"],
            ["aml.x", "low", "desk"],
            ["aml.z", "low", "other"]
        ])
    );
    assert_eq!(decision["alerts"][0]["evidence"], json!({"amount": 2, "burden": 0.5}));
    assert_eq!(decision["outcome"], "approve", "an alert is no outcome");
    let decision = decide(&mut scorer, &json!({"amount": 1, "income": 4}));
    assert_eq!(decision["alerts"], json!([]));
    let decision = crate::support::decide(&mut scorer, r#"{"record":{"amount":2,"income":0}}"#);
    assert_eq!(decision["alerts"][0]["evidence"], json!({"amount": 2, "burden": null}));
}

#[test]
fn only_what_fires_asks() {
    let mut policy = json!({
        "hit_policy": "first",
        "rules": [
            {"id": "a", "when": "age < 30", "outcome": "review", "actions": {"limit": {"amount": 10}}},
            {"id": "b", "when": "true", "outcome": "approve", "actions": {"limit": {"amount": 5}}}
        ]
    });
    assert_eq!(decide(&mut scorer(&policy), &json!({"age": 20}))["actions"]["limit"]["amount"], 10);
    policy["hit_policy"] = json!("collect");
    assert_eq!(decide(&mut scorer(&policy), &json!({"age": 20}))["actions"]["limit"]["amount"], 5);
    // A rule without an outcome that fires first leaves the default.
    policy["hit_policy"] = json!("first");
    policy["default"] = json!({"outcome": "decline"});
    policy["rules"][0].as_object_mut().unwrap().remove("outcome");
    assert_eq!(decide(&mut scorer(&policy), &json!({"age": 20}))["outcome"], "decline");
}

#[test]
fn batches_have_columns_of_what_is_asked() {
    let policy = json!({"rules": [
        rule("a", "age < 30", &json!({"limit": {"amount": "amount * 2.0"}, "price": {"rate": 0.05, "margin": 0.01},
            "collateral": [{"type": "car"}, {"type": "deposit"}], "condition": {"documents": ["id"]},
            "alert": {"severity": "high", "queue": "desk"}}))
    ]});
    let mut scorer = scorer(&policy);
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    let names: Vec<&str> =
        about["columns"].as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "actions.limit",
            "actions.rate",
            "actions.margin",
            "actions.price",
            "actions.collateral",
            "actions.documents",
            "alerts.rule",
            "alerts.severity",
            "alerts.queue"
        ]
    );
    let table = crate::support::text_table(&[("age", &["20", "40"]), ("amount", &["7", "7"])]);
    let mut out = Vec::new();
    scorer.score_table(&table, b"", &mut out).unwrap();
    let table = scorebox_core::table::read(&out).unwrap();
    let cell = |name: &str, row: usize| {
        let entry = table.entries().iter().find(|entry| entry.name() == name).unwrap();
        match entry.is_present(row) {
            false => "-".to_owned(),
            true if entry.dtype() == scorebox_core::onnx::DType::Str => entry.text(row).to_owned(),
            true => entry.elements::<f64>().nth(row).unwrap().to_string(),
        }
    };
    let row = |at: usize| names.iter().map(|name| cell(name, at)).collect::<Vec<_>>();
    assert_eq!(
        row(0),
        ["14", "0.05", "0.01", "0.060000000000000005", "car,deposit", "id", "a", "high", "desk"]
    );
    assert_eq!(row(1), ["-", "-", "-", "-", "", "", "", "", ""]);
}

#[test]
fn wrong_actions_are_refused() {
    let personal = |policy: &Value| {
        crate::case::folder(policy)
            .edit(|manifest| manifest["inputs"][1]["personal"] = json!(true))
            .pack()
            .unwrap_err()
    };
    for (actions, path, part) in [
        (json!({}), "", "say what is asked for"),
        (json!({"price": {}}), ".price", "a `rate`, a `margin`, or both"),
        (json!({"limit": {"amount": " "}}), ".limit.amount", "must not be empty"),
        (json!({"limit": {"amount": "risk"}}), ".limit.amount", "must give a number"),
        (json!({"limit": {"amount": "amuont"}}), ".limit.amount", "did you mean \"amount\"?"),
        (json!({"limit": {"amount": "income", "unit": "EUR"}}), ".limit.amount", "this is to be in EUR"),
        (json!({"collateral": [{"type": ""}]}), ".collateral[0].type", "must not be empty"),
        (json!({"collateral": [{"type": "a,b"}]}), ".collateral[0].type", "no comma"),
        (
            json!({"collateral": [{"type": "a", "ltv": "age > 1"}]}),
            ".collateral[0].ltv",
            "must give a number",
        ),
        (json!({"condition": {"documents": []}}), ".condition.documents", "1 to 64"),
        (json!({"alert": {"severity": "high", "queue": " "}}), ".alert.queue", "must not be empty"),
        (
            json!({"alert": {"severity": "high", "queue": "q", "evidence": ["nothing"]}}),
            ".alert.evidence[0]",
            "there is no `nothing`",
        ),
    ] {
        let error = refusal(&json!({"rules": [rule("r", "true", &actions)]}));
        assert_eq!(error.path(), format!("policy.rules[0].actions{path}"), "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
    let alert = json!({"alert": {"severity": "high", "queue": "q", "evidence": ["amount"]}});
    let error = personal(&json!({"rules": [rule("r", "true", &alert)]}));
    assert_eq!(
        (error.code(), error.path()),
        (ErrorCode::ManifestInvalid, "policy.rules[0].actions.alert.evidence[0]")
    );
    assert!(error.message().contains("is personal"), "{error}");
    let error = refusal(&json!({"rules": [
        rule("a", "true", &json!({"limit": {"amount": 1, "unit": "EUR"}})), rule("b", "true", &json!({"limit": {"amount": 1, "unit": "USD"}}))
    ]}));
    assert_eq!(error.path(), "policy.rules[1].actions.limit.unit");
    assert!(error.message().contains("an earlier one has `EUR`, this one `USD`"), "{error}");
    let error = refusal(&json!({"rules": [
        rule("a", "true", &json!({"collateral": [{"type": "x", "unit": "EUR"}, {"type": "x"}]}))
    ]}));
    assert_eq!(error.path(), "policy.rules[0].actions.collateral[1].unit");
}
