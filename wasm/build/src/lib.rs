//! Builds `scorebox.wasm` and `scorebox-full.wasm`; the one place that knows their flags.
//!
//! Every host runs the same bytes, and a decision names their sha256. So the bytes may depend on the
//! source, `Cargo.lock` and the compiler's version, and on nothing else: not on where the clone or the
//! registry lies, nor on the flags or profile of the build that asks for the module. This crate starts
//! a cargo of its own with a cleaned environment and remapped paths, and needs no other crate.

mod environment;
mod failure;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use failure::Failure;

/// The target that the module is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// One of the two modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// `scorebox.wasm`: scores tabular bundles; what a page ships.
    Tabular,
    /// `scorebox-full.wasm`: the same, plus neural graphs and packing.
    Full,
}

impl Artefact {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tabular, Self::Full];

    /// The file's name.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Tabular => "scorebox.wasm",
            Self::Full => "scorebox-full.wasm",
        }
    }

    const fn profile(self) -> &'static str {
        match self {
            Self::Tabular => "wasm",
            Self::Full => "wasm-full",
        }
    }

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Tabular => &[],
            Self::Full => &["--features", "full"],
        }
    }
}

/// The folder that holds the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Builds a module in the workspace that this crate belongs to and returns the file's path.
///
/// # Errors
/// [`Failure`] where the wasm target is not installed, cargo cannot be started, or the build fails.
pub fn build(artefact: Artefact) -> Result<PathBuf, Failure> {
    build_in(&workspace(), artefact)
}

/// As [`build`], in the workspace at `root`.
///
/// # Errors
/// As [`build`].
pub fn build_in(root: &Path, artefact: Artefact) -> Result<PathBuf, Failure> {
    let sysroot = sysroot()?;
    if !sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Err(Failure::TargetMissing);
    }
    // The two artefacts have folders of their own, so that two builds can run side by side.
    let target_dir = root.join("target/wasm").join(artefact.profile());
    let mut cargo = Command::new(environment::cargo());
    environment::clean(&mut cargo);
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--package", "scorebox-wasm", "--lib"])
        .args(["--target", TARGET, "--profile", artefact.profile()])
        .args(artefact.arguments())
        .arg("--target-dir")
        .arg(&target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(root, &sysroot))
        // A build script reads cargo's orders from stdout; this cargo must not write there.
        .stdout(std::io::stderr());
    let status = cargo.status().map_err(|error| Failure::NotStarted(error.to_string()))?;
    if !status.success() {
        return Err(Failure::Failed(artefact.file_name(), status.to_string()));
    }
    Ok(target_dir.join(TARGET).join(artefact.profile()).join("scorebox_wasm.wasm"))
}

/// Builds the named modules and copies them into `folder`, which is made where it is missing.
///
/// # Errors
/// As [`build`], and [`Failure::NotWritten`].
pub fn distribute(folder: &Path, artefacts: &[Artefact]) -> Result<Vec<PathBuf>, Failure> {
    let failed =
        |path: &Path, error: std::io::Error| Failure::NotWritten(path.to_path_buf(), error.to_string());
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut written = Vec::new();
    for &artefact in artefacts {
        let built = build(artefact)?;
        let path = folder.join(artefact.file_name());
        std::fs::copy(&built, &path).map_err(|error| failed(&path, error))?;
        written.push(path);
    }
    Ok(written)
}

/// The flags of `.cargo/config.toml`, which an environment variable replaces rather than extends, and
/// the remapping of every folder that differs between machines.
fn rust_flags(root: &Path, sysroot: &Path) -> OsString {
    let mut flags: Vec<OsString> =
        ["-C", "target-feature=+simd128", "--cfg", "getrandom_backend=\"custom\""].map(OsString::from).into();
    let mut remap = |from: &Path, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    };
    remap(root, "scorebox");
    if let Some(home) = environment::cargo_home() {
        remap(&home.join("registry/src"), "registry");
        remap(&home, "cargo");
    }
    // Where the component rust-src is installed, the compiler names the library's files by where they lie.
    remap(&sysroot.join("lib/rustlib/src/rust"), "rust");
    flags.join(&OsString::from("\u{1f}"))
}

fn sysroot() -> Result<PathBuf, Failure> {
    let mut rustc = Command::new(environment::rustc());
    environment::clean(&mut rustc);
    let output = rustc
        .args(["--print", "sysroot"])
        .output()
        .map_err(|error| Failure::NotStarted(format!("rustc: {error}")))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
