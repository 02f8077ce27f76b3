//! A fresh instance for each request: the same answers, nothing left behind, and what it costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::path::Path;
use std::thread;

use scorebox::{Batch, BatchOutput, Bundle, Column, Config, Data, Engine, Isolation, Now, ScoreOptions};

/// A module that counts its calls: an answer of `1` means that nobody was here before.
fn counting_module() -> Vec<u8> {
    let version = scorebox_abi::VERSION;
    let text = format!(
        r#"(module
        (memory (export "memory") 2)
        (data (i32.const 1024) "{{\22outcome\22:\220\22}}")
        (data (i32.const 2048) "{{\22name\22:\22counting\22,\22version\22:\221\22,\22digest\22:\22sha256:0\22}}")
        (global $ptr (mut i32) (i32.const 0))
        (global $len (mut i32) (i32.const 0))
        (func (export "_initialize"))
        (func (export "sbx_abi_version") (result i32) (i32.const {version}))
        (func (export "sbx_alloc") (param i32) (result i32) (i32.const 65536))
        (func (export "sbx_free") (param i32 i32))
        (func (export "sbx_result_ptr") (result i32) (global.get $ptr))
        (func (export "sbx_result_len") (result i32) (global.get $len))
        (func (export "sbx_configure") (param i32 i32) (result i32) (i32.const 0))
        (func (export "sbx_load") (param i32 i32) (result i32) (i32.const 1))
        (func (export "sbx_verify") (param i32) (result i32) (i32.const 0))
        (func (export "sbx_describe") (param i32) (result i32)
            (global.set $ptr (i32.const 2048)) (global.set $len (i32.const 53)) (i32.const 0))
        (func (export "sbx_score") (param i32 i32 i32) (result i32)
            (i32.store8 (i32.const 1036) (i32.add (i32.load8_u (i32.const 1036)) (i32.const 1)))
            (global.set $ptr (i32.const 1024)) (global.set $len (i32.const 15)) (i32.const 0)))"#
    );
    wat::parse_str(text).unwrap()
}

fn outcomes(isolation: Isolation) -> Vec<String> {
    let config = Config::new().cache(false).instances(1).module(counting_module()).isolation(isolation);
    let bundle = Bundle::from_bytes(&Engine::with_config(config).unwrap(), b"any".to_vec()).unwrap();
    let options = ScoreOptions { now: Now::Absent, ..ScoreOptions::default() };
    (0..3).map(|_| bundle.score("{}", &options).unwrap().outcome().to_owned()).collect()
}

#[test]
fn a_request_finds_nothing_of_the_one_before() {
    assert_eq!(outcomes(Isolation::Pooled), ["1", "2", "3"]);
    assert_eq!(outcomes(Isolation::PerRequest), ["1", "1", "1"]);
}

fn credit(isolation: Isolation, instances: usize) -> Bundle {
    let engine = Engine::with_config(Config::new().isolation(isolation).instances(instances)).unwrap();
    Bundle::load(&engine, Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/credit")).unwrap()
}

const RECORD: &str = r#"{"age": 34, "limit_bal": 120000, "pay_0": 2, "bill_amt1": 96000}"#;

fn options() -> ScoreOptions {
    ScoreOptions { now: Now::At("2026-11-23T09:00:00Z".into()), ..ScoreOptions::default() }
}

#[test]
fn fresh_instances_give_the_bytes_that_pooled_ones_give() {
    let (pooled, fresh) = (credit(Isolation::Pooled, 2), credit(Isolation::PerRequest, 2));
    assert_eq!(pooled.module_digest(), fresh.module_digest());
    for record in [RECORD, "{}", r#"{"age": 17}"#] {
        let expected = pooled.score(record, &options()).unwrap();
        for _ in 0..3 {
            assert_eq!(fresh.score(record, &options()).unwrap().as_bytes(), expected.as_bytes());
        }
    }
    let rows = 5_000;
    let batch = Batch {
        rows,
        columns: [("age", "34"), ("limit_bal", "120000"), ("pay_0", "2"), ("bill_amt1", "96000")]
            .map(|(name, text)| Column::new(name, Data::texts(std::iter::repeat_n(text, rows))))
            .into(),
    };
    let answers = |bundle: &Bundle| {
        let answer = bundle.score_batch(&batch, &options(), BatchOutput::Decisions).unwrap();
        format!("{:?}", answer.columns)
    };
    assert_eq!(answers(&fresh), answers(&pooled));
    assert_eq!(fresh.verify().unwrap()["failed"], 0);
}

#[test]
fn more_threads_than_places_wait_their_turn() {
    let bundle = credit(Isolation::PerRequest, 2);
    let expected = bundle.score(RECORD, &options()).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let found = bundle.score(RECORD, &options()).unwrap();
                    assert_eq!(found.as_bytes(), expected.as_bytes());
                }
            });
        }
    });
    println!("300 fresh instances in 2 places");
}
