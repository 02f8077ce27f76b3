//! Columns made of NumPy arrays and lists: data frames without Arrow, and structured arrays.

use std::borrow::Cow;

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use scorebox::{Batch, Column, Data};

use crate::arrays::Held;

/// Columns held for the length of a call.
pub(crate) struct Given<'py> {
    columns: Vec<(String, Held<'py>, Option<PyReadonlyArray1<'py, u8>>)>,
}

impl<'py> Given<'py> {
    /// Holds `(name, dtype, elements, valid)` tuples; `valid` is a bitmap as in Arrow, or `None`.
    pub(crate) fn new(columns: &Bound<'py, PyList>, rows: usize) -> PyResult<Self> {
        let mut held = Vec::with_capacity(columns.len());
        for column in columns.iter() {
            let (name, dtype, data, valid): (
                String,
                u8,
                Bound<'py, PyAny>,
                Option<PyReadonlyArray1<'py, u8>>,
            ) = column.extract()?;
            let elements = Held::new(dtype, &data)?;
            let short = valid.as_ref().is_some_and(|bits| bits.as_array().len() < rows.div_ceil(8));
            if elements.data()?.len() != rows || short {
                return Err(PyValueError::new_err(format!("column {name:?} does not have {rows} rows")));
            }
            held.push((name, elements, valid));
        }
        Ok(Self { columns: held })
    }

    /// `rows` rows from `start`, a multiple of 8, borrowed.
    pub(crate) fn slice(&self, start: usize, rows: usize) -> PyResult<Batch<'_>> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (name, held, valid) in &self.columns {
            let bits = match valid {
                Some(bits) => Some(bits.as_slice()?),
                None => held.valid(),
            };
            let bits = bits.map(|bits| bits.get(start / 8..(start + rows).div_ceil(8)).unwrap_or_default());
            columns.push(Column {
                name: Cow::Borrowed(name),
                data: part(held.data()?, start, rows),
                valid: bits.map(Cow::Borrowed),
            });
        }
        Ok(Batch { rows, columns })
    }
}

fn part(data: Data<'_>, start: usize, rows: usize) -> Data<'_> {
    match data {
        Data::F32(all) => Data::F32(cut(all, start, rows)),
        Data::F64(all) => Data::F64(cut(all, start, rows)),
        Data::F16(all) => Data::F16(cut(all, start, rows)),
        Data::I8(all) => Data::I8(cut(all, start, rows)),
        Data::I16(all) => Data::I16(cut(all, start, rows)),
        Data::I32(all) => Data::I32(cut(all, start, rows)),
        Data::I64(all) => Data::I64(cut(all, start, rows)),
        Data::U8(all) => Data::U8(cut(all, start, rows)),
        Data::U16(all) => Data::U16(cut(all, start, rows)),
        Data::U32(all) => Data::U32(cut(all, start, rows)),
        Data::U64(all) => Data::U64(cut(all, start, rows)),
        Data::Bool(all) => Data::Bool(cut(all, start, rows)),
        // Text i is bytes[offsets[i]..offsets[i + 1]]: a slice keeps the bytes and takes its offsets.
        Data::Text { offsets, bytes } => Data::Text { offsets: cut(offsets, start, rows + 1), bytes },
    }
}

fn cut<T: Clone>(all: Cow<'_, [T]>, start: usize, count: usize) -> Cow<'_, [T]> {
    match all {
        Cow::Borrowed(all) => Cow::Borrowed(all.get(start..start + count).unwrap_or_default()),
        Cow::Owned(all) => Cow::Owned(all.get(start..start + count).unwrap_or_default().to_vec()),
    }
}
