//! Operators on images and sequences that only move elements: DepthToSpace, SpaceToDepth, ReverseSequence.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, Shape};

use super::axes::{Integers, shape_of};
use super::moving::{Strided, Taken, strides, transfer};
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    plain("DepthToSpace", &[1, 11, 13, 28], (1, 1), "all", |spec| {
        let columns_first = spec.opset >= 11 && mode(spec)?;
        build(spec, true, columns_first)
    }),
    plain("SpaceToDepth", &[1, 13, 28], (1, 1), "all", |spec| {
        let columns_first = spec.opset >= 28 && mode(spec)?;
        build(spec, false, columns_first)
    }),
    plain("ReverseSequence", &[10, 28], (2, 2), "all", reverse),
];

/// Whether the depth is split channels first (CRD) rather than blocks first (DCR).
fn mode(spec: &NodeSpec<'_>) -> Result<bool> {
    match spec.attributes.text("mode")?.unwrap_or("DCR") {
        "DCR" => Ok(false),
        "CRD" => Ok(true),
        other => Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"mode\" is \"{other}\", must be \"DCR\" or \"CRD\""),
        )),
    }
}

/// Between [n, c * b * b, h, w] and [n, c, h * b, w * b].
struct Blocks {
    block: usize,
    to_space: bool,
    channels_first: bool,
}

fn build(spec: &NodeSpec<'_>, to_space: bool, channels_first: bool) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    let block = spec.attributes.int("blocksize")?.and_then(|block| usize::try_from(block).ok());
    let block = block.filter(|&block| block > 0).ok_or_else(|| {
        Error::new(ErrorCode::ModelAttribute, "attribute \"blocksize\" must be given and above zero")
    })?;
    if spec.input(0)?.rank().is_some_and(|rank| rank != 4) {
        return Err(Error::new(ErrorCode::ModelShape, "input 0 must have four axes"));
    }
    Built::one(Blocks { block, to_space, channels_first }, Fact::shaped(dtype, Some(vec![Dim::Unknown; 4])))
}

impl Kernel for Blocks {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let from = *io.tensor(0)?.shape();
        let block = self.block;
        let unfit = || {
            Error::new(
                ErrorCode::InputShape,
                format!("shape {from} cannot be divided into blocks of {block}"),
            )
        };
        let &[n, depth, height, width] = from.sizes() else { return Err(unfit()) };
        let area = block.checked_mul(block).ok_or_else(unfit)?;
        // Sizes of the space side: c channels of (h * block) by (w * block).
        let (c, h, w) = if self.to_space {
            (depth / area, height, width)
        } else {
            (depth, height / block, width / block)
        };
        let deep = shape_of(&[n, c * area, h, w])?;
        let wide = shape_of(&[n, c, h * block, w * block])?;
        let to = if self.to_space { wide } else { deep };
        if from != if self.to_space { deep } else { wide } {
            return Err(unfit());
        }
        let (deep, wide) = (strides(&deep), strides(&wide));
        let b = block as isize;
        // How far apart the parts of the depth axis are: channel, row in block, column in block.
        let (channel, row, column) = if self.channels_first {
            (b * b * deep[1], b * deep[1], deep[1])
        } else {
            (deep[1], b * c as isize * deep[1], c as isize * deep[1])
        };
        let loops = [
            (n, deep[0], wide[0]),
            (c, channel, wide[1]),
            (h, deep[2], b * wide[2]),
            (block, row, wide[2]),
            (w, deep[3], b),
            (block, column, 1),
        ];
        let mut copy = Strided::new(0, 0);
        for (size, deep, wide) in loops {
            copy = if self.to_space { copy.within(size, deep, wide) } else { copy.within(size, wide, deep) };
        }
        io.check(&to)?;
        transfer(io, 0, 0, to, &copy)
    }
}

/// The first elements of each sequence in reverse order; the rest stays.
struct Reverse {
    time_first: bool,
    lengths: Integers,
}

fn reverse(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let fact = Fact { constant: None, ..spec.input(0)?.clone() };
    spec.dtype(0)?;
    let axes =
        (spec.attributes.int("time_axis")?.unwrap_or(0), spec.attributes.int("batch_axis")?.unwrap_or(1));
    let time_first = match axes {
        (0, 1) => true,
        (1, 0) => false,
        _ => {
            return Err(Error::new(
                ErrorCode::ModelAttribute,
                "attributes \"time_axis\" and \"batch_axis\" must be 0 and 1 in either order",
            ));
        }
    };
    let lengths = Integers::input(spec, 1)?;
    Built::one(Reverse { time_first, lengths }, fact)
}

impl Kernel for Reverse {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let shape: Shape = *io.tensor(0)?.shape();
        let lengths = self.lengths.require(io)?;
        let &[first, second, ref rest @ ..] = shape.sizes() else {
            return Err(Error::new(ErrorCode::InputShape, "input 0 must have two axes or more"));
        };
        let (times, batches) = if self.time_first { (first, second) } else { (second, first) };
        let fits = |&length: &i64| usize::try_from(length).is_ok_and(|length| length <= times);
        if lengths.len() != batches || !lengths.iter().all(fits) {
            return Err(Error::new(ErrorCode::RunValue, "each sequence needs a length within the time axis"));
        }
        let block = rest.iter().product();
        let mut picks = std::mem::take(&mut io.scratch.usize);
        picks.clear();
        for at in 0..if shape.elements() == Some(0) { 0 } else { first * second } {
            let (a, b) = (at / second, at % second);
            let (time, batch) = if self.time_first { (a, b) } else { (b, a) };
            let length = lengths[batch] as usize;
            let time = if time < length { length - 1 - time } else { time };
            picks.push(if self.time_first { time * second + batch } else { batch * second + time });
        }
        transfer(io, 0, 0, shape, &Taken { indices: &picks, block })?;
        io.scratch.usize = picks;
        Ok(())
    }
}
