//! Layout of a table: header, entries, blocks of data. All numbers little-endian.

/// The first four bytes.
pub const MAGIC: [u8; 4] = *b"SBXT";
/// The format's number, second word of the header.
pub const FORMAT: u32 = 1;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 32;
/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 64;
/// Every block of data starts on a multiple of this many bytes from the start of the table.
pub const ALIGNMENT: usize = crate::ALIGNMENT as usize;
/// The most axes that an entry can have.
pub const MAX_RANK: usize = 8;

/// Where the header's fields lie.
pub mod header {
    /// `u32`: [`super::FORMAT`].
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
    /// `u8`: one of [`super::kind`].
    pub const KIND: usize = 8;
    /// `u8`: element type, one of [`super::dtype`].
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

/// What an entry is.
pub mod kind {
    /// A tensor, or a column of a batch.
    pub const TENSOR: u8 = 0;
    /// The table of a ZipMap; the next entry holds its keys.
    pub const ZIPMAP: u8 = 1;
    /// The keys of the entry before.
    pub const KEYS: u8 = 2;
    /// A sequence; the next `dims[0]` values are its items.
    pub const SEQUENCE: u8 = 3;
    /// An optional that holds nothing.
    pub const NONE: u8 = 4;
    /// An optional that holds the next value.
    pub const SOME: u8 = 5;
    /// A map; this entry holds the keys, the next one the values.
    pub const MAP: u8 = 6;
}

/// Element types, numbered as `TensorProto.DataType` of ONNX.
pub mod dtype {
    /// 32-bit float.
    pub const F32: u8 = 1;
    /// 8-bit unsigned integer.
    pub const U8: u8 = 2;
    /// 8-bit signed integer.
    pub const I8: u8 = 3;
    /// 16-bit unsigned integer.
    pub const U16: u8 = 4;
    /// 16-bit signed integer.
    pub const I16: u8 = 5;
    /// 32-bit signed integer.
    pub const I32: u8 = 6;
    /// 64-bit signed integer.
    pub const I64: u8 = 7;
    /// UTF-8 text.
    pub const TEXT: u8 = 8;
    /// Truth value, one byte, 0 or 1.
    pub const BOOL: u8 = 9;
    /// 16-bit float.
    pub const F16: u8 = 10;
    /// 64-bit float.
    pub const F64: u8 = 11;
    /// 32-bit unsigned integer.
    pub const U32: u8 = 12;
    /// 64-bit unsigned integer.
    pub const U64: u8 = 13;
}

const _: () = {
    assert!(HEADER_BYTES.is_multiple_of(ALIGNMENT) && ENTRY_BYTES.is_multiple_of(ALIGNMENT));
    assert!(entry::DIMS + MAX_RANK * 4 == ENTRY_BYTES);
    assert!(header::BYTES + 8 <= HEADER_BYTES);
};
