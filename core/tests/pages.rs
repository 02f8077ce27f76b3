//! The examples on the pages of docs/manifest run. A block marked `json bundle` is a manifest that packs
//! (format, name and version are added where they are left out), `json request` is a request to the last
//! bundle, and `json gives` is what the decision must hold: objects hold at least these keys, lists these
//! items. A block `json refused` changes the last bundle (`change`: JSON pointers and values) so that it does
//! not pack, at this `path`, with a message that `says` this and the place in the text. Models come from the
//! fixtures and the golden cases' bundles.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scorebox_core::bundle::write_archive;
use scorebox_core::scorer::Scorer;
use scorebox_core::{Error, Limits, authoring};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of a page: what follows the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((kind.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A model's file from wherever the tests keep one of this name.
fn model(file: &str) -> Vec<u8> {
    let mut places = vec![root().join("core/tests/fixtures").join(file)];
    let bundles = fs::read_dir(root().join("tests/bundles")).unwrap();
    places.extend(bundles.map(|folder| folder.unwrap().path().join(file)));
    let found = places.iter().find(|place| place.is_file());
    fs::read(found.unwrap_or_else(|| panic!("no model is called {file}"))).unwrap()
}

/// The manifest, with the head that a page may leave out.
fn read(manifest: &str) -> Value {
    let mut manifest: Value =
        serde_json::from_str(manifest).unwrap_or_else(|error| panic!("{error}: {manifest}"));
    for (key, value) in [("format", 1.into()), ("name", "page".into()), ("version", "1.0.0".into())] {
        manifest.as_object_mut().unwrap().entry(key).or_insert(value);
    }
    manifest
}

fn pack(manifest: &Value) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_vec_pretty(manifest).unwrap();
    let mut files: BTreeMap<String, Cow<'_, [u8]>> =
        BTreeMap::from([("bundle.json".to_owned(), text.into())]);
    for file in manifest["models"].as_array().into_iter().flatten().map(|model| &model["file"]) {
        let file = file.as_str().unwrap();
        files.insert(file.to_owned(), model(file).into());
    }
    authoring::pack(&write_archive(&files).unwrap(), &[], b"")
}

/// Fails unless the change of the manifest is refused as the block says.
fn assert_refused(manifest: &Value, block: &Value) {
    let mut changed = manifest.clone();
    for (pointer, value) in block["change"].as_object().unwrap() {
        *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = value.clone();
    }
    let error = pack(&changed).err().unwrap_or_else(|| panic!("it packs: {block}"));
    assert_eq!(error.path(), block["path"].as_str().unwrap(), "{error}");
    assert!(error.message().contains(block["says"].as_str().unwrap()), "{error}\n{block}");
    assert!(error.message().contains("(bundle.json line "), "no place in the text: {error}");
}

fn load(manifest: &Value) -> Scorer {
    let packed = pack(manifest).unwrap_or_else(|error| panic!("{error}"));
    Scorer::load(&packed, &Limits::DEFAULT, [0; 32]).unwrap_or_else(|error| panic!("{error}"))
}

/// Where `found` lacks what `wanted` has.
fn lacks(wanted: &Value, found: &Value, path: &str) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, wanted)| {
            lacks(wanted, found.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.find_map(|(at, (wanted, found))| lacks(wanted, found, &format!("{path}[{at}]")))
        }
        (wanted, found) if wanted == found => None,
        (wanted, found) => Some(format!("{path}: {found} instead of {wanted}")),
    }
}

#[test]
fn every_example_runs() {
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root().join("docs/manifest")).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    let (mut bundles, mut decisions, mut refusals) = (0, 0, 0);
    for page in pages {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let mut manifest = Value::Null;
        let mut scorer = None;
        let mut decision = None;
        for (kind, text) in blocks(&fs::read_to_string(&page).unwrap()) {
            match kind.as_str() {
                "json bundle" => {
                    manifest = read(&text);
                    scorer = Some(load(&manifest));
                    bundles += 1;
                }
                "json request" => {
                    let scorer = scorer.as_mut().unwrap_or_else(|| panic!("{name}: a request, no bundle"));
                    let mut out = Vec::new();
                    scorer.score(text.as_bytes(), &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
                    decision = Some(serde_json::from_slice::<Value>(&out).unwrap());
                }
                "json gives" => {
                    let found = decision.as_ref().unwrap_or_else(|| panic!("{name}: nothing was asked"));
                    let wanted = serde_json::from_str(&text).unwrap();
                    if let Some(lack) = lacks(&wanted, found, "") {
                        panic!("{name}: {lack}\n{found:#}");
                    }
                    decisions += 1;
                }
                "json refused" => {
                    assert_refused(&manifest, &serde_json::from_str(&text).unwrap());
                    refusals += 1;
                }
                _ => {}
            }
        }
    }
    println!("pages: {bundles} bundles, {decisions} decisions, {refusals} refusals");
    assert!(bundles >= 1 && decisions >= 1 && refusals >= 1, "the pages have examples");
}
