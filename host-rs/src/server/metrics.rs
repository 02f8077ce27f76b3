//! Counters and times for Prometheus. Labels have few values: routes, bundles, outcomes, codes.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::monitoring::Gauges;
use super::state::State;

/// From 50 microseconds, a warm score, to 10 seconds, a call's default deadline.
const BUCKETS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DecisionLabels {
    bundle: String,
    outcome: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ErrorLabels {
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BundleLabels {
    bundle: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FieldLabels {
    bundle: String,
    field: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct IssueLabels {
    bundle: String,
    field: String,
    issue: String,
}

/// A gauge of a share or an index.
type Number = Gauge<f64, AtomicU64>;

/// All of the server's metrics.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    errors: Family<ErrorLabels, Counter>,
    waiting: Family<BundleLabels, Gauge>,
    stability: Family<FieldLabels, Number>,
    quality: Family<IssueLabels, Number>,
    monitored: Family<BundleLabels, Gauge>,
    level: Family<BundleLabels, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("scorebox");
        let durations: fn() -> Histogram = || Histogram::new(BUCKETS);
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            decisions: Family::default(),
            errors: Family::default(),
            waiting: Family::default(),
            stability: Family::default(),
            quality: Family::default(),
            monitored: Family::default(),
            level: Family::default(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests by method, route and status", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register("decisions", "Decisions by bundle and outcome", metrics.decisions.clone());
        registry.register("errors", "Failed requests and records by code", metrics.errors.clone());
        registry.register("waiting_requests", "Requests that wait for an instance", metrics.waiting.clone());
        registry.register(
            "stability_index",
            "Population stability index by bundle and field, outcomes and the like as mix:outcomes",
            metrics.stability.clone(),
        );
        registry.register(
            "quality_issue_ratio",
            "Share of records with an issue, by bundle, field and issue",
            metrics.quality.clone(),
        );
        registry.register("monitored_records", "Records that the report is about", metrics.monitored.clone());
        registry.register(
            "monitoring_level",
            "0 nothing to compare with, 1 too few records, 2 ok, 3 worth a look, 4 alert",
            metrics.level.clone(),
        );
        Self { registry, ..metrics }
    }

    fn monitoring(&self, bundle: &str, gauges: Gauges) {
        let bundle = bundle.to_owned();
        for (field, index) in gauges.stability {
            self.stability.get_or_create(&FieldLabels { bundle: bundle.clone(), field }).set(index);
        }
        for (field, issue, share) in gauges.quality {
            self.quality.get_or_create(&IssueLabels { bundle: bundle.clone(), field, issue }).set(share);
        }
        let labels = BundleLabels { bundle };
        self.monitored.get_or_create(&labels).set(gauges.rows);
        self.level.get_or_create(&labels).set(gauges.level);
    }

    pub(crate) fn request(&self, method: &str, route: &str, status: StatusCode, time: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        self.durations.get_or_create(&RouteLabels { route: route.clone() }).observe(time.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status: status.as_u16() }).inc();
    }

    pub(crate) fn decision(&self, bundle: &str, outcome: &str) {
        let labels = DecisionLabels { bundle: bundle.to_owned(), outcome: outcome.to_owned() };
        self.decisions.get_or_create(&labels).inc();
    }

    pub(crate) fn error(&self, code: &'static str) {
        self.errors.get_or_create(&ErrorLabels { code }).inc();
    }
}

/// The metrics as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn show(extract::State(state): extract::State<Arc<State>>) -> Response {
    let metrics = state.metrics();
    for (name, hosted) in state.all() {
        let labels = BundleLabels { bundle: name.to_owned() };
        metrics.waiting.get_or_create(&labels).set(i64::try_from(hosted.gate.waiting()).unwrap_or(i64::MAX));
    }
    if state.settings().monitor {
        let shared = Arc::clone(&state);
        let reported = tokio::task::spawn_blocking(move || {
            for (name, hosted) in shared.all().filter(|(_, hosted)| hosted.bundle.counts_decisions()) {
                // A report that fails leaves its gauges as they were; the other metrics are still told.
                match hosted.tally.report(&hosted.bundle, false) {
                    Ok(answer) => shared.metrics().monitoring(name, Gauges::of(&answer)),
                    Err(error) => tracing::warn!(bundle = name, %error, "no monitoring report"),
                }
            }
        });
        if reported.await.is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    let mut text = String::new();
    // Writing into a text cannot fail; a failure of the encoder would be a defect of ours.
    if encode(&mut text, &metrics.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
