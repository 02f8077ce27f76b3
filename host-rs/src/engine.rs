//! The engine: wasmtime, set up once, and the modules compiled on first use.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use wasmtime::{Cache, CacheConfig, InstanceAllocationStrategy, OptLevel, WasmFeatures};

use crate::config::Config;
use crate::error::{Error, ErrorCode, Result};
use crate::module::{Artefact, Compiled};
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
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_config(config: Config) -> Result<Self> {
        let wasmtime = wasmtime::Engine::new(&wasmtime_config(&config))
            .map_err(|error| Error::new(ErrorCode::HostSetup, format!("wasmtime: {error:#}")))?;
        let ticker = Ticker::new(wasmtime.clone());
        let (tabular, full) = (OnceLock::new(), OnceLock::new());
        Ok(Self { inner: Arc::new(Inner { config, wasmtime, ticker, tabular, full }) })
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

    pub(crate) fn compiled(&self, artefact: Artefact) -> Result<Arc<Compiled>> {
        let slot = match artefact {
            Artefact::Tabular => &self.inner.tabular,
            Artefact::Full => &self.inner.full,
        };
        slot.get_or_init(|| self.compile(artefact).map(Arc::new)).clone()
    }

    fn compile(&self, artefact: Artefact) -> Result<Compiled> {
        if let Some(wasm) = &self.inner.config.module {
            let digest: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
            return Compiled::new(&self.inner.wasmtime, wasm, digest.into());
        }
        match (artefact.bytes(), artefact.sha256()) {
            (Some(wasm), Some(digest)) => Compiled::new(&self.inner.wasmtime, wasm, digest.into()),
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

fn wasmtime_config(config: &Config) -> wasmtime::Config {
    let mut wasmtime = wasmtime::Config::new();
    wasmtime.wasm_features(WasmFeatures::all().difference(FEATURES), false).wasm_features(FEATURES, true);
    wasmtime.cranelift_opt_level(OptLevel::Speed);
    // The one thing that WebAssembly leaves open is the bits of a NaN, and processors differ in them. The
    // core never looks at them, and makes them canonical where numbers leave the module; so every host
    // agrees, browsers included, which have no such switch. Turned on here it would slow arithmetic down
    // (reasons by a factor of 1.7) and change no answer.
    wasmtime.cranelift_nan_canonicalization(false);
    wasmtime.epoch_interruption(true);
    // Instances live as long as their bundle and are few, so each gets its own mapping. A pool of slots
    // would reserve the memory cap for every slot at start and pays off only for instances per request.
    wasmtime.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    // Errors carry a code and a place; a backtrace of a stripped module would add time and no knowledge.
    wasmtime.wasm_backtrace_max_frames(None);
    if config.cache {
        wasmtime.cache(cache(config));
    }
    wasmtime
}

/// A cache that cannot be set up, in a read-only home for example, costs speed and nothing else.
fn cache(config: &Config) -> Option<Cache> {
    let mut cache = CacheConfig::new();
    if let Some(folder) = &config.cache_folder {
        cache.with_directory(folder);
    }
    Cache::new(cache).inspect_err(|error| tracing::debug!("compiled modules are not kept: {error:#}")).ok()
}
