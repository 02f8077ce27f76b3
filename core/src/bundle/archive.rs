//! The zip archive: a checked directory, files inflated on demand, and a deterministic writer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use miniz_oxide::{deflate, inflate};
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipArchiveWriter, ZipSliceArchive};

use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;

/// Longest name of a file.
const MAX_NAME_BYTES: usize = 255;
/// zlib's usual trade of time for size.
const DEFLATE_LEVEL: u8 = 6;

/// An opened bundle archive: every name is checked, nothing is inflated yet.
pub struct Archive<'a> {
    zip: ZipSliceArchive<&'a [u8]>,
    files: BTreeMap<String, (ZipArchiveEntryWayfinder, CompressionMethod)>,
    bytes_left: std::cell::Cell<usize>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of a zip archive.
    ///
    /// # Errors
    /// `bundle_malformed` where the bytes are no zip archive, where there are too many files, or where
    /// a name occurs twice or points outside the bundle.
    pub fn open(zip: &'a [u8], limits: &Limits) -> Result<Self> {
        let zip = ZipArchive::from_slice(zip)
            .map_err(|error| malformed(format!("this is no zip archive ({error})")))?;
        // The iterator below slices between these two without looking.
        if zip.directory_offset() > zip.eocd_offset() {
            return Err(malformed("the archive's directory lies behind its end"));
        }
        let mut files = BTreeMap::new();
        let mut entries = zip.entries();
        let mut count = 0_usize;
        while let Some(entry) =
            entries.next_entry().map_err(|error| malformed(format!("the archive is damaged ({error})")))?
        {
            count += 1;
            if count > limits.bundle_files {
                return Err(malformed(format!("a bundle has at most {} files", limits.bundle_files)));
            }
            let path = entry.file_path();
            let name = std::str::from_utf8(path.as_bytes())
                .map_err(|_| malformed("the name of a file is not UTF-8"))?;
            if entry.is_dir() || name.ends_with('/') {
                continue;
            }
            check_name(name)?;
            let place = (entry.wayfinder(), entry.compression_method());
            if files.insert(name.to_owned(), place).is_some() {
                return Err(malformed("two files have this name").at(name));
            }
        }
        if zip.entries_hint() != count as u64 {
            return Err(malformed("the archive is cut short: its directory lacks files"));
        }
        Ok(Self { zip, files, bytes_left: std::cell::Cell::new(limits.bundle_bytes) })
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether there is a file of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The bytes of a file, checked against the archive's own checksum; borrowed where it is stored
    /// without compression.
    ///
    /// # Errors
    /// `bundle_malformed` where there is no such file, where it is damaged, encrypted or compressed in
    /// another way than deflate, or where the bundle is larger than its limit.
    pub fn read(&self, name: &str) -> Result<Cow<'a, [u8]>> {
        self.read_entry(name).map_err(|error| error.at(name))
    }

    fn read_entry(&self, name: &str) -> Result<Cow<'a, [u8]>> {
        let Some(&(place, method)) = self.files.get(name) else {
            return Err(malformed("the bundle has no such file"));
        };
        let claimed = usize::try_from(place.uncompressed_size_hint()).ok();
        let left = claimed.and_then(|claimed| self.bytes_left.get().checked_sub(claimed));
        let (Some(claimed), Some(left)) = (claimed, left) else {
            return Err(malformed("the bundle's files together pass the limit `bundle_bytes`"));
        };
        self.bytes_left.set(left);
        let damaged = |error: rawzip::Error| malformed(format!("the archive is damaged ({error})"));
        let entry = self.zip.get_entry(place).map_err(damaged)?;
        let expected = entry.claim_verifier();
        let (start, end) = entry.compressed_data_range();
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let whole: &'a [u8] = self.zip.get_ref();
        let packed = range.and_then(|(start, end)| whole.get(start..end));
        let packed = packed.ok_or_else(|| malformed("the file reaches past the end of the archive"))?;
        let bytes = match method {
            CompressionMethod::STORE => Cow::Borrowed(packed),
            CompressionMethod::DEFLATE => {
                let inflated = inflate::decompress_to_vec_with_limit(packed, claimed);
                Cow::Owned(
                    inflated.map_err(|_| malformed("the file does not inflate to the size it claims"))?,
                )
            }
            _ => return Err(malformed("files must be stored or deflated")),
        };
        let found =
            rawzip::ZipVerification { crc: rawzip::crc32(&bytes), uncompressed_size: bytes.len() as u64 };
        expected.valid(found).map_err(|_| malformed("the file's checksum or size is wrong"))?;
        Ok(bytes)
    }
}

/// Refuses names that a careless unpacker would write outside its folder, and names that differ
/// between systems.
fn check_name(name: &str) -> Result<()> {
    let sound = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !name.contains(['\\', ':'])
        && !name.contains(char::is_control);
    if sound {
        return Ok(());
    }
    Err(malformed(format!(
        "the name {name:?} is not a plain path inside the bundle (at most {MAX_NAME_BYTES} bytes, `/` between \
         parts, no `..`)"
    )))
}

/// Writes files as a zip archive: sorted by name, deflated where that is smaller, no times. The same
/// files always give the same bytes.
///
/// # Errors
/// `internal` where the archive cannot be written; to memory it can.
pub fn write_archive(files: &BTreeMap<String, Cow<'_, [u8]>>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    write_files(files, &mut out).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
    Ok(out)
}

fn write_files(
    files: &BTreeMap<String, Cow<'_, [u8]>>,
    out: &mut Vec<u8>,
) -> std::result::Result<(), rawzip::Error> {
    let mut archive = ZipArchiveWriter::new(out);
    for (name, bytes) in files {
        let packed = deflate::compress_to_vec(bytes, DEFLATE_LEVEL);
        let smaller = packed.len() < bytes.len();
        let method = if smaller { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(name.as_str()).compression_method(method).start()?;
        // The sum and the length are those of the file, whatever goes into the archive.
        let mut sum = config.wrap(std::io::sink());
        sum.write_all(bytes)?;
        let (_, descriptor) = sum.finish()?;
        entry.write_all(if smaller { &packed } else { bytes })?;
        entry.finish(descriptor)?;
    }
    archive.finish()?;
    Ok(())
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::BundleMalformed, message)
}
