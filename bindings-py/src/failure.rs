//! The host's errors as the Python exception `scorebox.Error`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use scorebox::{Error, ErrorCode};

static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `scorebox.Error` with the code, path and message of `error`.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    build(py, error.code().as_str(), error.message(), error.path())
}

/// `scorebox.Error` about an argument of the call that cannot be passed on.
pub(crate) fn refuse(py: Python<'_>, code: ErrorCode, message: &str, path: &str) -> PyErr {
    build(py, code.as_str(), message, path)
}

fn build(py: Python<'_>, code: &str, message: &str, path: &str) -> PyErr {
    match CLASS.import(py, "scorebox._errors", "Error").and_then(|class| class.call1((code, message, path))) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Every code that `scorebox.Error.code` can have, with one line on what it means.
#[pyfunction]
pub(crate) fn error_codes() -> Vec<(&'static str, &'static str)> {
    ErrorCode::ALL.iter().map(|code| (code.as_str(), code.explain().trim())).collect()
}
