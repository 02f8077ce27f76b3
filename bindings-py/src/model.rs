//! A bare model for Python.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use scorebox::{Model, Port, Tensor, Value};

use crate::arrays::{Held, give};
use crate::engine::engine;
use crate::failure::raise;

/// A loaded ONNX model; `scorebox.Model` is its public face.
#[pyclass(frozen, module = "scorebox._native")]
pub(crate) struct NativeModel {
    model: Model,
}

/// A value that Python handed over, in the shape of [`Value`].
enum Given<'py> {
    Tensor(Vec<usize>, Held<'py>),
    Sequence(Vec<Given<'py>>),
    Map(Box<(Given<'py>, Given<'py>)>),
    Nothing,
}

#[pymethods]
impl NativeModel {
    /// Loads an ONNX file from its path (`str`) or bytes.
    #[staticmethod]
    fn load(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let model = if let Ok(bytes) = source.cast::<PyBytes>() {
            let bytes = bytes.as_bytes().to_vec();
            py.detach(|| Model::from_bytes(engine()?, bytes))
        } else {
            let path: String = source.extract()?;
            py.detach(|| Model::load(engine()?, path))
        };
        Ok(Self { model: model.map_err(|error| raise(py, &error))? })
    }

    /// The inputs: name, type as ONNX writes it, sizes of the axes (`int`, `str` or `None` each).
    fn inputs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        ports(py, self.model.inputs())
    }

    /// The outputs, described as the inputs are.
    fn outputs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        ports(py, self.model.outputs())
    }

    /// Runs the model on `(name, value)` pairs and gives such pairs. A value is a tuple: `("tensor",
    /// dtype, dims, elements)`, `("sequence", values)`, `("map", keys, values)`, `("none",)`, and as an
    /// output also `("zipmap", keys, table)`.
    fn run<'py>(&self, py: Python<'py>, inputs: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyList>> {
        let mut names = Vec::with_capacity(inputs.len());
        let mut given = Vec::with_capacity(inputs.len());
        for pair in inputs.iter() {
            let (name, value): (String, Bound<'py, PyTuple>) = pair.extract()?;
            names.push(name);
            given.push(take(&value, 0)?);
        }
        let values = given.iter().map(lend).collect::<PyResult<Vec<_>>>()?;
        let feeds: Vec<(&str, Value<'_>)> = names.iter().map(String::as_str).zip(values).collect();
        let outputs = py.detach(|| self.model.run(&feeds)).map_err(|error| raise(py, &error))?;
        let list = PyList::empty(py);
        for (name, value) in &outputs {
            list.append((name, show(py, value)?))?;
        }
        Ok(list)
    }
}

fn ports<'py>(py: Python<'py>, ports: &[Port]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for port in ports {
        let dims = match &port.dims {
            None => None,
            Some(axes) => {
                let dims = PyList::empty(py);
                for axis in axes {
                    append_axis(&dims, axis)?;
                }
                Some(dims)
            }
        };
        list.append((&port.name, &port.kind, dims))?;
    }
    Ok(list)
}

fn append_axis(dims: &Bound<'_, PyList>, axis: &scorebox::Axis) -> PyResult<()> {
    match axis {
        scorebox::Axis::Size(size) => dims.append(size),
        scorebox::Axis::Name(name) => dims.append(name),
        scorebox::Axis::Unknown => dims.append(dims.py().None()),
    }
}

/// Values within values that Python may hand over; ONNX types nest no deeper than a few levels.
const MAX_DEPTH: usize = 8;

fn take<'py>(value: &Bound<'py, PyTuple>, depth: usize) -> PyResult<Given<'py>> {
    if depth > MAX_DEPTH {
        return Err(PyValueError::new_err("values are nested too deeply for a model"));
    }
    let kind: String = value.get_item(0)?.extract()?;
    let tuple =
        |at: usize| -> PyResult<Given<'py>> { take(value.get_item(at)?.cast::<PyTuple>()?, depth + 1) };
    match kind.as_str() {
        "tensor" => {
            let dtype: u8 = value.get_item(1)?.extract()?;
            Ok(Given::Tensor(value.get_item(2)?.extract()?, Held::new(dtype, &value.get_item(3)?)?))
        }
        "sequence" => {
            let items = value.get_item(1)?;
            let items = items.cast::<PyList>()?;
            items
                .iter()
                .map(|item| take(item.cast::<PyTuple>()?, depth + 1))
                .collect::<PyResult<_>>()
                .map(Given::Sequence)
        }
        "map" => Ok(Given::Map(Box::new((tuple(1)?, tuple(2)?)))),
        "none" => Ok(Given::Nothing),
        other => Err(PyValueError::new_err(format!("unknown kind of value {other:?}"))),
    }
}

fn lend<'a>(given: &'a Given<'_>) -> PyResult<Value<'a>> {
    Ok(match given {
        Given::Tensor(..) => Value::Tensor(tensor(given)?),
        Given::Sequence(items) => Value::Sequence(items.iter().map(lend).collect::<PyResult<_>>()?),
        Given::Map(pair) => Value::Map { keys: tensor(&pair.0)?, values: tensor(&pair.1)? },
        Given::Nothing => Value::Optional(None),
    })
}

fn tensor<'a>(given: &'a Given<'_>) -> PyResult<Tensor<'a>> {
    match given {
        Given::Tensor(dims, held) if held.valid().is_none() => {
            Ok(Tensor { dims: dims.clone(), data: held.data()? })
        }
        Given::Tensor(..) => Err(PyValueError::new_err("a tensor of strings holds None")),
        _ => Err(PyValueError::new_err("a map's keys and values are tensors")),
    }
}

fn show<'py>(py: Python<'py>, value: &Value<'_>) -> PyResult<Bound<'py, PyTuple>> {
    let tensor = |tensor: &Tensor<'_>| -> PyResult<Bound<'py, PyTuple>> {
        let (dtype, elements) = give(py, &tensor.data)?;
        ("tensor", dtype, tensor.dims.clone(), elements).into_pyobject(py)
    };
    match value {
        Value::Tensor(inner) => tensor(inner),
        Value::ZipMap { keys, table } => ("zipmap", tensor(keys)?, tensor(table)?).into_pyobject(py),
        Value::Sequence(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(show(py, item)?)?;
            }
            ("sequence", list).into_pyobject(py)
        }
        Value::Optional(Some(inner)) => show(py, inner),
        Value::Optional(None) => ("none",).into_pyobject(py),
        Value::Map { keys, values } => ("map", tensor(keys)?, tensor(values)?).into_pyobject(py),
    }
}
