//! Whole bundles: packed, loaded, scored.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "bundles/support.rs"]
mod support;

#[path = "bundles/scoring.rs"]
mod scoring;

#[path = "bundles/refused.rs"]
mod refused;
