//! `/v1/bundles/{name}/monitoring`: what this server has decided on, counted, and what has moved since the
//! bundle was made. Counts live in memory and hold no value of any record.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{self, Path};
use serde_json::{Value, json};

use super::failure::{ErrorBody, Failure};
use super::state::State;
use crate::bundle::Bundle;
use crate::clock;
use crate::counts::Counts;
use crate::error::{Error, ErrorCode, Result};

/// The counts of one bundle since some time.
pub(crate) struct Tally {
    inner: Mutex<Inner>,
}

struct Inner {
    since: String,
    counts: Option<Counts>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::new(Inner { since: clock::now(), counts: None }) }
    }

    /// Counts and report up to now, as `{"since", "until", "counts", "report"}`; with `take` the counts start
    /// anew, so that whoever asks can keep them. Blocks while the module works.
    pub(crate) fn report(&self, bundle: &Bundle, take: bool) -> Result<Value> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let more = bundle.take_counts()?;
        match &mut inner.counts {
            Some(counts) => counts.add(&more)?,
            None => inner.counts = Some(more),
        }
        let mut answer = bundle.monitor(inner.counts.as_slice())?;
        let until = clock::now();
        answer["since"] = inner.since.clone().into();
        answer["until"] = until.clone().into();
        if take {
            (inner.counts, inner.since) = (None, until);
        }
        Ok(answer)
    }
}

/// What was decided on since the server started or the counts were last taken: counts, which add up with
/// those of other servers, and the report on them.
#[utoipa::path(get, path = "/v1/bundles/{name}/monitoring", tag = "bundles",
    params(("name" = String, Path, description = "The name that the bundle is served by.")),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    extract::State(state): extract::State<Arc<State>>,
    Path(name): Path<String>,
) -> std::result::Result<Json<Value>, Failure> {
    answer(state, name, false).await
}

/// The same, and the counts start anew: for a job that keeps each day's counts.
#[utoipa::path(post, path = "/v1/bundles/{name}/monitoring/take", tag = "bundles",
    params(("name" = String, Path, description = "The name that the bundle is served by.")),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub(crate) async fn take(
    extract::State(state): extract::State<Arc<State>>,
    Path(name): Path<String>,
) -> std::result::Result<Json<Value>, Failure> {
    answer(state, name, true).await
}

async fn answer(state: Arc<State>, name: String, take: bool) -> std::result::Result<Json<Value>, Failure> {
    let counts = state.hosted(&name)?.bundle.counts_decisions();
    if !state.settings().monitor || !counts {
        let message = "nothing is counted: the server was started with --no-monitor, or the module cannot";
        return Err(Error::new(ErrorCode::NotFound, message).at("monitoring").into());
    }
    let report = tokio::task::spawn_blocking(move || {
        let hosted = state.hosted(&name)?;
        hosted.tally.report(&hosted.bundle, take)
    });
    let failed = |_| Error::new(ErrorCode::Internal, "the report failed; please report it");
    Ok(Json(report.await.map_err(failed)??))
}

/// Numbers of a report for gauges: `(field, index)`, `(field, issue, share)`, records and level.
pub(crate) struct Gauges {
    pub(crate) stability: Vec<(String, f64)>,
    pub(crate) quality: Vec<(String, String, f64)>,
    pub(crate) rows: i64,
    pub(crate) level: i64,
}

impl Gauges {
    pub(crate) fn of(answer: &Value) -> Self {
        let report = &answer["report"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
        let mut stability: Vec<(String, f64)> = list(&report["fields"])
            .iter()
            .filter_map(|field| Some((text(&field["field"]), field["index"].as_f64()?)))
            .collect();
        for (name, mix) in report["mix"].as_object().unwrap_or(&serde_json::Map::new()) {
            stability.extend(mix["index"].as_f64().map(|index| (format!("mix:{name}"), index)));
        }
        let quality = list(&report["quality"]);
        let quality = quality
            .iter()
            .filter_map(|line| Some((text(&line["field"]), text(&line["issue"]), line["share"].as_f64()?)));
        let levels = ["unknown", "few", "ok", "watch", "alert"];
        let level = levels.iter().position(|level| report["level"] == json!(level)).unwrap_or(0);
        Self {
            stability,
            quality: quality.collect(),
            rows: report["rows"].as_i64().unwrap_or(i64::MAX),
            level: i64::try_from(level).unwrap_or(0),
        }
    }
}
