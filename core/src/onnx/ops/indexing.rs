//! Gather, GatherElements, GatherND, Compress: elements picked by index.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};
use crate::onnx::tensor::DType;

use super::axes::{axis_at_load, axis_within, integers};
use super::moving::{Taken, strides, transfer};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("Gather", &[1, 11, 13], (2, 2), "all", gather),
    plain("GatherElements", &[11, 13], (2, 2), "all", gather_elements),
    plain("GatherND", &[11, 12, 13], (2, 2), "all", gather_nd),
    plain("Compress", &[9, 11, 28], (2, 2), "all", compress),
];

/// Checks that input `at` holds indices: int32 or int64.
pub(super) fn index_input(spec: &NodeSpec<'_>, at: usize) -> Result<()> {
    match spec.dtype(at)? {
        DType::I32 | DType::I64 => Ok(()),
        _ => Err(spec.wrong_type(at, "tensor(int64) or tensor(int32)")),
    }
}

/// An index into an axis of `size`, negative ones counted from the end.
pub(super) fn index_within(index: i64, size: usize) -> Result<usize> {
    let at = if index < 0 { index.saturating_add(size as i64) } else { index };
    if (0..size as i64).contains(&at) {
        return Ok(at as usize);
    }
    Err(Error::new(ErrorCode::RunValue, format!("an index is out of range for an axis of size {size}")))
}

struct Gather {
    axis: i64,
}

fn gather(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    index_input(spec, 1)?;
    let axis = spec.attributes.int("axis")?.unwrap_or(0);
    let data = &spec.input(0)?.dims;
    let dims = match (data, &spec.input(1)?.dims, axis_at_load(axis, data.as_ref().map(Vec::len))?) {
        (Some(data), Some(indices), Some(axis)) => Some([&data[..axis], indices, &data[axis + 1..]].concat()),
        _ => None,
    };
    Built::one(Gather { axis }, Fact::shaped(dtype, dims))
}

impl Kernel for Gather {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, indices) = (io.tensor(0)?, io.tensor(1)?);
        let axis = axis_within(self.axis, data.shape().rank(), ErrorCode::InputShape)?;
        let (outer, size, block) = data.shape().split_at(axis);
        let sizes = data.shape().sizes();
        let shape = joined(&[&sizes[..axis], indices.shape().sizes(), &sizes[axis + 1..]])?;
        io.check(&shape)?;
        if shape.elements() == Some(0) {
            return nothing(io, shape);
        }
        let mut picks = std::mem::take(&mut io.scratch.usize);
        picks.clear();
        for &index in integers(indices).iter() {
            picks.push(index_within(index, size)?);
        }
        let count = picks.len();
        for row in 1..outer {
            for at in 0..count {
                picks.push(picks[at] + row * size);
            }
        }
        transfer(io, 0, 0, shape, &Taken { indices: &picks, block })?;
        io.scratch.usize = picks;
        Ok(())
    }
}

/// An output without elements.
fn nothing(io: &mut Io<'_>, shape: Shape) -> Result<()> {
    transfer(io, 0, 0, shape, &Taken { indices: &[], block: 1 })
}

/// A shape from parts side by side.
pub(super) fn joined(parts: &[&[usize]]) -> Result<Shape> {
    let mut shape = Shape::SCALAR;
    for &size in parts.iter().copied().flatten() {
        if !shape.push(size) {
            return Err(Error::new(ErrorCode::RunBudget, "the result has too many axes"));
        }
    }
    Ok(shape)
}

struct GatherElements {
    axis: i64,
}

fn gather_elements(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    index_input(spec, 1)?;
    let axis = spec.attributes.int("axis")?.unwrap_or(0);
    axis_at_load(axis, spec.input(0)?.rank())?;
    let dims = spec.input(1)?.dims.clone();
    Built::one(GatherElements { axis }, Fact::shaped(dtype, dims))
}

/// For each element of `indices`, the element of `data` at the same place but for `axis`, where the index
/// says. Also what ScatterElements writes to.
pub(super) fn element_places(
    data: &Shape,
    indices: &Shape,
    values: &[i64],
    axis: i64,
    places: &mut Vec<usize>,
) -> Result<()> {
    let axis = axis_within(axis, data.rank(), ErrorCode::InputShape)?;
    let fits = data.rank() == indices.rank()
        && data
            .sizes()
            .iter()
            .zip(indices.sizes())
            .enumerate()
            .all(|(at, (data, own))| at == axis || own <= data);
    if !fits {
        return Err(Error::new(
            ErrorCode::InputShape,
            format!("indices of shape {indices} do not fit data of {data}"),
        ));
    }
    let steps = strides(data);
    let size = data.sizes()[axis];
    let mut at = Shape::new(&[0; crate::onnx::shape::MAX_RANK][..data.rank()]).unwrap_or_default();
    places.clear();
    for &index in values {
        let mut place = index_within(index, size)? * steps[axis] as usize;
        for (other, &position) in at.sizes().iter().enumerate() {
            if other != axis {
                place += position * steps[other] as usize;
            }
        }
        places.push(place);
        for other in (0..indices.rank()).rev() {
            at.sizes_mut()[other] += 1;
            if at.sizes()[other] < indices.sizes()[other] {
                break;
            }
            at.sizes_mut()[other] = 0;
        }
    }
    Ok(())
}

impl Kernel for GatherElements {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, indices) = (io.tensor(0)?, io.tensor(1)?);
        let mut places = std::mem::take(&mut io.scratch.usize);
        element_places(data.shape(), indices.shape(), &integers(indices), self.axis, &mut places)?;
        transfer(io, 0, 0, *indices.shape(), &Taken { indices: &places, block: 1 })?;
        io.scratch.usize = places;
        Ok(())
    }
}

struct GatherNd {
    batch_dims: usize,
}

fn gather_nd(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    index_input(spec, 1)?;
    let batch_dims = if spec.opset >= 12 { spec.attributes.int("batch_dims")?.unwrap_or(0) } else { 0 };
    let batch_dims = usize::try_from(batch_dims).map_err(|_| {
        Error::new(ErrorCode::ModelAttribute, "attribute \"batch_dims\" must not be negative")
    })?;
    let dims = match (&spec.input(0)?.dims, &spec.input(1)?.dims) {
        (Some(data), Some(indices)) => match indices.split_last() {
            Some((Dim::Known(depth), outer)) if batch_dims + depth <= data.len() => {
                Some([outer, &data[batch_dims + depth..]].concat())
            }
            Some((Dim::Known(_), _)) | None => {
                return Err(Error::new(
                    ErrorCode::ModelShape,
                    "the indices have more parts than the data has axes",
                ));
            }
            _ => None,
        },
        _ => None,
    };
    Built::one(GatherNd { batch_dims }, Fact::shaped(dtype, dims))
}

/// For each index tuple, the block of `data` that it names. Also what ScatterND writes to. Returns the
/// elements per block.
pub(super) fn tuple_places(
    data: &Shape,
    indices: &Shape,
    values: &[i64],
    batch_dims: usize,
    places: &mut Vec<usize>,
) -> Result<usize> {
    let unfit =
        || Error::new(ErrorCode::InputShape, format!("indices of shape {indices} do not fit data of {data}"));
    let (&depth, outer) = indices.sizes().split_last().ok_or_else(unfit)?;
    let fits = batch_dims <= outer.len()
        && batch_dims.saturating_add(depth) <= data.rank()
        && data.sizes()[..batch_dims] == outer[..batch_dims];
    if !fits {
        return Err(unfit());
    }
    let sizes = data.sizes();
    let block: usize = sizes[batch_dims + depth..].iter().product();
    let batch: usize = sizes[batch_dims..batch_dims + depth].iter().product();
    let tuples: usize = outer.iter().product();
    let per_batch: usize = outer[batch_dims..].iter().product();
    places.clear();
    for tuple in 0..tuples {
        let mut place = 0;
        for part in 0..depth {
            let size = sizes[batch_dims + part];
            place = place * size + index_within(values[tuple * depth + part], size)?;
        }
        places.push(place + tuple / per_batch.max(1) * batch);
    }
    Ok(block)
}

impl Kernel for GatherNd {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, indices) = (*io.tensor(0)?.shape(), io.tensor(1)?);
        let unfit =
            || Error::new(ErrorCode::InputShape, "the indices have more parts than the data has axes");
        let (&depth, outer) = indices.shape().sizes().split_last().ok_or_else(unfit)?;
        let kept = data.sizes().get(self.batch_dims.saturating_add(depth)..).ok_or_else(unfit)?;
        let shape = joined(&[outer, kept])?;
        io.check(&shape)?;
        if shape.elements() == Some(0) {
            return nothing(io, shape);
        }
        let mut places = std::mem::take(&mut io.scratch.usize);
        let block = tuple_places(&data, indices.shape(), &integers(indices), self.batch_dims, &mut places)?;
        transfer(io, 0, 0, shape, &Taken { indices: &places, block })?;
        io.scratch.usize = places;
        Ok(())
    }
}

struct Compress {
    axis: Option<i64>,
}

fn compress(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if spec.dtype(1)? != DType::Bool {
        return Err(spec.wrong_type(1, "tensor(bool)"));
    }
    let axis = spec.attributes.int("axis")?;
    let data = &spec.input(0)?.dims;
    let dims = match (axis, data) {
        (None, _) => Some(vec![Dim::Unknown]),
        (Some(axis), Some(data)) => {
            let mut dims = data.clone();
            dims[axis_within(axis, data.len(), ErrorCode::ModelShape)?] = Dim::Unknown;
            Some(dims)
        }
        _ => None,
    };
    Built::one(Compress { axis }, Fact::shaped(dtype, dims))
}

impl Kernel for Compress {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (data, keep) = (*io.tensor(0)?.shape(), io.elements::<bool>(1)?);
        let (outer, size, block) = match self.axis {
            Some(axis) => data.split_at(axis_within(axis, data.rank(), ErrorCode::InputShape)?),
            None => (1, io.tensor(0)?.len(), 1),
        };
        if keep.len() > size {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("the condition has {} elements for an axis of size {size}", keep.len()),
            ));
        }
        let kept = keep.iter().filter(|keep| **keep).count();
        let mut shape = Shape::vector(kept);
        if let Some(axis) = self.axis {
            shape = data;
            shape.sizes_mut()[axis_within(axis, data.rank(), ErrorCode::InputShape)?] = kept;
        }
        if shape.elements() == Some(0) {
            return nothing(io, shape);
        }
        let mut picks = std::mem::take(&mut io.scratch.usize);
        picks.clear();
        for row in 0..outer {
            picks.extend(keep.iter().enumerate().filter(|(_, keep)| **keep).map(|(at, _)| row * size + at));
        }
        transfer(io, 0, 0, shape, &Taken { indices: &picks, block })?;
        io.scratch.usize = picks;
        Ok(())
    }
}
