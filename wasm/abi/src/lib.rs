//! The numbers that the module and its hosts share, and nothing else.
//!
//! `wasm/ABI.md` explains them. They live in a crate of their own so that a host can agree with the
//! module without knowing the scorer: a host that links this crate links no scoring logic.
#![no_std]

pub mod exports;
pub mod table;

mod error_codes;

pub use error_codes::GUEST_ERROR_CODES;

/// Major number of the interface. A host refuses a module with another one.
pub const MAJOR: u16 = 1;

/// Minor number of the interface: grows when exports or fields are added that an older host may ignore.
pub const MINOR: u16 = 1;

/// What `sbx_abi_version` returns: [`MAJOR`] in the upper half, [`MINOR`] in the lower.
pub const VERSION: u32 = (MAJOR as u32) << 16 | MINOR as u32;

/// The major number in what `sbx_abi_version` returned.
#[must_use]
pub const fn major(version: u32) -> u16 {
    (version >> 16) as u16
}

/// The minor number in what `sbx_abi_version` returned.
#[must_use]
pub const fn minor(version: u32) -> u16 {
    (version & 0xffff) as u16
}

/// Bit of `sbx_features`: the module runs neural graphs.
pub const FEATURE_NEURAL: u32 = 1;

/// Bit of `sbx_features`: the module packs bundles (`sbx_pack`).
pub const FEATURE_AUTHORING: u32 = 1 << 1;

/// Every block that the module hands out, and every result, starts on a multiple of this many bytes.
pub const ALIGNMENT: u32 = 16;

/// Status of a call that went well. Handles are greater, failures are less.
pub const STATUS_OK: i32 = 0;

/// Status of a call that failed; the result then is the error as JSON.
pub const STATUS_FAILED: i32 = -1;

/// The most bundles and models that one instance holds at a time.
pub const MAX_HANDLES: usize = 1_024;

const _: () = {
    assert!(major(VERSION) == MAJOR && minor(VERSION) == MINOR);
    assert!(ALIGNMENT.is_power_of_two());
    assert!(FEATURE_NEURAL & FEATURE_AUTHORING == 0);
    assert!(STATUS_FAILED < STATUS_OK);
};
