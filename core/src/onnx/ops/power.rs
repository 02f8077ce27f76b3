//! Pow: the one arithmetic operator whose two inputs may differ in type. The result has the type of
//! the base.

use crate::error::Result;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::tensor::{DType, Data};

use super::broadcast::{Plan, join_facts};
use super::compute::{Class, Compute, Store, class};
use super::pairwise::{self, pair, same_type};

/// Checks a Pow node.
pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let base = spec.dtype(0)?;
    for at in [0, 1] {
        if matches!(spec.dtype(at)?, DType::Str | DType::Bool) {
            return Err(spec.wrong_type(at, "a tensor of numbers"));
        }
    }
    if spec.opset < 12 {
        same_type(spec)?;
    }
    if spec.dtype(1)? == base {
        match class(base) {
            Class::F32 => return pairwise::build(spec, base, pair!(|a, b| power_f32(a, b)), false),
            Class::F64 => return pairwise::build(spec, base, pair!(|a, b| power_f64(a, b)), false),
            _ => {}
        }
    }
    Built::one(MixedPower { base }, Fact::shaped(base, join_facts(&spec.inputs)?))
}

/// The squares and roots that exporters write are exact products and roots in every library.
fn power_f32(base: f32, exponent: f32) -> f32 {
    if exponent == 2.0 { base * base } else { libm::powf(base, exponent) }
}

fn power_f64(base: f64, exponent: f64) -> f64 {
    if exponent == 2.0 { base * base } else { libm::pow(base, exponent) }
}

/// Different types or integers. A float base takes any exponent. An integer base with an exponent that
/// is a non-negative integer is multiplied out and wraps; any other exponent goes through double and is
/// cut off toward zero.
struct MixedPower {
    base: DType,
}

impl Kernel for MixedPower {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (left, right) = (io.tensor(0)?, io.tensor(1)?);
        let plan = Plan::new([left.shape(), right.shape()])?;
        io.check(&plan.shape)?;
        let (integers, whole) = (!self.base.is_float(), !right.dtype().is_float());
        let target = io.output_tensor(0)?.reset_as(self.base, plan.shape);
        let mut to = 0;
        plan.rows(&mut |[from_a, from_b]| {
            for at in 0..plan.inner() {
                let (a, b) = (from_a + at * plan.step(0), from_b + at * plan.step(1));
                if integers && whole && integer(right.data(), b) >= 0 {
                    // Multiplication wraps alike for both signs, so uint64 goes by its bits.
                    i64::narrow(
                        &[wrapping_power(integer(left.data(), a), integer(right.data(), b))],
                        target,
                        to,
                    );
                } else if self.base == DType::F64 || integers {
                    f64::narrow(&[power_f64(number(left.data(), a), number(right.data(), b))], target, to);
                } else {
                    let (base, exponent) = (number(left.data(), a) as f32, number(right.data(), b) as f32);
                    f32::narrow(&[power_f32(base, exponent)], target, to);
                }
                to += 1;
            }
        });
        Ok(())
    }
}

fn integer(data: &Data, at: usize) -> i64 {
    let mut value = [0];
    i64::widen(data, at, &mut value);
    value[0]
}

fn number(data: &Data, at: usize) -> f64 {
    match data {
        Data::U64(values) => values[at] as f64,
        Data::F32(_) | Data::F64(_) | Data::F16(_) => {
            let mut value = [0.0];
            f64::widen(data, at, &mut value);
            value[0]
        }
        _ => integer(data, at) as f64,
    }
}

fn wrapping_power(mut base: i64, mut exponent: i64) -> i64 {
    let mut product = 1i64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = product.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    product
}
