//! What makes a list of nodes a graph: names, order, types.

use super::writer::{
    FLOAT, INT64, Message, attribute_int, floats, graph, load, model, named, node, numbers, opset, refusal,
    run, value, vector,
};

fn from_nodes(nodes: &[Message]) -> Message {
    model(&graph(nodes, &[value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]))
}

#[test]
fn nodes_may_come_in_any_order() {
    let reversed = from_nodes(&[node("Neg", &["a"], &["Y"]), node("Abs", &["X"], &["a"])]);
    assert_eq!(numbers(&run(&reversed, &[("X", &vector(&[-3.0]))]).unwrap()[0]), [-3.0]);
}

#[test]
fn cycles_name_their_nodes() {
    let own = refusal(&from_nodes(&[named("loop", "Add", &["X", "Y"], &["Y"])]));
    assert!(own.contains("cycle") && own.contains("node \"loop\" (ai.onnx.Add)"), "{own}");
    let two = from_nodes(&[
        named("first", "Add", &["X", "b"], &["a"]),
        named("second", "Neg", &["a"], &["b"]),
        named("after", "Neg", &["b"], &["Y"]),
    ]);
    let two = refusal(&two);
    assert!(two.contains("first") && two.contains("second") && !two.contains("after"), "{two}");
}

#[test]
fn every_value_has_one_name_and_one_maker() {
    let twice = from_nodes(&[node("Neg", &["X"], &["Y"]), node("Abs", &["X"], &["Y"])]);
    assert!(refusal(&twice).contains("made twice"));
    let input = from_nodes(&[node("Neg", &["X"], &["X"]), node("Abs", &["X"], &["Y"])]);
    assert!(refusal(&input).contains("made twice"));
    let nowhere = from_nodes(&[named("n", "Add", &["X", "W"], &["Y"])]);
    assert!(refusal(&nowhere).contains("uses \"W\""));
    let dangling = from_nodes(&[node("Neg", &["X"], &["Z"])]);
    assert!(refusal(&dangling).contains("output \"Y\""));
    let weights = graph(
        &[node("Add", &["X", "W"], &["Y"])],
        &[value("X", FLOAT, &["N"])],
        &[value("Y", FLOAT, &["N"])],
    );
    let weights = weights.message(5, &floats("W", &[1], &[1.0])).message(5, &floats("W", &[1], &[2.0]));
    assert!(refusal(&model(&weights)).contains("given twice"));
    assert!(refusal(&model(&graph(&[], &[], &[]))).contains("no output"));
}

#[test]
fn operators_must_exist_and_be_used_as_they_are() {
    assert!(
        refusal(&from_nodes(&[node("Relux", &["X"], &["Y"])])).contains("ai.onnx.Relux is not supported")
    );
    let foreign =
        from_nodes(&[node("Neg", &["X"], &["Y"]).text(7, "corp.own")]).message(8, &opset("corp.own", 1));
    assert!(refusal(&foreign).contains("corp.own"));
    assert!(refusal(&from_nodes(&[node("Add", &["X"], &["Y"])])).contains("has 1 inputs, must have 2"));
    let unknown = from_nodes(&[named("n", "Neg", &["X"], &["Y"]).with(&attribute_int("speed", 1))]);
    assert!(refusal(&unknown).contains("\"speed\" is unknown"));
    let twice = node("LeakyRelu", &["X"], &["Y"]);
    let alpha = Message::default().text(1, "alpha").int(20, 1);
    assert!(refusal(&from_nodes(&[twice.with(&alpha).with(&alpha)])).contains("given twice"));
    let reference = Message::default().text(1, "alpha").int(20, 1).text(21, "other");
    assert!(refusal(&from_nodes(&[node("LeakyRelu", &["X"], &["Y"]).with(&reference)])).contains("function"));
}

#[test]
fn outputs_must_have_the_declared_type() {
    let wrong =
        graph(&[node("Neg", &["X"], &["Y"])], &[value("X", FLOAT, &["N"])], &[value("Y", INT64, &["N"])]);
    assert!(refusal(&model(&wrong)).contains("declared as tensor(int64), but the graph makes tensor(float)"));
}

#[test]
fn chains_of_ten_thousand_nodes_share_few_buffers() {
    let mut nodes = Vec::new();
    for at in 0..10_000 {
        nodes.push(node("Neg", &[&format!("v{at}")], &[&format!("v{}", at + 1)]));
    }
    let chain = graph(&nodes, &[value("v0", FLOAT, &["N"])], &[value("v10000", FLOAT, &["N"])]);
    assert_eq!(numbers(&run(&model(&chain), &[("v0", &vector(&[5.0]))]).unwrap()[0]), [5.0]);
}

#[test]
fn more_nodes_than_the_limit_are_refused() {
    let nodes: Vec<Message> = (0..50_001).map(|at| node("Neg", &["X"], &[&format!("v{at}")])).collect();
    assert!(refusal(&from_nodes(&nodes)).starts_with("model_budget"));
}

#[test]
fn what_is_constant_is_computed_at_load() {
    // The new shape is computed from constants; the reshape needs to know it.
    let nodes = [
        node("Constant", &[], &["a"]).with(&Message::default().text(1, "value_ints").int(20, 7).int(8, 2)),
        node("Add", &["a", "a"], &["shape"]),
        node("Reshape", &["X", "shape"], &["Y"]),
    ];
    let reshaped = graph(&nodes, &[value("X", FLOAT, &["2", "2"])], &[Message::default().text(1, "Y")]);
    let loaded = load(&model(&reshaped)).unwrap();
    assert_eq!(loaded.outputs()[0].dims, Some(vec![scorebox_core::onnx::Dim::Known(4)]));
}

#[test]
#[cfg(not(feature = "neural"))]
fn what_the_full_module_is_needed_for_is_named() {
    let image = |name: &str| value(name, FLOAT, &["N", "3", "8", "8"]);
    let nodes = [node("GlobalAveragePool", &["X"], &["a"]), node("MaxPool", &["a"], &["Y"])];
    let text = refusal(&model(&graph(&nodes, &[image("X")], &[Message::default().text(1, "Y")])));
    assert!(text.starts_with("bundle_needs_full") && text.ends_with("GlobalAveragePool, MaxPool"), "{text}");
}
