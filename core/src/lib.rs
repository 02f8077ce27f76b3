//! The scorer: pure functions from a bundle and a record to a decision.
//!
//! Data goes one way: bytes, frame, checked frame, features, model outputs, scores, policy, reasons,
//! decision, bytes. Each stage is one module. There is no clock, file, network, thread or randomness
//! here; what a stage needs is in its arguments, so the same input gives the same bits everywhere.

#[cfg(feature = "authoring")]
pub mod authoring;
pub mod bins;
pub mod bundle;
pub mod calibration;
pub mod decision;
pub mod error;
pub mod exposure;
pub mod expression;
pub mod features;
pub mod frame;
pub mod json;
pub mod limits;
pub mod manifest;
pub mod models;
pub mod monitoring;
pub mod offers;
pub mod onnx;
pub mod parity;
pub mod policy;
pub mod privacy;
pub mod quantity;
pub mod reasons;
pub mod reference;
pub mod request;
pub mod risk;
pub mod rules;
pub mod schema;
pub mod scope;
pub mod scorecard;
pub mod scorer;
pub mod scores;
pub mod table;
pub mod time;
pub mod view;

pub use error::{Error, ErrorCode, Result};
pub use limits::Limits;
