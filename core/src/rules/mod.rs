//! Rules and feature expressions as small columnar programs.
//!
//! Authors write CEL. Packing lowers each expression to a [`Code`] (feature `authoring`, module
//! `lower`), so that a page needs no parser and a batch pays nanoseconds per row and rule. At load the
//! code is a stranger's bytes: [`Program::new`] checks it completely, and after that evaluation cannot
//! panic, loop or grow without bound.
//!
//! Every instruction makes a column over all rows; a cell holds a value, null or a [`Fault`], and
//! faults follow CEL: `&&`, `||`, `?:`, `all` and `exists` absorb them where the language says so, and
//! all else passes them on. The guide for authors is `docs/rules.md`.

mod apply;
mod column;
mod evaluate;
mod fault;
mod json;
mod kernels;
mod loops;
mod meter;
mod op;
mod program;
mod records;
mod register;
mod types;
mod value;
mod verify;

#[cfg(feature = "authoring")]
pub mod lower;

pub use column::{Cell, Column, Data, Texts};
pub use fault::Fault;
pub use json::{push_cell, push_value};
pub use op::{LoopKind, Op};
pub use program::{Block, Code, Constant, Instruction, Program, Variable};
pub use records::Records;
pub(crate) use register::Builder as Cells;
pub use types::Type;
pub use value::{List, Map, Value};
