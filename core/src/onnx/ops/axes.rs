//! Axes and other short lists of integers: an attribute in one version of an operator, an input in
//! the next, and often a constant that can be read once at load.

use std::borrow::Cow;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Io, NodeSpec};
use crate::onnx::shape::{Dim, MAX_RANK, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::compute::Compute;

/// A list of integers that an operator needs.
pub(super) enum Integers {
    /// Left out by the node.
    Absent,
    /// Known at load: an attribute or a constant input.
    Fixed(Vec<i64>),
    /// Read from this input at each run.
    Input(usize),
}

impl Integers {
    /// The list that is input `at`: int32 or int64, at most one axis.
    pub(super) fn input(spec: &NodeSpec<'_>, at: usize) -> Result<Self> {
        let Some(fact) = spec.inputs.get(at).and_then(Option::as_ref) else { return Ok(Self::Absent) };
        if !matches!(fact.dtype(), Some(DType::I32 | DType::I64)) {
            return Err(spec.wrong_type(at, "tensor(int64)"));
        }
        if fact.rank().is_some_and(|rank| rank > 1) {
            return Err(Error::new(ErrorCode::ModelShape, format!("input {at} must have at most one axis")));
        }
        Ok(fact
            .constant
            .as_deref()
            .map_or(Self::Input(at), |tensor| Self::Fixed(integers(tensor).into_owned())))
    }

    /// The list that is attribute `name` before operator set `since`, and input `at` from then on.
    pub(super) fn attribute_until(spec: &NodeSpec<'_>, name: &str, since: i64, at: usize) -> Result<Self> {
        if spec.opset >= since {
            return Self::input(spec, at);
        }
        if spec.inputs.len() > at {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!("input {at} exists from operator set {since} on; before, it is attribute \"{name}\""),
            ));
        }
        Ok(spec.attributes.ints(name)?.map_or(Self::Absent, |list| Self::Fixed(list.to_vec())))
    }

    /// The list, where it is known at load.
    pub(super) fn fixed(&self) -> Option<&[i64]> {
        if let Self::Fixed(list) = self { Some(list) } else { None }
    }

    /// Whether the node leaves the list out.
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The list for this run, or `None` where the node leaves it out.
    pub(super) fn get<'a>(&'a self, io: &Io<'a>) -> Result<Option<Cow<'a, [i64]>>> {
        match self {
            Self::Absent => Ok(None),
            Self::Fixed(list) => Ok(Some(Cow::Borrowed(list))),
            Self::Input(at) => {
                let tensor = io.tensor(*at)?;
                if tensor.shape().rank() > 1 {
                    return Err(Error::new(
                        ErrorCode::InputShape,
                        format!("input {at} has shape {}, must have at most one axis", tensor.shape()),
                    ));
                }
                Ok(Some(integers(tensor)))
            }
        }
    }

    /// The list for this run, which the operator cannot do without.
    pub(super) fn require<'a>(&'a self, io: &Io<'a>) -> Result<Cow<'a, [i64]>> {
        self.get(io)?
            .ok_or_else(|| Error::new(ErrorCode::ModelInvalid, "a required list of integers is missing"))
    }
}

/// The elements of an integer tensor as int64, copied only where they are of another type.
pub(super) fn integers(tensor: &Tensor) -> Cow<'_, [i64]> {
    tensor.elements::<i64>().map_or_else(
        || {
            let mut list = vec![0; tensor.len()];
            i64::widen(tensor.data(), 0, &mut list);
            Cow::Owned(list)
        },
        Cow::Borrowed,
    )
}

/// A set of axes of one tensor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct AxisSet(u8);

impl AxisSet {
    /// Every axis of a tensor of this rank.
    pub(super) const fn all(rank: usize) -> Self {
        Self(((1u16 << rank) - 1) as u8)
    }

    /// The axes in `list`, negative ones counted from the end; an error for one that is out of range
    /// or listed twice.
    pub(super) fn new(list: &[i64], rank: usize, code: ErrorCode) -> Result<Self> {
        let mut set = Self(0);
        for &axis in list {
            let at = axis_within(axis, rank, code)?;
            if set.has(at) {
                return Err(Error::new(code, format!("axis {axis} is listed twice")));
            }
            set.0 |= 1 << at;
        }
        Ok(set)
    }

    /// Whether the axis is in the set.
    pub(super) const fn has(self, axis: usize) -> bool {
        axis < MAX_RANK && self.0 & (1 << axis) != 0
    }
}

/// An axis as models write it as an index below `rank`, or an error with `code`.
pub(super) fn axis_within(axis: i64, rank: usize, code: ErrorCode) -> Result<usize> {
    let at = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    if (0..rank as i64).contains(&at) {
        Ok(at as usize)
    } else {
        Err(Error::new(code, format!("axis {axis} is out of range for a tensor of {rank} axes")))
    }
}

/// Checks an axis at load, as far as the rank is known, and gives its index if it is.
pub(super) fn axis_at_load(axis: i64, rank: Option<usize>) -> Result<Option<usize>> {
    rank.map(|rank| axis_within(axis, rank, ErrorCode::ModelShape)).transpose()
}

/// A run-time shape from its sizes.
pub(super) fn shape_of(sizes: &[usize]) -> Result<Shape> {
    Shape::new(sizes)
        .ok_or_else(|| Error::new(ErrorCode::RunBudget, format!("a tensor has more than {MAX_RANK} axes")))
}

/// A size as models write it: not negative, and no more than the machine can count.
pub(super) fn size(value: i64) -> Result<usize> {
    usize::try_from(value).map_err(|_| {
        let code = if value < 0 { ErrorCode::RunValue } else { ErrorCode::RunBudget };
        Error::new(code, "a size is negative or beyond counting")
    })
}

/// The shape as axes known at load.
pub(super) fn known(sizes: &[usize]) -> Vec<Dim> {
    sizes.iter().map(|&size| Dim::Known(size)).collect()
}

/// Sizes where every one is known.
pub(super) fn all_known(dims: &[Dim]) -> Option<Vec<usize>> {
    dims.iter().map(|dim| if let Dim::Known(size) = dim { Some(*size) } else { None }).collect()
}

/// As many axes as `rank`, none known.
pub(super) fn unknown(rank: usize) -> Vec<Dim> {
    vec![Dim::Unknown; rank]
}
