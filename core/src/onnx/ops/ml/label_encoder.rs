//! LabelEncoder: maps each element to the value listed beside it, or to a default.
//!
//! Version 1 maps texts to their places in a list and back; version 2 has a list of keys and one of
//! values, each of one of three types; version 4 takes both as tensors too, of six types, and says
//! that NaN is a key like others and that the last of equal keys counts. Before version 4 the first
//! counts and NaN is never found, as in ONNX Runtime.

use super::lookup::{Duplicates, Lookup, text_data};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Data, Tensor};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "LabelEncoder",
    versions: &[1, 2, 4],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string, int64, float, int32, int16, double",
    build,
};

struct LabelEncoder {
    keys: Lookup,
    /// The value of each key, and the default after them.
    values: Data,
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelAttribute, message)
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let (keys, values) = if spec.opset < 2 { classes(spec, dtype)? } else { pairs(spec)? };
    if keys.dtype() != dtype {
        return Err(Error::new(
            ErrorCode::ModelType,
            format!(
                "the keys are {}, the input is {}; they must be the same",
                keys.dtype().name(),
                dtype.name()
            ),
        ));
    }
    if keys.len() + 1 != values.len() {
        return Err(wrong(format!(
            "there are {} keys (attributes \"keys_…\") and {} values (\"values_…\"), must be as many",
            keys.len(),
            values.len() - 1
        )));
    }
    let keys = match keys {
        // A key that nothing equals is not there at all; its place must stay.
        Data::F32(list) if spec.opset < 4 => Lookup::numbers(&list),
        keys => {
            let duplicates = if spec.opset < 4 { Duplicates::First } else { Duplicates::Last };
            Lookup::of(&keys, duplicates).ok_or_else(|| wrong("keys must be texts, integers or floats"))?
        }
    };
    let fact = Fact::shaped(values.dtype(), spec.input(0)?.dims.clone());
    Built::one(LabelEncoder { keys, values }, fact)
}

/// Keys and values, the default after them, of version 1.
fn classes(spec: &NodeSpec<'_>, dtype: DType) -> Result<(Data, Data)> {
    let classes = spec.attributes.texts("classes_strings")?.unwrap_or_default();
    let default_text = spec.attributes.text("default_string")?.unwrap_or("_Unused");
    let default_number = spec.attributes.int("default_int64")?.unwrap_or(-1);
    let places = 0..classes.len() as i64;
    if dtype == DType::Str {
        Ok((text_data(&classes), Data::I64(places.chain([default_number]).collect())))
    } else {
        let values: Vec<&str> = classes.iter().copied().chain([default_text]).collect();
        Ok((Data::I64(places.collect()), text_data(&values)))
    }
}

/// Keys and values, the default after them, from version 2 on.
fn pairs(spec: &NodeSpec<'_>) -> Result<(Data, Data)> {
    let keys = list(spec, "keys", ["keys_strings", "keys_int64s", "keys_floats", "keys_tensor"])?;
    let mut values =
        list(spec, "values", ["values_strings", "values_int64s", "values_floats", "values_tensor"])?;
    let default_text = spec.attributes.text("default_string")?.unwrap_or("_Unused");
    let default_int = spec.attributes.int("default_int64")?.unwrap_or(-1);
    let default_float = spec.attributes.float("default_float")?.unwrap_or(-0.0);
    let default = if spec.opset < 4 { None } else { spec.attributes.tensor("default_tensor")? };
    if let Some(tensor) = &default
        && (tensor.len() != 1 || tensor.dtype() != values.dtype())
    {
        return Err(wrong(format!(
            "attribute \"default_tensor\" must hold one {}, as the values do",
            values.dtype().name()
        )));
    }
    let default = default.as_ref().map(Tensor::data);
    macro_rules! push {
        ($($variant:ident: $otherwise:expr),*) => {
            match (&mut values, default) {
                (Data::Str(list), Some(Data::Str(default))) => list.push(default.get(0)),
                (Data::Str(list), _) => list.push(default_text),
                $((Data::$variant(list), Some(Data::$variant(default))) => list.extend(default),
                (Data::$variant(list), _) => list.push($otherwise),)*
                _ => return Err(wrong("values must be texts, integers or floats")),
            }
        };
    }
    push!(I64: default_int, I32: -1, I16: -1, F32: default_float, F64: -0.0);
    Ok((keys, values))
}

/// The one list among four attributes that is given.
fn list(spec: &NodeSpec<'_>, what: &str, [texts, ints, floats, tensor]: [&str; 4]) -> Result<Data> {
    let mut found = Vec::new();
    if let Some(list) = spec.attributes.texts(texts)? {
        found.push(text_data(&list));
    }
    if let Some(list) = spec.attributes.ints(ints)? {
        found.push(Data::I64(list.to_vec()));
    }
    if let Some(list) = spec.attributes.floats(floats)? {
        found.push(Data::F32(list.to_vec()));
    }
    if spec.opset >= 4
        && let Some(tensor) = spec.attributes.tensor(tensor)?
    {
        found.push(tensor.data().clone());
    }
    match (found.pop(), found.is_empty()) {
        (Some(list), true) => Ok(list),
        _ => Err(wrong(format!("exactly one of the attributes \"{what}_…\" must be given"))),
    }
}

impl Kernel for LabelEncoder {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let shape = *tensor.shape();
        let mut places = std::mem::take(&mut io.scratch.usize);
        self.keys.places(tensor.data(), self.values.len() - 1, &mut places);
        macro_rules! write {
            ($list:expr, $type:ty) => {
                io.output::<$type>(0, shape).map(|out| {
                    for (out, &place) in out.iter_mut().zip(&places) {
                        *out = $list.get(place).copied().unwrap_or_default();
                    }
                })
            };
        }
        let done = match &self.values {
            Data::I64(list) => write!(list, i64),
            Data::I32(list) => write!(list, i32),
            Data::I16(list) => write!(list, i16),
            Data::F32(list) => write!(list, f32),
            Data::F64(list) => write!(list, f64),
            Data::Str(list) => io.output_strings(0, shape).map(|out| {
                for &place in &places {
                    out.push(list.get(place));
                }
            }),
            _ => Err(Error::new(ErrorCode::Internal, "values have a type that the builder refuses")),
        };
        io.scratch.usize = places;
        done
    }
}
