//! SVMClassifier: one machine for each pair of classes, a vote each; with `prob_a` and `prob_b`,
//! probabilities coupled from those of the pairs.
//!
//! Without support vectors it is a linear model with a row of coefficients per class. Order of
//! summation and labels are those of ONNX Runtime.

use super::features::{NUMBERS, Table, check_width, rows_and_columns, table, with_floats};
use super::labels;
use super::svm::Machine;
use super::svm_coupling::{Coupling, pair_probability};
use super::transform::{PostTransform, logistic};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;
use crate::onnx::value::Keys;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "SVMClassifier",
    versions: &[1],
    inputs: (1, 1),
    outputs: (2, 2),
    types: NUMBERS,
    build,
};

/// More pairs than any real model has, and few enough that their number fits memory.
const MAX_CLASSES: usize = 4_096;

struct Classifier {
    machine: Machine,
    labels: Keys,
    /// Where the support vectors of each class start; empty where the model is linear.
    starts: Vec<usize>,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    /// Slope and offset of each pair's probability; empty where there are none.
    sigmoids: Vec<(f32, f32)>,
    all_positive: bool,
    transform: PostTransform,
    scores: usize,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { rows, columns, .. } = table(spec, 0)?;
    let wrong = |message: String| Err(Error::new(ErrorCode::ModelAttribute, message));
    let labels = labels::read(spec, "classlabels_ints", "classlabels_strings")?;
    let classes = labels::count(&labels);
    if classes > MAX_CLASSES {
        return wrong(format!("there are {classes} classes, at most {MAX_CLASSES} are supported"));
    }
    let mut starts = vec![0usize];
    for &count in spec.attributes.ints("vectors_per_class")?.unwrap_or_default() {
        let last = starts.last().copied().unwrap_or(0);
        match usize::try_from(count).ok().and_then(|count| last.checked_add(count)) {
            Some(next) => starts.push(next),
            None => {
                return wrong(format!(
                    "attribute \"vectors_per_class\" has {count}, which is no number of vectors"
                ));
            }
        }
    }
    let vectors = starts.last().copied().unwrap_or(0);
    let pairs = classes * classes.saturating_sub(1) / 2;
    let machine = Machine::read(spec, vectors, classes, columns)?;
    spec.attributes.floats("support_vectors")?;
    let floats = |name: &str| spec.attributes.floats(name).map(Option::unwrap_or_default);
    let (coefficients, rho) = (floats("coefficients")?, floats("rho")?);
    let (prob_a, prob_b) = (floats("prob_a")?, floats("prob_b")?);
    if vectors == 0 {
        starts.clear();
    } else {
        if classes < 2 || starts.len() != classes + 1 {
            return wrong(format!(
                "attribute \"vectors_per_class\" has {} values for {classes} classes",
                starts.len() - 1
            ));
        }
        if Some(coefficients.len()) != vectors.checked_mul(classes - 1) {
            return wrong(format!(
                "attribute \"coefficients\" has {} values, must have {} for each of {vectors} vectors",
                coefficients.len(),
                classes - 1
            ));
        }
    }
    let pairs_needed = if vectors == 0 { 1 } else { pairs };
    if rho.len() < pairs_needed
        || prob_a.len() != prob_b.len()
        || (!prob_a.is_empty() && prob_a.len() < pairs)
    {
        return wrong(format!(
            "attributes \"rho\" ({}), \"prob_a\" ({}) and \"prob_b\" ({}) must have a value for each of {pairs} pairs",
            rho.len(),
            prob_a.len(),
            prob_b.len()
        ));
    }
    let scores = if vectors > 0 && prob_a.is_empty() { pairs.max(2) } else { classes };
    let outputs = vec![
        Fact::shaped(labels::dtype(&labels), Some(vec![rows.clone()])),
        Fact::shaped(DType::F32, Some(vec![rows, Dim::Known(scores)])),
    ];
    let kernel = Classifier {
        machine,
        labels,
        starts,
        all_positive: coefficients.iter().all(|&weight| weight >= 0.0),
        coefficients: coefficients.to_vec(),
        rho: rho.to_vec(),
        sigmoids: prob_a.iter().copied().zip(prob_b.iter().copied()).collect(),
        transform: PostTransform::read(spec)?,
        scores,
    };
    Ok(Built { kernel: Box::new(kernel), outputs })
}

/// Buffers of one run.
#[derive(Default)]
struct Work {
    kernels: Vec<f32>,
    pairs: Vec<f32>,
    votes: Vec<usize>,
    coupling: Coupling,
}

impl Classifier {
    /// One row of a model without support vectors; gives the place of its label.
    fn linear(&self, row: &[f32], work: &mut Work, out: &mut [f32]) -> usize {
        self.machine.compare(row, &mut work.kernels);
        for (out, sum) in out.iter_mut().zip(&work.kernels) {
            *out = sum + self.rho[0];
        }
        let best = labels::best(out);
        let top = out.get(best).copied().unwrap_or(0.0);
        let yes = if self.all_positive { top >= 0.5 } else { top > 0.0 };
        let label = if out.len() == 2 && yes { 1 } else { best };
        self.transform.apply(out);
        label
    }

    /// The machines of all pairs for one row: their scores and votes.
    fn compare_pairs(&self, row: &[f32], work: &mut Work) {
        self.machine.compare(row, &mut work.kernels);
        let classes = self.starts.len() - 1;
        let vectors = work.kernels.len();
        work.pairs.clear();
        work.votes.clear();
        work.votes.resize(classes, 0);
        for i in 0..classes {
            for j in i + 1..classes {
                // Vectors of class i are weighted by row j - 1 of the coefficients, those of j by row i.
                let mut sum = 0.0f64;
                for (class, weights) in [(i, j - 1), (j, i)] {
                    let range = self.starts[class]..self.starts[class + 1];
                    let weights = &self.coefficients[weights * vectors..(weights + 1) * vectors];
                    for (weight, value) in weights[range.clone()].iter().zip(&work.kernels[range]) {
                        sum += f64::from(weight * value);
                    }
                }
                sum += f64::from(self.rho[work.pairs.len()]);
                work.pairs.push(sum as f32);
                work.votes[if sum > 0.0 { i } else { j }] += 1;
            }
        }
    }

    /// One row; gives the place of its label.
    fn decide(&self, row: &[f32], work: &mut Work, out: &mut [f32]) -> usize {
        if self.starts.is_empty() {
            return self.linear(row, work, out);
        }
        self.compare_pairs(row, work);
        let label = labels::best(&work.votes);
        if !self.sigmoids.is_empty() {
            let pairs = work.pairs.iter().zip(&self.sigmoids);
            let probabilities =
                pairs.map(|(&score, &(slope, offset))| pair_probability(score, slope, offset));
            work.coupling.couple(probabilities, out);
            self.transform.apply(out);
        } else if let ([score], [no, yes]) = (work.pairs.as_slice(), &mut *out) {
            (*no, *yes) = match self.transform {
                PostTransform::None => (-score, *score),
                PostTransform::Logistic => (logistic(-score), logistic(*score)),
                PostTransform::Probit => {
                    (-self.transform.apply_single(*score), self.transform.apply_single(*score))
                }
                PostTransform::Softmax | PostTransform::SoftmaxZero => (1.0 - score, *score),
            };
        } else {
            out.copy_from_slice(&work.pairs);
            self.transform.apply(out);
        }
        label
    }
}

impl Kernel for Classifier {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (rows, columns) = rows_and_columns(io.tensor(0)?.shape())?;
        check_width(columns, self.machine.width)?;
        with_floats(io, 0, &mut |io, values| {
            let mut work = Work { kernels: std::mem::take(&mut io.scratch.scores_f32), ..Work::default() };
            let mut chosen = std::mem::take(&mut io.scratch.usize);
            chosen.clear();
            let mut unused = Vec::new();
            let out = if io.wants(1) {
                io.output::<f32>(1, Shape::matrix(rows, self.scores))?
            } else {
                unused.resize(rows * self.scores, 0.0);
                unused.as_mut_slice()
            };
            for (row, out) in values.chunks_exact(columns).zip(out.chunks_exact_mut(self.scores)) {
                chosen.push(self.decide(row, &mut work, out));
            }
            io.scratch.scores_f32 = work.kernels;
            let done = labels::write(io, 0, &self.labels, &chosen);
            io.scratch.usize = chosen;
            done
        })
    }
}
