//! Models of one operator of `ai.onnx.ml`, and small trees for them.

use scorebox_core::onnx::{Data, Keys, Shape, Strings, Tensor, Value};

use super::writer::{
    FLOAT, INT64, Message, attribute_int, attribute_ints, graph, numbers, opset, run, untyped, value,
};

pub(crate) const STRING: u64 = 8;
pub(crate) const DOUBLE: u64 = 11;

pub(crate) fn float(name: &str, number: f32) -> Message {
    let mut message = Message::default().text(1, name).int(20, 1);
    message.raw_varint(2 << 3 | 5);
    message.0.extend_from_slice(&number.to_le_bytes());
    message
}

pub(crate) fn float_list(name: &str, values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|number| number.to_le_bytes()).collect();
    Message::default().text(1, name).int(20, 6).bytes(7, &raw)
}

pub(crate) fn text(name: &str, text: &str) -> Message {
    Message::default().text(1, name).int(20, 3).text(4, text)
}

pub(crate) fn text_list(name: &str, texts: &[&str]) -> Message {
    texts.iter().fold(Message::default().text(1, name).int(20, 8), |message, text| message.text(9, text))
}

pub(crate) fn tensor(name: &str, element: u64, raw: &[u8], len: usize) -> Message {
    let tensor = Message::default().int(1, len as u64).int(2, element).bytes(9, raw);
    Message::default().text(1, name).int(20, 4).message(5, &tensor)
}

pub(crate) fn doubles(name: &str, values: &[f64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|number| number.to_le_bytes()).collect();
    tensor(name, DOUBLE, &raw, values.len())
}

/// A model of one operator with these outputs. The domain decides which operator set is imported.
pub(crate) fn one(
    (domain, operator, version): (&str, &str, u64),
    attributes: &[Message],
    inputs: &[Message],
    outputs: &[&str],
) -> Message {
    let names: Vec<String> = (0..inputs.len()).map(|at| format!("x{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let node = Message::default().texts(1, &names).texts(2, outputs).text(4, operator).text(7, domain);
    let node = attributes.iter().fold(node, Message::with);
    let outputs: Vec<Message> = outputs.iter().map(|name| untyped(name)).collect();
    let graph = graph(&[node], inputs, &outputs);
    Message::default().int(1, 8).message(7, &graph).message(8, &opset(domain, version))
}

/// A model of one operator of `ai.onnx.ml` that takes a table of floats of this width.
pub(crate) fn ml(
    operator: &str,
    version: u64,
    attributes: &[Message],
    width: &str,
    outputs: &[&str],
) -> Message {
    one(("ai.onnx.ml", operator, version), attributes, &[value("x0", FLOAT, &["N", width])], outputs)
}

pub(crate) fn table(width: usize, values: &[f32]) -> Value {
    let shape = Shape::matrix(values.len() / width, width);
    Value::Tensor(Tensor::new(shape, Data::F32(values.to_vec())).unwrap())
}

pub(crate) fn words(texts: &[&str]) -> Value {
    let texts: Strings = texts.iter().copied().collect();
    Value::Tensor(Tensor::new(Shape::vector(texts.len()), Data::Str(texts)).unwrap())
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Tensor(tensor) => tensor.strings().expect("texts").iter().map(str::to_owned).collect(),
        other => panic!("{} is no tensor", other.kind()),
    }
}

pub(crate) fn integers(value: &Value) -> Vec<i64> {
    match value {
        Value::Tensor(tensor) => tensor.elements::<i64>().expect("integers").to_vec(),
        other => panic!("{} is no tensor", other.kind()),
    }
}

pub(crate) fn int_keys(value: &Value) -> (Vec<i64>, Vec<f32>) {
    match value {
        Value::ZipMap(keys, table) => match &**keys {
            Keys::Ints(keys) => (keys.clone(), table.elements::<f32>().unwrap().to_vec()),
            Keys::Texts(_) => panic!("texts"),
        },
        other => panic!("{} is no map", other.kind()),
    }
}

/// Runs a model for one table and gives its first output as floats.
pub(crate) fn floats_of(model: &Message, x: &Value) -> Vec<f32> {
    numbers(&run(model, &[("x0", x)]).unwrap()[0])
}

/// A tree of one split of column 0 whose children are leaves.
pub(crate) struct Stump {
    pub(crate) mode: &'static str,
    pub(crate) threshold: f32,
    pub(crate) missing_is_true: bool,
    /// Target and weight of the votes of the true leaf, then of the false one.
    pub(crate) votes: [&'static [(i64, f32)]; 2],
}

impl Stump {
    pub(crate) const fn new(mode: &'static str, threshold: f32) -> Self {
        Self { mode, threshold, missing_is_true: false, votes: [&[(0, 1.0)], &[(0, 2.0)]] }
    }

    pub(crate) const fn votes(yes: &'static [(i64, f32)], no: &'static [(i64, f32)]) -> Self {
        Self { mode: "BRANCH_LEQ", threshold: 0.0, missing_is_true: false, votes: [yes, no] }
    }
}

/// The attributes of stumps, with votes under `prefix`.
pub(crate) fn stumps(prefix: &str, trees: &[Stump]) -> Vec<Message> {
    let flat = |of: &dyn Fn(i64, &Stump) -> Vec<i64>| -> Vec<i64> {
        trees.iter().enumerate().flat_map(|(tree, stump)| of(tree as i64, stump)).collect()
    };
    let votes = |stump: &Stump| -> Vec<(i64, i64, f32)> {
        let leaves = (1..).zip(stump.votes);
        leaves.flat_map(|(leaf, votes)| votes.iter().map(move |&(id, weight)| (leaf, id, weight))).collect()
    };
    let modes: Vec<&str> = trees.iter().flat_map(|stump| [stump.mode, "LEAF", "LEAF"]).collect();
    let values: Vec<f32> = trees.iter().flat_map(|stump| [stump.threshold, 0.0, 0.0]).collect();
    let weights: Vec<f32> =
        trees.iter().flat_map(|stump| votes(stump).into_iter().map(|vote| vote.2)).collect();
    let vote = |name: &str| format!("{prefix}_{name}");
    vec![
        attribute_ints("nodes_treeids", &flat(&|tree, _| vec![tree; 3])),
        attribute_ints("nodes_nodeids", &flat(&|_, _| vec![0, 1, 2])),
        attribute_ints("nodes_featureids", &flat(&|_, _| vec![0; 3])),
        attribute_ints("nodes_truenodeids", &flat(&|_, _| vec![1, 0, 0])),
        attribute_ints("nodes_falsenodeids", &flat(&|_, _| vec![2, 0, 0])),
        attribute_ints(
            "nodes_missing_value_tracks_true",
            &flat(&|_, stump| vec![i64::from(stump.missing_is_true), 0, 0]),
        ),
        text_list("nodes_modes", &modes),
        float_list("nodes_values", &values),
        attribute_ints(&vote("treeids"), &flat(&|tree, stump| vec![tree; votes(stump).len()])),
        attribute_ints(&vote("nodeids"), &flat(&|_, stump| votes(stump).iter().map(|vote| vote.0).collect())),
        attribute_ints(&vote("ids"), &flat(&|_, stump| votes(stump).iter().map(|vote| vote.1).collect())),
        float_list(&vote("weights"), &weights),
    ]
}

/// A TreeEnsembleRegressor of stumps.
pub(crate) fn regressor(trees: &[Stump], targets: i64, more: &[Message]) -> Message {
    let mut attributes = stumps("target", trees);
    attributes.push(attribute_int("n_targets", targets));
    attributes.extend_from_slice(more);
    ml("TreeEnsembleRegressor", 3, &attributes, "1", &["Z"])
}

/// A TreeEnsembleClassifier of stumps; its outputs are `L` and `Z`.
pub(crate) fn classifier(trees: &[Stump], labels: &[i64], more: &[Message]) -> Message {
    let mut attributes = stumps("class", trees);
    attributes.push(attribute_ints("classlabels_int64s", labels));
    attributes.extend_from_slice(more);
    ml("TreeEnsembleClassifier", 3, &attributes, "1", &["L", "Z"])
}

/// An input of integers.
pub(crate) fn integer_input() -> Message {
    value("x0", INT64, &["N"])
}

/// An input of texts.
pub(crate) fn text_input() -> Message {
    value("x0", STRING, &["N"])
}
