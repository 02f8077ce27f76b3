//! LinearClassifier and LinearRegressor: weighted sums of features.
//!
//! The standard asks for float results and says nothing of the order of summation. Sums are made in
//! double and rounded once: no order of floats is closer to what is meant, and rows of a batch and
//! single rows give the same bits.

use super::features::{NUMBERS, Table, rows_and_columns, table, with_floats};
use super::labels;
use super::transform::{PostTransform, logistic};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::{ExplainPart, Linear, Scores};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;
use crate::onnx::value::Keys;

pub(super) const CLASSIFIER: Operator = Operator {
    domain: super::DOMAIN,
    name: "LinearClassifier",
    versions: &[1],
    inputs: (1, 1),
    outputs: (2, 2),
    types: NUMBERS,
    build: build_classifier,
};

pub(super) const REGRESSOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "LinearRegressor",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build: build_regressor,
};

/// Weights of the features, and what comes after the sums.
struct Sums {
    coefficients: Vec<f32>,
    intercepts: Vec<f32>,
    targets: usize,
    width: usize,
    transform: PostTransform,
}

struct Classifier {
    sums: Sums,
    labels: Keys,
    /// Whether one sum decides between two labels.
    one_sum: bool,
}

fn sums(spec: &NodeSpec<'_>, targets: usize, columns: Option<usize>) -> Result<Sums> {
    let coefficients = spec.attributes.floats("coefficients")?.unwrap_or_default();
    let intercepts = spec.attributes.floats("intercepts")?.unwrap_or_default();
    let wrong = |message: String| Err(Error::new(ErrorCode::ModelAttribute, message));
    if !intercepts.is_empty() && intercepts.len() != targets {
        return wrong(format!(
            "attribute \"intercepts\" has {} values for {targets} targets",
            intercepts.len()
        ));
    }
    let width = coefficients.len() / targets.max(1);
    if targets == 0 || coefficients.is_empty() || width * targets != coefficients.len() {
        return wrong(format!(
            "attribute \"coefficients\" has {} values, must have one per feature for each of {targets} targets",
            coefficients.len()
        ));
    }
    if let Some(columns) = columns.filter(|&columns| columns != width) {
        return wrong(format!(
            "attribute \"coefficients\" has {width} values for each of {targets} targets, the input has {columns} columns"
        ));
    }
    Ok(Sums {
        coefficients: coefficients.to_vec(),
        intercepts: intercepts.to_vec(),
        targets,
        width,
        transform: PostTransform::read(spec)?,
    })
}

fn build_regressor(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { rows, columns, .. } = table(spec, 0)?;
    let targets = spec.attributes.int("targets")?.unwrap_or(1);
    let sums = sums(spec, usize::try_from(targets).unwrap_or(0), columns)?;
    let dims = Some(vec![rows, Dim::Known(sums.targets)]);
    Built::one(sums, Fact::shaped(DType::F32, dims))
}

fn build_classifier(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let Table { rows, columns, .. } = table(spec, 0)?;
    let labels = labels::read(spec, "classlabels_ints", "classlabels_strings")?;
    // One sum against the others or one model for all: the scores are the same.
    spec.attributes.int("multi_class")?;
    let intercepts = spec.attributes.floats("intercepts")?.map_or(0, <[f32]>::len);
    let coefficients = spec.attributes.floats("coefficients")?.map_or(0, <[f32]>::len);
    let count = labels::count(&labels);
    let targets = match (intercepts, columns) {
        (0, Some(columns)) if count == 2 && coefficients == columns => 1,
        (0, _) => count,
        (intercepts, _) => intercepts,
    };
    let one_sum = targets == 1 && count == 2;
    if targets != count && targets != 1 {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("there are {count} labels for {targets} scores"),
        ));
    }
    let sums = sums(spec, targets, columns)?;
    let labels = if targets == 1 { labels::no_and_yes(labels) } else { labels };
    let scores = if one_sum { 2 } else { targets };
    let outputs = vec![
        Fact::shaped(labels::dtype(&labels), Some(vec![rows.clone()])),
        Fact::shaped(DType::F32, Some(vec![rows, Dim::Known(scores)])),
    ];
    Ok(Built { kernel: Box::new(Classifier { sums, labels, one_sum }), outputs })
}

impl Sums {
    /// The sums of one row, untransformed.
    fn of_row(&self, row: &[f32], out: &mut [f32]) {
        for (target, (out, weights)) in
            out.iter_mut().zip(self.coefficients.chunks_exact(self.width)).enumerate()
        {
            let products = row.iter().zip(weights).map(|(&x, &weight)| f64::from(x) * f64::from(weight));
            let start = self.intercepts.get(target).map_or(0.0, |&intercept| f64::from(intercept));
            *out = (products.sum::<f64>() + start) as f32;
        }
    }

    fn check(&self, shape: &Shape) -> Result<usize> {
        let (rows, columns) = rows_and_columns(shape)?;
        super::features::check_width(columns, self.width)?;
        Ok(rows)
    }

    const fn part(&self, scores: Scores) -> ExplainPart<'_> {
        let (coefficients, intercepts) = (self.coefficients.as_slice(), self.intercepts.as_slice());
        ExplainPart::Linear(Linear { coefficients, intercepts, scores })
    }

    /// The scores of sums that are transformed one by one or together.
    const fn transformed(&self) -> Scores {
        match self.transform {
            PostTransform::None => Scores::Sums,
            _ => Scores::Linked(self.targets),
        }
    }
}

impl Kernel for Sums {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let rows = self.check(io.tensor(0)?.shape())?;
        with_floats(io, 0, &mut |io, values| {
            let out = io.output::<f32>(0, Shape::matrix(rows, self.targets))?;
            for (row, out) in values.chunks_exact(self.width).zip(out.chunks_exact_mut(self.targets)) {
                self.of_row(row, out);
                match out {
                    [only] => *only = self.transform.apply_single(*only),
                    out => self.transform.apply(out),
                }
            }
            Ok(())
        })
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        Some(self.part(self.transformed()))
    }
}

impl Classifier {
    /// Writes the scores of one row and gives the place of its label.
    fn decide(&self, row: &[f32], out: &mut [f32]) -> usize {
        let transform = self.sums.transform;
        self.sums.of_row(row, &mut out[..self.sums.targets]);
        match out {
            [score, yes] if self.one_sum => {
                let sum = *score;
                (*score, *yes) = match transform {
                    PostTransform::Logistic => (logistic(-sum), logistic(sum)),
                    PostTransform::Probit => (-transform.apply_single(sum), transform.apply_single(sum)),
                    _ => (1.0 - sum, sum),
                };
                usize::from(sum > 0.0)
            }
            [only] => {
                let label = usize::from(*only > 0.0);
                *only = transform.apply_single(*only);
                label
            }
            out => {
                let label = labels::best(out);
                transform.apply(out);
                label
            }
        }
    }
}

impl Kernel for Classifier {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let rows = self.sums.check(io.tensor(0)?.shape())?;
        let scores = if self.one_sum { 2 } else { self.sums.targets };
        with_floats(io, 0, &mut |io, values| {
            let mut chosen = std::mem::take(&mut io.scratch.usize);
            chosen.clear();
            let mut unused = Vec::new();
            let out = if io.wants(1) {
                io.output::<f32>(1, Shape::matrix(rows, scores))?
            } else {
                unused.resize(rows * scores, 0.0);
                unused.as_mut_slice()
            };
            for (row, out) in values.chunks_exact(self.sums.width).zip(out.chunks_exact_mut(scores)) {
                chosen.push(self.decide(row, out));
            }
            let done = labels::write(io, 0, &self.labels, &chosen);
            io.scratch.usize = chosen;
            done
        })
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        let scores = match self.sums.transform {
            PostTransform::Logistic | PostTransform::Probit if self.one_sum => Scores::Linked(2),
            _ if self.one_sum => Scores::Pair { offset: 1.0, factor: -1.0 },
            _ => self.sums.transformed(),
        };
        Some(self.sums.part(scores))
    }
}
