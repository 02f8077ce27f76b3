//! Finds the part of a model that makes its score, and which input column each of its columns comes
//! from.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::ExplainPart;
use crate::onnx::plan::Source;
use crate::onnx::{Dim, Model, ValueInfo};

/// The step of a model's plan that makes the score.
pub(super) struct Located {
    /// Its place in the plan.
    pub(super) step: usize,
    /// For each column of its input the feature that it comes from: the number of a column over all
    /// inputs of the model, in their order.
    pub(super) origins: Vec<u32>,
    /// The number of columns over all inputs of the model.
    pub(super) features: usize,
}

/// Columns of a value, by the features that they come from.
type Columns = Option<Vec<u32>>;

/// Looks for the one step of trees or weighted sums.
///
/// # Errors
/// [`ErrorCode::ModelUnsupported`] where there is none, more than one, or one whose input is not made
/// column by column of the model's inputs.
pub(super) fn locate(model: &Model) -> Result<Located> {
    let plan = model.plan();
    let mut found = None;
    for (at, step) in plan.steps.iter().enumerate() {
        if matches!(step.kernel.explain_part(), Some(ExplainPart::Trees(_) | ExplainPart::Linear(_))) {
            if found.is_some() {
                return Err(unsupported(
                    "more than one part of the model makes scores; reasons need exactly one",
                ));
            }
            found = Some(at);
        }
    }
    let Some(found) = found else {
        return Err(unsupported(
            "no part of the model is a sum of trees or of weighted features, which is what reasons are made of",
        ));
    };
    let (starts, features) = feature_numbers(model.inputs());
    let mut slots: Vec<Columns> = vec![None; plan.slots];
    for step in &plan.steps[..found] {
        let columns =
            columns_of(step.kernel.explain_part(), &step.inputs, |source| read(source, &slots, &starts));
        for (place, &slot) in step.outputs.iter().enumerate() {
            if let Some(value) = slots.get_mut(slot as usize) {
                *value = if place == 0 { columns.clone() } else { None };
            }
        }
    }
    let step = &plan.steps[found];
    match step.inputs.first().and_then(|&source| read(source, &slots, &starts)) {
        Some(origins) => Ok(Located { step: found, origins, features }),
        None => Err(unsupported(
            "its columns are not those of the model's inputs: between them are operators that mix columns, or an \
             input whose width the model does not say",
        )
        .at(&step.place)),
    }
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorCode::ModelUnsupported, message)
}

/// For each input of a model the features that its columns are, and how many there are in all. An
/// input that is no table of known width has none.
fn feature_numbers(inputs: &[ValueInfo]) -> (Vec<Columns>, usize) {
    let mut next = 0;
    let numbers = inputs
        .iter()
        .map(|info| {
            let Some([_, Dim::Known(width)]) = info.dims.as_deref() else { return None };
            let width = u32::try_from(*width).ok()?;
            let columns = (next..next + width).collect();
            next += width;
            Some(columns)
        })
        .collect();
    (numbers, next as usize)
}

fn read(source: Source, slots: &[Columns], starts: &[Columns]) -> Columns {
    match source {
        Source::Slot(slot) => slots.get(slot as usize)?.clone(),
        Source::Outer(input) => starts.get(input as usize)?.clone(),
        Source::Missing | Source::Constant(_) => None,
    }
}

fn columns_of(part: Option<ExplainPart<'_>>, inputs: &[Source], read: impl Fn(Source) -> Columns) -> Columns {
    match part? {
        ExplainPart::Columnwise | ExplainPart::Scale { .. } => read(*inputs.first()?),
        ExplainPart::SideBySide => {
            let mut all = Vec::new();
            for &source in inputs {
                all.extend(read(source)?);
            }
            Some(all)
        }
        ExplainPart::Trees(_) | ExplainPart::Linear(_) => None,
    }
}
