//! One instance of the module, and the only code that touches its memory.
//!
//! A call either answers, or fails with an error that the module wrote, or ends the instance: after a
//! trap its state is not defined, so a guest that trapped says so and is never used again.

use scorebox_abi::exports;
use wasmtime::{Instance, Memory, ResourceLimiter, Store, Trap, TypedFunc, Val, WasmParams, WasmResults};

use crate::engine::{Engine, Slot};
use crate::error::{Error, ErrorCode, Result};
use crate::module::Compiled;
use crate::reserve;
use crate::ticker::Ticker;

/// Keeps one instance's memory under its cap and remembers that it asked for more.
pub(crate) struct Budget {
    memory_bytes: usize,
    exceeded: bool,
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= self.memory_bytes;
        self.exceeded |= !fits;
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // The module's table of functions has a fixed size; a module that grows one is not ours.
        Ok(desired <= 1 << 16)
    }
}

/// Bytes for the module: either at hand, or written straight into its memory.
pub(crate) enum Input<'a> {
    /// Copied.
    Bytes(&'a [u8]),
    /// Written by the function into a block of so many bytes, all zero.
    Written(usize, &'a dyn Fn(&mut [u8])),
}

impl Input<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Written(len, _) => *len,
        }
    }
}

/// Address and length of a block in the guest's memory.
#[derive(Clone, Copy)]
struct Block {
    start: u32,
    len: u32,
}

/// A running instance.
pub(crate) struct Guest {
    engine: Engine,
    store: Store<Budget>,
    instance: Instance,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    result_ptr: TypedFunc<(), u32>,
    result_len: TypedFunc<(), u32>,
    score: TypedFunc<(i32, u32, u32), i32>,
    /// Looked up by the first call that needs it.
    run: Option<TypedFunc<(i32, u32, u32), i32>>,
    dead: bool,
    /// Dropped last: the place is free when the store has gone.
    _slot: Option<Slot>,
}

impl Guest {
    /// Makes an instance, checks the interface's version and tells the module its digest and limits.
    pub(crate) fn start(engine: &Engine, compiled: &Compiled) -> Result<Self> {
        let mut guest = Self::make(engine, compiled)?;
        let version: TypedFunc<(), u32> = guest.export(exports::ABI_VERSION)?;
        let initialize: TypedFunc<(), ()> = guest.export(exports::INITIALIZE)?;
        let (_, deadline_ms) = guest.deadlines_ms();
        let version = guest.timed(deadline_ms, |guest| guest.call(&version, ()))?;
        if scorebox_abi::major(version) != scorebox_abi::MAJOR {
            let (major, minor) = (scorebox_abi::major(version), scorebox_abi::minor(version));
            return Err(Error::new(
                ErrorCode::ModuleAbi,
                format!("the module speaks interface {major}.{minor}, this host {}", scorebox_abi::MAJOR),
            ));
        }
        guest.timed(deadline_ms, |guest| guest.call(&initialize, ()))?;
        guest.configure(&compiled.digest)?;
        Ok(guest)
    }

    /// Makes an instance of a snapshot, which has all that behind it.
    pub(crate) fn resume(engine: &Engine, compiled: &Compiled) -> Result<Self> {
        Self::make(engine, compiled)
    }

    fn make(engine: &Engine, compiled: &Compiled) -> Result<Self> {
        let slot = engine.slot();
        let budget = Budget { memory_bytes: engine.config().memory_bytes, exceeded: false };
        let mut store = Store::new(engine.wasmtime(), budget);
        store.limiter(|budget| budget);
        // Instantiation runs no code of ours but may run a start function, so it has a deadline too.
        store.set_epoch_deadline(Ticker::epochs(engine.config().load_deadline_ms));
        let ticking = engine.ticker().tick().ok_or_else(no_thread)?;
        let instance = compiled.instances.instantiate(&mut store).map_err(|error| failure(&store, &error))?;
        drop(ticking);
        let memory =
            instance.get_memory(&mut store, exports::MEMORY).ok_or_else(|| missing(exports::MEMORY))?;
        Ok(Self {
            alloc: export(&mut store, &instance, exports::ALLOC)?,
            free: export(&mut store, &instance, exports::FREE)?,
            result_ptr: export(&mut store, &instance, exports::RESULT_PTR)?,
            result_len: export(&mut store, &instance, exports::RESULT_LEN)?,
            score: export(&mut store, &instance, exports::SCORE)?,
            run: None,
            engine: engine.clone(),
            store,
            instance,
            memory,
            dead: false,
            _slot: slot,
        })
    }

    fn export<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<TypedFunc<P, R>> {
        export(&mut self.store, &self.instance, name)
    }

    /// Runs `call` under a deadline.
    fn timed<T>(&mut self, deadline_ms: u64, call: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let engine = self.engine.clone();
        let _ticking = engine.ticker().tick().ok_or_else(no_thread)?;
        self.store.set_epoch_deadline(Ticker::epochs(deadline_ms));
        call(self)
    }

    /// The value of an exported global, for a snapshot; 0 where there is none of this name and type.
    pub(crate) fn global_i32(&mut self, name: &str) -> i32 {
        let global = self.instance.get_global(&mut self.store, name);
        global
            .and_then(
                |global| if let Val::I32(value) = global.get(&mut self.store) { Some(value) } else { None },
            )
            .unwrap_or_default()
    }

    /// The bytes of an exported memory, for a snapshot; none where there is none of this name.
    pub(crate) fn memory_named(&mut self, name: &str) -> &[u8] {
        let memory = self.instance.get_memory(&mut self.store, name);
        memory.map_or(&[], |memory| memory.data(&self.store))
    }

    fn configure(&mut self, digest: &str) -> Result<()> {
        let config = self.engine.config();
        let json = serde_json::json!({ "module": digest, "limits": { "record_bytes": config.record_bytes } });
        self.load_call(exports::CONFIGURE, Input::Bytes(json.to_string().as_bytes())).map(drop)
    }

    /// Whether the instance must be dropped.
    pub(crate) const fn is_dead(&self) -> bool {
        self.dead
    }

    /// Milliseconds that scoring calls and loading calls may take.
    fn deadlines_ms(&self) -> (u64, u64) {
        (self.engine.config().deadline_ms, self.engine.config().load_deadline_ms)
    }

    /// Calls an export that takes bytes and gives a handle or status: `sbx_load`, `sbx_configure`...
    pub(crate) fn load_call(&mut self, name: &str, input: Input<'_>) -> Result<i32> {
        let function: TypedFunc<(u32, u32), i32> = self.export(name)?;
        let (_, deadline_ms) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[input], |guest, [block]| {
            guest.call(&function, (block.start, block.len))
        })?;
        self.checked(status)
    }

    /// Calls an export that takes a handle: `sbx_describe`, `sbx_verify`.
    pub(crate) fn handle_call(&mut self, name: &str, handle: i32) -> Result<()> {
        let function: TypedFunc<i32, i32> = self.export(name)?;
        let (_, deadline_ms) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[], |guest, []| guest.call(&function, handle))?;
        self.checked(status).map(drop)
    }

    /// Calls an export that takes nothing: `sbx_schema`.
    pub(crate) fn plain_call(&mut self, name: &str) -> Result<()> {
        let function: TypedFunc<(), i32> = self.export(name)?;
        let (_, deadline_ms) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[], |guest, []| guest.call(&function, ()))?;
        self.checked(status).map(drop)
    }

    /// Scores one record: the call that a server makes all day, so its function is looked up beforehand.
    pub(crate) fn score(&mut self, handle: i32, request: &[u8]) -> Result<()> {
        let function = self.score.clone();
        let (deadline_ms, _) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[Input::Bytes(request)], |guest, [block]| {
            guest.call(&function, (handle, block.start, block.len))
        })?;
        self.checked(status).map(drop)
    }

    /// Scores a batch.
    pub(crate) fn score_table(&mut self, handle: i32, table: Input<'_>, options: &[u8]) -> Result<()> {
        let function: TypedFunc<(i32, u32, u32, u32, u32), i32> = self.export(exports::SCORE_TABLE)?;
        let (deadline_ms, _) = self.deadlines_ms();
        let status =
            self.with_inputs(deadline_ms, &[table, Input::Bytes(options)], |guest, [table, options]| {
                guest.call(&function, (handle, table.start, table.len, options.start, options.len))
            })?;
        self.checked(status).map(drop)
    }

    /// Calls an export that takes a handle and JSON: `sbx_update`, `sbx_monitor`.
    pub(crate) fn json_call(&mut self, name: &str, handle: i32, json: &[u8]) -> Result<()> {
        let function: TypedFunc<(i32, u32, u32), i32> = self.export(name)?;
        let (_, deadline_ms) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[Input::Bytes(json)], |guest, [block]| {
            guest.call(&function, (handle, block.start, block.len))
        })?;
        self.checked(status).map(drop)
    }

    /// Runs a bare model.
    pub(crate) fn run(&mut self, handle: i32, table: Input<'_>) -> Result<()> {
        let function = match self.run.take() {
            Some(known) => known,
            None => self.export(exports::RUN)?,
        };
        let (deadline_ms, _) = self.deadlines_ms();
        let status = self.with_inputs(deadline_ms, &[table], |guest, [table]| {
            guest.call(&function, (handle, table.start, table.len))
        })?;
        self.run = Some(function);
        self.checked(status).map(drop)
    }

    /// Packs a bundle.
    pub(crate) fn pack(&mut self, zip: &[u8], sample: Input<'_>, options: &[u8]) -> Result<()> {
        let function: TypedFunc<(u32, u32, u32, u32, u32, u32), i32> = self.export(exports::PACK)?;
        let (_, deadline_ms) = self.deadlines_ms();
        let inputs = [Input::Bytes(zip), sample, Input::Bytes(options)];
        let status = self.with_inputs(deadline_ms, &inputs, |guest, [zip, sample, options]| {
            let (zip, sample) = ((zip.start, zip.len), (sample.start, sample.len));
            guest.call(&function, (zip.0, zip.1, sample.0, sample.1, options.start, options.len))
        })?;
        self.checked(status).map(drop)
    }

    /// The bytes that the last call left.
    pub(crate) fn result(&mut self) -> Result<&[u8]> {
        let (ptr, len) = (self.result_ptr.clone(), self.result_len.clone());
        let start = self.call(&ptr, ())? as usize;
        let len = self.call(&len, ())? as usize;
        let outside = || Error::new(ErrorCode::ModuleAbi, "the module's result lies outside its memory");
        let end = start.checked_add(len).ok_or_else(outside)?;
        self.memory.data(&self.store).get(start..end).ok_or_else(outside)
    }

    /// Sets the deadline, puts the inputs into blocks, runs `call`, and frees the blocks.
    fn with_inputs<const N: usize>(
        &mut self,
        deadline_ms: u64,
        inputs: &[Input<'_>; N],
        call: impl FnOnce(&mut Self, [Block; N]) -> Result<i32>,
    ) -> Result<i32> {
        self.timed(deadline_ms, |guest| {
            let mut blocks = [Block { start: 0, len: 0 }; N];
            for (block, input) in blocks.iter_mut().zip(inputs) {
                *block = guest.put(input)?;
            }
            let status = call(guest, blocks)?;
            let free = guest.free.clone();
            for block in blocks.iter().filter(|block| block.len > 0) {
                guest.call(&free, (block.start, block.len))?;
            }
            Ok(status)
        })
    }

    fn put(&mut self, input: &Input<'_>) -> Result<Block> {
        let too_large = || Error::new(ErrorCode::Memory, "the input is larger than an instance's memory");
        let len = u32::try_from(input.len()).map_err(|_| too_large())?;
        if len == 0 {
            return Ok(Block { start: 0, len });
        }
        let alloc = self.alloc.clone();
        let start = self.call(&alloc, len)?;
        if start == 0 {
            self.dead = true;
            return Err(memory_error(self.store.data().memory_bytes));
        }
        let range = start as usize..start as usize + len as usize;
        let block = self.memory.data_mut(&mut self.store).get_mut(range);
        let block = block.ok_or_else(|| {
            Error::new(ErrorCode::ModuleAbi, "the module gave a block that lies outside its memory")
        })?;
        match input {
            Input::Bytes(bytes) => block.copy_from_slice(bytes),
            Input::Written(_, write) => write(block),
        }
        Ok(Block { start, len })
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, function: &TypedFunc<P, R>, arguments: P) -> Result<R> {
        if self.dead {
            return Err(Error::new(ErrorCode::Internal, "the instance has ended"));
        }
        function.call(&mut self.store, arguments).map_err(|error| {
            self.dead = true;
            failure(&self.store, &error)
        })
    }

    /// A negative status is an error that the module explains.
    fn checked(&mut self, status: i32) -> Result<i32> {
        if status >= scorebox_abi::STATUS_OK {
            return Ok(status);
        }
        let error = Error::from_guest(self.result()?);
        Err(error)
    }
}

fn export<P: WasmParams, R: WasmResults>(
    store: &mut Store<Budget>,
    instance: &Instance,
    name: &str,
) -> Result<TypedFunc<P, R>> {
    instance.get_typed_func(store, name).map_err(|_| missing(name))
}

fn missing(name: &str) -> Error {
    Error::new(ErrorCode::ModuleAbi, format!("the module does not export `{name}` as the interface says"))
}

fn no_thread() -> Error {
    Error::new(ErrorCode::HostSetup, "the system gives no thread to watch the deadline")
}

fn memory_error(memory_bytes: usize) -> Error {
    Error::new(
        ErrorCode::Memory,
        format!("the call needs more than the {memory_bytes} bytes that an instance may have"),
    )
}

/// Why a call into the module ended without an answer.
fn failure(store: &Store<Budget>, error: &wasmtime::Error) -> Error {
    // Running out of memory ends in a trap of the allocator, so the cap is asked first.
    if store.data().exceeded {
        return memory_error(store.data().memory_bytes);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Error::new(ErrorCode::Deadline, "the call took longer than its deadline"),
        Some(Trap::StackOverflow) => Error::new(ErrorCode::Trap, "the module's stack is full"),
        Some(trap) => Error::new(ErrorCode::Trap, format!("the module trapped: {trap}")),
        None if reserve::refused(error) => {
            Error::new(ErrorCode::HostSetup, reserve::refusal(store.data().memory_bytes, error))
        }
        None => Error::new(ErrorCode::HostSetup, format!("the instance cannot be made: {error:#}")),
    }
}
