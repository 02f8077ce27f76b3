//! Around every request: bounds, a log line without personal data, and the counters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{self, MatchedPath, Request};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::{FailedWith, Failure};
use super::state::State;
use crate::error::{Error, ErrorCode};

/// Bounds what a request may cost: one that announces too long a body is refused before a byte of it is
/// waited for, and one that takes too long is ended, whatever it is doing: reading a slow client's body,
/// waiting for an instance, or scoring.
pub(crate) async fn bound(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let body_bytes = state.settings().body_bytes;
    if announced
        .and_then(|digits| digits.parse::<u64>().ok())
        .is_some_and(|length| length > body_bytes as u64)
    {
        return Failure::from(too_long(body_bytes)).into_response();
    }
    let limit = Duration::from_millis(state.settings().deadline_ms);
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} ms", limit.as_millis());
        Failure::from(Error::new(ErrorCode::Deadline, message)).into_response()
    })
}

/// A body that is longer than the limit.
pub(crate) fn too_long(limit: usize) -> Error {
    let message = format!("the body is longer than {limit} bytes; send fewer records at a time");
    Error::new(ErrorCode::RecordBudget, message)
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
