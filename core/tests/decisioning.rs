//! What a bundle says about a customer beside the policy's outcome: the view, offers, monitoring.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "bundles/support.rs"]
#[allow(dead_code, reason = "written for the tests of whole bundles; these need a part of it")]
mod support;

#[path = "decisioning/page.rs"]
mod page;

#[path = "decisioning/bandit.rs"]
mod bandit;

#[path = "decisioning/columns.rs"]
mod columns;

#[path = "decisioning/monitoring.rs"]
mod monitoring;

#[path = "decisioning/offers.rs"]
mod offers;

#[path = "decisioning/offers_refused.rs"]
mod offers_refused;

#[path = "decisioning/view.rs"]
mod view;
