//! A list of numbers that an attribute holds as floats, or as a tensor where they are doubles.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;
use crate::onnx::tensor::{Data, Tensor};

/// The list.
pub(super) enum Numbers<'m> {
    Floats(&'m [f32]),
    Tensor(Tensor),
}

impl<'m> Numbers<'m> {
    /// Reads attribute `name` as a list of floats or, where `as_tensor` is given, that attribute as a
    /// tensor; both is an error. Without `as_tensor`, `name` itself is a tensor.
    pub(super) fn read(spec: &NodeSpec<'m>, name: &str, as_tensor: Option<&str>) -> Result<Self> {
        let floats =
            if as_tensor.is_some() { spec.attributes.floats(name)?.unwrap_or_default() } else { &[] };
        let tensor = spec.attributes.tensor(as_tensor.unwrap_or(name))?;
        match tensor {
            None => Ok(Self::Floats(floats)),
            Some(tensor) if floats.is_empty() => match tensor.data() {
                Data::F32(_) | Data::F64(_) | Data::F16(_) => Ok(Self::Tensor(tensor)),
                _ => Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!(
                        "attribute \"{}\" must be a tensor of floats or doubles",
                        as_tensor.unwrap_or(name)
                    ),
                )),
            },
            Some(_) => Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"{name}\" is given twice, as floats and as a tensor"),
            )),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Floats(list) => list.len(),
            Self::Tensor(tensor) => tensor.len(),
        }
    }

    /// Whether they are doubles.
    pub(super) const fn is_double(&self) -> bool {
        if let Self::Tensor(tensor) = self { matches!(tensor.data(), Data::F64(_)) } else { false }
    }

    /// Number `at`; NaN where there is none.
    pub(super) fn get(&self, at: usize) -> f64 {
        let found = match self {
            Self::Floats(list) => list.get(at).map(|&value| f64::from(value)),
            Self::Tensor(tensor) => match tensor.data() {
                Data::F64(list) => list.get(at).copied(),
                Data::F32(list) => list.get(at).map(|&value| f64::from(value)),
                Data::F16(list) => list.get(at).map(|&value| f64::from(value)),
                _ => None,
            },
        };
        found.unwrap_or(f64::NAN)
    }

    /// All of them in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }
}
