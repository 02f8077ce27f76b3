//! A bare model: its session, and the translation between tables and values.

use std::sync::Arc;

use scorebox_core::json::{Value as Json, json};
use scorebox_core::onnx::{Dim, Model, Session, Value, ValueInfo};
use scorebox_core::table::{self, Writer};
use scorebox_core::{Limits, Result};

/// A model that is ready to run.
pub(crate) struct LoadedModel {
    model: Arc<Model>,
    session: Session,
    /// Inputs and the writer of outputs, kept so that a run allocates next to nothing.
    inputs: Vec<(String, Value)>,
    writer: Writer,
}

impl LoadedModel {
    /// Reads and checks a model.
    pub(crate) fn load(onnx: &[u8], limits: &Limits) -> Result<Self> {
        let model = Arc::new(Model::load(onnx, limits)?);
        let session = Session::new(Arc::clone(&model));
        Ok(Self { model, session, inputs: Vec::new(), writer: Writer::default() })
    }

    /// Inputs and outputs as JSON: name, type as ONNX writes it, and sizes of the axes (a number, a name,
    /// or null where only the run will tell; null for the list where not even the rank is known).
    pub(crate) fn describe(&self) -> String {
        let list = |infos: &[ValueInfo]| infos.iter().map(describe).collect::<Vec<_>>();
        let description = json!({
            "kind": "model", "inputs": list(self.model.inputs()), "outputs": list(self.model.outputs()),
        });
        description.to_string()
    }

    /// Runs a table of inputs and writes the table of outputs.
    pub(crate) fn run(&mut self, inputs: &[u8], out: &mut Vec<u8>) -> Result<()> {
        table::read_values_into(&table::read(inputs)?, &mut self.inputs)?;
        let feeds: Vec<(&str, &Value)> =
            self.inputs.iter().map(|(name, value)| (name.as_str(), value)).collect();
        self.session.run(&feeds)?;
        let infos = self.model.outputs();
        let made = (0..infos.len()).filter_map(|at| Some((&*infos.get(at)?.name, self.session.output(at)?)));
        table::write_values(made, &mut self.writer, out)
    }
}

fn describe(info: &ValueInfo) -> Json {
    let dims = info.dims.as_ref().map(|dims| {
        let axis = |dim: &Dim| match dim {
            Dim::Known(size) => json!(size),
            Dim::Symbol(name) => json!(name),
            Dim::Unknown => Json::Null,
        };
        dims.iter().map(axis).collect::<Vec<_>>()
    });
    json!({ "name": &*info.name, "type": info.kind.to_string(), "dims": dims })
}
