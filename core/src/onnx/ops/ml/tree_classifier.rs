//! TreeEnsembleClassifier: sums of votes per class, the label of the best, and the scores.
//!
//! For two classes the standard leaves open what a model means whose votes are all for one of them.
//! Exporters write them that way, and ONNX Runtime reads them so: the sum is the score of the second
//! label; where no weight is negative it is a probability, to be compared with a half, else a
//! margin, to be compared with zero. Votes for both classes are what they say: the label is the best.

use std::sync::Arc;

use super::features::{NUMBERS, Table, table};
use super::labels;
use super::transform::{PostTransform, logistic_pair};
use super::tree::aggregate::{Aggregate, kernels};
use super::tree::fast::Fast;
use super::tree::nodes::{self, Names};
use super::tree::real::Real;
use super::tree::{Ensemble, Forest, with_forest};
use super::tree_scores::with_scores;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::{ExplainPart, Scores, Trees};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;
use crate::onnx::value::Keys;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "TreeEnsembleClassifier",
    versions: &[1, 3, 5],
    inputs: (1, 1),
    outputs: (2, 2),
    types: NUMBERS,
    build,
};

/// How sums become labels and scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// A score for each class; the label is the best one that has a vote or a base value.
    Best,
    /// Two labels and one sum, that of class 0; `probability` says what it is compared with.
    OneSum { probability: bool },
    /// Two labels, all votes for the second, no base values: scores as they are, label as for one sum.
    Second { probability: bool },
}

struct Classifier {
    ensemble: Arc<Ensemble>,
    base: Vec<f64>,
    labels: Keys,
    transform: PostTransform,
    decision: Decision,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { dtype, rows, columns } = table(spec, 0)?;
    let names = Names {
        ids: "class_ids",
        nodes: "class_nodeids",
        trees: "class_treeids",
        weights: "class_weights",
        weights_as_tensor: "class_weights_as_tensor",
    };
    let labels = labels::read(spec, "classlabels_int64s", "classlabels_strings")?;
    let transform = PostTransform::read(spec)?;
    let classes = labels::count(&labels);
    let read = nodes::read(spec, &names, classes, dtype, columns)?;
    let probability = read.all_positive;
    let decision = match (classes, read.single_class, read.base.len()) {
        (2, Some(0), 0 | 1) => Decision::OneSum { probability },
        (2, Some(1), 0) => Decision::Second { probability },
        (2, None, 1) => Decision::Best,
        (_, _, len) if len == 0 || len == classes => Decision::Best,
        (_, _, len) => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!(
                    "attribute \"base_values\" has {len} values, must have none or one for each of {classes} classes"
                ),
            ));
        }
    };
    let outputs = vec![
        Fact::shaped(labels::dtype(&labels), Some(vec![rows.clone()])),
        Fact::shaped(DType::F32, Some(vec![rows, Dim::Known(classes)])),
    ];
    let kernel =
        Classifier { ensemble: Arc::new(read.ensemble), base: read.base, labels, transform, decision };
    Ok(Built { kernel: Box::new(kernel), outputs })
}

impl Classifier {
    fn run_in<T: Fast>(&self, io: &mut Io<'_>, forest: &Forest<T>) -> Result<()> {
        let classes = self.ensemble.targets();
        with_scores(io, &self.ensemble, forest, Aggregate::Sum, |io, scores| {
            let mut chosen = std::mem::take(&mut io.scratch.usize);
            chosen.clear();
            let mut unused = Vec::new();
            let out = if io.wants(1) {
                io.output::<f32>(1, Shape::matrix(scores.rows, classes))?
            } else {
                unused.resize(scores.rows * classes, 0.0);
                unused.as_mut_slice()
            };
            let rows = scores.sums.chunks_exact_mut(classes).zip(scores.seen.chunks_exact(classes));
            for ((sums, seen), out) in rows.zip(out.chunks_exact_mut(classes)) {
                for (sum, &base) in sums.iter_mut().zip(&self.base) {
                    *sum += T::from_f64(base);
                }
                chosen.push(self.decide(sums, seen, out));
            }
            let done = labels::write(io, 0, &self.labels, &chosen);
            io.scratch.usize = chosen;
            done
        })
    }

    /// Writes the scores of one row and gives the place of its label.
    fn decide<T: Real>(&self, sums: &[T], seen: &[bool], out: &mut [f32]) -> usize {
        let passes = |sum: T, probability: bool| sum > if probability { T::from_f32(0.5) } else { T::ZERO };
        match (self.decision, sums, &mut *out) {
            (Decision::OneSum { probability }, &[sum, ..], [no, yes]) => {
                let score = sum.to_f32();
                (*no, *yes) = match self.transform {
                    PostTransform::Logistic => logistic_pair(score),
                    PostTransform::Probit => {
                        let score = self.transform.apply_single(score);
                        (-score, score)
                    }
                    _ if probability => (T::from_f64(1.0 - sum.to_f64()).to_f32(), score),
                    _ => (-score, score),
                };
                return usize::from(passes(sum, probability));
            }
            (_, &[sum], [only]) => {
                *only = self.transform.apply_single(sum.to_f32());
                return 0;
            }
            _ => {}
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum.to_f32();
        }
        self.transform.apply(out);
        match (self.decision, sums) {
            (Decision::Second { probability }, &[_, sum]) => usize::from(passes(sum, probability)),
            _ => self.best(sums, seen),
        }
    }

    fn best<T: Real>(&self, sums: &[T], seen: &[bool]) -> usize {
        let mut best: Option<(usize, T)> = None;
        for (at, (&sum, &seen)) in sums.iter().zip(seen).enumerate() {
            // With two classes, one without a vote has zero; with more, it is out of the question.
            let counts = seen || sums.len() == 2 || at < self.base.len();
            if counts && best.is_none_or(|(_, top)| sum > top) {
                best = Some((at, sum));
            }
        }
        best.map_or(0, |(at, _)| at)
    }
}

impl Kernel for Classifier {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        with_forest!(&self.ensemble.forest, forest => self.run_in(io, forest))
    }

    fn prepare(&self) {
        with_forest!(&self.ensemble.forest, forest => drop(kernels(forest, &self.ensemble, Aggregate::Sum)));
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        let outputs = match self.decision {
            Decision::OneSum { .. } => Some(0),
            Decision::Second { .. } => Some(1),
            Decision::Best => None,
        };
        let scores = match (self.decision, self.transform) {
            (Decision::OneSum { .. }, PostTransform::Logistic | PostTransform::Probit) => Scores::Linked(2),
            (Decision::OneSum { probability: true }, _) => Scores::Pair { offset: 1.0, factor: -1.0 },
            (Decision::OneSum { probability: false }, _) => Scores::Pair { offset: 0.0, factor: -1.0 },
            (Decision::Second { .. }, PostTransform::None) => Scores::Pair { offset: 0.0, factor: 0.0 },
            (Decision::Best, PostTransform::None) => Scores::Sums,
            _ => Scores::Linked(self.ensemble.targets()),
        };
        Some(ExplainPart::Trees(Trees {
            ensemble: &self.ensemble,
            base: &self.base,
            average: false,
            outputs,
            scores,
        }))
    }
}
