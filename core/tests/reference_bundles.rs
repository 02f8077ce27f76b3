//! The bundles of this repository pack: what is refused when packing must not hit what we ship.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use scorebox_core::bundle::write_archive;
use scorebox_core::{ErrorCode, authoring};

/// The files of a folder by their path in it, hidden ones left out.
fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Cow<'static, [u8]>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let full = format!("{prefix}{name}");
        if name.starts_with('.') || name == "__pycache__" {
            continue;
        }
        if path.is_dir() {
            read(&path, &format!("{full}/"), files);
        } else {
            files.insert(full, fs::read(&path).unwrap().into());
        }
    }
}

#[test]
fn every_bundle_packs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packed = 0;
    let mut wrong = Vec::new();
    for section in ["models", "tests/bundles"] {
        for entry in fs::read_dir(root.join(section)).unwrap() {
            let folder = entry.unwrap().path();
            if !folder.join("bundle.json").is_file() || folder.join("broken").is_file() {
                continue;
            }
            let mut files = BTreeMap::new();
            read(&folder, "", &mut files);
            match authoring::pack(&write_archive(&files).unwrap(), &[], b"") {
                Ok(_) => packed += 1,
                // A neural graph, in a build without its backend.
                Err(error) if error.code() == ErrorCode::BundleNeedsFull => packed += 1,
                Err(error) => wrong.push(format!("{}: {error}", folder.display())),
            }
        }
    }
    println!("bundles: {packed} packed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(packed >= 5, "only {packed} bundles found");
}
