//! `scorebox inspect` and `scorebox schema`: what a bundle or a model takes and gives.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Value, json};

use crate::bundle::Bundle;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::{Axis, Model, Port};

/// Say what a bundle or an ONNX model takes and gives.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A bundle's folder or zip archive, or an `.onnx` file
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    let is_model = arguments.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
    let text = if is_model {
        model(engine, &arguments.path, arguments.json)?
    } else {
        bundle(engine, &arguments.path, arguments.json)?
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn bundle(engine: &Engine, path: &Path, as_json: bool) -> Result<String> {
    let bundle = Bundle::load(engine, path)?;
    let about = bundle.describe();
    if as_json {
        let mut about = about.clone();
        about["module"] = bundle.module_digest().into();
        return Ok(pretty(&about));
    }
    let mut text = format!(
        "{} {}\nbundle {}\nmodule {}\n",
        bundle.name(),
        bundle.version(),
        bundle.digest(),
        bundle.module_digest()
    );
    let Some(fields) = about.as_object() else { return Ok(text) };
    for (name, value) in fields {
        match value {
            Value::Array(items) if !items.is_empty() => text += &format!("\n{name}\n{}\n", list(items)),
            Value::Object(_) => text += &format!("\n{name}\n{}\n", pretty(value)),
            _ => {}
        }
    }
    Ok(text.trim_end().to_owned())
}

/// A list as a table: one column per key that any item has.
fn list(items: &[Value]) -> Table {
    let mut keys: Vec<&String> = Vec::new();
    for key in items.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    if keys.is_empty() {
        for item in items {
            table.add_row([plain(item)]);
        }
        return table;
    }
    table.set_header(&keys);
    for item in items {
        table.add_row(keys.iter().map(|key| plain(&item[key.as_str()])));
    }
    table
}

fn model(engine: &Engine, path: &Path, as_json: bool) -> Result<String> {
    let model = Model::load(engine, path)?;
    if as_json {
        let ports = |ports: &[Port]| {
            let port = |port: &Port| json!({ "name": port.name, "type": port.kind, "shape": shape(port) });
            ports.iter().map(port).collect::<Vec<_>>()
        };
        return Ok(pretty(&json!({ "inputs": ports(model.inputs()), "outputs": ports(model.outputs()) })));
    }
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(["", "name", "type", "shape"]);
    for (what, ports) in [("input", model.inputs()), ("output", model.outputs())] {
        for port in ports {
            table.add_row([what, &port.name, &port.kind, &shape(port)]);
        }
    }
    Ok(table.to_string())
}

/// `[batch, 30]`; `?` where only the run will tell.
fn shape(port: &Port) -> String {
    let Some(dims) = &port.dims else { return "?".into() };
    let axis = |axis: &Axis| match axis {
        Axis::Size(size) => size.to_string(),
        Axis::Name(name) => name.clone(),
        Axis::Unknown => "?".into(),
    };
    format!("[{}]", dims.iter().map(axis).collect::<Vec<_>>().join(", "))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

pub(super) fn schema(engine: &Engine) -> Result<ExitCode> {
    super::print(&crate::packing::manifest_schema(engine)?)?;
    Ok(ExitCode::SUCCESS)
}
