//! What a server allows one request to cost, each with its default and what it trades.

use std::path::PathBuf;

/// Settings of a server. The limits of one call, one instance and one record are those of the
/// [`crate::Config`] that its engine was made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes of one request's body. Default 8 MiB. A longer one is answered with 413 and not read.
    pub body_bytes: usize,
    /// Records in one request. Default 10,000. Larger batches belong to `scorebox score`.
    pub records: usize,
    /// Connections at a time. Default 1,024. One more waits until another ends.
    pub connections: usize,
    /// Milliseconds that a client may take to send a request's head, and that a connection may stay idle
    /// between requests. Default 10,000; then the connection is closed.
    pub head_ms: u64,
    /// Milliseconds that a client may read nothing of an answer. Default 30,000; then the connection is
    /// closed.
    pub answer_ms: u64,
    /// Milliseconds from a request's head to its answer, reading and waiting included. Default 30,000;
    /// then 504. A record that is being scored ends by the engine's own deadline.
    pub deadline_ms: u64,
    /// Requests that may wait for an instance of one bundle. Default 64. One more is answered with 503
    /// at once: a short queue keeps answers fast, a long one only makes them late.
    pub waiting: usize,
    /// Milliseconds that requests under way have to finish after a stop signal. Default 20,000.
    pub drain_ms: u64,
    /// Whether decisions are counted, for `/v1/bundles/{name}/monitoring` and the gauges of `/metrics`. Default
    /// true. The counts are numbers per bin, issue and outcome; no value of a record is kept.
    pub monitor: bool,
    /// A folder of files to serve beside the API (the demo page), and with it the bundles' archives
    /// under `/bundles/<name>.zip`. Default none: a server of decisions does not give its models away.
    pub assets: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            records: 10_000,
            connections: 1_024,
            head_ms: 10_000,
            answer_ms: 30_000,
            deadline_ms: 30_000,
            waiting: 64,
            drain_ms: 20_000,
            monitor: true,
            assets: None,
        }
    }
}
