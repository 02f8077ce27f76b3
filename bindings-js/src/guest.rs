//! One instance of the module: calls in, results out.

use std::cell::{Cell, RefCell};

use js_sys::{Object, Uint8Array, WebAssembly};
use scorebox_abi as abi;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::exports::Exports;
use crate::failure::{MEMORY, MODULE_ABI, TRAP, caught, failure, from_guest};

/// A block kept between calls is at most this large; a greater one is given back after its call.
const KEPT_BYTES: u32 = 1 << 20;

/// An instance of the module with its own memory. Dropping it gives all of that memory back.
#[wasm_bindgen]
pub struct Guest {
    exports: Exports,
    memory: WebAssembly::Memory,
    /// The whole memory as bytes; empty once the memory has grown, and then taken anew.
    view: RefCell<Uint8Array>,
    /// The block that arguments are copied into, kept so that a warm call asks for no memory.
    block: Cell<Block>,
    /// Set by a trap: the state of the instance is not defined after one.
    lost: Cell<bool>,
}

#[derive(Clone, Copy, Default)]
struct Block {
    address: u32,
    size: u32,
}

#[wasm_bindgen]
impl Guest {
    /// Instantiates a compiled module with nothing to import, and checks that it speaks our interface.
    ///
    /// # Errors
    /// `module_abi` where the module asks for imports, lacks exports, or has another major version.
    #[wasm_bindgen(constructor)]
    pub fn new(module: &WebAssembly::Module) -> Result<Guest, JsValue> {
        let invalid = |thrown: JsValue| caught(MODULE_ABI, "this is no Scorebox module", &thrown);
        let instance = WebAssembly::Instance::new(module, &Object::new()).map_err(invalid)?;
        let exports: Exports = instance.exports().unchecked_into();
        let version = exports.abi_version().map_err(invalid)?;
        if abi::major(version) != abi::MAJOR {
            let found = format!("{}.{}", abi::major(version), abi::minor(version));
            let message = format!("the module speaks interface {found}, this package {}.x", abi::MAJOR);
            return Err(failure(MODULE_ABI, "", &message));
        }
        let memory =
            exports.memory().ok_or_else(|| failure(MODULE_ABI, "", "the module exports no memory"))?;
        exports.initialize().map_err(invalid)?;
        Ok(Guest {
            view: RefCell::new(Uint8Array::new(&memory.buffer())),
            exports,
            memory,
            block: Cell::default(),
            lost: Cell::new(false),
        })
    }

    /// The bits of `sbx_features`: 1 neural graphs, 2 packing.
    pub fn features(&self) -> Result<u32, JsValue> {
        self.guard(|| self.exports.features())
    }

    /// Bytes of linear memory that this instance holds now.
    #[wasm_bindgen(js_name = memoryBytes)]
    pub fn memory_bytes(&self) -> u32 {
        self.current_view().length()
    }

    /// Tells the module its own digest and its limits, as JSON.
    pub fn configure(&self, json: &Uint8Array) -> Result<(), JsValue> {
        let [json] = self.place([json])?;
        self.status(|| self.exports.configure(json.address, json.size)).map(drop)
    }

    /// Loads a bundle (a zip archive) and returns its handle.
    pub fn load(&self, bytes: &Uint8Array) -> Result<i32, JsValue> {
        let [bytes] = self.place([bytes])?;
        self.status(|| self.exports.load(bytes.address, bytes.size))
    }

    /// Loads a bare ONNX file and returns its handle.
    #[wasm_bindgen(js_name = loadModel)]
    pub fn load_model(&self, bytes: &Uint8Array) -> Result<i32, JsValue> {
        let [bytes] = self.place([bytes])?;
        self.status(|| self.exports.load_model(bytes.address, bytes.size))
    }

    /// What a handle holds, as JSON.
    pub fn describe(&self, handle: i32) -> Result<Uint8Array, JsValue> {
        self.status(|| self.exports.describe(handle))?;
        self.result()
    }

    /// Scores one record: request as JSON in, decision as canonical JSON out.
    pub fn score(&self, handle: i32, request: &Uint8Array) -> Result<Uint8Array, JsValue> {
        let [request] = self.place([request])?;
        self.status(|| self.exports.score(handle, request.address, request.size))?;
        self.result()
    }

    /// Scores a batch: a table and options as JSON in, a table out.
    #[wasm_bindgen(js_name = scoreTable)]
    pub fn score_table(
        &self,
        handle: i32,
        table: &Uint8Array,
        options: &Uint8Array,
    ) -> Result<Uint8Array, JsValue> {
        let [table, options] = self.place([table, options])?;
        self.status(|| {
            self.exports.score_table(handle, table.address, table.size, options.address, options.size)
        })?;
        self.result()
    }

    /// Runs a bare model: a table of inputs in, a table of outputs out.
    pub fn run(&self, handle: i32, table: &Uint8Array) -> Result<Uint8Array, JsValue> {
        let [table] = self.place([table])?;
        self.status(|| self.exports.run(handle, table.address, table.size))?;
        self.result()
    }

    /// Replays the bundle's golden records: a report as JSON.
    pub fn verify(&self, handle: i32) -> Result<Uint8Array, JsValue> {
        self.status(|| self.exports.verify(handle))?;
        self.result()
    }

    /// Lets a bandit learn: state and rewards as JSON in, the new state as JSON out.
    pub fn update(&self, handle: i32, update: &Uint8Array) -> Result<Uint8Array, JsValue> {
        let [update] = self.place([update])?;
        self.status(|| self.exports.update(handle, update.address, update.size))?;
        self.result()
    }

    /// What was counted since the last call of this, as JSON.
    pub fn counts(&self, handle: i32) -> Result<Uint8Array, JsValue> {
        self.status(|| self.exports.counts(handle))?;
        self.result()
    }

    /// Adds counts up: a list of counts as JSON in, sum and report as JSON out.
    pub fn monitor(&self, handle: i32, counts: &Uint8Array) -> Result<Uint8Array, JsValue> {
        let [counts] = self.place([counts])?;
        self.status(|| self.exports.monitor(handle, counts.address, counts.size))?;
        self.result()
    }

    /// Packs a bundle: zip, training sample as a table (or nothing) and options in, zip out.
    pub fn pack(
        &self,
        zip: &Uint8Array,
        sample: &Uint8Array,
        options: &Uint8Array,
    ) -> Result<Uint8Array, JsValue> {
        let [zip, sample, options] = self.place([zip, sample, options])?;
        self.status(|| {
            self.exports.pack(
                zip.address,
                zip.size,
                sample.address,
                sample.size,
                options.address,
                options.size,
            )
        })?;
        self.result()
    }
}

impl Guest {
    /// Copies the arguments into one block of the module's memory, each on its alignment.
    fn place<const N: usize>(&self, arguments: [&Uint8Array; N]) -> Result<[Block; N], JsValue> {
        let mut placed = [Block::default(); N];
        let mut end = 0_u32;
        for (slot, argument) in placed.iter_mut().zip(arguments) {
            let too_large = || failure(MEMORY, "", "the request does not fit 32-bit addresses");
            let start = end.checked_next_multiple_of(abi::ALIGNMENT).ok_or_else(too_large)?;
            end = start.checked_add(argument.length()).ok_or_else(too_large)?;
            *slot = Block { address: start, size: argument.length() };
        }
        let base = self.reserve(end)?;
        let view = self.current_view();
        for (slot, argument) in placed.iter_mut().zip(arguments) {
            slot.address += base;
            view.set(argument, slot.address);
        }
        Ok(placed)
    }

    /// Makes the kept block at least this large and returns its address.
    fn reserve(&self, size: u32) -> Result<u32, JsValue> {
        let block = self.block.get();
        if block.size >= size && block.size > 0 {
            return Ok(block.address);
        }
        self.release()?;
        // A little more than asked for, so that records of slightly different length share a block.
        let size =
            size.max(256).checked_next_power_of_two().filter(|&size| size <= KEPT_BYTES).unwrap_or(size);
        let address = self.guard(|| self.exports.alloc(size))?;
        if address == 0 {
            let message = format!("the module has no room for {size} bytes; send smaller batches");
            return Err(failure(MEMORY, "", &message));
        }
        self.block.set(Block { address, size });
        Ok(address)
    }

    /// Gives the kept block back.
    fn release(&self) -> Result<(), JsValue> {
        let block = self.block.take();
        if block.size == 0 {
            return Ok(());
        }
        self.guard(|| self.exports.free(block.address, block.size))
    }

    /// Makes a call whose answer is a status; a failure becomes the error that the module left.
    fn status(&self, call: impl FnOnce() -> Result<i32, JsValue>) -> Result<i32, JsValue> {
        let status = self.guard(call)?;
        if status < abi::STATUS_OK {
            return Err(from_guest(&String::from_utf8_lossy(&self.result()?.to_vec())));
        }
        Ok(status)
    }

    /// The bytes that the last call left, copied out of the module's memory.
    fn result(&self) -> Result<Uint8Array, JsValue> {
        let start = self.guard(|| self.exports.result_ptr())?;
        let len = self.guard(|| self.exports.result_len())?;
        let bytes = self.current_view().slice(start, start.saturating_add(len));
        if self.block.get().size > KEPT_BYTES {
            self.release()?;
        }
        Ok(bytes)
    }

    /// Makes any call into the module; a trap marks the instance as lost.
    fn guard<T>(&self, call: impl FnOnce() -> Result<T, JsValue>) -> Result<T, JsValue> {
        if self.lost.get() {
            return Err(failure(TRAP, "", "this instance trapped before and is lost; load the bundle again"));
        }
        call().map_err(|thrown| {
            self.lost.set(true);
            caught(TRAP, "the module trapped", &thrown)
        })
    }

    fn current_view(&self) -> Uint8Array {
        let mut view = self.view.borrow_mut();
        if view.length() == 0 {
            *view = Uint8Array::new(&self.memory.buffer());
        }
        view.clone()
    }
}
