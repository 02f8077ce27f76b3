//! Operators that keep the elements as they are and change the shape at most: Identity, Reshape,
//! Flatten, Squeeze, Unsqueeze, and Dropout, which does nothing outside training.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::ExplainPart;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::DType;

use super::axes::{AxisSet, Integers, axis_within, shape_of, size, unknown};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Identity", &[1, 13, 14, 16, 19, 21, 23, 24, 25], (1, 1), "all, sequence, optional", |spec| {
        let fact = spec.input(0)?.clone();
        Built::one(Identity, fact)
    }),
    plain("Reshape", &[5, 13, 14, 19, 21, 23, 24, 25], (2, 2), "all", reshape),
    plain("Flatten", &[1, 9, 11, 13, 21, 23, 24, 25], (1, 1), "all", flatten),
    plain("Squeeze", &[1, 11, 13, 21, 23, 24, 25], (1, 2), "all", squeeze),
    plain("Unsqueeze", &[1, 11, 13, 21, 23, 24, 25], (1, 2), "all", unsqueeze),
    Operator {
        outputs: (1, 2),
        ..plain("Dropout", &[7, 10, 12, 13, 22], (1, 3), "float, double, float16", dropout)
    },
];

/// Copies input 0 to output 0 with another shape of as many elements.
fn copy_as(io: &mut Io<'_>, shape: Shape) -> Result<()> {
    let input = io.tensor(0)?;
    let output = io.output_tensor(0)?;
    output.copy_from(input);
    if output.reshape(shape) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InputShape,
        format!("a tensor of shape {} cannot become one of shape {shape}", input.shape()),
    ))
}

struct Identity;

impl Kernel for Identity {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let inputs = io.inputs;
        io.output_value(0)?.copy_input(inputs, 0)
    }

    fn explain_part(&self) -> Option<ExplainPart<'_>> {
        Some(ExplainPart::Same)
    }
}

/// The new shape: 0 copies the size at the same place (unless `allow_zero`), -1 takes what is left.
struct Reshape {
    shape: Integers,
    allow_zero: bool,
}

fn reshape(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let allow_zero = spec.opset >= 14 && spec.attributes.flag("allowzero", false)?;
    let shape = Integers::input(spec, 1)?;
    let dims = match shape.fixed() {
        Some(wanted) => reshaped_dims(&spec.input(0)?.dims, wanted, allow_zero)?,
        None => match spec.input(1)?.dims.as_deref() {
            Some([Dim::Known(rank)]) if *rank <= crate::onnx::shape::MAX_RANK => Some(unknown(*rank)),
            _ => None,
        },
    };
    Built::one(Reshape { shape, allow_zero }, Fact::shaped(dtype, dims))
}

/// The shape after a Reshape as far as it is known: sizes at a 0 are carried over, symbols included, and
/// -1 is solved where the rest is known or is the same symbol on both sides.
fn reshaped_dims(from: &DimList, wanted: &[i64], allow_zero: bool) -> Result<DimList> {
    if wanted.iter().filter(|&&size| size == -1).count() > 1 || wanted.iter().any(|&size| size < -1) {
        return Err(Error::new(
            ErrorCode::ModelShape,
            "a shape may hold sizes, 0 and at most one -1, found another negative number",
        ));
    }
    let mut dims = Vec::with_capacity(wanted.len());
    for (axis, &size) in wanted.iter().enumerate() {
        dims.push(match (size, from) {
            (0, Some(from)) if !allow_zero => from.get(axis).cloned().ok_or_else(|| {
                Error::new(
                    ErrorCode::ModelShape,
                    format!("the size of axis {axis} is copied from an axis that is not there"),
                )
            })?,
            (0, None) if !allow_zero => Dim::Unknown,
            (-1, _) => Dim::Unknown,
            (size, _) => Dim::Known(usize::try_from(size).unwrap_or(usize::MAX)),
        });
    }
    let Some(from) = from else { return Ok(Some(dims)) };
    let mut left: Vec<&Dim> = from.iter().collect();
    let mut known_to = 1usize;
    let mut open = false;
    for (axis, dim) in dims.iter().enumerate() {
        match dim {
            Dim::Known(size) => known_to = known_to.saturating_mul(*size),
            _ if wanted[axis] == -1 => {}
            dim => match left.iter().position(|&other| other == dim && *dim != Dim::Unknown) {
                Some(at) => {
                    left.remove(at);
                }
                None => open = true,
            },
        }
    }
    let mut known_from = 1usize;
    let mut symbols = Vec::new();
    for dim in left {
        match dim {
            Dim::Known(size) => known_from = known_from.saturating_mul(*size),
            dim => symbols.push(dim.clone()),
        }
    }
    let solved = match symbols.as_slice() {
        _ if open || known_to == 0 => return Ok(Some(dims)),
        [] if known_from.is_multiple_of(known_to) => Dim::Known(known_from / known_to),
        [Dim::Symbol(name)] if known_from == known_to => Dim::Symbol(name.clone()),
        [] => {
            return Err(Error::new(
                ErrorCode::ModelShape,
                format!("{known_from} elements cannot be laid out in groups of {known_to}"),
            ));
        }
        _ => return Ok(Some(dims)),
    };
    match wanted.iter().position(|&size| size == -1) {
        Some(axis) => dims[axis] = solved,
        None if matches!(solved, Dim::Known(groups) if groups != 1) => {
            return Err(Error::new(
                ErrorCode::ModelShape,
                format!("{known_from} elements cannot become {known_to}"),
            ));
        }
        None => {}
    }
    Ok(Some(dims))
}

impl Kernel for Reshape {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let wanted = self.shape.require(io)?;
        let from = *io.tensor(0)?.shape();
        let mut sizes = Shape::SCALAR;
        let mut rest = None;
        for (axis, &value) in wanted.iter().enumerate() {
            let value = match value {
                0 if !self.allow_zero => *from.sizes().get(axis).ok_or_else(|| {
                    Error::new(
                        ErrorCode::InputShape,
                        format!("a tensor of shape {from} has no axis {axis} to copy"),
                    )
                })?,
                -1 if rest.is_none() => {
                    rest = Some(axis);
                    1
                }
                value => size(value)?,
            };
            if !sizes.push(value) {
                return Err(Error::new(ErrorCode::RunBudget, "the new shape has too many axes"));
            }
        }
        if let Some(axis) = rest {
            let (total, others) = (from.elements().unwrap_or(0), sizes.elements().unwrap_or(0));
            // With no elements on both sides any size would do; ONNX Runtime takes 0.
            sizes.sizes_mut()[axis] = total.checked_div(others).unwrap_or(0);
        }
        copy_as(io, sizes)
    }
}

struct Flatten {
    axis: i64,
}

fn flatten(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axis = spec.attributes.int("axis")?.unwrap_or(1);
    let dims = spec.input(0)?.dims.clone();
    let dims = match dims {
        Some(dims) => {
            let at = flatten_axis(axis, dims.len(), ErrorCode::ModelShape)?;
            Some(vec![product(&dims[..at]), product(&dims[at..])])
        }
        None => Some(unknown(2)),
    };
    Built::one(Flatten { axis }, Fact::shaped(dtype, dims))
}

/// Like any axis, but the rank itself is allowed too.
fn flatten_axis(axis: i64, rank: usize, code: ErrorCode) -> Result<usize> {
    if axis == rank as i64 { Ok(rank) } else { axis_within(axis, rank, code) }
}

fn product(dims: &[Dim]) -> Dim {
    let mut known = 1usize;
    let mut other = None;
    for dim in dims {
        match dim {
            Dim::Known(size) => known = known.saturating_mul(*size),
            dim if other.is_none() => other = Some(dim.clone()),
            _ => return Dim::Unknown,
        }
    }
    match other {
        None => Dim::Known(known),
        Some(dim) if known == 1 => dim,
        Some(_) => Dim::Unknown,
    }
}

impl Kernel for Flatten {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        let at = flatten_axis(self.axis, from.rank(), ErrorCode::InputShape)?;
        let rows = from.sizes()[..at].iter().product();
        let columns = from.sizes()[at..].iter().product();
        copy_as(io, Shape::matrix(rows, columns))
    }
}

struct Squeeze {
    axes: Integers,
}

fn squeeze(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axes = Integers::attribute_until(spec, "axes", 13, 1)?;
    let dims = match (&spec.input(0)?.dims, axes.fixed()) {
        (Some(dims), Some(list)) => {
            let set = AxisSet::new(list, dims.len(), ErrorCode::ModelShape)?;
            for (axis, dim) in dims.iter().enumerate() {
                if set.has(axis) && matches!(dim, Dim::Known(size) if *size != 1) {
                    return Err(Error::new(
                        ErrorCode::ModelShape,
                        format!("axis {axis} is squeezed but is not 1"),
                    ));
                }
            }
            Some(
                dims.iter()
                    .enumerate()
                    .filter(|(axis, _)| !set.has(*axis))
                    .map(|(_, dim)| dim.clone())
                    .collect(),
            )
        }
        (Some(dims), None) if axes.is_absent() && dims.iter().all(|dim| matches!(dim, Dim::Known(_))) => {
            Some(dims.iter().filter(|dim| **dim != Dim::Known(1)).cloned().collect())
        }
        _ => None,
    };
    Built::one(Squeeze { axes }, Fact::shaped(dtype, dims))
}

impl Kernel for Squeeze {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        let axes = self.axes.get(io)?;
        let set = axes.map(|list| AxisSet::new(&list, from.rank(), ErrorCode::InputShape)).transpose()?;
        let mut to = Shape::SCALAR;
        for (axis, &size) in from.sizes().iter().enumerate() {
            let goes = set.map_or(size == 1, |set| set.has(axis));
            if goes && size != 1 {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("axis {axis} is squeezed, so it must be 1; the shape is {from}"),
                ));
            }
            // Cannot fail: no more axes than before.
            let _ = goes || to.push(size);
        }
        copy_as(io, to)
    }
}

struct Unsqueeze {
    axes: Integers,
}

fn unsqueeze(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let axes = Integers::attribute_until(spec, "axes", 13, 1)?;
    if axes.is_absent() {
        return Err(Error::new(ErrorCode::ModelAttribute, "the axes to insert are missing"));
    }
    let dims = match (&spec.input(0)?.dims, axes.fixed()) {
        (Some(dims), Some(list)) => {
            let set = AxisSet::new(list, inserted_rank(dims.len(), list.len())?, ErrorCode::ModelShape)?;
            let mut old = dims.iter();
            let next = |axis| if set.has(axis) { Some(Dim::Known(1)) } else { old.next().cloned() };
            (0..dims.len() + list.len()).map(next).collect()
        }
        _ => None,
    };
    Built::one(Unsqueeze { axes }, Fact::shaped(dtype, dims))
}

fn inserted_rank(rank: usize, inserted: usize) -> Result<usize> {
    let rank = rank.saturating_add(inserted);
    if rank > crate::onnx::shape::MAX_RANK {
        return Err(Error::new(ErrorCode::RunBudget, format!("a tensor would have {rank} axes")));
    }
    Ok(rank)
}

impl Kernel for Unsqueeze {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let list = self.axes.require(io)?;
        let from = *io.tensor(0)?.shape();
        let rank = inserted_rank(from.rank(), list.len())?;
        let set = AxisSet::new(&list, rank, ErrorCode::InputShape)?;
        let mut old = from.sizes().iter();
        let mut sizes = [1; crate::onnx::shape::MAX_RANK];
        for (axis, size) in sizes[..rank].iter_mut().enumerate() {
            if !set.has(axis) {
                *size = old.next().copied().unwrap_or(1);
            }
        }
        copy_as(io, shape_of(&sizes[..rank])?)
    }
}

struct Dropout;

/// Outside training the data passes through and the mask is all true. A training flag that is set, or
/// that only the run would tell, is refused: what would be dropped is random.
fn dropout(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    if spec.opset >= 12 {
        spec.attributes.int("seed")?;
        let given = spec.inputs.get(2).is_some_and(Option::is_some);
        let off = spec.constant(2).and_then(|flag| flag.elements::<bool>()) == Some(&[false]);
        if given && !off {
            return Err(Error::new(ErrorCode::ModelUnsupported, "training_mode must be a constant false"));
        }
    } else {
        spec.attributes.float("ratio")?;
    }
    let mask = Fact::shaped(DType::Bool, fact.dims.clone());
    Ok(Built { kernel: Box::new(Dropout), outputs: vec![fact, mask] })
}

impl Kernel for Dropout {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        io.output_tensor(0)?.copy_from(input);
        if io.wants(1) {
            io.output::<bool>(1, *input.shape())?.fill(true);
        }
        Ok(())
    }
}
