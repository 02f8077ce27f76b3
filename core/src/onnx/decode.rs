//! `TensorProto` to [`Tensor`]: sizes are checked against the bytes present before anything is made.

use half::f16;

use super::proto::TensorProto;
use super::shape::{MAX_RANK, Shape};
use super::tensor::{DType, Data, Strings, Tensor};
use crate::error::{Error, ErrorCode, Result};

/// Decodes a tensor.
///
/// # Errors
/// [`ErrorCode::ModelExternalData`] where the data is elsewhere, [`ErrorCode::ModelUnsupported`] for
/// element types or ranks that the runtime lacks, [`ErrorCode::ModelInvalid`] where the data does not
/// fit the shape.
pub fn tensor(proto: &TensorProto<'_>) -> Result<Tensor> {
    if proto.external {
        return Err(Error::new(
            ErrorCode::ModelExternalData,
            format!("tensor \"{}\" is in another file; save the model with its data inside", proto.name),
        ));
    }
    let dtype = DType::from_onnx(proto.data_type).ok_or_else(|| {
        Error::new(
            ErrorCode::ModelUnsupported,
            format!("tensor \"{}\" has element type {}, which is not supported", proto.name, proto.data_type),
        )
    })?;
    let shape = shape(proto)?;
    let elements = shape.elements().ok_or_else(|| {
        Error::new(ErrorCode::ModelInvalid, format!("tensor \"{}\" has an impossible shape", proto.name))
    })?;
    let data = match proto.raw {
        Some(raw) => from_raw(proto, dtype, elements, raw)?,
        None => from_fields(proto, dtype)?,
    };
    let found = data.len();
    Tensor::new(shape, data).ok_or_else(|| {
        Error::new(
            ErrorCode::ModelInvalid,
            format!(
                "tensor \"{}\" of shape {shape} must have {elements} elements, found {found}",
                proto.name
            ),
        )
    })
}

fn shape(proto: &TensorProto<'_>) -> Result<Shape> {
    let mut shape = Shape::SCALAR;
    for &size in &proto.dims {
        let size = usize::try_from(size).map_err(|_| {
            Error::new(ErrorCode::ModelInvalid, format!("tensor \"{}\" has a negative size", proto.name))
        })?;
        if !shape.push(size) {
            return Err(Error::new(
                ErrorCode::ModelUnsupported,
                format!("tensor \"{}\" has more than {MAX_RANK} axes", proto.name),
            ));
        }
    }
    Ok(shape)
}

fn from_raw(proto: &TensorProto<'_>, dtype: DType, elements: usize, raw: &[u8]) -> Result<Data> {
    let filled = !proto.floats.is_empty()
        || !proto.ints32.is_empty()
        || !proto.ints64.is_empty()
        || !proto.doubles.is_empty()
        || !proto.uints64.is_empty()
        || !proto.texts.is_empty();
    if filled && !raw.is_empty() {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            format!("tensor \"{}\" has its data twice, as raw_data and as a typed field", proto.name),
        ));
    }
    if filled {
        return from_fields(proto, dtype);
    }
    if dtype == DType::Str || elements.checked_mul(dtype.width()) != Some(raw.len()) {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            format!(
                "tensor \"{}\" must have {elements} elements of {} bytes, raw_data has {} bytes",
                proto.name,
                dtype.width(),
                raw.len()
            ),
        ));
    }
    macro_rules! read {
        ($type:ty, $variant:ident, $width:literal) => {
            Data::$variant(
                raw.as_chunks::<$width>().0.iter().map(|bytes| <$type>::from_le_bytes(*bytes)).collect(),
            )
        };
    }
    Ok(match dtype {
        DType::F32 => read!(f32, F32, 4),
        DType::F64 => read!(f64, F64, 8),
        DType::F16 => read!(f16, F16, 2),
        DType::I64 => read!(i64, I64, 8),
        DType::I32 => read!(i32, I32, 4),
        DType::I16 => read!(i16, I16, 2),
        DType::I8 => read!(i8, I8, 1),
        DType::U64 => read!(u64, U64, 8),
        DType::U32 => read!(u32, U32, 4),
        DType::U16 => read!(u16, U16, 2),
        DType::U8 => Data::U8(raw.to_vec()),
        DType::Bool => Data::Bool(raw.iter().map(|&byte| byte != 0).collect()),
        DType::Str => return Err(Error::new(ErrorCode::Internal, "text has no raw data")),
    })
}

fn from_fields(proto: &TensorProto<'_>, dtype: DType) -> Result<Data> {
    let narrow = || {
        Error::new(
            ErrorCode::ModelInvalid,
            format!("tensor \"{}\" has a value that does not fit {}", proto.name, dtype.name()),
        )
    };
    macro_rules! narrow {
        ($field:ident, $type:ty, $variant:ident) => {
            Data::$variant(
                proto
                    .$field
                    .iter()
                    .map(|&value| <$type>::try_from(value).map_err(|_| narrow()))
                    .collect::<Result<Vec<_>>>()?,
            )
        };
    }
    Ok(match dtype {
        DType::F32 => Data::F32(proto.floats.clone()),
        DType::F64 => Data::F64(proto.doubles.clone()),
        DType::I64 => Data::I64(proto.ints64.clone()),
        DType::U64 => Data::U64(proto.uints64.clone()),
        DType::U32 => narrow!(uints64, u32, U32),
        DType::I32 => Data::I32(proto.ints32.clone()),
        DType::I16 => narrow!(ints32, i16, I16),
        DType::I8 => narrow!(ints32, i8, I8),
        DType::U16 => narrow!(ints32, u16, U16),
        DType::U8 => narrow!(ints32, u8, U8),
        DType::Bool => Data::Bool(proto.ints32.iter().map(|&value| value != 0).collect()),
        DType::F16 => Data::F16(
            proto
                .ints32
                .iter()
                .map(|&bits| u16::try_from(bits).map(f16::from_bits).map_err(|_| narrow()))
                .collect::<Result<Vec<_>>>()?,
        ),
        DType::Str => {
            let mut strings = Strings::default();
            for bytes in &proto.texts {
                strings.push(std::str::from_utf8(bytes).map_err(|_| {
                    Error::new(
                        ErrorCode::ModelInvalid,
                        format!("tensor \"{}\" has text that is not UTF-8", proto.name),
                    )
                })?);
            }
            Data::Str(strings)
        }
    })
}
