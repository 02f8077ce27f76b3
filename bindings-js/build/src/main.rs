//! `scorebox-js-build <folder>`: compiles the shim and writes it with its JavaScript into the folder.
//!
//! wasm-bindgen's generator must have exactly the version of the crate in the shim. As a library in the
//! same workspace it has, and nobody needs to install a command for it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use wasm_bindgen_cli_support::Bindgen;

/// The name that the generated files begin with.
const NAME: &str = "shim";

/// The shim only forwards calls: a page is better served by fewer bytes than by faster ones.
const FOR_SIZE: &[&str] = &["profile.wasm.opt-level=\"s\"", "profile.wasm.strip=\"debuginfo\""];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: scorebox-js-build <folder>");
        return ExitCode::FAILURE;
    };
    match compile().and_then(|shim| generate(&shim, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Compiles the shim for the browser's target and returns the file's path.
fn compile() -> Result<PathBuf, String> {
    let root = scorebox_wasm_build::workspace();
    let target = scorebox_wasm_build::TARGET;
    let target_dir = root.join("target/wasm/shim");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&root)
        .args(["build", "--locked", "--package", "scorebox-js", "--lib"])
        .args(["--target", target, "--profile", "wasm"])
        .args(FOR_SIZE.iter().flat_map(|setting| ["--config", *setting]))
        .arg("--target-dir")
        .arg(&target_dir)
        // The flags of a caller (coverage, native processors) are not for this target.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let status = cargo.status().map_err(|error| format!("cargo does not start: {error}"))?;
    if !status.success() {
        return Err(format!("the shim does not compile ({status})"));
    }
    Ok(target_dir.join(target).join("wasm/scorebox_js.wasm"))
}

/// Writes `shim.js`, `shim.d.ts` and `shim_bg.wasm`: one form for pages and Node, since the package's
/// own entries find and read the file.
fn generate(shim: &Path, folder: &Path) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(shim).out_name(NAME).typescript(true).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true).and_then(|bindgen| bindgen.generate(folder)).map_err(|error| format!("{error:#}"))
}
