//! ArrayFeatureExtractor: takes columns of the last axis by their numbers.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data, Element};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "ArrayFeatureExtractor",
    versions: &[1],
    inputs: (2, 2),
    outputs: (1, 1),
    types: "float, double, int64, int32, string",
    build,
};

struct ArrayFeatureExtractor;

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = spec.input(0)?;
    let Some(dtype @ (DType::F32 | DType::F64 | DType::I64 | DType::I32 | DType::Str)) = fact.dtype() else {
        return Err(spec.wrong_type(0, "a tensor of float, double, int64, int32 or string"));
    };
    if spec.dtype(1)? != DType::I64 {
        return Err(spec.wrong_type(1, "tensor(int64)"));
    }
    let taken = spec.input(1)?.dims.as_ref().and_then(|dims| {
        dims.iter().try_fold(1usize, |product, dim| match dim {
            Dim::Known(size) => product.checked_mul(*size),
            _ => None,
        })
    });
    let last = taken.map_or(Dim::Unknown, Dim::Known);
    let dims = match fact.dims.as_deref() {
        None => None,
        Some([]) => return Err(Error::new(ErrorCode::ModelShape, "input 0 must have at least one axis")),
        Some([_]) => Some(vec![Dim::Known(1), last]),
        Some([outer @ .., _]) => Some(outer.iter().cloned().chain([last]).collect()),
    };
    Built::one(ArrayFeatureExtractor, Fact::shaped(dtype, dims))
}

fn take<T: Element>(io: &mut Io<'_>, values: &[T], places: &[i64], shape: Shape, width: usize) -> Result<()> {
    let out = io.output::<T>(0, shape)?;
    if places.is_empty() || width == 0 {
        return Ok(());
    }
    for (out, row) in out.chunks_exact_mut(places.len()).zip(values.chunks_exact(width)) {
        for (out, &place) in out.iter_mut().zip(places) {
            *out = row.get(place as usize).copied().unwrap_or_default();
        }
    }
    Ok(())
}

impl Kernel for ArrayFeatureExtractor {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let places = io.elements::<i64>(1)?;
        let Some(&width) = tensor.shape().sizes().last() else {
            return Err(Error::new(ErrorCode::InputShape, "input 0 must have at least one axis"));
        };
        if let Some(place) =
            places.iter().find(|&&place| usize::try_from(place).map_or(true, |at| at >= width))
        {
            return Err(Error::new(
                ErrorCode::RunValue,
                format!("column {place} is asked for, the input has {width}"),
            ));
        }
        let mut shape = *tensor.shape();
        if shape.rank() == 1 {
            shape = Shape::matrix(1, places.len());
        } else if let Some(last) = shape.sizes_mut().last_mut() {
            *last = places.len();
        }
        match tensor.data() {
            Data::F32(values) => take(io, values, places, shape, width),
            Data::F64(values) => take(io, values, places, shape, width),
            Data::I64(values) => take(io, values, places, shape, width),
            Data::I32(values) => take(io, values, places, shape, width),
            Data::Str(texts) => {
                let out = io.output_strings(0, shape)?;
                for row in 0..texts.len() / width.max(1) {
                    for &place in places {
                        out.push(texts.get(row * width + place as usize));
                    }
                }
                Ok(())
            }
            _ => Err(Error::new(ErrorCode::Internal, "input 0 has a type that the builder refuses")),
        }
    }
}
