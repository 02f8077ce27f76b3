//! The list of codes that hosts are built against is the core's own list.

#![allow(clippy::print_stdout)]

use scorebox_abi::GUEST_ERROR_CODES;
use scorebox_core::ErrorCode;

#[test]
fn hosts_know_every_code_of_the_core() {
    let core: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(core, GUEST_ERROR_CODES, "copy the new code to wasm/abi/src/error_codes.rs");
    println!("{} codes", core.len());
}
