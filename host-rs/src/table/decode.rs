//! From a table that the module wrote to owned columns and values.
//!
//! The module is trusted to score, not to stay inside its memory: every offset is checked, so that a
//! wrong module costs an error.

use scorebox_abi::table::{self as layout, dtype, entry, header, kind};

use crate::error::{Error, ErrorCode, Result};
use crate::table::{Batch, Column, Data, Tensor, Value};

/// Values within values, and so the depth of the recursion below.
const MAX_NESTING: usize = 16;

/// Reads a batch.
pub(crate) fn batch(bytes: &[u8]) -> Result<Batch<'static>> {
    let reader = Reader::new(bytes)?;
    let rows = reader.u32(header::ROWS)? as usize;
    let mut columns = Vec::with_capacity(reader.entries.min(layout::ENTRY_BYTES));
    for at in 0..reader.entries {
        let entry = reader.entry(at)?;
        let data = entry.data()?;
        if entry.kind()? != kind::TENSOR || data.len() != rows {
            return Err(wrong("a column of the batch has another length"));
        }
        let valid = match entry.u32(entry::VALIDITY)? {
            0 => None,
            start => Some(reader.bytes(start as usize, rows.div_ceil(8))?.to_vec().into()),
        };
        columns.push(Column { name: entry.name()?.into(), data, valid });
    }
    Ok(Batch { rows, columns })
}

/// Reads a model's outputs.
pub(crate) fn values(bytes: &[u8]) -> Result<Vec<(String, Value<'static>)>> {
    let reader = Reader::new(bytes)?;
    let mut at = 0;
    let mut values = Vec::new();
    while at < reader.entries {
        let name = reader.entry(at)?.name()?;
        values.push((name, reader.value(&mut at, MAX_NESTING)?));
    }
    Ok(values)
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorCode::ModuleAbi, format!("the module's table is wrong: {message}"))
}

struct Reader<'a> {
    table: &'a [u8],
    entries: usize,
}

struct EntryReader<'a> {
    reader: &'a Reader<'a>,
    start: usize,
}

impl<'a> Reader<'a> {
    fn new(table: &'a [u8]) -> Result<Self> {
        let mut reader = Self { table, entries: 0 };
        if reader.bytes(0, 4)? != layout::MAGIC || reader.u32(header::FORMAT)? != layout::FORMAT {
            return Err(wrong("it does not begin as a table does"));
        }
        reader.entries = reader.u32(header::ENTRIES)? as usize;
        if reader.entries > table.len() / layout::ENTRY_BYTES {
            return Err(wrong("it has fewer entries than it says"));
        }
        Ok(reader)
    }

    fn bytes(&self, start: usize, len: usize) -> Result<&'a [u8]> {
        let end = start.checked_add(len);
        end.and_then(|end| self.table.get(start..end)).ok_or_else(|| wrong("a block lies outside"))
    }

    fn u32(&self, at: usize) -> Result<u32> {
        let bytes = self.bytes(at, 4)?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn entry(&'a self, at: usize) -> Result<EntryReader<'a>> {
        if at >= self.entries {
            return Err(wrong("an entry is missing"));
        }
        Ok(EntryReader { reader: self, start: layout::HEADER_BYTES + at * layout::ENTRY_BYTES })
    }

    fn value(&'a self, at: &mut usize, depth: usize) -> Result<Value<'static>> {
        let Some(inner) = depth.checked_sub(1) else {
            return Err(wrong("values are nested too deeply"));
        };
        let entry = self.entry(*at)?;
        *at += 1;
        let next_tensor = |at: &mut usize| {
            let tensor = self.entry(*at)?.tensor();
            *at += 1;
            tensor
        };
        Ok(match entry.kind()? {
            kind::TENSOR => Value::Tensor(entry.tensor()?),
            kind::ZIPMAP => Value::ZipMap { table: entry.tensor()?, keys: next_tensor(at)? },
            kind::MAP => Value::Map { keys: entry.tensor()?, values: next_tensor(at)? },
            kind::NONE => Value::Optional(None),
            kind::SOME => Value::Optional(Some(Box::new(self.value(at, inner)?))),
            kind::SEQUENCE => {
                let len = entry.u32(entry::DIMS)? as usize;
                let mut items = Vec::with_capacity(len.min(self.entries));
                for _ in 0..len {
                    items.push(self.value(at, inner)?);
                }
                Value::Sequence(items)
            }
            _ => return Err(wrong("an entry has an unknown kind")),
        })
    }
}

impl EntryReader<'_> {
    fn u32(&self, field: usize) -> Result<u32> {
        self.reader.u32(self.start + field)
    }

    fn byte(&self, field: usize) -> Result<u8> {
        let bytes = self.reader.bytes(self.start + field, 1)?;
        bytes.first().copied().ok_or_else(|| wrong("an entry is cut short"))
    }

    fn kind(&self) -> Result<u8> {
        self.byte(entry::KIND)
    }

    fn name(&self) -> Result<String> {
        let (start, len) = (self.u32(entry::NAME)? as usize, self.u32(entry::NAME_BYTES)? as usize);
        String::from_utf8(self.reader.bytes(start, len)?.to_vec()).map_err(|_| wrong("a name is no UTF-8"))
    }

    fn tensor(&self) -> Result<Tensor<'static>> {
        let rank = self.byte(entry::RANK)? as usize;
        if rank > layout::MAX_RANK {
            return Err(wrong("a tensor has too many axes"));
        }
        let dims: Vec<usize> = (0..rank)
            .map(|axis| self.u32(entry::DIMS + axis * 4).map(|size| size as usize))
            .collect::<Result<_>>()?;
        let data = self.data()?;
        let elements = dims.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        if elements != Some(data.len()) && !dims.contains(&0) {
            return Err(wrong("a tensor's elements do not fill its shape"));
        }
        Ok(Tensor { dims, data })
    }

    fn data(&self) -> Result<Data<'static>> {
        let bytes =
            self.reader.bytes(self.u32(entry::DATA)? as usize, self.u32(entry::DATA_BYTES)? as usize)?;
        /// Little-endian elements; the loop compiles to a plain copy.
        macro_rules! numbers {
            ($element:ty) => {
                bytes.as_chunks().0.iter().map(|chunk| <$element>::from_le_bytes(*chunk)).collect()
            };
        }
        Ok(match self.byte(entry::DTYPE)? {
            dtype::F32 => Data::F32(numbers!(f32)),
            dtype::F64 => Data::F64(numbers!(f64)),
            dtype::F16 => Data::F16(numbers!(u16)),
            dtype::I8 => Data::I8(numbers!(i8)),
            dtype::I16 => Data::I16(numbers!(i16)),
            dtype::I32 => Data::I32(numbers!(i32)),
            dtype::I64 => Data::I64(numbers!(i64)),
            dtype::U8 => Data::U8(bytes.to_vec().into()),
            dtype::U16 => Data::U16(numbers!(u16)),
            dtype::U32 => Data::U32(numbers!(u32)),
            dtype::U64 => Data::U64(numbers!(u64)),
            dtype::BOOL => Data::Bool(bytes.to_vec().into()),
            dtype::TEXT => self.texts(bytes)?,
            _ => return Err(wrong("an entry has an unknown element type")),
        })
    }

    fn texts(&self, bytes: &[u8]) -> Result<Data<'static>> {
        let rank = self.byte(entry::RANK)? as usize;
        let elements = (0..rank.min(layout::MAX_RANK)).try_fold(1_usize, |product, axis| {
            product
                .checked_mul(self.u32(entry::DIMS + axis * 4)? as usize)
                .ok_or_else(|| wrong("a shape overflows"))
        })?;
        let block = elements.checked_add(1).and_then(|count| count.checked_mul(4));
        let block = block.ok_or_else(|| wrong("a shape overflows"))?;
        let block = self.reader.bytes(self.u32(entry::TEXT)? as usize, block)?;
        let offsets: Vec<u32> = block.as_chunks().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect();
        let ascending = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        if !ascending || offsets.last().is_none_or(|&end| end as usize > bytes.len()) {
            return Err(wrong("the positions of texts do not ascend"));
        }
        Ok(Data::Text { offsets: offsets.into(), bytes: bytes.to_vec().into() })
    }
}
