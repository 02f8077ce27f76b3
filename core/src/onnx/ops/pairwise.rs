//! The loop under every operator of two broadcast tensors.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::tensor::{DType, Data, Tensor};

use super::broadcast::{Plan, join_facts};
use super::compute::{CHUNK, Compute, Store, chunk};

/// Computes a chunk: both operands are as long as the result.
pub(super) type Pair<C, R> = fn(&[C], &[C], &mut [R]);

/// A function over chunks from one over elements.
macro_rules! pair {
    (|$a:ident, $b:ident| $value:expr) => {
        |left, right, out| {
            for ((out, &$a), &$b) in out.iter_mut().zip(left).zip(right) {
                *out = $value;
            }
        }
    };
}
pub(super) use pair;

/// Builds a kernel whose output has the common shape of both inputs and the type `output`.
pub(super) fn build<C: Compute, R: Store>(
    spec: &NodeSpec<'_>,
    output: DType,
    compute: Pair<C, R>,
    divides: bool,
) -> Result<Built> {
    let dims = join_facts(&spec.inputs)?;
    Built::one(Pairwise { compute, output, divides, order: [0, 1] }, Fact::shaped(output, dims))
}

/// Like [`build`], with bool results, and with the operands exchanged where `exchanged`.
pub(super) fn build_test<C: Compute>(
    spec: &NodeSpec<'_>,
    compute: Pair<C, bool>,
    exchanged: bool,
) -> Result<Built> {
    let order = if exchanged { [1, 0] } else { [0, 1] };
    let dims = join_facts(&spec.inputs)?;
    Built::one(
        Pairwise { compute, output: DType::Bool, divides: false, order },
        Fact::shaped(DType::Bool, dims),
    )
}

/// The type of both inputs, which must be the same.
pub(super) fn same_type(spec: &NodeSpec<'_>) -> Result<DType> {
    let dtype = spec.dtype(0)?;
    if spec.dtype(1)? == dtype {
        return Ok(dtype);
    }
    Err(spec.wrong_type(1, &format!("tensor({}) like input 0", dtype.name())))
}

struct Pairwise<C, R> {
    compute: Pair<C, R>,
    output: DType,
    /// Whether a zero in the second operand has no answer: division of integers.
    divides: bool,
    /// Which input is the first operand, and which the second.
    order: [usize; 2],
}

impl<C: Compute, R: Store> Kernel for Pairwise<C, R> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensors = [io.tensor(self.order[0])?, io.tensor(self.order[1])?];
        let plan = Plan::new(tensors.map(Tensor::shape))?;
        if self.divides && plan.shape.elements() != Some(0) && has_zero::<C>(tensors[1].data()) {
            return Err(Error::new(ErrorCode::RunValue, "an integer is divided by zero"));
        }
        io.check(&plan.shape)?;
        let target = io.output_tensor(0)?.reset_as(self.output, plan.shape);
        let mut operands = [0, 1].map(|at| Operand::<C>::new(tensors[at].data(), plan.step(at)));
        let mut space = [R::default(); CHUNK];
        let mut to = 0;
        plan.rows(&mut |from| {
            let mut done = 0;
            while done < plan.inner() {
                let len = CHUNK.min(plan.inner() - done);
                let [a, b] = &mut operands;
                let (a, b) = (a.chunk(from[0], done, len), b.chunk(from[1], done, len));
                match R::of_mut(target) {
                    Some(out) => (self.compute)(a, b, &mut out[to..to + len]),
                    None => {
                        (self.compute)(a, b, &mut space[..len]);
                        R::narrow(&space[..len], target, to);
                    }
                }
                to += len;
                done += len;
            }
        });
        Ok(())
    }
}

/// One of the two tensors as chunks of `C`.
struct Operand<'a, C> {
    data: &'a Data,
    step: usize,
    space: [C; CHUNK],
    /// Which element `space` repeats, and how often.
    repeated: (usize, usize),
}

impl<'a, C: Compute> Operand<'a, C> {
    fn new(data: &'a Data, step: usize) -> Self {
        Self { data, step, space: [C::default(); CHUNK], repeated: (0, 0) }
    }

    /// `len` elements of the row that starts at `from`, after `done` others; one element again and again
    /// where the operand is stretched.
    fn chunk(&mut self, from: usize, done: usize, len: usize) -> &[C] {
        if self.step > 0 {
            return chunk(self.data, from + done, len, &mut self.space);
        }
        if self.repeated.0 != from || self.repeated.1 < len {
            C::widen(self.data, from, &mut self.space[..1]);
            let value = self.space[0];
            self.space[..len].fill(value);
            self.repeated = (from, len);
        }
        &self.space[..len]
    }
}

fn has_zero<C: Compute>(data: &Data) -> bool {
    let mut space = [C::default(); CHUNK];
    (0..data.len())
        .step_by(CHUNK)
        .any(|at| chunk(data, at, CHUNK.min(data.len() - at), &mut space).contains(&C::default()))
}
