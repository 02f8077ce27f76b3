//! The border of the linear memory: blocks that the host fills, results that it reads.
//!
//! All `unsafe` of the module is here. A host names input by address and length; only bytes inside a
//! block that [`alloc`] handed out are ever looked at, so a confused host gets an error instead of a
//! view into the module's own state.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::collections::BTreeMap;

use scorebox_core::{Error, ErrorCode, Result};

thread_local! {
    /// Start and size of every block that belongs to the host. The module has one thread.
    static BLOCKS: RefCell<BTreeMap<u32, u32>> = const { RefCell::new(BTreeMap::new()) };
}

fn layout(size: u32) -> Option<Layout> {
    Layout::from_size_align(size.max(1) as usize, scorebox_abi::ALIGNMENT as usize).ok()
}

/// A block of `size` bytes for the host, all zero; 0 where there is no memory.
pub(crate) fn alloc(size: u32) -> u32 {
    let Some(layout) = layout(size) else { return 0 };
    // SAFETY: the layout's size is not zero.
    let start = unsafe { alloc_zeroed(layout) } as u32;
    if start != 0 {
        BLOCKS.with_borrow_mut(|blocks| blocks.insert(start, size));
    }
    start
}

/// Takes a block back. Does nothing where `start` and `size` are not those of a block.
pub(crate) fn free(start: u32, size: u32) {
    let known = BLOCKS.with_borrow_mut(|blocks| {
        let known = blocks.get(&start) == Some(&size);
        if known {
            blocks.remove(&start);
        }
        known
    });
    if let (true, Some(layout)) = (known, layout(size)) {
        // SAFETY: the block was in the list, so `alloc` made it with this very layout, and it has just
        // been struck off, so it is freed once. No slice into it is alive: slices live inside a call
        // of `input`, which does not call back into the host.
        unsafe { dealloc(start as *mut u8, layout) }
    }
}

/// Calls `with` with the bytes that the host put at `start`.
///
/// # Errors
/// `request_invalid` where they do not lie inside one block.
pub(crate) fn input<T>(start: u32, len: u32, with: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    if len == 0 {
        return with(&[]);
    }
    let inside = BLOCKS.with_borrow(|blocks| {
        let block = blocks.range(..=start).next_back();
        block.is_some_and(|(&from, &size)| {
            u64::from(start) + u64::from(len) <= u64::from(from) + u64::from(size)
        })
    });
    if !inside {
        return Err(Error::new(
            ErrorCode::RequestInvalid,
            format!("{len} bytes at {start} are not inside a block from sbx_alloc"),
        ));
    }
    // SAFETY: the range lies inside a live block, which was zeroed and so is initialised whatever the
    // host wrote; the host cannot write or free while the module runs, since the module calls nobody.
    let bytes = unsafe { std::slice::from_raw_parts(start as *const u8, len as usize) };
    with(bytes)
}

/// The bytes of the last result, starting on a multiple of [`scorebox_abi::ALIGNMENT`].
#[derive(Default)]
pub(crate) struct ResultBytes {
    bytes: Vec<u8>,
    start: usize,
}

impl ResultBytes {
    /// Takes the buffer out to write the next result into it; the capacity is kept.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.start = 0;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        bytes
    }

    /// Puts a result in. Where the allocator's own alignment was not enough the bytes move up a little.
    pub(crate) fn put(&mut self, mut bytes: Vec<u8>) {
        let alignment = scorebox_abi::ALIGNMENT as usize;
        self.start = 0;
        if !(bytes.as_ptr() as usize).is_multiple_of(alignment) {
            let len = bytes.len();
            bytes.reserve(alignment);
            self.start = (bytes.as_ptr() as usize).next_multiple_of(alignment) - bytes.as_ptr() as usize;
            bytes.resize(len + self.start, 0);
            bytes.copy_within(..len, self.start);
        }
        self.bytes = bytes;
    }

    /// Where the result starts.
    pub(crate) fn address(&self) -> u32 {
        self.bytes.as_ptr() as u32 + self.start as u32
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> u32 {
        (self.bytes.len() - self.start) as u32
    }
}

/// Runs the constructors that linked crates registered (tract lists its operators that way). Without
/// this explicit call the linker would run them on every call of every export.
pub(crate) fn initialize() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker makes this function; it takes nothing, and hosts call `_initialize` once.
    unsafe { __wasm_call_ctors() }
}

/// Randomness for crates that ask for it: refused. tract's hash maps may ask for a seed; the module has
/// no imports, so there is none, and to fail is better than to score by chance.
// SAFETY: this is the name and signature that getrandom's "custom" backend documents.
#[cfg(feature = "neural")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    _: *mut u8,
    _: usize,
) -> std::result::Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// Makes functions visible to the host by their own names.
macro_rules! exports {
    ($($(#[doc = $doc:literal])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[doc = $doc])*
        // SAFETY: the names begin with `sbx_` or are `_initialize`, so that they collide with nothing.
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
    )*};
}
pub(crate) use exports;
