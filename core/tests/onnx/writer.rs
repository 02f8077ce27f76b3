//! Writes ONNX models field by field, so that tests can write what no exporter would.

use std::sync::Arc;

use scorebox_core::onnx::{Model, Session, Tensor, Value};
use scorebox_core::{Limits, Result};

/// Element types.
pub(crate) const FLOAT: u64 = 1;
pub(crate) const INT64: u64 = 7;
pub(crate) const BOOL: u64 = 9;

/// A protobuf message under construction.
#[derive(Clone, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn raw_varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn int(mut self, field: u64, value: u64) -> Self {
        self.raw_varint(field << 3);
        self.raw_varint(value);
        self
    }

    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.raw_varint(field << 3 | 2);
        self.raw_varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub(crate) fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    pub(crate) fn texts(self, field: u64, texts: &[&str]) -> Self {
        texts.iter().fold(self, |message, text| message.text(field, text))
    }

    /// A node's attribute.
    pub(crate) fn with(self, attribute: &Self) -> Self {
        self.message(5, attribute)
    }
}

pub(crate) fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> Message {
    Message::default().texts(1, inputs).texts(2, outputs).text(4, operator)
}

pub(crate) fn named(name: &str, operator: &str, inputs: &[&str], outputs: &[&str]) -> Message {
    node(operator, inputs, outputs).text(3, name)
}

pub(crate) fn attribute_int(name: &str, value: i64) -> Message {
    Message::default().text(1, name).int(20, 2).int(3, value.cast_unsigned())
}

pub(crate) fn attribute_ints(name: &str, values: &[i64]) -> Message {
    let start = Message::default().text(1, name).int(20, 7);
    values.iter().fold(start, |message, value| message.int(8, value.cast_unsigned()))
}

pub(crate) fn attribute_tensor(name: &str, tensor: &Message) -> Message {
    Message::default().text(1, name).int(20, 4).message(5, tensor)
}

pub(crate) fn attribute_graph(name: &str, graph: &Message) -> Message {
    Message::default().text(1, name).int(20, 5).message(6, graph)
}

pub(crate) fn attribute_reference(name: &str, to: &str, kind: u64) -> Message {
    Message::default().text(1, name).int(20, kind).text(21, to)
}

pub(crate) fn floats(name: &str, dims: &[u64], values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let start = dims.iter().fold(Message::default(), |message, dim| message.int(1, *dim));
    start.int(2, FLOAT).text(8, name).bytes(9, &raw)
}

pub(crate) fn ints(name: &str, dims: &[u64], values: &[i64]) -> Message {
    let start = dims.iter().fold(Message::default(), |message, dim| message.int(1, *dim));
    let start = start.int(2, INT64).text(8, name);
    values.iter().fold(start, |message, value| message.int(7, value.cast_unsigned()))
}

pub(crate) fn constant(output: &str, tensor: &Message) -> Message {
    node("Constant", &[], &[output]).with(&attribute_tensor("value", tensor))
}

/// An input or output: sizes are numbers or names, `?` is a size without a name.
pub(crate) fn value(name: &str, element: u64, dims: &[&str]) -> Message {
    let shape = dims.iter().fold(Message::default(), |shape, dim| {
        let inner = match (dim.parse::<u64>(), *dim) {
            (Ok(size), _) => Message::default().int(1, size),
            (_, "?") => Message::default(),
            (_, name) => Message::default().text(2, name),
        };
        shape.message(1, &inner)
    });
    let tensor = Message::default().int(1, element).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

/// An input or output without a type.
pub(crate) fn untyped(name: &str) -> Message {
    Message::default().text(1, name)
}

pub(crate) fn graph(nodes: &[Message], inputs: &[Message], outputs: &[Message]) -> Message {
    let message = nodes.iter().fold(Message::default(), |graph, node| graph.message(1, node));
    let message = inputs.iter().fold(message, |graph, input| graph.message(11, input));
    outputs.iter().fold(message, |graph, output| graph.message(12, output))
}

pub(crate) fn opset(domain: &str, version: u64) -> Message {
    Message::default().text(1, domain).int(2, version)
}

/// A model with version 18 of `ai.onnx`.
pub(crate) fn model(graph: &Message) -> Message {
    Message::default().int(1, 8).message(7, graph).message(8, &opset("", 18))
}

pub(crate) fn load(model: &Message) -> Result<Model> {
    Model::load(&model.0, &Limits::DEFAULT)
}

/// Loads a model that must be refused and gives the error's text.
pub(crate) fn refusal(model: &Message) -> String {
    match load(model) {
        Ok(_) => panic!("the model was accepted"),
        Err(error) => error.to_string(),
    }
}

/// Loads and runs a model and gives its outputs.
pub(crate) fn run(model: &Message, feeds: &[(&str, &Value)]) -> Result<Vec<Value>> {
    let mut session = Session::new(Arc::new(load(model)?));
    session.run(feeds)?;
    let count = session.model().outputs().len();
    Ok((0..count).map(|at| session.output(at).unwrap().clone()).collect())
}

pub(crate) fn vector(values: &[f32]) -> Value {
    Value::Tensor(Tensor::vector(values.to_vec()))
}

pub(crate) fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Tensor(tensor) => tensor.elements::<f32>().expect("floats").to_vec(),
        other => panic!("{} is no tensor", other.kind()),
    }
}

pub(crate) fn sizes(value: &Value) -> Vec<usize> {
    match value {
        Value::Tensor(tensor) => tensor.shape().sizes().to_vec(),
        other => panic!("{} is no tensor", other.kind()),
    }
}
