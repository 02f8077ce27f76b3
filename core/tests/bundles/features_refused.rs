//! Features that do not pack: what is said of bins, aggregates, ratios and units, and where.

use scorebox_core::ErrorCode;
use serde_json::{Value, json};

use crate::features::bundle;
use crate::support::refuse;

fn invalid(feature: &Value, path: &str, says: &str) {
    let mut feature = feature.clone();
    feature["name"] = json!("f");
    let path = if path.is_empty() { "features[0]".to_owned() } else { format!("features[0].{path}") };
    refuse(&bundle(&json!([feature])), ErrorCode::ManifestInvalid, &path, says);
}

#[test]
fn bad_bins_are_refused() {
    let edges =
        |edges: Value| json!({"type": "number", "bins": {"of": "age", "edges": edges, "values": [0, 1, 2]}});
    invalid(&edges(json!([25, 25])), "bins.edges[1]", "the bin between 25 and 25 has no width");
    invalid(&edges(json!([40, 25])), "bins.edges[1]", "25 is less than the edge before it, 40; edges ascend");
    invalid(&edges(json!([])), "bins.edges", "at least one edge");
    invalid(&edges(json!([1])), "bins.values", "1 edges make 2 ranges, so there are 2 `values`, not 3");
    let bins = |bins: Value| json!({"type": "number", "woe": {"of": "age", "bins": bins}});
    invalid(&bins(json!([{"from": 5, "to": 5, "woe": 1}])), "woe.bins[0].to", "from 5 to 5 is empty");
    invalid(&bins(json!([{"from": 5, "to": 4, "woe": 1}])), "woe.bins[0].to", "turned around");
    invalid(
        &bins(json!([{"to": 10, "woe": 1}, {"from": 8, "woe": 1}])),
        "woe.bins[1].from",
        "begins at 8, inside or before the one above, which ends at 10; ranges ascend without overlap, so begin at 10",
    );
    invalid(
        &bins(json!([{"from": 20, "to": 30, "woe": 1}, {"from": 5, "to": 20, "woe": 1}])),
        "woe.bins[1].from",
        "ranges ascend",
    );
    invalid(
        &bins(json!([{"to": 10, "woe": 1}, {"from": 12, "woe": 1}])),
        "woe.bins[1].from",
        "no bin takes what lies between 10 and 12; begin at 10",
    );
    invalid(&bins(json!([{"from": 1, "woe": 1}, {"from": 2, "woe": 1}])), "woe.bins[1].from", "no upper end");
    invalid(
        &bins(json!([{"to": 1, "woe": 1}, {"to": 2, "woe": 1}])),
        "woe.bins[1].to",
        "only the first range",
    );
    invalid(&bins(json!([{"woe": 1}])), "woe.bins[0]", "exactly one of a range");
    invalid(&bins(json!([{"to": 1, "missing": true, "woe": 1}])), "woe.bins[0]", "exactly one of a range");
    invalid(
        &bins(json!([{"missing": true, "woe": 1}, {"missing": true, "woe": 1}])),
        "woe.bins[1].missing",
        "already",
    );
    invalid(&bins(json!([{"values": [1, 1.0], "woe": 1}])), "woe.bins[0].values[1]", "in a bin already");
    invalid(&bins(json!([{"values": ["a"], "woe": 1}])), "woe.bins[0].values[0]", "of type integer");
    invalid(&bins(json!([{"to": 1}])), "woe.bins[0]", "weight of evidence");
    invalid(&bins(json!([{"to": 1, "woe": 1, "points": 1}])), "woe.bins[0].points", "scorecard");
    invalid(&bins(json!([])), "woe.bins", "at least one bin");
    let jobs = |bins: Value| json!({"type": "number", "woe": {"of": "job", "bins": bins}});
    invalid(
        &jobs(json!([{"to": 1, "woe": 1}])),
        "woe.bins[0]",
        "ranges are for numbers; list the `values` of type string",
    );
    invalid(
        &json!({"type": "number", "woe": {"of": "tx", "bins": [{"to": 1, "woe": 1}]}}),
        "woe.of",
        "have no bins",
    );
    invalid(
        &json!({"type": "string", "woe": {"of": "age", "bins": [{"to": 1, "woe": 1}]}}),
        "type",
        "of type number",
    );
}

#[test]
fn bad_aggregates_are_refused() {
    let own = |kind: &str, own: Value| {
        let mut own = own;
        own["from"] = own.get("from").cloned().unwrap_or(json!("tx"));
        json!({"type": kind, "aggregate": own})
    };
    invalid(&json!({"type": "number"}), "", "exactly one way");
    invalid(
        &json!({"type": "number", "expr": "1.0", "ratio": {"of": "age", "by": "age"}}),
        "",
        "exactly one way",
    );
    invalid(
        &own("number", json!({"from": "ty", "function": "count"})),
        "aggregate.from",
        "\"ty\"; known: tx, loans",
    );
    invalid(
        &own("number", json!({"from": "age", "function": "count"})),
        "aggregate.from",
        "no list of records \"age\"",
    );
    invalid(
        &own("number", json!({"function": "median"})),
        "aggregate.function",
        "expected one of `count`, `sum`",
    );
    invalid(&own("number", json!({"function": "sum"})), "aggregate.function", "needs a `value`");
    invalid(
        &own("number", json!({"function": "days_since_last", "value": "at"})),
        "aggregate.value",
        "takes no `value`",
    );
    invalid(&own("number", json!({"function": "share_of_count"})), "aggregate.function", "needs a `where`");
    invalid(
        &own("string", json!({"function": "count"})),
        "aggregate.function",
        "of type integer or number, not string",
    );
    invalid(
        &own("integer", json!({"function": "mean", "value": "items"})),
        "aggregate.function",
        "of type number",
    );
    invalid(
        &own("number", json!({"function": "count", "window_days": 0})),
        "aggregate.window_days",
        "longer than 0",
    );
    invalid(
        &own("number", json!({"function": "count", "window_days": 1, "window_hours": 1})),
        "aggregate.window_hours",
        "not both",
    );
    invalid(
        &own("number", json!({"function": "count", "before_days": 1})),
        "aggregate.before_days",
        "only a window has an end",
    );
    invalid(
        &own("number", json!({"function": "count", "time": "at"})),
        "aggregate.time",
        "does not look at the time",
    );
    invalid(
        &own("number", json!({"function": "count", "window_days": 1, "time": "kind"})),
        "aggregate.time",
        "known: at",
    );
    invalid(
        &own("number", json!({"from": "loans", "function": "count", "window_days": 1})),
        "aggregate.from",
        "several timestamps; say which is their `time`",
    );
    let rule = |kind: &str, value: Value, path: &str, says: &str| {
        let mut feature = own(kind, value);
        feature["name"] = json!("f");
        let path = format!("features[0].aggregate.{path}");
        refuse(&bundle(&json!([feature])), ErrorCode::RuleInvalid, &path, says);
    };
    rule(
        "number",
        json!({"function": "sum", "value": "kind"}),
        "value",
        "gives string; `sum` for a feature of type number needs numbers",
    );
    rule("integer", json!({"function": "sum", "value": "amount"}), "value", "whole numbers");
    rule("number", json!({"function": "sum", "value": "amuont"}), "value", "did you mean \"amount\"?");
    rule("number", json!({"function": "count", "where": "amount"}), "where", "must be true or false");
    rule("number", json!({"function": "count", "where": "amount + 1.0"}), "where", "bool is wanted here");
    rule(
        "number",
        json!({"function": "count", "where": "loans.size() > 1"}),
        "where",
        "unknown name \"loans\"",
    );
    rule("string", json!({"function": "last", "value": "amount"}), "value", "needs string");
    rule("number", json!({"function": "max", "value": "at"}), "value", "needs numbers");
}

#[test]
fn bad_ratios_are_refused() {
    let ratio = |own: Value| json!({"type": "number", "ratio": own});
    invalid(
        &ratio(json!({"of": "debts", "by": "income"})),
        "ratio.of",
        "no input or feature above \"debts\"",
    );
    invalid(
        &ratio(json!({"of": "debt", "by": "job"})),
        "ratio.by",
        "`job` is of type string; a number is wanted here",
    );
    invalid(
        &ratio(json!({"of": "debt", "by": "income", "min": 2, "max": 1})),
        "ratio.min",
        "less than `max`",
    );
    let mut integer = ratio(json!({"of": "debt", "by": "income"}));
    integer["type"] = json!("integer");
    invalid(&integer, "type", "a ratio is of type number");
}

/// Packing these features is refused for their units, at this path.
fn unfit(features: &Value, path: &str, says: &str) {
    refuse(&bundle(features), ErrorCode::RuleInvalid, path, says);
}

#[test]
fn units_must_fit() {
    let expr = |expr: &str| json!([{"name": "f", "type": "number", "expr": expr}]);
    let bool = |expr: &str| json!([{"name": "f", "type": "boolean", "expr": expr}]);
    unfit(
        &expr("debt + double(age)"),
        "features[0].expr",
        "line 1, column 6: +: EUR and years do not go together",
    );
    unfit(
        &bool("income > salary_year"),
        "features[0].expr",
        ">: EUR a month and EUR a year do not go together; write * 12.0 after the first to convert it",
    );
    unfit(&expr("debt - income"), "features[0].expr", "EUR and EUR a month");
    unfit(&expr("debt > 0.0 ? debt : income"), "features[0].expr", "? :: EUR and EUR a month");
    unfit(&expr("math.greatest(debt, income)"), "features[0].expr", "EUR and EUR a month");
    unfit(&bool("debt / income > double(age)"), "features[0].expr", "months and years");
    unfit(&bool("tx.exists(t, t.amount > income)"), "features[0].expr", "EUR and EUR a month");
    unfit(&bool("tx.map(t, t.amount)[0] == income"), "features[0].expr", "EUR and EUR a month");
    for fine in [
        "income * 12.0 > salary_year",
        "income > salary_year / 12.0",
        "debt / income < double(age) * 12.0",
        "debt / debt > 0.4",
        "0.5 * debt + 100.0 > debt",
        "income * 3.0 > 500.0 && -debt < 0.0",
        "tx.exists(t, t.amount > debt)",
        "math.abs(debt - 10.0) > debt",
        "double(age) / 2.0 > 10.0",
        "amount > 3.0 || debt != null",
    ] {
        bundle(&bool(fine)).pack().unwrap_or_else(|error| panic!("{fine}: {error}"));
    }
}

#[test]
fn declared_units_must_be_what_comes_out() {
    let with_unit = |mut feature: Value, unit: &str| {
        feature["name"] = json!("f");
        feature["type"] = json!("number");
        feature["unit"] = json!(unit);
        json!([feature])
    };
    let sum = |days: i32| json!({"aggregate": {"from": "tx", "function": "sum", "value": "amount", "window_days": days}});
    for (feature, unit) in [
        (json!({"expr": "income * 12.0"}), "EUR a year"),
        (json!({"expr": "debt / income"}), "months"),
        (json!({"expr": "debt / income / 12.0"}), "years"),
        (json!({"ratio": {"of": "debt", "by": "income"}}), "months"),
        (json!({"ratio": {"of": "debt", "by": "debt"}}), "share"),
        (json!({"expr": "debt / debt * 100.0"}), "%"),
        (sum(30), "EUR"),
        (sum(30), "EUR a month"),
        (sum(7), "EUR a week"),
        (json!({"aggregate": {"from": "tx", "function": "days_since_last"}}), "days"),
        (json!({"aggregate": {"from": "tx", "function": "count"}}), "transactions"),
        (json!({"aggregate": {"from": "tx", "function": "share_of_count", "where": "online"}}), "share"),
        (json!({"bins": {"of": "age", "edges": [1], "values": [1, 2]}}), "anything"),
    ] {
        bundle(&with_unit(feature.clone(), unit)).pack().unwrap_or_else(|error| panic!("{feature}: {error}"));
    }
    for (feature, unit, says) in [
        (json!({"expr": "income * 3.0"}), "EUR a year", "EUR a month and EUR a year"),
        (json!({"ratio": {"of": "debt", "by": "income"}}), "share", "months and a plain number"),
        (sum(30), "EUR a year", "EUR and EUR a year"),
        (sum(60), "EUR a month", "EUR and EUR a month"),
        (
            json!({"aggregate": {"from": "tx", "function": "hours_since_last"}}),
            "days",
            "hours and days do not go together; write / 24.0",
        ),
        (
            json!({"aggregate": {"from": "tx", "function": "mean", "value": "amount"}}),
            "years",
            "EUR and years",
        ),
    ] {
        unfit(&with_unit(feature, unit), "features[0].unit", says);
    }
    // What a feature is measured in counts for what uses it, in rules too.
    let chained = json!([
        {"name": "spend", "type": "number", "aggregate": {"from": "tx", "function": "sum", "value": "amount", "window_days": 30}},
        {"name": "left", "type": "number", "expr": "income - spend"},
        {"name": "wrong", "type": "number", "expr": "left + salary_year"}
    ]);
    unfit(&chained, "features[2].expr", "EUR a month and EUR a year");
    let rule = bundle(&json!([])).edit(|m| {
        m["policy"] = json!({"hit_policy": "first", "default": {"outcome": "approve"},
                             "rules": [{"id": "r", "when": "debt > income", "outcome": "review"}]});
    });
    refuse(&rule, ErrorCode::RuleInvalid, "policy.rules[0].when", "EUR and EUR a month");
}
