//! `scorebox serve`: bundles over HTTP.
//!
//! A thin edge: it reads requests, bounds what one may cost, runs the bundle on a blocking thread and
//! writes the module's own bytes back. Every failure is JSON with a code, a path and a message. Logs
//! name routes, codes and times, never a record or a decision.

mod assets;
mod catalogue;
mod connections;
mod failure;
mod gate;
mod health;
mod metrics;
mod monitoring;
mod observe;
mod openapi;
mod published;
mod records;
mod salt;
mod score;
mod settings;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

pub use settings::Settings;
pub use state::State;

use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};

/// Loads the bundles, listens, and answers until the process is told to stop.
///
/// On SIGTERM or Ctrl-C the server reports itself as not ready, takes no new connections, finishes what
/// it has begun (for at most [`Settings::drain_ms`]) and returns.
///
/// # Errors
/// Those of [`crate::Bundle::load`], with the bundle's path; `io` where the address cannot be taken.
pub async fn serve(
    engine: Engine,
    bundles: Vec<(String, PathBuf)>,
    listen: SocketAddr,
    settings: Settings,
) -> Result<()> {
    let loading = tokio::task::spawn_blocking(move || State::load(&engine, &bundles, settings));
    let state = loading.await.map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))??;
    serve_state(Arc::new(state), listen).await
}

/// As [`serve`], with bundles that are loaded already and settings of one's own.
///
/// # Errors
/// `io` where the address cannot be taken.
pub async fn serve_state(state: Arc<State>, listen: SocketAddr) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| Error::io(listen, &error))?;
    let address = listener.local_addr().map_err(|error| Error::io(listen, &error))?;
    tracing::info!(%address, bundles = ?state.names(), "listening");
    serve_listener(state, listener, stop_signal()).await;
    Ok(())
}

/// As [`serve_state`], with a socket that listens already, until `stop` is done.
pub async fn serve_listener(
    state: Arc<State>,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()>,
) {
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let patience = async {
        stop.await;
        state.drain();
        tracing::info!("stopping");
        stopping.send_replace(true);
        tokio::time::sleep(Duration::from_millis(state.settings().drain_ms)).await;
    };
    tokio::select! {
        () = connections::accept(listener, router(Arc::clone(&state)), state.settings(), stopped) => {}
        () = patience => tracing::warn!("calls that outlast the drain time are cut off"),
    }
}

/// Every route over this state.
pub fn router(state: Arc<State>) -> Router {
    let api = Router::new()
        .route("/v1/bundles", get(catalogue::list))
        .route("/v1/bundles/{name}", get(catalogue::show))
        .route("/v1/bundles/{name}/score", post(score::score))
        .route("/v1/bundles/{name}/monitoring", get(monitoring::show))
        .route("/v1/bundles/{name}/monitoring/take", post(monitoring::take))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::show))
        .method_not_allowed_fallback(failure::method_not_allowed);
    let served = match &state.settings().assets {
        Some(folder) => assets::attach(api, folder),
        None => api.fallback(failure::not_found),
    };
    served
        .layer(DefaultBodyLimit::max(state.settings().body_bytes))
        .layer(from_fn_with_state(Arc::clone(&state), observe::bound))
        .layer(from_fn_with_state(Arc::clone(&state), observe::observe))
        .layer(from_fn(failure::catch_panic))
        .with_state(state)
}

async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
}
