//! The embedded modules themselves: no imports, the documented exports, both of one interface.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use scorebox::Artefact;

/// Sections of a core module by their numbers, with their contents.
fn sections(wasm: &[u8]) -> Vec<(u8, &[u8])> {
    assert_eq!(&wasm[..8], b"\0asm\x01\0\0\0");
    let (mut at, mut sections) = (8, Vec::new());
    while at < wasm.len() {
        let number = wasm[at];
        let (len, start) = leb128(wasm, at + 1);
        sections.push((number, &wasm[start..start + len]));
        at = start + len;
    }
    sections
}

/// A number and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut number, mut shift) = (0, 0);
    loop {
        number |= usize::from(bytes[at] & 0x7f) << shift;
        at += 1;
        if bytes[at - 1] < 0x80 {
            return (number, at);
        }
        shift += 7;
    }
}

fn exports(section: &[u8]) -> Vec<String> {
    let (count, mut at) = leb128(section, 0);
    let mut names = Vec::new();
    for _ in 0..count {
        let (len, start) = leb128(section, at);
        names.push(String::from_utf8(section[start..start + len].to_vec()).unwrap());
        at = leb128(section, start + len + 1).1;
    }
    names
}

#[test]
fn there_are_no_imports_and_the_documented_exports() {
    const IMPORTS: u8 = 2;
    const EXPORTS: u8 = 7;
    let documented = include_str!("../../wasm/ABI.md");
    let mut checked = 0;
    for artefact in [Artefact::Tabular, Artefact::Full] {
        let Some(wasm) = artefact.bytes() else { continue };
        let sections = sections(wasm);
        let imports = sections.iter().find(|(number, _)| *number == IMPORTS);
        assert!(imports.is_none_or(|(_, imports)| imports == b"\0"), "{} has imports", artefact.file_name());
        let (_, section) = sections.iter().find(|(number, _)| *number == EXPORTS).unwrap();
        let names = exports(section);
        for name in &names {
            let linker = ["__data_end", "__heap_base"].contains(&name.as_str());
            assert!(linker || documented.contains(&format!("`{name}")), "ABI.md does not know {name}");
        }
        for row in documented.lines().filter(|row| row.starts_with("| `")) {
            for name in row.split('`').filter(|word| word.starts_with("sbx_") && word.contains('(')) {
                let name = name.split('(').next().unwrap();
                assert!(names.iter().any(|export| export == name), "{name} is not exported");
                checked += 1;
            }
        }
    }
    println!("{checked} documented exports found");
}

#[test]
fn digests_are_those_of_the_bytes() {
    use sha2::{Digest, Sha256};
    for artefact in [Artefact::Tabular, Artefact::Full] {
        let Some(wasm) = artefact.bytes() else { continue };
        let digest: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(digest.as_str()), artefact.sha256());
        println!("{}: {} bytes, sha256:{digest}", artefact.file_name(), wasm.len());
    }
}
