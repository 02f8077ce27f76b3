//! Asking a kernel what it does with elements by running it on numbered ones.
//!
//! An operator that only moves elements says where each comes from when it is run on their numbers; a
//! linear one gives its factors when it is run on one row per element that is 1 there and 0 elsewhere. So
//! no rule about axes, orders and broadcasting is written down twice.

use std::sync::Arc;

use crate::onnx::kernel::{Constants, Io, Kernel, Scratch};
use crate::onnx::{Data, Shape, Tensor, Value};

/// Elements that one probe may make.
const ELEMENTS: usize = 1 << 23;

/// Runs a kernel; its outputs, or `None` where it fails or gives no tensors.
pub(super) fn run(
    kernel: &dyn Kernel,
    inputs: &[Option<Arc<Tensor>>],
    outputs: usize,
) -> Option<Vec<Tensor>> {
    let mut made: Vec<Value> = Vec::new();
    made.resize_with(outputs, Value::default);
    let mut scratch = Scratch::default();
    scratch.frames.bytes_left = ELEMENTS * size_of::<f64>();
    kernel
        .run(&mut Io {
            inputs: &Constants(inputs),
            outputs: &mut made,
            max_elements: ELEMENTS,
            scratch: &mut scratch,
            steps: &mut 10_000,
        })
        .ok()?;
    made.into_iter()
        .map(|value| if let Value::Tensor(tensor) = value { Some(tensor) } else { None })
        .collect()
}

/// A tensor of whole numbers.
pub(super) fn numbers(dims: &[usize], numbers: Vec<i64>) -> Option<Arc<Tensor>> {
    Tensor::new(Shape::new(dims)?, Data::I64(numbers)).map(Arc::new)
}

/// A tensor of doubles.
pub(super) fn doubles(dims: &[usize], numbers: Vec<f64>) -> Option<Arc<Tensor>> {
    Tensor::new(Shape::new(dims)?, Data::F64(numbers)).map(Arc::new)
}

/// The elements of a tensor as doubles; NaN for what is no number.
pub(super) fn values(tensor: &Tensor) -> Vec<f64> {
    match tensor.data() {
        Data::F32(list) => list.iter().map(|&value| value.into()).collect(),
        Data::F64(list) => list.clone(),
        Data::F16(list) => list.iter().map(|value| value.to_f64()).collect(),
        Data::I64(list) => list.iter().map(|&value| value as f64).collect(),
        Data::I32(list) => list.iter().map(|&value| value.into()).collect(),
        Data::Bool(list) => list.iter().map(|&value| u8::from(value).into()).collect(),
        data => vec![f64::NAN; data.len()],
    }
}
