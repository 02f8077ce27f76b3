//! A shim between JavaScript and the module that every host runs.
//!
//! The page and Node instantiate the very bytes of `scorebox.wasm` that wasmtime runs elsewhere, so one
//! sha256 names the scorer everywhere. This crate speaks the module's interface (`wasm/ABI.md`) on
//! JavaScript's side: it checks the version, moves bytes between JavaScript and the module's memory
//! without a copy of its own, and turns failures into errors with a code and a path. It decides nothing
//! and knows neither JSON nor tables; the TypeScript around it (`ts/`) does.

mod exports;
mod failure;
mod guest;

pub use guest::Guest;
