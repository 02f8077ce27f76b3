//! Feeds and outputs: what a run checks, and what it keeps.

use std::sync::Arc;

use scorebox_core::onnx::{Data, Model, Session, Shape, Tensor, Value};
use scorebox_core::{Error, ErrorCode, Limits};

use super::writer::{FLOAT, Message, floats, graph, load, model, node, numbers, value, vector};

fn add() -> Message {
    let inputs = [value("A", FLOAT, &["N", "2"]), value("B", FLOAT, &["N", "2"])];
    model(&graph(&[node("Add", &["A", "B"], &["Y"])], &inputs, &[value("Y", FLOAT, &["N", "2"])]))
}

fn matrix(rows: usize, columns: usize) -> Value {
    let data = Data::F32((0..rows * columns).map(|at| at as f32).collect());
    Value::Tensor(Tensor::new(Shape::matrix(rows, columns), data).unwrap())
}

fn refused(feeds: &[(&str, &Value)]) -> Error {
    Session::new(Arc::new(load(&add()).unwrap())).run(feeds).unwrap_err()
}

#[test]
fn feeds_are_checked_against_what_is_declared() {
    let two = matrix(4, 2);
    let wide = refused(&[("A", &two), ("B", &matrix(4, 3))]);
    assert_eq!(wide.code(), ErrorCode::InputShape);
    assert_eq!(wide.message(), "input \"B\" must have shape [N,2], got [4,3]");
    let flat = refused(&[("A", &vector(&[1.0, 2.0])), ("B", &two)]);
    assert_eq!(flat.message(), "input \"A\" must have shape [N,2], got [2]");
    let rows = refused(&[("A", &two), ("B", &matrix(3, 2))]);
    assert!(rows.message().contains("does not fit axis 0 of input \"A\""), "{rows}");
    assert!(refused(&[("A", &two)]).message().contains("input \"B\" of type tensor(float) is missing"));
    assert!(refused(&[("A", &two), ("B", &two), ("C", &two)]).message().contains("its inputs are A, B"));
    assert!(refused(&[("A", &two), ("B", &two), ("A", &two)]).message().contains("given twice"));
    let doubles = Tensor::new(Shape::matrix(4, 2), Data::F64(vec![0.0; 8])).unwrap();
    let typed = refused(&[("A", &two), ("B", &Value::Tensor(doubles))]);
    assert_eq!(typed.code(), ErrorCode::InputType);
    assert_eq!(typed.message(), "input \"B\" must be tensor(float), got tensor(double)");
}

#[test]
fn runs_of_any_size_may_follow_each_other() {
    let mut session = Session::new(Arc::new(load(&add()).unwrap()));
    for rows in [3, 1, 0, 200] {
        let values = matrix(rows, 2);
        session.run(&[("B", &values), ("A", &values)]).unwrap();
        let expected: Vec<f32> = (0..rows * 2).map(|at| 2.0 * at as f32).collect();
        assert_eq!(numbers(session.output_named("Y").unwrap()), expected);
    }
    assert!(session.output(1).is_none());
}

#[test]
fn outputs_may_be_inputs_or_constants() {
    let weights = floats("W", &[2], &[5.0, 6.0]);
    let outputs = [value("X", FLOAT, &["N"]), value("W", FLOAT, &["2"])];
    let all = model(&graph(&[], &[value("X", FLOAT, &["N"])], &outputs).message(5, &weights));
    let mut session = Session::new(Arc::new(load(&all).unwrap()));
    session.run(&[("X", &vector(&[1.0]))]).unwrap();
    assert_eq!(numbers(session.output(0).unwrap()), [1.0]);
    assert_eq!(numbers(session.output(1).unwrap()), [5.0, 6.0]);
}

#[test]
fn inputs_may_have_defaults() {
    let inputs = [value("X", FLOAT, &["N"]), value("W", FLOAT, &["1"])];
    let body = graph(&[node("Add", &["X", "W"], &["Y"])], &inputs, &[value("Y", FLOAT, &["N"])]);
    let all = model(&body.message(5, &floats("W", &[1], &[10.0])));
    let mut session = Session::new(Arc::new(load(&all).unwrap()));
    session.run(&[("X", &vector(&[1.0]))]).unwrap();
    assert_eq!(numbers(session.output(0).unwrap()), [11.0]);
    session.run(&[("X", &vector(&[1.0])), ("W", &vector(&[2.0]))]).unwrap();
    assert_eq!(numbers(session.output(0).unwrap()), [3.0]);
    // Before version 4 of the format such an input is a constant that cannot be fed.
    let old = Session::new(Arc::new(load(&all.int(1, 3)).unwrap()))
        .run(&[("X", &vector(&[1.0])), ("W", &vector(&[2.0]))]);
    assert_eq!(old.unwrap_err().code(), ErrorCode::InputType);
}

#[test]
fn memory_and_sizes_are_bounded() {
    let small = Limits { tensor_elements: 100, ..Limits::DEFAULT };
    let mut session = Session::new(Arc::new(Model::load(&add().0, &small).unwrap()));
    let many = matrix(51, 2);
    assert_eq!(session.run(&[("A", &many), ("B", &many)]).unwrap_err().code(), ErrorCode::RunBudget);
    let poor = Limits { run_bytes: 100, ..Limits::DEFAULT };
    let mut session = Session::new(Arc::new(Model::load(&add().0, &poor).unwrap()));
    let few = matrix(12, 2);
    session.run(&[("A", &few), ("B", &few)]).unwrap();
    session.run(&[("A", &few), ("B", &few)]).unwrap();
    let more = matrix(13, 2);
    assert_eq!(session.run(&[("A", &more), ("B", &more)]).unwrap_err().code(), ErrorCode::RunBudget);
    let tiny = Limits { model_bytes: 10, ..Limits::DEFAULT };
    assert_eq!(Model::load(&add().0, &tiny).err().unwrap().code(), ErrorCode::ModelBudget);
}
