//! NumPy arrays as the host's elements and back.
//!
//! Numbers cross as their bytes: the Python half hands over a flat `uint8` view and the element type's
//! number in `TensorProto.DataType`. The view is borrowed, so the one copy is into the module's memory.

use std::borrow::Cow;

use bytemuck::{AnyBitPattern, NoUninit};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use scorebox::Data;

/// Elements held for the length of a call: borrowed bytes of numbers, or texts.
pub(crate) enum Held<'py> {
    /// Numbers of the element type.
    Bytes(u8, PyReadonlyArray1<'py, u8>),
    /// Texts; the flags say which are present, and are absent where all are.
    Texts(Data<'static>, Option<Vec<u8>>),
}

impl<'py> Held<'py> {
    /// Holds `data`: a flat, aligned `uint8` array for numbers, a list of `str | None` for type 8.
    pub(crate) fn new(dtype: u8, data: &Bound<'py, PyAny>) -> PyResult<Self> {
        if dtype != 8 {
            return Ok(Self::Bytes(dtype, data.extract()?));
        }
        let list = data.cast::<PyList>()?;
        let (mut offsets, mut bytes, mut valid) =
            (vec![0_u32], Vec::new(), vec![0_u8; list.len().div_ceil(8)]);
        let mut missing = false;
        for (at, item) in list.iter().enumerate() {
            if item.is_none() {
                missing = true;
            } else {
                bytes.extend_from_slice(item.cast::<PyString>()?.to_cow()?.as_bytes());
                valid[at / 8] |= 1 << (at % 8);
            }
            let end = u32::try_from(bytes.len());
            offsets.push(end.map_err(|_| PyValueError::new_err("more than 4 GiB of text in one column"))?);
        }
        Ok(Self::Texts(Data::Text { offsets: offsets.into(), bytes: bytes.into() }, missing.then_some(valid)))
    }

    /// The elements, borrowed.
    pub(crate) fn data(&self) -> PyResult<Data<'_>> {
        let (dtype, array) = match self {
            Self::Bytes(dtype, array) => (*dtype, array),
            Self::Texts(Data::Text { offsets, bytes }, _) => {
                return Ok(Data::Text { offsets: Cow::Borrowed(offsets), bytes: Cow::Borrowed(bytes) });
            }
            Self::Texts(other, _) => return Ok(other.clone()),
        };
        let bytes = array.as_slice()?;
        Ok(match dtype {
            1 => Data::F32(cast(bytes)?),
            2 => Data::U8(cast(bytes)?),
            3 => Data::I8(cast(bytes)?),
            4 => Data::U16(cast(bytes)?),
            5 => Data::I16(cast(bytes)?),
            6 => Data::I32(cast(bytes)?),
            7 => Data::I64(cast(bytes)?),
            9 => Data::Bool(cast(bytes)?),
            10 => Data::F16(cast(bytes)?),
            11 => Data::F64(cast(bytes)?),
            12 => Data::U32(cast(bytes)?),
            13 => Data::U64(cast(bytes)?),
            other => {
                return Err(PyValueError::new_err(format!("element type {other} is not passed to models")));
            }
        })
    }

    /// Which texts are present, as a bitmap; `None` where all are or where these are numbers.
    pub(crate) fn valid(&self) -> Option<&[u8]> {
        match self {
            Self::Texts(_, valid) => valid.as_deref(),
            Self::Bytes(..) => None,
        }
    }
}

fn cast<T: AnyBitPattern>(bytes: &[u8]) -> PyResult<Cow<'_, [T]>>
where
    [T]: ToOwned<Owned = Vec<T>>,
{
    if bytes.is_empty() {
        // NumPy does not align what holds nothing.
        return Ok(Cow::Borrowed(&[]));
    }
    bytemuck::try_cast_slice(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| PyValueError::new_err(format!("the array's bytes are not its elements: {error}")))
}

/// The element type's number with its elements in Python: a `uint8` array, or a list of `str`.
pub(crate) fn give<'py>(py: Python<'py>, data: &Data<'_>) -> PyResult<(u8, Bound<'py, PyAny>)> {
    let bytes = match data {
        Data::F32(data) => raw(data),
        Data::F64(data) => raw(data),
        Data::F16(data) | Data::U16(data) => raw(data),
        Data::I8(data) => raw(data),
        Data::I16(data) => raw(data),
        Data::I32(data) => raw(data),
        Data::I64(data) => raw(data),
        Data::U8(data) | Data::Bool(data) => raw(data),
        Data::U32(data) => raw(data),
        Data::U64(data) => raw(data),
        Data::Text { .. } => {
            let texts = (0..data.len()).map(|at| data.text(at).unwrap_or_default());
            return Ok((data.dtype(), PyList::new(py, texts.collect::<Vec<_>>())?.into_any()));
        }
    };
    let array = PyArray1::from_slice(py, bytes);
    Ok((data.dtype(), array.as_any().clone()))
}

fn raw<T: NoUninit>(data: &[T]) -> &[u8] {
    bytemuck::cast_slice(data)
}
