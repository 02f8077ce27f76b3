//! CenterCropPad and TensorScatter: a tensor cut or framed about its middle, and a cache written to.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::{MAX_RANK, Shape};
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::{AxisSet, Integers, axis_at_load, axis_within, integers, size, unknown};
use super::super::moving::{Pass, Placed, Strided, assemble, strides, zero};

/// Cuts off at both ends of some axes, or adds zeros there.
struct Centre {
    sizes: Integers,
    axes: Option<Vec<i64>>,
}

pub(super) fn build_centre(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = Fact::shaped(spec.dtype(0)?, spec.input(0)?.rank().map(unknown));
    spec.input(1)?;
    let kernel =
        Centre { sizes: Integers::input(spec, 1)?, axes: spec.attributes.ints("axes")?.map(<[i64]>::to_vec) };
    Built::one(kernel, fact)
}

enum Step {
    Clear,
    Copy(Box<Strided>),
}

impl Pass for Step {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        match self {
            Self::Clear => target.fill(source[0]),
            Self::Copy(copy) => copy.run(source, target),
        }
    }
}

impl Kernel for Centre {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let shape = *input.shape();
        let sizes = self.sizes.require(io)?;
        let all: Vec<i64> = (0..shape.rank() as i64).collect();
        let axes = self.axes.as_deref().unwrap_or(&all);
        AxisSet::new(axes, shape.rank(), ErrorCode::InputShape)?;
        if axes.len() != sizes.len() {
            return Err(Error::new(
                ErrorCode::InputShape,
                format!("{} sizes are given for {} axes", sizes.len(), axes.len()),
            ));
        }
        let mut result = shape;
        for (&axis, &wanted) in axes.iter().zip(sizes.iter()) {
            let axis = axis_within(axis, shape.rank(), ErrorCode::InputShape)?;
            result.sizes_mut()[axis] = size(wanted)?;
        }
        io.check(&result)?;
        let (from, to) = (strides(&shape), strides(&result));
        let (mut starts, mut kept) = ([0usize; 2], [0usize; MAX_RANK]);
        for (axis, (&old, &new)) in shape.sizes().iter().zip(result.sizes()).enumerate() {
            starts[0] += old.saturating_sub(new) / 2 * from[axis] as usize;
            starts[1] += new.saturating_sub(old) / 2 * to[axis] as usize;
            kept[axis] = old.min(new);
        }
        let mut copy = Strided::new(starts[0], starts[1]);
        for axis in 0..shape.rank() {
            copy = copy.within(kept[axis], from[axis], to[axis]);
        }
        let empty = zero(input.dtype());
        let steps = [(&empty, Step::Clear), (input, Step::Copy(Box::new(copy)))];
        let steps = steps
            .iter()
            .filter(|(_, step)| !matches!(step, Step::Copy(_)) || !kept[..shape.rank()].contains(&0));
        assemble(io, 0, input.dtype(), result, steps.map(|(tensor, step)| (*tensor, step)))
    }
}

/// Writes an update into a cache, for each item of the batch from another place on.
struct Write {
    axis: i64,
    circular: bool,
}

pub(super) fn build_write(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if spec.dtype(1)? != dtype {
        return Err(spec.wrong_type(1, &format!("tensor({}) like input 0", dtype.name())));
    }
    if spec.inputs.get(2).is_some_and(Option::is_some) && spec.dtype(2)? != DType::I64 {
        return Err(spec.wrong_type(2, "tensor(int64)"));
    }
    let circular = match spec.attributes.text("mode")?.unwrap_or("linear") {
        "linear" => false,
        "circular" => true,
        other => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"mode\" is \"{other}\", must be linear or circular"),
            ));
        }
    };
    let axis = spec.attributes.int("axis")?.unwrap_or(-2);
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    if axis_at_load(axis, fact.rank())? == Some(0) {
        return Err(Error::new(ErrorCode::ModelAttribute, "attribute \"axis\" cannot be that of the batch"));
    }
    Built::one(Write { axis, circular }, fact)
}

impl Write {
    /// Where each line of the update goes.
    fn places(&self, cache: &Shape, update: &Shape, starts: Option<&[i64]>) -> Result<(Vec<usize>, usize)> {
        let unfit = || {
            Error::new(
                ErrorCode::InputShape,
                format!("an update of shape {update} does not fit into {cache}"),
            )
        };
        let axis = axis_within(self.axis, cache.rank(), ErrorCode::InputShape)?;
        let batch = cache.sizes().first().copied().filter(|_| axis > 0).ok_or_else(unfit)?;
        let mut fitting = *cache;
        let (length, lines) = (cache.sizes()[axis], update.sizes().get(axis).copied().unwrap_or(0));
        fitting.sizes_mut()[axis] = lines;
        if fitting != *update || lines > length || starts.is_some_and(|starts| starts.len() != batch) {
            return Err(unfit());
        }
        let (outer, _, inner) = update.split_at(axis);
        let mut places = Vec::with_capacity(outer.saturating_mul(lines).min(update.elements().unwrap_or(0)));
        if update.elements() == Some(0) {
            return Ok((places, 1));
        }
        for row in 0..outer {
            let start = starts.map_or(0, |starts| starts[row / (outer / batch)]);
            for line in 0..lines {
                let place = start.saturating_add(line as i64);
                let place = if self.circular { place.rem_euclid(length as i64) } else { place };
                let place = usize::try_from(place).ok().filter(|&place| place < length).ok_or_else(|| {
                    Error::new(ErrorCode::RunValue, "an update would be written beyond the end of its cache")
                })?;
                places.push(row * length + place);
            }
        }
        Ok((places, inner))
    }
}

impl Kernel for Write {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (cache, update) = (io.tensor(0)?, io.tensor(1)?);
        let starts = io.try_tensor(2).map(integers);
        let (indices, block) = self.places(cache.shape(), update.shape(), starts.as_deref())?;
        let steps: [(&Tensor, &Placed<'_>); 2] =
            [(cache, &Placed::All), (update, &Placed::At { indices: &indices, block })];
        assemble(io, 0, cache.dtype(), *cache.shape(), steps)
    }
}
