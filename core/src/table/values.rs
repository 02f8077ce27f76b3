//! Between the values of a model and the entries of a table.

use std::sync::Arc;

use super::read::{Entry, Kind, LittleEndian, Table};
use super::write::Writer;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::{DType, Data, Keys, Shape, Strings, Tensor, Value};

/// How deep sequences and optionals may nest; ONNX models use two levels.
const MAX_NESTING: usize = 8;

/// Reads every value of a bag of tensors, with its name.
///
/// # Errors
/// `record_malformed` where an entry that belongs to another one is missing, where sequences nest too
/// deep, or where an element is missing: a model's input has none, floats carry NaN.
pub fn read_values(table: &Table<'_>) -> Result<Vec<(String, Value)>> {
    let mut rest = Rest { entries: table.entries(), at: 0 };
    let mut values = Vec::new();
    while let Some(entry) = rest.entries.get(rest.at) {
        let (name, at) = (entry.name().to_owned(), rest.at);
        let value = rest.value(0).map_err(|error| error.at(format_args!("table.entries[{at}]")))?;
        values.push((name, value));
    }
    Ok(values)
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

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > MAX_NESTING {
            return Err(malformed(format!("values nest deeper than {MAX_NESTING}")));
        }
        let entry = self.next("the table")?;
        match entry.kind() {
            Kind::Tensor => Ok(Value::Tensor(tensor(entry)?)),
            Kind::Keys => Err(malformed("keys must follow the ZipMap that they belong to")),
            Kind::Nothing => Ok(Value::Optional(None)),
            Kind::Something => Ok(Value::Optional(Some(Box::new(self.value(depth + 1)?)))),
            Kind::Sequence => {
                let count = entry.shape().sizes().first().copied().unwrap_or(0);
                let left = self.entries.len().saturating_sub(self.at);
                if count > left {
                    return Err(malformed(format!("a sequence of {count} items needs as many entries")));
                }
                (0..count).map(|_| self.value(depth + 1)).collect::<Result<_>>().map(Value::Sequence)
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
                Ok(Value::ZipMap(Arc::new(keys), values))
            }
            Kind::Map => {
                let keys = tensor(entry)?;
                let values = self.next("a map")?;
                if values.kind() != Kind::Tensor || values.len() != keys.len() {
                    return Err(malformed("a map is keys, then as many values"));
                }
                Ok(Value::Map(keys, tensor(values)?))
            }
        }
    }
}

fn tensor(entry: &Entry<'_>) -> Result<Tensor> {
    fn numbers<T: LittleEndian>(entry: &Entry<'_>) -> Data {
        T::wrap(entry.elements::<T>().collect())
    }
    if entry.has_validity() && (0..entry.len()).any(|at| !entry.is_present(at)) {
        return Err(malformed(format!(
            "`{}`: a model's input has no missing elements; floats carry NaN",
            entry.name()
        )));
    }
    let data = match entry.dtype() {
        DType::F32 => numbers::<f32>(entry),
        DType::F64 => numbers::<f64>(entry),
        DType::F16 => numbers::<half::f16>(entry),
        DType::I64 => numbers::<i64>(entry),
        DType::I32 => numbers::<i32>(entry),
        DType::I16 => numbers::<i16>(entry),
        DType::I8 => numbers::<i8>(entry),
        DType::U64 => numbers::<u64>(entry),
        DType::U32 => numbers::<u32>(entry),
        DType::U16 => numbers::<u16>(entry),
        DType::U8 => numbers::<u8>(entry),
        DType::Bool => numbers::<bool>(entry),
        DType::Str => {
            let mut texts = Strings::default();
            (0..entry.len()).for_each(|at| texts.push(entry.text(at)));
            Data::Str(texts)
        }
    };
    Tensor::new(*entry.shape(), data).ok_or_else(|| malformed("the data does not fill the shape"))
}

/// Writes values as one table to `out`, in this order and under these names.
///
/// # Errors
/// `run_budget` where the table would pass 4 GiB.
pub fn write_values(values: &[(&str, &Value)], out: &mut Vec<u8>) -> Result<()> {
    let mut writer = Writer::default();
    for (name, value) in values {
        write_value(&mut writer, name, value);
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
