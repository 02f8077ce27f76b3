//! The engine: wasmtime, set up once, and the modules compiled on first use.

use std::borrow::Cow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use wasmtime::{
    Cache, CacheConfig, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, WasmFeatures,
};

use crate::config::{Config, Isolation};
use crate::error::{Error, ErrorCode, Result};
use crate::module::{Artefact, Compiled};
use crate::reserve::{self, Reservation};
use crate::ticker::Ticker;

/// Compiles and runs modules under the limits of a [`Config`]. Expensive, cheap to clone: make one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    wasmtime: wasmtime::Engine,
    ticker: Ticker,
    tabular: OnceLock<Result<Arc<Compiled>>>,
    full: OnceLock<Result<Arc<Compiled>>>,
    /// Places for instances that are not taken; only where they come from a pool.
    places: Mutex<usize>,
    returned: Condvar,
}

/// A place for an instance, held as long as the instance lives.
pub(crate) struct Slot(Engine);

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.places() += 1;
        self.0.inner.returned.notify_one();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with the default limits.
    ///
    /// # Errors
    /// `host_setup` where wasmtime does not support this machine.
    pub fn new() -> Result<Self> {
        Self::with_config(Config::default())
    }

    /// An engine with these limits. The modules are compiled when a bundle first needs them.
    ///
    /// Each instance reserves 4 GiB of address space, which costs no memory and lets the processor check the
    /// module's bounds. Where a process may not have that much (`ulimit -v`), instances reserve what
    /// [`Config::memory_bytes`] allows them, and the module's code checks its bounds itself: slower, with the
    /// same answers.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_config(config: Config) -> Result<Self> {
        let wasmtime = reserve::engine(&config, wasmtime_config)?;
        let ticker = Ticker::new(wasmtime.clone());
        let (tabular, full) = (OnceLock::new(), OnceLock::new());
        let (places, returned) = (Mutex::new(config.instances), Condvar::new());
        Ok(Self { inner: Arc::new(Inner { config, wasmtime, ticker, tabular, full, places, returned }) })
    }

    /// The limits in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Compiles a module now rather than when a bundle first needs it.
    ///
    /// # Errors
    /// `host_setup`, `module_abi`, or `bundle_needs_full` where this crate was built without the module.
    pub fn prepare(&self, artefact: Artefact) -> Result<()> {
        self.compiled(artefact).map(drop)
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.inner.ticker
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// A place for an instance where the engine has a fixed number of them; waits for one where all are
    /// taken. `None` where instances are made as they are needed.
    pub(crate) fn slot(&self) -> Option<Slot> {
        if self.inner.config.isolation == Isolation::Pooled {
            return None;
        }
        let mut places = self.places();
        while *places == 0 {
            places = self.inner.returned.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
        *places -= 1;
        Some(Slot(self.clone()))
    }

    /// The count is right whatever happened to whoever held the lock, so poison is no reason to stop.
    fn places(&self) -> MutexGuard<'_, usize> {
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn compiled(&self, artefact: Artefact) -> Result<Arc<Compiled>> {
        let slot = match artefact {
            Artefact::Tabular => &self.inner.tabular,
            Artefact::Full => &self.inner.full,
        };
        slot.get_or_init(|| self.compile(artefact).map(Arc::new)).clone()
    }

    fn compile(&self, artefact: Artefact) -> Result<Compiled> {
        let (wasm, digest) = self.source(artefact)?;
        Compiled::new(&self.inner.wasmtime, &wasm, digest)
    }

    /// The bytes of a module, or of the one that the configuration puts in its place, and their sha256.
    pub(crate) fn source(&self, artefact: Artefact) -> Result<(Cow<'_, [u8]>, Arc<str>)> {
        if let Some(wasm) = &self.inner.config.module {
            let digest: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok((Cow::Borrowed(wasm), digest.into()));
        }
        match (artefact.bytes(), artefact.sha256()) {
            (Some(wasm), Some(digest)) => Ok((Cow::Borrowed(wasm), digest.into())),
            _ => Err(Error::new(
                ErrorCode::BundleNeedsFull,
                "scorebox was built without scorebox-full.wasm; build it with the feature `full`",
            )),
        }
    }
}

/// The module's features and no others: plain simd128 and what Rust emits for every wasm target.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS);

fn wasmtime_config(config: &Config, reservation: Reservation) -> wasmtime::Config {
    let mut wasmtime = wasmtime::Config::new();
    wasmtime.wasm_features(WasmFeatures::all().difference(FEATURES), false).wasm_features(FEATURES, true);
    wasmtime.cranelift_opt_level(OptLevel::Speed);
    // The one thing that WebAssembly leaves open is the bits of a NaN, and processors differ in them. The
    // core never looks at them, and makes them canonical where numbers leave the module; so every host
    // agrees, browsers included, which have no such switch. Turned on here it would slow arithmetic down
    // (reasons by a factor of 1.7) and change no answer.
    wasmtime.cranelift_nan_canonicalization(false);
    wasmtime.epoch_interruption(true);
    wasmtime.allocation_strategy(match config.isolation {
        // Instances live as long as their bundle and are few, so each gets its own mapping.
        Isolation::Pooled => InstanceAllocationStrategy::OnDemand,
        // An instance per request must not ask the system for memory: its place is there already.
        Isolation::PerRequest => InstanceAllocationStrategy::Pooling(places(config)),
    });
    reservation.apply(config, &mut wasmtime);
    // A snapshot's memory is mapped, not copied, however large the bundle is.
    wasmtime.memory_guaranteed_dense_image_size(config.memory_bytes as u64);
    // Errors carry a code and a place; a backtrace of a stripped module would add time and no knowledge.
    wasmtime.wasm_backtrace_max_frames(None);
    if config.cache {
        wasmtime.cache(cache(config));
    }
    wasmtime
}

/// Bytes of a place's memory and table that stay mapped between requests. Those that a call wrote to are
/// found by the system (Linux 6.7 and newer) and set back to the snapshot, so the next call meets no page
/// fault; elsewhere the pages are given back and mapped again when touched.
const KEPT_BYTES: usize = 16 << 20;

fn places(config: &Config) -> PoolingAllocationConfig {
    let count = u32::try_from(config.instances).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(count).total_memories(count).total_tables(count);
    pool.max_memory_size(config.memory_bytes).table_elements(1 << 16);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
        pool.linear_memory_keep_resident(KEPT_BYTES).table_keep_resident(KEPT_BYTES);
    }
    pool
}

/// A cache that cannot be set up, in a read-only home for example, costs speed and nothing else.
fn cache(config: &Config) -> Option<Cache> {
    let mut cache = CacheConfig::new();
    if let Some(folder) = &config.cache_folder {
        cache.with_directory(folder);
    }
    Cache::new(cache).inspect_err(|error| tracing::debug!("compiled modules are not kept: {error:#}")).ok()
}
