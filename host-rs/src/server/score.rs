//! `POST /v1/bundles/{name}/score`: the one route that does work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{self, Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::{ErrorBody, Failure};
use super::observe::too_long;
use super::openapi::{ManyAnswer, OneAnswer};
use super::records::{self, Form, QueryOptions, Records, ScoreBody};
use super::salt;
use super::state::State;
use crate::bundle::Bundle;
use crate::error::{Error, ErrorCode, Result};
use crate::options::ScoreOptions;

/// Carries the salt of an answer in lines, which has no other place for it.
const SALT_HEADER: &str = "scorebox-salt";

/// Scores one record or many. A record that is missing something is not an error: its decision says so.
///
/// Lines of records (`application/x-ndjson`) are answered with lines in the same order, each with
/// `decision` or `error`; options are query parameters then, and the salt is in the header `scorebox-salt`.
#[utoipa::path(post, path = "/v1/bundles/{name}/score", tag = "bundles",
    params(("name" = String, Path, description = "The name that the bundle is served by."), QueryOptions),
    request_body(content(
        (ScoreBody = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "Decisions, in the records' order.", content(
            (OneAnswer = "application/json"), (ManyAnswer = "application/json"), (String = "application/x-ndjson"),
        )),
        (status = 400, body = ErrorBody, description = "The body is not a request, or the record no JSON."),
        (status = 404, body = ErrorBody, description = "No bundle has this name."),
        (status = 413, body = ErrorBody, description = "The body, the record or their number is too large."),
        (status = 415, body = ErrorBody, description = "The body has another media type."),
        (status = 422, body = ErrorBody, description = "The values make the model undefined."),
        (status = 500, body = ErrorBody, description = "A defect of the bundle or of the server."),
        (status = 503, body = ErrorBody, description = "Too many requests wait; try again."),
        (status = 504, body = ErrorBody, description = "The deadline passed."),
    ))]
pub(crate) async fn score(
    extract::State(state): extract::State<Arc<State>>,
    Path(name): Path<String>,
    query: std::result::Result<Query<QueryOptions>, QueryRejection>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> std::result::Result<Response, Failure> {
    let deadline = Instant::now() + Duration::from_millis(state.settings().deadline_ms);
    let hosted = state.hosted(&name)?;
    let form = Form::of(&headers)?;
    let Query(query) = query.map_err(|_| {
        let message = "the query takes now, salt, reasons (a number), lang and held";
        Error::new(ErrorCode::RequestInvalid, message).at("query")
    })?;
    let body = body.map_err(|rejection| unread(&rejection, state.settings().body_bytes))?;
    let place = hosted.gate.enter().await?;
    let bundle = hosted.bundle.clone();
    let shared = Arc::clone(&state);
    let scored = tokio::task::spawn_blocking(move || {
        // The place is given back when the work ends, even where nobody waits for its answer any more.
        let _place = place;
        Work { state: &shared, bundle: &bundle, name: &name, deadline }.answer(form, &body, query)
    });
    let failed = |_| Error::new(ErrorCode::Internal, "the call failed; please report it");
    Ok(scored.await.map_err(failed)??)
}

/// A body that did not come whole.
fn unread(rejection: &BytesRejection, limit: usize) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_long(limit);
    }
    Error::new(ErrorCode::RequestInvalid, "the body did not come whole")
}

/// One request on its blocking thread.
struct Work<'a> {
    state: &'a State,
    bundle: &'a Bundle,
    name: &'a str,
    deadline: Instant,
}

impl Work<'_> {
    fn answer(&self, form: Form, body: &[u8], query: QueryOptions) -> Result<Response> {
        let body = std::str::from_utf8(body)
            .map_err(|_| Error::new(ErrorCode::RequestInvalid, "the body is not UTF-8"))?;
        let (records, options) = records::read(form, body, query)?;
        let mut options = options.resolve()?;
        options.monitor = self.state.settings().monitor && self.bundle.counts_decisions();
        let salt = salt::to_hex(options.salt.as_deref().unwrap_or_default());
        match records {
            Records::One(record) => {
                let decision = self.decide(record, &options)?;
                Ok(json(format!("{{\"decision\":{decision},\"salt\":\"{salt}\"}}")))
            }
            Records::Many(records) => {
                let results = self.decide_all(&records, &options)?.join(",");
                Ok(json(format!("{{\"results\":[{results}],\"salt\":\"{salt}\"}}")))
            }
            Records::Lines(records) => {
                let mut text = self.decide_all(&records, &options)?.join("\n");
                text.push('\n');
                let mut response = ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response();
                if let Ok(salt) = HeaderValue::from_str(&salt) {
                    response.headers_mut().insert(SALT_HEADER, salt);
                }
                Ok(response)
            }
        }
    }

    /// The module's own bytes.
    fn decide(&self, record: &str, options: &ScoreOptions) -> Result<String> {
        let decision = self.bundle.score(record, options)?;
        self.state.metrics().decision(self.name, decision.outcome());
        Ok(decision.into_string())
    }

    /// One object per record: a bad record costs its own place and no other.
    fn decide_all(&self, records: &[&str], options: &ScoreOptions) -> Result<Vec<String>> {
        let limit = self.state.settings().records;
        if records.len() > limit {
            let message = format!("{} records; a request takes {limit}", records.len());
            return Err(Error::new(ErrorCode::RecordBudget, message));
        }
        let each = |record: &&str| {
            if Instant::now() >= self.deadline {
                return Err(Error::new(
                    ErrorCode::Deadline,
                    "the deadline passed; send fewer records at a time",
                ));
            }
            Ok(self.decide(record, options).map_or_else(
                |error| {
                    self.state.metrics().error(error.code().as_str());
                    serde_json::to_string(&ErrorBody::from(&error)).unwrap_or_default()
                },
                |decision| format!("{{\"decision\":{decision}}}"),
            ))
        };
        records.iter().map(each).collect()
    }
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}
