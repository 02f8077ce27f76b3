//! FeatureVectorizer: puts tables side by side as one table of floats.

use super::features::{NUMBERS, floats, table};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "FeatureVectorizer",
    versions: &[1],
    inputs: (1, usize::MAX),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

struct FeatureVectorizer {
    /// Columns to take of each input, padded with zeros where it has fewer; all where not given.
    widths: Option<Vec<usize>>,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let mut rows = Dim::Unknown;
    let mut total = Some(0usize);
    for at in 0..spec.inputs.len() {
        let table = table(spec, at)?;
        if rows == Dim::Unknown {
            rows = table.rows;
        }
        total = total.zip(table.columns).and_then(|(sum, columns)| sum.checked_add(columns));
    }
    let widths = match spec.attributes.ints("inputdimensions")? {
        None => None,
        Some(list) => Some(checked(list, spec.inputs.len())?),
    };
    if let Some(widths) = &widths {
        total = widths.iter().try_fold(0usize, |sum, &width| sum.checked_add(width));
        if total.is_none() {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                "attribute \"inputdimensions\" adds up to too much",
            ));
        }
    }
    let dims = vec![rows, total.map_or(Dim::Unknown, Dim::Known)];
    Built::one(FeatureVectorizer { widths }, Fact::shaped(DType::F32, Some(dims)))
}

fn checked(list: &[i64], inputs: usize) -> Result<Vec<usize>> {
    let widths: Vec<usize> = list.iter().filter_map(|&width| usize::try_from(width).ok()).collect();
    if widths.len() == list.len() && widths.len() == inputs {
        return Ok(widths);
    }
    Err(Error::new(
        ErrorCode::ModelAttribute,
        format!("attribute \"inputdimensions\" must have a width, not negative, for each of {inputs} inputs"),
    ))
}

/// Rows of an input and how many elements each has; axes after the first count as columns.
fn rows_and_width(shape: &Shape) -> (usize, usize) {
    match shape.sizes() {
        [] => (1, 1),
        [columns] => (1, *columns),
        [rows, inner @ ..] => (*rows, inner.iter().product()),
    }
}

impl Kernel for FeatureVectorizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let inputs = io.input_count();
        let mut rows = None;
        let mut total = 0usize;
        for at in 0..inputs {
            let (found, columns) = rows_and_width(io.tensor(at)?.shape());
            if *rows.get_or_insert(found) != found {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("input {at} has {found} rows, the inputs before it have another number"),
                ));
            }
            total = total.saturating_add(self.width(at, columns));
        }
        let shape = Shape::matrix(rows.unwrap_or(0), total);
        let mut space = std::mem::take(&mut io.scratch.f32);
        let (source, limit) = (io.inputs, io.check(&shape));
        limit?;
        let out = io.output::<f32>(0, shape)?;
        let mut start = 0;
        for at in 0..inputs {
            let Some(tensor) = source.tensor(at) else { continue };
            let (_, columns) = rows_and_width(tensor.shape());
            let width = self.width(at, columns);
            let values = floats(tensor, &mut space);
            for (row, out) in out.chunks_exact_mut(total.max(1)).enumerate() {
                for (column, out) in out.iter_mut().skip(start).take(width).enumerate() {
                    *out = if column < columns { values[row * columns + column] } else { 0.0 };
                }
            }
            start += width;
        }
        io.scratch.f32 = space;
        Ok(())
    }
}

impl FeatureVectorizer {
    fn width(&self, at: usize, columns: usize) -> usize {
        self.widths.as_ref().map_or(columns, |widths| widths.get(at).copied().unwrap_or(0))
    }
}
