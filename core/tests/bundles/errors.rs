//! Every code of the closed list can be met, and means what it says.

use std::sync::Arc;

use scorebox_core::onnx::{Model, Session, Shape, Tensor, Value};
use scorebox_core::reasons::{Contributions, Explainer, Profile, Subject};
use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, ErrorCode, Limits};
use serde_json::json;

use crate::support::{Folder, LINEAR, TREES};
use crate::writer::{
    FLOAT, Message, attribute_int, constant, floats, graph, ints, model, node, value, vector,
};

/// A model of these nodes from `X`, a list of floats, to `Y`.
fn of(nodes: &[Message]) -> Message {
    model(&graph(nodes, &[value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]))
}

fn load(nodes: &[Message]) -> Error {
    Model::load(&of(nodes).0, &Limits::DEFAULT).err().expect("the model is refused")
}

fn run(nodes: &[Message], limits: &Limits, feeds: &[(&str, &Value)]) -> Error {
    let model = Model::load(&of(nodes).0, limits).unwrap_or_else(|error| panic!("{error}"));
    Session::new(Arc::new(model)).run(feeds).unwrap_err()
}

fn score(request: &str) -> Error {
    let packed = Folder::unexplained().pack().unwrap();
    let mut scorer =
        Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap_or_else(|error| panic!("{error}"));
    scorer.score(request.as_bytes(), &mut Vec::new()).unwrap_err()
}

fn pack(folder: &Folder) -> Error {
    folder.pack().unwrap_err()
}

/// Meets an error of this code; `None` for those that this build cannot meet.
fn meet(code: ErrorCode) -> Option<Error> {
    let negate = || node("Neg", &["X"], &["Y"]);
    let tight = Limits { nodes: 1, ..Limits::DEFAULT };
    Some(match code {
        ErrorCode::ModelMalformed => Model::load(b"no model", &Limits::DEFAULT).err()?,
        ErrorCode::ModelInvalid => load(&[negate(), negate()]),
        ErrorCode::ModelUnsupported => load(&[node("NoSuchOperator", &["X"], &["Y"])]),
        ErrorCode::ModelType => load(&[node("And", &["X", "X"], &["Y"])]),
        ErrorCode::ModelShape => load(&[
            constant("two", &floats("", &[2], &[1.0, 2.0])),
            constant("three", &floats("", &[3], &[1.0, 2.0, 3.0])),
            node("Add", &["two", "three"], &["Y"]),
        ]),
        ErrorCode::ModelAttribute => load(&[negate().with(&attribute_int("no_such_attribute", 1))]),
        ErrorCode::ModelBudget => {
            let two = of(&[node("Neg", &["X"], &["Z"]), node("Neg", &["Z"], &["Y"])]);
            Model::load(&two.0, &tight).err()?
        }
        ErrorCode::ModelExternalData => {
            let tensor = Message::default().int(1, 1).int(2, FLOAT).int(14, 1);
            load(&[constant("c", &tensor), node("Add", &["X", "c"], &["Y"])])
        }
        ErrorCode::InputType => {
            run(&[negate()], &Limits::DEFAULT, &[("X", &Value::Tensor(Tensor::vector(vec![1_i64])))])
        }
        ErrorCode::InputShape => {
            run(&[negate()], &Limits::DEFAULT, &[("X", &Value::Tensor(Tensor::scalar(1.0_f32)))])
        }
        ErrorCode::RunValue => run(
            &[
                node("Shape", &["X"], &["length"]),
                constant("nine", &ints("", &[1], &[9])),
                node("Gather", &["X", "length"], &["Y"]),
            ],
            &Limits::DEFAULT,
            &[("X", &vector(&[1.0]))],
        ),
        ErrorCode::RunBudget => {
            let small = Limits { tensor_elements: 1, ..Limits::DEFAULT };
            run(&[negate()], &small, &[("X", &vector(&[1.0, 2.0]))])
        }
        ErrorCode::BundleMalformed => Scorer::load(b"PK", &Limits::DEFAULT, [0; 32]).err()?,
        ErrorCode::BundleNotPacked => {
            Scorer::load(&Folder::unexplained().zip(), &Limits::DEFAULT, [0; 32]).err()?
        }
        ErrorCode::BundleDigest => {
            let other = Folder::unzip(&Folder::unexplained().pack().unwrap()).with("model.onnx", TREES);
            Scorer::load(&other.zip(), &Limits::DEFAULT, [0; 32]).err()?
        }
        ErrorCode::BundleNeedsFull if cfg!(feature = "neural") => return None,
        ErrorCode::BundleNeedsFull => {
            let inputs = [value("X", FLOAT, &["1", "1", "4", "4"])];
            let weights = constant("W", &floats("", &[1, 1, 1, 1], &[1.0]));
            let nodes = [weights, node("Conv", &["X", "W"], &["Y"])];
            let whole = model(&graph(&nodes, &inputs, &[value("Y", FLOAT, &["1", "1", "4", "4"])]));
            Model::load(&whole.0, &Limits::DEFAULT).err()?
        }
        ErrorCode::ManifestInvalid => pack(&Folder::unexplained().edit(|m| m["rules"] = json!([]))),
        ErrorCode::RuleInvalid => {
            pack(&Folder::unexplained().edit(|m| m["policy"]["rules"][0]["when"] = json!("age")))
        }
        ErrorCode::RuleBudget => {
            let long = vec!["age > 1"; 9_000].join(" || ");
            pack(&Folder::unexplained().edit(|m| m["policy"]["rules"][0]["when"] = json!(long)))
        }
        // A report, not an error: `golden_records_are_blessed_and_replayed` meets it.
        ErrorCode::GoldenMismatch => return None,
        ErrorCode::RecordMalformed => score("{"),
        ErrorCode::RecordBudget => score(&" ".repeat(Limits::DEFAULT.record_bytes + 1)),
        ErrorCode::ReasonsSum => {
            let model = Arc::new(Model::load(LINEAR, &Limits::DEFAULT).ok()?);
            let profile = Profile { means: vec![0.0; 3], ..Profile::default() };
            let mut explainer = Explainer::new(&model, &Subject::default(), Some(&profile)).ok()?;
            let row = Tensor::new(Shape::matrix(1, 3), scorebox_core::onnx::Data::F32(vec![f32::NAN; 3]))?;
            explainer.contributions(&[("X", &Value::Tensor(row))], &mut Contributions::default()).unwrap_err()
        }
        ErrorCode::RequestInvalid => score("{\"record\":{},\"lang\":1}"),
        // Nobody knows how; that is the point of the code.
        ErrorCode::Internal => return None,
        _ => panic!("no test meets {code}: add one here"),
    })
}

#[test]
fn every_code_can_be_met() {
    let mut met = 0;
    for &code in ErrorCode::ALL {
        if let Some(error) = meet(code) {
            assert_eq!(error.code(), code, "{error}");
            assert!(!error.message().is_empty(), "{code}");
            met += 1;
        }
    }
    // All but two, or three where the neural backend is built in.
    assert!(met + 3 >= ErrorCode::ALL.len(), "{met} codes met");
}
