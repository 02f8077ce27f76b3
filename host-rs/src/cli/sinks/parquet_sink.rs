//! Decisions as Parquet: the columns of the CSV, with numbers as numbers.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::{Answer, Layout, Output, Sink, columns};
use crate::error::{Error, ErrorCode, Result};

pub(super) struct ParquetSink {
    writer: ArrowWriter<Box<dyn Write + Send>>,
    schema: Arc<Schema>,
    place: String,
    layout: Layout,
}

impl ParquetSink {
    pub(super) fn new(output: Output, layout: Layout) -> Result<Self> {
        let field = |name: String| {
            let kind = match name.as_str() {
                "row" => DataType::UInt64,
                // Grades are the one score that is text.
                "grade" => DataType::Utf8,
                name if layout.shown.iter().any(|column| column.name == name && column.is_number) => {
                    DataType::Float64
                }
                name if layout.scores.iter().any(|score| score == name) => DataType::Float64,
                _ => DataType::Utf8,
            };
            let nullable = name != "row";
            Field::new(name, kind, nullable)
        };
        let schema =
            Arc::new(Schema::new(columns::names(&layout).into_iter().map(field).collect::<Vec<_>>()));
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let place = output.place;
        let writer = ArrowWriter::try_new(output.writer, Arc::clone(&schema), Some(properties))
            .map_err(|error| failed(&place, &error))?;
        Ok(Self { writer, schema, place, layout })
    }
}

fn failed(place: &str, error: &parquet::errors::ParquetError) -> Error {
    let broken = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match broken {
        Some(error) => Output::error(place, error),
        None => Error::new(ErrorCode::Io, error.to_string()).at(place),
    }
}

impl Sink for ParquetSink {
    fn write(&mut self, answers: &[Answer]) -> Result<()> {
        let rows: Vec<Vec<Value>> =
            answers.iter().map(|answer| columns::values(&self.layout, answer)).collect();
        let column = |at: usize, field: &Field| -> ArrayRef {
            let values = rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
            match field.data_type() {
                DataType::UInt64 => {
                    Arc::new(UInt64Array::from_iter_values(values.map(|value| value.as_u64().unwrap_or(0))))
                }
                DataType::Float64 => Arc::new(values.map(Value::as_f64).collect::<Float64Array>()),
                _ => Arc::new(values.map(text).collect::<StringArray>()),
            }
        };
        let arrays = self.schema.fields().iter().enumerate().map(|(at, field)| column(at, field)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
        self.writer.write(&batch).map_err(|error| failed(&self.place, &error))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.writer.close().map(drop).map_err(|error| failed(&self.place, &error))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
