//! SwiGLU: one half of a layer as the gate of the other.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};

use super::super::compute::{Class, Real, class, fill, whole};

/// a / (1 + e^(-alpha a)) * b.
struct Gate<C> {
    alpha: C,
    exp: fn(C) -> C,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if spec.dtype(1)? != dtype {
        return Err(spec.wrong_type(1, &format!("tensor({}) like input 0", dtype.name())));
    }
    let alpha = spec.attributes.float("alpha")?.unwrap_or(1.0);
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    match class(dtype) {
        Class::F32 => Built::one(Gate { alpha, exp: libm::expf }, fact),
        Class::F64 => Built::one(Gate { alpha: f64::from(alpha), exp: libm::exp }, fact),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}

impl<C: Real> Kernel for Gate<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (gate, value) = (io.tensor(0)?, io.tensor(1)?);
        if gate.shape() != value.shape() {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("the inputs have shapes {} and {}, must have the same", gate.shape(), value.shape()),
            ));
        }
        io.check(gate.shape())?;
        let target = io.output_tensor(0)?.reset_as(gate.dtype(), *gate.shape());
        let mut spaces = (Vec::new(), Vec::new(), Vec::new());
        let (gates, values) =
            (whole::<C>(gate.data(), &mut spaces.0), whole::<C>(value.data(), &mut spaces.1));
        let one = C::from_f64(1.0);
        fill(target, &mut spaces.2, |out| {
            for ((slot, &a), &b) in out.iter_mut().zip(gates).zip(values) {
                let sigmoid = one.over(one.plus((self.exp)(C::default().minus(self.alpha.times(a)))));
                *slot = a.times(sigmoid).times(b);
            }
        });
        Ok(())
    }
}
