//! What undoes windows: Col2Im adds blocks where they came from, MaxUnpool puts maxima back; AffineGrid.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};

use super::super::axes::{Integers, shape_of, size, unknown};
use super::super::compute::{Class, Compute, Store, by_class, class, whole};
use super::window::Window;

/// Adds each block of a column where the window was.
struct Blocks {
    window: Window,
    image: Integers,
    block: Integers,
}

pub(super) fn build_blocks(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if matches!(class(dtype), Class::Text) || dtype == DType::Bool {
        return Err(spec.wrong_type(0, "a tensor of numbers"));
    }
    let kernel = Blocks {
        window: Window::plain(spec)?,
        image: Integers::input(spec, 1)?,
        block: Integers::input(spec, 2)?,
    };
    Built::one(kernel, Fact::tensor(dtype))
}

impl Blocks {
    fn run_in<C: Compute>(&self, io: &mut Io<'_>) -> Result<()> {
        let input = io.tensor(0)?;
        let unfit = |message: &str| Error::new(ErrorCode::InputShape, message.to_owned());
        let &[batch, rows, columns] = input.shape().sizes() else {
            return Err(unfit("input 0 must have three axes"));
        };
        let block = sizes(&self.block.require(io)?)?;
        let image = sizes(&self.image.require(io)?)?;
        let taps = block.iter().try_fold(1usize, |taps, &size| taps.checked_mul(size)).unwrap_or(0);
        if taps == 0 || !rows.is_multiple_of(taps) {
            return Err(unfit("the rows of input 0 must be a multiple of the block's size"));
        }
        let channels = rows / taps;
        let shape = shape_of(&[&[batch, channels], &image[..]].concat())?;
        io.check(&shape)?;
        let placed = self.window.place(&shape, &block)?;
        if placed.windows() != columns {
            return Err(unfit("the columns of input 0 must be as many as blocks fit the image"));
        }
        placed.check_work(batch.saturating_mul(channels))?;
        let mut space = Vec::new();
        let values = whole::<C>(input.data(), &mut space);
        let cells = placed.inputs();
        let mut out = vec![C::default(); shape.elements().unwrap_or(0)];
        for plane in 0..batch * channels {
            let image = &mut out[plane * cells..][..cells];
            let blocks = &values[plane * taps * columns..][..taps * columns];
            for window in 0..columns {
                placed.visit(window, |cell| {
                    if let Some(place) = cell.input {
                        image[place] = image[place].plus(blocks[cell.tap * columns + window]);
                    }
                });
            }
        }
        let dtype = input.dtype();
        C::narrow(&out, io.output_tensor(0)?.reset_as(dtype, shape), 0);
        Ok(())
    }
}

fn sizes(list: &[i64]) -> Result<Vec<usize>> {
    list.iter().map(|&value| size(value)).collect()
}

impl Kernel for Blocks {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let dtype = io.tensor(0)?.dtype();
        by_class!(dtype, C => self.run_in::<C>(io), _ => Ok(()))
    }
}

/// Puts each value where its index says, among zeros.
struct Places {
    kernel: Vec<usize>,
    strides: Vec<usize>,
    pads: Vec<usize>,
    shape: Integers,
}

pub(super) fn build_places(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    if spec.dtype(1)? != DType::I64 {
        return Err(spec.wrong_type(1, "tensor(int64)"));
    }
    let list = |name: &str| spec.attributes.ints(name)?.map(sizes).transpose();
    let kernel = list("kernel_shape")?.ok_or_else(|| {
        Error::new(ErrorCode::ModelAttribute, "attribute \"kernel_shape\" is required".to_owned())
    })?;
    let strides = list("strides")?.unwrap_or_else(|| vec![1; kernel.len()]);
    let pads = list("pads")?.unwrap_or_else(|| vec![0; 2 * kernel.len()]);
    if strides.len() != kernel.len() || pads.len() != 2 * kernel.len() {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            "attributes \"kernel_shape\", \"strides\" and \"pads\" must fit one another",
        ));
    }
    let rank = spec.input(0)?.rank();
    let kernel = Places { kernel, strides, pads, shape: Integers::input(spec, 2)? };
    Built::one(kernel, Fact::shaped(dtype, rank.map(unknown)))
}

impl Places {
    /// The shape that the indices count in.
    fn counted(&self, shape: &Shape) -> Option<Shape> {
        let axes = self.kernel.len();
        let mut counted = *shape;
        if shape.rank() != axes + 2 {
            return None;
        }
        for (at, slot) in counted.sizes_mut()[2..].iter_mut().enumerate() {
            let pads = self.pads[at].checked_add(self.pads[axes + at])?;
            let steps = slot.checked_sub(1)?.checked_mul(self.strides[at])?;
            *slot = steps.checked_add(self.kernel[at])?.checked_sub(pads)?;
        }
        counted.volume().map(|_| counted)
    }
}

impl Kernel for Places {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let (input, indices) = (io.tensor(0)?, io.tensor(1)?);
        let unfit = |message: &str| Error::new(ErrorCode::InputShape, message.to_owned());
        let counted = self
            .counted(input.shape())
            .ok_or_else(|| unfit("the window does not fit the shape of input 0"))?;
        if indices.shape() != input.shape() {
            return Err(unfit("the indices must have the shape of input 0"));
        }
        let result = match self.shape.get(io)? {
            Some(list) => shape_of(&sizes(&list)?)?,
            None => counted,
        };
        let fits = result.sizes().iter().zip(counted.sizes()).all(|(to, from)| to >= from);
        if result.rank() != counted.rank() || !fits {
            return Err(unfit("output_shape must be at least what the window gives"));
        }
        io.check(&result)?;
        let mut places = Vec::with_capacity(indices.len());
        for &index in indices.elements::<i64>().unwrap_or(&[]) {
            let mut rest = size(index)?;
            let (mut place, mut step) = (0, 1);
            for (&from, &to) in counted.sizes().iter().zip(result.sizes()).rev() {
                place += rest % from.max(1) * step;
                rest /= from.max(1);
                step *= to;
            }
            if rest > 0 || counted.elements() == Some(0) {
                return Err(Error::new(
                    ErrorCode::RunValue,
                    format!("index {index} is outside of {counted}"),
                ));
            }
            places.push(place);
        }
        match class(input.dtype()) {
            Class::F64 => put::<f64>(io, input, &places, result),
            _ => put::<f32>(io, input, &places, result),
        }
    }
}

/// Makes output 0 zeros but for the input's values at these places.
fn put<C: Compute>(io: &mut Io<'_>, input: &Tensor, places: &[usize], shape: Shape) -> Result<()> {
    let mut space = Vec::new();
    let mut out = vec![C::default(); shape.elements().unwrap_or(0)];
    for (&place, &value) in places.iter().zip(whole::<C>(input.data(), &mut space)) {
        out[place] = value;
    }
    C::narrow(&out, io.output_tensor(0)?.reset_as(input.dtype(), shape), 0);
    Ok(())
}

/// Where each cell of an output looks for itself in the input, by an affine map.
struct Grid {
    size: Integers,
    align: bool,
}

pub(super) fn build_grid(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    if !dtype.is_float() {
        return Err(spec.wrong_type(0, "a tensor of floats"));
    }
    let kernel =
        Grid { size: Integers::input(spec, 1)?, align: spec.attributes.flag("align_corners", false)? };
    Built::one(kernel, Fact::tensor(dtype))
}

impl Kernel for Grid {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let theta = io.tensor(0)?;
        let unfit = || {
            let message = format!("an affine map of shape {} does not fit the size", theta.shape());
            Error::new(ErrorCode::InputShape, message)
        };
        let sizes = sizes(&self.size.require(io)?)?;
        let axes = sizes.len().checked_sub(2).filter(|axes| (2..=3).contains(axes)).ok_or_else(unfit)?;
        let (batch, places) = (sizes[0], &sizes[2..]);
        if theta.shape().sizes() != [batch, axes, axes + 1] {
            return Err(unfit());
        }
        let shape = shape_of(&[&[batch], places, &[axes]].concat())?;
        io.check(&shape)?;
        let mut map = vec![0f64; theta.len()];
        f64::widen(theta.data(), 0, &mut map);
        let coordinate = |at: usize, size: usize| match (self.align, size) {
            (true, 1) => -1.0,
            (true, _) => -1.0 + 2.0 * at as f64 / (size - 1) as f64,
            (false, _) => (2 * at + 1) as f64 / size as f64 - 1.0,
        };
        let each: usize = places.iter().product();
        let mut out = Vec::with_capacity(shape.elements().unwrap_or(0));
        for at in 0..batch * each {
            // The innermost axis is x, the first coordinate.
            let (mut point, mut rest) = ([0f64; 3], at % each);
            for (slot, &size) in point.iter_mut().zip(places.iter().rev()) {
                *slot = coordinate(rest % size, size);
                rest /= size;
            }
            let rows = map[at / each * axes * (axes + 1)..].chunks_exact(axes + 1).take(axes);
            out.extend(rows.map(|row| {
                row[..axes].iter().zip(point).fold(row[axes], |sum, (factor, x)| sum + factor * x)
            }));
        }
        let dtype = theta.dtype();
        f64::narrow(&out, io.output_tensor(0)?.reset_as(dtype, shape), 0);
        Ok(())
    }
}
