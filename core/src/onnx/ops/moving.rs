//! Operators that only move elements: each is written once, for elements of any kind.
//!
//! A [`Pass`] copies from one buffer to another without looking at the values. It is compiled per
//! element width (1, 2, 4, 8 bytes, and bool) instead of per type. For text it moves the numbers of
//! the texts, and the texts are looked up at the end.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::Io;
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Data, Strings, Tensor};

/// One way of copying elements.
pub(super) trait Pass {
    /// Copies from `source` into `target`. Both are as long as the shapes that the pass was made for.
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]);
}

/// Fills output `at` from input `source` with one pass that writes every element.
pub(super) fn transfer(
    io: &mut Io<'_>,
    source: usize,
    at: usize,
    shape: Shape,
    pass: &impl Pass,
) -> Result<()> {
    let source = io.tensor(source)?;
    assemble(io, at, source.dtype(), shape, [(source, pass)])
}

/// Fills output `at` from several sources of the type `dtype`, each with a pass of its own. Together
/// the passes write every element; later ones overwrite earlier ones.
pub(super) fn assemble<'a, P: Pass + 'a>(
    io: &mut Io<'_>,
    at: usize,
    dtype: DType,
    shape: Shape,
    steps: impl IntoIterator<Item = (&'a Tensor, &'a P), IntoIter: Clone>,
) -> Result<()> {
    io.check(&shape)?;
    assemble_into(io.output_tensor(at)?, dtype, shape, steps)
}

/// Like [`assemble`], for a tensor that is no output of the node. Its shape has been checked.
pub(super) fn assemble_into<'a, P: Pass + 'a>(
    tensor: &mut Tensor,
    dtype: DType,
    shape: Shape,
    steps: impl IntoIterator<Item = (&'a Tensor, &'a P), IntoIter: Clone>,
) -> Result<()> {
    let steps = steps.into_iter();
    if dtype == DType::Str {
        return assemble_texts(tensor, shape, steps);
    }
    let target = tensor.reset_as(dtype, shape);
    for (source, pass) in steps {
        move_plain(source.data(), target, pass)?;
    }
    Ok(())
}

fn move_plain(source: &Data, target: &mut Data, pass: &impl Pass) -> Result<()> {
    macro_rules! by_width {
        ($($variant:ident as $width:ty),*) => {
            match (source, target) {
                $((Data::$variant(source), Data::$variant(target)) => pass.run::<$width>(
                    bytemuck::cast_slice(source),
                    bytemuck::cast_slice_mut(target),
                ),)*
                (Data::Bool(source), Data::Bool(target)) => pass.run(source, target),
                _ => return Err(Error::new(ErrorCode::Internal, "elements are moved between different types")),
            }
        };
    }
    by_width!(
        F32 as u32, F64 as u64, F16 as u16, I64 as u64, I32 as u32, I16 as u16, I8 as u8, U64 as u64,
        U32 as u32, U16 as u16, U8 as u8
    );
    Ok(())
}

fn assemble_texts<'a, P: Pass + 'a>(
    tensor: &mut Tensor,
    shape: Shape,
    steps: impl Iterator<Item = (&'a Tensor, &'a P)> + Clone,
) -> Result<()> {
    let wrong = || Error::new(ErrorCode::Internal, "text is moved to or from another type");
    let mut moved = vec![0u32; shape.elements().unwrap_or(0)];
    let mut first = 0u32;
    for (source, pass) in steps.clone() {
        let past = first + source.strings().ok_or_else(wrong)?.len() as u32;
        pass.run(&(first..past).collect::<Vec<_>>(), &mut moved);
        first = past;
    }
    let sources: Vec<&Strings> = steps.filter_map(|(source, _)| source.strings()).collect();
    let target = tensor.reset_strings(shape);
    for number in moved {
        let mut number = number as usize;
        let mut text = "";
        for source in &sources {
            if number < source.len() {
                text = source.get(number);
                break;
            }
            number -= source.len();
        }
        target.push(text);
    }
    Ok(())
}

/// The largest number of loops in a [`Strided`] copy: Tile splits each axis in two.
const MAX_LOOPS: usize = 2 * crate::onnx::shape::MAX_RANK;

/// A copy by nested loops, outermost first: each loop advances the source and the target by a stride of
/// its own. Covers slices, transpositions, stretching, repetition and putting parts side by side.
pub(super) struct Strided {
    sizes: [usize; MAX_LOOPS],
    source: [isize; MAX_LOOPS],
    target: [isize; MAX_LOOPS],
    loops: usize,
    source_start: usize,
    target_start: usize,
}

impl Strided {
    /// A copy that starts at these elements of source and target; loops are added outermost first.
    pub(super) const fn new(source_start: usize, target_start: usize) -> Self {
        Self {
            sizes: [1; MAX_LOOPS],
            source: [0; MAX_LOOPS],
            target: [0; MAX_LOOPS],
            loops: 0,
            source_start,
            target_start,
        }
    }

    /// Adds the next inner loop. A loop that continues the one around it without a jump is joined to it.
    /// At most [`MAX_LOOPS`] that are longer than 1 may be added.
    #[must_use]
    pub(super) fn within(mut self, size: usize, source: isize, target: isize) -> Self {
        if size == 1 {
            return self;
        }
        if let Some(outer) = self.loops.checked_sub(1) {
            let step = size as isize;
            if self.source[outer] == source.wrapping_mul(step)
                && self.target[outer] == target.wrapping_mul(step)
            {
                self.sizes[outer] = self.sizes[outer].saturating_mul(size);
                self.source[outer] = source;
                self.target[outer] = target;
                return self;
            }
        }
        self.sizes[self.loops] = size;
        self.source[self.loops] = source;
        self.target[self.loops] = target;
        self.loops += 1;
        self
    }

    fn inner<T: Copy>(&self, source: &[T], target: &mut [T], from: usize, to: usize) {
        let (size, source_step, target_step) = match self.loops.checked_sub(1) {
            Some(last) => (self.sizes[last], self.source[last], self.target[last]),
            None => (1, 1, 1),
        };
        match (source_step, target_step) {
            (1, 1) => target[to..to + size].copy_from_slice(&source[from..from + size]),
            (0, 1) => target[to..to + size].fill(source[from]),
            (_, 1) => {
                let mut from = from;
                for slot in &mut target[to..to + size] {
                    *slot = source[from];
                    from = from.wrapping_add_signed(source_step);
                }
            }
            _ => {
                let (mut from, mut to) = (from, to);
                for _ in 0..size {
                    target[to] = source[from];
                    from = from.wrapping_add_signed(source_step);
                    to = to.wrapping_add_signed(target_step);
                }
            }
        }
    }
}

impl Pass for Strided {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        if self.sizes[..self.loops].contains(&0) {
            return;
        }
        let mut at = [0usize; MAX_LOOPS];
        let (mut from, mut to) = (self.source_start, self.target_start);
        loop {
            self.inner(source, target, from, to);
            let mut axis = self.loops.saturating_sub(1);
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                at[axis] += 1;
                if at[axis] < self.sizes[axis] {
                    from = from.wrapping_add_signed(self.source[axis]);
                    to = to.wrapping_add_signed(self.target[axis]);
                    break;
                }
                let back = self.sizes[axis] as isize - 1;
                from = from.wrapping_add_signed(-self.source[axis] * back);
                to = to.wrapping_add_signed(-self.target[axis] * back);
                at[axis] = 0;
            }
        }
    }
}

/// Block `i` of the target is block `indices[i]` of the source. Indices are below the number of blocks.
pub(super) struct Taken<'a> {
    /// Which block of the source goes where.
    pub(super) indices: &'a [usize],
    /// Elements per block.
    pub(super) block: usize,
}

impl Pass for Taken<'_> {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        if self.block == 1 {
            for (slot, &from) in target.iter_mut().zip(self.indices) {
                *slot = source[from];
            }
            return;
        }
        for (at, &from) in self.indices.iter().enumerate() {
            target[at * self.block..][..self.block]
                .copy_from_slice(&source[from * self.block..][..self.block]);
        }
    }
}

/// Copies everything, or puts block `i` of the source at block `indices[i]` of the target.
pub(super) enum Placed<'a> {
    /// Source and target are equally long.
    All,
    /// Block `i` of the source goes to block `indices[i]`, which is below the number of blocks.
    At {
        /// Where each block goes.
        indices: &'a [usize],
        /// Elements per block.
        block: usize,
    },
}

impl Pass for Placed<'_> {
    fn run<T: Copy>(&self, source: &[T], target: &mut [T]) {
        match self {
            Self::All => target.copy_from_slice(source),
            Self::At { indices, block } => {
                for (at, &to) in indices.iter().enumerate() {
                    target[to * block..][..*block].copy_from_slice(&source[at * block..][..*block]);
                }
            }
        }
    }
}

/// The distance between neighbours along each axis of a row-major tensor.
pub(super) fn strides(shape: &Shape) -> [isize; crate::onnx::shape::MAX_RANK] {
    let mut strides = [1isize; crate::onnx::shape::MAX_RANK];
    let sizes = shape.sizes();
    for axis in (0..sizes.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1].wrapping_mul(sizes[axis + 1] as isize);
    }
    strides
}

/// A scalar of this type that is zero, false or an empty text.
pub(super) fn zero(dtype: DType) -> Tensor {
    let mut tensor = Tensor::default();
    if let Data::Str(texts) = tensor.reset_as(dtype, Shape::SCALAR) {
        texts.push("");
    }
    tensor
}
