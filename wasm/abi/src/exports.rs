//! The names that a host looks up in the module.

/// The linear memory.
pub const MEMORY: &str = "memory";
/// `()`: runs once, before anything else.
pub const INITIALIZE: &str = "_initialize";
/// `() -> u32`: see [`crate::VERSION`].
pub const ABI_VERSION: &str = "sbx_abi_version";
/// `() -> u32`: the bits [`crate::FEATURE_NEURAL`] and [`crate::FEATURE_AUTHORING`].
pub const FEATURES: &str = "sbx_features";
/// `(size) -> address`, 0 where there is no memory.
pub const ALLOC: &str = "sbx_alloc";
/// `(address, size)`.
pub const FREE: &str = "sbx_free";
/// `() -> address` of the last result.
pub const RESULT_PTR: &str = "sbx_result_ptr";
/// `() -> bytes` of the last result.
pub const RESULT_LEN: &str = "sbx_result_len";
/// `(json, len) -> status`.
pub const CONFIGURE: &str = "sbx_configure";
/// `(zip, len) -> handle`.
pub const LOAD: &str = "sbx_load";
/// `(onnx, len) -> handle`.
pub const LOAD_MODEL: &str = "sbx_load_model";
/// `(handle) -> status`.
pub const DESCRIBE: &str = "sbx_describe";
/// `(handle, json, len) -> status`.
pub const SCORE: &str = "sbx_score";
/// `(handle, table, len, options, len) -> status`.
pub const SCORE_TABLE: &str = "sbx_score_table";
/// `(handle, table, len) -> status`.
pub const RUN: &str = "sbx_run";
/// `(handle) -> status`.
pub const VERIFY: &str = "sbx_verify";
/// `(zip, len, sample, len, options, len) -> status`; full module only.
pub const PACK: &str = "sbx_pack";
/// `() -> status`; the result is the manifest's JSON Schema. Full module only.
pub const SCHEMA: &str = "sbx_schema";
/// `(handle, json, len) -> status`. Since 1.1.
pub const UPDATE: &str = "sbx_update";
/// `(handle) -> status`. Since 1.1.
pub const COUNTS: &str = "sbx_counts";
/// `(handle, json, len) -> status`. Since 1.1.
pub const MONITOR: &str = "sbx_monitor";
/// `(handle) -> status`.
pub const UNLOAD: &str = "sbx_unload";
