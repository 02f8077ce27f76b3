//! Builds the modules and hands them, with their sha256, to the library.
//!
//! `SCOREBOX_DIST` may name a folder that already holds them, for packagers who build in stages.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use scorebox_wasm_build::{Artefact, build, workspace};
use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-env-changed=SCOREBOX_DIST");
    let given = env::var_os("SCOREBOX_DIST").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if given.is_none() {
        for source in ["core", "wasm", "Cargo.lock", "Cargo.toml", ".cargo/config.toml"] {
            println!("cargo::rerun-if-changed={}", workspace().join(source).display());
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    embed(Artefact::Tabular, "SCOREBOX_TABULAR", given.as_deref(), &out);
    if env::var_os("CARGO_FEATURE_FULL").is_some() {
        embed(Artefact::Full, "SCOREBOX_FULL", given.as_deref(), &out);
    }
}

/// Copies the module to where `include_bytes!` finds it, whatever later builds do to the original.
fn embed(artefact: Artefact, name: &str, given: Option<&Path>, out: &Path) {
    let source = match given {
        Some(folder) => folder.join(artefact.file_name()),
        None => build(artefact).unwrap_or_else(|failure| fail(&failure.to_string())),
    };
    println!("cargo::rerun-if-changed={}", source.display());
    let bytes = fs::read(&source)
        .unwrap_or_else(|error| fail(&format!("SCOREBOX_DIST must hold {}: {error}", source.display())));
    let path = out.join(artefact.file_name());
    if let Err(error) = fs::write(&path, &bytes) {
        fail(&format!("cannot write {}: {error}", path.display()));
    }
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env={name}_PATH={}", path.display());
    println!("cargo::rustc-env={name}_SHA256={digest}");
}

fn fail(reason: &str) -> ! {
    println!("cargo::error={reason}");
    process::exit(1);
}
