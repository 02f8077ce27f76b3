//! Bandits: numbers by hand, chances against what is drawn, learning, and states that are none.

use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, ErrorCode};
use serde_json::{Value, json};

use crate::page::{columns, folder, folder_of, refused, scorer};

const PAGE: &str = include_str!("../../../docs/manifest/offers.md");

fn bandit(change: impl FnOnce(&mut Value)) -> Scorer {
    scorer(&folder_of(PAGE, 1).edit(change))
}

fn record(seed: &str, age: f64, app: bool) -> Value {
    json!({"customer": seed, "age": age, "app": app})
}

fn try_ask(scorer: &mut Scorer, record: &Value, state: &Value) -> Result<Value, Error> {
    let mut out = Vec::new();
    let request = json!({"record": record, "state": state});
    scorer.score(request.to_string().as_bytes(), &mut out)?;
    Ok(serde_json::from_slice(&out).unwrap())
}

fn ask(scorer: &mut Scorer, record: &Value, state: &Value) -> Value {
    try_ask(scorer, record, state).unwrap_or_else(|error| panic!("{error}"))["offers"].take()
}

fn try_update(scorer: &mut Scorer, update: &Value) -> Result<Value, Error> {
    let mut out = Vec::new();
    scorer.update(update.to_string().as_bytes(), &mut out)?;
    Ok(serde_json::from_slice(&out).unwrap())
}

fn state() -> Value {
    json!({
        "format": 1, "terms": ["1", "age_scaled", "app"],
        "arms": {
            "savings": {"count": 3, "a": [4, 1, 3, 2, 0, 5], "b": [2, 1, 0]},
            "travel": {"count": 1, "a": [2, 0, 2, 0, 0, 2], "b": [1, 0, 1]},
            "retired": {"count": 1, "a": [2, 0, 2, 0, 0, 2], "b": [1, 0, 1]},
        },
    })
}

fn close(found: &Value, wanted: f64, error: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} instead of {wanted}"));
    assert!((found - wanted).abs() < error, "{found} instead of {wanted}");
}

#[test]
fn lin_ucb_by_hand() {
    let mut scorer = bandit(|m| {
        let bandit = &mut m["offers"]["bandit"];
        (bandit["algorithm"], bandit["alpha"], bandit["explore"]) = (json!("lin_ucb"), json!(0.5), json!(0));
        m["offers"]["top"] = json!(3);
    });
    // x = [1, (60 - 45) / 15, 1] = [1, 1, 1]. For savings A = [[4, 1, 2], [1, 3, 0], [2, 0, 5]]: det = 43,
    // A⁻¹ b with b = [2, 1, 0] is [25, 6, -10] / 43, A⁻¹ x is [4, 13, 7] / 43.
    let offers = ask(&mut scorer, &record("a", 60.0, true), &state());
    let top = offers["top"].as_array().unwrap();
    let of = |id: &str| top.iter().find(|own| own["id"] == id).unwrap();
    close(&of("savings")["score"], 21.0 / 43.0, 1e-15);
    close(&of("savings")["rank_by"], 21.0 / 43.0 + 0.5 * (24.0_f64 / 43.0).sqrt(), 1e-15);
    // travel: A = 2 I, b = [1, 0, 1]; cashback knows nothing: A = I.
    close(&of("travel")["rank_by"], 1.0 + 0.5 * 1.5_f64.sqrt(), 1e-15);
    close(&of("cashback")["score"], 0.0, 1e-15);
    close(&of("cashback")["rank_by"], 0.5 * 3.0_f64.sqrt(), 1e-15);
    assert_eq!(top[0]["id"], "travel");
    assert_eq!(offers["bandit"]["propensities"], json!({"cashback": 0, "savings": 0, "travel": 1}));
    // Without rewards nothing is known of any, and the catalogue's order decides.
    let cold = ask(&mut scorer, &record("a", 60.0, true), &Value::Null);
    assert_eq!(cold["top"][0]["id"], "cashback");
    assert_ne!(cold["bandit"]["state"], offers["bandit"]["state"]);
    // A missing context is the constant alone.
    let missing = ask(&mut scorer, &json!({"customer": "a"}), &state());
    close(&missing["top"][0]["score"], 25.0 / 43.0, 1e-15);
}

#[test]
fn thompson_draws_as_often_as_it_says() {
    let mut scorer = bandit(|m| m["offers"]["bandit"]["explore"] = json!(0.2));
    let (count, state) = (4_000, state());
    let mut wins = std::collections::BTreeMap::<String, f64>::new();
    let (mut drawn, mut chances) = (0.0, Value::Null);
    for seed in 0..count {
        let offers = ask(&mut scorer, &record(&format!("c-{seed}"), 60.0, true), &state);
        *wins.entry(offers["top"][0]["id"].as_str().unwrap().to_owned()).or_default() += 1.0;
        drawn += f64::from(u8::from(offers["bandit"]["drawn"].as_bool().unwrap()));
        if seed > 0 {
            assert_eq!(offers["bandit"]["propensities"], chances, "chances do not depend on the seed");
        }
        let first = offers["top"][0]["id"].as_str().unwrap();
        assert_eq!(offers["top"][0]["propensity"], offers["bandit"]["propensities"][first]);
        chances = offers["bandit"]["propensities"].clone();
    }
    let count = f64::from(count);
    assert!((drawn / count - 0.2).abs() < 4.0 * (0.16 / count).sqrt(), "{drawn}");
    let mut sum = 0.0;
    for (id, chance) in chances.as_object().unwrap() {
        let chance = chance.as_f64().unwrap();
        sum += chance;
        let share = wins.get(id).copied().unwrap_or_default() / count;
        let error = 4.0 * (chance * (1.0 - chance) / count).sqrt() + 1e-3;
        assert!((share - chance).abs() < error, "{id}: {share} instead of {chance}");
        assert!(chance >= 0.2 / 3.0, "{id} can always be drawn evenly");
    }
    assert!((sum - 1.0).abs() < 1e-12);
    // The same seed draws the same, and its number as an integer would be another.
    let again = ask(&mut scorer, &record("c-7", 60.0, true), &state);
    assert_eq!(again, ask(&mut scorer, &record("c-7", 60.0, true), &state));
}

#[test]
fn shared_arms_learn_together() {
    let shared = |algorithm: &str, alpha: f64| {
        let algorithm = algorithm.to_owned();
        bandit(move |m| {
            m["offers"]["attributes"] = json!({"rate": "number", "new": "boolean"});
            m["offers"]["items"] = json!([
                {"id": "a", "attributes": {"rate": 1.0}}, {"id": "b", "attributes": {"rate": -0.5, "new": true}},
                {"id": "c", "attributes": {"rate": 0.25}},
            ]);
            m["offers"]["bandit"] = json!({
                "algorithm": algorithm, "arms": "shared", "context": ["age_scaled"], "item_context": ["rate", "new"], "alpha": alpha,
                "seed": "customer",
            });
        })
    };
    let mut scorer = shared("lin_ucb", 0.1);
    let rewards = json!([
        {"record": record("x", 60.0, true), "item": "b", "reward": 1},
        {"record": record("x", 30.0, true), "item": "a", "reward": 0.5},
    ]);
    let state = try_update(&mut scorer, &json!({"rewards": rewards})).unwrap();
    let terms = ["1", "age_scaled", "item.rate", "item.new", "age_scaled*item.rate", "age_scaled*item.new"];
    assert_eq!(state["terms"], json!(terms));
    assert_eq!(state["arms"].as_object().unwrap().keys().collect::<Vec<_>>(), ["*"]);
    // b for age 60 is x = [1, 1, -0.5, 1, -0.5, 1], a for age 30 is [1, -1, 1, 0, -1, 0].
    assert_eq!(state["arms"]["*"]["b"], json!([1.5, 0.5, 0, 1, -1, 1]));
    assert_eq!(state["arms"]["*"]["a"][0], json!(3));
    let offers = ask(&mut scorer, &record("a", 60.0, true), &state);
    assert_eq!(offers["top"][0]["id"], "b");
    // Draws of weights that all share: shares over seeds against the fixed draws' estimate.
    let mut thompson = shared("thompson", 0.5);
    let mut wins = std::collections::BTreeMap::<String, f64>::new();
    let mut chances = Value::Null;
    for seed in 0..1_500 {
        let offers = ask(&mut thompson, &record(&format!("s{seed}"), 60.0, true), &state);
        *wins.entry(offers["top"][0]["id"].as_str().unwrap().to_owned()).or_default() += 1.0 / 1_500.0;
        chances = offers["bandit"]["propensities"].clone();
    }
    for (id, chance) in chances.as_object().unwrap() {
        let chance = chance.as_f64().unwrap();
        let share = wins.get(id).copied().unwrap_or_default();
        let error = 4.0 * (chance * (1.0 - chance) * (1.0 / 1_500.0 + 1.0 / 2_048.0)).sqrt();
        assert!(chance > 0.0 && (share - chance).abs() < error, "{id}: {share} instead of {chance}");
    }
}

#[test]
fn an_update_adds_what_came_of_offers() {
    let mut scorer = bandit(|_| {});
    let reward = |age: f64, item: &str, reward: f64| json!({"record": record("x", age, true), "item": item, "reward": reward});
    let first = [reward(60.0, "savings", 1.0), reward(30.0, "savings", 0.0)];
    let second = [reward(45.0, "travel", 0.5)];
    let once = try_update(&mut scorer, &json!({"rewards": [first[0], first[1], second[0]]})).unwrap();
    // x = [1, 1, 1] and [1, -1, 1].
    assert_eq!(once["arms"]["savings"], json!({"count": 2, "a": [3, 0, 3, 2, 0, 3], "b": [1, 1, 1]}));
    assert_eq!(once["arms"]["travel"], json!({"count": 1, "a": [2, 0, 1, 1, 0, 2], "b": [0.5, 0, 0.5]}));
    // In two steps it is the same state, and a state comes back as it went in.
    let half = try_update(&mut scorer, &json!({"rewards": first})).unwrap();
    assert_eq!(try_update(&mut scorer, &json!({"state": half, "rewards": second})).unwrap(), once);
    assert_eq!(try_update(&mut scorer, &json!({"state": once, "rewards": []})).unwrap(), once);
    // What is no longer offered is kept.
    let kept = try_update(&mut scorer, &json!({"state": state(), "rewards": []})).unwrap();
    assert_eq!(kept["arms"]["retired"], state()["arms"]["retired"]);
    // The scorer itself has not changed.
    let before = ask(&mut scorer, &record("q", 50.0, true), &Value::Null);
    assert_eq!(before["top"][0]["score"], json!(0));
}

#[test]
fn a_bundle_can_bring_a_state() {
    let folder = folder_of(PAGE, 1)
        .edit(|m| m["offers"]["bandit"]["state"] = json!("learned.json"))
        .with("learned.json", state().to_string().into_bytes());
    let mut own = scorer(&folder);
    let offers = ask(&mut own, &record("c", 60.0, true), &Value::Null);
    let mut bare = bandit(|_| {});
    let given = ask(&mut bare, &record("c", 60.0, true), &state());
    assert_eq!(offers, given, "the same state from either side");
    // The file is pinned: another one does not load.
    let packed =
        crate::support::Folder::unzip(&folder.pack().unwrap()).with("learned.json", b"{}".as_slice());
    let error = Scorer::load(&packed.zip(), &scorebox_core::Limits::DEFAULT, [0; 32]).err().unwrap();
    assert_eq!((error.code(), error.path()), (ErrorCode::BundleDigest, "offers.bandit.state.learned.json"));
    let error =
        folder_of(PAGE, 1).edit(|m| m["offers"]["bandit"]["state"] = json!("x.json")).pack().unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, "offers.bandit.state"));
    let wrong = folder.with("learned.json", br#"{"format":1,"terms":["1"],"arms":{}}"#.as_slice());
    let error = wrong.pack().unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, "offers.bandit.state.terms"));
}

#[test]
fn states_and_rewards_that_are_none() {
    let mut scorer = bandit(|_| {});
    let customer = record("c", 60.0, true);
    let mut wrong = |path: &str, says: &str, change: &dyn Fn(&mut Value)| {
        let mut state = state();
        change(&mut state);
        let error = try_ask(&mut scorer, &customer, &state).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, path), "{error}");
        assert!(error.message().contains(says), "{error}");
        let error = try_update(&mut scorer, &json!({"state": state, "rewards": []})).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, path), "{error}");
    };
    wrong("state", "is an object", &|s| *s = json!([1]));
    wrong("state", "nothing else", &|s| s["more"] = json!(1));
    wrong("state.format", "must be 1", &|s| s["format"] = json!(2));
    wrong("state", "`format`, `terms` and `arms`", &|s| s["arms"] = json!([]));
    wrong("state.terms", "another context", &|s| s["terms"] = json!(["1", "app", "age_scaled"]));
    wrong("state.terms", "1 to 128", &|s| s["terms"] = json!([]));
    wrong("state.arms[2].a", "6 numbers, not 7", &|s| {
        s["arms"]["travel"]["a"] = json!([2, 0, 2, 0, 0, 2, 1]);
    });
    wrong("state.arms[2].b", "must be a number", &|s| s["arms"]["travel"]["b"] = json!([1, null, 1]));
    wrong("state.arms[2]", "an arm has", &|s| s["arms"]["travel"]["count"] = json!(-1));
    // Tables that no rewards can give.
    for a in [
        json!([0, 0, 0, 0, 0, 0]),
        json!([1, 2, 1, 0, 0, 1]),
        json!([-2, 0, 2, 0, 0, 2]),
        json!([1e308, 1e308, 1e308, 1e308, 1e308, 1e308]),
    ] {
        wrong("state.arms.travel", "positive definite", &|s| s["arms"]["travel"]["a"] = a.clone());
    }
    let many: serde_json::Map<String, Value> = (0..5_000).map(|at| (at.to_string(), json!({}))).collect();
    wrong("state.arms", "at most 4096", &|s| s["arms"] = Value::Object(many.clone()));
    let mut reward = |path: &str, code: ErrorCode, rewards: Value| {
        let error = try_update(&mut scorer, &json!({"rewards": rewards})).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, path), "{error}");
    };
    let invalid = ErrorCode::RequestInvalid;
    reward("rewards[0].item", invalid, json!([{"record": customer, "item": "gold", "reward": 1}]));
    reward("rewards[1]", invalid, json!([{"record": customer, "item": "travel", "reward": 1}, 7]));
    reward("rewards[0]", invalid, json!([{"record": customer, "item": "travel", "reward": "1"}]));
    reward("rewards[0].record", invalid, json!([{"record": {"age": 1}, "item": "travel", "reward": 1}]));
    reward(
        "rewards[0].now",
        invalid,
        json!([{"record": customer, "item": "travel", "reward": 1, "now": "x"}]),
    );
    let huge = json!([{"record": record("c", 1e200, true), "item": "travel", "reward": 1e300}]);
    reward("rewards[0]", ErrorCode::RunValue, huge);
    // A bundle without a bandit has nothing to learn.
    let mut none = crate::page::scorer(&folder(PAGE));
    let error = try_update(&mut none, &json!({"rewards": []})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RequestInvalid);
    let mut out = Vec::new();
    let request = json!({"record": {}, "state": state(), "now": "2026-11-23T09:00:00Z"}).to_string();
    assert_eq!(none.score(request.as_bytes(), &mut out).unwrap_err().path(), "state");
    assert_eq!(none.update(b"[", &mut out).unwrap_err().code(), ErrorCode::RecordMalformed);
    assert_eq!(none.update(b"{}", &mut out).unwrap_err().code(), ErrorCode::RequestInvalid);
}

#[test]
fn batches_use_one_state_and_their_own_seeds() {
    let mut scorer = bandit(|_| {});
    let records: Vec<Value> = (0..50).map(|at| record(&format!("b{at}"), 60.0, true)).collect();
    let rows = columns(&mut scorer, &records);
    let mut seen = std::collections::BTreeSet::new();
    for (row, record) in rows.iter().zip(&records) {
        let alone = ask(&mut scorer, record, &Value::Null);
        assert_eq!(row["offer"], alone["top"][0]["id"]);
        assert_eq!(row["offer_propensity"], alone["top"][0]["propensity"]);
        seen.insert(row["offer"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 3, "each item is tried");
}

#[test]
fn it_learns_whom_to_offer_what() {
    // Young customers take travel, older ones savings, nobody cashback: 300 customers of alternating age.
    for algorithm in ["thompson", "lin_ucb"] {
        let mut scorer = bandit(|m| {
            m["offers"]["bandit"]["algorithm"] = json!(algorithm);
            m["offers"]["bandit"]["explore"] = json!(0);
        });
        let (mut state, mut late_right) = (Value::Null, 0);
        for round in 0..300 {
            let age = if round % 2 == 0 { 27.0 } else { 63.0 };
            let customer = record(&format!("r{round}"), age, true);
            let item = ask(&mut scorer, &customer, &state)["top"][0]["id"].as_str().unwrap().to_owned();
            let right = if round % 2 == 0 { "travel" } else { "savings" };
            late_right += usize::from(round >= 200 && item == right);
            let rewards = json!([{"record": customer, "item": item, "reward": u8::from(item == right)}]);
            state = try_update(&mut scorer, &json!({"state": state, "rewards": rewards})).unwrap();
        }
        assert!(late_right >= 90, "{algorithm} is right in {late_right} of the last 100");
    }
}

#[test]
fn what_is_wrong_with_a_bandit_is_said_when_packing() {
    let refused = |path: &str, says: &str, bandit: Value| {
        refused(PAGE, path, says, move |m| {
            m["offers"]["score"] = Value::Null;
            m["offers"]["min_score"] = Value::Null;
            m["offers"]["items"][1]["score"] = Value::Null;
            m["offers"]["bandit"] = bandit;
        });
    };
    refused("offers.bandit.seed", "without a seed", json!({"algorithm": "thompson", "context": []}));
    refused(
        "offers.bandit.seed",
        "without a seed",
        json!({"algorithm": "lin_ucb", "context": [], "explore": 0.1}),
    );
    let with = |key: &str, value: Value| {
        let mut bandit = json!({"algorithm": "thompson", "context": ["age"], "seed": "age"});
        bandit[key] = value;
        bandit
    };
    refused("offers.bandit.seed", "type string or integer", with("seed", json!("income")));
    refused("offers.bandit.seed", "may be missing", with("seed", json!("utc_offset")));
    refused("offers.bandit.context[0]", "no number", with("context", json!(["tolerance"])));
    refused("offers.bandit.context[1]", "listed twice", with("context", json!(["age", "age"])));
    refused("offers.bandit.context[0]", "no input, feature", with("context", json!(["agee"])));
    refused("offers.bandit.item_context", "without attributes", with("arms", json!("shared")));
    refused("offers.bandit.item_context", "learns alone", with("item_context", json!(["margin"])));
    refused("offers.bandit.ridge", "greater than 0", with("ridge", json!(0)));
    refused("offers.bandit.explore", "0 to 1", with("explore", json!(1.5)));
    crate::page::refused(PAGE, "offers.score", "scores the items itself", |m| {
        m["offers"]["bandit"] = json!({"algorithm": "lin_ucb", "context": ["age"]});
    });
    crate::page::refused(PAGE, "offers.bandit", "at most 256", |m| {
        let items: Vec<Value> = (0..257).map(|at| json!({"id": at.to_string()})).collect();
        m["offers"] = json!({"items": items, "bandit": {"algorithm": "lin_ucb", "context": ["age"]}});
    });
}
