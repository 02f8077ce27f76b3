//! Documents that are generated from the code are current. `UPDATE_DOCS=1 cargo test -p scorebox-core
//! --features authoring --test documents` writes them.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::Path;

use scorebox_core::onnx::registry;
use scorebox_core::{ErrorCode, authoring};

fn assert_current(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, expected,
        "docs/{name} is out of date; run UPDATE_DOCS=1 cargo test -p \
         scorebox-core --features authoring --test documents"
    );
}

#[test]
fn the_json_schema_is_current() {
    assert_current("bundle.schema.json", &authoring::json_schema());
}

#[test]
fn the_json_schema_of_certificates_is_current() {
    assert_current("parity.schema.json", &authoring::parity_schema());
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

/// Least and greatest count as people write them.
fn counts((least, greatest): (usize, usize)) -> String {
    match greatest {
        _ if least == greatest => least.to_string(),
        // No operator takes so many: the standard gives no greatest number.
        0x100.. => format!("{least} or more"),
        _ => format!("{least} to {greatest}"),
    }
}

#[test]
fn the_list_of_operators_is_current() {
    let rows = registry::listing();
    let mut text = String::from(
        "# Operators\n\n\
         Generated from the registry in `core/src/onnx`. `versions` are those at which the standard changed the\n\
         operator; each stays valid up to the next, the last up to the newest operator set that is known. `types` are\n\
         the element types of the main input. `tabular` operators run in both modules, `full` ones in\n\
         `scorebox-full.wasm` only. A model with any other operator, version or type is refused at load.\n",
    );
    for (domain, newest) in registry::DOMAINS {
        let rows: Vec<_> = rows.iter().filter(|(key, _)| key.0 == *domain).collect();
        let shown = if domain.is_empty() { "ai.onnx" } else { domain };
        writeln!(text, "\n## {shown}, up to version {newest}: {} operators\n", rows.len()).unwrap();
        text.push_str(
            "| operator | versions | inputs | outputs | types | backend |\n|---|---|---|---|---|---|\n",
        );
        for (_, (operator, full)) in rows {
            let backend = if *full { "full" } else { "tabular" };
            let versions: Vec<String> = operator.versions.iter().map(i64::to_string).collect();
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {backend} |",
                operator.name,
                versions.join(", "),
                counts(operator.inputs),
                counts(operator.outputs),
                operator.types
            )
            .unwrap();
        }
    }
    assert_current("operators.md", &text);
}
