//! Bundles that must not load or not pack, and what is said about them.

use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, ErrorCode, Limits};
use serde_json::{Value, json};

use crate::support::{Folder, LINEAR, TEXTS, TREES, guide};

fn load(zip: &[u8]) -> Error {
    match Scorer::load(zip, &Limits::DEFAULT, [0; 32]) {
        Err(error) => error,
        Ok(_) => panic!("the bundle loads"),
    }
}

/// Packing the guide's example after this change fails with this code at this path, and says this.
fn refused(change: impl FnOnce(&mut Value), code: ErrorCode, path: &str, says: &str) {
    refused_of(Folder::loan(), change, code, path, says);
}

fn refused_of(folder: Folder, change: impl FnOnce(&mut Value), code: ErrorCode, path: &str, says: &str) {
    let error = folder.edit(change).pack().unwrap_err();
    assert_eq!((error.code(), error.path()), (code, path), "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(error.message().contains("line "), "no place in the text: {error}");
}

fn invalid(change: impl FnOnce(&mut Value), path: &str, says: &str) {
    refused(change, ErrorCode::ManifestInvalid, path, says);
}

#[test]
fn manifests_say_where_and_what() {
    invalid(|m| m["polcy"] = json!({}), "polcy", "unknown field `polcy`, expected one of");
    invalid(|m| m["inputs"][1]["typ"] = json!("number"), "inputs[1].typ", "unknown field `typ`");
    invalid(
        |m| m["inputs"][2]["type"] = json!("float"),
        "inputs[2].type",
        "expected one of `number`, `integer`",
    );
    invalid(|m| m["policy"]["rules"][1]["outcome"] = json!("reject"), "policy.rules[1].outcome", "`decline`");
    invalid(|m| m["scorecard"]["pdo"] = json!("20"), "scorecard.pdo", "expected f64");
    invalid(|m| m["format"] = json!(2), "format", "format 1");
    invalid(|m| m["name"] = json!("Loan"), "name", "lower-case");
    invalid(|m| m["version"] = json!("1.0"), "version", "three numbers");
    invalid(|m| m["inputs"][0]["name"] = json!("in"), "inputs[0].name", "no word of the rule language");
    invalid(|m| m["inputs"][0]["name"] = json!("now"), "inputs[0].name", "taken");
    invalid(|m| m["inputs"][1]["name"] = json!("income"), "inputs[1].name", "taken");
    invalid(|m| m["features"][0]["name"] = json!("grade"), "features[0].name", "taken");
    invalid(|m| m["inputs"][0]["min"] = json!(2e7), "inputs[0].min", "greater than `max`");
    invalid(|m| m["inputs"][4]["min"] = json!(1), "inputs[4].min", "numbers and integers");
    invalid(|m| m["inputs"][4]["allowed"] = json!(["a", 1]), "inputs[4].allowed[1]", "type string");
    invalid(|m| m["inputs"][4]["allowed"] = json!(["a", "a"]), "inputs[4].allowed[1]", "twice");
    invalid(|m| m["inputs"][4]["allowed"] = json!([]), "inputs[4].allowed", "at least one");
    invalid(|m| m["inputs"][0]["missing"] = json!("accept"), "inputs[0].missing", "required");
    invalid(|m| m["features"][2]["default"] = json!("x"), "features[2].default", "type number");
    invalid(|m| m["scores"]["pd"]["model"] = json!("x"), "scores.pd.model", "known: default");
    invalid(|m| m["scorecard"]["score"] = json!("x"), "scorecard.score", "known: pd");
    invalid(
        |m| m["scorecard"]["grades"][1]["min_points"] = json!(900),
        "scorecard.grades[1].min_points",
        "best to worst",
    );
    invalid(
        |m| m["scorecard"]["grades"][2]["min_points"] = json!(301),
        "scorecard.grades[2].min_points",
        "floor",
    );
    invalid(|m| m["policy"]["rules"][1]["id"] = json!("adult"), "policy.rules[1].id", "used twice");
    invalid(|m| m["policy"]["rules"][0]["reason"] = json!("K9"), "policy.rules[0].reason", "known: K1, K2");
    invalid(|m| m["policy"]["rules"][0]["priority"] = json!(1), "policy.rules[0].priority", "no effect");
    invalid(
        |m| m["policy"]["rules"][3]["effective_from"] = json!("2027-02-30"),
        "policy.rules[3].effective_from",
        "2026-01-31",
    );
    invalid(
        |m| m["policy"]["rules"][3]["effective_until"] = json!("2026-12-31"),
        "policy.rules[3].effective_until",
        "later",
    );
    invalid(
        |m| m["reasons"]["codes"][0]["features"] = json!(["age"]),
        "reasons.codes[0].features[0]",
        "known: ",
    );
    invalid(
        |m| m["reasons"]["codes"][1]["features"] = json!(["debt_ratio"]),
        "reasons.codes[1].features[0]",
        "already",
    );
    invalid(|m| m["reasons"]["top"] = json!(0), "reasons.top", "1 to 64");
}

#[test]
fn models_must_fit_the_manifest() {
    let model = |change: &dyn Fn(&mut Value), path: &str, says: &str| {
        let change = |m: &mut Value| change(&mut m["models"][0]);
        refused_of(Folder::unexplained(), change, ErrorCode::ManifestInvalid, path, says);
    };
    model(
        &|m| m["inputs"]["X"] = json!(["debt_ratio"]),
        "models[0].inputs.X",
        "takes 3 columns, the list has 1",
    );
    model(&|m| m["inputs"]["X"][0] = json!("dept_ratio"), "models[0].inputs.X[0]", "\"dept_ratio\"; known: ");
    model(&|m| m["inputs"]["X"][0] = json!("purpose"), "models[0].inputs.X", "convert it in a feature");
    model(&|m| m["inputs"] = json!({"Y": ["debt_ratio"]}), "models[0].inputs", "its inputs are X");
    model(
        &|m| m["output"]["name"] = json!("p"),
        "models[0].output.name",
        "its outputs are margin, probability",
    );
    model(&|m| m["output"]["class"] = json!(1), "models[0].output.class", "no such column");
    model(&|m| m["file"] = json!("other.onnx"), "models[0].file", "no such file");
    model(&|m| m["calibration"] = json!({"method": "platt"}), "models[0].calibration", "finite `a`");
    model(
        &|m| m["calibration"] = json!({"method": "isotonic", "x": [0, 0], "y": [0, 1]}),
        "models[0].calibration.x",
        "ascend",
    );
    model(
        &|m| m["calibration"] = json!({"method": "isotonic", "x": [0, 1], "y": [0, 2]}),
        "models[0].calibration.y",
        "probabilities",
    );
    let sha = "0".repeat(64);
    refused(
        |m| m["models"][0]["sha256"] = json!(sha),
        ErrorCode::BundleDigest,
        "models[0].sha256",
        "not the one",
    );
    let error = Folder::loan().with("model.onnx", &LINEAR[..100]).pack().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelMalformed, "{error}");
    assert!(error.path().starts_with("models[0].model.onnx"), "{error}");
    let error = Folder::loan().with("model.onnx", TREES).pack().unwrap_err();
    assert_eq!(error.path(), "models[0].output.name", "{error}");
    let texts = Folder::loan().with("model.onnx", TEXTS).edit(|m| {
        m["models"][0] = json!({"id": "default", "file": "model.onnx", "inputs": {"kind": "purpose", "count": "age"},
                                "output": {"name": "amount", "kind": "value"}});
    });
    let error = texts
        .edit(|m| {
            let m = m.as_object_mut().unwrap();
            m.remove("scorecard");
            m.remove("policy");
            m.remove("reasons");
        })
        .pack()
        .unwrap_err();
    assert_eq!(error.path(), "models[0].inputs.kind");
    assert!(error.message().contains("only floats"), "{error}");
}

#[test]
fn rules_say_where_and_what() {
    refused(
        |m| m["policy"]["rules"][0]["when"] = json!("age <"),
        ErrorCode::RuleInvalid,
        "policy.rules[0].when",
        "",
    );
    refused(
        |m| m["policy"]["rules"][0]["when"] = json!("agee < 18"),
        ErrorCode::RuleInvalid,
        "policy.rules[0].when",
        "agee",
    );
    refused(
        |m| m["policy"]["rules"][0]["when"] = json!("age + 1"),
        ErrorCode::RuleInvalid,
        "policy.rules[0].when",
        "bool",
    );
    refused(
        |m| m["features"][0]["expr"] = json!("purpose"),
        ErrorCode::RuleInvalid,
        "features[0].expr",
        "number",
    );
    refused(
        |m| m["features"][0]["expr"] = json!("for_car"),
        ErrorCode::RuleInvalid,
        "features[0].expr",
        "for_car",
    );
    let long = vec!["1"; 3_000].join("+");
    let error = Folder::loan()
        .edit(|m| m["features"][0]["expr"] = json!(format!("double({long})")))
        .pack()
        .unwrap_err();
    assert!(matches!(error.code(), ErrorCode::RuleBudget | ErrorCode::RuleInvalid), "{error}");
}

#[test]
fn text_that_is_no_manifest() {
    let pack = |text: &str| Folder::loan().with("bundle.json", text.as_bytes().to_vec()).pack().unwrap_err();
    let whole = guide(0);
    assert_eq!(pack("").code(), ErrorCode::ManifestInvalid);
    assert_eq!(pack(&whole[..whole.len() / 2]).code(), ErrorCode::ManifestInvalid);
    assert!(pack(&format!("{whole}x")).message().contains("text follows"));
    let twice = whole.replacen("\"en\": \"Small loan\"", "\"en\": \"Small loan\", \"en\": \"Loan\"", 1);
    let error = pack(&twice);
    assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, "title"));
    assert!(error.message().contains("duplicate key `en` (bundle.json line 5"), "{error}");
}

#[test]
fn a_bundle_must_be_the_one_that_was_packed() {
    let packed = Folder::unexplained().pack().unwrap();
    Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap_or_else(|error| panic!("{error}"));
    let files = Folder::unzip(&packed);
    assert_eq!(load(&Folder::unexplained().zip()).code(), ErrorCode::BundleNotPacked, "no lock");
    let other = files.clone().with("model.onnx", TREES);
    assert_eq!(
        (load(&other.zip()).code(), load(&other.zip()).path().to_owned()),
        (ErrorCode::BundleDigest, "models[0].model.onnx".into())
    );
    let other = files.clone().edit(|m| m["title"] = json!({"en": "Another"}));
    assert_eq!(
        (load(&other.zip()).code(), load(&other.zip()).path().to_owned()),
        (ErrorCode::BundleDigest, "bundle.json".into())
    );
    let lock = String::from_utf8(files.0["bundle.lock"].to_vec()).unwrap();
    for (what, lock) in [
        ("no lock at all", "{}".to_owned()),
        ("another format", lock.replace("\"format\": 1", "\"format\": 2")),
        ("an unknown key", lock.replace("\"golden\"", "\"gold\"")),
        ("another digest", lock.replacen("sha256:", "sha256:0", 1)),
        ("another program", lock.replace("18", "81")),
        ("half of it", lock[..lock.len() / 2].to_owned()),
    ] {
        let error = load(&files.clone().with("bundle.lock", lock.into_bytes()).zip());
        assert_eq!(error.code(), ErrorCode::BundleNotPacked, "{what}: {error}");
    }
    let mut missing = files;
    missing.0.remove("model.onnx");
    assert_eq!(load(&missing.zip()).code(), ErrorCode::BundleMalformed);
}

#[test]
fn archives_from_strangers() {
    let packed = Folder::unexplained().pack().unwrap();
    for len in (0..packed.len()).step_by(97) {
        let code = load(&packed[..len]).code();
        assert_eq!(code, ErrorCode::BundleMalformed, "cut to {len}");
    }
    assert_eq!(load(b"not a zip").code(), ErrorCode::BundleMalformed);
    for name in ["../x", "/x", "a//b", "a\\b", "c:x", "./x", ""] {
        let error = load(&Folder::unexplained().with(name, &b"x"[..]).raw_zip());
        assert_eq!(error.code(), ErrorCode::BundleMalformed, "{name}");
    }
    let few = Limits { bundle_files: 2, ..Limits::DEFAULT };
    let small = Limits { bundle_bytes: 3_000, ..Limits::DEFAULT };
    let tight = Limits { rule_instructions: 2, ..Limits::DEFAULT };
    let items = Limits { manifest_items: 10, ..Limits::DEFAULT };
    for (limits, code) in [
        (few, ErrorCode::BundleMalformed),
        (small, ErrorCode::BundleMalformed),
        (tight, ErrorCode::RuleBudget),
        (items, ErrorCode::ManifestInvalid),
    ] {
        let error = Scorer::load(&packed, &limits, [0; 32]).err().unwrap();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn a_bomb_is_not_inflated() {
    // The limit is met by what the archive claims, before anything is inflated.
    let limits = Limits { bundle_bytes: 1 << 20, ..Limits::DEFAULT };
    let bomb = Folder::unexplained().with("bundle.json", vec![b' '; 8 << 20]).zip();
    assert!(bomb.len() < 1 << 17);
    let error = Scorer::load(&bomb, &limits, [0; 32]).err().unwrap();
    assert_eq!(error.code(), ErrorCode::BundleMalformed);
    assert!(error.message().contains("bundle_bytes"), "{error}");
}
