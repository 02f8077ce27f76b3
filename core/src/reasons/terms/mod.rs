//! A model's answer as a sum of terms, each of which is explained by itself.
//!
//! Shapley values are linear: what a feature contributes to a weighted sum is the weighted sum of what it
//! contributes to the terms (L. Shapley, "A value for n-person games", 1953). So the walk through a model's
//! plan asks of every element of every value what it depends on: nothing, one feature, or a sum of terms,
//! where a term is the votes of an ensemble's trees or a value that one feature makes alone (a scaled
//! number, a column of a one-hot encoding, a WOE). A function of a single feature contributes its distance
//! from its own mean, exactly. Sums stay sums through whatever adds, scales and moves them: averages of
//! models, several ensembles in one graph, linear models over trees or over projections.
//!
//! Past the last sum come links: logistic functions, softmax, calibration. They are not explained; the
//! contributions are those to the margin under them. What mixes features in any other way has no exact
//! answer here and is refused.

mod element;
mod linear;
mod operators;
mod probe;
mod walk;

pub(super) use self::element::{Sum, Term};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::{Dim, Model, ValueInfo, ValueType};

/// A part of a model that is trees.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its step in the plan.
    pub(super) step: usize,
    /// For each column of its input the feature that makes it.
    pub(super) columns: Vec<u32>,
}

/// A value that one feature makes alone, read where a step takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The step.
    pub(super) step: usize,
    /// Which of its inputs.
    pub(super) input: usize,
    /// Which element of a row of that input, of how many.
    pub(super) element: usize,
    /// Elements per row of that input.
    pub(super) width: usize,
    /// The feature.
    pub(super) feature: u32,
}

/// What explains an output of a model.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// The features: columns of all inputs, in the order of inputs.
    pub(super) features: usize,
    pub(super) parts: Vec<Part>,
    pub(super) readings: Vec<Reading>,
    /// The sums that are explained.
    pub(super) sums: Vec<Sum>,
    /// For each element of a row of the output the sum that it comes from.
    pub(super) classes: Vec<u32>,
}

impl Terms {
    /// Finds the sums that output `output` of a model comes from. `widths` holds what the model does not say:
    /// the number of columns of an input.
    ///
    /// # Errors
    /// [`ErrorCode::ModelUnsupported`] where the output mixes features in other ways.
    pub(super) fn find(model: &Model, output: usize, widths: &[Option<usize>]) -> Result<Self> {
        walk::walk(model, output, widths)
    }

    /// The steps of the plan whose inputs are looked at, ascending.
    pub(super) fn steps(&self) -> Vec<usize> {
        let parts = self.parts.iter().map(|part| part.step);
        let mut steps: Vec<usize> = parts.chain(self.readings.iter().map(|reading| reading.step)).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

/// The output of a model that an explanation is about, unless another is asked for: probabilities where
/// there are any, else the first output of floats, else the first one.
pub(super) fn main_output(model: &Model) -> usize {
    let outputs = model.outputs();
    let floats = |info: &ValueInfo| matches!(&info.kind, ValueType::Tensor(dtype) if dtype.is_float());
    let find = |wanted: &dyn Fn(&ValueInfo) -> bool| outputs.iter().position(wanted);
    find(&|info| matches!(info.kind, ValueType::ZipMap(_)))
        .or_else(|| find(&|info| floats(info) && info.name.to_ascii_lowercase().contains("prob")))
        .or_else(|| find(&floats))
        .unwrap_or(0)
}

/// The columns of each input of a model, and how many there are in all.
///
/// # Errors
/// [`ErrorCode::ModelUnsupported`] where an input is no table or list of elements, or neither the model nor
/// `widths` says how wide it is.
pub(super) fn input_widths(model: &Model, widths: &[Option<usize>]) -> Result<Vec<usize>> {
    let width = |(at, info): (usize, &ValueInfo)| {
        let given = widths.get(at).copied().flatten();
        let known = match (&info.kind, info.dims.as_deref()) {
            (ValueType::Tensor(_), Some([_])) => Some(1),
            (ValueType::Tensor(_), Some([_, Dim::Known(width)])) => Some(*width),
            (ValueType::Tensor(_), Some([_, _]) | None) => given,
            _ => None,
        };
        known.ok_or_else(|| {
            unsupported("contributions need inputs that are tables of known width, a row per record")
                .at(&info.name)
        })
    };
    model.inputs().iter().enumerate().map(width).collect()
}

pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelUnsupported, message)
}
