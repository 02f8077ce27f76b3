//! A loaded bundle as a module of its own, so that a fresh and ready instance costs microseconds.
//!
//! Loading reads, checks and plans a model, which takes milliseconds; a request that must share no memory
//! with another cannot wait for that. So the bundle is loaded once, and the instance's memory becomes the
//! data of a new module (wasmtime-wizer). Its instances start with the bundle in place: the system maps
//! the pages and copies those that a call writes to. The digest that decisions name stays that of the
//! module's own bytes: the code is the same, only the data is further along.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::Module;
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::guest::Guest;
use crate::module::{Artefact, Compiled};

/// Loads something into a new instance with `load` and makes a module of what the instance then is.
///
/// # Errors
/// Those of `load`; `host_setup` where the snapshot cannot be made or compiled.
pub(crate) fn take(
    engine: &Engine,
    artefact: Artefact,
    load: impl FnOnce(&mut Guest) -> Result<i32>,
) -> Result<(Arc<Compiled>, i32)> {
    let (wasm, digest) = engine.source(artefact)?;
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(&wasm).map_err(|error| failed(&error))?;
    let mut guest =
        Guest::start(engine, &Compiled::new(engine.wasmtime(), &instrumented, Arc::clone(&digest))?)?;
    let handle = load(&mut guest)?;
    let snapshot = now(wizer.snapshot(&context, &mut State(&mut guest)))?.map_err(|error| failed(&error))?;
    // Its memory is not needed while the compiler works.
    drop(guest);
    let module = compile(engine.wasmtime(), &snapshot)?;
    Ok((Arc::new(Compiled::link(engine.wasmtime(), &module, digest)?), handle))
}

/// Compiles without the cache on disk: a snapshot holds the bundle, which is not ours to keep there.
fn compile(engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Module> {
    let code = engine.precompile_module(wasm).map_err(|error| failed(&error))?;
    // SAFETY: the bytes are what this engine has just compiled; nobody else has had them.
    unsafe { Module::deserialize(engine, code) }.map_err(|error| failed(&error))
}

fn failed(error: &wasmtime::Error) -> Error {
    Error::new(ErrorCode::HostSetup, format!("the loaded bundle cannot be made a snapshot: {error:#}"))
}

/// The answer of a future that never waits, which is what reading a stopped instance is.
fn now<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => Err(Error::new(ErrorCode::Internal, "reading an instance's memory had to wait")),
    }
}

/// An instance as the snapshot reads it.
struct State<'g>(&'g mut Guest);

impl InstanceState for State<'_> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        // The module's globals are addresses (the stack's top): of type i32 on this target.
        SnapshotVal::I32(self.0.global_i32(name))
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        contents(self.0.memory_named(name));
    }
}
