//! The numbers of the format, as `wasm/ABI.md` documents them. `wasm/abi` holds the hosts' copy and
//! a test of the wasm crate compares the two: hosts do not link this crate.

/// The first four bytes.
pub const MAGIC: [u8; 4] = *b"SBXT";
/// The format's number, second word of the header.
pub const FORMAT: u32 = 1;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 32;
/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 64;
/// Blocks of data start on a multiple of this many bytes from the start of the table.
pub const ALIGNMENT: usize = 16;

/// Where the header's fields lie.
pub mod header {
    /// `u32`: the format's number.
    pub const FORMAT: usize = 4;
    /// `u32`: rows of a batch, 0 for a bag of tensors.
    pub const ROWS: usize = 8;
    /// `u32`: number of entries.
    pub const ENTRIES: usize = 12;
    /// `u64`: bytes of the whole table.
    pub const BYTES: usize = 16;
}

/// Where an entry's fields lie, from the start of the entry.
pub mod entry {
    /// `u32`: offset of the name.
    pub const NAME: usize = 0;
    /// `u32`: bytes of the name.
    pub const NAME_BYTES: usize = 4;
    /// `u8`: what the entry is.
    pub const KIND: usize = 8;
    /// `u8`: element type, numbered as `TensorProto.DataType` of ONNX.
    pub const DTYPE: usize = 9;
    /// `u8`: number of axes.
    pub const RANK: usize = 10;
    /// `u32`: offset of the validity bitmap, or 0.
    pub const VALIDITY: usize = 12;
    /// `u32`: offset of the data.
    pub const DATA: usize = 16;
    /// `u32`: bytes of the data.
    pub const DATA_BYTES: usize = 20;
    /// `u32`: offset of the positions of text, or 0.
    pub const TEXT: usize = 24;
    /// Eight `u32`: sizes of the axes.
    pub const DIMS: usize = 32;
}
