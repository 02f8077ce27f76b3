//! What only packing needs: rules from text to code, the reference profile, the lock, the JSON Schema.
//!
//! Packing is pure like everything here: a zip archive of a bundle's folder goes in, one with the files
//! that packing makes (`bundle.lock`, `reference.json`, blessed golden records) comes out. The same
//! files give the same bytes, so a folder that is up to date does not change.

pub mod convert;
mod coverage;
mod domains;
mod lower;
mod options;
mod pack;
mod profile;
mod quantiles;
mod regions;

pub use pack::pack;

use serde_json::Value;

use crate::manifest::Manifest;
use crate::parity::Certificate;

/// The JSON Schema of `bundle.json`, indented, as `docs/bundle.schema.json` holds it.
#[must_use]
pub fn json_schema() -> String {
    schema_text(schemars::schema_for!(Manifest), "Scorebox bundle")
}

/// The JSON Schema of `parity/<name>.json`, indented, as `docs/parity.schema.json` holds it.
#[must_use]
pub fn parity_schema() -> String {
    schema_text(schemars::schema_for!(Certificate), "Scorebox certificate of parity")
}

fn schema_text(mut schema: schemars::Schema, title: &str) -> String {
    schema.insert("title".into(), title.into());
    let mut text = String::new();
    push_json(&schema.to_value(), 0, &mut text);
    text.push('\n');
    text
}

/// Indented JSON in which whatever fits stays on one line.
fn push_json(value: &Value, indent: usize, text: &mut String) {
    const WIDTH: usize = 110;
    let short = value.to_string();
    let (open, close, lines): (char, char, Vec<(String, &Value)>) = match value {
        Value::Object(map) if indent + short.len() > WIDTH || indent == 0 => {
            let key = |key: &String| format!("{}: ", Value::from(key.as_str()));
            ('{', '}', map.iter().map(|(name, value)| (key(name), value)).collect())
        }
        Value::Array(items) if indent + short.len() > WIDTH => {
            ('[', ']', items.iter().map(|value| (String::new(), value)).collect())
        }
        _ => return text.push_str(&short),
    };
    text.push(open);
    for (at, (key, value)) in lines.iter().enumerate() {
        text.push_str(if at > 0 { ",\n" } else { "\n" });
        text.push_str(&" ".repeat(indent + 2));
        text.push_str(key);
        push_json(value, indent + 2, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}
