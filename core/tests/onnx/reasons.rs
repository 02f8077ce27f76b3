//! Contributions: which part of a model they explain, and that they add up.

use std::sync::Arc;

use scorebox_core::onnx::{Model, Value};
use scorebox_core::reasons::{Contributions, Explainer, Profile, Subject};
use scorebox_core::{ErrorCode, Result};

use super::ml_models::{Stump, float, float_list, regressor, stumps, table};
use super::writer::{
    FLOAT, Message, attribute_int, attribute_ints, graph, load, node, opset, untyped, value,
};

fn ml_node(operator: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let start = node(operator, inputs, &[output]).text(7, "ai.onnx.ml");
    attributes.iter().fold(start, Message::with)
}

fn pipeline(nodes: &[Message], inputs: &[Message], output: &str) -> Arc<Model> {
    let graph = graph(nodes, inputs, &[untyped(output)]);
    let message = Message::default().int(1, 8).message(7, &graph);
    Arc::new(load(&message.message(8, &opset("", 18)).message(8, &opset("ai.onnx.ml", 3))).unwrap())
}

fn measure(model: &Arc<Model>, sample: &[(&str, &Value)]) -> Result<Profile> {
    let mut measure = Subject::default().measure(model)?;
    measure.add(sample)?;
    measure.finish()
}

fn explain(
    model: &Arc<Model>,
    sample: &[(&str, &Value)],
    rows: &[(&str, &Value)],
) -> Result<(f64, Contributions)> {
    let profile = measure(model, sample)?;
    let mut explainer = Explainer::new(model, &Subject::default(), Some(&profile))?;
    let mut found = Contributions::default();
    explainer.contributions(rows, &mut found)?;
    Ok((explainer.base()[0], found))
}

fn weights() -> [Message; 2] {
    [float_list("coefficients", &[2.0, -1.0, 4.0]), float_list("intercepts", &[0.5])]
}

#[test]
fn weighted_sums_are_explained_from_the_mean() {
    let model = pipeline(
        &[ml_node("LinearRegressor", &["X"], "Y", &weights())],
        &[value("X", FLOAT, &["N", "3"])],
        "Y",
    );
    let sample = table(3, &[0.0, 0.0, 1.0, 2.0, 4.0, 3.0]);
    let (base, found) = explain(&model, &[("X", &sample)], &[("X", &table(3, &[3.0, 1.0, 2.0]))]).unwrap();
    assert!((base - 8.5).abs() < 1e-12);
    assert_eq!((found.of(0, 0), found.margins[0]), (&[4.0, 1.0, 0.0][..], 13.5));
}

#[test]
fn columns_are_followed_through_imputers_scalers_and_joins() {
    let imputer = [float("replaced_value_float", f32::NAN), float_list("imputed_value_floats", &[10.0])];
    let scaler = [float_list("offset", &[0.0, 1.0, 0.0]), float_list("scale", &[1.0, 2.0, 0.5])];
    let join = node("Concat", &["a", "B"], &["j"]).with(&attribute_int("axis", 1));
    let model = pipeline(
        &[
            ml_node("Imputer", &["A"], "a", &imputer),
            join,
            ml_node("Scaler", &["j"], "s", &scaler),
            ml_node("LinearRegressor", &["s"], "Y", &weights()),
        ],
        &[value("A", FLOAT, &["N", "1"]), value("B", FLOAT, &["N", "2"])],
        "Y",
    );
    let zeros = (table(1, &[0.0]), table(2, &[0.0, 0.0]));
    let rows = (table(1, &[f32::NAN]), table(2, &[3.0, 4.0]));
    let (base, found) =
        explain(&model, &[("A", &zeros.0), ("B", &zeros.1)], &[("B", &rows.1), ("A", &rows.0)]).unwrap();
    assert!((base - 2.5).abs() < 1e-12);
    assert_eq!((found.features, found.of(0, 0)), (3, &[20.0, -6.0, 8.0][..]));
}

#[test]
fn trees_are_explained_from_the_share_of_the_sample() {
    let tree = Stump::votes(&[(0, 1.0)], &[(0, 5.0)]);
    let model = Arc::new(load(&regressor(&[tree], 1, &[float_list("base_values", &[10.0])])).unwrap());
    let sample = table(1, &[-1.0, -2.0, -3.0, 4.0]);
    let (base, found) =
        explain(&model, &[("x0", &sample)], &[("x0", &table(1, &[1.0, f32::NAN, -1.0]))]).unwrap();
    assert!((base - 12.0).abs() < 1e-12);
    assert_eq!((found.values, found.margins), (vec![3.0, 3.0, -1.0], vec![15.0, 15.0, 11.0]));
}

#[test]
fn what_cannot_be_explained_says_why() {
    let code = |result: Result<Profile>| result.unwrap_err().code();
    let inputs = [value("X", FLOAT, &["N", "3"])];
    let none = pipeline(&[node("Neg", &["X"], &["Y"])], &inputs, "Y");
    let x = table(3, &[0.0; 3]);
    assert_eq!(code(measure(&none, &[("X", &x)])), ErrorCode::ModelUnsupported);
    let linear = |input: &str, output: &str| ml_node("LinearRegressor", &[input], output, &weights());
    let mixed = pipeline(
        &[node("MatMul", &["X", "W"], &["m"]), linear("m", "Y")],
        &[value("X", FLOAT, &["N", "3"]), value("W", FLOAT, &["3", "3"])],
        "Y",
    );
    let message = measure(&mixed, &[("X", &x), ("W", &table(3, &[0.0; 9]))]).unwrap_err().to_string();
    assert!(message.contains("MatMul") && message.contains("mixes features"), "{message}");
    let product = [linear("X", "a"), linear("X", "b"), node("Mul", &["a", "b"], &["Y"])];
    let error = measure(&pipeline(&product, &inputs, "Y"), &[("X", &x)]).unwrap_err().to_string();
    assert!(error.contains("Mul"), "{error}");
    let one = pipeline(&[linear("X", "Y")], &inputs, "Y");
    for profile in
        [None, Some(Profile::default()), Some(Profile { covers: Vec::new(), means: vec![f64::NAN; 3] })]
    {
        let error = Explainer::new(&one, &Subject::default(), profile.as_ref()).err().unwrap();
        assert_eq!(error.code(), ErrorCode::BundleNotPacked);
        assert!(error.message().contains("pack the bundle with a sample"), "{error}");
    }
    assert_eq!(code(measure(&one, &[("X", &table(3, &[]))])), ErrorCode::RecordMalformed);
}

#[test]
fn a_sum_that_is_no_number_is_withheld() {
    let inputs = [value("X", FLOAT, &["N", "3"])];
    let model = pipeline(&[ml_node("LinearRegressor", &["X"], "Y", &weights())], &inputs, "Y");
    let sample = table(3, &[0.0; 3]);
    for bad in [f32::NAN, f32::INFINITY] {
        let error = explain(&model, &[("X", &sample)], &[("X", &table(3, &[0.0, bad, 0.0]))]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ReasonsSum);
    }
}

#[test]
fn classifiers_of_two_classes_have_one_margin() {
    let mut attributes = stumps("class", &[Stump::votes(&[(0, -2.0)], &[(0, 2.0)])]);
    attributes.push(attribute_ints("classlabels_int64s", &[0, 1]));
    let classifier = attributes
        .iter()
        .fold(node("TreeEnsembleClassifier", &["X"], &["L", "Z"]).text(7, "ai.onnx.ml"), Message::with);
    let model = pipeline(&[classifier], &[value("X", FLOAT, &["N", "2"])], "Z");
    let sample = table(2, &[-1.0, 0.0, 1.0, 0.0]);
    let (base, found) = explain(&model, &[("X", &sample)], &[("X", &table(2, &[3.0, 9.0]))]).unwrap();
    assert!(base.abs() < 1e-12);
    assert_eq!((found.outputs, found.of(0, 0)), (1, &[2.0, 0.0][..]));
}
