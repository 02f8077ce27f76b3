//! Scaler: (x - offset) * scale, per feature.

use super::features::{NUMBERS, check_width, rows_and_columns, table};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::ExplainPart;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Data};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "Scaler",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

struct Scaler {
    offset: Vec<f32>,
    scale: Vec<f32>,
    /// As many columns as the longer list has; `None` where both have one value or none.
    width: Option<usize>,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let table = table(spec, 0)?;
    let offset = spec.attributes.floats("offset")?.unwrap_or_default();
    let scale = spec.attributes.floats("scale")?.unwrap_or_default();
    let width = Some(offset.len().max(scale.len())).filter(|&width| width > 1);
    for (name, list) in [("offset", offset), ("scale", scale)] {
        if list.len() > 1
            && (Some(list.len()) != width || table.columns.is_some_and(|columns| columns != list.len()))
        {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"{name}\" has {} values, must have one or one per feature", list.len()),
            ));
        }
    }
    let dims = spec.input(0)?.dims.clone();
    let one_or_more =
        |list: &[f32], default: f32| if list.is_empty() { vec![default] } else { list.to_vec() };
    let kernel = Scaler { offset: one_or_more(offset, 0.0), scale: one_or_more(scale, 1.0), width };
    Built::one(kernel, Fact::shaped(DType::F32, dims))
}

/// The value for `column` of a list that has one value for all columns or one for each.
fn of(list: &[f32], column: usize) -> f32 {
    list.get(if list.len() == 1 { 0 } else { column }).copied().unwrap_or_default()
}

impl Kernel for Scaler {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let (_, columns) = rows_and_columns(tensor.shape())?;
        if let Some(width) = self.width {
            check_width(columns, width)?;
        }
        let out = io.output::<f32>(0, *tensor.shape())?;
        let mut column = 0;
        // Doubles are scaled as doubles and rounded once, integers as the floats nearest to them.
        macro_rules! scale {
            ($values:expr, $type:ty) => {
                for (out, &value) in out.iter_mut().zip($values) {
                    let (offset, scale) = (of(&self.offset, column), of(&self.scale, column));
                    *out = ((value as $type - <$type>::from(offset)) * <$type>::from(scale)) as f32;
                    column = if column + 1 == columns { 0 } else { column + 1 };
                }
            };
        }
        match tensor.data() {
            Data::F32(values) => scale!(values, f32),
            Data::F64(values) => scale!(values, f64),
            Data::I64(values) => scale!(values, f32),
            Data::I32(values) => scale!(values, f32),
            _ => {}
        }
        Ok(())
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        Some(ExplainPart::Scale { offset: &self.offset, scale: &self.scale })
    }
}
