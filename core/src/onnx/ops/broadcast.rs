//! Multidirectional broadcasting: shapes of different rank and size-1 axes are stretched to fit.
//!
//! A [`Plan`] drops axes of size 1 and joins neighbours that stretch alike, so that the usual cases
//! (same shape, a scalar, a row vector against a table) become one or two plain loops.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Fact;
use crate::onnx::shape::{Dim, DimList, MAX_RANK, Shape};

/// How `N` operands are read to fill an output of their common shape.
pub(super) struct Plan<const N: usize> {
    /// The common shape.
    pub(super) shape: Shape,
    sizes: [usize; MAX_RANK],
    strides: [[usize; MAX_RANK]; N],
    rank: usize,
}

impl<const N: usize> Plan<N> {
    /// A plan for operands of these shapes, whose common shape may be larger than any of them.
    pub(super) fn new(shapes: [&Shape; N]) -> Result<Self> {
        let mut common = Shape::SCALAR;
        for shape in shapes {
            common = join(&common, shape)?;
        }
        let rank = common.rank();
        let mut plan = Self { shape: common, sizes: [1; MAX_RANK], strides: [[0; MAX_RANK]; N], rank: 0 };
        // From the innermost axis outwards; `plan` is filled innermost first and reversed at the end.
        let mut elements = [1usize; N];
        for back in 1..=rank {
            let size = common.sizes()[rank - back];
            let mut strides = [0; N];
            for (operand, shape) in shapes.iter().enumerate() {
                let own = if back <= shape.rank() { shape.sizes()[shape.rank() - back] } else { 1 };
                if own != 1 {
                    strides[operand] = elements[operand];
                    elements[operand] = elements[operand].saturating_mul(own);
                }
            }
            if size == 1 {
                continue;
            }
            let last = plan.rank.wrapping_sub(1);
            let joins = plan.rank > 0
                && (0..N).all(|operand| strides[operand] == plan.strides[operand][last] * plan.sizes[last]);
            if joins {
                plan.sizes[last] = plan.sizes[last].saturating_mul(size);
            } else {
                plan.sizes[plan.rank] = size;
                for (operand, stride) in strides.into_iter().enumerate() {
                    plan.strides[operand][plan.rank] = stride;
                }
                plan.rank += 1;
            }
        }
        plan.rank = plan.rank.max(1);
        Ok(plan)
    }

    /// The length of the innermost loop.
    pub(super) const fn inner(&self) -> usize {
        self.sizes[0]
    }

    /// By how much operand `at` advances in the innermost loop: 1, or 0 where it is stretched.
    pub(super) const fn step(&self, at: usize) -> usize {
        self.strides[at][0]
    }

    /// Calls `row` with the offset of each operand at the start of each innermost loop, in order.
    ///
    /// The callback is not compiled into the loop, which many operators share.
    pub(super) fn rows(&self, row: &mut dyn FnMut([usize; N])) {
        if self.sizes[..self.rank].contains(&0) {
            return;
        }
        let mut at = [0usize; MAX_RANK];
        let mut offsets = [0usize; N];
        loop {
            row(offsets);
            let mut axis = 1;
            loop {
                if axis >= self.rank {
                    return;
                }
                at[axis] += 1;
                if at[axis] < self.sizes[axis] {
                    for (offset, strides) in offsets.iter_mut().zip(&self.strides) {
                        *offset += strides[axis];
                    }
                    break;
                }
                for (offset, strides) in offsets.iter_mut().zip(&self.strides) {
                    *offset -= strides[axis] * (self.sizes[axis] - 1);
                }
                at[axis] = 0;
                axis += 1;
            }
        }
    }
}

/// The common shape of two.
pub(super) fn join(a: &Shape, b: &Shape) -> Result<Shape> {
    let rank = a.rank().max(b.rank());
    let mut common = Shape::SCALAR;
    for axis in 0..rank {
        let of = |shape: &Shape| {
            let missing = rank - shape.rank();
            if axis < missing { 1 } else { shape.sizes()[axis - missing] }
        };
        let size = match (of(a), of(b)) {
            (left, right) if left == right => left,
            (1, right) => right,
            (left, 1) => left,
            _ => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("shapes {a} and {b} do not fit each other"),
                ));
            }
        };
        // Cannot fail: the rank is that of an existing shape.
        let _ = common.push(size);
    }
    Ok(common)
}

/// The common shape as far as it is known at load; an error where known sizes cannot fit.
pub(super) fn join_dims<'a>(lists: impl IntoIterator<Item = &'a DimList>) -> Result<DimList> {
    let mut common: Vec<Dim> = Vec::new();
    for list in lists {
        let Some(list) = list else { return Ok(None) };
        if list.len() > common.len() {
            common.splice(0..0, vec![Dim::Known(1); list.len() - common.len()]);
        }
        let missing = common.len() - list.len();
        for (slot, dim) in common[missing..].iter_mut().zip(list) {
            *slot = join_dim(slot, dim)?;
        }
    }
    Ok(Some(common))
}

fn join_dim(a: &Dim, b: &Dim) -> Result<Dim> {
    Ok(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Dim::Known(1), other) | (other, Dim::Known(1)) => other.clone(),
        (Dim::Known(a), Dim::Known(b)) => {
            return Err(Error::new(
                ErrorCode::ModelShape,
                format!("an axis of size {a} does not fit one of size {b}"),
            ));
        }
        // The other one is either this size or 1.
        (Dim::Known(size), _) | (_, Dim::Known(size)) => Dim::Known(*size),
        _ => Dim::Unknown,
    })
}

/// What is known of the common shape of all inputs.
pub(super) fn join_facts(inputs: &[Option<Fact>]) -> Result<DimList> {
    join_dims(inputs.iter().flatten().map(|fact| &fact.dims))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn offsets(a: &[usize], b: &[usize]) -> Vec<(usize, usize)> {
        let plan = Plan::new([&Shape::new(a).unwrap(), &Shape::new(b).unwrap()]).unwrap();
        let mut found = Vec::new();
        plan.rows(&mut |[a, b]| {
            for at in 0..plan.inner() {
                found.push((a + at * plan.step(0), b + at * plan.step(1)));
            }
        });
        found
    }

    #[test]
    fn row_vector_repeats() {
        assert_eq!(offsets(&[2, 2], &[2]), [(0, 0), (1, 1), (2, 0), (3, 1)]);
    }

    #[test]
    fn column_and_row_make_a_table() {
        assert_eq!(offsets(&[2, 1], &[1, 2]), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    }

    #[test]
    fn equal_shapes_are_one_loop() {
        let shape = Shape::new(&[3, 1, 4]).unwrap();
        let plan = Plan::new([&shape, &shape]).unwrap();
        assert_eq!((plan.inner(), plan.step(0), plan.step(1)), (12, 1, 1));
    }

    #[test]
    fn nothing_is_visited_without_elements() {
        assert!(offsets(&[0, 3], &[3]).is_empty());
        assert_eq!(offsets(&[], &[]), [(0, 0)]);
    }

    #[test]
    fn unlike_sizes_are_refused() {
        let (a, b) = (Shape::vector(2), Shape::vector(3));
        assert_eq!(join(&a, &b).unwrap_err().code(), ErrorCode::InputShape);
    }
}
