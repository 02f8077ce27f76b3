//! What only the full module does: packing, the schema; and that both modules give the same bytes.
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scorebox::{Artefact, Bundle, Config, Engine, ErrorCode, Now, PackOptions, ScoreOptions};

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A copy of a bundle's folder without what packing made.
fn sources(bundle: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(workspace(bundle)).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() && file.file_name() != "bundle.lock" {
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    folder
}

fn scorebox(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scorebox")).args(arguments).output().unwrap()
}

#[test]
fn packing_a_folder_writes_its_lock_once() {
    let folder = sources("tests/bundles/stump");
    let path = folder.path().to_str().unwrap();
    let unpacked = scorebox(&["inspect", path]);
    assert!(String::from_utf8_lossy(&unpacked.stderr).contains("bundle_not_packed"));
    assert_eq!(scorebox(&["pack", path, "--check"]).status.code(), Some(1), "the lock is missing");
    let packed = scorebox(&["pack", path]);
    assert_eq!(packed.status.code(), Some(0), "{}", String::from_utf8_lossy(&packed.stderr));
    let committed = fs::read(workspace("tests/bundles/stump/bundle.lock")).unwrap();
    assert!(fs::read(folder.path().join("bundle.lock")).unwrap() == committed, "the committed lock is stale");
    assert_eq!(scorebox(&["pack", path, "--check"]).status.code(), Some(0), "nothing changes");
    assert!(String::from_utf8_lossy(&scorebox(&["pack", path]).stdout).contains("up to date"));
}

#[test]
fn a_folder_and_its_archive_are_one_bundle() {
    let engine = Engine::new().unwrap();
    let folder = workspace("tests/bundles/stump");
    let packed = scorebox::pack(&engine, &folder, None, &PackOptions::default()).unwrap();
    let from_archive = Bundle::from_bytes(&engine, packed.zip).unwrap();
    let from_folder = Bundle::load(&engine, &folder).unwrap();
    assert_eq!(from_archive.digest(), from_folder.digest());
    let options = ScoreOptions { now: Now::Absent, ..ScoreOptions::default() };
    let record = r#"{"income": 52000, "risk_class": 1, "consent": true}"#;
    assert_eq!(from_archive.score(record, &options).unwrap(), from_folder.score(record, &options).unwrap());
}

#[test]
fn both_modules_give_the_same_decision() {
    let full = Artefact::Full.bytes().unwrap();
    let full = Engine::with_config(Config::new().module(full)).unwrap();
    let tabular = Engine::new().unwrap();
    let options = ScoreOptions { now: Now::At("2026-11-23T09:00:00Z".into()), ..ScoreOptions::default() };
    let mut decisions = 0;
    for (bundle, record) in [
        ("stump", r#"{"income": 52000, "risk_class": 1, "consent": true}"#),
        ("linear", r#"{"opened": "2020-02-29T00:00:00Z", "country": "TW", "name": "x"}"#),
        ("rules", "{}"),
    ] {
        let score = |engine: &Engine| {
            let bundle = Bundle::load(engine, workspace("tests/bundles").join(bundle)).unwrap();
            let decision = bundle.score(record, &options).unwrap();
            decision.as_str().replace(bundle.module_digest(), "{module}")
        };
        assert_eq!(score(&tabular), score(&full), "{bundle}");
        decisions += 1;
    }
    println!("{decisions} decisions, the same bytes from both modules");
}

#[test]
fn a_fault_in_the_manifest_is_named_with_its_place() {
    let folder = sources("tests/bundles/stump");
    let manifest = folder.path().join("bundle.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let cases = [
        (text.replace("\"hit_policy\"", "\"hit_polizy\""), ErrorCode::ManifestInvalid),
        (text.replace("income > 500.0", "income > > 500.0"), ErrorCode::RuleInvalid),
        (text.replace("income > 500.0", "incom > 500.0"), ErrorCode::RuleInvalid),
    ];
    let engine = Engine::new().unwrap();
    for (text, code) in &cases {
        fs::write(&manifest, text).unwrap();
        let error = scorebox::pack(&engine, folder.path(), None, &PackOptions::default()).unwrap_err();
        assert_eq!(error.code(), *code, "{error}");
        assert!(error.path().contains("policy"), "{error}");
    }
    println!("{} faults named", cases.len());
}

#[test]
fn the_published_schema_is_the_modules_own() {
    let printed = scorebox(&["schema"]);
    let published = fs::read_to_string(workspace("docs/bundle.schema.json")).unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_end(), published.trim_end());
}
