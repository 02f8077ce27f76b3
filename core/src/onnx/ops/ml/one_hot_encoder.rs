//! OneHotEncoder: a new last axis with a 1 at the place of the category.

use super::lookup::{Duplicates, Lookup};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Dim;
use crate::onnx::tensor::DType;

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "OneHotEncoder",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: "float, double, int64, int32, string",
    build,
};

struct OneHotEncoder {
    categories: Lookup,
    count: usize,
    /// Whether an unknown category gives zeros; else it is an error.
    zeros: bool,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let integers = spec.attributes.ints("cats_int64s")?.unwrap_or_default();
    let texts = spec.attributes.texts("cats_strings")?.unwrap_or_default();
    let zeros = spec.attributes.int("zeros")?.unwrap_or(1) != 0;
    let dtype = spec.dtype(0)?;
    if !matches!(dtype, DType::F32 | DType::F64 | DType::I64 | DType::I32 | DType::Str) {
        return Err(spec.wrong_type(0, "a tensor of float, double, int64, int32 or string"));
    }
    if integers.is_empty() == texts.is_empty() {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            "exactly one of the attributes \"cats_int64s\" and \"cats_strings\" must hold categories",
        ));
    }
    if (dtype == DType::Str) != integers.is_empty() {
        return Err(Error::new(
            ErrorCode::ModelType,
            format!("categories of another type are given than the input has, which is {}", dtype.name()),
        ));
    }
    let (categories, count) = if texts.is_empty() {
        (Lookup::integers(integers.iter().copied(), Duplicates::Last), integers.len())
    } else {
        (Lookup::texts(texts.iter().copied(), Duplicates::Last), texts.len())
    };
    let dims = spec.input(0)?.dims.clone().map(|mut dims| {
        dims.push(Dim::Known(count));
        dims
    });
    Built::one(OneHotEncoder { categories, count, zeros }, Fact::shaped(DType::F32, dims))
}

impl Kernel for OneHotEncoder {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let mut shape = *tensor.shape();
        if !shape.push(self.count) {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("an input of shape {shape} has too many axes"),
            ));
        }
        let mut places = std::mem::take(&mut io.scratch.usize);
        self.categories.places(tensor.data(), self.count, &mut places);
        let done = self.encode(io, &places, shape);
        io.scratch.usize = places;
        done
    }
}

impl OneHotEncoder {
    fn encode(&self, io: &mut Io<'_>, places: &[usize], shape: crate::onnx::shape::Shape) -> Result<()> {
        if !self.zeros && places.contains(&self.count) {
            return Err(Error::new(
                ErrorCode::RunValue,
                "the input has a category that the model does not know, and the model says that there is none \
                 (attribute \"zeros\" is 0)",
            ));
        }
        let out = io.output::<f32>(0, shape)?;
        out.fill(0.0);
        for (out, &place) in out.chunks_exact_mut(self.count).zip(places) {
            if let Some(hit) = out.get_mut(place) {
                *hit = 1.0;
            }
        }
        Ok(())
    }
}
