//! What is in the file: the wire format, and files that are no models.

use scorebox_core::onnx::Model;
use scorebox_core::{ErrorCode, Limits};

use super::writer::{
    FLOAT, Message, attribute_graph, floats, graph, ints, load, model, named, node, numbers, opset, refusal,
    run, value, vector,
};

fn negate() -> Message {
    model(&graph(&[node("Neg", &["X"], &["Y"])], &[value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]))
}

fn malformed(bytes: &[u8]) -> String {
    let error = Model::load(bytes, &Limits::DEFAULT).err().expect("refused");
    assert_eq!(error.code(), ErrorCode::ModelMalformed, "{error}");
    error.message().to_owned()
}

#[test]
fn wrong_files_are_told_apart() {
    assert!(malformed(b"").contains("empty"));
    assert!(malformed(b"<!DOCTYPE html><html>").contains("web page"));
    assert!(malformed(b"\x80\x04\x95\x10").contains("pickle"));
    assert!(malformed(b"PK\x03\x04rest").contains("zip"));
    assert!(malformed(b"{\"a\": 1}").contains("JSON"));
}

#[test]
fn every_cut_is_an_error_and_never_a_panic() {
    let whole = negate().0;
    for end in 0..whole.len() {
        assert!(Model::load(&whole[..end], &Limits::DEFAULT).is_err(), "cut at {end}");
    }
}

#[test]
fn lengths_beyond_the_end_are_refused_before_anything_is_made() {
    for length in [11, 1 << 31, u64::MAX] {
        let mut bytes = vec![7 << 3 | 2];
        let mut message = Message::default();
        message.raw_varint(length);
        bytes.extend_from_slice(&message.0);
        bytes.extend_from_slice(&[0; 10]);
        assert!(malformed(&bytes).contains("are left"), "length {length}");
    }
}

#[test]
fn numbers_of_eleven_bytes_are_refused() {
    let mut bytes = vec![1 << 3];
    bytes.extend_from_slice(&[0xff; 10]);
    bytes.push(1);
    assert!(malformed(&bytes).contains("too long"));
}

#[test]
fn names_must_be_utf8() {
    let bad = Message::default().text(2, "Y").bytes(4, b"\xff\xfe");
    assert!(malformed(&model(&graph(&[bad], &[], &[])).0).contains("op_type"));
}

#[test]
fn unknown_fields_are_skipped_and_the_last_of_a_single_field_counts() {
    let message = negate().text(99, "from a newer version").int(1, 9);
    let made = run(&message, &[("X", &vector(&[1.0, -2.0]))]).unwrap();
    assert_eq!(numbers(&made[0]), [-1.0, 2.0]);
}

#[test]
fn lists_may_be_packed() {
    let mut packed = Message::default();
    for size in [2, 3] {
        packed.raw_varint(size);
    }
    let tensor = Message::default().message(1, &packed).int(2, FLOAT).text(8, "W");
    let values: Vec<u8> = (0..6).flat_map(|at| (at as f32).to_le_bytes()).collect();
    let nodes = [node("Identity", &["W"], &["Y"])];
    let packed_floats =
        graph(&nodes, &[], &[value("Y", FLOAT, &["2", "3"])]).message(5, &tensor.bytes(4, &values));
    let made = run(&model(&packed_floats), &[]).unwrap();
    assert_eq!(numbers(&made[0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn tensors_must_have_as_many_elements_as_they_say() {
    let with = |tensor: &Message| {
        let nodes = [node("Identity", &["W"], &["Y"])];
        refusal(&model(&graph(&nodes, &[], &[value("Y", FLOAT, &["3"])]).message(5, tensor)))
    };
    assert!(with(&floats("W", &[3], &[1.0, 2.0])).contains("3 elements"));
    assert!(with(&floats("W", &[1 << 40], &[])).contains("must have"));
    assert!(with(&floats("W", &[(-1i64).cast_unsigned()], &[])).contains("negative"));
    assert!(with(&floats("W", &[1], &[1.0]).int(14, 1)).starts_with("model_external_data"));
    assert!(with(&ints("W", &[2], &[1, 2]).bytes(9, &[0; 16])).contains("twice"));
}

#[test]
fn graphs_within_graphs_are_bounded() {
    let mut inner = graph(&[node("Identity", &["X"], &["Y"])], &[], &[value("Y", FLOAT, &["N"])]);
    for _ in 0..40 {
        let both = node("If", &["C"], &["Y"])
            .with(&attribute_graph("then_branch", &inner))
            .with(&attribute_graph("else_branch", &graph(&[], &[], &[])));
        inner = graph(&[both], &[], &[value("Y", FLOAT, &["N"])]);
    }
    assert!(refusal(&model(&inner)).starts_with("model_budget"));
}

#[test]
fn versions_must_be_known() {
    let body = graph(
        &[named("n", "Neg", &["X"], &["Y"])],
        &[value("X", FLOAT, &["N"])],
        &[value("Y", FLOAT, &["N"])],
    );
    let version = |ir: u64, sets: &[Message]| {
        let start = Message::default().int(1, ir).message(7, &body);
        sets.iter().fold(start, |message, set| message.message(8, set))
    };
    assert!(refusal(&version(9999, &[opset("", 18)])).contains("ir_version"));
    assert!(refusal(&version(8, &[])).contains("opset_import"));
    assert!(refusal(&version(8, &[opset("", 9999)])).contains("9999"));
    assert!(refusal(&version(8, &[opset("ai.onnx.ml", 3)])).contains("imported operator sets"));
    assert!(refusal(&version(8, &[opset("", 18), opset("ai.onnx", 17)])).contains("twice"));
    assert!(load(&version(8, &[opset("ai.onnx", 18), opset("some.other", 5)])).is_ok());
}
