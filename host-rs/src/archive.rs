//! A bundle's folder as the zip archive that the module reads.
//!
//! Entries are stored, sorted by name and without dates, so that a folder always gives the same bytes.

use std::fs;
use std::io::Write;
use std::path::Path;

use miniz_oxide::inflate;

use crate::error::{Error, ErrorCode, Result};

/// Files of one bundle; the module has the same limit, this one keeps a wrong folder from being read.
const MAX_FILES: usize = 1_024;

/// Bytes of one bundle; as above.
const MAX_BYTES: u64 = 512 << 20;

/// The bytes of a bundle at `path`: the file as it is, or the folder as a zip archive.
///
/// # Errors
/// `io` where it cannot be read, `bundle_malformed` where it is too large to be a bundle.
pub fn read_source(path: &Path) -> Result<Vec<u8>> {
    let about = fs::metadata(path).map_err(|error| Error::io(path.display(), &error))?;
    if about.is_dir() {
        return folder_to_zip(path);
    }
    if about.len() > MAX_BYTES {
        return Err(too_large(path));
    }
    fs::read(path).map_err(|error| Error::io(path.display(), &error))
}

/// The zip archive of a bundle's folder. Hidden files and folders are left out; links are followed.
///
/// # Errors
/// As [`read_source`].
pub fn folder_to_zip(folder: &Path) -> Result<Vec<u8>> {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort();
    let mut total = 0;
    let mut contents = Vec::with_capacity(files.len());
    for name in files {
        let path = folder.join(&name);
        let bytes = fs::read(&path).map_err(|error| Error::io(path.display(), &error))?;
        total += bytes.len() as u64;
        if total > MAX_BYTES {
            return Err(too_large(folder));
        }
        contents.push((name, bytes));
    }
    zip(&contents)
}

/// The zip archive of named files, stored.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let write = |archive: &mut rawzip::ZipArchiveWriter<&mut Vec<u8>>| -> std::result::Result<(), String> {
        for (name, bytes) in files {
            let stored = archive.new_file(name.as_str()).compression_method(rawzip::CompressionMethod::STORE);
            let (mut entry, config) = stored.start().map_err(|error| error.to_string())?;
            let mut data = config.wrap(&mut entry);
            data.write_all(bytes).map_err(|error| error.to_string())?;
            let (_, descriptor) = data.finish().map_err(|error| error.to_string())?;
            entry.finish(descriptor).map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    write(&mut archive).map_err(|reason| Error::new(ErrorCode::BundleMalformed, reason))?;
    archive.finish().map_err(|error| Error::new(ErrorCode::BundleMalformed, error.to_string()))?;
    Ok(bytes)
}

/// The files of a zip archive as `sbx_pack` writes it, stored or deflated: names and bytes.
pub(crate) fn unzip(zip: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let wrong = |reason: &str| Error::new(ErrorCode::BundleMalformed, reason);
    let failed = |error: rawzip::Error| wrong(&error.to_string());
    let archive = rawzip::ZipArchive::from_slice(zip).map_err(failed)?;
    let mut files = Vec::new();
    let mut left = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    for entry in archive.entries() {
        let entry = entry.map_err(failed)?;
        let name = entry.file_path().try_normalize().map_err(failed)?.as_ref().to_owned();
        let packed = archive.get_entry(entry.wayfinder()).map_err(failed)?.data();
        let bytes = match entry.compression_method() {
            rawzip::CompressionMethod::STORE => packed.to_vec(),
            rawzip::CompressionMethod::DEFLATE => inflate::decompress_to_vec_with_limit(packed, left)
                .map_err(|_| wrong("the file does not inflate").at(&name))?,
            _ => return Err(wrong("files must be stored or deflated").at(&name)),
        };
        left = left.checked_sub(bytes.len()).ok_or_else(|| wrong("the archive is too large"))?;
        files.push((name, bytes));
    }
    Ok(files)
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(folder.display(), &error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(
                Error::new(ErrorCode::BundleMalformed, "a file's name is no UTF-8").at(folder.display())
            );
        };
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let about = fs::metadata(&path).map_err(|error| Error::io(path.display(), &error))?;
        if about.is_dir() {
            // A folder that links to its own parent would go on until the system refuses the path.
            list(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.push(format!("{prefix}{name}"));
        }
        if files.len() > MAX_FILES {
            return Err(too_large(&path));
        }
    }
    Ok(())
}

fn too_large(path: &Path) -> Error {
    let message = format!("a bundle has at most {MAX_FILES} files and {MAX_BYTES} bytes");
    Error::new(ErrorCode::BundleMalformed, message).at(path.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::fs;

    use super::folder_to_zip;

    #[test]
    fn a_folder_gives_the_same_archive_wherever_and_whenever() {
        let make = || {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("golden")).unwrap();
            fs::write(folder.path().join("golden/b.json"), b"{}").unwrap();
            fs::write(folder.path().join("bundle.json"), b"{\"format\":1}").unwrap();
            fs::write(folder.path().join(".hidden"), b"no").unwrap();
            folder_to_zip(folder.path()).unwrap()
        };
        let (first, second) = (make(), make());
        assert_eq!(first, second);
        assert_eq!(first.get(..4), Some(b"PK\x03\x04".as_slice()));
        assert!(!first.windows(7).any(|window| window == b".hidden"));
    }

    #[test]
    fn what_is_not_there_is_an_io_error() {
        let error = super::read_source(std::path::Path::new("no/such/bundle")).unwrap_err();
        assert_eq!(error.code().as_str(), "io");
        assert_eq!(error.path(), "no/such/bundle");
    }
}
