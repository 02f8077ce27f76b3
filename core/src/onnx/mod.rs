//! The tabular ONNX runtime: a model's bytes become a checked graph, and a checked graph runs.
//!
//! Written here rather than taken from a library because this is where scores go wrong: exporters
//! of tabular models use operators that general engines leave out or get subtly wrong. The order of
//! work is wire, `proto`, graph, session; operators are in `ops`, one file per family.

pub mod attributes;
pub mod body;
mod declared;
pub mod decode;
pub mod explain;
pub mod kernel;
pub mod model;
pub mod neural;
pub mod ops;
mod order;
pub(crate) mod plan;
mod planner;
pub mod proto;
mod read;
pub mod registry;
pub mod session;
pub mod shape;
pub mod tensor;
pub mod value;
mod wire;

pub use model::{Model, ValueInfo};
pub use session::Session;
pub use shape::{Dim, DimList, Shape};
pub use tensor::{DType, Data, Element, Strings, Tensor};
pub use value::{Keys, Value, ValueType};
