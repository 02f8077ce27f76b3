//! Around every request: a deadline, a log line without personal data, and the counters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{self, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::{FailedWith, Failure};
use super::state::State;
use crate::error::{Error, ErrorCode};

/// Ends a request that takes too long, whatever it is doing: reading a slow client's body, waiting for
/// an instance, or scoring.
pub(crate) async fn deadline(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let limit = Duration::from_millis(state.settings().deadline_ms);
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} ms", limit.as_millis());
        Failure::from(Error::new(ErrorCode::Deadline, message)).into_response()
    })
}

/// Logs and counts. An address that fits no route is counted under one name, so that nobody can fill
/// the server's memory with labels; the address itself is not logged, since it may hold anything.
pub(crate) async fn observe(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "OPTIONS" | "PUT" | "DELETE" | "PATCH") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let response = next.run(request).await;
    let (status, time) = (response.status(), started.elapsed());
    let code = response.extensions().get::<FailedWith>().map(|failed| failed.0.as_str());
    state.metrics().request(&method, &route, status, time);
    if let Some(code) = code {
        state.metrics().error(code);
    }
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(method, route, status = status.as_u16(), code, micros, "request");
    response
}
