//! `docs/host-errors.md` is made from the list of codes; those of the module have a page of their own.
//! `UPDATE_DOCS=1 cargo test --release -p scorebox --test error_docs` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write;
use std::path::Path;

use scorebox::ErrorCode;

const INTRODUCTION: &str = "\
# Error codes of the Rust host

Generated from `ErrorCode` in `host-rs/src/error.rs`. The host passes the codes of the module
([errors.md](errors.md)) through unchanged and adds these, for what only a host can meet. The command line
prints `code: path: message`, the server answers with `{\"error\": {\"code\", \"path\", \"message\"}}`, Python raises
`scorebox.Error` with `.code`.

| code | meaning |
|---|---|
";

#[test]
fn the_page_lists_every_code_of_the_host() {
    let mut page = INTRODUCTION.to_owned();
    let (of_module, of_host) = ErrorCode::ALL.split_at(scorebox_abi::GUEST_ERROR_CODES.len());
    for code in of_host {
        writeln!(page, "| `{code}` | {} |", code.explain().trim()).unwrap();
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let path = docs.join("host-errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/host-errors.md is out of date: run this test with UPDATE_DOCS=1");
    let module_page = std::fs::read_to_string(docs.join("errors.md")).unwrap();
    for code in of_module {
        assert!(module_page.contains(&format!("| `{code}` |")), "docs/errors.md lacks {code}");
    }
    println!("{} codes of the module and {} of the host documented", of_module.len(), of_host.len());
}
