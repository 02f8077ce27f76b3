//! The explainer: a model, its profile, and contributions for as many rows as are asked for.

use std::sync::Arc;

use super::locate::locate;
use super::profile::Profile;
use super::shapley::{TreeShape, Walk};
use super::trees::Trees;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::ExplainPart;
use crate::onnx::kernel::Inputs;
use crate::onnx::{Data, Model, Session, Value};

/// Base value and contributions may differ from the margin by this share of it, or of 1 where it is less.
const TOLERANCE: f64 = 1e-6;

/// The part of a model that is explained.
pub(super) struct Explained {
    pub(super) step: usize,
    pub(super) trees: Option<Trees>,
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    origins: Vec<u32>,
    features: usize,
    outputs: usize,
}

impl Explained {
    pub(super) fn find(model: &Model) -> Result<Self> {
        let located = locate(model)?;
        let mut explained = Self {
            step: located.step,
            trees: None,
            weights: Vec::new(),
            intercepts: Vec::new(),
            origins: located.origins,
            features: located.features,
            outputs: 0,
        };
        match model.plan().steps.get(located.step).and_then(|step| step.kernel.explain_part()) {
            Some(ExplainPart::Trees(part)) => {
                let trees = Trees::new(&part)?;
                explained.outputs = trees.outputs();
                explained.trees = Some(trees);
            }
            Some(ExplainPart::Linear(part)) => {
                explained.weights = part.coefficients.iter().map(|&weight| f64::from(weight)).collect();
                explained.intercepts =
                    part.intercepts.iter().map(|&intercept| f64::from(intercept)).collect();
                explained.outputs = explained.weights.len() / explained.origins.len().max(1);
                explained.intercepts.resize(explained.outputs, 0.0);
            }
            _ => return Err(Error::new(ErrorCode::Internal, "the part that makes scores is gone")),
        }
        Ok(explained)
    }

    /// Reads the rows that the part gets, as doubles; gives their number and width.
    pub(super) fn rows(&self, inputs: &dyn Inputs, rows: &mut Vec<f64>) -> Result<(usize, usize)> {
        let tensor = inputs
            .tensor(0)
            .ok_or_else(|| Error::new(ErrorCode::Internal, "the part that makes scores has no input"))?;
        rows.clear();
        match tensor.data() {
            // Trees of floats compare floats, so doubles are cut to what the model sees of them later.
            Data::F32(values) => rows.extend(values.iter().map(|&value| f64::from(value))),
            Data::F64(values) => rows.extend_from_slice(values),
            Data::I64(values) => rows.extend(values.iter().map(|&value| value as f64)),
            Data::I32(values) => rows.extend(values.iter().map(|&value| f64::from(value))),
            _ => return Err(Error::new(ErrorCode::Internal, "the part that makes scores gets no numbers")),
        }
        let width = self.origins.len();
        let needed = self.trees.as_ref().map_or(width, Trees::width);
        if width == 0 || !rows.len().is_multiple_of(width) || needed > width {
            return Err(Error::new(ErrorCode::InputShape, format!("the model's part takes {width} columns")));
        }
        Ok((rows.len() / width, width))
    }
}

/// What the features of each row contribute to each score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// The number of rows.
    pub rows: usize,
    /// The number of scores that are explained: one for a regression or two classes, else one per class.
    pub outputs: usize,
    /// The number of features.
    pub features: usize,
    /// `rows * outputs * features` contributions, in the unit of the margin (log-odds for most
    /// classifiers, a probability for random forests).
    pub values: Vec<f64>,
    /// `rows * outputs` margins: the score before any transform, summed in double.
    pub margins: Vec<f64>,
}

impl Contributions {
    /// The contributions of all features to one score of one row.
    #[must_use]
    pub fn of(&self, row: usize, output: usize) -> &[f64] {
        let start = (row * self.outputs + output) * self.features;
        self.values.get(start..start + self.features).unwrap_or_default()
    }
}

/// Explains the answers of one model.
pub struct Explainer {
    session: Session,
    explained: Explained,
    shapes: Vec<(TreeShape, Vec<u32>)>,
    base: Vec<f64>,
    means: Vec<f64>,
    walk: Walk,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

impl Explainer {
    /// An explainer of this model with the profile that packing made.
    ///
    /// # Errors
    /// [`ErrorCode::ModelUnsupported`] where the model has no part that reasons can be made of,
    /// [`ErrorCode::BundleNotPacked`] where the profile is missing or is that of another model.
    pub fn new(model: &Arc<Model>, profile: Option<&Profile>) -> Result<Self> {
        let explained = Explained::find(model)?;
        let unpacked = |message: &str| Err(Error::new(ErrorCode::BundleNotPacked, message));
        let Some(profile) = profile else {
            return unpacked(
                "reasons need the profile of a sample of records; pack the bundle with a sample",
            );
        };
        let (mut shapes, mut base) = (Vec::new(), Vec::new());
        match &explained.trees {
            Some(trees) => {
                let honest = |cover: &f64| cover.is_finite() && *cover >= 0.0;
                if profile.covers.len() != trees.nodes() || !profile.covers.iter().all(honest) {
                    return unpacked(
                        "the node covers are not those of this model; pack the bundle with a sample",
                    );
                }
                shapes = trees.shapes(&profile.covers);
                base = trees.base(&shapes);
            }
            None => {
                if profile.means.len() != explained.origins.len()
                    || !profile.means.iter().all(|m| m.is_finite())
                {
                    return unpacked(
                        "the column means are not those of this model; pack the bundle with a sample",
                    );
                }
                for (weights, intercept) in
                    explained.weights.chunks_exact(explained.origins.len().max(1)).zip(&explained.intercepts)
                {
                    let sum: f64 =
                        weights.iter().zip(&profile.means).map(|(weight, mean)| weight * mean).sum();
                    base.push(intercept + sum);
                }
            }
        }
        Ok(Self {
            session: Session::new(Arc::clone(model)),
            explained,
            shapes,
            base,
            means: profile.means.clone(),
            walk: Walk::default(),
            rows: Vec::new(),
            columns: Vec::new(),
        })
    }

    /// The number of features: the columns of all inputs of the model, in the order of its inputs.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.explained.features
    }

    /// The number of scores that are explained: one for a regression or two classes, else one per class.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.explained.outputs
    }

    /// The mean margin over the sample that the profile was made of; what contributions start from.
    #[must_use]
    pub fn base(&self, output: usize) -> f64 {
        self.base.get(output).copied().unwrap_or(f64::NAN)
    }

    /// Fills `out` with the contributions for all rows of `feeds`, which are those of a run of the model.
    ///
    /// # Errors
    /// [`ErrorCode::ReasonsSum`] where base value and contributions do not add up to the margin, which
    /// infinite or missing values of a weighted sum cause; whatever running the model finds.
    pub fn contributions(&mut self, feeds: &[(&str, &Value)], out: &mut Contributions) -> Result<()> {
        let (mut rows, mut columns) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.columns));
        let (explained, step) = (&self.explained, self.explained.step);
        let found = self.session.read_before(feeds, step, |inputs| explained.rows(inputs, &mut rows));
        let done = found.and_then(|(count, width)| {
            (out.rows, out.outputs, out.features) = (count, self.explained.outputs, self.explained.features);
            out.values.clear();
            out.values.resize(count * out.outputs * out.features, 0.0);
            out.margins.clear();
            out.margins.resize(count * out.outputs, 0.0);
            columns.resize(out.outputs * width, 0.0);
            for (at, row) in rows.chunks_exact(width).enumerate() {
                self.explain_row(at, row, &mut columns, out)?;
            }
            Ok(())
        });
        (self.rows, self.columns) = (rows, columns);
        done
    }

    fn explain_row(
        &mut self,
        at: usize,
        row: &[f64],
        columns: &mut [f64],
        out: &mut Contributions,
    ) -> Result<()> {
        let (outputs, features, width) = (out.outputs, out.features, row.len());
        columns.fill(0.0);
        let margins = &mut out.margins[at * outputs..(at + 1) * outputs];
        if let Some(trees) = &self.explained.trees {
            trees.margins(row, margins);
            trees.contributions(&self.shapes, row, &mut self.walk, columns);
        } else {
            for (output, margin) in margins.iter_mut().enumerate() {
                *margin = self.explained.intercepts[output];
                for (column, &value) in row.iter().enumerate() {
                    let weight = self.explained.weights[output * width + column];
                    columns[output * width + column] = weight * (value - self.means[column]);
                    *margin += weight * value;
                }
            }
        }
        let values = &mut out.values[at * outputs * features..(at + 1) * outputs * features];
        for (output, margin) in margins.iter().enumerate() {
            let mut sum = self.base[output];
            for (column, &origin) in self.explained.origins.iter().enumerate() {
                let contribution = columns[output * width + column];
                values[output * features + origin as usize] += contribution;
                sum += contribution;
            }
            let allowed = TOLERANCE * margin.abs().max(1.0);
            let apart = (sum - margin).abs();
            if apart.is_nan() || apart > allowed {
                return Err(Error::new(
                    ErrorCode::ReasonsSum,
                    format!("row {at}: the contributions do not add up to the model's margin"),
                ));
            }
        }
        Ok(())
    }
}
