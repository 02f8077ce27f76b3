//! What all requests share: the bundles by name, the settings, the counters.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;

use super::gate::Gate;
use super::metrics::Metrics;
use super::monitoring::Tally;
use super::published::published;
use super::settings::Settings;
use crate::archive::read_source;
use crate::bundle::Bundle;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};

/// Loaded bundles and everything else that requests share.
pub struct State {
    bundles: BTreeMap<String, Hosted>,
    settings: Settings,
    metrics: Metrics,
    draining: AtomicBool,
}

/// One bundle under the name that it is served by.
pub(crate) struct Hosted {
    pub(crate) bundle: Bundle,
    /// The zip archive for pages; empty where none are served.
    pub(crate) archive: Bytes,
    pub(crate) gate: Gate,
    /// What has been decided on, counted.
    pub(crate) tally: Tally,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("bundles", &self.names()).finish_non_exhaustive()
    }
}

impl State {
    /// Loads the bundles, each under its name.
    ///
    /// # Errors
    /// Those of [`Bundle::load`]; `request_invalid` for a name that is given twice or does not fit a path.
    pub fn load(engine: &Engine, bundles: &[(String, PathBuf)], settings: Settings) -> Result<Self> {
        let mut hosted = BTreeMap::new();
        for (name, path) in bundles {
            check_name(name)?;
            let archive: Arc<[u8]> = read_source(path)?.into();
            let bundle =
                Bundle::from_bytes(engine, Arc::clone(&archive)).map_err(|error| error.at(path.display()))?;
            tracing::info!(name, version = bundle.version(), digest = bundle.digest(), "loaded");
            let gate = Gate::new(engine.config().instances, settings.waiting);
            let archive = match &settings.assets {
                Some(_) => published(&archive).map_or_else(|| Bytes::from_owner(archive), Bytes::from),
                None => Bytes::new(),
            };
            let entry = Hosted { bundle, archive, gate, tally: Tally::new() };
            if hosted.insert(name.clone(), entry).is_some() {
                return Err(Error::new(ErrorCode::RequestInvalid, "two bundles have this name").at(name));
            }
        }
        Ok(Self { bundles: hosted, settings, metrics: Metrics::new(), draining: AtomicBool::new(false) })
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The names that bundles are served by, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.bundles.keys().map(String::as_str).collect()
    }

    /// From now on the server reports itself as not ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Hosted)> {
        self.bundles.iter().map(|(name, hosted)| (name.as_str(), hosted))
    }

    pub(crate) fn hosted(&self, name: &str) -> Result<&Hosted> {
        self.bundles.get(name).ok_or_else(|| {
            Error::new(ErrorCode::NotFound, "no bundle has this name; GET /v1/bundles lists them")
                .at("bundle")
        })
    }
}

/// Names become parts of paths, labels and file names.
fn check_name(name: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(fits) {
        return Ok(());
    }
    let rule = "a bundle's name takes 1 to 64 letters, digits, - and _";
    Err(Error::new(ErrorCode::RequestInvalid, rule).at(name))
}
