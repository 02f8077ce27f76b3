//! `scorebox verify`: replays a bundle's golden records, or compares an exported model with its source.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::parity::{self, Comparison};
use crate::bundle::Bundle;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};

/// Replay a bundle's golden records and compare each decision byte for byte; or, with --model, compare an
/// exported model with the answers of its source. The exit code is 1 where something differs.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A bundle's folder or zip archive
    #[arg(value_name = "BUNDLE", required_unless_present = "model")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    comparison: Comparison,
    /// The whole report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments) -> Result<ExitCode> {
    if let Some(path) = &arguments.comparison.model {
        let parity = parity::compare(engine, &arguments.comparison, path)?;
        if let Some(path) = &arguments.comparison.certificate {
            parity.write(path)?;
        }
        super::print(&if arguments.json { parity.certificate() } else { parity.to_string() })?;
        return Ok(if parity.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let Some(path) = &arguments.bundle else {
        return Err(Error::new(ErrorCode::RequestInvalid, "give a bundle, or --model"));
    };
    let bundle = Bundle::load(engine, path)?;
    let report = bundle.verify()?;
    let failed = failures(&report);
    if arguments.json {
        super::print(&serde_json::to_string_pretty(&report).unwrap_or_default())?;
    } else {
        for case in &failed {
            let text = |key: &str| case[key].as_str().unwrap_or_default();
            super::print(&format!("FAILED {}: {}", text("id"), text("message")))?;
        }
        let cases = report["cases"].as_array().map_or(0, Vec::len);
        let name = format!("{} {}", bundle.name(), bundle.version());
        super::print(&format!("{name}: {} of {cases} golden records match", cases - failed.len()))?;
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn failures(report: &Value) -> Vec<&Value> {
    let cases = report["cases"].as_array().into_iter().flatten();
    cases.filter(|case| case["ok"] != Value::Bool(true)).collect()
}
