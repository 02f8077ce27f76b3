//! Which bundles are served, and what they take.

use std::sync::Arc;

use axum::Json;
use axum::extract::{self, Path};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::failure::{ErrorBody, Failure};
use super::state::{Hosted, State};

/// The bundles that this server scores.
#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    bundles: Vec<Entry>,
}

/// One bundle.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry {
    /// The name in the address.
    #[schema(example = "credit")]
    name: String,
    /// The version that the bundle gives itself.
    version: String,
    /// The digest of the bundle.
    #[schema(example = "sha256:4a5e…")]
    digest: String,
    /// The digest of the module that scores it.
    module: String,
}

fn entry(name: &str, hosted: &Hosted) -> Entry {
    let bundle = &hosted.bundle;
    Entry {
        name: name.to_owned(),
        version: bundle.version().to_owned(),
        digest: bundle.digest().to_owned(),
        module: bundle.module_digest().to_owned(),
    }
}

/// The bundles that this server scores.
#[utoipa::path(get, path = "/v1/bundles", tag = "bundles", responses((status = 200, body = Catalogue)))]
pub(crate) async fn list(extract::State(state): extract::State<Arc<State>>) -> Json<Catalogue> {
    Json(Catalogue { bundles: state.all().map(|(name, hosted)| entry(name, hosted)).collect() })
}

/// What a bundle is and takes: inputs with their types and ranges, scores, outcomes.
#[utoipa::path(get, path = "/v1/bundles/{name}", tag = "bundles",
    params(("name" = String, Path, description = "The name that the bundle is served by.")),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    extract::State(state): extract::State<Arc<State>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    Ok(Json(state.hosted(&name)?.bundle.describe().clone()))
}
