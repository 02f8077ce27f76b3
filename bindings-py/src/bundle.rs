//! A bundle for Python.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use scorebox::{BanditState, Batch, BatchOutput, Bundle, Counts, Error, ErrorCode, Held, Now, ScoreOptions};

use crate::columns::Given;
use crate::engine::engine;
use crate::failure::raise;
use crate::stream::{Stream, read_stream};

/// A loaded bundle; `scorebox.Bundle` is its public face.
#[pyclass(frozen, module = "scorebox._native")]
pub(crate) struct NativeBundle {
    bundle: Bundle,
}

/// Time, salt, reasons, language, held, state (JSON), monitor, what-if: as Python has them.
type Options =
    (String, Option<Vec<u8>>, Option<u32>, Option<String>, Option<String>, Option<String>, bool, bool);

fn read_options(py: Python<'_>, options: Options) -> PyResult<ScoreOptions> {
    let (now, salt, reasons, lang, held, state, monitor, what_if) = options;
    let held = held.map(|held| match held.as_str() {
        "first" => Ok(Held::First),
        "all" => Ok(Held::All),
        "counts" => Ok(Held::Counts),
        _ => Err(Error::new(ErrorCode::RequestInvalid, "held is 'first', 'all' or 'counts'").at("held")),
    });
    let held = held.transpose().map_err(|error| raise(py, &error))?;
    let state =
        state.map(|state| BanditState::parse(&state)).transpose().map_err(|error| raise(py, &error))?;
    Ok(ScoreOptions { now: Now::At(now), salt, reasons, lang, held, state, monitor, what_if })
}

/// Rows that go to the module in one call: enough to hide a call's cost, few enough that explaining
/// each row of a large model meets the deadline of a call, whatever the length of the batch.
const CHUNK_ROWS: usize = 1 << 10;

#[pymethods]
impl NativeBundle {
    /// Loads a bundle from its folder or archive (`str`) or from the archive's bytes.
    #[staticmethod]
    fn load(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let bundle = if let Ok(bytes) = source.cast::<PyBytes>() {
            let bytes = bytes.as_bytes().to_vec();
            py.detach(|| Bundle::from_bytes(engine()?, bytes))
        } else {
            let path: String = source.extract()?;
            py.detach(|| Bundle::load(engine()?, path))
        };
        Ok(Self { bundle: bundle.map_err(|error| raise(py, &error))? })
    }

    /// What the module says about the bundle, as JSON.
    fn describe(&self) -> String {
        self.bundle.describe().to_string()
    }

    /// The digest of the module that scores it.
    fn module_digest(&self) -> &str {
        self.bundle.module_digest()
    }

    /// The decision on one record (JSON), as canonical bytes.
    fn score<'py>(&self, py: Python<'py>, record: &str, options: Options) -> PyResult<Bound<'py, PyBytes>> {
        let options = read_options(py, options)?;
        let decision =
            py.detach(|| self.bundle.score(record, &options)).map_err(|error| raise(py, &error))?;
        Ok(PyBytes::new(py, decision.as_bytes()))
    }

    /// The decision on a request in the module's own form, as canonical bytes.
    fn score_request<'py>(&self, py: Python<'py>, request: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let decision = py.detach(|| self.bundle.score_request(request)).map_err(|error| raise(py, &error))?;
        Ok(PyBytes::new(py, decision.as_bytes()))
    }

    /// Decisions on the rows of columns: `(name, dtype, elements, valid)` each.
    fn score_columns(
        &self,
        py: Python<'_>,
        columns: &Bound<'_, PyList>,
        rows: usize,
        options: Options,
        decisions: bool,
    ) -> PyResult<Stream> {
        let options = read_options(py, options)?;
        let given = Given::new(columns, rows)?;
        let mut stream = Stream::default();
        for start in chunk_starts(rows) {
            let batch = given.slice(start, CHUNK_ROWS.min(rows - start))?;
            stream.push(self.score_batch(py, &batch, &options, decisions)?)?;
        }
        Ok(stream)
    }

    /// Decisions on the rows of an object with `__arrow_c_stream__`.
    fn score_stream(
        &self,
        py: Python<'_>,
        frame: &Bound<'_, PyAny>,
        options: Options,
        decisions: bool,
    ) -> PyResult<Stream> {
        let options = read_options(py, options)?;
        let mut stream = Stream::default();
        read_stream(frame, CHUNK_ROWS, |batch| {
            stream.push(self.score_batch(py, batch, &options, decisions)?)
        })?;
        Ok(stream)
    }

    /// What was counted since the last time, as JSON.
    fn take_counts(&self, py: Python<'_>) -> PyResult<String> {
        let counts = py.detach(|| self.bundle.take_counts()).map_err(|error| raise(py, &error))?;
        Ok(counts.json().to_string())
    }

    /// Adds counts (JSON each) up and reports on them; `{"counts", "report"}` as JSON.
    #[allow(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
    fn monitor(&self, py: Python<'_>, counts: Vec<String>) -> PyResult<String> {
        let report = py.detach(|| {
            let counts = counts.iter().map(|counts| Counts::parse(counts)).collect::<Result<Vec<_>, _>>()?;
            self.bundle.monitor(&counts)
        });
        Ok(report.map_err(|error| raise(py, &error))?.to_string())
    }

    /// A bandit's new state, from `{"state", "rewards"}` as JSON.
    fn update(&self, py: Python<'_>, update: &str) -> PyResult<String> {
        let state = py.detach(|| self.bundle.update(update)).map_err(|error| raise(py, &error))?;
        Ok(state.as_str().to_owned())
    }

    /// Replays the bundle's golden records; the report as JSON.
    fn verify(&self, py: Python<'_>) -> PyResult<String> {
        let report = py.detach(|| self.bundle.verify()).map_err(|error| raise(py, &error))?;
        Ok(report.to_string())
    }
}

impl NativeBundle {
    fn score_batch(
        &self,
        py: Python<'_>,
        batch: &Batch<'_>,
        options: &ScoreOptions,
        decisions: bool,
    ) -> PyResult<Batch<'static>> {
        let output = if decisions { BatchOutput::Decisions } else { BatchOutput::Columns };
        py.detach(|| self.bundle.score_batch(batch, options, output)).map_err(|error| raise(py, &error))
    }
}

/// Where each chunk starts; a frame without rows still goes to the module once, for the columns it gives.
fn chunk_starts(rows: usize) -> impl Iterator<Item = usize> {
    (0..rows.max(1)).step_by(CHUNK_ROWS)
}
