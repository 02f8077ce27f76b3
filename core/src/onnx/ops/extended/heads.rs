//! The sizes of an attention node's inputs: three axes with the heads side by side, or four.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::Tensor;

use super::super::compute::{Compute, whole};

/// Queries, keys or values of a batch, as `[batch, heads, length, width]`.
pub(super) struct Heads {
    pub(super) batch: usize,
    pub(super) heads: usize,
    pub(super) length: usize,
    pub(super) width: usize,
    /// Whether the tensor is `[batch, length, heads * width]`.
    flat: bool,
}

impl Heads {
    /// The sizes of input `at`. `heads` must be given where the tensor has three axes; where it has four,
    /// it must be left out or agree.
    pub(super) fn new(at: usize, tensor: &Tensor, heads: Option<usize>) -> Result<Self> {
        let wrong = |wanted: &str| {
            let found = tensor.shape();
            Error::new(ErrorCode::InputShape, format!("input {at} has shape {found}, {wanted}"))
        };
        match (tensor.shape().sizes(), heads) {
            (&[batch, heads, length, width], given) if given.is_none_or(|given| given == heads) => {
                Ok(Self { batch, heads, length, width, flat: false })
            }
            (&[batch, length, hidden], Some(heads)) if hidden % heads == 0 => {
                Ok(Self { batch, heads, length, width: hidden / heads, flat: true })
            }
            _ => Err(wrong(
                "which does not fit the number of heads: it must have four axes, or three and \
                            attributes \"q_num_heads\" and \"kv_num_heads\"",
            )),
        }
    }

    /// Whether the tensor has three axes.
    pub(super) const fn is_flat(&self) -> bool {
        self.flat
    }

    /// Where the line of one head at one place starts.
    pub(super) const fn line(&self, batch: usize, head: usize, place: usize) -> usize {
        let line = if self.flat {
            (batch * self.length + place) * self.heads + head
        } else {
            (batch * self.heads + head) * self.length + place
        };
        line * self.width
    }

    /// Appends what is new to what is past, as `[batch, heads, past + length, width]`.
    pub(super) fn append<C: Compute>(
        &self,
        at: usize,
        past: Option<&Tensor>,
        new: &Tensor,
    ) -> Result<(Shape, Vec<C>)> {
        let (mut old_space, mut new_space) = (Vec::new(), Vec::new());
        let before = match past.map(|past| past.shape().sizes()) {
            None => 0,
            Some(&[batch, heads, length, width])
                if (batch, heads, width) == (self.batch, self.heads, self.width) =>
            {
                length
            }
            Some(_) => {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("the past of input {at} does not have its batch, heads and width"),
                ));
            }
        };
        let old = past.map_or(&[][..], |past| whole::<C>(past.data(), &mut old_space));
        let new = whole::<C>(new.data(), &mut new_space);
        let mut all = Vec::with_capacity(old.len() + new.len());
        for row in 0..self.batch * self.heads {
            all.extend_from_slice(&old[row * before * self.width..][..before * self.width]);
            for place in 0..self.length {
                let from = self.line(row / self.heads, row % self.heads, place);
                all.extend_from_slice(&new[from..from + self.width]);
            }
        }
        let shape = Shape::new(&[self.batch, self.heads, before + self.length, self.width]);
        Ok((shape.unwrap_or_default(), all))
    }
}
