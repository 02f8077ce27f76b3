//! Between the values of a model and the entries of a table.

use std::sync::Arc;

use super::read::{Entry, Kind, Table};
use super::write::Writer;
use crate::error::{Error, ErrorCode, Result};
use crate::for_each_numeric;
use crate::onnx::{DType, Data, Keys, Shape, Tensor, Value};

/// How deep sequences and optionals may nest; ONNX models use two levels.
const MAX_NESTING: usize = 8;

/// Reads every value of a bag of tensors, with its name.
///
/// # Errors
/// `record_malformed` where an entry that belongs to another one is missing, where sequences nest too
/// deep, or where an element is missing: a model's input has none, floats carry NaN.
pub fn read_values(table: &Table<'_>) -> Result<Vec<(String, Value)>> {
    let mut values = Vec::new();
    read_values_into(table, &mut values)?;
    Ok(values)
}

/// As [`read_values`], into the values of an earlier table, whose buffers are used again.
///
/// # Errors
/// As [`read_values`]; `values` then holds anything.
pub fn read_values_into(table: &Table<'_>, values: &mut Vec<(String, Value)>) -> Result<()> {
    let mut rest = Rest { entries: table.entries(), at: 0 };
    let mut count = 0;
    while let Some(entry) = rest.entries.get(rest.at) {
        let at = rest.at;
        if values.len() == count {
            values.push((String::new(), Value::default()));
        }
        let (name, value) = &mut values[count];
        name.clear();
        name.push_str(entry.name());
        rest.value(0, value).map_err(|error| error.at(format_args!("table.entries[{at}]")))?;
        count += 1;
    }
    values.truncate(count);
    Ok(())
}

struct Rest<'t, 'a> {
    entries: &'t [Entry<'a>],
    at: usize,
}

impl<'t, 'a> Rest<'t, 'a> {
    fn next(&mut self, belongs_to: &str) -> Result<&'t Entry<'a>> {
        let entry = self.entries.get(self.at);
        self.at += 1;
        entry.ok_or_else(|| malformed(format!("{belongs_to} needs a further entry")))
    }

    /// Reads the next value into `to`.
    fn value(&mut self, depth: usize, to: &mut Value) -> Result<()> {
        if depth > MAX_NESTING {
            return Err(malformed(format!("values nest deeper than {MAX_NESTING}")));
        }
        let entry = self.next("the table")?;
        *to = match entry.kind() {
            Kind::Tensor => {
                if !matches!(to, Value::Tensor(_)) {
                    *to = Value::default();
                }
                let Value::Tensor(to) = to else { return Ok(()) };
                return read_tensor(entry, to);
            }
            Kind::Keys => return Err(malformed("keys must follow the ZipMap that they belong to")),
            Kind::Nothing => Value::Optional(None),
            Kind::Something => Value::Optional(Some(Box::new(self.owned(depth + 1)?))),
            Kind::Sequence => {
                let count = entry.shape().sizes().first().copied().unwrap_or(0);
                let left = self.entries.len().saturating_sub(self.at);
                if count > left {
                    return Err(malformed(format!("a sequence of {count} items needs as many entries")));
                }
                (0..count).map(|_| self.owned(depth + 1)).collect::<Result<_>>().map(Value::Sequence)?
            }
            Kind::ZipMap => {
                let values = tensor(entry)?;
                let keys = self.next("a ZipMap")?;
                let columns = values.shape().sizes().get(1).copied();
                let fits = values.dtype() == DType::F32 && values.shape().rank() == 2;
                if !fits || keys.kind() != Kind::Keys || columns != Some(keys.len()) {
                    return Err(malformed("a ZipMap is a table of float and one key per column"));
                }
                let keys = match tensor(keys)?.data() {
                    Data::I64(keys) => Keys::Ints(keys.clone()),
                    Data::Str(keys) => Keys::Texts(keys.clone()),
                    _ => return Err(malformed("the keys of a ZipMap must be int64 or text")),
                };
                Value::ZipMap(Arc::new(keys), values)
            }
            Kind::Map => {
                let keys = tensor(entry)?;
                let values = self.next("a map")?;
                if values.kind() != Kind::Tensor || values.len() != keys.len() {
                    return Err(malformed("a map is keys, then as many values"));
                }
                Value::Map(keys, tensor(values)?)
            }
        };
        Ok(())
    }

    fn owned(&mut self, depth: usize) -> Result<Value> {
        let mut value = Value::default();
        self.value(depth, &mut value)?;
        Ok(value)
    }
}

fn tensor(entry: &Entry<'_>) -> Result<Tensor> {
    let mut tensor = Tensor::default();
    read_tensor(entry, &mut tensor)?;
    Ok(tensor)
}

fn read_tensor(entry: &Entry<'_>, to: &mut Tensor) -> Result<()> {
    if entry.has_validity() && (0..entry.len()).any(|at| !entry.is_present(at)) {
        return Err(malformed(format!(
            "`{}`: a model's input has no missing elements; floats carry NaN",
            entry.name()
        )));
    }
    // The table was checked, so each entry holds as many elements as its shape says.
    for_each_numeric!(
        to.reset_as(entry.dtype(), *entry.shape()),
        elements => entry.copy_to(elements),
        texts => (0..entry.len()).for_each(|at| texts.push(entry.text(at)))
    );
    Ok(())
}

/// Writes values as one table to `out`, in this order and under these names. `writer` keeps its buffers.
///
/// # Errors
/// `run_budget` where the table would pass 4 GiB.
pub fn write_values<'v>(
    values: impl IntoIterator<Item = (&'v str, &'v Value)>,
    writer: &mut Writer,
    out: &mut Vec<u8>,
) -> Result<()> {
    writer.clear();
    for (name, value) in values {
        write_value(writer, name, value);
    }
    writer.finish(0, out)
}

fn write_value(writer: &mut Writer, name: &str, value: &Value) {
    match value {
        Value::Tensor(tensor) => writer.tensor(name, Kind::Tensor, tensor),
        Value::ZipMap(keys, table) => {
            writer.tensor(name, Kind::ZipMap, table);
            match &**keys {
                Keys::Ints(keys) => {
                    writer.values("", Kind::Keys, &Shape::vector(keys.len()), keys, None);
                }
                Keys::Texts(keys) => {
                    writer.text_values("", Kind::Keys, &Shape::vector(keys.len()), keys.iter(), None);
                }
            }
        }
        Value::Sequence(items) => {
            writer.marker(name, Kind::Sequence, items.len());
            items.iter().for_each(|item| write_value(writer, "", item));
        }
        Value::Optional(None) => writer.marker(name, Kind::Nothing, 0),
        Value::Optional(Some(value)) => {
            writer.marker(name, Kind::Something, 0);
            write_value(writer, "", value);
        }
        Value::Map(keys, values) => {
            writer.tensor(name, Kind::Map, keys);
            writer.tensor("", Kind::Tensor, values);
        }
    }
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::RecordMalformed, message)
}
