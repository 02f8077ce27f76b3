//! The table of numbers that most operators of `ai.onnx.ml` take: a row per record, a column per
//! feature, as float, double, int64 or int32. A list counts as one row.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Io, NodeSpec};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data, Tensor};

/// The documentation's text for the types of such a table.
pub(super) const NUMBERS: &str = "float, double, int64, int32";

/// What is known at load of a table.
pub(super) struct Table {
    /// Its element type.
    pub(super) dtype: DType,
    /// The number of rows.
    pub(super) rows: Dim,
    /// The number of columns, if known.
    pub(super) columns: Option<usize>,
}

/// Checks at load that input `at` has numbers, whatever its shape.
pub(super) fn numbers(spec: &NodeSpec<'_>, at: usize) -> Result<DType> {
    match spec.dtype(at)? {
        dtype @ (DType::F32 | DType::F64 | DType::I64 | DType::I32) => Ok(dtype),
        _ => Err(spec.wrong_type(at, "a tensor of float, double, int64 or int32")),
    }
}

/// Checks at load that input `at` is a table of numbers.
pub(super) fn table(spec: &NodeSpec<'_>, at: usize) -> Result<Table> {
    let dtype = numbers(spec, at)?;
    let fact = spec.input(at)?;
    let (rows, columns) = match fact.dims.as_deref() {
        None => (Dim::Unknown, None),
        Some([columns]) => (Dim::Known(1), Some(columns)),
        Some([rows, columns]) => (rows.clone(), Some(columns)),
        Some(dims) => {
            return Err(Error::new(
                ErrorCode::ModelShape,
                format!("input {at} has {} axes, must have one or two", dims.len()),
            ));
        }
    };
    let columns = if let Some(Dim::Known(columns)) = columns { Some(*columns) } else { None };
    Ok(Table { dtype, rows, columns })
}

/// Rows and columns of a table at run time.
pub(super) fn rows_and_columns(shape: &Shape) -> Result<(usize, usize)> {
    match *shape.sizes() {
        [columns] => Ok((1, columns)),
        [rows, columns] => Ok((rows, columns)),
        _ => Err(Error::new(
            ErrorCode::InputShape,
            format!("a table of features must have one or two axes, got shape {shape}"),
        )),
    }
}

/// Checks that a table has as many columns as the attributes of its operator speak of.
pub(super) fn check_width(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::new(ErrorCode::InputShape, format!("the input must have {expected} columns, got {found}")))
}

/// The elements of a table as float, converted into `space` where they are of another type.
pub(super) fn floats<'a>(tensor: &'a Tensor, space: &'a mut Vec<f32>) -> &'a [f32] {
    space.clear();
    match tensor.data() {
        Data::F32(values) => return values,
        Data::F64(values) => space.extend(values.iter().map(|&value| value as f32)),
        Data::I64(values) => space.extend(values.iter().map(|&value| value as f32)),
        Data::I32(values) => space.extend(values.iter().map(|&value| value as f32)),
        _ => {}
    }
    space
}

/// Runs `run` with the elements of input `at` as float.
pub(super) fn with_floats(
    io: &mut Io<'_>,
    at: usize,
    run: &mut dyn FnMut(&mut Io<'_>, &[f32]) -> Result<()>,
) -> Result<()> {
    let tensor = io.tensor(at)?;
    let mut space = std::mem::take(&mut io.scratch.f32);
    let done = run(io, floats(tensor, &mut space));
    io.scratch.f32 = space;
    done
}
