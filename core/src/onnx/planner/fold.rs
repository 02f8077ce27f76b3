//! Running a node at load where all its inputs are constants: later builders then see shapes and axes
//! as constants, as exporters mean them. What fails or is large is left for the run.

use std::sync::Arc;

use super::super::kernel::{Constants, Io, Kernel};
use super::super::tensor::Tensor;
use super::super::value::Value;
use super::Shared;

/// Bytes that all folding of one model may read and make.
pub(super) const BUDGET: usize = 64 << 20;
/// Elements of one folded value.
const ELEMENTS: usize = 1 << 16;
/// Bytes of one folded value: bounds text, whose elements vary.
const BYTES: usize = 1 << 20;
/// Steps of one folded node, which may be a loop.
const STEPS: u64 = 1_000;

/// The outputs of a node for constant inputs, or `None` where it is left for the run.
pub(super) fn fold(
    kernel: &dyn Kernel,
    inputs: &[Option<Arc<Tensor>>],
    outputs: usize,
    shared: &Shared<'_>,
) -> Option<Vec<Tensor>> {
    let bytes = |tensor: &Tensor| Value::bytes_of(tensor) + size_of::<Tensor>();
    let read: usize = inputs.iter().flatten().map(|tensor| bytes(tensor)).sum();
    let left = shared.fold_left.get().checked_sub(read)?;
    shared.fold_left.set(left);
    let mut made: Vec<Value> = Vec::new();
    made.resize_with(outputs, Value::default);
    let mut scratch = shared.scratch.borrow_mut();
    scratch.frames.bytes_left = left;
    kernel
        .run(&mut Io {
            inputs: &Constants(inputs),
            outputs: &mut made,
            max_elements: ELEMENTS,
            scratch: &mut scratch,
            steps: &mut STEPS.clone(),
        })
        .ok()?;
    let cost: usize = made.iter().map(Value::bytes).sum();
    shared.fold_left.set(left.checked_sub(cost)?);
    if cost > BYTES {
        return None;
    }
    made.into_iter()
        .map(|value| if let Value::Tensor(tensor) = value { Some(tensor) } else { None })
        .collect()
}
