//! The loop under every operator of two broadcast tensors.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::tensor::{DType, Data};

use super::broadcast::{Plan, join_facts};
use super::compute::{CHUNK, Compute, Store, chunk};

/// Computes a chunk. An operand is as long as the result, or one element that stands for all.
pub(super) type Pair<C, R> = fn(&[C], &[C], &mut [R]);

/// A function over chunks from one over elements, with a loop of its own for a stretched operand.
macro_rules! pair {
    (|$a:ident, $b:ident| $value:expr) => {
        |left, right, out| match (left, right) {
            (&[$a], right) => {
                for (out, &$b) in out.iter_mut().zip(right) {
                    *out = $value;
                }
            }
            (left, &[$b]) => {
                for (out, &$a) in out.iter_mut().zip(left) {
                    *out = $value;
                }
            }
            (left, right) => {
                for ((out, &$a), &$b) in out.iter_mut().zip(left).zip(right) {
                    *out = $value;
                }
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
    Built::one(Pairwise { compute, output, divides }, Fact::shaped(output, dims))
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
}

impl<C: Compute, R: Store> Kernel for Pairwise<C, R> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (left, right) = (io.tensor(0)?, io.tensor(1)?);
        let plan = Plan::new([left.shape(), right.shape()])?;
        if self.divides && plan.shape.elements() != Some(0) && has_zero::<C>(right.data()) {
            return Err(Error::new(ErrorCode::RunValue, "an integer is divided by zero"));
        }
        io.check(&plan.shape)?;
        let target = io.output_tensor(0)?.reset_as(self.output, plan.shape);
        if let (Some(a), Some(b)) = (C::of(left.data()), C::of(right.data()))
            && self.output == R::DTYPE
            && let Some(out) = R::of_mut(target)
        {
            self.plain(&plan, a, b, out);
        } else {
            self.translated(&plan, left.data(), right.data(), target);
        }
        Ok(())
    }
}

impl<C: Compute, R: Store> Pairwise<C, R> {
    /// Both operands and the result are of the types that are computed in.
    fn plain(&self, plan: &Plan<2>, a: &[C], b: &[C], out: &mut [R]) {
        let inner = plan.inner();
        let lengths = [operand_len(plan, 0, inner), operand_len(plan, 1, inner)];
        let mut rows = out.chunks_exact_mut(inner.max(1));
        plan.rows(|[from_a, from_b]| {
            if let Some(row) = rows.next() {
                (self.compute)(&a[from_a..from_a + lengths[0]], &b[from_b..from_b + lengths[1]], row);
            }
        });
    }

    fn translated(&self, plan: &Plan<2>, a: &Data, b: &Data, out: &mut Data) {
        let mut spaces = ([C::default(); CHUNK], [C::default(); CHUNK], [R::default(); CHUNK]);
        let mut to = 0;
        plan.rows(|[from_a, from_b]| {
            let mut done = 0;
            while done < plan.inner() {
                let len = CHUNK.min(plan.inner() - done);
                let a = chunk(a, from_a + done * plan.step(0), operand_len(plan, 0, len), &mut spaces.0);
                let b = chunk(b, from_b + done * plan.step(1), operand_len(plan, 1, len), &mut spaces.1);
                (self.compute)(a, b, &mut spaces.2[..len]);
                R::narrow(&spaces.2[..len], out, to);
                to += len;
                done += len;
            }
        });
    }
}

const fn operand_len(plan: &Plan<2>, at: usize, len: usize) -> usize {
    if plan.step(at) == 0 { 1 } else { len }
}

fn has_zero<C: Compute>(data: &Data) -> bool {
    let mut space = [C::default(); CHUNK];
    (0..data.len())
        .step_by(CHUNK)
        .any(|at| chunk(data, at, CHUNK.min(data.len() - at), &mut space).contains(&C::default()))
}
