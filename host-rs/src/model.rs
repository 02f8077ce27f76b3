//! A bare ONNX model: named values in, named values out.

use std::path::Path;
use std::sync::Arc;

use scorebox_abi::exports;
use serde::Deserialize;

use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::guest::Input;
use crate::pool::{Kind, Pool};
use crate::table::{Value, decode, encode};

/// A model, loaded and checked. Clones share it; threads may call it at the same time.
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    ports: Ports,
}

#[derive(Debug, Deserialize)]
struct Ports {
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its type as ONNX writes it, such as `tensor(float)` or `seq(map(int64,float))`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Sizes of the axes; `None` where not even their number is known.
    pub dims: Option<Vec<Axis>>,
}

/// The size of one axis.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Axis {
    /// Known.
    Size(u64),
    /// Named: equal wherever the name occurs. Most often the batch.
    Name(String),
    /// Only the run will tell.
    Unknown,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("ports", &self.inner.ports).finish_non_exhaustive()
    }
}

impl Model {
    /// Loads an ONNX file.
    ///
    /// # Errors
    /// `io`; a code of the module where the model is wrong or not supported; `deadline` or `memory`
    /// where it costs more than the engine allows.
    pub fn load(engine: &Engine, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path.display(), &error))?;
        Self::from_bytes(engine, bytes).map_err(|error| error.at(path.display()))
    }

    /// Loads the bytes of an ONNX file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(engine: &Engine, onnx: impl Into<Arc<[u8]>>) -> Result<Self> {
        let pool = Pool::load(engine, Kind::Model, &onnx.into())?;
        let ports = pool.with(|guest, handle| {
            guest.handle_call(exports::DESCRIBE, handle)?;
            serde_json::from_slice(guest.result()?)
                .map_err(|_| Error::new(ErrorCode::ModuleAbi, "the module does not describe the model"))
        })?;
        Ok(Self { inner: Arc::new(Inner { pool, ports }) })
    }

    /// What the model takes.
    #[must_use]
    pub fn inputs(&self) -> &[Port] {
        &self.inner.ports.inputs
    }

    /// What it gives.
    #[must_use]
    pub fn outputs(&self) -> &[Port] {
        &self.inner.ports.outputs
    }

    /// Runs the model on named inputs and gives every output, in the model's order.
    ///
    /// # Errors
    /// `input_type` and `input_shape` where an input does not fit, `run_value` where the values make an
    /// operator undefined, `run_budget`, `deadline`, `memory`, `trap`.
    pub fn run(&self, inputs: &[(&str, Value<'_>)]) -> Result<Vec<(String, Value<'static>)>> {
        let plan = encode::values(inputs)?;
        self.inner.pool.with(|guest, handle| {
            guest.run(handle, Input::Written(plan.bytes(), &|block| plan.write(block)))?;
            decode::values(guest.result()?)
        })
    }
}
