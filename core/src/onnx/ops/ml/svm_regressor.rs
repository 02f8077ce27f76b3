//! SVMRegressor: a weighted sum of kernel values; with `one_class`, its sign.

use super::features::{NUMBERS, Table, check_width, rows_and_columns, table, with_floats};
use super::svm::{Machine, dot};
use super::transform::PostTransform;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "SVMRegressor",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

struct Regressor {
    machine: Machine,
    /// Weights of the support vectors; the one weight 1 where the machine is linear.
    weights: Vec<f32>,
    rho: f32,
    one_class: bool,
    transform: PostTransform,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { rows, columns, .. } = table(spec, 0)?;
    let wrong = |message: String| Err(Error::new(ErrorCode::ModelAttribute, message));
    let supports = spec.attributes.int("n_supports")?.unwrap_or(0);
    let Ok(count) = usize::try_from(supports) else {
        return wrong(format!("attribute \"n_supports\" is {supports}, must not be negative"));
    };
    let machine = Machine::read(spec, count, 1, columns)?;
    let coefficients = spec.attributes.floats("coefficients")?.unwrap_or_default();
    if count > 0 && coefficients.len() != count {
        return wrong(format!(
            "attribute \"coefficients\" has {} values for {count} vectors",
            coefficients.len()
        ));
    }
    if count == 0 {
        spec.attributes.floats("support_vectors")?;
    }
    let rho = match spec.attributes.floats("rho")? {
        Some([rho, ..]) => *rho,
        _ => return wrong("attribute \"rho\" must have a value".to_owned()),
    };
    let kernel = Regressor {
        machine,
        weights: if count > 0 { coefficients.to_vec() } else { vec![1.0] },
        rho,
        one_class: spec.attributes.int("one_class")?.unwrap_or(0) != 0,
        transform: PostTransform::read(spec)?,
    };
    Built::one(kernel, Fact::shaped(DType::F32, Some(vec![rows, Dim::Known(1)])))
}

impl Kernel for Regressor {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (rows, columns) = rows_and_columns(io.tensor(0)?.shape())?;
        check_width(columns, self.machine.width)?;
        with_floats(io, 0, &mut |io, values| {
            let mut compared = std::mem::take(&mut io.scratch.scores_f32);
            let out = io.output::<f32>(0, Shape::matrix(rows, 1))?;
            for (row, out) in values.chunks_exact(columns).zip(out) {
                self.machine.compare(row, &mut compared);
                let score = (dot(&compared, &self.weights) + f64::from(self.rho)) as f32;
                *out = match self.one_class {
                    false => self.transform.apply_single(score),
                    true if score > 0.0 => 1.0,
                    true => -1.0,
                };
            }
            io.scratch.scores_f32 = compared;
            Ok(())
        })
    }
}
