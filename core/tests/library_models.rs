//! Models read from LightGBM's and XGBoost's own files answer as the libraries do.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use scorebox_core::authoring::convert::{ModelFormat, to_onnx};
use scorebox_core::authoring::pack;
use scorebox_core::bundle::{Archive, LOCK, Lock, write_archive};
use scorebox_core::onnx::{Data, Model, Session, Shape, Tensor, Value};
use scorebox_core::scorer::Scorer;
use scorebox_core::table::Writer;
use scorebox_core::{Error, ErrorCode, Limits};
use serde_json::{Value as Json, json};

const LIGHTGBM: &str = include_str!("fixtures/lightgbm.txt");
const XGBOOST: &str = include_str!("fixtures/xgboost.json");
const EXPECTED: &str = include_str!("fixtures/library_models.json");

fn convert(format: ModelFormat, text: &str) -> Result<Vec<u8>, Error> {
    to_onnx(format, text.as_bytes(), &Limits::DEFAULT)
}

fn run(onnx: &[u8], rows: &[Vec<f32>], output: &str) -> Vec<Vec<f32>> {
    let model = std::sync::Arc::new(Model::load(onnx, &Limits::DEFAULT).unwrap());
    let place = model.outputs().iter().position(|info| &*info.name == output).unwrap();
    let shape = Shape::matrix(rows.len(), rows[0].len());
    let table = Value::Tensor(Tensor::new(shape, Data::F32(rows.concat())).unwrap());
    let mut session = Session::new(model);
    session.run(&[("X", &table)]).unwrap();
    let Some(Value::Tensor(tensor)) = session.output(place) else { panic!("no tensor") };
    let width = tensor.shape().sizes()[1];
    tensor.elements::<f32>().unwrap().chunks(width).map(<[f32]>::to_vec).collect()
}

fn floats(rows: &Json) -> Vec<Vec<f32>> {
    let cell = |cell: &Json| cell.as_f64().map_or(f32::NAN, |cell| cell as f32);
    rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap().iter().map(cell).collect()).collect()
}

fn assert_as_the_library(file: &str, text: &str) {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let expected = &expected[file];
    let onnx = convert(ModelFormat::of(file), text).unwrap();
    let rows = floats(&expected["rows"]);
    for output in ["margin", "probabilities"] {
        let found = run(&onnx, &rows, output);
        for (at, (found, wanted)) in found.iter().zip(floats(&expected[output])).enumerate() {
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() < 2e-6, "{file}, {output}, row {at}: {found}, not {wanted}");
            }
        }
    }
}

#[test]
fn lightgbm_with_gaps_and_categories() {
    assert_as_the_library("lightgbm.txt", LIGHTGBM);
}

#[test]
fn xgboost_with_gaps_and_categories() {
    assert_as_the_library("xgboost.json", XGBOOST);
}

#[test]
fn xgboost_as_older_versions_write_it() {
    let mut file: Json = serde_json::from_str(XGBOOST).unwrap();
    let learner = &mut file["learner"];
    learner["feature_names"] = json!(["NaN", "\\\"NaN", "c", "d"]);
    learner["learner_model_param"].as_object_mut().unwrap().remove("num_target");
    let model = &mut learner["gradient_booster"]["model"];
    model.as_object_mut().unwrap().remove("iteration_indptr");
    for tree in model["trees"].as_array_mut().unwrap() {
        for flag in tree["default_left"].as_array_mut().unwrap() {
            *flag = json!(*flag != json!(0));
        }
        for at in 0..tree["split_type"].as_array().unwrap().len() {
            if tree["split_type"][at] == json!(1) {
                tree["split_conditions"][at] = json!(null);
            }
        }
    }
    let text = file.to_string();
    assert!(text.contains("null"));
    assert_as_the_library("xgboost.json", &text.replace("null", "NaN"));
    // NaN may stand where no number is needed, and nowhere else.
    let tree = &mut file["learner"]["gradient_booster"]["model"]["trees"][0];
    tree["split_conditions"][0] = json!(null);
    let error = convert(ModelFormat::XgBoost, &file.to_string()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelInvalid, "{error}");
}

/// One split of column 0: left is 1, right is 2.
fn stump(kind: u8, threshold: f64) -> String {
    format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\nTree=0\nnum_leaves=2\n\
         num_cat=0\nsplit_feature=0\nthreshold={threshold:e}\ndecision_type={kind}\nleft_child=-1\n\
         right_child=-2\nleaf_value=1 2\n\n\nend of trees\n"
    )
}

/// How LightGBM sends a value: what is within 1e-35 of zero is dropped from a row and so is zero; then the
/// three ways with missing values.
fn goes_left(value: f32, kind: u8, threshold: f64) -> bool {
    let zero = f64::from(1e-35f32);
    let mut value = f64::from(value);
    if value.abs() <= zero {
        value = 0.0;
    }
    let (missing, left) = (kind >> 2, kind & 2 != 0);
    if value.is_nan() && missing != 2 {
        value = 0.0;
    }
    match missing {
        1 if value.abs() <= zero => left,
        2 if value.is_nan() => left,
        _ => value <= threshold,
    }
}

proptest! {
    #[test]
    fn each_float_takes_the_side_that_lightgbm_sends_it_to(
        bits: u32,
        kind in prop::sample::select(vec![0u8, 2, 4, 6, 8, 10]),
        threshold in prop_oneof![
            any::<f64>().prop_filter("a number", |threshold| !threshold.is_nan()),
            prop::sample::select(vec![
                0.0, -0.0, 1e-35, -1e-35, 1.0000000180025095e-35, -1.0000000180025095e-35, 1e300, -1e300, 0.1, -0.1,
                f64::MIN_POSITIVE, -5e-324,
            ]),
        ],
    ) {
        let onnx = convert(ModelFormat::LightGbm, &stump(kind, threshold)).unwrap();
        let near = threshold as f32;
        let special = [0.0, -0.0, 1e-35, -1e-35, 1e-45, 1.1e-35, -1.1e-35, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let mut values = vec![f32::from_bits(bits), near, near.next_up(), near.next_down()];
        for value in special {
            values.extend([value, value.next_up(), value.next_down()]);
        }
        let rows: Vec<Vec<f32>> = values.iter().map(|&value| vec![value]).collect();
        for (value, found) in values.iter().zip(run(&onnx, &rows, "margin")) {
            let wanted = if goes_left(*value, kind, threshold) { 1.0 } else { 2.0 };
            prop_assert_eq!(found[0], wanted, "{:e} at {:e}, kind {}", value, threshold, kind);
        }
    }
}

#[test]
fn links_of_objectives() {
    let with = |objective: &str| {
        stump(8, 0.5).replacen("max_feature", &format!("objective={objective}\nmax_feature"), 1)
    };
    for (objective, output, expected) in [
        ("regression", "value", 2.0),
        ("regression sqrt", "value", 4.0),
        ("quantile alpha:0.7", "value", 2.0),
        ("poisson", "value", 7.389_056),
        ("tweedie tweedie_variance_power:1.5", "value", 7.389_056),
        ("cross_entropy_lambda", "value", 2.126_928),
        ("binary sigmoid:2", "margin", 4.0),
    ] {
        let onnx = convert(ModelFormat::LightGbm, &with(objective)).unwrap();
        let found = run(&onnx, &[vec![1.0]], output)[0][0];
        assert!((found - expected).abs() < 1e-6, "{objective}: {found}");
    }
    let onnx = convert(ModelFormat::LightGbm, &with("binary sigmoid:1")).unwrap();
    let found = run(&onnx, &[vec![1.0]], "probabilities");
    assert!((found[0][1] - 0.880_797).abs() < 1e-6 && (found[0][0] - 0.119_203).abs() < 1e-6);
}

#[test]
fn what_cannot_be_said_or_read_is_refused() {
    let good = stump(8, 0.5);
    let lightgbm =
        |from: &str, to: &str| convert(ModelFormat::LightGbm, &good.replacen(from, to, 1)).unwrap_err();
    for (from, to, code, message) in [
        ("tree\n", "trees\n", ErrorCode::ModelMalformed, "line 1"),
        ("end of trees", "", ErrorCode::ModelMalformed, "cut short"),
        ("version=v4", "version=v9", ErrorCode::ModelUnsupported, "v2 to v4"),
        ("num_cat=0", "num_cat=0\nis_linear=1", ErrorCode::ModelUnsupported, "linear"),
        ("max_feature", "objective=magic\nmax_feature", ErrorCode::ModelUnsupported, "magic"),
        ("leaf_value=1 2", "leaf_value=1", ErrorCode::ModelMalformed, "line 15: leaf_value has 1 numbers"),
        ("leaf_value=1 2", "leaf_value=1 x", ErrorCode::ModelMalformed, "line 15"),
        ("leaf_value=1 2", "leaf_value=1 1e39", ErrorCode::ModelInvalid, "tree 0"),
        ("left_child=-1", "left_child=0", ErrorCode::ModelInvalid, "below itself"),
        ("left_child=-1", "left_child=-9", ErrorCode::ModelInvalid, "not there"),
        ("num_leaves=2", "num_leaves=18446744073709551615", ErrorCode::ModelMalformed, "line 15"),
        ("num_leaves=2", "num_leaves=0", ErrorCode::ModelMalformed, "leaf_value"),
        ("split_feature=0", "split_feature=7", ErrorCode::ModelMalformed, "below 1"),
        ("decision_type=8", "decision_type=12", ErrorCode::ModelMalformed, "0 to 11"),
        ("decision_type=8", "decision_type=1", ErrorCode::ModelMalformed, "set of categories"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", ErrorCode::ModelMalformed, "per round"),
    ] {
        let error = lightgbm(from, to);
        assert_eq!(error.code(), code, "{to}: {error}");
        assert!(error.message().contains(message), "{to}: {error}");
    }
    let xgboost =
        |from: &str, to: &str| convert(ModelFormat::XgBoost, &XGBOOST.replacen(from, to, 1)).unwrap_err();
    for (from, to, code, message) in [
        ("{", "[", ErrorCode::ModelMalformed, "line 1"),
        ("multi:softprob", "magic", ErrorCode::ModelUnsupported, "magic"),
        ("\"name\":\"gbtree\"", "\"name\":\"gblinear\"", ErrorCode::ModelUnsupported, "linear"),
        ("\"left_children\":[1", "\"left_children\":[0", ErrorCode::ModelInvalid, "trees[0]"),
        ("\"left_children\":[1", "\"left_children\":[99999", ErrorCode::ModelInvalid, "trees[0]"),
        ("\"left_children\":[1,", "\"left_children\":[", ErrorCode::ModelMalformed, "trees[0]"),
        ("\"tree_info\":[0", "\"tree_info\":[9", ErrorCode::ModelMalformed, "tree_info[0]"),
        (
            "\"attributes\":{}",
            "\"attributes\":{\"best_iteration\":\"0\"}",
            ErrorCode::ModelUnsupported,
            "booster[:1]",
        ),
    ] {
        let error = xgboost(from, to);
        assert_eq!(error.code(), code, "{to}: {error}");
        assert!(error.message().contains(message), "{to}: {error}");
    }
    let tight = Limits { model_bytes: 600, ..Limits::DEFAULT };
    let error = to_onnx(ModelFormat::LightGbm, LIGHTGBM.as_bytes(), &tight).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelBudget);
}

#[test]
fn a_set_of_categories_cannot_grow_past_the_budget() {
    let words = "4294967295 ".repeat(300);
    let text = stump(1, 0.0).replacen(
        "num_cat=0",
        &format!("num_cat=1\ncat_boundaries=0 300\ncat_threshold={words}"),
        1,
    );
    let limits = Limits { model_bytes: 100_000, ..Limits::DEFAULT };
    let error = to_onnx(ModelFormat::LightGbm, text.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelBudget);
    assert!(convert(ModelFormat::LightGbm, &text).is_ok());
}

proptest! {
    #[test]
    fn broken_text_is_an_error_at_worst(at in 0usize..20_000, byte: u8, cut: bool) {
        for (format, text) in [(ModelFormat::LightGbm, LIGHTGBM), (ModelFormat::XgBoost, XGBOOST)] {
            let mut bytes = text.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            if let Ok(onnx) = to_onnx(format, &bytes, &Limits::DEFAULT) {
                let _loads_or_not = Model::load(&onnx, &Limits::DEFAULT);
            }
        }
    }
}

#[test]
fn a_bundle_holds_what_packing_made_of_the_file() {
    let column = |name: &str| json!({"name": name, "type": "number"});
    let inputs = ["a", "b", "c", "d"].map(column);
    let manifest = json!({
        "format": 1, "name": "boosted", "version": "1.0.0", "inputs": inputs,
        "models": [{
            "id": "m", "file": "model.txt", "inputs": {"X": ["a", "b", "c", "d"]},
            "output": {"name": "probabilities", "kind": "probability", "class": 1}, "margin": {"name": "margin"},
        }],
        "scores": {"pd": {"model": "m"}},
    });
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let folder = BTreeMap::from([
        ("bundle.json".to_owned(), Cow::Borrowed(&*manifest)),
        ("model.txt".to_owned(), Cow::Borrowed(LIGHTGBM.as_bytes())),
    ]);
    let packed = pack(&write_archive(&folder).unwrap(), &[], b"").unwrap();
    let archive = Archive::open(&packed, &Limits::DEFAULT).unwrap();
    assert!(archive.contains("model.txt.onnx") && !archive.contains("model.txt"));
    let lock = Lock::read(&archive.read(LOCK).unwrap()).unwrap();
    assert!(lock.files.contains_key("model.txt.onnx"));
    // Another model must not be called what packing makes.
    let clash =
        folder.clone().into_iter().chain([("model.txt.onnx".to_owned(), Cow::Borrowed(&b"other"[..]))]);
    let mut twice: Json = serde_json::from_slice(&manifest).unwrap();
    let mut second = twice["models"][0].clone();
    (second["id"], second["file"]) = (json!("n"), json!("model.txt.onnx"));
    twice["models"].as_array_mut().unwrap().push(second);
    let mut clash: BTreeMap<_, _> = clash.collect();
    clash.insert("bundle.json".to_owned(), serde_json::to_vec(&twice).unwrap().into());
    let error = pack(&write_archive(&clash).unwrap(), &[], b"").unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::ManifestInvalid, "models[1].file"), "{error}");
    // A packed bundle packs to itself.
    assert_eq!(pack(&packed, &[], b"{\"check\":true}").unwrap(), packed);

    let mut scorer = Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap();
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let expected = &expected["lightgbm.txt"];
    for (row, wanted) in expected["rows"].as_array().unwrap().iter().zip(floats(&expected["probabilities"])) {
        let record = json!({"record": {"a": row[0], "b": row[1], "c": row[2], "d": row[3]}});
        let mut out = Vec::new();
        scorer.score(record.to_string().as_bytes(), &mut out).unwrap();
        let decision: Json = serde_json::from_slice(&out).unwrap();
        let found = decision["scores"]["pd"].as_f64().unwrap();
        assert!((found - f64::from(wanted[1])).abs() < 1e-6, "{decision}");
    }
}

#[test]
fn a_model_from_a_library_file_is_explained() {
    let names = ["a", "b", "c", "d"];
    let manifest = json!({
        "format": 1, "name": "boosted", "version": "1.0.0",
        "inputs": names.map(|name| json!({"name": name, "type": "number"})),
        "models": [{
            "id": "m", "file": "model.txt", "inputs": {"X": names},
            "output": {"name": "probabilities", "kind": "probability", "class": 1}, "margin": {"name": "margin"},
        }],
        "scores": {"pd": {"model": "m"}},
        "reasons": {
            "model": "m", "method": "tree_shap", "top": 4, "direction": "increase",
            "codes": names.map(|name| json!({"code": name, "features": [name], "text": {"en": name}})),
        },
    });
    let folder = BTreeMap::from([
        ("bundle.json".to_owned(), Cow::Owned(serde_json::to_vec(&manifest).unwrap())),
        ("model.txt".to_owned(), Cow::Borrowed(LIGHTGBM.as_bytes())),
    ]);
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let rows = expected["lightgbm.txt"]["rows"].as_array().unwrap();
    let mut writer = Writer::default();
    let columns: Vec<Vec<String>> = (0..names.len())
        .map(|at| {
            rows.iter().map(|row| row[at].as_f64().map_or(String::new(), |cell| cell.to_string())).collect()
        })
        .collect();
    for (name, cells) in names.iter().zip(&columns) {
        writer.texts(name, cells.iter().map(String::as_str), None);
    }
    let mut sample = Vec::new();
    writer.finish(rows.len(), &mut sample).unwrap();
    let packed = pack(&write_archive(&folder).unwrap(), &sample, b"").unwrap();
    let mut scorer = Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap();
    for (row, margin) in rows.iter().zip(floats(&expected["lightgbm.txt"]["margin"])) {
        let record = json!({"record": {"a": row[0], "b": row[1], "c": row[2], "d": row[3]}});
        let mut out = Vec::new();
        scorer.score(record.to_string().as_bytes(), &mut out).unwrap();
        let decision: Json = serde_json::from_slice(&out).unwrap();
        let sum = decision["explanation"]["sum"].as_f64().unwrap();
        assert!((sum - f64::from(margin[0])).abs() < 1e-5, "{decision}");
    }
}
