//! DictVectorizer: a map becomes a row, each value at the place of its key in a vocabulary.
//!
//! Keys that the vocabulary lacks are left out, as the encoder does that exporters write this for.

use super::lookup::{Duplicates, Lookup};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data, Element, Tensor};
use crate::onnx::value::{Value, ValueType};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "DictVectorizer",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "map from string or int64 to int64, float, double or string",
    build,
};

struct DictVectorizer {
    vocabulary: Lookup,
    len: usize,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let ValueType::Map(key, value) = spec.input(0)?.kind else {
        return Err(spec.wrong_type(0, "a map"));
    };
    if !matches!(value, DType::I64 | DType::F32 | DType::F64 | DType::Str) {
        return Err(spec.wrong_type(0, "a map to int64, float, double or string"));
    }
    let integers = spec.attributes.ints("int64_vocabulary")?;
    let texts = spec.attributes.texts("string_vocabulary")?;
    let (vocabulary, len) = match (key, integers, texts) {
        (DType::I64, Some(list), None) => {
            (Lookup::integers(list.iter().copied(), Duplicates::First), list.len())
        }
        (DType::Str, None, Some(list)) => {
            (Lookup::texts(list.iter().copied(), Duplicates::First), list.len())
        }
        _ => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                "one vocabulary must be given, of the type of the map's keys (attributes \"int64_vocabulary\" and \
                 \"string_vocabulary\")",
            ));
        }
    };
    let dims = Some(vec![Dim::Known(1), Dim::Known(len)]);
    Built::one(DictVectorizer { vocabulary, len }, Fact::shaped(value, dims))
}

impl DictVectorizer {
    fn fill<T: Element>(&self, io: &mut Io<'_>, keys: &Tensor, values: &[T]) -> Result<()> {
        let mut places = std::mem::take(&mut io.scratch.usize);
        self.vocabulary.places(keys.data(), self.len, &mut places);
        let out = io.output::<T>(0, Shape::matrix(1, self.len))?;
        out.fill(T::default());
        for (&place, &value) in places.iter().zip(values) {
            if let Some(out) = out.get_mut(place) {
                *out = value;
            }
        }
        io.scratch.usize = places;
        Ok(())
    }
}

impl Kernel for DictVectorizer {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let Some(Value::Map(keys, values)) = io.value(0) else {
            return Err(Error::new(ErrorCode::Internal, "input 0 is no map"));
        };
        match values.data() {
            Data::I64(values) => self.fill(io, keys, values),
            Data::F32(values) => self.fill(io, keys, values),
            Data::F64(values) => self.fill(io, keys, values),
            Data::Str(values) => {
                let mut places = Vec::new();
                self.vocabulary.places(keys.data(), self.len, &mut places);
                let mut from = vec![None; self.len];
                for (at, place) in places.into_iter().enumerate() {
                    if let Some(from) = from.get_mut(place) {
                        *from = Some(at);
                    }
                }
                let out = io.output_strings(0, Shape::matrix(1, self.len))?;
                for at in from {
                    out.push(at.map_or("", |at| values.get(at)));
                }
                Ok(())
            }
            _ => Err(Error::new(ErrorCode::Internal, "the map has a type that the builder refuses")),
        }
    }
}
