//! Rows from Parquet. Numbers stay numbers of their own width, times become milliseconds, everything
//! else that has a text form becomes text.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMillisecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use serde_json::Value;

use super::{Chunk, Records, Row, Source, Wanted};
use crate::error::{Error, ErrorCode, Result};
use crate::table::{Column, Data};

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 8_192;

struct ParquetRows<F> {
    reader: ParquetRecordBatchReader,
    names: Vec<String>,
    wanted: Wanted,
    row: u64,
    bytes_per_row: u64,
    progress: F,
}

/// Opens Parquet; `progress` is told how many bytes of the file the rows read took.
pub(super) fn open<F: Fn(u64) + 'static>(
    input: impl ChunkReader + 'static,
    wanted: Wanted,
    progress: F,
) -> Result<Box<dyn Source>> {
    let format = |error: parquet::errors::ParquetError| {
        Error::new(ErrorCode::HostFormat, format!("the Parquet file: {error}"))
    };
    let bytes = input.len();
    let builder = ParquetRecordBatchReaderBuilder::try_new(input).map_err(format)?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let used =
        names.iter().enumerate().filter(|(_, name)| wanted.is_input(name) || wanted.keep.contains(name));
    let mask = ProjectionMask::roots(builder.parquet_schema(), used.map(|(at, _)| at));
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(1).max(1);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(format)?;
    Ok(Box::new(ParquetRows { reader, names, wanted, row: 0, bytes_per_row: bytes / rows, progress }))
}

impl<F: Fn(u64)> Source for ParquetRows<F> {
    fn next(&mut self, _: usize) -> Result<Option<Chunk>> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let format = |error: arrow::error::ArrowError| {
            Error::new(ErrorCode::HostFormat, format!("the Parquet file: {error}"))
        };
        let batch = batch.map_err(format)?;
        let mut columns = Vec::new();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            if self.wanted.is_input(field.name()) {
                columns.push(column(field.name(), array)?);
            }
        }
        let rows = (0..batch.num_rows()).map(|at| Row {
            number: self.row + at as u64 + 1,
            kept: self.wanted.keep.iter().map(|name| kept(&batch, name, at)).collect(),
            fault: None,
        });
        let rows: Vec<Row> = rows.collect();
        self.row += rows.len() as u64;
        (self.progress)(rows.len() as u64 * self.bytes_per_row);
        Ok(Some(Chunk { rows, records: Records::Columns(columns) }))
    }

    fn columns(&self) -> Option<&[String]> {
        Some(&self.names)
    }
}

fn kept(batch: &RecordBatch, name: &str, at: usize) -> Value {
    match batch.column_by_name(name) {
        Some(array) if array.is_valid(at) => {
            array_value_to_string(array, at).map_or(Value::Null, Value::String)
        }
        _ => Value::Null,
    }
}

/// One array as a column of a batch.
fn column(name: &str, array: &ArrayRef) -> Result<Column<'static>> {
    let refuse = |kind: &DataType| {
        let message = format!("a column of type {kind} cannot be an input");
        Error::new(ErrorCode::HostFormat, message).at(name)
    };
    let to = match array.data_type() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        DataType::Float16 => DataType::Float32,
        kind if kind.is_integer() || kind.is_floating() => kind.clone(),
        DataType::Boolean => DataType::Boolean,
        DataType::Null => DataType::Utf8,
        kind if kind.is_nested() => return Err(refuse(kind)),
        // Decimals keep their digits as text; dates, views and dictionaries have a text form.
        _ => DataType::Utf8,
    };
    let array = cast(array, &to).map_err(|_| refuse(array.data_type()))?;
    let numbers = |data| Ok(Column { name: name.to_owned().into(), data, valid: validity(&array) });
    macro_rules! values {
        ($kind:ty) => {
            array.as_primitive::<$kind>().values().to_vec().into()
        };
    }
    match &to {
        DataType::Float32 => numbers(Data::F32(values!(Float32Type))),
        DataType::Float64 => numbers(Data::F64(values!(Float64Type))),
        DataType::Int8 => numbers(Data::I8(values!(Int8Type))),
        DataType::Int16 => numbers(Data::I16(values!(Int16Type))),
        DataType::Int32 => numbers(Data::I32(values!(Int32Type))),
        DataType::Int64 => numbers(Data::I64(values!(Int64Type))),
        DataType::UInt8 => numbers(Data::U8(values!(UInt8Type))),
        DataType::UInt16 => numbers(Data::U16(values!(UInt16Type))),
        DataType::UInt32 => numbers(Data::U32(values!(UInt32Type))),
        DataType::UInt64 => numbers(Data::U64(values!(UInt64Type))),
        DataType::Timestamp(..) => numbers(Data::I64(values!(TimestampMillisecondType))),
        DataType::Boolean => {
            let truths: Vec<u8> = array.as_boolean().values().iter().map(u8::from).collect();
            numbers(Data::Bool(truths.into()))
        }
        _ => {
            let texts = array.as_string::<i32>();
            numbers(Data::texts(
                (0..texts.len()).map(|at| if texts.is_valid(at) { texts.value(at) } else { "" }),
            ))
        }
    }
}

fn validity(array: &ArrayRef) -> Option<std::borrow::Cow<'static, [u8]>> {
    let nulls = array.logical_nulls()?;
    let mut bits = vec![0_u8; array.len().div_ceil(8)];
    for at in nulls.valid_indices() {
        if let Some(byte) = bits.get_mut(at / 8) {
            *byte |= 1 << (at % 8);
        }
    }
    Some(bits.into())
}
