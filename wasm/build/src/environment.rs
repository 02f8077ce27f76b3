//! What the inner cargo may see of its surroundings.
//!
//! A build script inherits its cargo's variables: flags, profile overrides, the wrapper that clippy
//! sets. Any of them would change the module's bytes, so all but a few are taken away.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Variables that begin so are taken away...
const TAKEN: &[&str] = &["CARGO", "RUSTC", "RUSTFLAGS", "RUSTDOC", "DEP_"];

/// ...and those that cargo sets for build scripts, whose names begin with no prefix.
const TAKEN_WHOLE: &[&str] =
    &["TARGET", "HOST", "OUT_DIR", "PROFILE", "OPT_LEVEL", "DEBUG", "NUM_JOBS", "LD_LIBRARY_PATH"];

/// ...except these: where things lie, how to reach the registry, and the jobs shared with the outer
/// cargo. None of them reaches the compiler's output.
const KEPT: &[&str] = &[
    "CARGO_HOME",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_MAKEFLAGS",
    "CARGO_BUILD_JOBS",
];

/// Takes away what must not reach the inner cargo.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let taken = TAKEN_WHOLE.contains(&text) || TAKEN.iter().any(|prefix| text.starts_with(prefix));
        if taken && !KEPT.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

/// The cargo that runs us, else the one on the path.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The compiler beside that cargo.
pub(crate) fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Where cargo keeps the registry.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    let home = || env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cargo")))
}
