//! Sequences and optionals.

use scorebox_core::onnx::{Tensor, Value};

use super::writer::{
    FLOAT, INT64, attribute_graph, attribute_int, graph, ints, model, node, numbers, refusal, run, sizes,
    untyped, value, vector,
};

#[test]
fn sequences_are_made_changed_and_joined() {
    let nodes = [
        node("SequenceConstruct", &["A", "B"], &["ab"]),
        node("SequenceInsert", &["ab", "A", "zero"], &["aab"]),
        node("SequenceErase", &["aab"], &["aa"]),
        node("SequenceAt", &["aab", "last"], &["b"]),
        node("SequenceLength", &["aa"], &["n"]),
        node("ConcatFromSequence", &["aab"], &["joined"]).with(&attribute_int("axis", 0)),
    ];
    let inputs = [value("A", FLOAT, &["N"]), value("B", FLOAT, &["M"])];
    let all = graph(&nodes, &inputs, &[untyped("b"), untyped("n"), untyped("joined"), untyped("aa")])
        .message(5, &ints("zero", &[], &[0]))
        .message(5, &ints("last", &[], &[-1]));
    let made = run(&model(&all), &[("A", &vector(&[1.0])), ("B", &vector(&[2.0, 3.0]))]).unwrap();
    assert_eq!(numbers(&made[0]), [2.0, 3.0]);
    assert_eq!(made[1], Value::Tensor(Tensor::scalar(2i64)));
    assert_eq!(numbers(&made[2]), [1.0, 1.0, 2.0, 3.0]);
    assert_eq!(made[3], Value::Sequence(vec![vector(&[1.0]), vector(&[1.0])]));
}

#[test]
fn positions_outside_are_refused() {
    let nodes = [node("SequenceConstruct", &["A"], &["a"]), node("SequenceAt", &["a", "P"], &["Y"])];
    let all = model(&graph(&nodes, &[value("A", FLOAT, &["N"]), value("P", INT64, &[])], &[untyped("Y")]));
    for position in [1, -2, i64::MIN, i64::MAX] {
        let at = Value::Tensor(Tensor::scalar(position));
        assert!(run(&all, &[("A", &vector(&[1.0])), ("P", &at)]).is_err(), "position {position}");
    }
}

#[test]
fn tensors_are_split_and_stacked() {
    let nodes = [
        node("SplitToSequence", &["A", "two"], &["parts"]),
        node("SplitToSequence", &["A"], &["single"]).with(&attribute_int("keepdims", 0)),
        node("ConcatFromSequence", &["single"], &["Y"])
            .with(&attribute_int("axis", 1))
            .with(&attribute_int("new_axis", 1)),
    ];
    let all = graph(&nodes, &[value("A", FLOAT, &["N", "2"])], &[untyped("parts"), untyped("Y")])
        .message(5, &ints("two", &[], &[2]));
    let shape = scorebox_core::onnx::Shape::matrix(3, 2);
    let data = scorebox_core::onnx::Data::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let a = Value::Tensor(Tensor::new(shape, data).unwrap());
    let made = run(&model(&all), &[("A", &a)]).unwrap();
    let Value::Sequence(parts) = &made[0] else { panic!("no sequence") };
    assert_eq!(parts.iter().map(sizes).collect::<Vec<_>>(), [[2, 2], [1, 2]]);
    assert_eq!((sizes(&made[1]), numbers(&made[1])), (vec![2, 3], vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0]));
}

#[test]
fn a_graph_runs_for_each_item() {
    let body = graph(&[node("Add", &["item", "B"], &["sum"])], &[untyped("item")], &[untyped("sum")]);
    let nodes = [
        node("SequenceConstruct", &["A", "B"], &["ab"]),
        node("SequenceMap", &["ab"], &["Y"]).with(&attribute_graph("body", &body)),
    ];
    let inputs = [value("A", FLOAT, &["N"]), value("B", FLOAT, &["N"])];
    let made = run(
        &model(&graph(&nodes, &inputs, &[untyped("Y")])),
        &[("A", &vector(&[1.0])), ("B", &vector(&[2.0]))],
    );
    assert_eq!(made.unwrap()[0], Value::Sequence(vec![vector(&[3.0]), vector(&[4.0])]));
}

#[test]
fn optionals_hold_a_value_or_none() {
    let nodes = [
        node("Optional", &["A"], &["maybe"]),
        node("OptionalHasElement", &["maybe"], &["has"]),
        node("OptionalGetElement", &["maybe"], &["Y"]),
        node("OptionalHasElement", &[], &["none"]),
    ];
    let outputs = [untyped("has"), untyped("Y"), untyped("none")];
    let made = run(&model(&graph(&nodes, &[value("A", FLOAT, &["N"])], &outputs)), &[("A", &vector(&[1.0]))])
        .unwrap();
    assert_eq!(made[0], Value::Tensor(Tensor::scalar(true)));
    assert_eq!(numbers(&made[1]), [1.0]);
    assert_eq!(made[2], Value::Tensor(Tensor::scalar(false)));
    let untyped_none = model(&graph(&[node("Optional", &[], &["Y"])], &[], &[untyped("Y")]));
    assert!(refusal(&untyped_none).contains("\"type\" is required"));
}
