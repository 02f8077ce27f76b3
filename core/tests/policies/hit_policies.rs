//! Hit policies against the DMN Technology Compatibility Kit: tables, inputs and expected results of its
//! compliance level 2 (github.com/dmn-tck/tck, cases 0004 to 0007, 0010 and 0108 to 0119), written as
//! bundles; and what the kit leaves out.

use serde_json::{Value, json};

use crate::case::{decide, scorer, table};

/// A case of the kit: the table, and per record what its outputs must be.
struct Case {
    name: &'static str,
    table: Value,
    runs: Vec<(Value, Value)>,
}

/// Inputs of the kit's approval tables.
fn approval(hit_policy: &str, outputs: &Value, rows: &[(&str, &str, &str, &[&str])]) -> Value {
    let rows = rows
        .iter()
        .map(|(age, risk, affordable, then)| json!({"when": [age, risk, affordable], "then": then}));
    json!({
        "hit_policy": hit_policy,
        "inputs": [
            {"name": "age"}, {"name": "risk", "values": ["High", "Low", "Medium"]}, {"name": "affordable"}
        ],
        "outputs": outputs,
        "rows": rows.collect::<Vec<_>>()
    })
}

fn applicant(age: i64, risk: &str, affordable: bool) -> Value {
    json!({"age": age, "risk": risk, "affordable": affordable})
}

fn status() -> Value {
    json!([{"name": "status", "type": "string", "values": ["Approved", "Declined"]}])
}

fn ranked() -> Value {
    json!([{"name": "status", "type": "string", "values": ["Approved", "Declined"]}, {"name": "rate", "type": "string"}])
}

fn defaults() -> Value {
    json!([
        {"name": "status", "type": "string", "default": "Declined"},
        {"name": "rate", "type": "string", "default": "Standard"}
    ])
}

fn years(aggregate: &str, rows: &[(&str, f64)]) -> Value {
    let rows = rows.iter().map(|(when, then)| json!({"when": [when], "then": [then]}));
    json!({
        "hit_policy": "collect", "aggregate": aggregate, "inputs": [{"name": "age"}],
        "outputs": [{"name": "value", "type": "number"}], "rows": rows.collect::<Vec<_>>()
    })
}

fn simple_runs() -> Vec<(Value, Value)> {
    vec![
        (applicant(18, "Medium", true), json!({"status": "Approved"})),
        (applicant(17, "Medium", true), json!({"status": "Declined"})),
        (applicant(18, "High", true), json!({"status": "Declined"})),
    ]
}

fn both(status: &str, rate: &str) -> Value {
    json!({"status": status, "rate": rate})
}

fn lists(status: &[&str], rate: &[&str]) -> Value {
    json!({"status": status, "rate": rate})
}

fn cases() -> Vec<Case> {
    let declined = &["Declined"][..];
    let approved = &["Approved"][..];
    let ages: &[(&str, &str, &str, &[&str])] = &[
        (">=18", "\"Medium\"", "true", &["Approved", "Best"]),
        (">=12", "\"Medium\"", "true", &["Approved", "Standard"]),
        ("<12", "\"Low\"", "true", &["Declined", "Standard"]),
    ];
    let overlapping: &[(&str, &str, &str, &[&str])] = &[
        (">=18", "\"Medium\",\"Low\"", "true", &["Approved", "Basic"]),
        ("<18", "-", "-", &["Declined", "Standard"]),
        ("-", "\"High\"", "-", &["Approved", "Standard"]),
    ];
    let complete: &[(&str, &str, &str, &[&str])] = &[
        (">=18", "\"Low\"", "true", &["Approved", "Best"]),
        (">=18", "\"Medium\"", "true", &["Approved", "Standard"]),
        ("<18", "\"Medium\",\"Low\"", "true", &["Declined", "Standard"]),
        ("-", "\"High\"", "true", &["Declined", "Standard"]),
        ("-", "-", "false", &["Declined", "Standard"]),
    ];
    let one = |hit_policy: &str, values: bool, rows: &[(&str, &str)]| {
        let rows = rows.iter().map(|(when, then)| json!({"when": [when], "then": [then]}));
        let mut output = json!({"name": "status", "type": "string"});
        if values {
            output["values"] = json!(["Approved", "Declined"]);
        }
        json!({"hit_policy": hit_policy, "inputs": [{"name": "age"}], "outputs": [output],
            "rows": rows.collect::<Vec<_>>(), "check": false})
    };
    let with = |mut table: Value, row: Value| {
        table["rows"].as_array_mut().unwrap().push(row);
        table
    };
    let insurance = [(">1", 98.83), (">2", 150.21), (">3", 205.43), (">4", 64.32)];
    let salary = [(">1", 100.0), (">2", 200.0), (">3", 300.0), (">5", 500.0)];
    vec![
        Case {
            name: "0005-simpletable-A",
            table: approval(
                "any",
                &status(),
                &[
                    (">=18", "\"Medium\",\"Low\"", "true", approved),
                    ("<18", "-", "-", declined),
                    ("-", "\"High\"", "-", declined),
                    ("-", "-", "false", declined),
                ],
            ),
            runs: simple_runs(),
        },
        Case {
            name: "0006-simpletable-P1",
            table: approval(
                "priority",
                &status(),
                &[
                    (">=18", "\"Medium\",\"Low\"", "true", approved),
                    ("<18", "-", "-", declined),
                    ("-", "\"High\"", "-", declined),
                    ("-", "-", "false", declined),
                ],
            ),
            runs: simple_runs(),
        },
        Case {
            name: "0007-simpletable-P2",
            table: approval(
                "priority",
                &status(),
                &[(">=18", "\"Medium\",\"Low\"", "true", approved), ("-", "-", "-", declined)],
            ),
            runs: simple_runs(),
        },
        Case {
            name: "0010-multi-output-U",
            table: approval("unique", &defaults(), complete),
            runs: vec![
                (applicant(18, "Medium", true), both("Approved", "Standard")),
                (applicant(17, "Medium", true), both("Declined", "Standard")),
                (applicant(18, "High", true), both("Declined", "Standard")),
            ],
        },
        Case {
            name: "0108-first-hitpolicy",
            table: approval("first", &defaults(), ages),
            runs: vec![
                (applicant(19, "Medium", true), both("Approved", "Best")),
                (applicant(13, "Medium", true), both("Approved", "Standard")),
                (applicant(10, "Low", true), both("Declined", "Standard")),
            ],
        },
        Case {
            name: "0109-ruleOrder-hitpolicy",
            table: approval("rule_order", &defaults(), ages),
            runs: vec![
                (applicant(19, "Medium", true), lists(&["Approved", "Approved"], &["Best", "Standard"])),
                (applicant(13, "Medium", true), lists(approved, &["Standard"])),
                (applicant(10, "Low", true), lists(declined, &["Standard"])),
            ],
        },
        Case {
            name: "0110-outputOrder-hitpolicy",
            table: approval("output_order", &ranked(), overlapping),
            runs: vec![
                (applicant(17, "High", true), lists(&["Approved", "Declined"], &["Standard", "Standard"])),
                (applicant(19, "Low", true), lists(approved, &["Basic"])),
                (applicant(10, "Low", true), lists(declined, &["Standard"])),
            ],
        },
        Case {
            name: "0112-ruleOrder-hitpolicy-singleinoutcol",
            table: one("rule_order", false, &[(">=18", "Best"), (">=12", "Standard"), ("<12", "Standard")]),
            runs: vec![
                (json!({"age": 19}), json!({"status": ["Best", "Standard"]})),
                (json!({"age": 13}), json!({"status": ["Standard"]})),
                (json!({"age": 10}), json!({"status": ["Standard"]})),
            ],
        },
        Case {
            name: "0113-outputOrder-hitpolicy-singleinoutcol",
            table: one(
                "output_order",
                true,
                &[(">=18", "Approved"), ("<18", "Declined"), (">=0", "Approved")],
            ),
            runs: vec![
                (json!({"age": 17}), json!({"status": ["Approved", "Declined"]})),
                (json!({"age": 19}), json!({"status": ["Approved", "Approved"]})),
                (json!({"age": 10}), json!({"status": ["Approved", "Declined"]})),
            ],
        },
        Case {
            name: "0114-min-collect-hitpolicy",
            table: years("min", &insurance),
            runs: vec![
                (json!({"age": 5}), json!({"value": 64.32})),
                (json!({"age": 3}), json!({"value": 98.83})),
                (json!({"age": 4}), json!({"value": 98.83})),
            ],
        },
        Case {
            name: "0115-sum-collect-hitpolicy",
            table: years("sum", &salary),
            runs: vec![
                (json!({"age": 6}), json!({"value": 1100})),
                (json!({"age": 3}), json!({"value": 300})),
                (json!({"age": 2}), json!({"value": 100})),
            ],
        },
        Case {
            name: "0116-count-collect-hitpolicy",
            table: years("count", &salary),
            runs: vec![
                (json!({"age": 6}), json!({"value": 4})),
                (json!({"age": 2}), json!({"value": 1})),
                (json!({"age": 3}), json!({"value": 2})),
            ],
        },
        Case {
            name: "0117-multi-any-hitpolicy",
            table: with(
                approval("any", &defaults(), complete),
                json!({"when": [">=19", "\"Low\"", "true"], "then": ["Approved", "Best"]}),
            ),
            runs: vec![
                (applicant(19, "Low", true), both("Approved", "Best")),
                (applicant(17, "High", true), both("Declined", "Standard")),
                (applicant(19, "Medium", true), both("Approved", "Standard")),
            ],
        },
        Case {
            name: "0118-multi-priority-hitpolicy",
            table: approval("priority", &ranked(), overlapping),
            runs: vec![
                (applicant(17, "High", true), both("Approved", "Standard")),
                (applicant(19, "Low", true), both("Approved", "Basic")),
                (applicant(10, "Low", true), both("Declined", "Standard")),
            ],
        },
        Case {
            name: "0119-multi-collect-hitpolicy",
            table: approval("collect", &ranked(), overlapping),
            runs: vec![
                (applicant(17, "High", true), lists(&["Declined", "Approved"], &["Standard", "Standard"])),
                (applicant(19, "Low", true), lists(approved, &["Basic"])),
                (applicant(10, "Low", true), lists(declined, &["Standard"])),
            ],
        },
    ]
}

#[test]
fn the_compatibility_kits_cases_give_what_they_must() {
    let mut runs = 0;
    for Case { name, mut table, runs: own } in cases() {
        if matches!(name, "0118-multi-priority-hitpolicy" | "0006-simpletable-P1") {
            // The kit's tables leave out what our check asks for: a row for each combination.
            table["gaps"] = json!("allow");
        }
        let mut scorer = scorer(&crate::case::table(&table));
        for (record, expected) in own {
            let decision = decide(&mut scorer, &record);
            assert_eq!(decision["tables"][0]["outputs"], expected, "{name}: {record}: {decision}");
            runs += 1;
        }
    }
    println!("dmn-tck: {runs} runs of 15 tables");
    assert_eq!(runs, 45);
}

fn numbered(hit_policy: &str, extra: &Value) -> Value {
    let mut table = json!({
        "hit_policy": hit_policy, "inputs": [{"name": "amount"}],
        "outputs": [{"name": "n", "type": "integer"}],
        "rows": [
            {"id": "low", "when": ["<= 10"], "then": [1], "reason": "A"},
            {"id": "high", "when": [">= 10"], "then": [2], "reason": "B"},
            {"id": "same", "when": ["> 20"], "then": [2], "reason": "C"}
        ],
        "check": false
    });
    for (key, value) in extra.as_object().unwrap() {
        table[key] = value.clone();
    }
    table
}

#[test]
fn a_second_hit_under_unique_is_an_error_that_names_the_rows() {
    let mut scorer = scorer(&table(&numbered("unique", &json!({}))));
    let decision = decide(&mut scorer, &json!({"amount": 10}));
    assert_eq!(
        decision["tables"],
        json!([{"id": "t", "hit_policy": "unique", "result": "overlap", "matched": ["low", "high"], "fired": [],
            "outputs": {"n": null}}])
    );
    assert_eq!((&decision["outcome"], &decision["reasons"]), (&json!("review"), &json!([])));
    let decision = decide(&mut scorer, &json!({"amount": 9.5}));
    assert_eq!((&decision["tables"][0]["result"], &decision["outcome"]), (&json!("hit"), &json!("approve")));
    assert_eq!(
        (&decision["tables"][0]["outputs"]["n"], &decision["reasons"][0]["code"]),
        (&json!(1), &json!("A"))
    );
}

#[test]
fn any_takes_agreement_and_nothing_else() {
    let mut scorer = scorer(&table(&numbered("any", &json!({}))));
    let decision = decide(&mut scorer, &json!({"amount": 30}));
    assert_eq!(decision["tables"][0]["matched"], json!(["high", "same"]));
    assert_eq!(decision["tables"][0]["fired"], json!(["high"]));
    assert_eq!(
        (&decision["tables"][0]["outputs"]["n"], &decision["outcome"]),
        (&json!(2), &json!("approve"))
    );
    let decision = decide(&mut scorer, &json!({"amount": 10}));
    assert_eq!(decision["tables"][0]["result"], "conflict");
    assert_eq!(
        (&decision["tables"][0]["outputs"]["n"], &decision["outcome"]),
        (&Value::Null, &json!("review"))
    );
}

#[test]
fn nothing_holds() {
    // A gap is an error unless the table says otherwise or has defaults; lists are empty, a count is zero.
    let low = |hit_policy: &str, extra: Value| {
        let mut table = numbered(hit_policy, &extra);
        table["rows"].as_array_mut().unwrap().truncate(1);
        table
    };
    let default = json!({"outputs": [{"name": "n", "type": "integer", "default": 7}]});
    for (table, result, n, outcome) in [
        (low("first", json!({})), "gap", json!(null), "review"),
        (low("first", json!({"gaps": "allow"})), "no_hit", json!(null), "approve"),
        (low("unique", default.clone()), "no_hit", json!(7), "approve"),
        (low("collect", json!({})), "no_hit", json!([]), "approve"),
        (low("collect", default.clone()), "no_hit", json!([7]), "approve"),
        (low("collect", json!({"aggregate": "sum"})), "no_hit", json!(null), "approve"),
        (low("collect", json!({"aggregate": "count"})), "no_hit", json!(0), "approve"),
        (low("rule_order", json!({})), "no_hit", json!([]), "approve"),
    ] {
        let mut scorer = scorer(&crate::case::table(&table));
        let decision = decide(&mut scorer, &json!({"amount": 11}));
        assert_eq!(decision["tables"][0]["result"], result, "{table}");
        assert_eq!(
            (&decision["tables"][0]["outputs"]["n"], &decision["outcome"]),
            (&n, &json!(outcome)),
            "{table}"
        );
    }
}

#[test]
fn a_missing_value_matches_only_what_says_so() {
    let rows = |cells: &[&str]| {
        let rows = cells.iter().enumerate().map(|(at, cell)| json!({"when": [cell], "then": [at]}));
        json!({"hit_policy": "first", "inputs": [{"name": "amount"}], "outputs": [{"name": "n", "type": "integer"}],
            "rows": rows.collect::<Vec<_>>()})
    };
    let with = |mut table: Value, missing: &str| {
        table["missing"] = json!(missing);
        table
    };
    for (table, n, outcome) in [
        // As in DMN the comparison does not hold; that nobody could look makes the outcome careful.
        (rows(&["> 5", "-"]), json!(1), "review"),
        (with(rows(&["> 5", "-"]), "no_match"), json!(1), "approve"),
        // A table that thinks of missing values is trusted.
        (rows(&["> 5", "null", "<= 5"]), json!(1), "approve"),
        (rows(&["-"]), json!(0), "approve"),
        (with(rows(&["not(> 5)", "-"]), "no_match"), json!(1), "approve"),
        (with(rows(&["not(5)", "-"]), "no_match"), json!(0), "approve"),
    ] {
        let mut scorer = scorer(&crate::case::table(&table));
        let decision = decide(&mut scorer, &json!({}));
        assert_eq!(
            (&decision["tables"][0]["outputs"]["n"], &decision["outcome"]),
            (&n, &json!(outcome)),
            "{table}"
        );
    }
}

#[test]
fn priorities_go_from_the_first_output_with_values_to_the_last() {
    let table = json!({
        "hit_policy": "output_order", "inputs": [{"name": "amount"}],
        "outputs": [
            {"name": "free", "type": "string"},
            {"name": "level", "type": "string", "values": ["high", "low"]},
            {"name": "points", "type": "integer", "values": [3, 2, 1]}
        ],
        "rows": [
            {"id": "a", "when": ["> 0"], "then": ["z", "low", 3]},
            {"id": "b", "when": ["> 0"], "then": ["y", "high", 1]},
            {"id": "c", "when": ["> 0"], "then": ["x", "high", 2]},
            {"id": "d", "when": ["> 0"], "then": ["w", "high", 1]}
        ]
    });
    let mut scorer = scorer(&crate::case::table(&table));
    let decision = decide(&mut scorer, &json!({"amount": 1}));
    assert_eq!(decision["tables"][0]["fired"], json!(["c", "b", "d", "a"]));
    assert_eq!(decision["tables"][0]["outputs"]["points"], json!([2, 1, 1, 3]));
}
