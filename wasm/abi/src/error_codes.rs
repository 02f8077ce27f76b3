//! The texts of the error codes that can come out of the module, so that a host can tell at build
//! time whether it knows them all. `wasm/tests/error_codes.rs` compares the list with the core's own.

/// Every code that the module can answer with, in the core's order.
pub const GUEST_ERROR_CODES: &[&str] = &[
    "model_malformed",
    "model_invalid",
    "model_unsupported",
    "model_type",
    "model_shape",
    "model_attribute",
    "model_budget",
    "model_external_data",
    "input_type",
    "input_shape",
    "run_value",
    "run_budget",
    "bundle_malformed",
    "bundle_not_packed",
    "bundle_digest",
    "bundle_needs_full",
    "manifest_invalid",
    "rule_invalid",
    "rule_budget",
    "golden_mismatch",
    "record_malformed",
    "record_budget",
    "reasons_sum",
    "request_invalid",
    "internal",
];
