//! Documents that are generated from the code are current. `UPDATE_DOCS=1 cargo test -p scorebox-core
//! --features authoring --test documents` writes them.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::Path;

use scorebox_core::{ErrorCode, authoring};

fn assert_current(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "docs/{name} is out of date: run this test with UPDATE_DOCS=1");
}

#[test]
fn the_json_schema_is_current() {
    assert_current("bundle.schema.json", &authoring::json_schema());
}

#[test]
fn the_list_of_errors_is_current() {
    let mut text = String::from(
        "# Error codes\n\n\
         Generated from `ErrorCode` in `core/src/error.rs`. The codes are part of the public interface: none is ever\n\
         renamed. An error is `{\"code\", \"path\", \"message\"}`: the path says where (a JSON path in a manifest or\n\
         request, a file in a bundle, a node in a model), the message what would be right. No message holds a value\n\
         of a record.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    for code in ErrorCode::ALL {
        writeln!(text, "| `{code}` | {} |", code.explain().trim()).unwrap();
    }
    assert_current("errors.md", &text);
}
