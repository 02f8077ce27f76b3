//! Counting in a pool of instances and with a fresh one for each call; bandits; the server's report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use scorebox::{
    BanditState, Batch, BatchOutput, Bundle, Column, Config, Counts, Data, Engine, ErrorCode, Isolation, Now,
    ScoreOptions,
};
use serde_json::{Value, json};

fn bundle(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/bundles").join(name)
}

fn engines() -> [(Isolation, Engine); 2] {
    [Isolation::Pooled, Isolation::PerRequest].map(|isolation| {
        let config = Config::new().instances(2).cache(false).isolation(isolation);
        (isolation, Engine::with_config(config).unwrap())
    })
}

fn counted() -> ScoreOptions {
    ScoreOptions { now: Now::At("2026-11-23T09:00:00Z".into()), monitor: true, ..ScoreOptions::default() }
}

fn income(row: usize) -> f64 {
    (row * 7_919 % 60_000) as f64
}

fn record(row: usize) -> String {
    json!({"income": income(row), "risk_class": row % 5, "years": row % 30, "consent": row.is_multiple_of(2)})
        .to_string()
}

fn batch(rows: std::ops::Range<usize>) -> Batch<'static> {
    let of = |cell: &dyn Fn(usize) -> f64| Data::F64(rows.clone().map(cell).collect::<Vec<_>>().into());
    let consent: Vec<u8> = rows.clone().map(|row| u8::from(row % 2 == 0)).collect();
    Batch {
        rows: rows.len(),
        columns: vec![
            Column::new("income", of(&income)),
            Column::new("risk_class", of(&|row| (row % 5) as f64)),
            Column::new("years", of(&|row| (row % 30) as f64)),
            Column::new("consent", Data::Bool(consent.into())),
        ],
    }
}

#[test]
fn records_and_batches_count_the_same_in_either_isolation() {
    let mut all = Vec::new();
    for (isolation, engine) in engines() {
        let bundle = Bundle::load(&engine, bundle("stump")).unwrap();
        assert_eq!(bundle.take_counts().unwrap().rows(), 0, "{isolation:?}");
        // More calls than an instance holds counts of, from several threads.
        std::thread::scope(|scope| {
            for lane in 0..3 {
                let bundle = &bundle;
                scope.spawn(move || {
                    (lane * 70..(lane + 1) * 70)
                        .for_each(|row| drop(bundle.score(&record(row), &counted()).unwrap()));
                });
            }
        });
        let singles = bundle.take_counts().unwrap();
        assert_eq!(singles.rows(), 210, "{isolation:?}");
        let options = counted();
        bundle.score_batch(&batch(0..210), &options, BatchOutput::Columns).unwrap();
        let whole = bundle.take_counts().unwrap();
        assert_eq!(whole, singles, "{isolation:?}");
        // Without the option nothing is counted, and what fails is not either.
        let quiet = ScoreOptions { monitor: false, ..counted() };
        bundle.score(&record(1), &quiet).unwrap();
        bundle.score("{", &counted()).unwrap_err();
        assert_eq!(bundle.take_counts().unwrap().rows(), 0, "{isolation:?}");
        // A request in the module's own form may ask for it too.
        let request =
            format!("{{\"record\":{},\"now\":\"2026-11-23T09:00:00Z\",\"monitor\":true}}", record(1));
        bundle.score_request(request.as_bytes()).unwrap();
        assert_eq!(bundle.take_counts().unwrap().rows(), 1, "{isolation:?}");
        let answer = bundle.monitor(&[singles.clone(), whole.clone()]).unwrap();
        let mut sum = singles;
        sum.add(&whole).unwrap();
        assert_eq!(Counts::parse(&answer.to_string()).unwrap(), sum);
        assert_eq!(answer["report"]["rows"], 420);
        all.push(answer);
    }
    assert_eq!(all[0], all[1]);
}

#[test]
fn counts_of_another_bundle_are_refused() {
    let engine = Engine::new().unwrap();
    let (stump, linear) =
        (Bundle::load(&engine, bundle("stump")).unwrap(), Bundle::load(&engine, bundle("linear")).unwrap());
    let mut counts = stump.take_counts().unwrap();
    let other = linear.take_counts().unwrap();
    assert_eq!(counts.add(&other).unwrap_err().code(), ErrorCode::RequestInvalid);
    let error = stump.monitor(&[counts, other]).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "counts[1].bundle"));
}

#[test]
fn a_bandit_learns_through_the_host() {
    let engine = Engine::new().unwrap();
    let bundle = Bundle::load(&engine, bundle("bandit")).unwrap();
    let record = json!({"customer": "c-1", "age": 60, "app": true});
    let rewards =
        json!({"state": Value::Null, "rewards": [{"record": record, "item": "travel", "reward": 1}]});
    let state = bundle.update(&rewards.to_string()).unwrap();
    let learned: Value = serde_json::from_str(state.as_str()).unwrap();
    assert_eq!(learned["arms"]["travel"]["count"], 2, "one of the bundle, one of ours");
    let ask = |state: Option<BanditState>| {
        let options = ScoreOptions { now: Now::Absent, state, ..ScoreOptions::default() };
        bundle.score(&record.to_string(), &options).unwrap().json()["offers"]["bandit"]["state"].clone()
    };
    assert_ne!(ask(Some(state)), ask(None), "a decision names the state that it used");
    let broken = BanditState::parse("{\"format\":1}").unwrap();
    let options = ScoreOptions { now: Now::Absent, state: Some(broken), ..ScoreOptions::default() };
    let error = bundle.score(&record.to_string(), &options).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::RequestInvalid, "state"));
}
