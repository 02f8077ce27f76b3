//! Trees as the bytes of an ONNX model.
//!
//! One TreeEnsembleRegressor makes the margins, plain operators the answer, so that whoever reads the
//! margin and whoever explains it see the library's own. Only what is needed of the protobuf format is
//! here: messages, texts, varints and packed numbers.

use super::trees::{Forest, Link, Mode};

const IR_VERSION: u64 = 8;
const OPSET: u64 = 17;
const OPSET_ML: u64 = 3;
const FLOAT: u64 = 1;
const ML: &str = "ai.onnx.ml";

/// A message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn int(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn ints(self, field: u64, values: impl Iterator<Item = i64>) -> Self {
        let mut packed = Self::default();
        values.for_each(|value| packed.varint(value as u64));
        self.message(field, &packed)
    }

    fn floats(self, field: u64, values: impl Iterator<Item = f32>) -> Self {
        let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        self.bytes(field, &bytes)
    }
}

/// A node of the graph.
fn node(domain: &str, operator: &str, inputs: &[&str], output: &str) -> Message {
    let inputs = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    inputs.text(2, output).text(3, output).text(4, operator).text(7, domain)
}

fn attribute(name: &str, kind: u64) -> Message {
    Message::default().text(1, name).int(20, kind)
}

fn int_attribute(name: &str, value: u64) -> Message {
    attribute(name, 2).int(3, value)
}

/// The number 1, which some links need.
fn one() -> Message {
    Message::default().int(2, FLOAT).text(8, "one").bytes(9, &1f32.to_le_bytes())
}

/// A float table of any number of rows.
fn table(name: &str, columns: usize) -> Message {
    let rows = Message::default().text(2, "N");
    let columns = Message::default().int(1, columns as u64);
    let shape = Message::default().message(1, &rows).message(1, &columns);
    let tensor = Message::default().int(1, FLOAT).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

fn trees(forest: &Forest) -> Message {
    let mut node = node(ML, "TreeEnsembleRegressor", &["X"], "margin");
    let (rows, votes) = (&forest.rows, &forest.votes);
    let ints = |name: &str, values: &mut dyn Iterator<Item = i64>| attribute(name, 7).ints(8, values);
    let modes = rows.iter().fold(attribute("nodes_modes", 8), |list, row| {
        list.text(
            9,
            match row.mode {
                Mode::Leaf => "LEAF",
                Mode::Leq => "BRANCH_LEQ",
                Mode::Lt => "BRANCH_LT",
                Mode::Eq => "BRANCH_EQ",
            },
        )
    });
    let mut attributes = vec![
        int_attribute("n_targets", forest.targets as u64),
        ints("nodes_treeids", &mut rows.iter().map(|row| row.tree)),
        ints("nodes_nodeids", &mut rows.iter().map(|row| row.node)),
        ints("nodes_featureids", &mut rows.iter().map(|row| row.feature)),
        modes,
        attribute("nodes_values", 6).floats(7, rows.iter().map(|row| row.value)),
        ints("nodes_truenodeids", &mut rows.iter().map(|row| row.on_true)),
        ints("nodes_falsenodeids", &mut rows.iter().map(|row| row.on_false)),
        ints("nodes_missing_value_tracks_true", &mut rows.iter().map(|row| row.missing.into())),
        ints("target_treeids", &mut votes.iter().map(|vote| vote.tree)),
        ints("target_nodeids", &mut votes.iter().map(|vote| vote.node)),
        ints("target_ids", &mut votes.iter().map(|vote| vote.target)),
        attribute("target_weights", 6).floats(7, votes.iter().map(|vote| vote.weight)),
    ];
    if !forest.base.is_empty() {
        attributes.push(attribute("base_values", 6).floats(7, forest.base.iter().copied()));
    }
    for attribute in &attributes {
        node = node.message(5, attribute);
    }
    node
}

/// The nodes from margins to the answer, its name and its columns.
fn answer(forest: &Forest) -> (Vec<Message>, &'static str, usize) {
    let plain = |operator, inputs: &[&str], output| node("", operator, inputs, output);
    let last_axis = |node: Message| node.message(5, &int_attribute("axis", 1));
    let one = |operator, output| vec![plain(operator, &["margin"], output)];
    match forest.link {
        Link::Identity => (one("Identity", "value"), "value", forest.targets),
        Link::Exponential => (one("Exp", "value"), "value", forest.targets),
        Link::Softplus => (one("Softplus", "value"), "value", forest.targets),
        Link::OneVersusAll => (one("Sigmoid", "probabilities"), "probabilities", forest.targets),
        Link::Softmax => {
            let node = last_axis(plain("Softmax", &["margin"], "probabilities"));
            (vec![node], "probabilities", forest.targets)
        }
        Link::Logistic => (
            vec![
                plain("Sigmoid", &["margin"], "positive"),
                plain("Sub", &["one", "positive"], "negative"),
                last_axis(plain("Concat", &["negative", "positive"], "probabilities")),
            ],
            "probabilities",
            2,
        ),
        Link::SignedSquare => (
            vec![plain("Abs", &["margin"], "size"), plain("Mul", &["margin", "size"], "value")],
            "value",
            forest.targets,
        ),
        Link::Step => (
            vec![
                plain("Sub", &["margin", "margin"], "zero"),
                plain("Greater", &["margin", "zero"], "above"),
                plain("Cast", &["above"], "value").message(5, &int_attribute("to", FLOAT)),
            ],
            "value",
            forest.targets,
        ),
    }
}

/// The bytes of the model.
pub(super) fn write(forest: &Forest) -> Vec<u8> {
    let (nodes, name, columns) = answer(forest);
    let mut graph = Message::default().message(1, &trees(forest));
    for node in &nodes {
        graph = graph.message(1, node);
    }
    graph = graph.text(2, forest.producer);
    if forest.link == Link::Logistic {
        graph = graph.message(5, &one());
    }
    graph = graph
        .message(11, &table("X", forest.features))
        .message(12, &table("margin", forest.targets))
        .message(12, &table(name, columns));
    let import = |domain, version| Message::default().text(1, domain).int(2, version);
    Message::default()
        .int(1, IR_VERSION)
        .text(2, forest.producer)
        .message(7, &graph)
        .message(8, &import("", OPSET))
        .message(8, &import(ML, OPSET_ML))
        .0
}
