//! Our tensors and attributes as tract has them, and back.

use tract_onnx::pb;
use tract_onnx::prelude::{DatumType, Tensor as TractTensor};

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::proto::AttributeValue;
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Data, Tensor};

/// An error of tract, with its causes.
pub(super) fn failure(code: ErrorCode, error: &impl std::fmt::Display) -> Error {
    let causes: String = format!("{error:#}").replace('\n', " ").chars().take(400).collect();
    Error::new(code, format!("the neural backend refuses the node: {causes}"))
}

/// Runs the same expression for each buffer that tract has too.
macro_rules! with_buffer {
    ($data:expr, $buffer:ident => $body:expr) => {
        match $data {
            Data::F32($buffer) => Some($body),
            Data::F64($buffer) => Some($body),
            Data::F16($buffer) => Some($body),
            Data::I64($buffer) => Some($body),
            Data::I32($buffer) => Some($body),
            Data::I16($buffer) => Some($body),
            Data::I8($buffer) => Some($body),
            Data::U64($buffer) => Some($body),
            Data::U32($buffer) => Some($body),
            Data::U16($buffer) => Some($body),
            Data::U8($buffer) => Some($body),
            Data::Bool($buffer) => Some($body),
            Data::Str(_) => None,
        }
    };
}

fn text() -> Error {
    Error::new(ErrorCode::ModelType, "the neural backend takes no text")
}

/// A copy for tract.
pub(super) fn to_tract(tensor: &Tensor) -> Result<TractTensor> {
    with_buffer!(tensor.data(), buffer => TractTensor::from_shape(tensor.shape().sizes(), buffer))
        .ok_or_else(text)?
        .map_err(|error| failure(ErrorCode::Internal, &error))
}

/// Copies what tract made into a tensor of type `dtype`.
pub(super) fn from_tract(made: &TractTensor, dtype: DType, to: &mut Tensor) -> Result<()> {
    let fail = |error: tract_onnx::prelude::TractError| failure(ErrorCode::Internal, &error);
    let shape = Shape::new(made.shape())
        .ok_or_else(|| Error::new(ErrorCode::ModelUnsupported, "the neural backend makes too many axes"))?;
    let made = made.cast_to_dt(datum_type(dtype).ok_or_else(text)?).map_err(fail)?;
    with_buffer!(to.reset_as(dtype, shape), buffer => {
        let view = made.to_plain_array_view().map_err(fail)?;
        for (slot, value) in buffer.iter_mut().zip(view.iter()) {
            *slot = *value;
        }
    })
    .ok_or_else(text)
}

/// tract's name for an element type.
pub(super) const fn datum_type(dtype: DType) -> Option<DatumType> {
    Some(match dtype {
        DType::F32 => DatumType::F32,
        DType::F64 => DatumType::F64,
        DType::F16 => DatumType::F16,
        DType::I64 => DatumType::I64,
        DType::I32 => DatumType::I32,
        DType::I16 => DatumType::I16,
        DType::I8 => DatumType::I8,
        DType::U64 => DatumType::U64,
        DType::U32 => DatumType::U32,
        DType::U16 => DatumType::U16,
        DType::U8 => DatumType::U8,
        DType::Bool => DatumType::Bool,
        DType::Str => return None,
    })
}

/// Our name for tract's element type. Sizes that tract computes symbolically are integers.
pub(super) const fn dtype(datum: DatumType) -> Option<DType> {
    Some(match datum {
        DatumType::F32 => DType::F32,
        DatumType::F64 => DType::F64,
        DatumType::F16 => DType::F16,
        DatumType::I64 | DatumType::TDim => DType::I64,
        DatumType::I32 => DType::I32,
        DatumType::I16 => DType::I16,
        DatumType::I8 => DType::I8,
        DatumType::U64 => DType::U64,
        DatumType::U32 => DType::U32,
        DatumType::U16 => DType::U16,
        DatumType::U8 => DType::U8,
        DatumType::Bool => DType::Bool,
        _ => return None,
    })
}

/// A constant input as an initializer.
pub(super) fn initializer(name: String, tensor: &Tensor) -> Result<pb::TensorProto> {
    let raw_data = with_buffer!(tensor.data(), buffer => {
        buffer.iter().flat_map(|value| Bytes::bytes(*value)).collect()
    })
    .ok_or_else(text)?;
    Ok(pb::TensorProto {
        name,
        dims: tensor.shape().sizes().iter().map(|&size| size as i64).collect(),
        data_type: tensor.dtype() as i32,
        raw_data,
        ..pb::TensorProto::default()
    })
}

trait Bytes: Copy {
    type List: IntoIterator<Item = u8>;
    fn bytes(self) -> Self::List;
}

macro_rules! bytes {
    ($($type:ty: $width:literal),*) => {$(
        impl Bytes for $type {
            type List = [u8; $width];
            fn bytes(self) -> Self::List {
                self.to_le_bytes()
            }
        }
    )*};
}
bytes!(f32: 4, f64: 8, half::f16: 2, i64: 8, i32: 4, i16: 2, i8: 1, u64: 8, u32: 4, u16: 2, u8: 1);

impl Bytes for bool {
    type List = [u8; 1];
    fn bytes(self) -> Self::List {
        [u8::from(self)]
    }
}

/// An attribute. Layers have numbers and texts only.
pub(super) fn attribute(name: &str, value: &AttributeValue<'_>) -> Result<pb::AttributeProto> {
    let mut made = pb::AttributeProto { name: name.to_owned(), ..pb::AttributeProto::default() };
    made.r#type = match value {
        AttributeValue::Float(value) => {
            made.f = *value;
            1
        }
        AttributeValue::Int(value) => {
            made.i = *value;
            2
        }
        AttributeValue::Text(value) => {
            made.s = value.to_vec();
            3
        }
        AttributeValue::Floats(values) => {
            made.floats.clone_from(values);
            6
        }
        AttributeValue::Ints(values) => {
            made.ints.clone_from(values);
            7
        }
        AttributeValue::Texts(values) => {
            made.strings = values.iter().map(|value| value.to_vec()).collect();
            8
        }
        _ => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"{name}\" must be a number, a text, or a list of them"),
            ));
        }
    };
    Ok(made)
}

/// An input's shape: a number per size, or the name of its symbol.
pub(super) fn dimension(size: Option<usize>, symbol: &str) -> pb::tensor_shape_proto::Dimension {
    use pb::tensor_shape_proto::dimension::Value;
    let value = match size {
        Some(size) => Value::DimValue(size as i64),
        None => Value::DimParam(symbol.to_owned()),
    };
    pb::tensor_shape_proto::Dimension { value: Some(value), ..Default::default() }
}
