//! Score bundles in a sandbox.
//!
//! A *bundle* holds models, input schema, features, scorecard, policy and reasons. It is scored by a
//! WebAssembly module that this crate carries and runs in wasmtime; the same module runs in browsers
//! and in Python, so that every host gives the same bytes for the same question.
//!
//! ```no_run
//! use scorebox::{Bundle, Engine, ScoreOptions};
//!
//! fn main() -> Result<(), scorebox::Error> {
//!     let engine = Engine::new()?;
//!     let bundle = Bundle::load(&engine, "models/credit")?;
//!     let decision = bundle.score(r#"{"age": 34, "limit_bal": 120000}"#, &ScoreOptions::default())?;
//!     println!("{decision}");
//!     Ok(())
//! }
//! ```
//!
//! An [`Engine`] is expensive and shared; a [`Bundle`] is loaded once, immutable and cheap to clone; a
//! call costs microseconds. What a stranger sends, a model or a record, can cost an [`Error`]: each
//! call has a deadline, each instance a memory cap, each record a size limit ([`Config`]), and an
//! instance that trapped is dropped and replaced. This crate holds no scoring logic: it passes bytes.

mod archive;
mod batches;
mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod config;
mod counts;
mod decision;
mod engine;
mod error;
mod guest;
mod model;
mod module;
mod options;
mod packing;
mod pool;
mod reserve;
#[cfg(feature = "server")]
pub mod server;
mod snapshot;
pub mod table;
mod ticker;

pub use archive::{folder_to_zip, read_source};
pub use bundle::Bundle;
pub use config::{Config, Isolation};
pub use counts::Counts;
pub use decision::Decision;
pub use engine::Engine;
pub use error::{Error, ErrorCode, Result};
pub use model::{Axis, Model, Port};
pub use module::Artefact;
pub use options::{BanditState, BatchOutput, Held, Now, ScoreOptions};
pub use packing::{PackOptions, Packed, manifest_schema, pack};
pub use table::{Batch, Column, Data, Tensor, Value};
