//! The scorer: pure functions from a bundle and a record to a decision.
//!
//! Data goes one way: bytes, frame, checked frame, features, model outputs, scores, policy, reasons,
//! decision, bytes. Each stage is one module. There is no clock, file, network, thread or randomness
//! here; what a stage needs is in its arguments, so the same input gives the same bits everywhere.

#[cfg(feature = "authoring")]
pub mod authoring;
pub mod bundle;
pub mod error;
pub mod limits;
pub mod onnx;
pub mod scorer;
pub mod table;
pub mod rules;
pub mod time;

pub use error::{Error, ErrorCode, Result};
pub use limits::Limits;
