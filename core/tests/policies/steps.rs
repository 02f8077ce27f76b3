//! Steps in order: what later ones see, versions over time, scopes, and the outcome of all together.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::case::{decide, decide_at, refusal, scorer};

fn pricing() -> Value {
    json!({"id": "pricing", "table": {
        "hit_policy": "unique",
        "inputs": [{"name": "share", "expr": "amount / income"}, {"name": "risk", "values": ["low", "high"]}],
        "outputs": [
            {"name": "rate", "type": "number", "unit": "share a year"},
            {"name": "ceiling", "type": "number"},
            {"name": "verdict", "type": "outcome"}
        ],
        "rows": [
            {"id": "small", "when": ["< 2", "-"], "then": [0.04, "income * 2.0", "approve"]},
            {"id": "large_low", "when": [">= 2", "low"], "then": [0.06, "income * 4.0", "review"], "reason": "B"},
            {"id": "large_high", "when": [">= 2", "high"], "then": [0.09, 0, "decline"], "reason": "C"}
        ]
    }})
}

#[test]
fn later_steps_see_earlier_ones() {
    let policy = json!({
        "steps": [
            pricing(),
            {"id": "checks", "list": {"hit_policy": "collect", "rules": [
                {"id": "dear", "when": "pricing.rate > 0.05 && 'large_low' in pricing.fired", "outcome": "review", "reason": "A"}
            ]}}
        ],
        "rules": [{"id": "both", "when": "checks.outcome == 'review' && amount > pricing.ceiling", "outcome": "decline"}]
    });
    let mut scorer = scorer(&policy);
    let record = |amount: f64, risk: &str| json!({"amount": amount, "income": 100, "risk": risk});
    let decision = decide(&mut scorer, &record(100.0, "low"));
    assert_eq!(decision["tables"][0]["outputs"], json!({"rate": 0.04, "ceiling": 200, "verdict": "approve"}));
    assert_eq!(
        decision["lists"],
        json!([{"id": "checks", "hit_policy": "collect", "result": "applied", "outcome": null, "fired": [],
            "trace": [{"id": "dear", "result": "false"}]}])
    );
    assert_eq!(decision["outcome"], "approve");
    // checks.outcome is null, so the rule compares null with a text: false, no fault.
    assert_eq!(decision["policy"]["trace"][0]["result"], "false");
    let decision = decide(&mut scorer, &record(300.0, "low"));
    assert_eq!(
        (&decision["outcome"], &decision["lists"][0]["outcome"]),
        (&json!("review"), &json!("review"))
    );
    let codes: Vec<&str> =
        decision["reasons"].as_array().unwrap().iter().map(|own| own["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["B", "A"], "in the order of the steps");
    let decision = decide(&mut scorer, &record(500.0, "low"));
    assert_eq!((&decision["outcome"], &decision["policy"]["fired"]), (&json!("decline"), &json!(["both"])));
    let decision = decide(&mut scorer, &record(500.0, "high"));
    assert_eq!(decision["outcome"], "decline", "an output of type outcome counts");
}

#[test]
fn an_earlier_step_does_not_see_a_later_one() {
    let mut policy = json!({"steps": [
        {"id": "checks", "list": {"hit_policy": "collect", "rules": [
            {"id": "dear", "when": "pricing.rate > 0.05", "outcome": "review"}
        ]}},
        pricing()
    ]});
    let error = refusal(&policy);
    assert_eq!((error.code(), error.path()), (ErrorCode::RuleInvalid, "policy.steps[0].list.rules[0].when"));
    assert!(
        error.message().contains("unknown name \"pricing.rate\"")
            && error.message().contains("bundle.json line"),
        "{error}"
    );
    policy["steps"].as_array_mut().unwrap().reverse();
    scorer(&policy);
}

#[test]
fn versions_follow_each_other() {
    let version = |from: Value, until: Value, rate: f64| {
        json!({"id": "law", "effective_from": from, "effective_until": until, "table": {
            "hit_policy": "first", "inputs": [{"name": "amount"}],
            "outputs": [{"name": "cap", "type": "number"}], "rows": [{"when": ["-"], "then": [rate]}]
        }})
    };
    let policy = json!({
        "steps": [
            version(json!("2025-01-01"), json!("2027-01-01"), 0.2),
            version(json!("2027-01-01"), Value::Null, 0.15),
        ],
        "rules": [
            {"id": "usury", "when": "amount > law.cap", "outcome": "decline", "effective_until": "2028-01-01"},
            {"id": "usury", "when": "amount >= law.cap", "outcome": "review", "effective_from": "2028-01-01"}
        ]
    });
    let mut scorer = scorer(&policy);
    for (now, cap, result, trace) in [
        ("2024-12-31T23:59:59Z", Value::Null, "inactive", ["error", "inactive"]),
        ("2026-12-31T23:59:59Z", json!(0.2), "hit", ["false", "inactive"]),
        ("2027-01-01T00:00:00Z", json!(0.15), "hit", ["true", "inactive"]),
        ("2028-01-01T00:00:00Z", json!(0.15), "hit", ["inactive", "true"]),
    ] {
        let decision = decide_at(&mut scorer, &json!({"amount": 0.2}), now);
        assert_eq!(decision["tables"][0]["outputs"]["cap"], cap, "{now}");
        assert_eq!(decision["tables"][0]["result"], result, "{now}");
        let found: Vec<&str> = decision["policy"]["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["result"].as_str().unwrap())
            .collect();
        assert_eq!(found, trace, "{now}");
    }
    let decision = crate::support::decide(&mut scorer, r#"{"record":{"amount":1}}"#);
    assert_eq!(decision["outcome"], "refuse", "dates need the time");
    assert_eq!((&decision["tables"], &decision["lists"]), (&Value::Null, &Value::Null));
}

#[test]
fn versions_that_overlap_are_refused() {
    let rule = |from: Option<&str>, until: Option<&str>, scope: Value| {
        let mut rule = json!({"id": "R", "when": "amount > 1.0", "outcome": "review", "scope": scope});
        if let Some(from) = from {
            rule["effective_from"] = json!(from);
        }
        if let Some(until) = until {
            rule["effective_until"] = json!(until);
        }
        rule
    };
    let none = || json!({});
    for (first, second, refused) in [
        (rule(None, Some("2027-01-01"), none()), rule(Some("2027-01-01"), None, none()), None),
        (
            rule(None, Some("2027-01-02"), none()),
            rule(Some("2027-01-01"), None, none()),
            Some("on 2027-01-01"),
        ),
        (rule(None, None, none()), rule(Some("2027-01-01"), None, none()), Some("on 2027-01-01")),
        (
            rule(Some("2026-01-01"), None, none()),
            rule(None, Some("2027-01-01"), none()),
            Some("on 2026-01-01"),
        ),
        (rule(None, None, json!({"country": ["DE"]})), rule(None, None, json!({"country": ["FR"]})), None),
        (
            rule(None, None, json!({"country": ["DE", "FR"]})),
            rule(None, None, json!({"country": ["FR"]})),
            Some("from the beginning"),
        ),
        (rule(None, None, none()), rule(None, None, none()), Some("used twice")),
    ] {
        let policy = json!({"rules": [first, second]});
        match refused {
            None => drop(scorer(&policy)),
            Some(part) => {
                let error = refusal(&policy);
                assert_eq!(error.code(), ErrorCode::ManifestInvalid);
                assert!(error.path().starts_with("policy.rules[1]."), "{error}");
                assert!(
                    error.message().contains(part) && error.message().contains("bundle.json line"),
                    "{error}"
                );
            }
        }
    }
    let step = |from: &str| {
        json!({"id": "s", "effective_from": from, "list": {"hit_policy": "first", "rules": [
        {"id": "x", "when": "true", "outcome": "review"}]}})
    };
    let error = refusal(&json!({"steps": [step("2026-01-01"), step("2026-06-01")]}));
    assert_eq!(error.path(), "policy.steps[1].effective_from");
    assert!(error.message().contains("two versions of the step `s` are in force on 2026-06-01"), "{error}");
}

#[test]
fn scopes_keep_rules_to_their_place() {
    let policy = json!({
        "steps": [{"id": "local", "scope": {"country": ["DE"]}, "table": {
            "hit_policy": "first", "inputs": [{"name": "age"}], "outputs": [{"name": "minimum", "type": "integer"}],
            "rows": [
                {"id": "nl", "when": ["-"], "then": [21], "scope": {"affordable": [false]}},
                {"id": "all", "when": ["-"], "then": [18]}
            ]
        }}],
        "rules": [
            {"id": "german", "when": "amount > 10.0", "outcome": "decline", "scope": {"country": ["DE"]}},
            {"id": "elsewhere", "when": "amount > 10.0", "outcome": "review", "scope": {"country": ["FR", "NL"]}},
            {"id": "young", "when": "true", "outcome": "review", "scope": {"age": [17, 18], "country": ["NL"]}}
        ]
    });
    let mut scorer = scorer(&policy);
    for (record, outcome, result, minimum, trace) in [
        (
            json!({"country": "DE", "amount": 11, "age": 40, "affordable": true}),
            "decline",
            "hit",
            json!(18),
            "true out_of_scope out_of_scope",
        ),
        (
            json!({"country": "DE", "amount": 1, "age": 40, "affordable": false}),
            "approve",
            "hit",
            json!(21),
            "false out_of_scope out_of_scope",
        ),
        (
            json!({"country": "FR", "amount": 11, "age": 40, "affordable": true}),
            "review",
            "out_of_scope",
            Value::Null,
            "out_of_scope true out_of_scope",
        ),
        (
            json!({"country": "NL", "amount": 1, "age": 18, "affordable": true}),
            "review",
            "out_of_scope",
            Value::Null,
            "out_of_scope false true",
        ),
        // Where nobody knows the country, a rule that would hold might apply.
        (
            json!({"amount": 11, "age": 40, "affordable": true}),
            "review",
            "error",
            Value::Null,
            "error error out_of_scope",
        ),
        (
            json!({"amount": 1, "age": 40, "affordable": true}),
            "review",
            "error",
            Value::Null,
            "false false out_of_scope",
        ),
    ] {
        let decision = decide(&mut scorer, &record);
        assert_eq!(decision["outcome"], outcome, "{record}");
        assert_eq!(decision["tables"][0]["result"], result, "{record}");
        assert_eq!(decision["tables"][0]["outputs"]["minimum"], minimum, "{record}");
        let found: Vec<&str> = decision["policy"]["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["result"].as_str().unwrap())
            .collect();
        assert_eq!(found.join(" "), trace, "{record}");
    }
}

#[test]
fn wrong_scopes_steps_and_dates_are_refused() {
    let rule = |extra: Value| {
        let mut rule = json!({"id": "r", "when": "true", "outcome": "review"});
        for (key, value) in extra.as_object().unwrap() {
            rule[key] = value.clone();
        }
        json!({"rules": [rule]})
    };
    let list = json!({"hit_policy": "first", "rules": [{"id": "x", "when": "true", "outcome": "review"}]});
    for (policy, path, part) in [
        (
            rule(json!({"scope": {"land": ["DE"]}})),
            "policy.rules[0].scope.land",
            "no input or feature \"land\"; known: age",
        ),
        (
            rule(json!({"scope": {"country": ["GB"]}})),
            "policy.rules[0].scope.country[0]",
            "one of \"DE\", \"FR\", \"NL\"",
        ),
        (rule(json!({"scope": {"age": ["18"]}})), "policy.rules[0].scope.age[0]", "of type integer"),
        (rule(json!({"scope": {"amount": [1]}})), "policy.rules[0].scope.amount", "is number"),
        (rule(json!({"scope": {"country": []}})), "policy.rules[0].scope.country", "at least one"),
        (rule(json!({"effective_from": "1.1.2027"})), "policy.rules[0].effective_from", "2026-01-31"),
        (
            rule(json!({"effective_from": "2027-01-01", "effective_until": "2027-01-01"})),
            "policy.rules[0].effective_until",
            "later than",
        ),
        (rule(json!({"outcome": null})), "policy.rules[0].outcome", "needs an `outcome`"),
        (rule(json!({"reason": "Z"})), "policy.rules[0].reason", "known: A, B, C"),
        (rule(json!({"when": "amuont > 1.0"})), "policy.rules[0].when", "did you mean \"amount\"?"),
        (rule(json!({"when": "amount > 'x'"})), "policy.rules[0].when", "line 1, column 8"),
        (json!({"steps": [{"id": "s"}]}), "policy.steps[0]", "either a `table` or a `list`"),
        (json!({"steps": [{"id": "a b", "list": list}]}), "policy.steps[0].id", "is no name"),
        (json!({"steps": [{"id": "age", "list": list}]}), "policy.steps[0].id", "is taken"),
        (
            json!({"steps": [{"id": "s", "list": {"hit_policy": "first", "rules": []}}]}),
            "policy.steps[0].list.rules",
            "at least one rule",
        ),
        (
            json!({"steps": [pricing(), {"id": "pricing", "list": list, "effective_from": "2027-01-01"}]}),
            "policy.steps[1].id",
            "all be tables or all be lists",
        ),
    ] {
        let error = refusal(&policy);
        assert_eq!(error.path(), path, "{error}");
        assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
    }
}

#[test]
fn versions_of_a_table_give_the_same_outputs() {
    let version = |from: Option<&str>, until: Option<&str>, kind: &str| {
        json!({"id": "t", "effective_from": from, "effective_until": until, "table": {
            "hit_policy": "first", "inputs": [{"name": "age"}],
            "outputs": [{"name": "x", "type": kind}], "rows": [{"when": ["-"], "then": [null]}]
        }})
    };
    let policy = json!({"steps": [version(None, Some("2027-01-01"), "number"), version(Some("2027-01-01"), None, "integer")]});
    let error = refusal(&policy);
    assert_eq!(error.path(), "policy.steps[1].table.outputs");
    assert!(error.message().contains("must give the same outputs"), "{error}");
}
