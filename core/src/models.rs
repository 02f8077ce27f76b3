//! Models: from columns of inputs and features to one answer per record.
//!
//! A [`Scoring`] is one model of a bundle, ready to run: what feeds which input of the ONNX graph, which
//! output is the answer, how it is calibrated. Everything that can be wrong about that is found at load;
//! a run meets only values. Tensors and the session's memory are kept between runs.

mod answer;
mod feed;

use std::sync::Arc;

use self::answer::Answer;
use self::feed::FeedPlan;
use crate::calibration;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{self, Calibration, Manifest, OutputKind};
use crate::onnx::{self, Session, Value};
use crate::rules::Column;
use crate::scope::Scope;

/// A model of a bundle, ready to run.
pub struct Scoring {
    model: Arc<onnx::Model>,
    session: Session,
    feeds: Vec<FeedPlan>,
    tensors: Vec<Value>,
    answer: Answer,
    kind: OutputKind,
    margin: Option<Answer>,
    calibration: Calibration,
    row_by_row: bool,
}

/// What a model says about the scored rows.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The calibrated answer; NaN where the model gives no sound one.
    pub score: Vec<f64>,
    /// The margin (log odds, or the value itself where the answer is no probability).
    pub margin: Vec<f64>,
    /// What a model of kind `vector` says instead: `width` numbers per row, one row after another.
    pub vector: Vec<f64>,
    /// Numbers per row of the vector.
    pub width: usize,
}

impl Answers {
    fn clear(&mut self) {
        self.score.clear();
        self.margin.clear();
        self.vector.clear();
        self.width = 0;
    }

    /// The vector of the scored row at this place; empty where there is none.
    #[must_use]
    pub fn vector_of(&self, at: usize) -> &[f64] {
        self.vector.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }
}

/// Runs a session on these inputs.
pub(crate) type Run<'r> = dyn FnMut(&mut Session, &[(&str, &Value)]) -> Result<()> + 'r;

/// Floats that add up to one may pass it by this much.
const ROUNDING: f64 = 1e-6;

impl Scoring {
    /// Reads the ONNX file and checks it against what the manifest says about it.
    ///
    /// # Errors
    /// The model's own errors; `manifest_invalid` where inputs, widths, types or outputs do not fit.
    pub fn load(
        spec: &manifest::Model,
        onnx: &[u8],
        manifest: &Manifest,
        scope: &Scope,
        limits: &Limits,
    ) -> Result<Self> {
        let model = onnx::Model::load(onnx, limits).map_err(|error| error.at(spec.onnx_file()))?;
        model.prepare();
        let (feeds, row_by_row) = feed::plan(spec, &model, manifest, scope)?;
        let manifest::ModelOutput { name, kind, class, labels } = &spec.output;
        let answer = match kind {
            OutputKind::Vector => Answer::plan_vector(&model, name, labels.as_deref()),
            _ => Answer::plan(&model, name, class.as_ref(), *kind),
        };
        let answer = answer.map_err(|error| error.at("output"))?;
        let margin = spec.margin.as_ref().map(|margin| {
            Answer::plan(&model, &margin.name, margin.class.as_ref(), OutputKind::Margin)
                .map_err(|error| error.at("margin"))
        });
        let model = Arc::new(model);
        Ok(Self {
            tensors: feeds.iter().map(|_| Value::default()).collect(),
            session: Session::new(Arc::clone(&model)),
            model,
            feeds,
            answer,
            kind: spec.output.kind,
            margin: margin.transpose()?,
            calibration: spec.calibration.clone(),
            row_by_row,
        })
    }

    /// The ONNX model.
    #[must_use]
    pub fn model(&self) -> &onnx::Model {
        &self.model
    }

    /// The ONNX model, to be shared with what explains it.
    #[must_use]
    pub fn shared(&self) -> Arc<onnx::Model> {
        Arc::clone(&self.model)
    }

    /// Whether the model takes only one row at a time.
    #[must_use]
    pub const fn is_row_by_row(&self) -> bool {
        self.row_by_row
    }

    /// The places of the columns that feed it.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        self.feeds.iter().flat_map(FeedPlan::places).copied().collect()
    }

    /// The inputs of a run on these rows.
    ///
    /// # Errors
    /// `internal` only: load has seen to types and presence.
    pub fn feeds(&mut self, columns: &[Column], rows: &[usize]) -> Result<Vec<(&str, &Value)>> {
        for (feed, tensor) in self.feeds.iter().zip(&mut self.tensors) {
            feed.fill(columns, rows, tensor)?;
        }
        Ok(self.feeds.iter().zip(&self.tensors).map(|(feed, tensor)| (feed.input(), tensor)).collect())
    }

    /// Runs these rows of the columns.
    ///
    /// # Errors
    /// What the model's run gives: `run_value`, `run_budget`; `run_value` where an output has another
    /// shape than one answer per row.
    pub fn run(&mut self, columns: &[Column], rows: &[usize], answers: &mut Answers) -> Result<()> {
        self.run_with(columns, rows, answers, &mut |session, feeds| session.run(feeds))
    }

    /// Runs these rows of the columns by `run`, which may look on; it is called for each row where the model
    /// takes only one at a time.
    ///
    /// # Errors
    /// As [`Self::run`], and those of `run`.
    pub(crate) fn run_with(
        &mut self,
        columns: &[Column],
        rows: &[usize],
        answers: &mut Answers,
        run: &mut Run<'_>,
    ) -> Result<()> {
        answers.clear();
        let part = if self.row_by_row { 1 } else { rows.len().max(1) };
        rows.chunks(part).try_for_each(|rows| self.run_part(columns, rows, answers, run))
    }

    fn run_part(
        &mut self,
        columns: &[Column],
        rows: &[usize],
        answers: &mut Answers,
        run: &mut Run<'_>,
    ) -> Result<()> {
        for (feed, tensor) in self.feeds.iter().zip(&mut self.tensors) {
            feed.fill(columns, rows, tensor)?;
        }
        let feeds: Vec<(&str, &Value)> =
            self.feeds.iter().zip(&self.tensors).map(|(feed, tensor)| (feed.input(), tensor)).collect();
        run(&mut self.session, &feeds)?;
        if self.kind == OutputKind::Vector {
            answers.width = self.answer.read_vector(&self.session, rows.len(), &mut answers.vector)?;
            return Ok(());
        }
        let from = answers.score.len();
        self.answer.read(&self.session, rows.len(), &mut answers.score)?;
        match &self.margin {
            Some(margin) => margin.read(&self.session, rows.len(), &mut answers.margin)?,
            None => {
                let kind = self.kind;
                let margin = |&answer: &f64| {
                    if kind == OutputKind::Probability { calibration::logit(answer) } else { answer }
                };
                answers.margin.extend(answers.score[from..].iter().map(margin));
            }
        }
        let margins = &answers.margin[from..];
        for (score, &margin) in answers.score[from..].iter_mut().zip(margins) {
            *score = self.calibrate(*score, margin);
        }
        Ok(())
    }

    /// The score of a raw answer and its margin; NaN for what is none.
    fn calibrate(&self, answer: f64, margin: f64) -> f64 {
        match self.kind {
            OutputKind::Probability if !(-ROUNDING..=1.0 + ROUNDING).contains(&answer) => f64::NAN,
            // A margin of its own is finer than a probability that has been rounded to a float.
            OutputKind::Probability
                if self.margin.is_some() && self.calibration.method == manifest::CalibrationMethod::Platt =>
            {
                calibration::from_margin(&self.calibration, margin)
            }
            OutputKind::Probability => calibration::from_answer(&self.calibration, answer.clamp(0.0, 1.0)),
            OutputKind::Margin => calibration::from_margin(&self.calibration, answer),
            OutputKind::Value | OutputKind::Label | OutputKind::Vector => {
                calibration::from_answer(&self.calibration, answer)
            }
        }
    }
}

fn mismatch(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
