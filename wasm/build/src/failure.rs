//! What can go wrong while a module is built, in words that tell the user what to do.

use std::fmt;
use std::path::PathBuf;

/// Why a module was not built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The compiler has no library for the wasm target.
    TargetMissing,
    /// Cargo or the compiler could not be started: the reason.
    NotStarted(String),
    /// The build ended with an error, which cargo has printed: file and exit status.
    Failed(&'static str, String),
    /// A file could not be written: path and reason.
    NotWritten(PathBuf, String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetMissing => write!(
                f,
                "the Rust target {0} is not installed; run `rustup target add {0}` and build again",
                crate::TARGET
            ),
            Self::NotStarted(reason) => write!(f, "cannot start the compiler: {reason}"),
            Self::Failed(file, status) => write!(f, "{file} was not built: cargo ended with {status}"),
            Self::NotWritten(path, reason) => write!(f, "cannot write {}: {reason}", path.display()),
        }
    }
}

impl std::error::Error for Failure {}
