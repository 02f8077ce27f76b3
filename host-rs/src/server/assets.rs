//! The demo page's files and the archives that the page loads, under a strict content policy.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Router;
use axum::extract::{self, Path, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::services::ServeDir;

use super::failure::{Failure, method_not_allowed, not_found};
use super::state::State;
use crate::error::{Error, ErrorCode};

/// Nothing but the page's own files; WebAssembly may be compiled, and no text becomes code.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Adds the files of a folder and the bundles' archives to the API.
pub(crate) fn attach(api: Router<Arc<State>>, folder: &FilePath) -> Router<Arc<State>> {
    let files = ServeDir::new(folder)
        .precompressed_br()
        .fallback(axum::handler::HandlerWithoutStateExt::into_service(not_found));
    let page = Router::new()
        .route("/bundles/{file}", get(archive))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback_service(files)
        .layer(from_fn(protect));
    api.merge(page)
}

async fn archive(
    extract::State(state): extract::State<Arc<State>>,
    Path(file): Path<String>,
) -> Result<Response, Failure> {
    let name = file.strip_suffix(".zip").ok_or_else(|| {
        Failure::from(Error::new(ErrorCode::NotFound, "archives are called <bundle>.zip").at("bundle"))
    })?;
    let archive = state.hosted(name)?.archive.clone();
    Ok(([(header::CONTENT_TYPE, "application/zip")], archive).into_response())
}

async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
