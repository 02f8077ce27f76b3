//! What a host allows one call, one instance and one bundle to cost.

use std::path::PathBuf;
use std::sync::Arc;

/// What calls to the same bundle or model share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Instances are lent to one call at a time and used again: loading costs what it costs, a call
    /// copies its record in and nothing else. What a call leaves in the module's memory lies there until
    /// another call overwrites it; no call can read it, unless the module itself is at fault.
    #[default]
    Pooled,
    /// Each call gets an instance of its own, made from a snapshot of the loaded bundle and dropped with
    /// the answer, so that no memory is ever shared between requests. A ready instance costs
    /// microseconds; loading a bundle costs one compilation of the module more, some seconds, because
    /// the snapshot is a module of its own.
    PerRequest,
}

/// Limits and resources of an [`crate::Engine`]. Each setting says its default and what it trades.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) memory_bytes: usize,
    pub(crate) deadline_ms: u64,
    pub(crate) load_deadline_ms: u64,
    pub(crate) instances: usize,
    pub(crate) isolation: Isolation,
    pub(crate) record_bytes: usize,
    pub(crate) cache: bool,
    pub(crate) cache_folder: Option<PathBuf>,
    pub(crate) module: Option<Arc<[u8]>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            deadline_ms: 10_000,
            load_deadline_ms: 120_000,
            instances: std::thread::available_parallelism().map_or(1, usize::from),
            isolation: Isolation::default(),
            record_bytes: 1 << 20,
            cache: true,
            cache_folder: None,
            module: None,
        }
    }
}

impl Config {
    /// The documented defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of linear memory that one instance may reach. Default 512 MiB.
    ///
    /// The cap is address space until it is touched: an instance uses what its bundle needs, a few
    /// megabytes for a boosted model. The most that a hostile bundle can take is this times
    /// [`Config::instances`]. Too low, and a large batch fails with `memory`; send smaller batches.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Milliseconds that one call of `score`, `score_batch` or `run` may take. Default 10,000.
    ///
    /// Checked by epochs, which the compiled code compares at every loop and call: a deadline is met
    /// within 10 ms of its time. A call that is stopped loses its instance, and the next call pays for
    /// a new one. A server that answers single records can set this to some tens of milliseconds.
    #[must_use]
    pub fn deadline_ms(mut self, milliseconds: u64) -> Self {
        self.deadline_ms = milliseconds;
        self
    }

    /// Milliseconds that loading, verifying or packing may take. Default 120,000.
    ///
    /// Apart from [`Config::deadline_ms`] because checking a model of 100 MB or packing a bundle with a
    /// large sample is rightly slower than any score. Compiling the module is not part of it.
    #[must_use]
    pub fn load_deadline_ms(mut self, milliseconds: u64) -> Self {
        self.load_deadline_ms = milliseconds;
        self
    }

    /// Instances that one bundle or model may have at a time. Default: the machine's processors.
    ///
    /// The first is made when the bundle is loaded, others when calls overlap, each with a copy of the
    /// bundle of its own; they are kept. A call that finds all of them busy waits. More instances than
    /// processors cost memory and win nothing.
    #[must_use]
    pub fn instances(mut self, count: usize) -> Self {
        self.instances = count.max(1);
        self
    }

    /// Whether calls share instances one after another or each get a fresh one. Default
    /// [`Isolation::Pooled`].
    ///
    /// With [`Isolation::PerRequest`] the engine reserves address space for [`Config::instances`] memories
    /// of [`Config::memory_bytes`] at its start; calls of all its bundles share them.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// Bytes of one record as JSON. Default 1 MiB. A longer one is refused before it is copied.
    #[must_use]
    pub fn record_bytes(mut self, bytes: usize) -> Self {
        self.record_bytes = bytes;
        self
    }

    /// Whether compiled modules are kept on disk between processes. Default yes.
    ///
    /// Compiling takes seconds for the tabular module and most of a minute for the full one; reading
    /// it back takes milliseconds. The files hold machine code of the modules that this crate carries,
    /// never a model; who may write to the folder can run code as you, as with any program's files.
    #[must_use]
    pub fn cache(mut self, on: bool) -> Self {
        self.cache = on;
        self
    }

    /// Where they are kept. Default: the user's cache folder, as wasmtime chooses it.
    #[must_use]
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// Runs this module in place of the embedded one, for example to replay a decision with the very
    /// module whose digest it names. The module is as powerless as the embedded one: it has no imports.
    #[must_use]
    pub fn module(mut self, wasm: impl Into<Arc<[u8]>>) -> Self {
        self.module = Some(wasm.into());
        self
    }
}
