//! Certificates of parity in a bundle: packed, pinned, shown; refused where they are about another model.

use scorebox_core::bundle::{Archive, LOCK, Lock, sha256, write_archive};
use scorebox_core::scorer::Scorer;
use scorebox_core::{ErrorCode, Limits};
use serde_json::{Value, json};

use crate::support::{Folder, LINEAR, TREES};

const FILE: &str = "parity/default.json";

fn certificate(model: &[u8]) -> Value {
    json!({
        "format": 1, "ok": false, "rows": 200, "output": "probability", "largest_absolute": 0.25,
        "largest_relative": null, "largest_ulp": 4_194_304, "differing": [17, 40], "flips": [17],
        "near_threshold": [17, 40, 199], "trap": "threshold_rounding", "advice": "round", "tolerance": 1e-5,
        "model_digest": sha256(model).hex(), "data_file_digest": sha256(b"rows").hex(), "version": "0.1.0",
    })
}

fn with(certificate: &Value) -> Folder {
    Folder::unexplained().with(FILE, certificate.to_string().into_bytes())
}

#[test]
fn a_certificate_is_pinned_and_shown() {
    let bare = Folder::unexplained().load();
    let mut scorer = with(&certificate(LINEAR)).load();
    let about: Value = serde_json::from_str(&scorer.describe()).unwrap();
    assert_eq!(
        about["parity"],
        json!([{
            "model": "default", "file": FILE, "ok": false, "output": "probability", "rows": 200,
            "largest_absolute": 0.25, "largest_ulp": 4_194_304, "differing": 2, "flips": 1,
            "near_threshold": 3, "trap": "threshold_rounding", "tolerance": 1e-5,
        }])
    );
    let before: Value = serde_json::from_str(&bare.describe()).unwrap();
    assert_eq!(before["parity"], json!([]));
    assert_ne!(about["digest"], before["digest"], "the lock pins it");
    let mut out = Vec::new();
    scorer
        .score(
            br#"{"record": {"income": 3000, "debt": 1200, "age": 30}, "now": "2026-11-23T09:00:00Z"}"#,
            &mut out,
        )
        .unwrap();

    let packed = with(&certificate(LINEAR)).pack().unwrap();
    let archive = Archive::open(&packed, &Limits::DEFAULT).unwrap();
    let lock = Lock::read(&archive.read(LOCK).unwrap()).unwrap();
    assert!(lock.files.contains_key(FILE));
    let names: Vec<String> = archive.names().map(ToOwned::to_owned).collect();
    let mut files: std::collections::BTreeMap<_, _> =
        names.into_iter().map(|name| (name.clone(), archive.read(&name).unwrap())).collect();
    let text = String::from_utf8(files[FILE].to_vec()).unwrap().replace("200", "900");
    files.insert(FILE.into(), text.into_bytes().into());
    let error = Scorer::load(&write_archive(&files).unwrap(), &Limits::DEFAULT, [0; 32]).err().unwrap();
    assert_eq!((error.code(), error.path()), (ErrorCode::BundleDigest, FILE), "{error}");
}

#[test]
fn other_files_of_the_folder_are_no_certificates() {
    let folder = Folder::unexplained().with("parity/notes.txt", &b"by hand"[..]);
    let packed = folder.pack().unwrap();
    assert!(!Archive::open(&packed, &Limits::DEFAULT).unwrap().contains("parity/notes.txt"));
}

#[test]
fn a_certificate_of_another_model_is_refused() {
    let error = with(&certificate(TREES)).pack().unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::BundleNotPacked, FILE), "{error}");
    assert!(error.message().contains("another model"), "{error}");
}

#[test]
fn what_is_no_certificate_is_refused() {
    let cases: [(&str, Value, &str); 9] = [
        ("format", json!(2), "format must be 1"),
        ("ok", json!(true), "`ok` is not what"),
        ("rows", json!(199), "`near_threshold` must be ascending row numbers below 199"),
        ("differing", json!([40, 17]), "`differing` must be ascending"),
        ("flips", json!([17, 17]), "`flips` must be ascending"),
        ("rows", json!(-1), "rows"),
        ("model_digest", json!("sha1"), "64 lower-case hex digits"),
        ("trap", json!(7), "trap"),
        ("signed", json!("me"), "unknown field `signed`"),
    ];
    for (key, value, says) in &cases {
        let mut certificate = certificate(LINEAR);
        certificate[key] = value.clone();
        let error = with(&certificate).pack().unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::BundleMalformed, FILE), "{error}");
        assert!(error.message().contains(says), "{key}: {error}");
    }
    println!("{} wrong certificates", cases.len());
}
