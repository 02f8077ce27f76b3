//! Sequences of tensors: made, measured, changed, split from and joined to tensors.
//!
//! Copying a sequence costs steps by its length, so that a loop that grows one item by item meets the
//! limit on steps instead of taking quadratic time.

use super::axes::{axis_within, integers};
use super::moving::{Strided, assemble, assemble_into};
use super::optional;
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::plan::spend;
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Tensor};
use crate::onnx::value::{Value, ValueType};

const fn row(
    name: &'static str,
    versions: &'static [i64],
    inputs: (usize, usize),
    build: fn(&mut NodeSpec<'_>) -> Result<Built>,
) -> Operator {
    Operator { domain: "", name, versions, inputs, outputs: (1, 1), types: "sequence of all", build }
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    row("SequenceConstruct", &[11], (1, usize::MAX), construct),
    row("SequenceEmpty", &[11], (0, 0), empty),
    row("SequenceAt", &[11], (2, 2), |spec| {
        let item = item_kind(spec)?;
        position_type(spec, 1)?;
        Built::one(At, Fact { kind: item, dims: None, constant: None })
    }),
    row("SequenceInsert", &[11], (2, 3), insert),
    row("SequenceErase", &[11], (1, 2), |spec| {
        let item = item_kind(spec)?;
        position_type(spec, 1)?;
        Built::one(Erase, sequence_of(item))
    }),
    row("SequenceLength", &[11], (1, 1), |spec| {
        item_kind(spec)?;
        Built::one(Length, Fact::shaped(DType::I64, Some(Vec::new())))
    }),
    row("SplitToSequence", &[11, 24], (1, 2), split),
    row("ConcatFromSequence", &[11], (1, 1), concat),
    row("Optional", &[15, 28], (0, 1), optional::make),
    row("OptionalGetElement", &[15, 18, 28], (1, 1), optional::get),
    row("OptionalHasElement", &[15, 18, 28], (0, 1), optional::has),
];

fn sequence_of(item: ValueType) -> Fact {
    Fact { kind: ValueType::Sequence(Box::new(item)), dims: None, constant: None }
}

/// The type of the items of input 0, which must be a sequence.
fn item_kind(spec: &NodeSpec<'_>) -> Result<ValueType> {
    match &spec.input(0)?.kind {
        ValueType::Sequence(item) => Ok((**item).clone()),
        _ => Err(spec.wrong_type(0, "a sequence")),
    }
}

/// Input `at`, if given, is an integer tensor.
fn position_type(spec: &NodeSpec<'_>, at: usize) -> Result<()> {
    if spec.inputs.get(at).is_none_or(Option::is_none) {
        return Ok(());
    }
    match spec.dtype(at)? {
        DType::I32 | DType::I64 => Ok(()),
        _ => Err(spec.wrong_type(at, "tensor(int32) or tensor(int64)")),
    }
}

/// The position that input `at` holds, counted from the end where negative, from 0 to `past` exclusive.
fn position(io: &Io<'_>, at: usize, len: usize, past: usize) -> Result<usize> {
    let tensor = io.tensor(at)?;
    let given = match (tensor.elements::<i64>(), tensor.elements::<i32>()) {
        (Some([position]), _) => *position,
        (_, Some([position])) => i64::from(*position),
        _ => return Err(Error::new(ErrorCode::InputShape, "a position must be one integer")),
    };
    let position = if given < 0 { given.checked_add(len as i64) } else { Some(given) };
    position
        .and_then(|position| usize::try_from(position).ok())
        .filter(|&position| position < past)
        .ok_or_else(|| {
            Error::new(ErrorCode::RunValue, format!("a position is outside of a sequence of {len} items"))
        })
}

fn items<'r>(io: &mut Io<'r>) -> Result<&'r [Value]> {
    match io.value(0) {
        Some(Value::Sequence(items)) => {
            spend(io.steps, items.len() as u64 / 16)?;
            Ok(items)
        }
        _ => Err(Error::new(ErrorCode::Internal, "input 0 is no sequence")),
    }
}

struct Construct;

fn construct(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    for at in 1..spec.inputs.len() {
        if spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, "of the same type as input 0"));
        }
    }
    Built::one(Construct, sequence_of(ValueType::Tensor(dtype)))
}

impl Kernel for Construct {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensors = (0..io.input_count()).map(|at| Ok(Value::Tensor(io.tensor(at)?.clone())));
        let list = tensors.collect::<Result<Vec<Value>>>()?;
        *io.output_value(0)? = Value::Sequence(list);
        Ok(())
    }
}

struct Empty;

fn empty(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let number = spec.attributes.int("dtype")?.unwrap_or(1);
    let dtype = i32::try_from(number).ok().and_then(DType::from_onnx).ok_or_else(|| {
        Error::new(ErrorCode::ModelUnsupported, format!("element type {number} is not supported"))
    })?;
    Built::one(Empty, sequence_of(ValueType::Tensor(dtype)))
}

impl Kernel for Empty {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        *io.output_value(0)? = Value::Sequence(Vec::new());
        Ok(())
    }
}

struct At;

impl Kernel for At {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let Some(Value::Sequence(items)) = io.value(0) else {
            return Err(Error::new(ErrorCode::Internal, "input 0 is no sequence"));
        };
        let at = position(io, 1, items.len(), items.len())?;
        match &items[at] {
            Value::Tensor(tensor) => io.output_value(0)?.copy_tensor(tensor),
            other => *io.output_value(0)? = other.clone(),
        }
        Ok(())
    }
}

struct Insert;

fn insert(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let item = item_kind(spec)?;
    if spec.input(1)?.kind != item {
        return Err(spec.wrong_type(1, &format!("{item}, the type of the sequence's items")));
    }
    position_type(spec, 2)?;
    Built::one(Insert, sequence_of(item))
}

impl Kernel for Insert {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let items = items(io)?;
        let at = match io.try_tensor(2) {
            None => items.len(),
            Some(_) => position(io, 2, items.len(), items.len() + 1)?,
        };
        let mut new = Value::default();
        new.copy_input(io.inputs, 1)?;
        let mut list = Vec::with_capacity(items.len() + 1);
        list.extend_from_slice(&items[..at]);
        list.push(new);
        list.extend_from_slice(&items[at..]);
        *io.output_value(0)? = Value::Sequence(list);
        Ok(())
    }
}

struct Erase;

impl Kernel for Erase {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let items = items(io)?;
        let at = match (io.try_tensor(1), items.len().checked_sub(1)) {
            (None, Some(last)) => last,
            (None, None) => {
                return Err(Error::new(ErrorCode::RunValue, "an empty sequence has no last item"));
            }
            (Some(_), _) => position(io, 1, items.len(), items.len())?,
        };
        let mut list = items.to_vec();
        list.remove(at);
        *io.output_value(0)? = Value::Sequence(list);
        Ok(())
    }
}

struct Length;

impl Kernel for Length {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let length = items(io)?.len() as i64;
        io.output::<i64>(0, Shape::SCALAR)?.fill(length);
        Ok(())
    }
}

/// The axis, and whether parts keep it.
struct Split {
    axis: i64,
    keep: bool,
}

fn split(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype = spec.dtype(0)?;
    position_type(spec, 1)?;
    let axis = spec.attributes.int("axis")?.unwrap_or(0);
    let keep = spec.attributes.flag("keepdims", true)? || spec.inputs.get(1).is_some_and(Option::is_some);
    if let Some(rank) = spec.input(0)?.rank() {
        axis_within(axis, rank, ErrorCode::ModelShape)?;
    }
    Built::one(Split { axis, keep }, sequence_of(ValueType::Tensor(dtype)))
}

impl Kernel for Split {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let source = io.tensor(0)?;
        let shape = source.shape();
        let axis = axis_within(self.axis, shape.rank(), ErrorCode::InputShape)?;
        let (before, size, after) = shape.split_at(axis);
        let lengths = lengths(io, size)?;
        spend(io.steps, lengths.len() as u64)?;
        let mut list = Vec::with_capacity(lengths.len());
        let mut start = 0;
        for length in lengths {
            let mut part = *shape;
            part.sizes_mut()[axis] = length;
            let copy = Strided::new(start * after, 0)
                .within(before, (size * after) as isize, (length * after) as isize)
                .within(length * after, 1, 1);
            let mut tensor = Tensor::default();
            assemble_into(&mut tensor, source.dtype(), part, [(source, &copy)])?;
            if !self.keep {
                let sizes = shape.sizes();
                let fits = Shape::new(&[&sizes[..axis], &sizes[axis + 1..]].concat())
                    .is_some_and(|shape| tensor.reshape(shape));
                debug_assert!(fits, "a part has size 1 along the axis");
            }
            list.push(Value::Tensor(tensor));
            start += length;
        }
        *io.output_value(0)? = Value::Sequence(list);
        Ok(())
    }
}

/// The lengths of the parts of an axis of this size.
fn lengths(io: &Io<'_>, size: usize) -> Result<Vec<usize>> {
    let wrong = || {
        let message = format!("the parts must have positive lengths that add up to {size}");
        Error::new(ErrorCode::RunValue, message)
    };
    let Some(given) = io.try_tensor(1) else { return Ok(vec![1; size]) };
    let list: Option<Vec<usize>> =
        integers(given).iter().map(|&length| usize::try_from(length).ok()).collect();
    let list = list.ok_or_else(wrong)?;
    if given.shape().rank() > 0 {
        let sum = list.iter().try_fold(0usize, |sum, &length| sum.checked_add(length));
        return if sum == Some(size) { Ok(list) } else { Err(wrong()) };
    }
    match list.first() {
        Some(&length) if length > 0 => {
            let mut lengths = vec![length; size / length];
            if !size.is_multiple_of(length) {
                lengths.push(size % length);
            }
            Ok(lengths)
        }
        _ => Err(wrong()),
    }
}

/// The axis, and whether it is a new one.
struct Concat {
    axis: i64,
    new_axis: bool,
}

fn concat(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let missing = || Error::new(ErrorCode::ModelAttribute, "attribute \"axis\" is required");
    let axis = spec.attributes.int("axis")?.ok_or_else(missing)?;
    let new_axis = spec.attributes.flag("new_axis", false)?;
    match item_kind(spec)? {
        ValueType::Tensor(dtype) => Built::one(Concat { axis, new_axis }, Fact::tensor(dtype)),
        _ => Err(spec.wrong_type(0, "a sequence of tensors")),
    }
}

impl Kernel for Concat {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let items = items(io)?;
        let tensors = || {
            items.iter().filter_map(|item| if let Value::Tensor(tensor) = item { Some(tensor) } else { None })
        };
        let unequal = || {
            let message = "the items of a sequence that is joined differ in their other sizes";
            Error::new(ErrorCode::InputShape, message)
        };
        let first = tensors().next().ok_or_else(|| {
            Error::new(ErrorCode::RunValue, "an empty sequence cannot be joined: its shape is not known")
        })?;
        let rank = first.shape().rank() + usize::from(self.new_axis);
        let axis = axis_within(self.axis, rank, ErrorCode::InputShape)?;
        let parts = tensors().map(|tensor| self.part_shape(tensor, axis));
        let shapes = parts.collect::<Option<Vec<Shape>>>().ok_or_else(unequal)?;
        let whole = shapes.iter().skip(1).try_fold(shapes[0], |mut whole, part| {
            let size = whole.sizes()[axis].checked_add(*part.sizes().get(axis)?)?;
            whole.sizes_mut()[axis] = part.sizes()[axis];
            if whole != *part {
                return None;
            }
            whole.sizes_mut()[axis] = size;
            Some(whole)
        });
        let whole = whole.ok_or_else(unequal)?;
        io.check(&whole)?;
        let (before, size, after) = whole.split_at(axis);
        let mut start = 0;
        let copies: Vec<Strided> = shapes
            .iter()
            .map(|part| {
                let length = part.sizes()[axis] * after;
                let copy = Strided::new(0, start)
                    .within(before, length as isize, (size * after) as isize)
                    .within(length, 1, 1);
                start += length;
                copy
            })
            .collect();
        assemble(io, 0, first.dtype(), whole, tensors().zip(&copies))
    }
}

impl Concat {
    /// The shape that an item counts as, or `None` where it has too many axes.
    fn part_shape(&self, tensor: &Tensor, axis: usize) -> Option<Shape> {
        let sizes = tensor.shape().sizes();
        if !self.new_axis {
            return (axis < sizes.len()).then_some(*tensor.shape());
        }
        Shape::new(&[sizes.get(..axis)?, &[1], sizes.get(axis..)?].concat())
    }
}
