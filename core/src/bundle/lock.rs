//! `bundle.lock`: what pins a bundle. Made by packing, committed beside the manifest, checked at load.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::digest::{Sha256Digest, sha256};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Fault, from_slice, member, minified};
#[cfg(feature = "authoring")]
use crate::json::{compact, push_map};
use crate::rules::Code;

/// The format's number.
const FORMAT: u32 = 1;

/// An expression lowered to code, with the digest of the text that it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedProgram {
    /// Digest of the expression's text in bundle.json.
    pub source: Sha256Digest,
    /// What the text was lowered to.
    pub code: Code,
}

/// Lowered expressions by their JSON path in the manifest, such as `features.utilisation.expr`; entries
/// of lists go by their name or id, so that an inserted rule moves no other.
pub type Programs = BTreeMap<String, LockedProgram>;

/// The lock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// 1.
    pub format: u32,
    /// Every file that scoring uses.
    pub files: BTreeMap<String, Sha256Digest>,
    /// Golden records: pinned, but no part of the digest, so that adding one changes no decision.
    pub golden: BTreeMap<String, Sha256Digest>,
    /// The identity of the bundle.
    pub digest: Sha256Digest,
    /// Lowered expressions.
    pub programs: Programs,
}

impl Lock {
    /// A lock of these files and programs.
    ///
    /// # Errors
    /// `internal` where programs cannot be written as JSON.
    #[cfg(feature = "authoring")]
    pub fn new(
        files: BTreeMap<String, Sha256Digest>,
        golden: BTreeMap<String, Sha256Digest>,
        programs: Programs,
    ) -> Result<Self> {
        let digest = identity(&files, compact(&programs)?.as_bytes());
        Ok(Self { format: FORMAT, files, golden, digest, programs })
    }

    /// Reads a lock and checks that its digest is that of what it lists.
    ///
    /// # Errors
    /// `bundle_not_packed` where it is no lock of this format or its digest is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let lock: Self = from_slice(bytes).map_err(|fault: Fault| {
            stale(format!("the lock cannot be read ({}); pack the bundle again", fault.explain(bytes)))
        })?;
        if lock.format != FORMAT {
            return Err(stale(format!("the lock's format must be {FORMAT}; pack the bundle again")));
        }
        // The digest is over the programs as they are spelled, so no second reading can differ from it.
        let programs = member(bytes, "programs").map(minified).unwrap_or_default();
        if identity(&lock.files, &programs) != lock.digest {
            return Err(stale("the lock's digest is not that of what it lists; pack the bundle again"));
        }
        Ok(lock)
    }

    /// The lock as a file: indented JSON, always the same for the same lock.
    ///
    /// # Errors
    /// `internal` where programs cannot be written as JSON.
    #[cfg(feature = "authoring")]
    pub fn to_json(&self) -> Result<String> {
        // One line per file and per program: a changed rule is one changed line.
        let mut text =
            format!("{{\n  \"format\": {},\n  \"digest\": {},\n", self.format, compact(&self.digest)?);
        push_map(&mut text, "files", &self.files)?;
        text.push_str(",\n");
        push_map(&mut text, "golden", &self.golden)?;
        text.push_str(",\n");
        push_map(&mut text, "programs", &self.programs)?;
        text.push_str("\n}\n");
        Ok(text)
    }

    /// The code that an expression was lowered to.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock has none or the text is another one than was packed.
    pub fn program(&self, path: &str, source: &str) -> Result<&Code> {
        let locked = self.programs.get(path).filter(|locked| locked.source == sha256(source.as_bytes()));
        locked.map(|locked| &locked.code).ok_or_else(|| {
            stale("this expression is not the one that was packed; pack the bundle again").at(path)
        })
    }

    /// Checks a file against its pinned digest.
    ///
    /// # Errors
    /// `bundle_not_packed` where the file is not pinned, `bundle_digest` where it is another file.
    pub fn check_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        check_pin(&self.files, name, bytes)
    }

    /// Checks a golden record against its pinned digest.
    ///
    /// # Errors
    /// As [`Self::check_file`].
    pub fn check_golden(&self, name: &str, bytes: &[u8]) -> Result<()> {
        check_pin(&self.golden, name, bytes)
    }
}

fn check_pin(pins: &BTreeMap<String, Sha256Digest>, name: &str, bytes: &[u8]) -> Result<()> {
    match pins.get(name) {
        Some(pinned) if *pinned == sha256(bytes) => Ok(()),
        Some(_) => Err(Error::new(
            ErrorCode::BundleDigest,
            "the file is not the one that was packed; restore it or pack the bundle again",
        )
        .at(name)),
        None => Err(stale("the lock does not list this file; pack the bundle again").at(name)),
    }
}

/// SHA-256 over a line `<sha256> <path>` per file, sorted by path, then the programs as compact JSON.
fn identity(files: &BTreeMap<String, Sha256Digest>, programs: &[u8]) -> Sha256Digest {
    let mut hasher = Sha256::new();
    for (name, digest) in files {
        hasher.update(format!("{} {name}\n", digest.hex()));
    }
    hasher.update(programs);
    Sha256Digest(hasher.finalize().into())
}

fn stale(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::BundleNotPacked, message)
}
