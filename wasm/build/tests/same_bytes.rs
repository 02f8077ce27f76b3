//! The module's bytes do not depend on where the clone lies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::path::Path;

use scorebox_wasm_build::{Artefact, build, build_in, workspace};

/// What the build reads: the workspace's manifests need every member to be there.
const MEMBERS: &[&str] = &["core", "wasm", "host-rs", "bindings-py", "bindings-js", "tests", ".cargo"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let skipped = ["target", "node_modules", "dist"].iter().any(|skip| name == *skip);
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && !skipped => copy(&entry.path(), &to.join(&name)),
            kind if kind.is_file() => drop(fs::copy(entry.path(), to.join(&name)).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn a_clone_elsewhere_builds_the_same_module() {
    let root = workspace();
    let clone = tempfile::tempdir().unwrap();
    let elsewhere = clone.path().join("a/folder with a longer name");
    for member in MEMBERS {
        copy(&root.join(member), &elsewhere.join(member));
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root.join(file), elsewhere.join(file)).unwrap();
    }
    let here = fs::read(build(Artefact::Tabular).unwrap()).unwrap();
    let there = fs::read(build_in(&elsewhere, Artefact::Tabular).unwrap()).unwrap();
    assert!(here == there, "{} bytes here, {} there", here.len(), there.len());
    let text = String::from_utf8_lossy(&here);
    let home = std::env::var("HOME").unwrap_or_else(|_| "/home".into());
    for place in [root.to_str().unwrap(), &home] {
        assert!(place == "/" || !text.contains(place), "the module names a folder of this machine");
    }
    println!("{} bytes, the same in two folders", here.len());
}
