//! The exports of `ABI.md`: each turns addresses into bytes, calls one function, keeps its result.

#[cfg(not(feature = "authoring"))]
use scorebox_core::{Error, ErrorCode};

use crate::memory::{self, exports, input};
use crate::state;

exports! {
    /// Runs once, before anything else.
    fn _initialize() {
        memory::initialize();
    }

    /// Version of the interface.
    fn sbx_abi_version() -> u32 {
        scorebox_abi::VERSION
    }

    /// What this artefact can do.
    fn sbx_features() -> u32 {
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        bit(cfg!(feature = "neural"), scorebox_abi::FEATURE_NEURAL)
            | bit(cfg!(feature = "authoring"), scorebox_abi::FEATURE_AUTHORING)
    }

    /// A block for the host.
    fn sbx_alloc(size: u32) -> u32 {
        memory::alloc(size)
    }

    /// Takes a block back.
    fn sbx_free(address: u32, size: u32) {
        memory::free(address, size);
    }

    /// Where the last result lies.
    fn sbx_result_ptr() -> u32 {
        state::with(|state| state.result.address())
    }

    /// Its length in bytes.
    fn sbx_result_len() -> u32 {
        state::with(|state| state.result.len())
    }

    /// The module's digest and the limits.
    fn sbx_configure(json: u32, len: u32) -> i32 {
        state::answer(|state, _| input(json, len, |json| state.configure(json)))
    }

    /// Loads a bundle.
    fn sbx_load(zip: u32, len: u32) -> i32 {
        state::answer_handle(|state| input(zip, len, |zip| state.load_bundle(zip)))
    }

    /// Loads a bare model.
    fn sbx_load_model(onnx: u32, len: u32) -> i32 {
        state::answer_handle(|state| input(onnx, len, |onnx| state.load_model(onnx)))
    }

    /// Says what is loaded.
    fn sbx_describe(handle: i32) -> i32 {
        state::answer(|state, out| state.describe(handle, out))
    }

    /// Scores one record.
    fn sbx_score(handle: i32, json: u32, len: u32) -> i32 {
        state::answer(|state, out| {
            let scorer = state.bundle(handle)?;
            input(json, len, |request| scorer.score(request, out))
        })
    }

    /// Scores a batch.
    fn sbx_score_table(handle: i32, table: u32, table_len: u32, options: u32, options_len: u32) -> i32 {
        state::answer(|state, out| {
            let scorer = state.bundle(handle)?;
            input(table, table_len, |table| {
                input(options, options_len, |options| scorer.score_table(table, options, out))
            })
        })
    }

    /// Runs a bare model.
    fn sbx_run(handle: i32, table: u32, len: u32) -> i32 {
        state::answer(|state, out| {
            let model = state.model(handle)?;
            input(table, len, |table| model.run(table, out))
        })
    }

    /// Replays a bundle's golden records.
    fn sbx_verify(handle: i32) -> i32 {
        state::answer(|state, out| state.bundle(handle)?.verify(out))
    }

    /// Packs a bundle.
    fn sbx_pack(zip: u32, zip_len: u32, sample: u32, sample_len: u32, options: u32, options_len: u32) -> i32 {
        state::answer(|_, out| {
            input(zip, zip_len, |zip| {
                input(sample, sample_len, |sample| {
                    input(options, options_len, |options| pack(zip, sample, options, out))
                })
            })
        })
    }

    /// The JSON Schema of bundle.json.
    fn sbx_schema() -> i32 {
        state::answer(|_, out| schema(out))
    }

    /// Lets a bandit learn from rewards.
    fn sbx_update(handle: i32, json: u32, len: u32) -> i32 {
        state::answer(|state, out| {
            let scorer = state.bundle(handle)?;
            input(json, len, |update| scorer.update(update, out))
        })
    }

    /// What was counted since the last call of this.
    fn sbx_counts(handle: i32) -> i32 {
        state::answer(|state, out| state.bundle(handle)?.take_counts(out))
    }

    /// Adds counts up and reports on them.
    fn sbx_monitor(handle: i32, json: u32, len: u32) -> i32 {
        state::answer(|state, out| {
            let scorer = state.bundle(handle)?;
            input(json, len, |counts| scorer.monitor(counts, out))
        })
    }

    /// Forgets a bundle or model.
    fn sbx_unload(handle: i32) -> i32 {
        state::answer(|state, _| state.unload(handle))
    }
}

#[cfg(feature = "authoring")]
fn pack(zip: &[u8], sample: &[u8], options: &[u8], out: &mut Vec<u8>) -> scorebox_core::Result<()> {
    *out = scorebox_core::authoring::pack(zip, sample, options)?;
    Ok(())
}

#[cfg(feature = "authoring")]
fn schema(out: &mut Vec<u8>) -> scorebox_core::Result<()> {
    out.extend_from_slice(scorebox_core::authoring::json_schema().as_bytes());
    Ok(())
}

#[cfg(not(feature = "authoring"))]
fn schema(_: &mut Vec<u8>) -> scorebox_core::Result<()> {
    Err(Error::new(ErrorCode::BundleNeedsFull, "the schema is in scorebox-full.wasm"))
}

#[cfg(not(feature = "authoring"))]
fn pack(_: &[u8], _: &[u8], _: &[u8], _: &mut Vec<u8>) -> scorebox_core::Result<()> {
    Err(Error::new(ErrorCode::BundleNeedsFull, "packing needs scorebox-full.wasm"))
}
