//! Offers: each gate on both sides, scores of every kind, ranking.

use serde_json::{Value, json};

use crate::page::{columns, decide, folder, scorer};

const PAGE: &str = include_str!("../../../docs/manifest/offers.md");

fn record(changes: &Value) -> Value {
    let mut record = json!({
        "income": 4000, "debt": 1000, "employed": true, "age": 30, "tolerance": "C5", "consent_sms": true,
        "consent_email": true, "do_not_call": false, "utc_offset": "+08:00", "contacts": [],
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

fn made(decision: &Value) -> Vec<&str> {
    decision["offers"]["top"].as_array().unwrap().iter().map(|offer| offer["id"].as_str().unwrap()).collect()
}

/// `id:cause` of what is held back.
fn held(decision: &Value) -> Vec<String> {
    let held = decision["offers"]["held"].as_array().unwrap().iter();
    held.map(|own| format!("{}:{}", own["id"].as_str().unwrap(), own["cause"].as_str().unwrap())).collect()
}

fn cause_of<'d>(decision: &'d Value, id: &str) -> &'d Value {
    decision["offers"]["held"].as_array().unwrap().iter().find(|own| own["id"] == id).unwrap_or(&Value::Null)
}

#[test]
fn gates_hold_back_on_one_side_and_not_on_the_other() {
    let mut scorer = scorer(&folder(PAGE).edit(|m| m["offers"]["top"] = json!(5)));
    for (changes, id, cause) in [
        // Risk gating by the outcome: 0.6 is not more than 0.6.
        (json!({"debt": 2400}), "loan", ""),
        (json!({"debt": 2401}), "loan", "gated"),
        (json!({"debt": 2401}), "pension", ""),
        (json!({"age": 18}), "loan", ""),
        (json!({"age": 17}), "loan", "ineligible"),
        (json!({"age": 59}), "pension", ""),
        (json!({"age": 60}), "pension", "ineligible"),
        (json!({"tolerance": "C4"}), "stock_fund", ""),
        (json!({"tolerance": "C3"}), "stock_fund", "unsuitable"),
        (json!({"tolerance": "C2"}), "bond_fund", "diversity"),
        (json!({"tolerance": "C1"}), "bond_fund", "unsuitable"),
        (json!({"tolerance": null}), "bond_fund", "unsuitable"),
        (json!({"do_not_call": true}), "loan", "do_not_contact"),
        // Employed cards have 0.3, the others 0.1.
        (json!({"employed": false}), "card", "diversity"),
        (json!({"contacts": null}), "pension", "capped"),
    ] {
        let decision = decide(&mut scorer, &record(&changes));
        let cause = if cause.is_empty() { Value::Null } else { json!(cause) };
        if changes["tolerance"] == "C2" {
            // The stock fund is not suitable, so the bond fund is the one of its category.
            assert!(made(&decision).contains(&"bond_fund"), "{decision:#}");
            continue;
        }
        assert_eq!(cause_of(&decision, id)["cause"], cause, "{changes}: {decision:#}");
        assert_eq!(made(&decision).contains(&id), cause.is_null(), "{changes}");
    }
    // What nobody knows is said.
    let unknown = decide(&mut scorer, &record(&json!({"tolerance": null, "contacts": null})));
    assert_eq!(cause_of(&unknown, "bond_fund")["fault"], true);
    assert_eq!(cause_of(&unknown, "loan")["fault"], true);
    assert_eq!(cause_of(&unknown, "loan")["rule"], "two_a_week");
    let known = decide(&mut scorer, &record(&json!({"tolerance": "C1"})));
    assert_eq!(cause_of(&known, "bond_fund").get("fault"), None);
}

fn at(scorer: &mut scorebox_core::scorer::Scorer, record: &Value, now: &str) -> Value {
    let request = json!({"record": record, "now": now});
    let mut out = Vec::new();
    scorer.score(request.to_string().as_bytes(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn quiet_hours_follow_the_customers_clock() {
    let mut scorer = scorer(&folder(PAGE).edit(|m| {
        m["offers"]["contact"]["channels"] = json!([{"id": "sms"}, {"id": "branch", "quiet": false}]);
    }));
    let channel = |scorer: &mut _, offset: Value, now: &str| {
        at(scorer, &record(&json!({"utc_offset": offset})), now)["offers"]["top"][0]["channel"].take()
    };
    for (offset, now, open) in [
        // 21:00 in Shanghai is 13:00 in UTC; the day before it, a minute earlier, is not quiet yet.
        ("+08:00", "2026-11-23T12:59:59Z", "sms"),
        ("+08:00", "2026-11-23T13:00:00Z", "branch"),
        ("+08:00", "2026-11-22T23:59:59Z", "branch"),
        ("+08:00", "2026-11-23T00:00:00Z", "sms"),
        ("UTC", "2026-11-23T12:00:00Z", "sms"),
        ("-09:30", "2026-11-23T06:29:00Z", "sms"),
        ("-09:30", "2026-11-23T06:30:00Z", "branch"),
    ] {
        assert_eq!(channel(&mut scorer, json!(offset), now), open, "{offset} {now}");
    }
    // Nobody knows the time where the customer is.
    assert_eq!(channel(&mut scorer, Value::Null, "2026-11-23T12:00:00Z"), "branch");
    assert_eq!(channel(&mut scorer, json!("Asia/Shanghai"), "2026-11-23T03:00:00Z"), "branch");
}

#[test]
fn caps_count_the_last_days() {
    let mut scorer = scorer(&folder(PAGE).edit(|m| m["offers"]["top"] = json!(5)));
    // The decision is made at 2026-11-23T09:00:00Z.
    let contact = |at: &str, item: &str| json!({"at": at, "channel": "branch", "item": item});
    for (contacts, id, cause) in [
        // A week ago to the second no longer counts.
        (json!([contact("2026-11-16T09:00:00Z", ""), contact("2026-11-22T09:00:00Z", "")]), "loan", ""),
        (
            json!([contact("2026-11-16T09:00:01Z", ""), contact("2026-11-22T09:00:00Z", "")]),
            "loan",
            "two_a_week",
        ),
        // One without a time counts as recent, one of tomorrow too.
        (json!([{"channel": "branch"}, contact("2026-11-24T09:00:00Z", "")]), "loan", "two_a_week"),
        (json!([contact("2026-10-24T09:00:00Z", "loan")]), "loan", ""),
        (json!([contact("2026-10-24T09:00:01Z", "loan")]), "loan", "item_monthly"),
        (json!([contact("2026-11-01T09:00:01Z", "loan")]), "pension", ""),
        (json!([contact("2026-11-22T09:00:00Z", "gone")]), "loan", ""),
    ] {
        let decision = decide(&mut scorer, &record(&json!({"contacts": contacts})));
        let rule = if cause.is_empty() { Value::Null } else { json!(cause) };
        assert_eq!(cause_of(&decision, id)["rule"], rule, "{contacts}: {decision:#}");
    }
    // A cap per channel closes the channel, not the item.
    let sms = json!([{"at": "2026-11-22T09:00:00Z", "channel": "sms"}]);
    let decision = decide(&mut scorer, &record(&json!({"contacts": sms, "consent_email": false})));
    assert_eq!(decision["offers"]["top"][0]["channel"], "branch");
    let mut by_category = crate::page::scorer(&folder(PAGE).edit(|m| {
        m["offers"]["contact"]["caps"] =
            json!([{"id": "funds", "days": 7, "max": 1, "per": "category", "reason": "O2"}]);
    }));
    let fund = json!([contact("2026-11-22T09:00:00Z", "stock_fund")]);
    let decision = decide(&mut by_category, &record(&json!({"contacts": fund})));
    assert_eq!(cause_of(&decision, "bond_fund")["cause"], "capped");
    assert_eq!(cause_of(&decision, "bond_fund")["reason"], "O2");
    assert!(made(&decision).contains(&"pension"));
}

#[test]
fn channels_are_chosen_by_consent_order_and_score() {
    let folder = folder(PAGE);
    let mut scorer = scorer(&folder);
    let channel = |scorer: &mut _, changes: &Value| {
        decide(scorer, &record(changes))["offers"]["top"][0]["channel"].take()
    };
    assert_eq!(channel(&mut scorer, &json!({})), "sms");
    assert_eq!(channel(&mut scorer, &json!({"consent_sms": false})), "email");
    assert_eq!(channel(&mut scorer, &json!({"consent_sms": null})), "email");
    assert_eq!(channel(&mut scorer, &json!({"consent_sms": null, "consent_email": false})), "branch");
    let scored = folder.clone().edit(|m| {
        let channels = &mut m["offers"]["contact"]["channels"];
        channels[1]["score"] = json!("age < 40 ? 0.2 : 0.9");
        channels[2]["score"] = json!("0.2");
    });
    let mut by_score = crate::page::scorer(&scored);
    assert_eq!(channel(&mut by_score, &json!({"age": 50})), "email");
    assert_eq!(channel(&mut by_score, &json!({"age": 30})), "email", "of equals the first");
    assert_eq!(channel(&mut by_score, &json!({"age": 30, "consent_email": false})), "branch");
    // Only the branch may sell pensions; where it is closed the item says why.
    let mut closed = crate::page::scorer(&folder.edit(|m| {
        m["offers"]["contact"]["channels"][2]["consent"] = json!("age > 30");
    }));
    let decision = decide(&mut closed, &record(&json!({})));
    let wanted = json!([{"channel": "branch", "cause": "no_consent"}]);
    assert_eq!(cause_of(&decision, "pension")["channels"], wanted, "{decision:#}");
}

#[test]
fn items_are_offered_in_their_time() {
    let mut scorer = scorer(&folder(PAGE).edit(|m| {
        m["offers"]["items"][0]["active_from"] = json!("2026-12-01");
        m["offers"]["top"] = json!(5);
    }));
    for (now, loan, pension) in [
        ("2026-11-30T23:59:59.999Z", "inactive", ""),
        ("2026-12-01T00:00:00Z", "", ""),
        ("2026-12-31T23:59:59Z", "", ""),
        ("2027-01-01T00:00:00Z", "", "inactive"),
        // Midnight in Shanghai is still the day before in UTC.
        ("2026-12-01T00:00:00+08:00", "inactive", ""),
    ] {
        let decision = at(&mut scorer, &record(&json!({"utc_offset": "+00:00"})), now);
        let cause = |id: &str| cause_of(&decision, id)["cause"].as_str().unwrap_or_default().to_owned();
        assert_eq!((cause("loan"), cause("pension")), (loan.to_owned(), pension.to_owned()), "{now}");
    }
    // Without a time nothing is decided.
    let mut out = Vec::new();
    scorer.score(json!({"record": record(&json!({}))}).to_string().as_bytes(), &mut out).unwrap();
    let decision: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&decision["outcome"], &decision["offers"]), (&json!("refuse"), &Value::Null));
}

#[test]
fn scores_times_values_rank() {
    let mut scorer = scorer(&folder(PAGE).edit(|m| m["offers"]["top"] = json!(5)));
    let decision = decide(&mut scorer, &record(&json!({})));
    let top = decision["offers"]["top"].as_array().unwrap();
    let pd = decision["scores"]["pd"].as_f64().unwrap();
    assert_eq!(made(&decision), ["loan", "pension", "stock_fund"]);
    assert_eq!(top[0]["score"].as_f64().unwrap(), 0.2 * (1.0 - pd));
    assert_eq!(top[0]["value"].as_f64().unwrap(), 300.0 - pd * 100.0);
    assert_eq!(top[0]["rank_by"].as_f64().unwrap(), 0.2 * (1.0 - pd) * (300.0 - pd * 100.0));
    assert_eq!(held(&decision), ["card:diversity", "bond_fund:diversity"]);
    // Thresholds: 0.05 is enough, less is not.
    for (score, cause) in [(0.05, Value::Null), (0.049, json!("low_score"))] {
        let changed = folder(PAGE).edit(|m| {
            m["offers"]["items"][3]["score"] = json!({"expr": score.to_string()});
            m["offers"]["top"] = json!(5);
        });
        let decision = decide(&mut crate::page::scorer(&changed), &record(&json!({})));
        let found = &cause_of(&decision, "stock_fund")["cause"];
        let found = if *found == "diversity" { &Value::Null } else { found };
        assert_eq!(*found, cause, "{score}");
    }
    let least = folder(PAGE).edit(|m| m["offers"]["min_expected_value"] = json!(35.0));
    let decision = decide(&mut crate::page::scorer(&least), &record(&json!({})));
    assert_eq!(made(&decision), ["loan", "pension"]);
    assert_eq!(cause_of(&decision, "bond_fund")["cause"], "low_expected_value");
    // A score without a value, an infinite one, and a value that is none.
    for (key, expr) in [("score", "double(1 / (age - 30))"), ("score", "1.0 / 0.0"), ("value", "1.0 / 0.0")] {
        let broken = folder(PAGE).edit(|m| match key {
            "score" => m["offers"]["items"][0]["score"] = json!({"expr": expr}),
            _ => m["offers"]["value"] = json!(expr),
        });
        let decision = decide(&mut crate::page::scorer(&broken), &record(&json!({})));
        assert_eq!(cause_of(&decision, "loan")["cause"], "no_score", "{key} {expr}");
    }
}

#[test]
fn all_causes_or_their_numbers_on_request() {
    let mut scorer = scorer(&folder(PAGE));
    let bad = record(&json!({"age": 17, "debt": 3000, "tolerance": "C1", "do_not_call": true}));
    let mut ask = |held: &str| {
        let request = json!({"record": bad, "now": "2026-11-23T09:00:00Z", "held": held});
        let mut out = Vec::new();
        scorer.score(request.to_string().as_bytes(), &mut out).unwrap();
        serde_json::from_slice::<Value>(&out).unwrap()["offers"].take()
    };
    let first = ask("first");
    assert!(first["held"].as_array().unwrap().iter().all(|own| own["cause"] == "do_not_contact"));
    assert_eq!(first.get("held_counts"), None);
    let all = ask("all");
    let more = all["held"][0]["more"].as_array().unwrap().iter();
    let causes: Vec<&str> = more.map(|own| own["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["gated", "ineligible"]);
    assert_eq!(all["held"][0]["more"][0]["rule"], "no_credit");
    let counts = ask("counts");
    assert_eq!((&counts["held"], &counts["held_counts"]), (&json!([]), &json!({"do_not_contact": 5})));
}

/// A catalogue whose scores come from `class.onnx`'s three classes.
fn vector() -> crate::support::Folder {
    folder(PAGE).edit(|m| {
        m["models"].as_array_mut().unwrap().push(json!({
            "id": "classes", "file": "classes.onnx", "inputs": {"job": "word", "amount": ["none"]},
            "output": {"name": "scores", "kind": "vector", "labels": ["good", "bad", "ugly"]},
        }));
        m["features"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "word", "type": "string", "expr": "age > 40 ? 'nobody' : 'clerk'", "default": ""}));
        m["offers"] = json!({
            "items": [{"id": "ugly"}, {"id": "good"}, {"id": "second", "class": "bad"}, {"id": "last", "class": 2}],
            "score": {"model": "classes"},
        });
        m["policy"]["rules"][0].as_object_mut().unwrap().remove("reason");
        m.as_object_mut().unwrap().remove("reasons");
    })
}

#[test]
fn one_model_scores_all_items() {
    let mut scorer = scorer(&vector());
    // Logits are 0.5 j, 0.5 - 0.25 j and 0.25 for a job of number j: clerk is 2, nobody -1.
    let softmax = |j: f32| {
        let logits = [0.5 * j, 0.5 - 0.25 * j, 0.25].map(f32::exp);
        logits.map(|own| f64::from(own / logits.iter().sum::<f32>()))
    };
    for (age, order, job) in [(30, ["good", "ugly", "last"], 2.0), (50, ["second", "ugly", "last"], -1.0)] {
        let decision = decide(&mut scorer, &record(&json!({"age": age})));
        assert_eq!(made(&decision), order, "{decision:#}");
        let [good, bad, ugly] = softmax(job);
        let best = if age == 30 { good } else { bad };
        let found = decision["offers"]["top"][0]["score"].as_f64().unwrap();
        assert!((found - best).abs() < 1e-6, "{found} {best}");
        assert!((decision["offers"]["top"][1]["score"].as_f64().unwrap() - ugly).abs() < 1e-6);
    }
}

#[test]
fn a_model_that_sees_the_item_runs_for_each_pair() {
    let folder = folder(PAGE).edit(|m| {
        m["models"].as_array_mut().unwrap().push(json!({
            "id": "ranker", "file": "linear.onnx",
            "inputs": {"X": ["debt_ratio", "item.digital", "item.margin"]},
            "output": {"name": "margin", "kind": "value"},
        }));
        m["offers"]["score"] = json!({"model": "ranker"});
        m["offers"]["min_score"] = Value::Null;
        m["offers"]["value"] = Value::Null;
        m["offers"]["items"][1]["score"] = Value::Null;
        m["offers"]["eligibility"][0] = json!({"id": "adult", "when": "age >= 18 && item.margin > 100.0"});
        m["offers"]["diversity"] = Value::Null;
        m["offers"]["top"] = json!(5);
    });
    let mut scorer = scorer(&folder);
    let records = [record(&json!({})), record(&json!({"debt": 2000})), record(&json!({"income": null}))];
    let decision = decide(&mut scorer, &records[0]);
    for (id, digital, margin) in [
        ("loan", 1.0, 300.0),
        ("card", 1.0, 120.0),
        ("stock_fund", f64::NAN, 160.0),
        ("pension", f64::NAN, 200.0),
    ] {
        let top = decision["offers"]["top"].as_array().unwrap();
        let score = top.iter().find(|own| own["id"] == id).map(|own| own["score"].as_f64().unwrap());
        if digital.is_nan() {
            // An attribute that is missing is NaN to the model, and so is the weighted sum.
            assert_eq!((score, &cause_of(&decision, id)["cause"]), (None, &json!("no_score")), "{id}");
        } else {
            assert!((score.unwrap() - linear(0.25, digital, margin)).abs() < 1e-4, "{id} {score:?}");
        }
    }
    assert_eq!(cause_of(&decision, "bond_fund")["cause"], "ineligible");
    // A batch gives what its records give.
    let rows = columns(
        &mut scorer,
        &records.map(|mut record| {
            record.as_object_mut().unwrap().remove("contacts");
            record["contacts"] = json!("[]");
            record
        }),
    );
    assert_eq!(rows[0]["offer"], decision["offers"]["top"][0]["id"]);
    assert_eq!(rows[0]["offer_score"], decision["offers"]["top"][0]["score"]);
    assert_eq!(rows[0]["offers"], made(&decision).join(","));
    assert_eq!(rows[0]["held"], held(&decision).join(","));
    assert_eq!((&rows[2]["offer"], &rows[2]["held"]), (&Value::Null, &Value::Null));
}

/// The margin of `linear.onnx`.
fn linear(a: f64, b: f64, c: f64) -> f64 {
    0.5 * a - 2.0 * b + c - 0.25
}

#[test]
fn marginal_relevance_trades_rank_for_difference() {
    let base = |mmr: Value| {
        folder(PAGE).edit(|m| {
            m["offers"] = json!({
                "top": 3, "attributes": {"x": "number", "y": "number", "score": "number"},
                "items": [
                    {"id": "a", "category": "p", "attributes": {"x": 1, "y": 0, "s": 1.0}},
                    {"id": "b", "category": "p", "attributes": {"x": 1, "y": 0.1, "s": 0.9}},
                    {"id": "c", "category": "q", "attributes": {"x": 0, "y": 1, "s": 0.5}},
                    {"id": "d", "attributes": {"x": 0, "y": 0, "s": 0.0}},
                ],
                "score": {"expr": "item.s"}, "diversity": {"mmr": mmr},
            });
            m["offers"]["attributes"] = json!({"x": "number", "y": "number", "s": "number"});
        })
    };
    let offers = |mmr: Value| {
        let decision = decide(&mut scorer(&base(mmr)), &record(&json!({})));
        made(&decision).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offers(json!({"lambda": 1.0})), ["a", "b", "c"]);
    // Categories: b is like a (0.9 l - (1 - l)), c is not (0.5 l): c comes first below l = 1 / 1.4.
    assert_eq!(offers(json!({"lambda": 0.72})), ["a", "b", "c"]);
    assert_eq!(offers(json!({"lambda": 0.7})), ["a", "c", "b"]);
    // Nothing counts but difference: d has no category, so it is like none.
    assert_eq!(offers(json!({"lambda": 0.0})), ["a", "c", "d"]);
    // By numbers: a and c stand at right angles, and d has no direction at all.
    assert_eq!(offers(json!({"lambda": 0.6, "attributes": ["x", "y"]})), ["a", "c", "b"]);
    assert_eq!(offers(json!({"lambda": 0.0, "attributes": ["x", "y"]})), ["a", "c", "d"]);
}

#[test]
fn many_items_are_counted_and_bounded() {
    let many = |count: usize, held: Value| {
        folder(PAGE).edit(|m| {
            let items: Vec<Value> =
                (0..count).map(|at| json!({"id": format!("i{at}"), "attributes": {"s": at % 97}})).collect();
            m["offers"] = json!({
                "attributes": {"s": "integer"}, "items": items, "score": {"expr": "double(item.s) * pd"},
                "gates": [{"id": "odd", "when": "item.s % 2 == 1"}], "held": held,
            });
        })
    };
    let mut scorer = scorer(&many(2_000, Value::Null));
    let decision = decide(&mut scorer, &record(&json!({})));
    assert_eq!(made(&decision), ["i96", "i193", "i290"], "of equals the earlier item");
    let counts = &decision["offers"]["held_counts"];
    assert_eq!(counts["gated"], json!((0..2_000).filter(|at| at % 97 % 2 == 1).count()));
    assert_eq!(counts["gated"].as_u64().unwrap() + counts["rank"].as_u64().unwrap(), 2_000 - 3);
    // 40 rows by 2,000 items do not fit one part; each row has the answer that it has alone.
    let records: Vec<Value> =
        (0..40).map(|at| record(&json!({"debt": 100 * at, "contacts": "[]"}))).collect();
    let rows = columns(&mut scorer, &records);
    assert!(rows.iter().all(|row| row["offers"] == "i96,i193,i290"), "{:?}", rows[0]);
    let error = many(10_001, Value::Null).pack().unwrap_err();
    assert!(error.message().contains("the limit is 10000"), "{error}");
}
