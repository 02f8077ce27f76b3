//! The OpenAPI document, made from the handlers, and the shapes of what the module writes itself.

use axum::Json;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::failure::{ErrorBody, ErrorDetail};
use super::records::ScoreBody;
use super::{catalogue, health, metrics, monitoring, score};

/// The API of this server.
#[derive(OpenApi)]
#[openapi(
    info(title = "Scorebox", description = "Decisions of packed bundles, made by one sandboxed module."),
    paths(
        score::score, catalogue::list, catalogue::show, monitoring::show, monitoring::take, health::live, health::ready,
        metrics::show, show
    ),
    components(schemas(ScoreBody, OneAnswer, ManyAnswer, Decision, ErrorBody, ErrorDetail)),
    tags((name = "bundles", description = "What is scored"), (name = "operation", description = "How it runs")),
)]
pub(crate) struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses((status = 200, body = Object)))]
pub(crate) async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

/// The answer to one record.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneAnswer {
    decision: Decision,
    /// Hex digits of the salt that the input's digest was made with. Keep it with the record.
    salt: String,
}

/// The answer to many records, in their order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManyAnswer {
    results: Vec<RecordAnswer>,
    /// As for one record; the same for all of them.
    salt: String,
}

/// A decision, or why this record has none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes what the handler writes as text")]
pub(crate) enum RecordAnswer {
    /// It was decided.
    Decided { decision: Box<Decision> },
    /// It could not be read.
    Failed { error: ErrorDetail },
}

/// What the module decided; its bytes are canonical and the same in every host.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decision {
    bundle: String,
    version: String,
    /// The time that the decision was made for.
    now: Option<String>,
    /// `approve`, `review`, `decline`, or `refuse` where the record is not good enough to be scored.
    #[schema(example = "approve")]
    outcome: String,
    /// The verdict on the record and what is wrong with it: `{"verdict", "issues": [{"field", "issue"}]}`.
    #[schema(value_type = Object)]
    quality: serde_json::Value,
    /// Scores by name: `pd`, `points`, `grade`.
    #[schema(value_type = Object)]
    scores: serde_json::Value,
    /// Hit policy, the rules that fired, and every rule that was looked at.
    #[schema(value_type = Object)]
    policy: serde_json::Value,
    /// Reasons with code, source, contribution and text.
    #[schema(value_type = Vec<Object>)]
    reasons: serde_json::Value,
    /// The model's margin and the sum of base and contributions, which agree.
    #[schema(value_type = Option<Object>)]
    explanation: serde_json::Value,
    /// What the bundle's view shows of the customer; only where it has one.
    #[schema(value_type = Option<Object>)]
    view: serde_json::Value,
    /// What the customer is offered, and why not the rest; only where the bundle has offers.
    #[schema(value_type = Option<Object>)]
    offers: serde_json::Value,
    /// Digests of module, bundle and input.
    #[schema(value_type = Object)]
    digests: serde_json::Value,
}
