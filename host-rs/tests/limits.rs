//! What a module, a model or a record can cost: an error, and the instance at most.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use scorebox::{Bundle, Config, Engine, ErrorCode, Now, ScoreOptions};

/// A module that speaks the interface and answers by the record's first letters: it loops, traps,
/// grows without end, overflows its stack or answers well. `load` accepts everything.
fn module(version: u32, extra: &str) -> Vec<u8> {
    let quoted = |json: &str| (json.replace('"', "\\\""), json.len());
    let (decision, decision_len) = quoted(r#"{"outcome":"approve"}"#);
    let (about, about_len) = quoted(r#"{"name":"hostile","version":"1","digest":"sha256:0"}"#);
    let (failure, failure_len) = quoted(r#"{"code":"record_malformed","path":"here","message":"no"}"#);
    let text = format!(
        r#"(module {extra}
        (memory (export "memory") 2)
        (data (i32.const 1024) "{decision}")
        (data (i32.const 2048) "{about}")
        (data (i32.const 3072) "{failure}")
        (global $ptr (mut i32) (i32.const 0))
        (global $len (mut i32) (i32.const 0))
        (func (export "_initialize"))
        (func (export "sbx_abi_version") (result i32) (i32.const {version}))
        (func (export "sbx_alloc") (param i32) (result i32)
            (if (i32.gt_u (local.get 0) (i32.const 60000)) (then (return (i32.const 0))))
            (i32.const 65536))
        (func (export "sbx_free") (param i32 i32))
        (func (export "sbx_result_ptr") (result i32) (global.get $ptr))
        (func (export "sbx_result_len") (result i32) (global.get $len))
        (func (export "sbx_configure") (param i32 i32) (result i32) (i32.const 0))
        (func (export "sbx_load") (param i32 i32) (result i32) (i32.const 1))
        (func (export "sbx_describe") (param i32) (result i32)
            (global.set $ptr (i32.const 2048)) (global.set $len (i32.const {about_len})) (i32.const 0))
        (func $deep (param i32) (result i32) (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
        (func (export "sbx_score") (param i32 i32 i32) (result i32)
            (local $letter i32)
            ;; the first letter of the record's text: after the 11 bytes of {{"record":"
            (local.set $letter (i32.load8_u offset=11 (local.get 1)))
            (if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $again (br $again)))) ;; l
            (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable)) ;; t
            (if (i32.eq (local.get $letter) (i32.const 100)) (then (drop (call $deep (i32.const 0))))) ;; d
            (if (i32.eq (local.get $letter) (i32.const 103)) (then ;; g
                (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
                unreachable))
            (if (i32.eq (local.get $letter) (i32.const 119)) (then ;; w
                (global.set $ptr (i32.const 0x7ffffff0)) (global.set $len (i32.const 4096)) (return (i32.const 0))))
            (if (i32.eq (local.get $letter) (i32.const 101)) (then ;; e
                (global.set $ptr (i32.const 3072)) (global.set $len (i32.const {failure_len})) (return (i32.const -1))))
            (global.set $ptr (i32.const 1024)) (global.set $len (i32.const {decision_len})) (i32.const 0)))"#
    );
    wat::parse_str(text).unwrap()
}

fn engine(config: Config) -> Engine {
    let config = config.cache(false).module(module(scorebox_abi::VERSION, ""));
    Engine::with_config(config.deadline_ms(200).memory_bytes(16 << 20).record_bytes(1_000)).unwrap()
}

fn code(bundle: &Bundle, record: &str) -> &'static str {
    let options = ScoreOptions { now: Now::Absent, ..ScoreOptions::default() };
    match bundle.score(&format!("\"{record}\""), &options) {
        Ok(decision) => {
            assert_eq!(decision.outcome(), "approve");
            "ok"
        }
        Err(error) => error.code().as_str(),
    }
}

#[test]
fn a_hostile_call_costs_its_instance_and_the_next_call_works() {
    let bundle = Bundle::from_bytes(&engine(Config::new().instances(1)), b"any".to_vec()).unwrap();
    let cases = [
        ("fine", "ok"),
        ("loop", "deadline"),
        ("trap", "trap"),
        ("deep", "trap"),
        ("grow", "memory"),
        ("wild", "module_abi"),
        ("error", "record_malformed"),
    ];
    for (record, expected) in cases {
        assert_eq!(code(&bundle, record), expected, "{record}");
        assert_eq!(code(&bundle, "fine"), "ok", "after {record}");
    }
    println!("{} hostile calls, each followed by a good one", cases.len());
}

#[test]
fn a_deadline_is_met_soon_after_its_time() {
    let bundle = Bundle::from_bytes(&engine(Config::new()), b"any".to_vec()).unwrap();
    let mut worst = Duration::ZERO;
    for _ in 0..3 {
        let begin = Instant::now();
        assert_eq!(code(&bundle, "loop"), "deadline");
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(200), "ended early: {took:?}");
        worst = worst.max(took);
    }
    // Generous, for machines that do other things; an unbounded loop would take for ever.
    assert!(worst < Duration::from_secs(5), "{worst:?}");
    println!("a deadline of 200 ms ended calls after at most {worst:?}");
}

#[test]
fn a_deadline_works_again_after_the_ticker_slept() {
    let bundle = Bundle::from_bytes(&engine(Config::new()), b"any".to_vec()).unwrap();
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(code(&bundle, "loop"), "deadline");
}

#[test]
fn more_callers_than_instances_wait_their_turn() {
    let bundle = Bundle::from_bytes(&engine(Config::new().instances(2)), b"any".to_vec()).unwrap();
    let (callers, calls) = (8, 50);
    let good: usize = thread::scope(|scope| {
        let caller = |at: usize| {
            let bundle = &bundle;
            let record = ["fine", "trap", "error"][at % 3];
            scope.spawn(move || (0..calls).filter(|_| code(bundle, record) == "ok").count())
        };
        let callers: Vec<_> = (0..callers).map(caller).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(good, 3 * calls, "three of eight callers send good records");
    println!("{} calls by {callers} threads on 2 instances", callers * calls);
}

#[test]
fn records_over_the_cap_are_refused_before_they_are_copied() {
    let bundle = Bundle::from_bytes(&engine(Config::new()), b"any".to_vec()).unwrap();
    assert_eq!(code(&bundle, &"f".repeat(2_000)), "record_budget");
    assert_eq!(bundle.score_request(&[b'f'; 2_000]).unwrap_err().code(), ErrorCode::RecordBudget);
    assert_eq!(code(&bundle, "fine"), "ok");
}

#[test]
fn a_record_cannot_leave_its_place_in_the_request() {
    let bundle = Bundle::from_bytes(&engine(Config::new()), b"any".to_vec()).unwrap();
    let records = ["", "{", "1, 2", r#"{}, "now": "2030-01-01T00:00:00Z""#, "{} {}", "nul"];
    for record in records {
        let error = bundle.score(record, &ScoreOptions::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::RecordMalformed, "{record}");
    }
    println!("{} texts that are not one JSON value", records.len());
}

#[test]
fn an_input_that_does_not_fit_ends_the_instance_not_the_host() {
    let config = Config::new().record_bytes(1 << 20).cache(false);
    let config = config.module(module(scorebox_abi::VERSION, "")).deadline_ms(200);
    let bundle = Bundle::from_bytes(&Engine::with_config(config).unwrap(), b"any".to_vec()).unwrap();
    assert_eq!(code(&bundle, &"f".repeat(100_000)), "memory");
    assert_eq!(code(&bundle, "fine"), "ok");
}

#[test]
fn modules_of_another_kind_are_refused() {
    let load = |wasm: Vec<u8>| {
        let engine = Engine::with_config(Config::new().cache(false).module(wasm)).unwrap();
        Bundle::from_bytes(&engine, b"any".to_vec()).unwrap_err().code()
    };
    let next_major = scorebox_abi::VERSION + (1 << 16);
    assert_eq!(load(module(next_major, "")), ErrorCode::ModuleAbi, "another major number");
    assert_eq!(load(module(0, "")), ErrorCode::ModuleAbi, "an older major number");
    let import = r#"(import "env" "clock" (func (result i64)))"#;
    assert_eq!(load(module(scorebox_abi::VERSION, import)), ErrorCode::ModuleAbi, "an import");
    let empty = wat::parse_str("(module)").unwrap();
    assert_eq!(load(empty), ErrorCode::ModuleAbi, "no exports");
    assert_eq!(load(b"no wasm".to_vec()), ErrorCode::HostSetup, "no module at all");
    let relaxed = r#"(module (func (export "f") (result v128)
        (f32x4.relaxed_madd (v128.const i64x2 0 0) (v128.const i64x2 0 0) (v128.const i64x2 0 0))))"#;
    assert_eq!(load(wat::parse_str(relaxed).unwrap()), ErrorCode::HostSetup, "relaxed simd");
    let newer_minor = scorebox_abi::VERSION + 1;
    let engine = Engine::with_config(Config::new().cache(false).module(module(newer_minor, ""))).unwrap();
    assert!(Bundle::from_bytes(&engine, b"any".to_vec()).is_ok(), "a newer minor number is fine");
    println!("6 modules refused, 1 newer one taken");
}

#[test]
fn threads_share_one_bundle() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Bundle>();
    shared::<Engine>();
    shared::<scorebox::Model>();
    shared::<Arc<scorebox::Error>>();
}
