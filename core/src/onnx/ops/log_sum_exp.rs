//! ReduceLogSumExp: in two rounds, so that large elements do not overflow.

use crate::error::Result;
use crate::onnx::kernel::{Io, Kernel};

use super::broadcast::Plan;
use super::compute::{Compute, fill, whole};
use super::reduction::{Scope, walk};

/// Computes max + ln(sum(e^(x - max))) over some axes.
pub(super) struct LogSumExp<C> {
    scope: Scope,
    exp: fn(C) -> C,
    log: fn(C) -> C,
}

impl LogSumExp<f32> {
    /// In float.
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, exp: libm::expf, log: libm::logf }
    }
}

impl LogSumExp<f64> {
    /// In double.
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, exp: libm::exp, log: libm::log }
    }
}

impl<C: Compute> Kernel for LogSumExp<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let (kept, result, _) = self.scope.shapes(io, input.shape())?;
        io.check(&result)?;
        let target = io.output_tensor(0)?.reset_as(input.dtype(), result);
        let (mut space, mut totals) = (Vec::new(), Vec::new());
        let values = whole::<C>(input.data(), &mut space);
        let plan = Plan::new([input.shape(), &kept])?;
        let minus = C::from_f64(-1.0);
        // NaN and the infinities must reach the result, so they do not become the shift.
        let mut shifts = vec![C::from_f64(f64::NEG_INFINITY); result.elements().unwrap_or(0)];
        walk(&plan, &mut |from, to| {
            each(&values[from], &mut shifts[to], |shift, x| if x > shift { x } else { shift });
        });
        for shift in &mut shifts {
            if *shift == C::from_f64(f64::INFINITY) || *shift == C::from_f64(f64::NEG_INFINITY) {
                *shift = C::default();
            }
        }
        fill(target, &mut totals, |results| {
            results.fill(C::default());
            walk(&plan, &mut |from, to| {
                let own = &shifts[to.clone()];
                let results = &mut results[to];
                for (at, &x) in values[from].iter().enumerate() {
                    let at = if results.len() == 1 { 0 } else { at };
                    results[at] = results[at].plus((self.exp)(x.plus(own[at].times(minus))));
                }
            });
            for (result, &shift) in results.iter_mut().zip(&shifts) {
                *result = (self.log)(*result).plus(shift);
            }
        });
        Ok(())
    }
}

fn each<C: Copy>(run: &[C], results: &mut [C], combine: impl Fn(C, C) -> C) {
    for (at, &x) in run.iter().enumerate() {
        let at = if results.len() == 1 { 0 } else { at };
        results[at] = combine(results[at], x);
    }
}
