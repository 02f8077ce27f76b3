//! The bundle as a container: files in a zip archive, what pins them, and the digest of the whole.
//!
//! A bundle comes from a stranger. Names, sizes and checksums are checked before anything is inflated,
//! inflating is bounded by what the archive claims and by [`Limits::bundle_bytes`](crate::Limits), and
//! only files that somebody asks for are inflated at all. What the files mean is the manifest's concern.

mod archive;
mod digest;
mod lock;

pub use archive::{Archive, write_archive};
pub use digest::{Sha256Digest, sha256};
pub use lock::{Lock, LockedProgram, Programs};

/// The manifest's name inside a bundle.
pub const MANIFEST: &str = "bundle.json";
/// The lock's name inside a bundle.
pub const LOCK: &str = "bundle.lock";
/// The reference profile's name inside a bundle.
pub const REFERENCE: &str = "reference.json";
/// Where certificates of parity lie inside a bundle.
pub const PARITY: &str = "parity/";
/// Where golden records lie inside a bundle.
pub const GOLDEN: &str = "golden/";

#[cfg(test)]
mod tests;
