//! TreeEnsembleRegressor, and TreeEnsemble of version 5, which is the same with another layout.

use std::sync::Arc;

use super::features::{NUMBERS, Table, table};
use super::transform::PostTransform;
use super::tree::aggregate::{Aggregate, kernels};
use super::tree::fast::Fast;
use super::tree::nodes::{self, Names};
use super::tree::real::Real;
use super::tree::{Ensemble, Forest, flat, with_forest};
use super::tree_scores::with_scores;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::{ExplainPart, Scores, Trees};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const REGRESSOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "TreeEnsembleRegressor",
    versions: &[1, 3, 5],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build: build_regressor,
};

pub(super) const ENSEMBLE: Operator = Operator {
    domain: super::DOMAIN,
    name: "TreeEnsemble",
    versions: &[5],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "float, double, float16",
    build: build_ensemble,
};

struct Regressor {
    ensemble: Arc<Ensemble>,
    base: Vec<f64>,
    aggregate: Aggregate,
    transform: PostTransform,
    output: DType,
}

/// The number of targets, which the model must say.
fn target_count(spec: &NodeSpec<'_>) -> Result<usize> {
    match spec.attributes.int("n_targets")? {
        Some(count @ 1..=0xFFFF) => Ok(count as usize),
        other => Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"n_targets\" is {}, must be 1 to 65535", other.unwrap_or(0)),
        )),
    }
}

fn build_regressor(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { dtype, rows, columns } = table(spec, 0)?;
    let names = Names {
        ids: "target_ids",
        nodes: "target_nodeids",
        trees: "target_treeids",
        weights: "target_weights",
        weights_as_tensor: "target_weights_as_tensor",
    };
    let targets = target_count(spec)?;
    let aggregate = Aggregate::from_name(spec.attributes.text("aggregate_function")?)?;
    let transform = PostTransform::read(spec)?;
    let read = nodes::read(spec, &names, targets, dtype, columns)?;
    if !read.base.is_empty() && read.base.len() != targets {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"base_values\" has {} values, must have none or {targets}", read.base.len()),
        ));
    }
    let kernel = Regressor {
        ensemble: Arc::new(read.ensemble),
        base: read.base,
        aggregate,
        transform,
        output: DType::F32,
    };
    Built::one(kernel, Fact::shaped(DType::F32, Some(vec![rows, Dim::Known(targets)])))
}

fn build_ensemble(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let (rows, columns) = match (dtype, spec.input(0)?.dims.as_deref()) {
        // Only this operator takes half floats, so the shared check does not know them.
        (DType::F16, Some([rows, columns])) => {
            (rows.clone(), if let Dim::Known(columns) = columns { Some(*columns) } else { None })
        }
        (DType::F16, _) => (Dim::Unknown, None),
        (DType::F32 | DType::F64, _) => {
            let table = table(spec, 0)?;
            (table.rows, table.columns)
        }
        _ => return Err(spec.wrong_type(0, "a tensor of float, double or float16")),
    };
    let targets = target_count(spec)?;
    let aggregate = Aggregate::from_number(spec.attributes.int("aggregate_function")?.unwrap_or(1))?;
    let transform = PostTransform::from_number(spec.attributes.int("post_transform")?.unwrap_or(0))?;
    let ensemble = flat::read(spec, targets, dtype, columns)?;
    let kernel =
        Regressor { ensemble: Arc::new(ensemble), base: Vec::new(), aggregate, transform, output: dtype };
    Built::one(kernel, Fact::shaped(dtype, Some(vec![rows, Dim::Known(targets)])))
}

impl Regressor {
    fn run_in<T: Fast>(&self, io: &mut Io<'_>, forest: &Forest<T>) -> Result<()> {
        let (targets, trees) = (self.ensemble.targets(), self.ensemble.trees());
        with_scores(io, &self.ensemble, forest, self.aggregate, |io, scores| {
            for row in scores.sums.chunks_exact_mut(targets) {
                for (at, sum) in row.iter_mut().enumerate() {
                    self.aggregate.finish(sum, trees);
                    if let Some(&base) = self.base.get(at) {
                        *sum += T::from_f64(base);
                    }
                }
                self.transform(row);
            }
            let shape = Shape::matrix(scores.rows, targets);
            match self.output {
                DType::F64 => {
                    for (out, sum) in io.output::<f64>(0, shape)?.iter_mut().zip(scores.sums) {
                        *out = sum.to_f64();
                    }
                }
                DType::F16 => {
                    for (out, sum) in io.output::<half::f16>(0, shape)?.iter_mut().zip(scores.sums) {
                        *out = half::f16::from_f32(sum.to_f32());
                    }
                }
                _ => {
                    for (out, sum) in io.output::<f32>(0, shape)?.iter_mut().zip(scores.sums) {
                        *out = sum.to_f32();
                    }
                }
            }
            Ok(())
        })
    }

    /// Transforms are computed in float whatever the precision of the sums.
    fn transform<T: Real>(&self, row: &mut [T]) {
        match (self.transform, row) {
            (PostTransform::None, _) => {}
            (transform, [only]) => *only = T::from_f32(transform.apply_single(only.to_f32())),
            (transform, row) => {
                let mut floats: Vec<f32> = row.iter().map(|sum| sum.to_f32()).collect();
                transform.apply(&mut floats);
                for (sum, float) in row.iter_mut().zip(floats) {
                    *sum = T::from_f32(float);
                }
            }
        }
    }
}

impl Kernel for Regressor {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        with_forest!(&self.ensemble.forest, forest => self.run_in(io, forest))
    }

    fn prepare(&self) {
        with_forest!(&self.ensemble.forest, forest => drop(kernels(forest, &self.ensemble, self.aggregate)));
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        let average = match self.aggregate {
            Aggregate::Sum => false,
            Aggregate::Average => true,
            Aggregate::Min | Aggregate::Max => return None,
        };
        let scores = match self.transform {
            PostTransform::None => Scores::Sums,
            _ => Scores::Linked(self.ensemble.targets()),
        };
        let (ensemble, base) = (&self.ensemble, &self.base);
        Some(ExplainPart::Trees(Trees { ensemble, base, average, outputs: None, scores }))
    }
}
