//! Unique: different elements, or different slices along an axis.

use crate::error::{ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

use super::axes::axis_within;
use super::moving::{Taken, transfer};
use super::plain;
use super::sorting::{keys, sorted};

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

/// A key per slice, made of the keys of its elements from first to last: slices that are equal so far are
/// told apart by the next element.
fn slice_keys(count: usize, per_slice: usize, key: impl Fn(usize, usize) -> u64) -> Vec<u64> {
    let mut ranks = vec![0u64; count];
    for at in 0..per_slice {
        // Elements are ranked first, so that both ranks fit one key.
        let elements = ranked((0..count).map(|slice| (key(slice, at), slice)).collect());
        ranks = ranked((0..count).map(|slice| (ranks[slice] << 32 | elements[slice], slice)).collect());
    }
    ranks
}

/// The rank of each key among the different keys.
fn ranked(pairs: Vec<(u64, usize)>) -> Vec<u64> {
    let mut ranks = vec![0; pairs.len()];
    let mut rank = 0;
    let mut last = None;
    for (key, place) in sorted(pairs) {
        rank += u64::from(last.is_some_and(|last| last != key));
        last = Some(key);
        ranks[place] = rank;
    }
    ranks
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
        let slices = slice_keys(count, per_slice, |slice, at| elements[element(slice, at)]);
        // First occurrence and number of members of each group of equal slices.
        let mut groups: Vec<(usize, usize)> = Vec::new();
        let mut group_of = vec![0; count];
        let mut last = None;
        for (key, slice) in sorted(slices.into_iter().zip(0..count).collect()) {
            match groups.last_mut() {
                Some((_, members)) if last == Some(key) => *members += 1,
                _ => groups.push((slice, 1)),
            }
            last = Some(key);
            group_of[slice] = groups.len() - 1;
        }
        let first = |group: usize| if self.sorted { group } else { groups[group].0 };
        let listed = sorted((0..groups.len()).map(|group| (first(group) as u64, group)).collect());
        let listed: Vec<usize> = listed.into_iter().map(|(_, group)| group).collect();
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
