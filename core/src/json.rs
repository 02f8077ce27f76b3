//! JSON at the border: requests in, canonical bytes out.
//!
//! Requests come from strangers, so the reader refuses repeated keys (of which readers elsewhere keep
//! the first or the last) and says only where the text is broken, never what it holds. The writer gives
//! each value exactly one spelling, the one of ECMAScript, so that digests mean the same everywhere.

mod fault;
#[cfg(feature = "authoring")]
mod lines;
mod locate;
mod map;
mod read;
mod scan;
mod tree;
mod typed;
mod value;
mod write;

pub use fault::Fault;
#[cfg(feature = "authoring")]
pub use lines::{compact, push_map};
pub use locate::locate;
pub(crate) use locate::{member, minified};
pub use map::Map;
pub use read::{Json, read};
pub use tree::{json, to_value};
pub use typed::from_slice;
pub use value::{Number, Value, push_value};
pub use write::{push_integer, push_number, push_text};
