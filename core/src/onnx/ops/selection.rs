//! Where: one of two tensors, element by element.

use crate::error::Result;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::DType;

use super::broadcast::{Plan, join_facts};
use super::moving::{Pass, assemble};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[plain("Where", &[9, 16], (3, 3), "all", select)];

struct Where;

fn select(spec: &mut NodeSpec<'_>) -> Result<Built> {
    if spec.dtype(0)? != DType::Bool {
        return Err(spec.wrong_type(0, "tensor(bool)"));
    }
    let dtype = spec.dtype(1)?;
    if spec.dtype(2)? != dtype {
        return Err(spec.wrong_type(2, &format!("tensor({}) like input 1", dtype.name())));
    }
    Built::one(Where, Fact::shaped(dtype, join_facts(&spec.inputs)?))
}

/// Writes the elements of one of the two tensors where the condition is `when`.
struct Choice<'a> {
    plan: &'a Plan<3>,
    condition: &'a [bool],
    when: bool,
    operand: usize,
}

impl Pass for Choice<'_> {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        let (inner, asks, step) = (self.plan.inner(), self.plan.step(0), self.plan.step(self.operand));
        let mut rows = target.chunks_exact_mut(inner.max(1));
        self.plan.rows(&mut |offsets| {
            let Some(row) = rows.next() else { return };
            let (asked, from) = (&self.condition[offsets[0]..], &source[offsets[self.operand]..]);
            for (at, slot) in row.iter_mut().enumerate() {
                if asked[at * asks] == self.when {
                    *slot = from[at * step];
                }
            }
        });
    }
}

impl Kernel for Where {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (condition, yes, no) = (io.tensor(0)?, io.tensor(1)?, io.tensor(2)?);
        let plan = &Plan::new([condition.shape(), yes.shape(), no.shape()])?;
        let condition = io.elements::<bool>(0)?;
        let choices = [
            (yes, Choice { plan, condition, when: true, operand: 1 }),
            (no, Choice { plan, condition, when: false, operand: 2 }),
        ];
        assemble(io, 0, yes.dtype(), plan.shape, choices.iter().map(|(tensor, choice)| (*tensor, choice)))
    }
}
