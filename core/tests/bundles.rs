//! Whole bundles: packed, loaded, scored.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "bundles/support.rs"]
mod support;

#[path = "bundles/scoring.rs"]
mod scoring;

#[path = "bundles/scores.rs"]
mod scores;

#[path = "bundles/refused.rs"]
mod refused;

#[path = "bundles/errors.rs"]
mod errors;

#[path = "bundles/features.rs"]
mod features;

#[path = "bundles/features_refused.rs"]
mod features_refused;

#[path = "bundles/privacy.rs"]
mod privacy;

#[path = "bundles/scorecard.rs"]
mod scorecard;

#[path = "bundles/lists.rs"]
mod lists;

#[path = "bundles/parity.rs"]
mod parity;

#[path = "bundles/quality.rs"]
mod quality;

#[path = "onnx/writer.rs"]
#[allow(dead_code, reason = "written for the tests of the runtime; these need a part of it")]
mod writer;
