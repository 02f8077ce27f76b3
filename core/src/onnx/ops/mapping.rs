//! The loop under every operator of one tensor, element by element.

use crate::error::Result;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::tensor::DType;

use super::compute::{CHUNK, Class, Compute, Store, chunk, class};

/// Computes a chunk; the numbers are the operator's own (a slope, a limit).
pub(super) type Map<C, R> = fn(&[C], &mut [R], [f32; 2]);

/// A function over chunks from one over elements. `$own` is the operator's two numbers as `$type`.
macro_rules! map {
    (|$x:ident| $value:expr) => {
        |input, out, _| {
            for (out, &$x) in out.iter_mut().zip(input) {
                *out = $value;
            }
        }
    };
    (|$x:ident, $own:ident: $type:ty| $value:expr) => {
        |input, out, own| {
            let $own = [<$type>::from(own[0]), <$type>::from(own[1])];
            for (out, &$x) in out.iter_mut().zip(input) {
                *out = $value;
            }
        }
    };
}
pub(super) use map;

/// Builds a kernel that keeps the shape and has the output type `output`.
pub(super) fn build<C: Compute, R: Store>(
    spec: &NodeSpec<'_>,
    output: DType,
    compute: Map<C, R>,
    own: [f32; 2],
) -> Result<Built> {
    let dims = spec.input(0)?.dims.clone();
    Built::one(Mapping { compute, output, own }, Fact::shaped(output, dims))
}

/// Builds a kernel for floats of any width, with the output type of the input.
pub(super) fn floats(
    spec: &NodeSpec<'_>,
    single: Map<f32, f32>,
    double: Map<f64, f64>,
    own: [f32; 2],
) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    match class(dtype) {
        Class::F32 => build(spec, dtype, single, own),
        Class::F64 => build(spec, dtype, double, own),
        _ => Err(spec.wrong_type(0, "a tensor of floats")),
    }
}

/// Builds a kernel for numbers of any type, with the output type of the input.
pub(super) fn numbers(
    spec: &NodeSpec<'_>,
    single: Map<f32, f32>,
    double: Map<f64, f64>,
    signed: Map<i64, i64>,
    unsigned: Map<u64, u64>,
) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    match class(dtype) {
        Class::F32 => build(spec, dtype, single, [0.0; 2]),
        Class::F64 => build(spec, dtype, double, [0.0; 2]),
        Class::I64 if dtype != DType::Bool => build(spec, dtype, signed, [0.0; 2]),
        Class::U64 => build(spec, dtype, unsigned, [0.0; 2]),
        _ => Err(spec.wrong_type(0, "a tensor of numbers")),
    }
}

struct Mapping<C, R> {
    compute: Map<C, R>,
    output: DType,
    own: [f32; 2],
}

impl<C: Compute, R: Store> Kernel for Mapping<C, R> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        io.check(input.shape())?;
        let target = io.output_tensor(0)?.reset_as(self.output, *input.shape());
        if let Some(values) = C::of(input.data())
            && self.output == R::DTYPE
            && let Some(out) = R::of_mut(target)
        {
            (self.compute)(values, out, self.own);
            return Ok(());
        }
        let mut spaces = ([C::default(); CHUNK], [R::default(); CHUNK]);
        for at in (0..input.len()).step_by(CHUNK) {
            let len = CHUNK.min(input.len() - at);
            (self.compute)(chunk(input.data(), at, len, &mut spaces.0), &mut spaces.1[..len], self.own);
            R::narrow(&spaces.1[..len], target, at);
        }
        Ok(())
    }
}
