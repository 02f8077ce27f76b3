//! Encoders, scalers, linear models and machines of `ai.onnx.ml`.

use scorebox_core::onnx::{Data, Shape, Tensor, Value};

use super::ml_models::{
    DOUBLE, doubles, float, float_list, floats_of, int_keys, integer_input, integers, ml, one, table, text,
    text_input, text_list, texts, words,
};
use super::writer::{
    INT64, Message, attribute_int, attribute_ints, numbers, refusal, run, sizes, value, vector,
};

const NAN: f32 = f32::NAN;

fn ml_of(operator: &str, version: u64, attributes: &[Message], input: Message) -> Message {
    one(("ai.onnx.ml", operator, version), attributes, &[input], &["y"])
}

fn integers_in(values: &[i64]) -> Value {
    Value::Tensor(Tensor::vector(values.to_vec()))
}

#[test]
fn scaler_has_a_value_per_column_or_one_for_all() {
    let x = table(2, &[1.0, 2.0, 3.0, 4.0]);
    let each = [float_list("offset", &[1.0, 2.0]), float_list("scale", &[10.0, 100.0])];
    assert_eq!(floats_of(&ml("Scaler", 1, &each, "2", &["y"]), &x), [0.0, 0.0, 20.0, 200.0]);
    let all = [float_list("offset", &[1.0]), float_list("scale", &[2.0])];
    assert_eq!(floats_of(&ml("Scaler", 1, &all, "M", &["y"]), &x), [0.0, 2.0, 4.0, 6.0]);
    assert!(refusal(&ml("Scaler", 1, &[float_list("offset", &[1.0; 3])], "2", &["y"])).contains("offset"));
    // Doubles are scaled as doubles: the difference is far below a float's precision at a million.
    let model = ml_of("Scaler", 1, &all, value("x0", DOUBLE, &["N", "1"]));
    let million =
        Value::Tensor(Tensor::new(Shape::matrix(1, 1), Data::F64(vec![1_000_000.015_625])).unwrap());
    assert_eq!(floats_of(&model, &million), [1_999_998.0 + 0.031_25]);
}

#[test]
fn imputer_replaces_one_value_nan_included() {
    let replaced = [float("replaced_value_float", NAN), float_list("imputed_value_floats", &[7.0, 8.0])];
    let x = table(2, &[NAN, 1.0, 2.0, NAN]);
    assert_eq!(floats_of(&ml("Imputer", 1, &replaced, "2", &["y"]), &x), [7.0, 1.0, 2.0, 8.0]);
    let zero = [float_list("imputed_value_floats", &[9.0])];
    let made = floats_of(&ml("Imputer", 1, &zero, "2", &["y"]), &table(2, &[0.0, -0.0, NAN, 1.0]));
    assert_eq!(made[..2], [9.0, 9.0]);
    assert!(made[2].is_nan());
    let ints = [attribute_int("replaced_value_int64", -1), attribute_ints("imputed_value_int64s", &[5])];
    let made = run(&ml_of("Imputer", 1, &ints, integer_input()), &[("x0", &integers_in(&[-1, 2]))]).unwrap();
    assert_eq!(integers(&made[0]), [5, 2]);
    assert!(refusal(&ml_of("Imputer", 1, &replaced, integer_input())).contains("imputed_value_int64s"));
}

#[test]
fn one_hot_encoder_marks_the_category() {
    let texts = [text_list("cats_strings", &["a", "ü"])];
    let model = ml_of("OneHotEncoder", 1, &texts, text_input());
    let made = run(&model, &[("x0", &words(&["ü", "zzz", "a"]))]).unwrap();
    assert_eq!((sizes(&made[0]), numbers(&made[0])), (vec![3, 2], vec![0.0, 1.0, 0.0, 0.0, 1.0, 0.0]));
    let strict = [text_list("cats_strings", &["a"]), attribute_int("zeros", 0)];
    let error =
        run(&ml_of("OneHotEncoder", 1, &strict, text_input()), &[("x0", &words(&["zzz"]))]).unwrap_err();
    assert!(error.to_string().contains("zeros") && !error.to_string().contains("zzz"), "{error}");
    // Floats are cut to integers; what is none is no category.
    let ints = [attribute_ints("cats_int64s", &[0, 1])];
    let made = floats_of(&ml("OneHotEncoder", 1, &ints, "4", &["y"]), &table(4, &[1.7, -0.5, NAN, 1e30]));
    assert_eq!(made, [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert!(refusal(&ml_of("OneHotEncoder", 1, &ints, text_input())).contains("another type"));
}

#[test]
fn label_encoder_of_each_version() {
    let classes = [text_list("classes_strings", &["a", "b"]), attribute_int("default_int64", 9)];
    let made =
        run(&ml_of("LabelEncoder", 1, &classes, text_input()), &[("x0", &words(&["b", "?"]))]).unwrap();
    assert_eq!(integers(&made[0]), [1, 9]);
    let made =
        run(&ml_of("LabelEncoder", 1, &classes, integer_input()), &[("x0", &integers_in(&[0, 7]))]).unwrap();
    assert_eq!(texts(&made[0]), ["a", "_Unused"]);
    let pairs =
        |keys: &[f32]| [float_list("keys_floats", keys), float_list("values_floats", &[5.0, 6.0, 7.0])];
    let model = |version| ml("LabelEncoder", version, &pairs(&[1.0, NAN, 1.0]), "4", &["y"]);
    let x = table(4, &[1.0, NAN, -0.0, 2.0]);
    // Before version 4 the first of equal keys counts and NaN is never found.
    assert_eq!(floats_of(&model(2), &x), [5.0, -0.0, -0.0, -0.0]);
    assert_eq!(floats_of(&model(4), &x), [7.0, 6.0, -0.0, -0.0]);
    let zero = ml("LabelEncoder", 4, &pairs(&[0.0, NAN, 1.0]), "4", &["y"]);
    assert_eq!(floats_of(&zero, &x)[2], 5.0);
}

#[test]
fn label_encoder_takes_tensors() {
    let attributes = [
        doubles("keys_tensor", &[0.1, f64::NAN]),
        text_list("values_strings", &["tenth", "none"]),
        text("default_string", "?"),
    ];
    let model = ml_of("LabelEncoder", 4, &attributes, value("x0", DOUBLE, &["N"]));
    let x = Value::Tensor(Tensor::vector(vec![0.1f64, f64::NAN, f64::from(0.1f32)]));
    assert_eq!(texts(&run(&model, &[("x0", &x)]).unwrap()[0]), ["tenth", "none", "?"]);
    let short = [attribute_ints("keys_int64s", &[1, 2]), text_list("values_strings", &["a"])];
    assert!(refusal(&ml_of("LabelEncoder", 4, &short, integer_input())).contains("2 keys"));
    let default = [
        attribute_ints("keys_int64s", &[1]),
        text_list("values_strings", &["a"]),
        doubles("default_tensor", &[1.0]),
    ];
    assert!(refusal(&ml_of("LabelEncoder", 4, &default, integer_input())).contains("default_tensor"));
}

#[test]
fn category_mapper_goes_both_ways() {
    let lists = [attribute_ints("cats_int64s", &[3, 4]), text_list("cats_strings", &["a", "b"])];
    let made =
        run(&ml_of("CategoryMapper", 1, &lists, text_input()), &[("x0", &words(&["b", "?"]))]).unwrap();
    assert_eq!(integers(&made[0]), [4, -1]);
    let made =
        run(&ml_of("CategoryMapper", 1, &lists, integer_input()), &[("x0", &integers_in(&[3, 9]))]).unwrap();
    assert_eq!(texts(&made[0]), ["a", "_Unused"]);
}

#[test]
fn normalizer_and_binarizer() {
    let x = table(2, &[3.0, -4.0, 0.0, 0.0]);
    let norm = |name: &str| floats_of(&ml("Normalizer", 1, &[text("norm", name)], "2", &["y"]), &x);
    assert_eq!(norm("MAX"), [1.0, -4.0 / 3.0, 0.0, 0.0]);
    assert_eq!(norm("L1"), [3.0 / 7.0, -4.0 / 7.0, 0.0, 0.0]);
    assert_eq!(norm("L2"), [0.6, -0.8, 0.0, 0.0]);
    let made = floats_of(
        &ml("Binarizer", 1, &[float("threshold", 0.5)], "4", &["y"]),
        &table(4, &[0.5, 0.6, NAN, -1.0]),
    );
    assert_eq!(made, [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn columns_are_taken_joined_and_named() {
    let inputs = [value("x0", 1, &["N", "3"]), value("x1", INT64, &["K"])];
    let model = one(("ai.onnx.ml", "ArrayFeatureExtractor", 1), &[], &inputs, &["y"]);
    let x = table(3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let made = run(&model, &[("x0", &x), ("x1", &integers_in(&[2, 0]))]).unwrap();
    assert_eq!((sizes(&made[0]), numbers(&made[0])), (vec![2, 2], vec![3.0, 1.0, 6.0, 4.0]));
    for wrong in [3, -1] {
        assert!(run(&model, &[("x0", &x), ("x1", &integers_in(&[wrong]))]).is_err());
    }
    let inputs = [value("x0", 1, &["N", "3"]), value("x1", INT64, &["N", "1"])];
    let model = one(
        ("ai.onnx.ml", "FeatureVectorizer", 1),
        &[attribute_ints("inputdimensions", &[2, 2])],
        &inputs,
        &["y"],
    );
    let more = Value::Tensor(Tensor::new(Shape::matrix(2, 1), Data::I64(vec![8, 9])).unwrap());
    let made = run(&model, &[("x0", &x), ("x1", &more)]).unwrap();
    assert_eq!(numbers(&made[0]), [1.0, 2.0, 8.0, 0.0, 4.0, 5.0, 9.0, 0.0]);
    let labels = [attribute_ints("classlabels_int64s", &[10, 20, 30])];
    let made = run(&ml("ZipMap", 1, &labels, "M", &["y"]), &[("x0", &x)]).unwrap();
    assert_eq!(int_keys(&made[0]), (vec![10, 20, 30], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    assert!(run(&ml("ZipMap", 1, &labels, "M", &["y"]), &[("x0", &table(2, &[1.0, 2.0]))]).is_err());
    assert!(refusal(&ml("ZipMap", 1, &labels, "2", &["y"])).contains("3 labels for 2 columns"));
}

fn linear(attributes: &[Message], x: &Value) -> (Vec<i64>, Vec<f32>) {
    let made = run(&ml("LinearClassifier", 1, attributes, "2", &["L", "Z"]), &[("x0", x)]).unwrap();
    (integers(&made[0]), numbers(&made[1]))
}

#[test]
fn linear_models() {
    let x = table(2, &[1.0, 2.0, -1.0, 0.5]);
    let regressor = [
        attribute_int("targets", 2),
        float_list("coefficients", &[1.0, 2.0, 3.0, 4.0]),
        float_list("intercepts", &[0.5, -0.5]),
    ];
    assert_eq!(floats_of(&ml("LinearRegressor", 1, &regressor, "2", &["y"]), &x), [5.5, 10.5, 0.5, -1.5]);
    let labels = attribute_ints("classlabels_ints", &[5, 7]);
    let one_sum = [labels.clone(), float_list("coefficients", &[1.0, 0.0]), float_list("intercepts", &[0.0])];
    assert_eq!(linear(&one_sum, &x), (vec![7, 5], vec![0.0, 1.0, 2.0, -1.0]));
    let both = [
        labels,
        float_list("coefficients", &[-1.0, 0.0, 1.0, 0.0]),
        float_list("intercepts", &[0.0, 0.0]),
        text("post_transform", "SOFTMAX"),
    ];
    let (found, scores) = linear(&both, &x);
    assert_eq!(found, [7, 5]);
    assert!((scores[1] - 0.880_797).abs() < 1e-6 && (scores[0] + scores[1] - 1.0).abs() < 1e-6);
    let short = [attribute_int("targets", 2), float_list("coefficients", &[1.0, 2.0, 3.0])];
    assert!(refusal(&ml("LinearRegressor", 1, &short, "2", &["y"])).contains("coefficients"));
}

#[test]
fn machines_compare_with_support_vectors() {
    let vectors = [
        float_list("support_vectors", &[0.0, 0.0, 1.0, 1.0]),
        float_list("coefficients", &[2.0, -1.0]),
        float_list("rho", &[0.25]),
        float_list("kernel_params", &[0.5, 1.0, 2.0]),
        attribute_int("n_supports", 2),
    ];
    let x = table(2, &[1.0, 1.0]);
    let with = |kernel: &str| {
        let attributes: Vec<Message> = vectors.iter().cloned().chain([text("kernel_type", kernel)]).collect();
        floats_of(&ml("SVMRegressor", 1, &attributes, "2", &["y"]), &x)[0]
    };
    assert_eq!(with("LINEAR"), -2.0 + 0.25);
    assert_eq!(with("POLY"), 2.0 - 4.0 + 0.25);
    assert!((with("RBF") - (2.0 * 0.367_879_44 - 1.0 + 0.25)).abs() < 1e-6);
    assert!((with("SIGMOID") - (2.0 * 0.761_594_2 - 0.964_027_6 + 0.25)).abs() < 1e-6);
    let one_class: Vec<Message> = vectors.iter().cloned().chain([attribute_int("one_class", 1)]).collect();
    assert_eq!(floats_of(&ml("SVMRegressor", 1, &one_class, "2", &["y"]), &x), [-1.0]);
    let classes = [
        float_list("support_vectors", &[0.0, 0.0, 1.0, 1.0]),
        float_list("coefficients", &[1.0, -1.0]),
        float_list("rho", &[0.5]),
        float_list("kernel_params", &[0.5, 0.0, 0.0]),
        attribute_ints("vectors_per_class", &[1, 1]),
        attribute_ints("classlabels_ints", &[5, 7]),
    ];
    let made =
        run(&ml("SVMClassifier", 1, &classes, "2", &["L", "Z"]), &[("x0", &table(2, &[0.0, 0.0, 1.0, 1.0]))])
            .unwrap();
    // A positive score is a vote for the first of the pair.
    assert_eq!((integers(&made[0]), numbers(&made[1])), (vec![5, 7], vec![-0.5, 0.5, 1.5, -1.5]));
    let wrong: Vec<Message> =
        classes[1..].iter().cloned().chain([float_list("support_vectors", &[1.0; 3])]).collect();
    assert!(refusal(&ml("SVMClassifier", 1, &wrong, "2", &["L", "Z"])).contains("support_vectors"));
}

#[test]
fn a_list_is_one_row() {
    let model = one(
        ("ai.onnx.ml", "LinearRegressor", 1),
        &[float_list("coefficients", &[1.0, 2.0])],
        &[value("x0", 1, &["K"])],
        &["y"],
    );
    let made = run(&model, &[("x0", &vector(&[3.0, 4.0]))]).unwrap();
    assert_eq!((sizes(&made[0]), numbers(&made[0])), (vec![1, 1], vec![11.0]));
    assert!(run(&model, &[("x0", &vector(&[3.0]))]).is_err());
}
