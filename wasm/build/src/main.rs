//! `scorebox-wasm-build [folder] [scorebox.wasm] [scorebox-full.wasm]`: builds the modules into `folder`
//! (`dist` unless given), both unless named.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use scorebox_wasm_build::{Artefact, distribute};

fn main() -> ExitCode {
    let mut folder = PathBuf::from("dist");
    let mut artefacts = Vec::new();
    for argument in std::env::args().skip(1) {
        match Artefact::ALL.into_iter().find(|artefact| artefact.file_name() == argument) {
            Some(artefact) => artefacts.push(artefact),
            None => folder = PathBuf::from(argument),
        }
    }
    if artefacts.is_empty() {
        artefacts.extend(Artefact::ALL);
    }
    match distribute(Path::new(&folder), &artefacts) {
        Ok(paths) => {
            for path in paths {
                let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
                eprintln!("{} ({bytes} bytes)", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
