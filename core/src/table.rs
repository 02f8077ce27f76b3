//! Tables: how batches and tensors cross the module's border without being parsed.
//!
//! A table is one block of bytes: a header, an entry per column or value, and the data of each as a
//! flat little-endian buffer. `wasm/ABI.md` is the description for hosts. [`read`] checks every
//! offset, count and text once, so that what looks at a [`Table`] afterwards need not; the bytes come
//! from a host and are not trusted. [`Writer`] makes tables and keeps its buffers between calls.

pub mod layout;

mod read;
mod values;
mod write;

#[cfg(test)]
mod tests;

pub use read::{Entry, Kind, LittleEndian, Table, read};
pub use values::{read_values, read_values_into, write_values};
pub use write::Writer;
