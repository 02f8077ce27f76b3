//! ZipMap: gives the columns of a table their labels, so that a row reads as a map.

use std::sync::Arc;

use super::features::{rows_and_columns, table};
use super::labels;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};
use crate::onnx::value::{Keys, Value, ValueType};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "ZipMap",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "float",
    build,
};

struct ZipMap {
    keys: Arc<Keys>,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let table = table(spec, 0)?;
    if table.dtype != DType::F32 {
        return Err(spec.wrong_type(0, "tensor(float)"));
    }
    let keys = labels::read(spec, "classlabels_int64s", "classlabels_strings")?;
    if table.columns.is_some_and(|columns| columns != labels::count(&keys)) {
        return Err(mismatch(ErrorCode::ModelShape, &keys, table.columns.unwrap_or(0)));
    }
    let fact =
        Fact { kind: ValueType::ZipMap(labels::dtype(&keys)), dims: Some(vec![table.rows]), constant: None };
    Built::one(ZipMap { keys: Arc::new(keys) }, fact)
}

fn mismatch(code: ErrorCode, keys: &Keys, columns: usize) -> Error {
    Error::new(code, format!("there are {} labels for {columns} columns", labels::count(keys)))
}

impl Kernel for ZipMap {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let (rows, columns) = rows_and_columns(tensor.shape())?;
        if columns != labels::count(&self.keys) {
            return Err(mismatch(ErrorCode::InputShape, &self.keys, columns));
        }
        let out = io.output_value(0)?;
        let mut table = match std::mem::take(out) {
            Value::ZipMap(_, table) => table,
            _ => Tensor::default(),
        };
        table.copy_from(tensor);
        let fits = table.reshape(Shape::matrix(rows, columns));
        debug_assert!(fits, "rows times columns is the number of elements");
        *out = Value::ZipMap(Arc::clone(&self.keys), table);
        Ok(())
    }
}
