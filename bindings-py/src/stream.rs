//! Arrow streams in and out, by the PyCapsule interface: polars, pyarrow, pandas, DuckDB and others.
//!
//! Columns come in borrowed from the producer's buffers where the module reads their layout; other
//! layouts (dictionaries, string views, 64-bit offsets, dates) are converted once.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, RecordBatch,
    RecordBatchIterator, RecordBatchOptions, RecordBatchReader, StringArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{
    DataType, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema, SchemaRef,
    TimeUnit, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyList};
use scorebox::{Batch, Column, Data, ErrorCode};

use crate::arrays::give;
use crate::failure::refuse;

/// Results as Arrow record batches, one per chunk of rows.
#[pyclass(module = "scorebox._native")]
#[derive(Default)]
pub(crate) struct Stream {
    batches: Vec<RecordBatch>,
}

#[pymethods]
impl Stream {
    /// The Arrow PyCapsule interface: any Arrow library takes this object as a table.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer ignore the request when it cannot follow it cheaply.
        drop(requested_schema);
        let whole = concat_batches(&self.schema(), &self.batches).map_err(|error| arrow_error(&error))?;
        let reader = RecordBatchIterator::new([Ok(whole)], self.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The columns as `(name, dtype, elements, present)`: elements as a `uint8` view or a list of `str`,
    /// and one flag (a byte) per row, or `None` where all are present.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let whole = concat_batches(&self.schema(), &self.batches).map_err(|error| arrow_error(&error))?;
        let list = PyList::empty(py);
        for (field, array) in whole.schema().fields().iter().zip(whole.columns()) {
            let column = column(field.name(), array)?;
            let (dtype, elements) = give(py, &column.data)?;
            let flags = array.nulls().map(|nulls| {
                let flags: Vec<u8> = nulls.iter().map(u8::from).collect();
                numpy::PyArray1::from_vec(py, flags)
            });
            list.append((field.name(), dtype, elements, flags))?;
        }
        Ok(list)
    }
}

impl Stream {
    /// Adds the results of one chunk.
    pub(crate) fn push(&mut self, batch: Batch<'static>) -> PyResult<()> {
        let mut fields = Vec::with_capacity(batch.columns.len());
        let mut arrays = Vec::with_capacity(batch.columns.len());
        for column in batch.columns {
            let name = column.name.to_string();
            let array = array_of(column)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.rows));
        let schema = Arc::new(Schema::new(fields));
        self.batches.push(
            RecordBatch::try_new_with_options(schema, arrays, &options)
                .map_err(|error| arrow_error(&error))?,
        );
        Ok(())
    }

    fn schema(&self) -> SchemaRef {
        self.batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema)
    }
}

/// Reads an object with `__arrow_c_stream__` in chunks of at most `rows` rows. An empty stream gives one
/// empty chunk, so that the caller learns the columns of the answer.
pub(crate) fn read_stream(
    frame: &Bound<'_, PyAny>,
    rows: usize,
    mut each: impl FnMut(&Batch<'_>) -> PyResult<()>,
) -> PyResult<()> {
    let py = frame.py();
    let mut reader = open(frame)?;
    let schema = reader.schema();
    let mut any = false;
    while let Some(batch) = py.detach(|| reader.next()) {
        let batch = batch.map_err(|error| arrow_error(&error))?;
        for start in (0..batch.num_rows()).step_by(rows) {
            any = true;
            lend(py, &batch.slice(start, rows.min(batch.num_rows() - start)), &mut each)?;
        }
    }
    if !any {
        lend(py, &RecordBatch::new_empty(schema), &mut each)?;
    }
    Ok(())
}

fn lend(
    py: Python<'_>,
    batch: &RecordBatch,
    each: &mut impl FnMut(&Batch<'_>) -> PyResult<()>,
) -> PyResult<()> {
    let arrays = plain(py, batch)?;
    let columns = arrays.iter().map(|(name, array)| column(name, array)).collect::<PyResult<_>>()?;
    each(&Batch { rows: batch.num_rows(), columns })
}

fn open(frame: &Bound<'_, PyAny>) -> PyResult<RecordBatchStreamReader> {
    let capsule = frame.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: the interface says that a capsule of this name holds an ArrowArrayStream, and the name has
    // been compared. The capsule lives until the end of this function and nobody else uses it. The stream
    // is moved out and a released one left behind, which is what the interface asks of a consumer.
    unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) }.map_err(|error| arrow_error(&error))
}

fn arrow_error(error: &ArrowError) -> PyErr {
    Python::attach(|py| refuse(py, ErrorCode::RecordMalformed, &format!("Arrow: {error}"), ""))
}

/// The arrays of a batch in layouts that [`column`] can borrow from.
fn plain(py: Python<'_>, batch: &RecordBatch) -> PyResult<Vec<(String, ArrayRef)>> {
    let mut arrays = Vec::with_capacity(batch.num_columns());
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        let target = match array.data_type() {
            DataType::Float32 | DataType::Float64 | DataType::Boolean | DataType::Utf8 => None,
            kind if kind.is_integer() => None,
            DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Some(DataType::Utf8),
            DataType::Float16 => Some(DataType::Float32),
            DataType::Dictionary(_, values) if values.is_numeric() => Some(values.as_ref().clone()),
            DataType::Dictionary(..) => Some(DataType::Utf8),
            // Text is read by the input's own type, so no digit of a decimal is lost on the way.
            kind if kind.is_decimal() => Some(DataType::Utf8),
            // Times without a zone are UTC.
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
                Some(DataType::Timestamp(TimeUnit::Millisecond, None))
            }
            other => {
                let message = format!("a column of Arrow type {other} is no input of a bundle");
                return Err(refuse(py, ErrorCode::RecordMalformed, &message, name));
            }
        };
        let mut array = Arc::clone(array);
        if let Some(target) = target {
            array = py.detach(|| cast(&array, &target)).map_err(|error| arrow_error(&error))?;
        }
        if matches!(array.data_type(), DataType::Timestamp(..)) {
            array = cast(&array, &DataType::Int64).map_err(|error| arrow_error(&error))?;
        }
        arrays.push((name.clone(), array));
    }
    Ok(arrays)
}

/// A column that borrows the array's elements.
fn column<'a>(name: &'a str, array: &'a ArrayRef) -> PyResult<Column<'a>> {
    let data = match array.data_type() {
        DataType::Float32 => Data::F32(values::<Float32Type>(array)),
        DataType::Float64 => Data::F64(values::<Float64Type>(array)),
        DataType::Int8 => Data::I8(values::<Int8Type>(array)),
        DataType::Int16 => Data::I16(values::<Int16Type>(array)),
        DataType::Int32 => Data::I32(values::<Int32Type>(array)),
        DataType::Int64 => Data::I64(values::<Int64Type>(array)),
        DataType::UInt8 => Data::U8(values::<UInt8Type>(array)),
        DataType::UInt16 => Data::U16(values::<UInt16Type>(array)),
        DataType::UInt32 => Data::U32(values::<UInt32Type>(array)),
        DataType::UInt64 => Data::U64(values::<UInt64Type>(array)),
        DataType::Boolean => {
            Data::Bool(array.as_boolean().values().iter().map(u8::from).collect::<Vec<_>>().into())
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            // Offsets are never negative, so their bits are the same as unsigned.
            let offsets = bytemuck::cast_slice::<i32, u32>(texts.value_offsets());
            Data::Text { offsets: Cow::Borrowed(offsets), bytes: Cow::Borrowed(texts.value_data()) }
        }
        other => return Err(PyTypeError::new_err(format!("Arrow type {other} is not read"))),
    };
    let valid = array.nulls().filter(|nulls| nulls.null_count() > 0).map(bitmap);
    Ok(Column { name: Cow::Borrowed(name), data, valid })
}

fn values<T: ArrowPrimitiveType>(array: &ArrayRef) -> Cow<'_, [T::Native]>
where
    [T::Native]: ToOwned<Owned = Vec<T::Native>>,
{
    Cow::Borrowed(array.as_primitive::<T>().values())
}

/// The validity bits from bit 0 on; borrowed where a slice starts at a whole byte.
fn bitmap(nulls: &NullBuffer) -> Cow<'_, [u8]> {
    if nulls.offset().is_multiple_of(8) {
        Cow::Borrowed(nulls.validity().get(nulls.offset() / 8..).unwrap_or_default())
    } else {
        Cow::Owned(nulls.inner().sliced().as_slice().to_vec())
    }
}

/// A column of results as an Arrow array; numbers keep their buffers.
fn array_of(column: Column<'static>) -> PyResult<ArrayRef> {
    let rows = column.data.len();
    let nulls = column
        .valid
        .map(|bits| NullBuffer::new(BooleanBuffer::new(Buffer::from(bits.into_owned()), 0, rows)));
    Ok(match column.data {
        Data::F32(data) => numbers::<Float32Type>(data, nulls),
        Data::F64(data) => numbers::<Float64Type>(data, nulls),
        Data::I8(data) => numbers::<Int8Type>(data, nulls),
        Data::I16(data) => numbers::<Int16Type>(data, nulls),
        Data::I32(data) => numbers::<Int32Type>(data, nulls),
        Data::I64(data) => numbers::<Int64Type>(data, nulls),
        Data::U8(data) => numbers::<UInt8Type>(data, nulls),
        Data::U16(data) | Data::F16(data) => numbers::<UInt16Type>(data, nulls),
        Data::U32(data) => numbers::<UInt32Type>(data, nulls),
        Data::U64(data) => numbers::<UInt64Type>(data, nulls),
        Data::Bool(data) => Arc::new(BooleanArray::new(data.iter().map(|flag| *flag != 0).collect(), nulls)),
        Data::Text { offsets, bytes } => {
            let offsets: Result<Vec<i32>, _> = offsets.iter().map(|&at| i32::try_from(at)).collect();
            let offsets =
                offsets.map_err(|_| PyValueError::new_err("more than 2 GiB of text in one result"))?;
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            Arc::new(
                StringArray::try_new(offsets, Buffer::from(bytes.into_owned()), nulls)
                    .map_err(|error| arrow_error(&error))?,
            )
        }
    })
}

fn numbers<T: ArrowPrimitiveType>(data: Cow<'static, [T::Native]>, nulls: Option<NullBuffer>) -> ArrayRef
where
    [T::Native]: ToOwned<Owned = Vec<T::Native>>,
{
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(data.into_owned()), nulls))
}
