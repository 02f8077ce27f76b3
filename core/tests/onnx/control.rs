//! Nested graphs: branches and loops, what they see, and how they are stopped.

use scorebox_core::ErrorCode;
use scorebox_core::onnx::{Tensor, Value};

use super::writer::{
    BOOL, FLOAT, INT64, Message, attribute_graph, attribute_int, attribute_ints, constant, floats, graph,
    ints, load, model, node, numbers, refusal, run, sizes, untyped, value, vector,
};

fn choose(then_nodes: &[Message], else_nodes: &[Message]) -> Message {
    let branch = |nodes: &[Message]| graph(nodes, &[], &[value("b", FLOAT, &["N"])]);
    let both = node("If", &["C"], &["Y"])
        .with(&attribute_graph("then_branch", &branch(then_nodes)))
        .with(&attribute_graph("else_branch", &branch(else_nodes)));
    let nodes = [node("Add", &["X", "X"], &["twice"]), both];
    model(&graph(&nodes, &[value("C", BOOL, &[]), value("X", FLOAT, &["N"])], &[value("Y", FLOAT, &["N"])]))
}

fn truth(value: bool) -> Value {
    Value::Tensor(Tensor::scalar(value))
}

#[test]
fn branches_see_the_values_around_them() {
    let both = choose(&[node("Neg", &["twice"], &["b"])], &[node("Identity", &["X"], &["b"])]);
    let x = vector(&[1.0, 2.0]);
    assert_eq!(numbers(&run(&both, &[("C", &truth(true)), ("X", &x)]).unwrap()[0]), [-2.0, -4.0]);
    assert_eq!(numbers(&run(&both, &[("C", &truth(false)), ("X", &x)]).unwrap()[0]), [1.0, 2.0]);
}

#[test]
fn branches_within_branches_see_all_of_them() {
    let branch = |nodes: &[Message]| graph(nodes, &[], &[value("c", FLOAT, &["N"])]);
    let inner = node("If", &["C"], &["b"])
        .with(&attribute_graph("then_branch", &branch(&[node("Add", &["twice", "own"], &["c"])])))
        .with(&attribute_graph("else_branch", &branch(&[node("Neg", &["X"], &["c"])])));
    let own = constant("own", &floats("", &[1], &[0.5]));
    let both = choose(&[own, inner], &[node("Neg", &["X"], &["b"])]);
    assert_eq!(numbers(&run(&both, &[("C", &truth(true)), ("X", &vector(&[1.0]))]).unwrap()[0]), [2.5]);
}

#[test]
fn branches_must_agree() {
    let missing = refusal(&choose(&[node("Neg", &["nowhere"], &["b"])], &[node("Neg", &["X"], &["b"])]));
    assert!(missing.contains("\"nowhere\"") && missing.contains("ai.onnx.If"), "{missing}");
    let one = graph(&[node("Neg", &["X"], &["b"])], &[], &[untyped("b")]);
    let other = graph(&[node("Shape", &["X"], &["b"])], &[], &[untyped("b")]);
    let none = graph(&[], &[], &[]);
    let with = |second: &Message| {
        let both = node("If", &["C"], &["Y"])
            .with(&attribute_graph("then_branch", &one))
            .with(&attribute_graph("else_branch", second));
        let inputs = [value("C", BOOL, &[]), value("X", FLOAT, &["N"])];
        model(&graph(&[both], &inputs, &[untyped("Y")]))
    };
    assert!(refusal(&with(&none)).contains("makes 0 outputs"));
    assert!(refusal(&with(&other)).contains("tensor(int64) in else_branch"));
}

/// Runs `nodes` for a count and a carried value `v` that becomes `w`; also stacks `s`.
fn repeat(nodes: &[Message], stacked: bool) -> Message {
    let mut outputs = vec![value("go", BOOL, &[]), value("w", FLOAT, &["N"])];
    if stacked {
        outputs.push(untyped("s"));
    }
    let body = graph(nodes, &[value("i", INT64, &[]), value("c", BOOL, &[]), untyped("v")], &outputs);
    let names: &[&str] = if stacked { &["Y", "S"] } else { &["Y"] };
    let all = node("Loop", &["M", "", "X"], names).with(&attribute_graph("body", &body));
    let inputs = [value("M", INT64, &[]), value("X", FLOAT, &["N"])];
    let outputs: Vec<Message> = names.iter().map(|name| untyped(name)).collect();
    model(&graph(&[all], &inputs, &outputs))
}

fn count(rounds: i64) -> Value {
    Value::Tensor(Tensor::scalar(rounds))
}

#[test]
fn loops_carry_and_stack() {
    let nodes =
        [node("Identity", &["c"], &["go"]), node("Add", &["v", "v"], &["w"]), node("Neg", &["w"], &["s"])];
    let all = repeat(&nodes, true);
    let made = run(&all, &[("M", &count(3)), ("X", &vector(&[1.0, 2.0]))]).unwrap();
    assert_eq!(numbers(&made[0]), [8.0, 16.0]);
    assert_eq!((sizes(&made[1]), numbers(&made[1])), (vec![3, 2], vec![-2.0, -4.0, -4.0, -8.0, -8.0, -16.0]));
    let none = run(&all, &[("M", &count(0)), ("X", &vector(&[1.0, 2.0]))]).unwrap();
    assert_eq!((numbers(&none[0]), numbers(&none[1])), (vec![1.0, 2.0], vec![]));
}

#[test]
fn a_body_may_hand_its_inputs_through() {
    let nodes = [node("Identity", &["c"], &["go"]), node("Identity", &["v"], &["w"])];
    let made = run(&repeat(&nodes, false), &[("M", &count(5)), ("X", &vector(&[7.0]))]).unwrap();
    assert_eq!(numbers(&made[0]), [7.0]);
}

#[test]
fn endless_loops_meet_the_limit() {
    let nodes = [node("Identity", &["c"], &["go"]), node("Neg", &["v"], &["w"])];
    let default = scorebox_core::Limits::DEFAULT;
    let limits = scorebox_core::Limits { steps: 10_000, tensor_elements: 1 << 16, ..default };
    for nodes in [
        &nodes[..],
        &[
            node("Identity", &["c"], &["go"]),
            node("Concat", &["v", "v"], &["w"]).with(&attribute_int("axis", 0)),
        ],
    ] {
        let model = scorebox_core::onnx::Model::load(&repeat(nodes, false).0, &limits).unwrap();
        let mut session = scorebox_core::onnx::Session::new(model.into());
        let error = session.run(&[("M", &count(1 << 62)), ("X", &vector(&[1.0]))]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::RunBudget, "{error}");
        assert!(error.path().contains("ai.onnx.Loop"), "{error}");
    }
}

#[test]
fn rounds_cost_what_they_make_and_may_be_as_many_as_the_input_is_long() {
    let nodes = [node("Identity", &["c"], &["go"]), node("Neg", &["v"], &["w"])];
    let model = repeat(&nodes, false);
    let runs = |limits: scorebox_core::Limits, rounds: i64, length: usize| {
        let model = scorebox_core::onnx::Model::load(&model.0, &limits).unwrap();
        let mut session = scorebox_core::onnx::Session::new(model.into());
        session.run(&[("M", &count(rounds)), ("X", &vector(&vec![1.0; length]))]).is_ok()
    };
    let limits = scorebox_core::Limits { steps: 1_000, steps_per_byte: 0, ..scorebox_core::Limits::DEFAULT };
    assert!(runs(limits, 100, 10));
    // A round makes 256 KiB, which count as 64 steps.
    assert!(!runs(limits, 100, 1 << 16));
    assert!(!runs(limits, 1_000, 500));
    let fed = scorebox_core::Limits { steps_per_byte: 4, ..limits };
    assert!(runs(fed, 1_000, 500));
}

#[test]
fn stacked_parts_must_be_alike() {
    let nodes = [
        node("Identity", &["c"], &["go"]),
        node("Concat", &["v", "v"], &["w"]).with(&attribute_int("axis", 0)),
        node("Neg", &["w"], &["s"]),
    ];
    let error = run(&repeat(&nodes, true), &[("M", &count(2)), ("X", &vector(&[1.0]))]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InputShape);
}

#[test]
fn scans_take_slices_along_any_axis_from_either_end() {
    let body = graph(
        &[node("Add", &["s", "x"], &["t"]), node("Neg", &["t"], &["o"])],
        &[untyped("s"), untyped("x")],
        &[untyped("t"), untyped("o")],
    );
    let scan = |attributes: &[Message]| {
        let scan = node("Scan", &["S", "X"], &["T", "O"])
            .with(&attribute_graph("body", &body))
            .with(&attribute_int("num_scan_inputs", 1));
        let scan = attributes.iter().fold(scan, |scan, attribute| scan.with(attribute));
        let inputs = [value("S", FLOAT, &["2"]), value("X", FLOAT, &["2", "3"])];
        model(&graph(&[scan], &inputs, &[untyped("T"), untyped("O")]))
    };
    let shape = scorebox_core::onnx::Shape::matrix(2, 3);
    let data = scorebox_core::onnx::Data::F32(vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    let x = Value::Tensor(Tensor::new(shape, data).unwrap());
    let feeds = [("S", &vector(&[0.0, 0.0])), ("X", &x)];
    let columns = scan(&[attribute_ints("scan_input_axes", &[1])]);
    let made = run(&columns, &feeds).unwrap();
    assert_eq!(numbers(&made[0]), [6.0, 60.0]);
    assert_eq!(
        (sizes(&made[1]), numbers(&made[1])),
        (vec![3, 2], vec![-1.0, -10.0, -3.0, -30.0, -6.0, -60.0])
    );
    let back = scan(&[
        attribute_ints("scan_input_axes", &[-1]),
        attribute_ints("scan_output_axes", &[-1]),
        attribute_ints("scan_input_directions", &[1]),
        attribute_ints("scan_output_directions", &[1]),
    ]);
    let made = run(&back, &feeds).unwrap();
    assert_eq!(
        (sizes(&made[1]), numbers(&made[1])),
        (vec![2, 3], vec![-6.0, -5.0, -3.0, -60.0, -50.0, -30.0])
    );
}

#[test]
fn a_loop_over_constants_is_not_run_for_long_at_load() {
    let nodes = [node("Identity", &["c"], &["go"]), node("Neg", &["v"], &["w"])];
    let body = graph(
        &nodes,
        &[value("i", INT64, &[]), value("c", BOOL, &[]), untyped("v")],
        &[untyped("go"), untyped("w")],
    );
    let all = node("Loop", &["M", "", "X"], &["Y"]).with(&attribute_graph("body", &body));
    let constant_loop = graph(&[all], &[], &[untyped("Y")])
        .message(5, &ints("M", &[], &[1 << 62]))
        .message(5, &floats("X", &[1], &[1.0]));
    assert!(load(&model(&constant_loop)).is_ok());
}
