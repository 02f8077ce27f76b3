//! Rows from CSV. Cells stay text: the module reads numbers and times by its own one rule. An empty cell
//! is a missing value, since CSV has no other way to say so.

use std::io::BufRead;

use csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::Value;

use super::{Chunk, Records, Row, Source, Wanted};
use crate::error::{Error, ErrorCode, Result};
use crate::table::{Column, Data};

struct CsvRows<R> {
    reader: Reader<R>,
    header: Vec<String>,
    /// For each input that has a column: name and position.
    inputs: Vec<(String, usize)>,
    /// For each column to keep: its position.
    keep: Vec<Option<usize>>,
}

/// Opens a CSV with a header.
pub(super) fn open<R: BufRead + 'static>(
    input: R,
    wanted: &Wanted,
    delimiter: u8,
) -> Result<Box<dyn Source>> {
    // `flexible` hands over rows of any length, so that a ragged one can be reported instead of ending all.
    let mut reader = ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(input);
    let header: Vec<String> = match reader.headers() {
        Ok(header) => {
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect()
        }
        Err(error) => return Err(Error::new(ErrorCode::HostFormat, format!("the CSV header: {error}"))),
    };
    if let Some(twice) = header.iter().enumerate().find(|(at, name)| header[..*at].contains(name)) {
        let message = format!("the CSV header names column {:?} twice", twice.1);
        return Err(Error::new(ErrorCode::HostFormat, message));
    }
    let position = |name: &String| header.iter().position(|column| column == name);
    let columns = header.iter().cloned().enumerate().map(|(at, name)| (name, at));
    let inputs = columns.filter(|(name, _)| wanted.is_input(name)).collect();
    let keep = wanted.keep.iter().map(position).collect();
    Ok(Box::new(CsvRows { reader, header, inputs, keep }))
}

impl<R: BufRead> CsvRows<R> {
    fn check(&self, record: &ByteRecord) -> Option<Error> {
        let (cells, columns) = (record.len(), self.header.len());
        let message = if cells != columns {
            format!("the line has {cells} cells, the header {columns}")
        } else if record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            "the line is not UTF-8".to_owned()
        } else {
            return None;
        };
        Some(Error::new(ErrorCode::RecordMalformed, message))
    }
}

impl<R: BufRead> Source for CsvRows<R> {
    fn next(&mut self, limit: usize) -> Result<Option<Chunk>> {
        let mut rows = Vec::new();
        let mut texts: Vec<TextColumn> = self.inputs.iter().map(|_| TextColumn::default()).collect();
        let mut record = ByteRecord::new();
        while rows.len() < limit {
            let more = self.reader.read_byte_record(&mut record);
            if !more.map_err(|error| Error::new(ErrorCode::Io, error.to_string()))? {
                break;
            }
            let number = record.position().map_or(0, csv::Position::line);
            let fault = self.check(&record);
            let cell =
                |at: usize| record.get(at).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or("");
            let kept = self.keep.iter().map(|at| at.map_or(Value::Null, |at| cell(at).into())).collect();
            if fault.is_none() {
                for (column, (_, at)) in texts.iter_mut().zip(&self.inputs) {
                    column.push(cell(*at));
                }
            }
            rows.push(Row { number, kept, fault });
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let columns = self.inputs.iter().zip(texts).map(|((name, _), text)| text.finish(name)).collect();
        Ok(Some(Chunk { rows, records: Records::Columns(columns) }))
    }

    fn columns(&self) -> Option<&[String]> {
        Some(&self.header)
    }
}

/// A column of text under construction.
#[derive(Default)]
struct TextColumn {
    ends: Vec<u32>,
    bytes: Vec<u8>,
    valid: Vec<u8>,
}

impl TextColumn {
    fn push(&mut self, cell: &str) {
        let at = self.ends.len();
        if at.is_multiple_of(8) {
            self.valid.push(0);
        }
        if let (false, Some(bits)) = (cell.is_empty(), self.valid.last_mut()) {
            *bits |= 1 << (at % 8);
        }
        self.bytes.extend_from_slice(cell.as_bytes());
        // A chunk of rows stays far below 4 GiB; were it not so, encoding the table would refuse it.
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    fn finish(self, name: &str) -> Column<'static> {
        let offsets: Vec<u32> = std::iter::once(0).chain(self.ends).collect();
        let data = Data::Text { offsets: offsets.into(), bytes: self.bytes.into() };
        Column { name: name.to_owned().into(), data, valid: Some(self.valid.into()) }
    }
}
