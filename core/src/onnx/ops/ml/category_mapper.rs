//! CategoryMapper: from texts to integers, or from integers to texts, by two lists side by side.

use super::lookup::{Duplicates, Lookup};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::tensor::{DType, Strings};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "CategoryMapper",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "string, int64",
    build,
};

enum CategoryMapper {
    ToIntegers(Lookup, Vec<i64>, i64),
    ToTexts(Lookup, Strings, Box<str>),
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let texts = spec.attributes.texts("cats_strings")?.unwrap_or_default();
    let integers = spec.attributes.ints("cats_int64s")?.unwrap_or_default();
    let default_text = spec.attributes.text("default_string")?.unwrap_or("_Unused");
    let default_integer = spec.attributes.int("default_int64")?.unwrap_or(-1);
    if texts.len() != integers.len() {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!(
                "attribute \"cats_strings\" has {} values, \"cats_int64s\" has {}; must be as many",
                texts.len(),
                integers.len()
            ),
        ));
    }
    let dims = spec.input(0)?.dims.clone();
    // Of equal keys the last counts, as in ONNX Runtime.
    match spec.dtype(0)? {
        DType::Str => Built::one(
            CategoryMapper::ToIntegers(
                Lookup::texts(texts.into_iter(), Duplicates::Last),
                integers.to_vec(),
                default_integer,
            ),
            Fact::shaped(DType::I64, dims),
        ),
        DType::I64 => Built::one(
            CategoryMapper::ToTexts(
                Lookup::integers(integers.iter().copied(), Duplicates::Last),
                texts.into_iter().collect(),
                default_text.into(),
            ),
            Fact::shaped(DType::Str, dims),
        ),
        _ => Err(spec.wrong_type(0, "tensor(string) or tensor(int64)")),
    }
}

impl Kernel for CategoryMapper {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let shape = *io.tensor(0)?.shape();
        match self {
            Self::ToIntegers(lookup, values, default) => {
                let keys = io.strings(0)?;
                for (out, key) in io.output::<i64>(0, shape)?.iter_mut().zip(keys.iter()) {
                    *out = lookup.text(key).and_then(|at| values.get(at)).copied().unwrap_or(*default);
                }
            }
            Self::ToTexts(lookup, values, default) => {
                let keys = io.elements::<i64>(0)?;
                let out = io.output_strings(0, shape)?;
                for &key in keys {
                    out.push(lookup.integer(key).map_or(default, |at| values.get(at)));
                }
            }
        }
        Ok(())
    }
}
