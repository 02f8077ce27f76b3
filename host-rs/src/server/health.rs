//! Whether the process lives, and whether it should be sent requests.

use std::sync::Arc;

use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::state::State;

/// The answer of both checks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live`, `ready` or `draining`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "operation", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Bundles are loaded, and the server is not stopping.
#[utoipa::path(get, path = "/health/ready", tag = "operation", responses(
    (status = 200, body = Health),
    (status = 503, body = Health, description = "The server is stopping: send requests elsewhere."),
))]
pub(crate) async fn ready(extract::State(state): extract::State<Arc<State>>) -> Response {
    if state.is_ready() {
        return Json(Health { status: "ready" }).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "draining" })).into_response()
}
