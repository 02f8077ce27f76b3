//! `scorebox serve`: the HTTP server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::server::Settings;

/// Serve bundles over HTTP, on this machine only unless told otherwise.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A bundle and the name it is served under; may be given several times
    #[arg(long, short, value_name = "NAME=PATH", value_parser = named_path, required = true)]
    bundle: Vec<(String, PathBuf)>,
    /// Address and port
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS", env = "SCOREBOX_LISTEN")]
    listen: SocketAddr,
    /// A folder of static files to serve at `/`
    #[arg(long, value_name = "FOLDER")]
    assets: Option<PathBuf>,
    /// Connections at a time; one more waits until another ends
    #[arg(long, default_value_t = Settings::default().connections, value_name = "N", env = "SCOREBOX_CONNECTIONS")]
    connections: usize,
    /// Milliseconds that a client may take to send a request's head, and a connection may stay idle
    #[arg(long, default_value_t = Settings::default().head_ms, value_name = "MS")]
    head_ms: u64,
    /// Milliseconds that a client may read nothing of an answer
    #[arg(long, default_value_t = Settings::default().answer_ms, value_name = "MS")]
    answer_ms: u64,
    /// Count nothing: no `/v1/bundles/NAME/monitoring`, and no gauges of what has moved
    #[arg(long)]
    no_monitor: bool,
}

fn named_path(text: &str) -> std::result::Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("write name=path, such as credit=models/credit".into()),
    }
}

pub(super) fn run(engine: Engine, arguments: &Arguments) -> Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorCode::HostSetup, format!("the server's threads: {error}")))?;
    let settings = Settings {
        assets: arguments.assets.clone(),
        connections: arguments.connections,
        head_ms: arguments.head_ms,
        answer_ms: arguments.answer_ms,
        monitor: !arguments.no_monitor,
        ..Settings::default()
    };
    runtime.block_on(crate::server::serve(engine, arguments.bundle.clone(), arguments.listen, settings))?;
    Ok(ExitCode::SUCCESS)
}
