//! Makes tables.

use super::layout::{ALIGNMENT, ENTRY_BYTES, FORMAT, HEADER_BYTES, MAGIC, entry};
use super::read::{Kind, LittleEndian};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::{DType, Data, Shape, Tensor};

/// Collects entries and writes them as one table. One writer serves many tables: [`Writer::clear`]
/// keeps the buffers.
#[derive(Debug, Default)]
pub struct Writer {
    directory: Vec<u8>,
    /// Data of all entries; offsets in the directory count from here until the table is finished.
    blocks: Vec<u8>,
}

/// The parts of an entry that point into the blocks; 0 means absent, so all are stored plus one
/// alignment, which `finish` takes off again together with adding the directory's length.
struct Parts {
    validity: usize,
    data: usize,
    data_bytes: usize,
    text: usize,
}

impl Writer {
    /// Forgets all entries and keeps the buffers.
    pub fn clear(&mut self) {
        self.directory.clear();
        self.blocks.clear();
    }

    /// Appends a column or list of numbers or truth values. `present` says which elements are there;
    /// `None` means all.
    pub fn column<T: LittleEndian>(&mut self, name: &str, elements: &[T], present: Option<&[bool]>) {
        self.values(name, Kind::Tensor, &Shape::vector(elements.len()), elements, present);
    }

    /// Appends a column or list of texts.
    pub fn texts<'t>(
        &mut self,
        name: &str,
        texts: impl ExactSizeIterator<Item = &'t str>,
        present: Option<&[bool]>,
    ) {
        self.text_values(name, Kind::Tensor, &Shape::vector(texts.len()), texts, present);
    }

    /// Appends a tensor as an entry of this kind.
    pub fn tensor(&mut self, name: &str, kind: Kind, tensor: &Tensor) {
        macro_rules! each {
            ($($variant:ident),*) => {
                match tensor.data() {
                    $(Data::$variant(elements) => self.values(name, kind, tensor.shape(), elements, None),)*
                    Data::Str(texts) => self.text_values(name, kind, tensor.shape(), texts.iter(), None),
                }
            };
        }
        each!(F32, F64, F16, I64, I32, I16, I8, U64, U32, U16, U8, Bool);
    }

    /// Appends an entry that holds no elements of its own: a sequence of `count` items, or one of the
    /// two optionals (`count` 0).
    pub fn marker(&mut self, name: &str, kind: Kind, count: usize) {
        let parts = Parts { validity: 0, data: 0, data_bytes: 0, text: 0 };
        self.entry(name, kind, 0, &Shape::vector(count), &parts);
    }

    pub(super) fn values<T: LittleEndian>(
        &mut self,
        name: &str,
        kind: Kind,
        shape: &Shape,
        elements: &[T],
        present: Option<&[bool]>,
    ) {
        let data = self.align();
        self.blocks.reserve(elements.len() * T::DTYPE.width());
        T::append_all(elements, &mut self.blocks);
        let data_bytes = self.blocks.len() + ALIGNMENT - data;
        let validity = self.validity(present);
        self.entry(name, kind, T::DTYPE as u8, shape, &Parts { validity, data, data_bytes, text: 0 });
    }

    pub(super) fn text_values<'t>(
        &mut self,
        name: &str,
        kind: Kind,
        shape: &Shape,
        texts: impl ExactSizeIterator<Item = &'t str>,
        present: Option<&[bool]>,
    ) {
        // Positions come first and are filled in while the text is appended behind them.
        let text = self.align();
        let positions = text - ALIGNMENT;
        self.blocks.resize(positions + 4 * (texts.len() + 1), 0);
        let data = self.align();
        let start = data - ALIGNMENT;
        for (at, part) in texts.enumerate() {
            self.blocks.extend_from_slice(part.as_bytes());
            let end = (self.blocks.len() - start) as u32;
            let slot = positions + 4 * (at + 1);
            self.blocks[slot..slot + 4].copy_from_slice(&end.to_le_bytes());
        }
        let data_bytes = self.blocks.len() - start;
        let validity = self.validity(present);
        self.entry(name, kind, DType::Str as u8, shape, &Parts { validity, data, data_bytes, text });
    }

    /// Starts a block; gives its place plus one alignment, so that 0 stays free for "absent".
    fn align(&mut self) -> usize {
        self.blocks.resize(self.blocks.len().next_multiple_of(ALIGNMENT), 0);
        self.blocks.len() + ALIGNMENT
    }

    fn validity(&mut self, present: Option<&[bool]>) -> usize {
        let Some(present) = present else { return 0 };
        let place = self.align();
        for eight in present.chunks(8) {
            let bits = eight.iter().enumerate().fold(0, |bits, (at, &here)| bits | u8::from(here) << at);
            self.blocks.push(bits);
        }
        place
    }

    fn entry(&mut self, name: &str, kind: Kind, dtype: u8, shape: &Shape, parts: &Parts) {
        let place = self.align();
        self.blocks.extend_from_slice(name.as_bytes());
        let mut raw = [0; ENTRY_BYTES];
        let mut put = |at: usize, number: usize| {
            // Sizes past u32 are refused in `finish`, where the whole length is known.
            raw[at..at + 4].copy_from_slice(&(number as u32).to_le_bytes());
        };
        put(entry::NAME, place);
        put(entry::NAME_BYTES, name.len());
        put(entry::VALIDITY, parts.validity);
        put(entry::DATA, parts.data);
        put(entry::DATA_BYTES, parts.data_bytes);
        put(entry::TEXT, parts.text);
        for (axis, &size) in shape.sizes().iter().enumerate() {
            put(entry::DIMS + 4 * axis, size);
        }
        raw[entry::KIND] = kind as u8;
        raw[entry::DTYPE] = dtype;
        raw[entry::RANK] = shape.rank() as u8;
        self.directory.extend_from_slice(&raw);
    }

    /// Writes the table to `out`, which it clears first. `rows` is 0 for a bag of tensors.
    ///
    /// # Errors
    /// `run_budget` where the table would pass 4 GiB, the reach of its offsets.
    pub fn finish(&self, rows: usize, out: &mut Vec<u8>) -> Result<()> {
        let base = HEADER_BYTES + self.directory.len();
        let total = (base + self.blocks.len()).next_multiple_of(ALIGNMENT);
        let fits = u32::try_from(total + ALIGNMENT).is_ok() && u32::try_from(rows).is_ok();
        if !fits {
            return Err(Error::new(ErrorCode::RunBudget, "the result would pass 4 GiB; send fewer rows"));
        }
        out.clear();
        out.reserve(total);
        out.extend_from_slice(&MAGIC);
        for number in [FORMAT, rows as u32, (self.directory.len() / ENTRY_BYTES) as u32] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(total as u64).to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        for raw in self.directory.chunks_exact(ENTRY_BYTES) {
            let start = out.len();
            out.extend_from_slice(raw);
            for field in [entry::NAME, entry::VALIDITY, entry::DATA, entry::TEXT] {
                let place = u32::from_bytes(&raw[field..field + 4]) as usize;
                let moved = if place == 0 { 0 } else { place - ALIGNMENT + base };
                out[start + field..start + field + 4].copy_from_slice(&(moved as u32).to_le_bytes());
            }
        }
        out.extend_from_slice(&self.blocks);
        out.resize(total, 0);
        Ok(())
    }
}
