//! `docs/errors.md` is made from the list of codes. `UPDATE_DOCS=1 cargo test --release -p scorebox
//! --test error_docs` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write;
use std::path::Path;

use scorebox::ErrorCode;

const INTRODUCTION: &str = "\
# Error codes

A closed list, the same texts in every host: `code` of `scorebox::Error` in Rust, `scorebox.Error.code` in
Python, `error.code` in JavaScript, `\"code\"` in the server's JSON. An error also says where (`path`: a JSON
path, a node of a model, a line) and what would be right (`message`); it never holds a value of a record.
A missing or wrong field is not an error: the decision's quality verdict names it.
";

#[test]
fn the_page_lists_every_code() {
    let mut page = INTRODUCTION.to_owned();
    let guest = scorebox_abi::GUEST_ERROR_CODES.len();
    let (of_module, of_host) = ErrorCode::ALL.split_at(guest);
    for (title, codes) in [("From the module", of_module), ("From a host", of_host)] {
        write!(page, "\n## {title}\n\n| code | meaning |\n|---|---|\n").unwrap();
        for code in codes {
            writeln!(page, "| `{code}` | {} |", code.explain().trim()).unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/errors.md is out of date: run this test with UPDATE_DOCS=1");
    println!("{} codes documented", ErrorCode::ALL.len());
}
