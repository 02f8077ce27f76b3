//! JSON at the border: requests in, canonical bytes out.
//!
//! Requests come from strangers, so the reader refuses repeated keys (of which readers elsewhere keep
//! the first or the last) and says only where the text is broken, never what it holds. The writer gives
//! each value exactly one spelling, the one of ECMAScript, so that digests mean the same everywhere.

mod lines;
mod read;
mod write;

pub use lines::{compact, push_map};
pub use read::{Json, read};
pub use write::{push_integer, push_number, push_text};
