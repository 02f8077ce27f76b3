//! Binarizer: 1 where a value is above a threshold, else 0. NaN is not above.

use super::features::{NUMBERS, numbers};
use crate::error::Result;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::Data;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "Binarizer",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

struct Binarizer {
    threshold: f32,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = numbers(spec, 0)?;
    let threshold = spec.attributes.float("threshold")?.unwrap_or(0.0);
    Built::one(Binarizer { threshold }, Fact::shaped(dtype, spec.input(0)?.dims.clone()))
}

impl Kernel for Binarizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let shape = *tensor.shape();
        // Integers are compared as doubles: exact for int32, and for int64 next to any float.
        macro_rules! compare {
            ($values:expr, $type:ty) => {
                for (out, &value) in io.output::<$type>(0, shape)?.iter_mut().zip($values) {
                    *out = <$type>::from(u8::from(value as f64 > f64::from(self.threshold)));
                }
            };
        }
        match tensor.data() {
            Data::F32(values) => compare!(values, f32),
            Data::F64(values) => compare!(values, f64),
            Data::I64(values) => compare!(values, i64),
            Data::I32(values) => compare!(values, i32),
            _ => {}
        }
        Ok(())
    }
}
