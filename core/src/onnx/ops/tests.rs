//! What the standard's own node tests leave out: wrapping, NaN, ties, budgets, and what is known at load.
//! The node tests themselves run in `tests/conformance`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;

use super::FAMILIES;
use crate::error::{ErrorCode, Result};
use crate::onnx::attributes::Attributes;
use crate::onnx::kernel::{Fact, Inputs, Io, NodeSpec, Scratch};
use crate::onnx::proto::{AttributeProto, AttributeValue};
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::{DType, Data, Element, Tensor};
use crate::onnx::value::Value;

/// Elements that a run may make in these tests.
const MOST: usize = 1000;

struct Feeds(Vec<Tensor>);

impl Inputs for Feeds {
    fn value(&self, _at: usize) -> Option<&Value> {
        None
    }

    fn tensor(&self, at: usize) -> Option<&Tensor> {
        self.0.get(at)
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

pub(super) fn attribute<'m>(name: &'m str, value: AttributeValue<'m>) -> AttributeProto<'m> {
    AttributeProto { name, reference: "", value }
}

pub(super) fn whole<'m>(name: &'m str, value: i64) -> AttributeProto<'m> {
    attribute(name, AttributeValue::Int(value))
}

/// Builds the newest version of an operator for these facts.
fn build(name: &str, attributes: &[AttributeProto<'_>], inputs: Vec<Option<Fact>>) -> Result<super::Built> {
    let operator = FAMILIES
        .iter()
        .flat_map(|family| family.iter())
        .find(|row| row.domain.is_empty() && row.name == name);
    let attributes = Attributes::new(attributes);
    (operator.unwrap().build)(&mut NodeSpec { attributes, inputs, outputs: 1, opset: 24, nested: None })
}

/// Builds and runs an operator; the shapes of the inputs are known at load, their values are not.
pub(super) fn run(name: &str, attributes: &[AttributeProto<'_>], feeds: Vec<Tensor>) -> Result<Tensor> {
    let facts = feeds.iter().map(|tensor| {
        let dims = tensor.shape().sizes().iter().map(|&size| Dim::Known(size)).collect();
        Some(Fact::shaped(tensor.dtype(), Some(dims)))
    });
    let built = build(name, attributes, facts.collect())?;
    let mut outputs = vec![Value::default(); built.outputs.len()];
    built.kernel.run(&mut Io {
        inputs: &Feeds(feeds),
        outputs: &mut outputs,
        max_elements: MOST,
        scratch: &mut Scratch::default(),
        steps: &mut 1,
    })?;
    let Some(Value::Tensor(tensor)) = outputs.into_iter().next() else { panic!("{name} made no tensor") };
    if let Some(dims) = &built.outputs[0].dims {
        for (dim, size) in dims.iter().zip(tensor.shape().sizes()) {
            assert!(!matches!(dim, Dim::Known(known) if known != size), "{name}: known at load as {dims:?}");
        }
        assert_eq!(dims.len(), tensor.shape().rank(), "{name}");
    }
    assert_eq!(built.outputs[0].dtype(), Some(tensor.dtype()), "{name}");
    Ok(tensor)
}

pub(super) fn tensor<T: Element>(sizes: &[usize], elements: &[T]) -> Tensor {
    Tensor::new(Shape::new(sizes).unwrap(), T::wrap(elements.to_vec())).unwrap()
}

pub(super) fn list<T: Element>(elements: &[T]) -> Tensor {
    tensor(&[elements.len()], elements)
}

pub(super) fn texts(list: &[&str]) -> Tensor {
    Tensor::new(Shape::vector(list.len()), Data::Str(list.iter().copied().collect())).unwrap()
}

pub(super) fn code(result: Result<Tensor>) -> ErrorCode {
    result.unwrap_err().code()
}

#[test]
fn no_operator_is_registered_twice() {
    let mut seen = HashSet::new();
    for row in FAMILIES.iter().flat_map(|family| family.iter()) {
        assert!(seen.insert((row.domain, row.name)), "{} {}", row.domain, row.name);
        assert!(row.versions.is_sorted() && !row.versions.is_empty(), "{}", row.name);
    }
}

#[test]
fn integers_wrap_in_their_own_width() {
    assert_eq!(run("Add", &[], vec![list(&[200u8]), list(&[100u8])]).unwrap(), list(&[44u8]));
    assert_eq!(run("Mul", &[], vec![list(&[i32::MAX]), list(&[2i32])]).unwrap(), list(&[-2i32]));
    assert_eq!(run("Sub", &[], vec![list(&[0u64]), list(&[1u64])]).unwrap(), list(&[u64::MAX]));
    assert_eq!(run("Div", &[], vec![list(&[i64::MIN]), list(&[-1i64])]).unwrap(), list(&[i64::MIN]));
    assert_eq!(run("Div", &[], vec![list(&[i8::MIN]), list(&[-1i8])]).unwrap(), list(&[i8::MIN]));
    assert_eq!(run("Abs", &[], vec![list(&[i32::MIN])]).unwrap(), list(&[i32::MIN]));
}

#[test]
fn integer_division_by_zero_is_an_error() {
    for name in ["Div", "Mod"] {
        assert_eq!(code(run(name, &[], vec![list(&[1i32]), list(&[0i32])])), ErrorCode::RunValue);
    }
    let none: &[i32] = &[];
    assert!(run("Div", &[], vec![list(none), list(&[0i32])]).is_ok());
    assert_eq!(run("Div", &[], vec![list(&[1f32]), list(&[0f32])]).unwrap(), list(&[f32::INFINITY]));
}

#[test]
fn unsigned_numbers_compare_beyond_the_signed_range() {
    let feeds = || vec![list(&[u64::MAX, 1]), list(&[1u64, u64::MAX])];
    assert_eq!(run("Greater", &[], feeds()).unwrap(), list(&[true, false]));
    assert_eq!(run("Max", &[], feeds()).unwrap(), list(&[u64::MAX, u64::MAX]));
    assert_eq!(run("Less", &[], vec![list(&[f32::NAN]), list(&[1f32])]).unwrap(), list(&[false]));
    assert_eq!(run("GreaterOrEqual", &[], vec![list(&[f32::NAN]), list(&[1f32])]).unwrap(), list(&[false]));
}

#[test]
fn nan_reaches_the_extremes() {
    for name in ["Max", "Min"] {
        for feeds in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
            let made = run(name, &[], vec![list(&feeds[..1]), list(&feeds[1..])]).unwrap();
            assert!(made.elements::<f32>().unwrap()[0].is_nan(), "{name}");
        }
    }
    for name in ["ReduceMax", "ReduceMin"] {
        let made = run(name, &[], vec![list(&[1f64, f64::NAN, 2.0])]).unwrap();
        assert!(made.elements::<f64>().unwrap()[0].is_nan(), "{name}");
    }
}

#[test]
fn long_rows_and_stretched_operands_agree_with_plain_loops() {
    // Longer than a chunk, of a type that is translated, with either operand stretched.
    let rows: Vec<i16> = (0..700).collect();
    for (a, b) in [(tensor(&[2, 350], &rows), list(&[3i16])), (list(&[3i16]), tensor(&[2, 350], &rows))] {
        let made = run("Add", &[], vec![a, b]).unwrap();
        assert!(made.elements::<i16>().unwrap().iter().zip(&rows).all(|(sum, x)| *sum == x + 3));
    }
    let column = tensor(&[2, 1], &[10f32, 20.0]);
    let made = run("Mul", &[], vec![column, tensor(&[1, 3], &[1f32, 2.0, 3.0])]).unwrap();
    assert_eq!(made, tensor(&[2, 3], &[10f32, 20.0, 30.0, 20.0, 40.0, 60.0]));
}

#[test]
fn top_k_takes_the_lower_index_of_equals() {
    let values = list(&[1f32, 3.0, -0.0, 3.0, 0.0]);
    let made = run("TopK", &[], vec![values.clone(), list(&[4i64])]);
    assert_eq!(made.unwrap(), list(&[3f32, 3.0, 1.0, -0.0]));
    assert_eq!(code(run("TopK", &[], vec![values, list(&[6i64])])), ErrorCode::RunValue);
}

#[test]
fn arg_max_can_take_the_last_of_equals() {
    let values = list(&[2i32, 5, 5]);
    let flat = [whole("keepdims", 0)];
    assert_eq!(run("ArgMax", &flat, vec![values.clone()]).unwrap(), Tensor::scalar(1i64));
    let last = [whole("keepdims", 0), whole("select_last_index", 1)];
    assert_eq!(run("ArgMax", &last, vec![values]).unwrap(), Tensor::scalar(2i64));
}

#[test]
fn text_moves_like_numbers() {
    let words = texts(&["a", "", "long", "é"]);
    let picked = run("Gather", &[], vec![words.clone(), list(&[3i64, -2, 0])]);
    assert_eq!(picked.unwrap(), texts(&["é", "long", "a"]));
    let chosen = run("Where", &[], vec![list(&[true, false, false, true]), words.clone(), texts(&["x"])]);
    assert_eq!(chosen.unwrap(), texts(&["a", "x", "x", "é"]));
    let joined = run("Concat", &[whole("axis", 0)], vec![words.clone(), texts(&["z"])]);
    assert_eq!(joined.unwrap(), texts(&["a", "", "long", "é", "z"]));
    let padded = run("Pad", &[], vec![texts(&["a"]), list(&[1i64, 1])]);
    assert_eq!(padded.unwrap(), texts(&["", "a", ""]));
    assert_eq!(run("Equal", &[], vec![words, texts(&["a"])]).unwrap(), list(&[true, false, false, false]));
}

#[test]
fn casts_cut_wrap_and_saturate() {
    let cast = |to: DType, from: Tensor| run("Cast", &[whole("to", to as i64)], vec![from]);
    assert_eq!(cast(DType::I8, list(&[300i32, -129])).unwrap(), list(&[44i8, 127]));
    assert_eq!(cast(DType::U8, list(&[-1.5f32, 300.0, f32::NAN])).unwrap(), list(&[0u8, 255, 0]));
    assert_eq!(cast(DType::Bool, list(&[0.0f64, -0.0, f64::NAN])).unwrap(), list(&[false, false, true]));
    assert_eq!(cast(DType::F32, texts(&[" 1.5 ", "-INF"])).unwrap(), list(&[1.5f32, f32::NEG_INFINITY]));
    assert_eq!(code(cast(DType::I64, texts(&["12 apples"]))), ErrorCode::RunValue);
    assert_eq!(cast(DType::Str, list(&[true, false])).unwrap(), texts(&["1", "0"]));
}

#[test]
fn huge_results_are_refused_before_they_are_made() {
    let huge = list(&[1i64 << 40]);
    assert_eq!(code(run("ConstantOfShape", &[], vec![huge.clone()])), ErrorCode::RunBudget);
    assert_eq!(code(run("Expand", &[], vec![list(&[1f32]), huge.clone()])), ErrorCode::RunBudget);
    assert_eq!(code(run("Tile", &[], vec![list(&[1f32]), huge.clone()])), ErrorCode::RunBudget);
    assert_eq!(code(run("Pad", &[], vec![list(&[1f32]), list(&[0i64, 1 << 40])])), ErrorCode::RunBudget);
    let range = vec![Tensor::scalar(0f64), Tensor::scalar(1e12), Tensor::scalar(1f64)];
    assert_eq!(code(run("Range", &[], range)), ErrorCode::RunBudget);
    let hot = vec![list(&[0i64]), Tensor::scalar(1i64 << 40), list(&[0f32, 1.0])];
    assert_eq!(code(run("OneHot", &[], hot)), ErrorCode::RunBudget);
}

#[test]
fn empty_tensors_with_long_axes_cost_nothing() {
    let empty = tensor::<f32>(&[MOST, 0], &[]);
    assert_eq!(run("Gather", &[], vec![empty.clone(), list(&[1i64])]).unwrap(), tensor::<f32>(&[1, 0], &[]));
    assert_eq!(
        run("ReduceSum", &[], vec![empty.clone(), list(&[1i64])]).unwrap(),
        tensor(&[MOST, 1], &[0f32; MOST])
    );
    let zeros = tensor(&[MOST, 1], &[0f32; MOST]);
    assert_eq!(run("MatMul", &[], vec![empty, tensor::<f32>(&[0, 1], &[])]).unwrap(), zeros);
}

#[test]
fn shapes_that_cannot_fit_are_refused_at_load() {
    let known = |sizes: &[usize]| {
        Some(Fact::shaped(DType::F32, Some(sizes.iter().map(|&s| Dim::Known(s)).collect())))
    };
    let refused = |name, inputs| build(name, &[], inputs).map(|_| ()).unwrap_err().code();
    assert_eq!(refused("Add", vec![known(&[2]), known(&[3])]), ErrorCode::ModelShape);
    assert_eq!(refused("MatMul", vec![known(&[2, 3]), known(&[2, 3])]), ErrorCode::ModelShape);
    let mut shape = Fact::shaped(DType::I64, Some(vec![Dim::Known(2)]));
    shape.constant = Some(Arc::new(list(&[4i64, -1])));
    assert_eq!(refused("Reshape", vec![known(&[3]), Some(shape)]), ErrorCode::ModelShape);
}

#[test]
fn the_batch_keeps_its_name() {
    let batch = || Dim::Symbol("N".into());
    let rows: DimList = Some(vec![batch(), Dim::Known(3)]);
    let constant = |values: &[i64]| {
        let mut fact = Fact::shaped(DType::I64, Some(vec![Dim::Known(values.len())]));
        fact.constant = Some(Arc::new(list(values)));
        Some(fact)
    };
    let input = || Some(Fact::shaped(DType::F32, rows.clone()));
    let dims = |name, inputs| build(name, &[], inputs).unwrap().outputs[0].dims.clone();
    let weights = Some(Fact::shaped(DType::F32, Some(vec![Dim::Known(3), Dim::Known(2)])));
    assert_eq!(dims("MatMul", vec![input(), weights]), Some(vec![batch(), Dim::Known(2)]));
    assert_eq!(dims("Reshape", vec![input(), constant(&[-1, 3])]), rows);
    assert_eq!(
        dims("Reshape", vec![input(), constant(&[0, 3, 1])]),
        Some(vec![batch(), Dim::Known(3), Dim::Known(1)])
    );
    assert_eq!(dims("ReduceSum", vec![input(), constant(&[1])]), Some(vec![batch(), Dim::Known(1)]));
    assert_eq!(dims("Add", vec![input(), Some(Fact::shaped(DType::F32, Some(vec![Dim::Known(3)])))]), rows);
}
