//! Decisions as CSV.

use std::io::Write;

use csv::Writer;
use serde_json::Value;

use super::{Answer, Layout, Output, Sink, columns};
use crate::error::{Error, ErrorCode, Result};

pub(super) struct CsvSink {
    writer: Writer<Box<dyn Write + Send>>,
    place: String,
    layout: Layout,
    begun: bool,
}

impl CsvSink {
    pub(super) fn new(output: Output, layout: Layout) -> Self {
        Self { writer: Writer::from_writer(output.writer), place: output.place, layout, begun: false }
    }

    fn begin(&mut self) -> Result<()> {
        if !self.begun {
            self.begun = true;
            let names = columns::names(&self.layout);
            self.writer.write_record(names).map_err(|error| failed(&self.place, error))?;
        }
        Ok(())
    }
}

fn failed(place: &str, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Output::error(place, &error),
        other => Error::new(ErrorCode::Io, format!("{other:?}")).at(place),
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Sink for CsvSink {
    fn write(&mut self, answers: &[Answer]) -> Result<()> {
        self.begin()?;
        for answer in answers {
            let cells = columns::values(&self.layout, answer);
            self.writer.write_record(cells.iter().map(cell)).map_err(|error| failed(&self.place, error))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.begin()?;
        self.writer.flush().map_err(|error| Output::error(&self.place, &error))
    }
}
