//! A window that slides over the axes after batch and channels: what pooling and convolution share.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;
use crate::onnx::shape::{MAX_RANK, Shape};

/// Sizes in attributes stay below this: larger ones have no use but to exhaust memory.
const MOST: i64 = 1 << 16;

/// The most cells that one run may look at: beyond, it would take minutes.
const MOST_CELLS: u64 = 1 << 34;

/// Where padding comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// Attribute `pads`.
    Given,
    /// As much as gives one output per stride, the odd cell at the end or at the start.
    Same { at_start: bool },
    /// None at all.
    Valid,
}

/// A window as its node describes it.
pub(super) struct Window {
    padding: Padding,
    kernel: Option<Vec<usize>>,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    pads: Option<Vec<usize>>,
    /// Whether a last window that is only partly inside counts.
    ceil: bool,
}

/// One axis with the window placed on it.
#[derive(Clone, Copy, Default)]
struct Axis {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
}

/// All axes with the window placed on them.
pub(super) struct Placed {
    axes: [Axis; MAX_RANK],
    count: usize,
}

/// One cell under the window.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// Its place in the window, counted row by row.
    pub(super) tap: usize,
    /// Its place in the input, counted row by row; `None` on padding.
    pub(super) input: Option<usize>,
    /// Whether it is on the input or on padding, not beyond both.
    pub(super) padded: bool,
}

/// A list of sizes, each `least` to [`MOST`].
fn sizes(spec: &NodeSpec<'_>, name: &str, least: i64) -> Result<Option<Vec<usize>>> {
    let Some(list) = spec.attributes.ints(name)? else { return Ok(None) };
    if let Some(wrong) = list.iter().find(|size| !(least..=MOST).contains(*size)) {
        let message = format!("attribute \"{name}\" has {wrong}, must be {least} to {MOST}");
        return Err(Error::new(ErrorCode::ModelAttribute, message));
    }
    Ok(Some(list.iter().map(|&size| size as usize).collect()))
}

impl Window {
    /// The window that the node's attributes describe.
    pub(super) fn read(spec: &NodeSpec<'_>, ceil: bool) -> Result<Self> {
        let padding = match spec.attributes.text("auto_pad")?.unwrap_or("NOTSET") {
            "NOTSET" => Padding::Given,
            "SAME_UPPER" => Padding::Same { at_start: false },
            "SAME_LOWER" => Padding::Same { at_start: true },
            "VALID" => Padding::Valid,
            other => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!(
                        "attribute \"auto_pad\" is \"{other}\", must be NOTSET, SAME_UPPER, SAME_LOWER or VALID"
                    ),
                ));
            }
        };
        let kernel = sizes(spec, "kernel_shape", 1)?;
        let window = Self { padding, kernel, ceil, ..Self::plain(spec)? };
        if let Some(axes) = spec.input(0)?.rank().map(|rank| rank.saturating_sub(2)) {
            window.fits(axes).map_err(|message| Error::new(ErrorCode::ModelAttribute, message))?;
        }
        Ok(window)
    }

    /// The window of a node that has strides, dilations and pads only.
    pub(super) fn plain(spec: &NodeSpec<'_>) -> Result<Self> {
        Ok(Self {
            padding: Padding::Given,
            kernel: None,
            strides: sizes(spec, "strides", 1)?,
            dilations: sizes(spec, "dilations", 1)?,
            pads: sizes(spec, "pads", 0)?,
            ceil: false,
        })
    }

    /// A window that covers whatever it is placed on.
    pub(super) const fn global() -> Self {
        Self {
            padding: Padding::Valid,
            kernel: None,
            strides: None,
            dilations: None,
            pads: None,
            ceil: false,
        }
    }

    /// Whether the node gives the size of the window.
    pub(super) const fn has_kernel(&self) -> bool {
        self.kernel.is_some()
    }

    fn fits(&self, axes: usize) -> std::result::Result<(), String> {
        let lists = [
            ("kernel_shape", &self.kernel, axes),
            ("strides", &self.strides, axes),
            ("dilations", &self.dilations, axes),
            ("pads", &self.pads, 2 * axes),
        ];
        match lists.iter().find(|(_, list, count)| list.as_ref().is_some_and(|list| list.len() != *count)) {
            Some((name, list, count)) => Err(format!(
                "attribute \"{name}\" has {} numbers, must have {count}",
                list.as_ref().map_or(0, Vec::len)
            )),
            None => Ok(()),
        }
    }

    /// Places the window on the axes of `shape` after the first two. `kernel` is its size, where the
    /// node does not give it.
    pub(super) fn place(&self, shape: &Shape, kernel: &[usize]) -> Result<Placed> {
        let unfit = |message: String| Error::new(ErrorCode::InputShape, message);
        let inputs = shape
            .sizes()
            .get(2..)
            .filter(|axes| !axes.is_empty())
            .ok_or_else(|| unfit(format!("input 0 has shape {shape}, must have three axes or more")))?;
        self.fits(inputs.len()).map_err(unfit)?;
        let kernel = self.kernel.as_deref().unwrap_or(kernel);
        if kernel.len() != inputs.len() {
            return Err(unfit(format!("the window has {} axes, the input {}", kernel.len(), inputs.len())));
        }
        let mut placed = Placed { axes: [Axis::default(); MAX_RANK], count: inputs.len() };
        for (at, (&input, &kernel)) in inputs.iter().zip(kernel).enumerate() {
            let entry =
                |list: &Option<Vec<usize>>, otherwise| list.as_ref().map_or(otherwise, |list| list[at]);
            let (stride, dilation) = (entry(&self.strides, 1), entry(&self.dilations, 1));
            let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
            let (mut before, mut after) = (0, 0);
            match self.padding {
                Padding::Given => {
                    let pads = self.pads.as_deref().unwrap_or(&[]);
                    before = pads.get(at).copied().unwrap_or(0);
                    after = pads.get(inputs.len() + at).copied().unwrap_or(0);
                }
                Padding::Same { at_start } => {
                    let covered = input.div_ceil(stride).saturating_sub(1).saturating_mul(stride);
                    let total = covered.saturating_add(extent).saturating_sub(input);
                    before = if at_start { total - total / 2 } else { total / 2 };
                    after = total - before;
                }
                Padding::Valid => {}
            }
            let room = before
                .checked_add(input)
                .and_then(|sum| sum.checked_add(after))
                .and_then(|padded| padded.checked_sub(extent))
                .ok_or_else(|| unfit(format!("a window of {extent} does not fit on an axis of {input}")))?;
            let mut output = if self.ceil { room.div_ceil(stride) } else { room / stride } + 1;
            // A window must start on the input or on the padding before it.
            if self.ceil && (output - 1).saturating_mul(stride) >= input.saturating_add(before) {
                output -= 1;
            }
            placed.axes[at] = Axis { input, output, kernel, stride, dilation, before, after };
        }
        Ok(placed)
    }
}

impl Placed {
    fn axes(&self) -> &[Axis] {
        &self.axes[..self.count]
    }

    /// `shape` with each axis after the first two as long as there are windows on it, and `channels`.
    pub(super) fn result(&self, shape: &Shape, channels: usize) -> Shape {
        let mut result = *shape;
        result.sizes_mut()[1] = channels;
        for (size, axis) in result.sizes_mut()[2..].iter_mut().zip(self.axes()) {
            *size = axis.output;
        }
        result
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.axes().iter().map(|axis| axis.output).product()
    }

    /// How many cells the input has on these axes.
    pub(super) fn inputs(&self) -> usize {
        self.axes().iter().map(|axis| axis.input).product()
    }

    /// How many cells a window has.
    pub(super) fn taps(&self) -> usize {
        self.axes().iter().map(|axis| axis.kernel).product()
    }

    /// Refuses work that takes minutes: `times` this many looks at every cell of every window.
    pub(super) fn check_work(&self, times: usize) -> Result<()> {
        let axes = self.axes().iter();
        let cells = axes.fold(times as u64, |cells, axis| {
            cells.saturating_mul(axis.output as u64).saturating_mul(axis.kernel as u64)
        });
        if cells <= MOST_CELLS {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::RunBudget,
            format!("the windows have {cells} cells, most are {MOST_CELLS}"),
        ))
    }

    /// The place of an input cell counted column by column, from its place counted row by row.
    pub(super) fn column_major(&self, mut place: usize) -> usize {
        let (mut result, mut step) = (0, self.inputs());
        for axis in self.axes().iter().rev() {
            step /= axis.input;
            result += place % axis.input * step;
            place /= axis.input;
        }
        result
    }

    /// Visits the cells under the window with this number, row by row.
    pub(super) fn visit(&self, window: usize, mut visit: impl FnMut(Cell)) {
        let (mut origin, mut rest) = ([0usize; MAX_RANK], window);
        for (at, axis) in self.axes().iter().enumerate().rev() {
            origin[at] = rest % axis.output * axis.stride;
            rest /= axis.output;
        }
        let mut taps = [0usize; MAX_RANK];
        for tap in 0..self.taps() {
            let (mut place, mut inside, mut padded) = (0, true, true);
            for (at, axis) in self.axes().iter().enumerate() {
                let position = origin[at] + taps[at] * axis.dilation;
                inside &= (axis.before..axis.before + axis.input).contains(&position);
                padded &= position < axis.before + axis.input + axis.after;
                place = place * axis.input + position.wrapping_sub(axis.before).min(axis.input);
            }
            visit(Cell { tap, input: inside.then_some(place), padded });
            for (at, axis) in self.axes().iter().enumerate().rev() {
                taps[at] += 1;
                if taps[at] < axis.kernel {
                    break;
                }
                taps[at] = 0;
            }
        }
    }
}
