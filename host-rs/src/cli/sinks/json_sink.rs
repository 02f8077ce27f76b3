//! Decisions as NDJSON, or as the canonical decisions alone.

use serde_json::{Map, Value, json};

use super::{Answer, Layout, Output, Sink};
use crate::error::Result;

pub(super) struct JsonSink {
    output: Output,
    layout: Layout,
    /// Only the decision's own bytes, one per line.
    bare: bool,
}

impl JsonSink {
    pub(super) const fn new(output: Output, layout: Layout, bare: bool) -> Self {
        Self { output, layout, bare }
    }

    fn line(&self, answer: &Answer) -> String {
        let failure = |error: &crate::Error| json!({ "code": error.code().as_str(), "path": error.path(), "message": error.message() });
        if self.bare {
            return match &answer.result {
                Ok(decision) => decision.as_str().to_owned(),
                Err(error) => json!({ "row": answer.number, "error": failure(error) }).to_string(),
            };
        }
        let kept = self.layout.keep.iter().cloned().zip(answer.kept.iter().cloned());
        let kept: Map<String, Value> = kept.collect();
        let mut line = format!("{{\"row\":{}", answer.number);
        if !kept.is_empty() {
            line += &format!(",\"kept\":{}", Value::Object(kept));
        }
        line += &match &answer.result {
            // The decision's bytes stay as they are: parsed and written again they could differ.
            Ok(decision) => format!(",\"decision\":{decision}}}"),
            Err(error) => format!(",\"error\":{}}}", failure(error)),
        };
        line
    }
}

impl Sink for JsonSink {
    fn write(&mut self, answers: &[Answer]) -> Result<()> {
        for answer in answers {
            let line = self.line(answer);
            writeln!(self.output.writer, "{line}")
                .map_err(|error| Output::error(&self.output.place, &error))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.output.writer.flush().map_err(|error| Output::error(&self.output.place, &error))
    }
}
