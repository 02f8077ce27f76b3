#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;

#[cfg(feature = "authoring")]
use super::Lock;
use super::{Archive, Sha256Digest, sha256, write_archive};
use crate::{ErrorCode, Limits};

fn files() -> BTreeMap<String, Cow<'static, [u8]>> {
    let mut files = BTreeMap::new();
    files.insert("bundle.json".into(), Cow::Owned(vec![b' '; 5_000]));
    files.insert("golden/一.json".into(), Cow::Borrowed(&b"{}"[..]));
    files.insert("empty".into(), Cow::Borrowed(&b""[..]));
    files
}

#[test]
fn archives_come_back_and_are_always_the_same() {
    let zip = write_archive(&files()).unwrap();
    assert_eq!(zip, write_archive(&files()).unwrap());
    assert!(zip.len() < 1_000, "compressed");
    let archive = Archive::open(&zip, &Limits::DEFAULT).unwrap();
    assert!(archive.names().eq(files().keys().map(String::as_str)));
    for (name, bytes) in files() {
        assert_eq!(archive.read(&name).unwrap(), bytes, "{name}");
    }
    let error = archive.read("other").unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::BundleMalformed, "other"));
}

#[test]
fn damage_and_lies_are_found() {
    let zip = write_archive(&files()).unwrap();
    let read = |zip: &[u8]| {
        let archive = Archive::open(zip, &Limits::DEFAULT)?;
        archive.read("bundle.json").map(Cow::into_owned)
    };
    assert_eq!(read(&zip).unwrap().len(), 5_000);
    // The sizes that the central directory claims: 5,000 bytes become 50, then 50,000.
    let claim = 5_000_u32.to_le_bytes();
    let place = zip.windows(4).rposition(|window| window == claim).unwrap();
    for lie in [50_u32, 50_000, u32::MAX - 1] {
        let mut zip = zip.clone();
        zip[place..place + 4].copy_from_slice(&lie.to_le_bytes());
        assert_eq!(read(&zip).unwrap_err().code(), ErrorCode::BundleMalformed, "{lie}");
    }
    // The checksum stands eight bytes before.
    let mut wrong = zip.clone();
    wrong[place - 8] ^= 1;
    let error = read(&wrong).unwrap_err();
    assert!(error.message().contains("checksum"), "{error}");
}

#[test]
fn names_that_occur_twice_are_refused() {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for _ in 0..2 {
        let (entry, config) = archive.new_file("bundle.json").start().unwrap();
        let (_, descriptor) = config.wrap(std::io::sink()).finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    let zip = archive.finish().unwrap();
    let error = Archive::open(&zip, &Limits::DEFAULT).err().unwrap();
    assert!(error.message().contains("two files"), "{error}");
}

#[cfg(feature = "authoring")]
#[test]
fn locks_come_back_and_pin() {
    let files = BTreeMap::from([("bundle.json".to_owned(), sha256(b"a"))]);
    let lock = Lock::new(files, BTreeMap::new(), BTreeMap::new()).unwrap();
    let text = lock.to_json().unwrap();
    assert_eq!(Lock::read(text.as_bytes()).unwrap(), lock);
    lock.check_file("bundle.json", b"a").unwrap();
    assert_eq!(lock.check_file("bundle.json", b"b").unwrap_err().code(), ErrorCode::BundleDigest);
    assert_eq!(lock.check_file("other", b"a").unwrap_err().code(), ErrorCode::BundleNotPacked);
    assert_eq!(lock.program("features.a.expr", "1").unwrap_err().code(), ErrorCode::BundleNotPacked);
    // The identity is written down in the design: it must not drift with the code.
    let line = format!("{} bundle.json\n{{}}", sha256(b"a").hex());
    assert_eq!(lock.digest, sha256(line.as_bytes()));
}

#[test]
fn digests_read_what_they_print() {
    let digest = sha256(b"");
    assert_eq!(digest.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(Sha256Digest::parse(&digest.to_string()), Some(digest));
    for text in
        ["", "sha256:", &digest.hex()[1..], &digest.hex().to_uppercase(), &format!("{}0", digest.hex())]
    {
        assert_eq!(Sha256Digest::parse(text), None);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(changes in prop::collection::vec((0_usize..2_000, any::<u8>()), 1..8), cut in 0_usize..50) {
        let mut zip = write_archive(&files()).unwrap();
        for (at, byte) in changes {
            let len = zip.len();
            zip[at % len] = byte;
        }
        zip.truncate(zip.len() - cut);
        if let Ok(archive) = Archive::open(&zip, &Limits::DEFAULT) {
            for name in archive.names().map(ToOwned::to_owned).collect::<Vec<_>>() {
                let _ = archive.read(&name);
            }
        }
    }
}
