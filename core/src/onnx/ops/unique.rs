//! Unique: different elements, or different slices along an axis.

use crate::error::{ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data, Tensor};

use super::axes::axis_within;
use super::moving::{Taken, transfer};
use super::order_key::order_key;
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] =
    &[Operator { outputs: (1, 4), ..plain("Unique", &[11, 28], (1, 1), "all", unique) }];

/// All NaN count as one value, the largest.
struct Unique {
    axis: Option<i64>,
    sorted: bool,
}

fn unique(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axis = spec.attributes.int("axis")?;
    let sorted = spec.attributes.flag("sorted", true)?;
    let mut dims = spec.input(0)?.dims.clone();
    match (axis, &mut dims) {
        (Some(axis), Some(dims)) => {
            let at = axis_within(axis, dims.len(), ErrorCode::ModelShape)?;
            dims[at] = Dim::Unknown;
        }
        (None, dims) => *dims = Some(vec![Dim::Unknown]),
        _ => {}
    }
    let list = || Fact::shaped(DType::I64, Some(vec![Dim::Unknown]));
    let outputs = vec![Fact::shaped(dtype, dims), list(), list(), list()];
    Ok(Built { kernel: Box::new(Unique { axis, sorted }), outputs })
}

/// A key per element that is equal for equal elements and sorts like them.
fn keys(tensor: &Tensor) -> Vec<u64> {
    let Data::Str(texts) = tensor.data() else {
        return (0..tensor.len()).map(|at| order_key(tensor.data(), at)).collect();
    };
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_unstable_by_key(|&at| texts.get(at));
    let mut keys = vec![0; texts.len()];
    let mut rank = 0;
    for (at, &text) in order.iter().enumerate() {
        rank += u64::from(at > 0 && texts.get(order[at - 1]) != texts.get(text));
        keys[text] = rank;
    }
    keys
}

impl Kernel for Unique {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let mut shape = Shape::vector(input.len());
        let mut axis = 0;
        if let Some(along) = self.axis {
            shape = *input.shape();
            axis = axis_within(along, shape.rank(), ErrorCode::InputShape)?;
        }
        let (outer, count, inner) = shape.split_at(axis);
        let element = |slice: usize, at: usize| (at / inner * count + slice) * inner + at % inner;
        let per_slice = if input.is_empty() { 0 } else { outer * inner };
        let elements = keys(input);
        let key = |slice: usize| (0..per_slice).map(move |at| element(slice, at));
        let compare = |a: usize, b: usize| {
            key(a).map(|at| elements[at]).cmp(key(b).map(|at| elements[at])).then(a.cmp(&b))
        };
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_unstable_by(|&a, &b| compare(a, b));
        // Equal slices now stand side by side, the first occurrence first.
        let mut groups: Vec<(usize, usize)> = Vec::new();
        let mut group_of = vec![0; count];
        for &slice in &order {
            let same = groups.last().is_some_and(|&(first, _)| {
                key(first).map(|at| elements[at]).eq(key(slice).map(|at| elements[at]))
            });
            match groups.last_mut() {
                Some((_, members)) if same => *members += 1,
                _ => groups.push((slice, 1)),
            }
            group_of[slice] = groups.len() - 1;
        }
        let mut listed: Vec<usize> = (0..groups.len()).collect();
        if !self.sorted {
            listed.sort_unstable_by_key(|&group| groups[group].0);
        }
        let mut place = vec![0; groups.len()];
        for (at, &group) in listed.iter().enumerate() {
            place[group] = at;
        }
        shape.sizes_mut()[axis] = groups.len();
        let mut picks = Vec::with_capacity(per_slice * groups.len());
        for row in 0..if per_slice == 0 { 0 } else { outer } {
            for &group in &listed {
                picks.extend((0..inner).map(|at| element(groups[group].0, row * inner + at)));
            }
        }
        transfer(io, 0, 0, shape, &Taken { indices: &picks, block: 1 })?;
        write(io, 1, listed.iter().map(|&group| groups[group].0))?;
        write(io, 2, group_of.iter().map(|&group| place[group]))?;
        write(io, 3, listed.iter().map(|&group| groups[group].1))
    }
}

fn write(io: &mut Io<'_>, at: usize, values: impl ExactSizeIterator<Item = usize>) -> Result<()> {
    if io.wants(at) {
        let out = io.output::<i64>(at, Shape::vector(values.len()))?;
        for (slot, value) in out.iter_mut().zip(values) {
            *slot = value as i64;
        }
    }
    Ok(())
}
