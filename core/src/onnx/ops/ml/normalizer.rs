//! Normalizer: divides each row by its largest value, its sum of absolutes or its length.
//!
//! Rows whose divisor is zero stay as they are. Sums are float, in order; the length is taken as
//! ONNX Runtime takes it, the root of each square's share of the sum of squares.

use super::features::{NUMBERS, rows_and_columns, table, with_floats};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "Normalizer",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

#[derive(Clone, Copy)]
enum Norm {
    Max,
    L1,
    L2,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    table(spec, 0)?;
    let norm = match spec.attributes.text("norm")? {
        None | Some("MAX") => Norm::Max,
        Some("L1") => Norm::L1,
        Some("L2") => Norm::L2,
        Some(other) => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"norm\" is \"{other}\", must be MAX, L1 or L2"),
            ));
        }
    };
    Built::one(norm, Fact::shaped(DType::F32, spec.input(0)?.dims.clone()))
}

impl Kernel for Norm {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let shape = *io.tensor(0)?.shape();
        let (_, columns) = rows_and_columns(&shape)?;
        with_floats(io, 0, &mut |io, values| {
            let out = io.output::<f32>(0, shape)?;
            let width = columns.max(1);
            for (out, row) in out.chunks_exact_mut(width).zip(values.chunks_exact(width)) {
                self.normalize(row, out);
            }
            Ok(())
        })
    }
}

impl Norm {
    fn normalize(self, row: &[f32], out: &mut [f32]) {
        let divisor = match self {
            Self::Max => row.iter().fold(f32::MIN, |top, &x| if x > top { x } else { top }),
            Self::L1 => row.iter().fold(0.0, |sum, x| sum + x.abs()),
            Self::L2 => row.iter().fold(0.0, |sum, x| sum + x * x),
        };
        for (out, &x) in out.iter_mut().zip(row) {
            *out = match self {
                _ if divisor == 0.0 => x,
                Self::Max | Self::L1 => x / divisor,
                Self::L2 => (x * x / divisor).sqrt().copysign(x),
            };
        }
    }
}
