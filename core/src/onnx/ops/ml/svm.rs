//! What both support vector machines share: kernel functions and the rows of kernel values.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;

/// A kernel function with its parameters.
#[derive(Clone, Copy, Debug)]
enum Function {
    Linear,
    Poly { gamma: f32, coef0: f32, degree: f32 },
    Rbf { gamma: f32 },
    Sigmoid { gamma: f32, coef0: f32 },
}

/// Support vectors and the kernel function that rows are compared with them by.
pub(super) struct Machine {
    function: Function,
    vectors: Vec<f32>,
    pub(super) width: usize,
}

fn wrong(message: String) -> Error {
    Error::new(ErrorCode::ModelAttribute, message)
}

impl Machine {
    /// Reads kernel and vectors. `count` is the number of support vectors; where it is 0, the model is
    /// linear and its `rows` rows of coefficients take the vectors' place.
    pub(super) fn read(
        spec: &NodeSpec<'_>,
        count: usize,
        rows: usize,
        columns: Option<usize>,
    ) -> Result<Self> {
        let parameters = spec.attributes.floats("kernel_params")?.unwrap_or_default();
        let (gamma, coef0, degree) = match *parameters {
            [] => (0.0, 0.0, 0.0),
            [gamma, coef0, degree] => (gamma, coef0, degree),
            _ => {
                return Err(wrong(format!(
                    "attribute \"kernel_params\" has {} values, must have gamma, coef0 and degree",
                    parameters.len()
                )));
            }
        };
        let function = match spec.attributes.text("kernel_type")? {
            None | Some("LINEAR") => Function::Linear,
            Some("POLY") => Function::Poly { gamma, coef0, degree },
            Some("RBF") => Function::Rbf { gamma },
            Some("SIGMOID") => Function::Sigmoid { gamma, coef0 },
            Some(other) => {
                return Err(wrong(format!(
                    "attribute \"kernel_type\" is \"{other}\", must be LINEAR, POLY, RBF or SIGMOID"
                )));
            }
        };
        let vectors = spec.attributes.floats("support_vectors")?.unwrap_or_default();
        let coefficients = spec.attributes.floats("coefficients")?.unwrap_or_default();
        let (name, list, rows, function) = if count == 0 {
            ("coefficients", coefficients, rows, Function::Linear)
        } else {
            ("support_vectors", vectors, count, function)
        };
        let width = list.len() / rows.max(1);
        if rows == 0 || width == 0 || width.checked_mul(rows) != Some(list.len()) {
            return Err(wrong(format!(
                "attribute \"{name}\" has {} values, must have one per feature for each of {rows} vectors",
                list.len()
            )));
        }
        if let Some(columns) = columns.filter(|&columns| columns != width) {
            return Err(wrong(format!(
                "attribute \"{name}\" has {width} values per vector, the input has {columns} columns"
            )));
        }
        Ok(Self { function, vectors: list.to_vec(), width })
    }

    /// The kernel values of one row with all vectors. Distances are summed in float as ONNX Runtime
    /// sums them; products in double, rounded once.
    pub(super) fn compare(&self, row: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend(self.vectors.chunks_exact(self.width).map(|vector| match self.function {
            Function::Linear => dot(row, vector) as f32,
            Function::Poly { gamma, coef0, degree } => {
                power((dot(row, vector) * f64::from(gamma) + f64::from(coef0)) as f32, degree)
            }
            Function::Sigmoid { gamma, coef0 } => {
                libm::tanhf((dot(row, vector) * f64::from(gamma) + f64::from(coef0)) as f32)
            }
            Function::Rbf { gamma } => {
                let mut sum = 0.0f32;
                for (x, v) in row.iter().zip(vector) {
                    sum += (x - v) * (x - v);
                }
                libm::expf(-gamma * sum)
            }
        }));
    }
}

/// The inner product, in double.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

fn power(x: f32, degree: f32) -> f32 {
    if degree == 2.0 {
        x * x
    } else if degree == 3.0 {
        x * x * x
    } else {
        libm::powf(x, degree)
    }
}
