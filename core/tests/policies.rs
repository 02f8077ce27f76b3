//! Policies of whole bundles: decision tables, lists of rules, what they see of each other, and what packing
//! refuses.
#![cfg(feature = "authoring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "bundles/support.rs"]
#[allow(dead_code, reason = "written for the tests of whole bundles; these need a part of it")]
mod support;

#[path = "policies/actions.rs"]
mod actions;

#[path = "policies/case.rs"]
mod case;

#[path = "policies/coverage.rs"]
mod coverage;

#[path = "policies/hit_policies.rs"]
mod hit_policies;

#[path = "policies/measures.rs"]
mod measures;

#[path = "policies/what_if.rs"]
mod what_if;

#[path = "policies/steps.rs"]
mod steps;

#[path = "policies/risks.rs"]
mod risks;

#[path = "policies/sheets.rs"]
mod sheets;
