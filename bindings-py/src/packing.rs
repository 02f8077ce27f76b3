//! Packing for Python.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use scorebox::PackOptions;

use crate::columns::Given;
use crate::engine::engine;
use crate::failure::raise;

/// Packs the bundle at `source` with the profile of `sample`, columns as `score_columns` takes them; the
/// packed archive's bytes.
#[pyfunction]
#[pyo3(signature = (source, sample, rows, bless))]
pub(crate) fn pack<'py>(
    py: Python<'py>,
    source: &str,
    sample: Option<&Bound<'py, PyList>>,
    rows: usize,
    bless: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let given = sample.map(|columns| Given::new(columns, rows)).transpose()?;
    let batch = given.as_ref().map(|given| given.slice(0, rows)).transpose()?;
    let options = PackOptions { bless };
    let packed = py
        .detach(|| scorebox::pack(engine()?, Path::new(source), batch.as_ref(), &options))
        .map_err(|error| raise(py, &error))?;
    Ok(PyBytes::new(py, &packed.zip))
}
