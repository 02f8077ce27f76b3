//! A loaded bundle.

use std::path::Path;
use std::sync::Arc;

use scorebox_abi::exports;
use serde_json::Value;

use crate::archive::read_source;
use crate::batches::{self, PieceSize};
use crate::counts::Counts;
use crate::decision::Decision;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::guest::{Guest, Input};
use crate::options::{BanditState, BatchOutput, ScoreOptions};
use crate::pool::{Kind, Pool};
use crate::table::{Batch, decode, encode};

/// What a request that asks to be counted holds.
const MONITOR: &[u8] = b"\"monitor\"";

/// A bundle, loaded and checked. Immutable; clones share it, and threads may call it at the same time.
#[derive(Clone)]
pub struct Bundle {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    description: Value,
    record_bytes: usize,
    instances: usize,
    piece: PieceSize,
    module_digest: String,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("name", &self.name()).field("version", &self.version()).finish()
    }
}

impl Bundle {
    /// Loads a bundle from its folder or zip archive.
    ///
    /// # Errors
    /// `io`; a code of the module where the bundle is wrong; `deadline` or `memory` where it costs more
    /// than the engine allows.
    pub fn load(engine: &Engine, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(engine, read_source(path)?).map_err(|error| error.at(path.display()))
    }

    /// Loads a bundle from the bytes of its zip archive.
    ///
    /// # Errors
    /// As [`Bundle::load`].
    pub fn from_bytes(engine: &Engine, zip: impl Into<Arc<[u8]>>) -> Result<Self> {
        let pool = Pool::load(engine, Kind::Bundle, &zip.into())?;
        let description = pool.with(|guest, handle| {
            guest.handle_call(exports::DESCRIBE, handle)?;
            json(guest.result()?)
        })?;
        let module_digest = format!("sha256:{}", pool.module_digest());
        let (record_bytes, instances) = (engine.config().record_bytes, engine.config().instances);
        let piece = PieceSize::new(engine.config().deadline_ms);
        let inner = Inner { pool, description, record_bytes, instances, piece, module_digest };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What the module says about the bundle: name, version, digest, inputs, outputs.
    #[must_use]
    pub fn describe(&self) -> &Value {
        &self.inner.description
    }

    /// The bundle's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner.description["name"].as_str().unwrap_or_default()
    }

    /// The bundle's version.
    #[must_use]
    pub fn version(&self) -> &str {
        self.inner.description["version"].as_str().unwrap_or_default()
    }

    /// The bundle's digest: `sha256:` and 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.inner.description["digest"].as_str().unwrap_or_default()
    }

    /// The digest of the module that scores it: `sha256:` and 64 hex digits.
    #[must_use]
    pub fn module_digest(&self) -> &str {
        &self.inner.module_digest
    }

    /// Scores one record, given as a JSON object.
    ///
    /// A missing or wrong field is not an error: the decision's quality verdict says so.
    ///
    /// # Errors
    /// `record_malformed` where the text is no JSON, `record_budget` where it is too long, `deadline`,
    /// `memory`, `trap`, and the module's own codes.
    pub fn score(&self, record: &str, options: &ScoreOptions) -> Result<Decision> {
        // The record is set into a larger JSON text, so it must be exactly one value by itself.
        self.check_size(record.len())?;
        serde_json::from_str::<serde::de::IgnoredAny>(record).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::new(ErrorCode::RecordMalformed, "the record is no JSON object").at(place)
        })?;
        self.request(options.record_request(record).as_bytes(), options.monitor)
    }

    /// Scores one request in the module's own form: `{"record": {...}, "now": "...", ...}`.
    ///
    /// # Errors
    /// As [`Bundle::score`].
    pub fn score_request(&self, request: &[u8]) -> Result<Decision> {
        self.check_size(request.len())?;
        // A request that may ask for it; where it does not, there is nothing to fetch.
        let monitor = request.windows(MONITOR.len()).any(|part| part == MONITOR);
        self.request(request, monitor)
    }

    fn request(&self, request: &[u8], monitor: bool) -> Result<Decision> {
        let call = |guest: &mut Guest, handle| {
            guest.score(handle, request)?;
            Decision::new(guest.result()?)
        };
        if monitor { self.inner.pool.counting(1, call) } else { self.inner.pool.with(call) }
    }

    fn check_size(&self, len: usize) -> Result<()> {
        let limit = self.inner.record_bytes;
        if len <= limit {
            return Ok(());
        }
        Err(Error::new(ErrorCode::RecordBudget, format!("the record has {len} bytes; {limit} are allowed")))
    }

    /// Scores many records at once. Columns go to inputs by name; the bundle says what it does with one
    /// that it does not know. The answer has as many rows, in the same order.
    ///
    /// A long batch goes to the module in pieces, on as many threads as there are instances; each piece
    /// has the deadline of one call. A row's answer does not depend on how the batch was cut.
    ///
    /// # Errors
    /// `record_malformed` where columns differ in length; otherwise as [`Bundle::score`].
    pub fn score_batch(
        &self,
        batch: &Batch<'_>,
        options: &ScoreOptions,
        output: BatchOutput,
    ) -> Result<Batch<'static>> {
        // Checked as a whole, so that an error names the column and not some piece of it.
        encode::batch(batch)?;
        let (options, monitor) = (options.batch_request(output), options.monitor);
        batches::score(batch, &self.inner.piece, self.inner.instances, |piece| {
            let plan = encode::batch(piece)?;
            let call = |guest: &mut Guest, handle| {
                let table = Input::Written(plan.bytes(), &|block| plan.write(block));
                guest.score_table(handle, table, options.as_bytes())?;
                decode::batch(guest.result()?)
            };
            let rows = piece.rows;
            if monitor { self.inner.pool.counting(rows, call) } else { self.inner.pool.with(call) }
        })
    }

    /// Whether the module that runs it can count; modules before interface 1.1 can not.
    pub(crate) fn counts_decisions(&self) -> bool {
        self.inner.description["monitored"].is_boolean()
    }

    /// What was decided on with the option `monitor` since this was last called, counted. Calls that are under
    /// way are counted the next time.
    ///
    /// # Errors
    /// As [`Bundle::score`].
    pub fn take_counts(&self) -> Result<Counts> {
        self.inner.pool.take_counts()
    }

    /// Adds counts up, those of several hosts or days, and reports on them: `{"counts": …, "report": …}`.
    /// `docs/manifest/monitoring.md` says what the report holds.
    ///
    /// # Errors
    /// `request_invalid` where the counts are none of this bundle; otherwise as [`Bundle::score`].
    pub fn monitor(&self, counts: &[Counts]) -> Result<Value> {
        let list: Vec<&Value> = counts.iter().map(Counts::json).collect();
        let request = serde_json::json!({ "counts": list }).to_string();
        self.inner.pool.with(|guest, handle| {
            guest.json_call(exports::MONITOR, handle, request.as_bytes())?;
            json(guest.result()?)
        })
    }

    /// Lets the bundle's bandit learn: takes `{"state": …, "rewards": [{"record", "now", "item", "reward"}]}` as
    /// JSON and gives the new state. The bundle itself does not change.
    ///
    /// # Errors
    /// `request_invalid` where there is no bandit, or the state or a reward is none of its own; otherwise as
    /// [`Bundle::score`].
    pub fn update(&self, update: &str) -> Result<BanditState> {
        let state = self.inner.pool.with(|guest, handle| {
            guest.json_call(exports::UPDATE, handle, update.as_bytes())?;
            let state = std::str::from_utf8(guest.result()?).map(str::to_owned);
            state.map_err(|_| Error::new(ErrorCode::ModuleAbi, "the module's state is no UTF-8"))
        })?;
        BanditState::parse(&state)
    }

    /// Replays the bundle's golden records and reports each.
    ///
    /// # Errors
    /// As [`Bundle::score`]; a record that does not give its expected decision is part of the report.
    pub fn verify(&self) -> Result<Value> {
        self.inner.pool.with(|guest, handle| {
            guest.handle_call(exports::VERIFY, handle)?;
            json(guest.result()?)
        })
    }
}

/// JSON that the module wrote.
pub(crate) fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|_| Error::new(ErrorCode::ModuleAbi, "the module's answer is not the JSON it should be"))
}
