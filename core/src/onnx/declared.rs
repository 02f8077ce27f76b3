//! Types and shapes as graphs declare them for their inputs and outputs.

use super::proto::{DimProto, TypeProto};
use super::shape::{Dim, DimList, MAX_RANK};
use super::tensor::DType;
use super::value::ValueType;
use crate::error::{Error, ErrorCode, Result};

/// The declared type, or `None` where the model declares none.
///
/// # Errors
/// [`ErrorCode::ModelUnsupported`] for types that the runtime lacks.
pub(crate) fn kind(proto: &TypeProto<'_>) -> Result<Option<ValueType>> {
    Ok(Some(match proto {
        TypeProto::Missing => return Ok(None),
        TypeProto::Tensor(element, _) => ValueType::Tensor(dtype(*element)?),
        TypeProto::Sequence(item) => match &**item {
            TypeProto::Map(key, value) => {
                if !matches!(&**value, TypeProto::Tensor(1, _)) {
                    return Err(unsupported("a sequence of maps whose values are not floats"));
                }
                ValueType::ZipMap(key_type(*key)?)
            }
            item => ValueType::Sequence(Box::new(required(item)?)),
        },
        TypeProto::Optional(item) => ValueType::Optional(Box::new(required(item)?)),
        TypeProto::Map(key, value) => match &**value {
            TypeProto::Tensor(element, _) => ValueType::Map(key_type(*key)?, dtype(*element)?),
            _ => return Err(unsupported("a map whose values are not tensors")),
        },
        TypeProto::Other(name) => return Err(unsupported(name)),
    }))
}

fn required(proto: &TypeProto<'_>) -> Result<ValueType> {
    kind(proto)?.ok_or_else(|| Error::new(ErrorCode::ModelInvalid, "a type within a type is missing"))
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorCode::ModelUnsupported, format!("values of type {what} are not supported"))
}

fn dtype(number: i32) -> Result<DType> {
    DType::from_onnx(number).ok_or_else(|| unsupported(&format!("tensor with element type {number}")))
}

fn key_type(number: i32) -> Result<DType> {
    match dtype(number)? {
        key @ (DType::I64 | DType::Str) => Ok(key),
        other => Err(unsupported(&format!("map with keys of type {}", other.name()))),
    }
}

/// The declared shape. A negative size and a nameless one are any size. Exporters write `None` for
/// every size that they do not know; it is a name only for the first axis, where it means the batch.
///
/// # Errors
/// [`ErrorCode::ModelUnsupported`] for more axes than tensors have here.
pub(crate) fn dims(proto: &TypeProto<'_>) -> Result<DimList> {
    let TypeProto::Tensor(_, Some(axes)) = proto else { return Ok(None) };
    if axes.len() > MAX_RANK {
        return Err(Error::new(
            ErrorCode::ModelUnsupported,
            format!("a shape has {} axes, the limit is {MAX_RANK}", axes.len()),
        ));
    }
    let dim = |(axis, dim): (usize, &DimProto<'_>)| match *dim {
        DimProto::Value(size) => usize::try_from(size).map_or(Dim::Unknown, Dim::Known),
        DimProto::Missing | DimProto::Param("") => Dim::Unknown,
        DimProto::Param("None" | "?") if axis > 0 => Dim::Unknown,
        DimProto::Param(name) => Dim::Symbol(name.into()),
    };
    Ok(Some(axes.iter().enumerate().map(dim).collect()))
}
