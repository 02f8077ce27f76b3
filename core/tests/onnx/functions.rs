//! Model-local functions: a call becomes the nodes of the function.

use super::writer::{
    FLOAT, Message, attribute_int, attribute_reference, floats, graph, model, node, numbers, opset, refusal,
    run, value, vector,
};

/// A function of domain `own`, written in version 18 of `ai.onnx`.
fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: &[Message]) -> Message {
    let start = Message::default().text(1, name).texts(4, inputs).texts(5, outputs).text(10, "own");
    let start = nodes.iter().fold(start, |function, node| function.message(7, node));
    start.message(9, &opset("", 18)).message(9, &opset("own", 1))
}

fn call(name: &str, inputs: &[&str], outputs: &[&str]) -> Message {
    node(name, inputs, outputs).text(7, "own")
}

fn with_functions(nodes: &[Message], functions: &[Message]) -> Message {
    let graph = graph(nodes, &[value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]);
    let start = model(&graph).message(8, &opset("own", 1));
    functions.iter().fold(start, |model, function| model.message(25, function))
}

#[test]
fn names_inside_a_function_are_its_own() {
    let double =
        function("Double", &["a"], &["b"], &[node("Add", &["a", "a"], &["X"]), node("Neg", &["X"], &["b"])]);
    let both = with_functions(&[call("Double", &["X"], &["m"]), call("Double", &["m"], &["Y"])], &[double]);
    assert_eq!(numbers(&run(&both, &[("X", &vector(&[1.0, 2.5]))]).unwrap()[0]), [4.0, 10.0]);
}

#[test]
fn attributes_reach_the_nodes_of_nested_functions() {
    let slope = |name: &str, to: &str| attribute_reference(name, to, 1);
    let leaky = node("LeakyRelu", &["a"], &["b"]).with(&slope("alpha", "inner"));
    let inner = function("Inner", &["a"], &["b"], &[leaky]).text(6, "inner");
    let outer =
        function("Outer", &["a"], &["b"], &[call("Inner", &["a"], &["b"]).with(&slope("inner", "outer"))]);
    let default = Message::default().text(1, "outer").int(20, 1);
    let default = Message([default.0, vec![2 << 3 | 5], 0.25f32.to_le_bytes().to_vec()].concat());
    let outer = outer.message(11, &default);
    let functions = [inner, outer];
    let given = Message::default().text(1, "outer").int(20, 1);
    let given = Message([given.0, vec![2 << 3 | 5], 0.5f32.to_le_bytes().to_vec()].concat());
    let called = with_functions(&[call("Outer", &["X"], &["Y"]).with(&given)], &functions);
    assert_eq!(numbers(&run(&called, &[("X", &vector(&[-2.0, 2.0]))]).unwrap()[0]), [-1.0, 2.0]);
    let defaulted = with_functions(&[call("Outer", &["X"], &["Y"])], &functions);
    assert_eq!(numbers(&run(&defaulted, &[("X", &vector(&[-2.0, 2.0]))]).unwrap()[0]), [-0.5, 2.0]);
    let unknown =
        with_functions(&[call("Outer", &["X"], &["Y"]).with(&attribute_int("other", 1))], &functions);
    assert!(refusal(&unknown).contains("\"other\" is unknown to the function"));
}

#[test]
fn inputs_may_be_left_out() {
    let clip =
        function("Bound", &["a", "low", "high"], &["b"], &[node("Clip", &["a", "low", "high"], &["b"])]);
    let called = with_functions(&[call("Bound", &["X", "", "top"], &["Y"])], &[clip]);
    let weights = |model: Message| {
        // Initializers live in the graph; a second graph field replaces the first.
        let nodes = [call("Bound", &["X", "", "top"], &["Y"])];
        let graph = graph(&nodes, &[value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]);
        model.message(7, &graph.message(5, &floats("top", &[], &[1.5])))
    };
    assert_eq!(numbers(&run(&weights(called), &[("X", &vector(&[-9.0, 9.0]))]).unwrap()[0]), [-9.0, 1.5]);
}

#[test]
fn functions_must_not_call_themselves() {
    let direct = function("A", &["a"], &["b"], &[call("A", &["a"], &["b"])]);
    assert!(refusal(&with_functions(&[call("A", &["X"], &["Y"])], &[direct])).contains("calls itself"));
    let one = function("A", &["a"], &["b"], &[call("B", &["a"], &["b"])]);
    let other = function("B", &["a"], &["b"], &[call("A", &["a"], &["b"])]);
    assert!(refusal(&with_functions(&[call("A", &["X"], &["Y"])], &[one, other])).contains("calls itself"));
}

#[test]
fn expansion_is_bounded() {
    // Twelve levels of ten calls each would be a trillion nodes.
    let mut functions = Vec::new();
    for level in 0..12 {
        let mut nodes = Vec::new();
        for at in 0..10 {
            let (from, to) = (format!("v{at}"), format!("v{}", at + 1));
            let inputs = [from.as_str()];
            nodes.push(match level {
                0 => node("Neg", &inputs, &[&to]),
                _ => call(&format!("F{}", level - 1), &inputs, &[&to]),
            });
        }
        functions.push(function(&format!("F{level}"), &["v0"], &["v10"], &nodes));
    }
    let bomb = with_functions(&[call("F11", &["X"], &["Y"])], &functions);
    assert!(refusal(&bomb).starts_with("model_budget"));
}
