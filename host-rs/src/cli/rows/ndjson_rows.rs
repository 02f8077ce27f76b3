//! Rows from NDJSON: one object per line, handed to the module as it stands.

use std::io::{BufRead, Read};

use serde_json::{Map, Value};

use super::{Chunk, Records, Row, Source, Wanted};
use crate::error::{Error, ErrorCode, Result};

struct NdjsonRows<R> {
    input: R,
    wanted: Wanted,
    record_bytes: usize,
    line: u64,
}

/// Opens NDJSON.
pub(super) fn open<R: BufRead + 'static>(input: R, wanted: Wanted, record_bytes: usize) -> Box<dyn Source> {
    Box::new(NdjsonRows { input, wanted, record_bytes, line: 0 })
}

enum Line {
    End,
    Text(Vec<u8>),
    TooLong,
}

impl<R: BufRead> NdjsonRows<R> {
    /// The next line. One that is too long is passed over without being held.
    fn read_line(&mut self) -> Result<Line> {
        let failed = |error: std::io::Error| Error::io("input", &error);
        let mut line = Vec::new();
        let limit = self.record_bytes as u64 + 2;
        let read = (&mut self.input).take(limit).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.line += 1;
        if line.last() == Some(&b'\n') || (read as u64) < limit {
            return Ok(Line::Text(line));
        }
        loop {
            let buffer = self.input.fill_buf().map_err(failed)?;
            let (len, end) = match buffer.iter().position(|&byte| byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.input.consume(len);
            if end {
                return Ok(Line::TooLong);
            }
        }
    }

    fn row(&self, line: &[u8]) -> (Vec<Value>, Result<String>) {
        let parsed = std::str::from_utf8(line)
            .map_err(|_| Error::new(ErrorCode::RecordMalformed, "the line is not UTF-8"))
            .and_then(|text| {
                let record: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
                    let message = format!("the line is no JSON object (column {})", error.column());
                    Error::new(ErrorCode::RecordMalformed, message)
                })?;
                Ok((text, record))
            });
        let (text, mut record) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return (vec![Value::Null; self.wanted.keep.len()], Err(error)),
        };
        let kept =
            self.wanted.keep.iter().map(|name| record.get(name).cloned().unwrap_or_default()).collect();
        // What is carried through and is no input is not the module's business.
        let carried = |name: &String| self.wanted.keep.contains(name) && !self.wanted.is_input(name);
        let json = if record.keys().any(carried) {
            record.retain(|name, _| !carried(name));
            Value::Object(record).to_string()
        } else {
            text.trim().to_owned()
        };
        (kept, Ok(json))
    }
}

impl<R: BufRead> Source for NdjsonRows<R> {
    fn next(&mut self, limit: usize) -> Result<Option<Chunk>> {
        let (mut rows, mut records) = (Vec::new(), Vec::new());
        while rows.len() < limit {
            let (kept, record) = match self.read_line()? {
                Line::End => break,
                Line::Text(line) if line.trim_ascii().is_empty() => continue,
                Line::Text(line) => self.row(&line),
                Line::TooLong => {
                    let message = format!("the line is longer than {} bytes", self.record_bytes);
                    let error = Error::new(ErrorCode::RecordBudget, message);
                    (vec![Value::Null; self.wanted.keep.len()], Err(error))
                }
            };
            let fault = match record {
                Ok(json) => {
                    records.push(json);
                    None
                }
                Err(error) => Some(error),
            };
            rows.push(Row { number: self.line, kept, fault });
        }
        Ok((!rows.is_empty()).then_some(Chunk { rows, records: Records::Json(records) }))
    }

    fn columns(&self) -> Option<&[String]> {
        None
    }
}
