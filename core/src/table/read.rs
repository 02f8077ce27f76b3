//! From untrusted bytes to a view that is safe to index.

use half::f16;

use super::layout::{ALIGNMENT, ENTRY_BYTES, FORMAT, HEADER_BYTES, MAGIC, entry, header};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::shape::MAX_RANK;
use crate::onnx::{DType, Shape};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A tensor, or a column of a batch.
    Tensor = 0,
    /// The table of a ZipMap; the next entry holds its keys.
    ZipMap = 1,
    /// The keys of the entry before.
    Keys = 2,
    /// A sequence; the next `dims[0]` values are its items.
    Sequence = 3,
    /// An optional that holds nothing.
    Nothing = 4,
    /// An optional that holds the next value.
    Something = 5,
    /// A map: this entry holds the keys, the next one the values.
    Map = 6,
}

impl Kind {
    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Tensor,
            1 => Self::ZipMap,
            2 => Self::Keys,
            3 => Self::Sequence,
            4 => Self::Nothing,
            5 => Self::Something,
            6 => Self::Map,
            _ => return None,
        })
    }

    /// Whether entries of this kind hold elements of their own.
    #[must_use]
    pub const fn has_elements(self) -> bool {
        matches!(self, Self::Tensor | Self::ZipMap | Self::Keys | Self::Map)
    }
}

/// One column or value of a table, checked: the data holds exactly as many elements as the shape says.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    name: &'a str,
    kind: Kind,
    dtype: DType,
    shape: Shape,
    validity: Option<&'a [u8]>,
    data: &'a [u8],
    positions: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Its name; items of a sequence have none.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The type of its elements; without meaning where the kind has none.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes of the axes.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.elements().unwrap_or(0)
    }

    /// Whether it holds no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some element may be missing.
    #[must_use]
    pub const fn has_validity(&self) -> bool {
        self.validity.is_some()
    }

    /// Whether element `at` is present.
    #[must_use]
    pub fn is_present(&self, at: usize) -> bool {
        self.validity.is_none_or(|bits| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1))
    }

    /// Text `at`; empty past the end or where the elements are no text.
    #[must_use]
    pub fn text(&self, at: usize) -> &'a str {
        let bounds = at.checked_mul(4).and_then(|start| self.positions.get(start..start.checked_add(8)?));
        let Some(&[a, b, c, d, e, f, g, h]) = bounds else { return "" };
        let (start, end) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        // Bounds and encoding were checked when the table was read.
        let bytes = self.data.get(start as usize..end as usize).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Copies the elements to `to`, which holds as many, where they are of type `T`.
    pub fn copy_to<T: LittleEndian>(&self, to: &mut [T]) {
        if self.dtype == T::DTYPE {
            T::read_all(self.data, to);
        }
    }

    /// The elements in order, where they are of type `T`; none otherwise.
    pub fn elements<T: LittleEndian>(&self) -> impl ExactSizeIterator<Item = T> + 'a {
        let data = if self.dtype == T::DTYPE { self.data } else { &[] };
        data.chunks_exact(T::DTYPE.width()).map(T::from_bytes)
    }
}

/// A type whose elements lie in a table as little-endian bytes.
pub trait LittleEndian: crate::onnx::Element {
    /// Reads one element from as many bytes as the type is wide; other lengths give the default.
    fn from_bytes(bytes: &[u8]) -> Self;
    /// Appends the element's bytes.
    fn append(self, out: &mut Vec<u8>);
    /// Reads as many elements as `to` holds; the bytes are that long.
    fn read_all(bytes: &[u8], to: &mut [Self]) {
        for (to, bytes) in to.iter_mut().zip(bytes.chunks_exact(Self::DTYPE.width())) {
            *to = Self::from_bytes(bytes);
        }
    }
    /// Appends the bytes of all elements.
    fn append_all(elements: &[Self], out: &mut Vec<u8>) {
        elements.iter().for_each(|element| element.append(out));
    }
}

/// Copies bytes as elements where the machine stores numbers as tables do.
fn copy_in<T: LittleEndian + bytemuck::Pod>(bytes: &[u8], to: &mut [T]) -> bool {
    let to: &mut [u8] = bytemuck::cast_slice_mut(to);
    let fits = cfg!(target_endian = "little") && to.len() == bytes.len();
    if fits {
        to.copy_from_slice(bytes);
    }
    fits
}

macro_rules! little_endian {
    ($($type:ty),* => $bytes:expr, $canonical:expr) => {$(
        impl LittleEndian for $type {
            fn from_bytes(bytes: &[u8]) -> Self {
                bytes.try_into().map(Self::from_le_bytes).unwrap_or_default()
            }
            fn append(self, out: &mut Vec<u8>) {
                let bytes: fn(Self) -> _ = $bytes;
                out.extend_from_slice(&bytes(self));
            }
            fn read_all(bytes: &[u8], to: &mut [Self]) {
                if !copy_in(bytes, to) {
                    for (to, bytes) in to.iter_mut().zip(bytes.chunks_exact(size_of::<Self>())) {
                        *to = Self::from_bytes(bytes);
                    }
                }
            }
            fn append_all(elements: &[Self], out: &mut Vec<u8>) {
                let canonical: fn(&Self) -> bool = $canonical;
                // Looked through to the end: such a loop is vector code.
                if cfg!(target_endian = "little") && elements.iter().fold(true, |all, one| all & canonical(one)) {
                    out.extend_from_slice(bytemuck::cast_slice(elements));
                } else {
                    elements.iter().for_each(|element| element.append(out));
                }
            }
        }
    )*};
}
little_endian!(i64, i32, i16, i8, u64, u32, u16, u8 => |number| number.to_le_bytes(), |_| true);
// The bits of a NaN are the one thing that WebAssembly leaves to the processor, so those that leave the
// module are always the same. Chosen as integers: between two NaNs a compiler need not tell the difference.
little_endian!(f32, f64, f16 => |number| {
    if number.is_nan() { Self::NAN.to_bits().to_le_bytes() } else { number.to_bits().to_le_bytes() }
}, |number| !number.is_nan());

impl LittleEndian for bool {
    fn from_bytes(bytes: &[u8]) -> Self {
        bytes == [1]
    }
    fn append(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }
}

/// A checked table. It borrows the bytes; nothing is copied.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    rows: usize,
    entries: Vec<Entry<'a>>,
}

impl<'a> Table<'a> {
    /// Rows of a batch; 0 for a bag of tensors.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }
}

/// Reads a table and checks all of it: every range, count, text and truth value.
///
/// Two entries never share bytes in tables that hosts write, so the blocks together may not be longer
/// than the table; the work of reading is then linear in its length.
///
/// # Errors
/// `record_malformed` that names the entry and what would be right.
pub fn read(bytes: &[u8]) -> Result<Table<'_>> {
    let header = bytes.get(..HEADER_BYTES).ok_or_else(|| malformed("is shorter than its header"))?;
    if !header.starts_with(&MAGIC) {
        return Err(malformed("does not begin with `SBXT`"));
    }
    if word(header, header::FORMAT) != FORMAT {
        return Err(malformed(format!("has another format than {FORMAT}")));
    }
    let total = u64::from(word(header, header::BYTES)) | u64::from(word(header, header::BYTES + 4)) << 32;
    if usize::try_from(total) != Ok(bytes.len()) {
        return Err(malformed("says another length than it has"));
    }
    let count = word(header, header::ENTRIES) as usize;
    let directory = count.checked_mul(ENTRY_BYTES).and_then(|len| {
        let end = HEADER_BYTES.checked_add(len)?;
        bytes.get(HEADER_BYTES..end)
    });
    let directory = directory.ok_or_else(|| malformed("is shorter than its list of entries"))?;
    let mut blocks = Blocks { bytes, unspent: bytes.len() };
    let mut entries = Vec::with_capacity(count);
    for (at, raw) in directory.chunks_exact(ENTRY_BYTES).enumerate() {
        entries.push(blocks.entry(raw).map_err(|error| error.at(format_args!("table.entries[{at}]")))?);
    }
    Ok(Table { rows: word(header, header::ROWS) as usize, entries })
}

/// Hands out ranges of the table and keeps account of how much was looked at.
struct Blocks<'a> {
    bytes: &'a [u8],
    unspent: usize,
}

impl<'a> Blocks<'a> {
    fn entry(&mut self, raw: &[u8]) -> Result<Entry<'a>> {
        let name = self.block(word(raw, entry::NAME), word(raw, entry::NAME_BYTES) as usize, 1, "name")?;
        let name = std::str::from_utf8(name).map_err(|_| malformed("the name is not UTF-8"))?;
        let kind =
            Kind::from_byte(byte(raw, entry::KIND)).ok_or_else(|| malformed("the kind must be 0 to 6"))?;
        let mut sizes = [0; MAX_RANK];
        for (axis, size) in sizes.iter_mut().enumerate() {
            *size = word(raw, entry::DIMS + 4 * axis) as usize;
        }
        let shape = sizes.get(..byte(raw, entry::RANK).into()).and_then(Shape::new);
        let shape = shape.ok_or_else(|| malformed(format!("the rank must be 0 to {MAX_RANK}")))?;
        if !kind.has_elements() {
            return Ok(Entry {
                name,
                kind,
                dtype: DType::U8,
                shape,
                validity: None,
                data: &[],
                positions: &[],
            });
        }
        let dtype = DType::from_onnx(byte(raw, entry::DTYPE).into())
            .ok_or_else(|| malformed("the element type must be one of ONNX's numbers 1 to 13"))?;
        let count = shape.elements().ok_or_else(|| malformed("the shape has too many elements"))?;
        let data =
            self.block(word(raw, entry::DATA), word(raw, entry::DATA_BYTES) as usize, ALIGNMENT, "data")?;
        let positions = self.check(dtype, count, data, word(raw, entry::TEXT))?;
        let validity = match word(raw, entry::VALIDITY) {
            0 => None,
            offset => Some(self.block(offset, count.div_ceil(8), ALIGNMENT, "validity bitmap")?),
        };
        Ok(Entry { name, kind, dtype, shape, validity, data, positions })
    }

    /// Checks that `data` holds exactly `count` sound elements; gives the positions of text.
    fn check(&mut self, dtype: DType, count: usize, data: &[u8], text: u32) -> Result<&'a [u8]> {
        if dtype != DType::Str {
            let right = count.checked_mul(dtype.width()) == Some(data.len());
            if !right {
                return Err(malformed(format!("the data must be {count} elements of type {}", dtype.name())));
            }
            if dtype == DType::Bool && data.iter().any(|&byte| byte > 1) {
                return Err(malformed("truth values must be 0 or 1"));
            }
            return Ok(&[]);
        }
        let bytes = count.checked_add(1).and_then(|positions| positions.checked_mul(4));
        let bytes = bytes.ok_or_else(|| malformed("the shape has too many elements"))?;
        let positions = self.block(text, bytes, ALIGNMENT, "positions of text")?;
        let whole = std::str::from_utf8(data).map_err(|_| malformed("the text is not UTF-8"))?;
        let mut last = 0;
        for (at, position) in positions.chunks_exact(4).enumerate() {
            let position = u32::from_bytes(position) as usize;
            let ascending = if at == 0 { position == 0 } else { position >= last };
            if !ascending || !whole.is_char_boundary(position) {
                return Err(malformed(
                    "positions of text must ascend from 0, stay inside the data and not cut a character",
                ));
            }
            last = position;
        }
        if last != data.len() {
            return Err(malformed("the last position of text must be the length of the data"));
        }
        Ok(positions)
    }

    fn block(&mut self, offset: u32, len: usize, alignment: usize, what: &str) -> Result<&'a [u8]> {
        if len == 0 {
            return Ok(&[]);
        }
        let offset = offset as usize;
        if !offset.is_multiple_of(alignment) {
            return Err(malformed(format!("the {what} must start on a multiple of {alignment} bytes")));
        }
        let block = offset.checked_add(len).and_then(|end| self.bytes.get(offset..end));
        let block =
            block.ok_or_else(|| malformed(format!("the {what} reaches past the end of the table")))?;
        self.unspent = self
            .unspent
            .checked_sub(len)
            .ok_or_else(|| malformed("entries share bytes; each must have its own"))?;
        Ok(block)
    }
}

fn byte(raw: &[u8], at: usize) -> u8 {
    raw.get(at).copied().unwrap_or_default()
}

fn word(raw: &[u8], at: usize) -> u32 {
    raw.get(at..at + 4).map(u32::from_bytes).unwrap_or_default()
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::RecordMalformed, message)
}
