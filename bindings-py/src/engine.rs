//! The one engine of a Python process.

use std::sync::OnceLock;

use scorebox::{Engine, Error};

static ENGINE: OnceLock<Result<Engine, Error>> = OnceLock::new();

/// The engine, made on first use: wasmtime is set up and a module compiled once per process.
pub(crate) fn engine() -> Result<&'static Engine, Error> {
    ENGINE.get_or_init(Engine::new).as_ref().map_err(Clone::clone)
}
