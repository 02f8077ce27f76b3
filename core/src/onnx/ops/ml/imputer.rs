//! Imputer: replaces one value, NaN most often, by another per feature. Features are along the last
//! axis, whatever axes are before it.

use super::features::{NUMBERS, check_width, numbers};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::Dim;
use crate::onnx::tensor::{DType, Element};

pub(super) const OPERATOR: Operator = Operator {
    domain: super::DOMAIN,
    name: "Imputer",
    versions: &[1],
    inputs: (1, 1),
    outputs: (1, 1),
    types: NUMBERS,
    build,
};

struct Imputer<T> {
    replaced: T,
    /// NaN equals nothing, itself neither, so it is looked for by another question.
    replaced_is_nan: bool,
    imputed: Vec<T>,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = numbers(spec, 0)?;
    let columns = match spec.input(0)?.dims.as_deref() {
        Some([.., Dim::Known(columns)]) => Some(*columns),
        _ => None,
    };
    let floats = spec.attributes.floats("imputed_value_floats")?.unwrap_or_default();
    let ints = spec.attributes.ints("imputed_value_int64s")?.unwrap_or_default();
    let replaced_float = spec.attributes.float("replaced_value_float")?.unwrap_or(0.0);
    let replaced_int = spec.attributes.int("replaced_value_int64")?.unwrap_or(0);
    let (name, len) = if dtype.is_float() {
        ("imputed_value_floats", floats.len())
    } else {
        ("imputed_value_int64s", ints.len())
    };
    if len == 0 || (len > 1 && columns.is_some_and(|columns| columns != len)) {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!(
                "attribute \"{name}\" has {len} values, an input of {} needs one or one per feature",
                dtype.name()
            ),
        ));
    }
    let output = Fact::shaped(dtype, spec.input(0)?.dims.clone());
    let narrow = |value: i64| {
        i32::try_from(value).map_err(|_| {
            Error::new(ErrorCode::ModelAttribute, format!("{value} does not fit the int32 of the input"))
        })
    };
    match dtype {
        DType::F32 => Built::one(
            Imputer {
                replaced: replaced_float,
                replaced_is_nan: replaced_float.is_nan(),
                imputed: floats.to_vec(),
            },
            output,
        ),
        DType::F64 => Built::one(
            Imputer {
                replaced: f64::from(replaced_float),
                replaced_is_nan: replaced_float.is_nan(),
                imputed: floats.iter().map(|&value| f64::from(value)).collect(),
            },
            output,
        ),
        DType::I32 => Built::one(
            Imputer {
                replaced: narrow(replaced_int)?,
                replaced_is_nan: false,
                imputed: ints.iter().map(|&value| narrow(value)).collect::<Result<Vec<_>>>()?,
            },
            output,
        ),
        _ => Built::one(
            Imputer { replaced: replaced_int, replaced_is_nan: false, imputed: ints.to_vec() },
            output,
        ),
    }
}

impl<T: Element + Send + Sync> Kernel for Imputer<T> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensor = io.tensor(0)?;
        let columns = tensor.shape().sizes().last().copied().unwrap_or(1);
        if self.imputed.len() > 1 {
            check_width(columns, self.imputed.len())?;
        }
        let values = io.elements::<T>(0)?;
        let out = io.output::<T>(0, *tensor.shape())?;
        let mut fill = self.imputed.iter().cycle();
        for (out, &value) in out.iter_mut().zip(values) {
            let fill = fill.next().copied().unwrap_or_default();
            // A value that differs from itself is NaN, whatever the type.
            #[allow(clippy::eq_op, reason = "this is how a generic type is asked for NaN")]
            let replace = if self.replaced_is_nan { value != value } else { value == self.replaced };
            *out = if replace { fill } else { value };
        }
        Ok(())
    }
}
