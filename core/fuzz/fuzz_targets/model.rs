//! Any bytes as a model: loading and one run give a value or an error, within small budgets.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use scorebox_core::Limits;
use scorebox_core::onnx::{DType, Data, Dim, Model, Session, Shape, Strings, Tensor, Value, ValueInfo, ValueType};

const LIMITS: Limits = Limits {
    nodes: 2_000,
    nesting: 8,
    tensor_elements: 1 << 16,
    run_bytes: 1 << 24,
    steps: 20_000,
    ..Limits::DEFAULT
};

/// Two rows of ones for whatever shape an input declares.
fn feed(info: &ValueInfo) -> Option<Value> {
    let ValueType::Tensor(dtype) = info.kind else { return None };
    let sizes: Vec<usize> = info
        .dims
        .as_deref()
        .unwrap_or(&[Dim::Unknown, Dim::Unknown])
        .iter()
        .map(|dim| if let Dim::Known(size) = dim { (*size).min(64) } else { 2 })
        .collect();
    let shape = Shape::new(&sizes)?;
    let len = shape.elements().filter(|&len| len <= 1 << 12)?;
    let data = match dtype {
        DType::F32 => Data::F32(vec![1.0; len]),
        DType::F64 => Data::F64(vec![1.0; len]),
        DType::I64 => Data::I64(vec![1; len]),
        DType::I32 => Data::I32(vec![1; len]),
        DType::Bool => Data::Bool(vec![true; len]),
        DType::Str => Data::Str(std::iter::repeat_n("a b", len).collect::<Strings>()),
        _ => return None,
    };
    Tensor::new(shape, data).map(Value::Tensor)
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::load(bytes, &LIMITS) else { return };
    let model = Arc::new(model);
    let Some(values) = model.inputs().iter().map(feed).collect::<Option<Vec<_>>>() else { return };
    let feeds: Vec<(&str, &Value)> =
        model.inputs().iter().zip(&values).map(|(info, value)| (&*info.name, value)).collect();
    let mut session = Session::new(Arc::clone(&model));
    let first = session.run(&feeds).is_ok().then(|| session.output(0).cloned());
    let again = session.run(&feeds).is_ok().then(|| session.output(0).cloned());
    // A second run sees buffers that the first one left: it must not see their contents.
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
});
