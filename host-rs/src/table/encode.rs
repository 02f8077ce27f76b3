//! From columns and values to a table: first where everything goes, then one copy into place.

use std::borrow::Cow;

use scorebox_abi::table::{self as layout, entry, header, kind};

use crate::error::{Error, ErrorCode, Result};
use crate::table::{Batch, Data, Tensor, Value};

/// Values within values; models nest two deep.
const MAX_NESTING: usize = 16;

struct Entry<'a> {
    name: &'a str,
    kind: u8,
    dims: [u32; layout::MAX_RANK],
    rank: u8,
    data: Option<&'a Data<'a>>,
    valid: Option<&'a [u8]>,
    name_at: u32,
    data_at: u32,
    data_bytes: u32,
    text_at: u32,
    valid_at: u32,
}

/// Where everything of a table goes.
pub(crate) struct Plan<'a> {
    rows: u32,
    entries: Vec<Entry<'a>>,
    bytes: usize,
}

/// Plans the table of a batch.
pub(crate) fn batch<'a>(batch: &'a Batch<'_>) -> Result<Plan<'a>> {
    let mut entries = Vec::with_capacity(batch.columns.len());
    for column in &batch.columns {
        let refuse = |message: String| Err(Error::new(ErrorCode::RecordMalformed, message).at(&column.name));
        if column.data.len() != batch.rows {
            return refuse(format!(
                "the column has {} elements, the batch {} rows",
                column.data.len(),
                batch.rows
            ));
        }
        let valid = column.valid.as_deref();
        if valid.is_some_and(|bits| bits.len() < batch.rows.div_ceil(8)) {
            return refuse("the bitmap of present elements is too short".into());
        }
        let mut entry = tensor_entry(&column.name, &[batch.rows], &column.data)?;
        entry.valid = valid.and_then(|bits| bits.get(..batch.rows.div_ceil(8)));
        entries.push(entry);
    }
    let rows = u32::try_from(batch.rows).map_err(|_| too_large(""))?;
    place(rows, entries)
}

/// Plans the table of a model's inputs.
pub(crate) fn values<'a>(values: &'a [(&'a str, Value<'_>)]) -> Result<Plan<'a>> {
    let mut entries = Vec::with_capacity(values.len());
    for (name, value) in values {
        push_value(name, value, MAX_NESTING, &mut entries)?;
    }
    place(0, entries)
}

fn push_value<'a>(
    name: &'a str,
    value: &'a Value<'_>,
    depth: usize,
    entries: &mut Vec<Entry<'a>>,
) -> Result<()> {
    let Some(inner) = depth.checked_sub(1) else {
        return Err(Error::new(ErrorCode::InputType, "values are nested too deeply").at(name));
    };
    match value {
        Value::Tensor(tensor) => entries.push(whole_tensor(name, kind::TENSOR, tensor)?),
        Value::ZipMap { keys, table } => {
            entries.push(whole_tensor(name, kind::ZIPMAP, table)?);
            entries.push(whole_tensor(name, kind::KEYS, keys)?);
        }
        Value::Map { keys, values } => {
            entries.push(whole_tensor(name, kind::MAP, keys)?);
            entries.push(whole_tensor(name, kind::TENSOR, values)?);
        }
        Value::Sequence(items) => {
            let len = u32::try_from(items.len()).map_err(|_| too_large(name))?;
            let mut head = bare(name, kind::SEQUENCE);
            (head.dims[0], head.rank) = (len, 1);
            entries.push(head);
            for item in items {
                push_value(name, item, inner, entries)?;
            }
        }
        Value::Optional(None) => entries.push(bare(name, kind::NONE)),
        Value::Optional(Some(value)) => {
            entries.push(bare(name, kind::SOME));
            push_value(name, value, inner, entries)?;
        }
    }
    Ok(())
}

fn whole_tensor<'a>(name: &'a str, kind: u8, tensor: &'a Tensor<'_>) -> Result<Entry<'a>> {
    let elements = tensor.dims.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    if elements != Some(tensor.data.len()) && !tensor.dims.contains(&0) {
        let message = format!("{} elements do not fill the shape {:?}", tensor.data.len(), tensor.dims);
        return Err(Error::new(ErrorCode::InputShape, message).at(name));
    }
    Ok(Entry { kind, ..tensor_entry(name, &tensor.dims, &tensor.data)? })
}

fn tensor_entry<'a>(name: &'a str, sizes: &[usize], data: &'a Data<'_>) -> Result<Entry<'a>> {
    let mut entry = bare(name, kind::TENSOR);
    let Some(dims) = entry.dims.get_mut(..sizes.len()) else {
        let message = format!("a tensor has at most {} axes", layout::MAX_RANK);
        return Err(Error::new(ErrorCode::InputShape, message).at(name));
    };
    for (dim, &size) in dims.iter_mut().zip(sizes) {
        *dim = u32::try_from(size).map_err(|_| too_large(name))?;
    }
    entry.rank = sizes.len() as u8;
    if let Data::Text { offsets, bytes } = data {
        let ascending = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let inside = offsets.last().is_some_and(|&end| end as usize <= bytes.len());
        if !ascending || !inside {
            let message = "the offsets of the texts do not ascend or leave the text";
            return Err(Error::new(ErrorCode::RecordMalformed, message).at(name));
        }
    }
    entry.data = Some(data);
    Ok(entry)
}

fn bare(name: &str, kind: u8) -> Entry<'_> {
    Entry {
        name,
        kind,
        dims: [0; layout::MAX_RANK],
        rank: 0,
        data: None,
        valid: None,
        name_at: 0,
        data_at: 0,
        data_bytes: 0,
        text_at: 0,
        valid_at: 0,
    }
}

fn too_large(place: &str) -> Error {
    Error::new(ErrorCode::RecordBudget, "the table does not fit 4 GiB; send fewer rows at a time").at(place)
}

/// Gives every block its place: names, then per entry validity, text positions and data.
fn place(rows: u32, mut entries: Vec<Entry<'_>>) -> Result<Plan<'_>> {
    let mut end = layout::HEADER_BYTES + entries.len() * layout::ENTRY_BYTES;
    let mut reserve = |bytes: usize, place: &str| {
        let start = u32::try_from(end).map_err(|_| too_large(place))?;
        end = end.checked_add(bytes).ok_or_else(|| too_large(place))?.next_multiple_of(layout::ALIGNMENT);
        Ok::<_, Error>(start)
    };
    for entry in &mut entries {
        entry.name_at = reserve(entry.name.len(), entry.name)?;
        if let Some(bits) = entry.valid {
            entry.valid_at = reserve(bits.len(), entry.name)?;
        }
        if let Some(data) = entry.data {
            if let Data::Text { offsets, .. } = data {
                entry.text_at = reserve(offsets.len() * 4, entry.name)?;
            }
            let bytes = data_bytes(data);
            entry.data_bytes = u32::try_from(bytes).map_err(|_| too_large(entry.name))?;
            entry.data_at = reserve(bytes, entry.name)?;
        }
    }
    u32::try_from(end).map_err(|_| too_large(""))?;
    Ok(Plan { rows, entries, bytes: end })
}

fn data_bytes(data: &Data<'_>) -> usize {
    match data {
        Data::F64(data) => data.len() * 8,
        Data::I64(data) => data.len() * 8,
        Data::U64(data) => data.len() * 8,
        Data::F32(data) => data.len() * 4,
        Data::I32(data) => data.len() * 4,
        Data::U32(data) => data.len() * 4,
        Data::F16(data) | Data::U16(data) => data.len() * 2,
        Data::I16(data) => data.len() * 2,
        Data::I8(data) => data.len(),
        Data::U8(data) | Data::Bool(data) => data.len(),
        Data::Text { offsets, .. } => {
            let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
            (last - first) as usize
        }
    }
}

impl Plan<'_> {
    /// Bytes of the whole table.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the table into `out`, which has [`Plan::bytes`] bytes, all zero.
    pub(crate) fn write(&self, out: &mut [u8]) {
        put(out, 0, &layout::MAGIC);
        put_u32(out, header::FORMAT, layout::FORMAT);
        put_u32(out, header::ROWS, self.rows);
        put_u32(out, header::ENTRIES, self.entries.len() as u32);
        put(out, header::BYTES, &(self.bytes as u64).to_le_bytes());
        for (at, entry) in self.entries.iter().enumerate() {
            let start = layout::HEADER_BYTES + at * layout::ENTRY_BYTES;
            put_u32(out, start + entry::NAME, entry.name_at);
            put_u32(out, start + entry::NAME_BYTES, entry.name.len() as u32);
            let dtype = entry.data.map_or(0, Data::dtype);
            put(out, start + entry::KIND, &[entry.kind, dtype, entry.rank]);
            put_u32(out, start + entry::VALIDITY, entry.valid_at);
            put_u32(out, start + entry::DATA, entry.data_at);
            put_u32(out, start + entry::DATA_BYTES, entry.data_bytes);
            put_u32(out, start + entry::TEXT, entry.text_at);
            for (axis, &size) in entry.dims.iter().enumerate() {
                put_u32(out, start + entry::DIMS + axis * 4, size);
            }
            put(out, entry.name_at as usize, entry.name.as_bytes());
            put(out, entry.valid_at as usize, entry.valid.unwrap_or_default());
            if let Some(data) = entry.data {
                write_data(data, entry, out);
            }
        }
    }
}

fn write_data(data: &Data<'_>, entry: &Entry<'_>, out: &mut [u8]) {
    let at = entry.data_at as usize;
    let bytes = entry.data_bytes as usize;
    /// Little-endian elements; the loop compiles to a plain copy.
    macro_rules! numbers {
        ($elements:expr, $width:literal) => {
            if let Some(block) = out.get_mut(at..at + bytes) {
                for (place, element) in block.chunks_exact_mut($width).zip($elements.iter()) {
                    place.copy_from_slice(&element.to_le_bytes());
                }
            }
        };
    }
    match data {
        Data::F32(elements) => numbers!(elements, 4),
        Data::F64(elements) => numbers!(elements, 8),
        Data::F16(elements) | Data::U16(elements) => numbers!(elements, 2),
        Data::I8(elements) => numbers!(elements, 1),
        Data::I16(elements) => numbers!(elements, 2),
        Data::I32(elements) => numbers!(elements, 4),
        Data::I64(elements) => numbers!(elements, 8),
        Data::U32(elements) => numbers!(elements, 4),
        Data::U64(elements) => numbers!(elements, 8),
        Data::U8(elements) | Data::Bool(elements) => put(out, at, elements),
        Data::Text { offsets, bytes: text } => {
            let first = offsets.first().copied().unwrap_or(0);
            let rebased: Cow<'_, [u32]> = match first {
                0 => Cow::Borrowed(offsets),
                _ => offsets.iter().map(|offset| offset - first).collect(),
            };
            for (position, offset) in rebased.iter().enumerate() {
                put_u32(out, entry.text_at as usize + position * 4, *offset);
            }
            put(out, at, text.get(first as usize..first as usize + bytes).unwrap_or_default());
        }
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn put_u32(out: &mut [u8], at: usize, number: u32) {
    put(out, at, &number.to_le_bytes());
}
