//! The scorer as a WebAssembly module: plain C-ABI exports, no imports. `ABI.md` is the reference.
//!
//! This crate moves bytes between the host's blocks and the core and holds what is loaded. It decides
//! nothing. Everything `unsafe` is in [`memory`]; on other targets than wasm the crate is empty, since
//! its addresses are 32 bits wide.
#![cfg(target_arch = "wasm32")]

mod configuration;
mod exports;
mod memory;
mod models;
mod state;
