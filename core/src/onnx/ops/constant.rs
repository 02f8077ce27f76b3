//! Values that need no input, or only the shape of one: Constant, ConstantOfShape, Shape, Size, EyeLike.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::{DType, Data, Strings, Tensor};

use super::axes::{Integers, all_known, known, shape_of, size, unknown};
use super::compute::{Class, Store, class};
use super::moving::{Strided, assemble};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Constant", &[1, 9, 11, 12, 13, 19, 21, 23, 24, 25], (0, 0), "all", constant),
    plain("ConstantOfShape", &[9, 20, 21, 23, 24, 25], (1, 1), "all but string", constant_of_shape),
    plain("Shape", &[1, 13, 15, 19, 21, 23, 24, 25], (1, 1), "all", shape),
    plain("Size", &[1, 13, 19, 21, 23, 24, 25], (1, 1), "all", |spec| {
        spec.dtype(0)?;
        let dims = spec.input(0)?.dims.as_deref().and_then(all_known);
        let count = dims.and_then(|sizes| Shape::new(&sizes)).and_then(|shape| shape.elements());
        Built::one(Size, constant_fact(count.map(|count| Tensor::scalar(count as i64)), Some(Vec::new())))
    }),
    plain("EyeLike", &[9, 22], (1, 1), "numeric, bool", eye_like),
];

fn constant_fact(value: Option<Tensor>, dims: crate::onnx::shape::DimList) -> Fact {
    Fact { constant: value.map(Arc::new), ..Fact::shaped(DType::I64, dims) }
}

struct Constant {
    value: Arc<Tensor>,
}

fn constant(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let attributes = &spec.attributes;
    let mut found: Vec<Tensor> = attributes.tensor("value")?.into_iter().collect();
    if attributes.has("sparse_value") {
        return Err(Error::new(ErrorCode::ModelUnsupported, "attribute \"sparse_value\" is not supported"));
    }
    if spec.opset >= 12 {
        found.extend(attributes.float("value_float")?.map(Tensor::scalar));
        found.extend(attributes.int("value_int")?.map(Tensor::scalar));
        found.extend(attributes.floats("value_floats")?.map(|list| Tensor::vector(list.to_vec())));
        found.extend(attributes.ints("value_ints")?.map(|list| Tensor::vector(list.to_vec())));
        let text = attributes.text("value_string")?.map(|text| (Shape::SCALAR, vec![text]));
        let texts = attributes.texts("value_strings")?.map(|texts| (Shape::vector(texts.len()), texts));
        for (shape, texts) in text.into_iter().chain(texts) {
            found.extend(Tensor::new(shape, Data::Str(texts.into_iter().collect::<Strings>())));
        }
    }
    let mut found = found.into_iter();
    let (Some(value), None) = (found.next(), found.next()) else {
        return Err(Error::new(ErrorCode::ModelAttribute, "exactly one value attribute must be given"));
    };
    let value = Arc::new(value);
    let dims = known(value.shape().sizes());
    let fact = Fact { constant: Some(Arc::clone(&value)), ..Fact::shaped(value.dtype(), Some(dims)) };
    Built::one(Constant { value }, fact)
}

impl Kernel for Constant {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        io.output_tensor(0)?.copy_from(&self.value);
        Ok(())
    }
}

struct ConstantOfShape {
    shape: Integers,
    value: Tensor,
}

fn constant_of_shape(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let value = spec.attributes.tensor("value")?.unwrap_or_else(|| Tensor::vector(vec![0f32]));
    if value.len() != 1 {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"value\" must hold one element, found {}", value.len()),
        ));
    }
    let shape = Integers::input(spec, 0)?;
    let dims = match (shape.fixed(), spec.input(0)?.dims.as_deref()) {
        (Some(sizes), _) => {
            Some(sizes.iter().map(|&value| size(value).map(Dim::Known)).collect::<Result<Vec<_>>>()?)
        }
        (None, Some([Dim::Known(rank)])) if *rank <= crate::onnx::shape::MAX_RANK => Some(unknown(*rank)),
        _ => None,
    };
    let dtype = value.dtype();
    Built::one(ConstantOfShape { shape, value }, Fact::shaped(dtype, dims))
}

impl Kernel for ConstantOfShape {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let sizes = self.shape.require(io)?.iter().map(|&value| size(value)).collect::<Result<Vec<_>>>()?;
        let shape = shape_of(&sizes)?;
        io.check(&shape)?;
        let fill = Strided::new(0, 0).within(shape.elements().unwrap_or(0), 0, 1);
        assemble(io, 0, self.value.dtype(), shape, [(&self.value, &fill)])
    }
}

struct ShapeOf {
    start: i64,
    end: Option<i64>,
}

fn shape(spec: &mut NodeSpec<'_>) -> Result<Built> {
    spec.dtype(0)?;
    let mut kernel = ShapeOf { start: 0, end: None };
    if spec.opset >= 15 {
        kernel.start = spec.attributes.int("start")?.unwrap_or(0);
        kernel.end = spec.attributes.int("end")?;
    }
    let dims = spec.input(0)?.dims.as_deref();
    let part = dims.map(|dims| &dims[kernel.range(dims.len())]);
    let value =
        part.and_then(all_known).map(|sizes| Tensor::vector(sizes.iter().map(|&size| size as i64).collect()));
    let dims = vec![part.map_or(Dim::Unknown, |part| Dim::Known(part.len()))];
    Built::one(kernel, constant_fact(value, Some(dims)))
}

impl ShapeOf {
    /// The axes asked for; bounds beyond the tensor are drawn in.
    fn range(&self, rank: usize) -> std::ops::Range<usize> {
        let rank = rank as i64;
        let bound = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank);
        let (start, end) = (bound(self.start), self.end.map_or(rank, bound));
        start as usize..end.max(start) as usize
    }
}

impl Kernel for ShapeOf {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let shape = io.tensor(0)?.shape();
        let part = &shape.sizes()[self.range(shape.rank())];
        let out = io.output::<i64>(0, Shape::vector(part.len()))?;
        for (slot, &size) in out.iter_mut().zip(part) {
            *slot = size as i64;
        }
        Ok(())
    }
}

struct Size;

impl Kernel for Size {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let count = io.tensor(0)?.len();
        io.output::<i64>(0, Shape::SCALAR)?[0] = count as i64;
        Ok(())
    }
}

struct EyeLike {
    dtype: DType,
    diagonal: i64,
}

fn eye_like(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = spec.input(0)?.clone();
    let dtype = match spec.attributes.int("dtype")? {
        Some(number) => super::cast::element_type(number)?,
        None => spec.dtype(0)?,
    };
    if class(dtype) == Class::Text {
        return Err(Error::new(ErrorCode::ModelType, "an identity matrix of text does not exist"));
    }
    if fact.rank().is_some_and(|rank| rank != 2) {
        return Err(Error::new(ErrorCode::ModelShape, "input 0 must have two axes"));
    }
    let diagonal = spec.attributes.int("k")?.unwrap_or(0);
    Built::one(EyeLike { dtype, diagonal }, Fact::shaped(dtype, fact.dims))
}

impl Kernel for EyeLike {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let shape = *io.tensor(0)?.shape();
        let &[rows, columns] = shape.sizes() else {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("input 0 has shape {shape}, must have two axes"),
            ));
        };
        io.check(&shape)?;
        let data = io.output_tensor(0)?.reset_as(self.dtype, shape);
        for at in 0..rows.saturating_mul(columns) {
            i64::narrow(&[0], data, at);
        }
        for row in 0..rows {
            let column = (row as i64).saturating_add(self.diagonal);
            if (0..columns as i64).contains(&column) {
                i64::narrow(&[1], data, row * columns + column as usize);
            }
        }
        Ok(())
    }
}
