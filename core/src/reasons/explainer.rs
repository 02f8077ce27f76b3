//! The explainer: a model, what is known of a sample, and contributions for as many rows as are asked for.

use std::sync::Arc;

use super::contributions::Contributions;
use super::exact::Exact;
use super::profile::{Measure, Profile};
use super::terms::{Terms, main_output};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::{Model, Session, Value};

/// What of a model is explained.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The output, by its name. By default probabilities where there are any, else the first output of
    /// floats, else the first one.
    pub output: Option<String>,
    /// Per input its number of columns, where the model does not say it.
    pub widths: Vec<Option<usize>>,
}

impl Subject {
    fn terms(&self, model: &Model) -> Result<Terms> {
        Terms::find(model, self.output_of(model)?, &self.widths)
    }

    /// Whether there are exact contributions.
    ///
    /// # Errors
    /// [`ErrorCode::ModelUnsupported`] where the output is no function of sums that can be explained.
    pub fn find(&self, model: &Model) -> Result<()> {
        self.terms(model).map(drop)
    }

    fn output_of(&self, model: &Model) -> Result<usize> {
        let Some(name) = &self.output else { return Ok(main_output(model)) };
        model.outputs().iter().position(|info| *info.name == **name).ok_or_else(|| {
            let names: Vec<&str> = model.outputs().iter().map(|info| &*info.name).collect();
            let message = format!("the model has no output \"{name}\"; its outputs are {}", names.join(", "));
            Error::new(ErrorCode::RequestInvalid, message).at("output")
        })
    }

    /// Prepares to measure a sample.
    ///
    /// # Errors
    /// [`ErrorCode::ModelUnsupported`] where the output is no function of sums that can be explained.
    pub fn measure(&self, model: &Arc<Model>) -> Result<Measure> {
        Measure::new(model, self.terms(model)?)
    }
}

/// Explains an output of one model.
pub struct Explainer {
    session: Session,
    exact: Exact,
}

impl Explainer {
    /// An explainer with the profile that packing made.
    ///
    /// # Errors
    /// [`ErrorCode::ModelUnsupported`] where the output is no function of sums that can be explained,
    /// [`ErrorCode::BundleNotPacked`] where the profile is missing or is that of another model.
    pub fn new(model: &Arc<Model>, subject: &Subject, profile: Option<&Profile>) -> Result<Self> {
        let terms = subject.terms(model)?;
        let Some(profile) = profile else {
            let message = "reasons need the profile of a sample of records; pack the bundle with a sample";
            return Err(Error::new(ErrorCode::BundleNotPacked, message));
        };
        let exact = Exact::new(model, terms, profile)?;
        Ok(Self { session: Session::new(Arc::clone(model)), exact })
    }

    /// The number of features: the columns of all inputs of the model, in the order of its inputs.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.exact.terms().features
    }

    /// The number of scores that are explained: one for a regression or two classes, else one per class.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.exact.base().len()
    }

    /// For each element of a row of the output, the score that it is or comes from.
    #[must_use]
    pub fn classes(&self) -> &[u32] {
        &self.exact.terms().classes
    }

    /// Whether trees have a part in the scores.
    #[must_use]
    pub const fn has_trees(&self) -> bool {
        !self.exact.terms().parts.is_empty()
    }

    /// The mean of each score over the sample that the profile was made of; what contributions start from.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        self.exact.base()
    }

    /// Fills `out` with the contributions for all rows of `feeds`, which are those of a run of the model.
    ///
    /// # Errors
    /// [`ErrorCode::ReasonsSum`] where base value and contributions do not add up to the margin, which
    /// infinite or missing values of a weighted sum cause; whatever running the model finds.
    pub fn contributions(&mut self, feeds: &[(&str, &Value)], out: &mut Contributions) -> Result<()> {
        let mut watch = self.exact.watch(out);
        self.session.run_watched(feeds, &mut watch, false)?;
        (0..out.rows).try_for_each(|row| out.check(row, self.exact.base()))
    }

    /// Runs a session of the model to its end, and fills `out` on the way. Sums are not checked.
    ///
    /// # Errors
    /// Whatever running the model finds.
    pub(crate) fn run(
        &mut self,
        session: &mut Session,
        feeds: &[(&str, &Value)],
        out: &mut Contributions,
    ) -> Result<()> {
        session.run_watched(feeds, &mut self.exact.watch(out), true)
    }
}
