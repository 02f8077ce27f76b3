//! The module's exports, as JavaScript sees them. The names are those of `scorebox_abi::exports`.

use js_sys::WebAssembly::Memory;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The `exports` object of an instance.
    pub(crate) type Exports;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn memory(this: &Exports) -> Option<Memory>;

    #[wasm_bindgen(method, catch, js_name = "_initialize")]
    pub(crate) fn initialize(this: &Exports) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_abi_version")]
    pub(crate) fn abi_version(this: &Exports) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_features")]
    pub(crate) fn features(this: &Exports) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_alloc")]
    pub(crate) fn alloc(this: &Exports, size: u32) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_free")]
    pub(crate) fn free(this: &Exports, address: u32, size: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_result_ptr")]
    pub(crate) fn result_ptr(this: &Exports) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_result_len")]
    pub(crate) fn result_len(this: &Exports) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_configure")]
    pub(crate) fn configure(this: &Exports, json: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_load")]
    pub(crate) fn load(this: &Exports, bytes: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_load_model")]
    pub(crate) fn load_model(this: &Exports, bytes: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_describe")]
    pub(crate) fn describe(this: &Exports, handle: i32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_score")]
    pub(crate) fn score(this: &Exports, handle: i32, json: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_score_table")]
    pub(crate) fn score_table(
        this: &Exports,
        handle: i32,
        table: u32,
        table_len: u32,
        options: u32,
        options_len: u32,
    ) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_run")]
    pub(crate) fn run(this: &Exports, handle: i32, table: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_verify")]
    pub(crate) fn verify(this: &Exports, handle: i32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_update")]
    pub(crate) fn update(this: &Exports, handle: i32, json: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_counts")]
    pub(crate) fn counts(this: &Exports, handle: i32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_monitor")]
    pub(crate) fn monitor(this: &Exports, handle: i32, json: u32, len: u32) -> Result<i32, JsValue>;

    #[wasm_bindgen(method, catch, js_name = "sbx_pack")]
    pub(crate) fn pack(
        this: &Exports,
        zip: u32,
        zip_len: u32,
        sample: u32,
        sample_len: u32,
        options: u32,
        options_len: u32,
    ) -> Result<i32, JsValue>;
}
