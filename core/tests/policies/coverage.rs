//! What packing finds in the rows of a table: overlaps, gaps, rows that are never reached; each with values
//! that show it.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::case::{refusal, scorer, table};

/// A table of rows `(id, cells, output)`.
fn of(hit_policy: &str, inputs: &[&str], rows: &[(&str, &[&str], i64)]) -> Value {
    let inputs = inputs.iter().map(|name| json!({"name": name}));
    let rows = rows.iter().map(|(id, when, then)| json!({"id": id, "when": when, "then": [then]}));
    json!({"hit_policy": hit_policy, "inputs": inputs.collect::<Vec<_>>(),
        "outputs": [{"name": "n", "type": "integer"}], "rows": rows.collect::<Vec<_>>()})
}

fn with(mut table: Value, key: &str, value: Value) -> Value {
    table[key] = value;
    table
}

fn refuse(own: &Value, path: &str, part: &str) {
    let error = refusal(&table(own));
    assert_eq!(error.code(), ErrorCode::ManifestInvalid, "{error}");
    assert_eq!(error.path(), format!("policy.steps[0].table{path}"), "{error}");
    assert!(error.message().contains(part) && error.message().contains("(bundle.json line "), "{error}");
}

fn pass(own: &Value) {
    drop(scorer(&table(own)));
}

#[test]
fn overlaps_under_unique_have_a_witness() {
    for (inputs, rows, place) in [
        (&["amount"][..], &[("a", &["<= 10"][..], 1), ("b", &[">= 10"], 2)][..], "amount = 10"),
        (&["amount"], &[("a", &["< 10"], 1), ("b", &["> 5"], 2)], "amount = 7.5"),
        (&["age"], &[("a", &["< 10"], 1), ("b", &["> 8"], 2), ("c", &["[8..8]"], 1)], "age = 9"),
        (&["risk"], &[("a", &["low, high"], 1), ("b", &["not(low)"], 2)], "risk = \"high\""),
        (&["risk"], &[("a", &["not(low)"], 1), ("b", &["not(high)"], 2)], "risk = any other text"),
        (&["affordable"], &[("a", &["true"], 1), ("b", &["-"], 2)], "affordable = true"),
        (&["since"], &[("a", &["< 2026-01-01"], 1), ("b", &["-"], 2)], "since = before 2026-01-01T00:00:00Z"),
        (
            &["amount", "risk"],
            &[("a", &["[0..10)", "low"], 1), ("x", &[">= 10", "-"], 1), ("b", &["5, 50", "low, high"], 2)],
            "amount = 5, risk = \"low\"",
        ),
        (
            &["amount"],
            &[("a", &["null, > 5"], 1), ("b", &["not(> 5)"], 2), ("c", &["null"], 3)],
            "amount = missing",
        ),
    ] {
        let own = of("unique", inputs, rows);
        refuse(&own, &format!(".rows[{}]", rows.len() - 1 - usize::from(place == "age = 9")), place);
    }
}

#[test]
fn rows_that_only_touch_do_not_overlap() {
    for (inputs, rows) in [
        (&["amount"][..], &[("a", &["< 10"][..], 1), ("b", &[">= 10"], 2)][..]),
        (&["age"], &[("a", &["< 10"], 1), ("b", &["> 9"], 2)]),
        (
            &["age"],
            &[("a", &["<= 9"], 1), ("b", &["(9..12)"], 2), ("c", &["12, 13"], 3), ("d", &["> 13"], 4)],
        ),
        (&["risk"], &[("a", &["low"], 1), ("b", &["not(low)"], 2)]),
        (
            &["amount", "affordable"],
            &[("a", &["< 10", "true"], 1), ("b", &["< 10", "false"], 2), ("c", &[">= 10", "-"], 3)],
        ),
        (&["amount"], &[("a", &["null"], 1), ("b", &["not(null)"], 2)]),
    ] {
        pass(&of("unique", inputs, rows));
    }
}

#[test]
fn any_needs_agreement_where_rows_meet() {
    pass(&of("any", &["amount"], &[("a", &["<= 10"], 1), ("b", &["> 5"], 1)]));
    let own = of("any", &["amount"], &[("a", &["<= 10"], 1), ("b", &["> 5"], 2)]);
    refuse(&own, ".rows[1]", "the rows `a` and `b` both hold for amount = 7.5 and do not give the same");
}

#[test]
fn gaps_have_a_witness() {
    for (inputs, rows, place) in [
        (&["amount"][..], &[("a", &["< 10"][..], 1), ("b", &["> 10"], 2)][..], "amount = 10;"),
        (&["amount"], &[("a", &["[0..10]"], 1)], "amount = -1;"),
        (&["amount"], &[("a", &["<= 10"], 1), ("b", &["[20..30]"], 2), ("c", &["> 30"], 3)], "amount = 15;"),
        (&["age"], &[("a", &["< 10"], 1), ("b", &["> 11"], 2)], "age = 10;"),
        (&["risk"], &[("a", &["low"], 1), ("b", &["high"], 2)], "risk = any other text;"),
        (&["affordable"], &[("a", &["true"], 1)], "affordable = false;"),
        (
            &["amount", "affordable"],
            &[("a", &["< 10", "-"], 1), ("b", &[">= 10", "true"], 2)],
            "amount = 10, affordable = false;",
        ),
        // Once a row speaks of missing values, the table must be complete over them.
        (
            &["amount", "age"],
            &[("a", &["null", "null"], 1), ("b", &["not(null)", "-"], 2)],
            "amount = missing, age = ",
        ),
    ] {
        let own = of("first", inputs, rows);
        refuse(&own, ".rows", &format!("no row holds for {place}"));
        pass(&with(own.clone(), "gaps", json!("allow")));
        pass(&with(own.clone(), "check", json!(false)));
        pass(&with(own, "outputs", json!([{"name": "n", "type": "integer", "default": 0}])));
    }
    // Lists may be empty.
    pass(&of("collect", &["amount"], &[("a", &["< 10"], 1), ("b", &["> 10"], 2)]));
}

#[test]
fn known_values_close_a_table() {
    // Quality is one of two words, an outcome one of three.
    pass(&of("unique", &["quality"], &[("a", &["ok"], 1), ("b", &["degraded"], 2)]));
    let list = json!({"id": "l", "list": {"hit_policy": "first", "default": {"outcome": "approve"},
        "rules": [{"id": "x", "when": "age < 18", "outcome": "decline"}]}});
    let rows: &[(&str, &[&str], i64)] = &[("a", &["approve"], 1), ("b", &["review, decline"], 2)];
    let own = of("unique", &["l.outcome"], rows);
    drop(scorer(&json!({"steps": [list, {"id": "t", "table": own}]})));
    // A column may say which values it has.
    let mut own = of("unique", &["risk"], &[("a", &["low"], 1), ("b", &["high"], 2)]);
    own["inputs"][0]["values"] = json!(["low", "high"]);
    pass(&own);
    own["inputs"][0]["values"] = json!(["low", "high", "medium"]);
    refuse(&own, ".rows", "no row holds for risk = \"medium\"");
    own["inputs"][0]["values"] = json!(["high", "medium"]);
    refuse(&own, ".rows[0].when[0]", "this row can never hold: `risk` has no value");
}

#[test]
fn inputs_that_refuse_bound_a_table() {
    let own =
        of("unique", &["amount", "country"], &[("a", &["[0..5)", "DE"], 1), ("b", &["[5..10]", "DE"], 2)]);
    let pack = |bounds: &Value| {
        let mut manifest = crate::case::folder(&table(&own));
        manifest = manifest.edit(|manifest| {
            for (key, value) in bounds.as_object().unwrap() {
                manifest["inputs"][1][key] = value.clone();
            }
            manifest["inputs"][4]["allowed"] = json!(["DE"]);
            manifest["inputs"][4]["out_of_range"] = json!("refuse");
        });
        manifest.pack().err().map(|error| error.message().to_owned())
    };
    assert_eq!(pack(&json!({"min": 0, "max": 10, "out_of_range": "refuse"})), None);
    // A value out of range that only degrades is still decided on.
    assert!(
        pack(&json!({"min": 0, "max": 10}))
            .unwrap()
            .contains("no row holds for amount = -1, country = \"DE\"")
    );
    assert!(pack(&json!({"min": 0, "max": 11, "out_of_range": "refuse"})).unwrap().contains("amount = 10.5"));
    assert!(
        pack(&json!({"min": 6, "max": 10, "out_of_range": "refuse"})).unwrap().contains("can never hold")
    );
}

#[test]
fn rows_that_are_never_reached() {
    let own = of("first", &["amount"], &[("a", &["< 10"], 1), ("b", &[">= 5"], 2), ("c", &["7, 20"], 3)]);
    refuse(&own, ".rows[2]", "the row `c` is never reached: rows above it hold wherever it does");
    let own = of(
        "first",
        &["amount", "affordable"],
        &[
            ("a", &["< 10", "true"], 1),
            ("b", &["< 20", "false"], 2),
            ("c", &["< 5", "-"], 3),
            ("d", &["-", "-"], 4),
        ],
    );
    refuse(&own, ".rows[2]", "the row `c` is never reached");
    pass(&of(
        "first",
        &["amount", "affordable"],
        &[
            ("a", &["< 10", "true"], 1),
            ("b", &["< 20", "false"], 2),
            ("c", &["< 15", "-"], 3),
            ("d", &["-", "-"], 4),
        ],
    ));
    let own = of("first", &["amount"], &[("a", &["-"], 1), ("b", &["-"], 2)]);
    refuse(&own, ".rows[1]", "the row `b` is never reached");
    let mut own = of("priority", &["amount"], &[("a", &["< 5"], 2), ("b", &["-"], 1), ("c", &["> 5"], 3)]);
    own["outputs"][0]["values"] = json!([3, 1, 2]);
    refuse(&own, ".rows[0]", "the row `a` is never reached: rows of a higher priority hold wherever it does");
    own["outputs"][0]["values"] = json!([3, 2, 1]);
    pass(&own);
}

#[test]
fn dates_and_scopes_are_columns_too() {
    let row = |id: &str, from: Value, until: Value, scope: Value, then: i64| json!({"id": id, "when": ["-"], "then": [then], "effective_from": from, "effective_until": until, "scope": scope});
    let own = |rows: Value| {
        let mut own = of("unique", &["age"], &[]);
        own["rows"] = rows;
        own
    };
    let (none, day, later) = (Value::Null, json!("2027-01-01"), json!("2028-01-01"));
    pass(&own(json!([
        row("a", none.clone(), day.clone(), json!({}), 1),
        row("b", day.clone(), none.clone(), json!({}), 2)
    ])));
    refuse(
        &own(json!([
            row("a", none.clone(), later.clone(), json!({}), 1),
            row("b", day.clone(), none.clone(), json!({}), 2)
        ])),
        ".rows[1]",
        "both hold for age = 0, now = 2027-01-01T00:00:00Z",
    );
    refuse(
        &own(json!([
            row("a", none.clone(), day.clone(), json!({}), 1),
            row("b", later, none.clone(), json!({}), 2)
        ])),
        ".rows",
        "no row holds for age = 0, now = 2027-01-01T00:00:00Z",
    );
    let scoped = |second: Value| {
        own(json!([
            row("a", none.clone(), none.clone(), json!({"country": ["DE", "FR"]}), 1),
            row("b", none.clone(), none.clone(), json!({"country": second}), 2)
        ]))
    };
    refuse(&scoped(json!(["FR", "NL"])), ".rows[1]", "age = 0, country = \"FR\"");
    refuse(&scoped(json!(["NL"])), ".rows", "no row holds for age = 0, country = any other text");
}

#[test]
fn what_only_the_run_knows_is_left_to_it() {
    pass(&of("unique", &["amount"], &[("a", &["<= amount"], 1), ("b", &["> amount"], 2)]));
    pass(&of("first", &["amount"], &[("a", &["<= amount"], 1), ("b", &["<= amount"], 2)]));
    // Units are known of cells too.
    let own = of("unique", &["amount"], &[("a", &["<= income"], 1)]);
    let error = refusal(&table(&own));
    assert_eq!(
        (error.code(), error.path()),
        (ErrorCode::RuleInvalid, "policy.steps[0].table.rows[0].when[0]")
    );
    assert!(error.message().contains("EUR and EUR a month do not go together"), "{error}");
    // A row that is known still covers.
    let own = of("first", &["amount"], &[("a", &["-"], 1), ("b", &["<= 5"], 2)]);
    refuse(&own, ".rows[1]", "never reached");
}

#[test]
fn a_large_table_is_checked_in_bounded_time() {
    // Twelve columns of thresholds: the search gives up rather than run for hours.
    let names: Vec<String> = (0..12).map(|at| format!("x{at}")).collect();
    let inputs: Vec<Value> = names.iter().map(|name| json!({"name": name, "expr": "amount + 0.0"})).collect();
    let rows: Vec<Value> = (0..200)
        .map(|row| {
            let when: Vec<Value> = (0..12)
                .map(|at| {
                    json!(format!("[{}..{}]", (row * 7 + at * 13) % 100, (row * 7 + at * 13) % 100 + 40))
                })
                .collect();
            json!({"when": when, "then": [row]})
        })
        .collect();
    let own = json!({"hit_policy": "first", "inputs": inputs, "outputs": [{"name": "n", "type": "integer"}], "rows": rows});
    let start = std::time::Instant::now();
    let error = crate::case::folder(&table(&own)).pack().err();
    println!("coverage of a hard table: {:?} in {:?}", error.map(|error| error.to_string()), start.elapsed());
    assert!(start.elapsed().as_secs() < 120);
}
