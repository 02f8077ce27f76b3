//! Scan: a nested graph over the slices of its inputs, with a state from slice to slice.
//!
//! Version 8 scanned a batch of sequences, each with a length of its own; later versions scan one
//! sequence along any axis. Both are here as one loop over sequences around one loop over slices.

use super::{body, made, place, same_kind, stacked, varying};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::body::Body;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::ops::moving::{Strided, assemble, assemble_into, strides};
use crate::onnx::plan::Frame;
use crate::onnx::shape::{Dim, MAX_RANK, Shape};
use crate::onnx::tensor::{DType, Tensor};
use crate::onnx::value::Value;

/// Along which axis, and whether from its end.
#[derive(Clone, Copy)]
struct Way {
    axis: i64,
    backward: bool,
}

struct Scan {
    body: Body,
    states: usize,
    inputs: Vec<Way>,
    outputs: Vec<Way>,
    /// Version 8: the first input holds lengths, and every other one has a batch axis first.
    batched: bool,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let batched = spec.opset < 9;
    let offset = usize::from(batched);
    let scanned = spec.attributes.int("num_scan_inputs")?.unwrap_or(0);
    let scanned =
        usize::try_from(scanned).ok().filter(|&count| count > 0 && count + offset <= spec.inputs.len());
    let scanned = scanned.ok_or_else(|| {
        let message = "attribute \"num_scan_inputs\" must be at least 1 and at most the number of inputs";
        Error::new(ErrorCode::ModelAttribute, message)
    })?;
    if batched && spec.inputs.first().is_some_and(Option::is_some) && spec.dtype(0)? != DType::I64 {
        return Err(spec.wrong_type(0, "tensor(int64)"));
    }
    let states = spec.inputs.len() - offset - scanned;
    let (axes, directions) = if batched {
        (Vec::new(), flags(spec, "directions", scanned)?)
    } else {
        (list(spec, "scan_input_axes", scanned)?, flags(spec, "scan_input_directions", scanned)?)
    };
    let inputs = ways(scanned, &axes, &directions, i64::from(batched));
    let mut facts = Vec::with_capacity(states + scanned);
    for at in 0..states + scanned {
        let mut fact = varying(spec, offset + at)?;
        spec.dtype(offset + at)?;
        if let Some(dims) = &mut fact.dims {
            // The slice's axis goes first: the batch axis comes before it.
            let slice = at.checked_sub(states).and_then(|at| inputs.get(at)).map(|way| way.axis);
            for axis in slice.into_iter().chain(batched.then_some(0)) {
                let axis = place(axis, dims.len()).ok_or_else(|| {
                    Error::new(ErrorCode::ModelShape, format!("input {} has no axis {axis}", offset + at))
                })?;
                dims.remove(axis);
            }
        }
        facts.push(fact);
    }
    let body = body(spec, "body", &facts)?;
    let collected = body.outputs().len().checked_sub(states).filter(|_| spec.outputs <= body.outputs().len());
    let collected = collected.ok_or_else(|| {
        let message = format!(
            "the body makes {} outputs, the node has {states} states and {} outputs",
            body.outputs().len(),
            spec.outputs
        );
        Error::new(ErrorCode::ModelInvalid, message)
    })?;
    let (axes, directions) = if batched {
        (Vec::new(), Vec::new())
    } else {
        (list(spec, "scan_output_axes", collected)?, flags(spec, "scan_output_directions", collected)?)
    };
    let outputs = ways(collected, &axes, &directions, 0);
    let mut known = Vec::with_capacity(states + collected);
    for (at, (fact, input)) in body.outputs().iter().zip(&facts).take(states).enumerate() {
        same_kind("state", at, &input.kind, &fact.kind)?;
        known.push(if batched { stacked(input, 0, Dim::Unknown)? } else { input.clone() });
    }
    for (fact, way) in body.outputs().iter().skip(states).zip(&outputs) {
        let fact = stacked(fact, way.axis, Dim::Unknown)?;
        known.push(if batched { stacked(&fact, 0, Dim::Unknown)? } else { fact });
    }
    let kernel = Scan { body, states, inputs, outputs, batched };
    Ok(Built { kernel: Box::new(kernel), outputs: known })
}

fn ways(count: usize, axes: &[i64], directions: &[i64], axis: i64) -> Vec<Way> {
    (0..count)
        .map(|at| Way {
            axis: axes.get(at).copied().unwrap_or(axis),
            backward: directions.get(at).is_some_and(|&direction| direction == 1),
        })
        .collect()
}

/// A list of `count` numbers, or nothing.
fn list(spec: &NodeSpec<'_>, name: &str, count: usize) -> Result<Vec<i64>> {
    let list = spec.attributes.ints(name)?.unwrap_or_default();
    if list.is_empty() || list.len() == count {
        return Ok(list.to_vec());
    }
    Err(Error::new(
        ErrorCode::ModelAttribute,
        format!("attribute \"{name}\" has {} numbers, must have {count}", list.len()),
    ))
}

fn flags(spec: &NodeSpec<'_>, name: &str, count: usize) -> Result<Vec<i64>> {
    let list = list(spec, name, count)?;
    if list.iter().all(|flag| matches!(flag, 0 | 1)) {
        return Ok(list);
    }
    Err(Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" must hold zeros and ones")))
}

impl Kernel for Scan {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let mut frame = self.body.open(io);
        let done = self.sequences(&mut frame, io);
        self.body.close(io, frame);
        done
    }
}

impl Scan {
    fn sequences(&self, frame: &mut Frame, io: &mut Io<'_>) -> Result<()> {
        let offset = usize::from(self.batched);
        let (mut batch, mut length) = (None, None);
        for (at, way) in self.inputs.iter().enumerate() {
            let shape = io.tensor(offset + self.states + at)?.shape();
            let axis = shape.axis(way.axis).ok_or_else(|| {
                let message = format!("scan input {at} of shape {shape} has no axis {}", way.axis);
                Error::new(ErrorCode::InputShape, message)
            })?;
            same(&mut length, shape.sizes()[axis], "lengths")?;
            if self.batched {
                same(&mut batch, shape.sizes()[0], "batch sizes")?;
            }
        }
        let (batch, longest) = (batch.unwrap_or(1), length.unwrap_or(0));
        for at in 0..io.output_count() {
            let fact = self.body.outputs().get(at);
            let known = |dim: &Dim| if let Dim::Known(size) = dim { *size } else { 0 };
            let dims = fact.and_then(|fact| fact.dims.as_deref()).unwrap_or_default();
            let sizes: Shape = Shape::new(&dims.iter().map(known).collect::<Vec<_>>()).unwrap_or_default();
            self.start(io, at, fact.and_then(Fact::dtype).unwrap_or(DType::F32), &sizes)?;
        }
        for sequence in 0..batch {
            let steps = self.length(io, sequence, longest)?;
            self.sequence(frame, io, sequence, steps, longest)?;
        }
        for at in self.states..io.output_count() {
            self.arrange(frame, io, at, batch, longest)?;
        }
        Ok(())
    }

    /// How many slices this sequence of the batch has.
    fn length(&self, io: &Io<'_>, sequence: usize, longest: usize) -> Result<usize> {
        if !self.batched || io.try_tensor(0).is_none() {
            return Ok(longest);
        }
        let length = io.elements::<i64>(0)?.get(sequence).and_then(|&length| usize::try_from(length).ok());
        length.filter(|&length| length <= longest).ok_or_else(|| {
            let message = format!("sequence_lens must have one length per sequence, from 0 to {longest}");
            Error::new(ErrorCode::RunValue, message)
        })
    }

    /// Scans one sequence: `steps` slices of `longest`.
    fn sequence(
        &self,
        frame: &mut Frame,
        io: &mut Io<'_>,
        sequence: usize,
        steps: usize,
        longest: usize,
    ) -> Result<()> {
        let offset = usize::from(self.batched);
        let item = self.batched.then_some((0, sequence));
        for at in 0..self.states {
            cut(io.tensor(offset + at)?, item, None, self.body.input(frame, at)?)?;
        }
        for step in 0..steps {
            for (at, way) in self.inputs.iter().enumerate() {
                let source = io.tensor(offset + self.states + at)?;
                let axis = source.shape().axis(way.axis).unwrap_or(0);
                let index = if way.backward { steps - 1 - step } else { step };
                cut(source, item, Some((axis, index)), self.body.input(frame, self.states + at)?)?;
            }
            self.body.run(frame, io)?;
            for at in 0..self.states {
                let new = *made(&self.body, frame, at)?.shape();
                if !matches!(self.body.input(frame, at)?, Value::Tensor(old) if *old.shape() == new) {
                    let message = format!("state {at} changes its shape between slices, to {new}");
                    return Err(Error::new(ErrorCode::InputShape, message));
                }
                self.body.feed_back(frame, at, at)?;
            }
            for at in self.states..io.output_count() {
                let part = made(&self.body, frame, at)?;
                self.push(io, at, part, sequence == 0 && step == 0)?;
            }
        }
        for at in self.states..io.output_count() {
            pad(io, at, (sequence + 1) * longest)?;
        }
        for at in 0..self.states.min(io.output_count()) {
            if self.batched {
                if let Value::Tensor(state) = self.body.input(frame, at)? {
                    self.push(io, at, state, sequence == 0)?;
                }
            } else {
                std::mem::swap(self.body.input(frame, at)?, io.output_value(at)?);
            }
        }
        Ok(())
    }

    /// Makes output `at` a stack of no parts of this shape.
    fn start(&self, io: &mut Io<'_>, at: usize, dtype: DType, part: &Shape) -> Result<()> {
        let mut shape = Shape::vector(0);
        if part.sizes().iter().all(|&size| shape.push(size)) {
            io.output_tensor(at)?.reset_as(dtype, shape);
            return Ok(());
        }
        Err(Error::new(ErrorCode::InputShape, "a scanned output has too many axes"))
    }

    /// Adds a part to the stack that output `at` is.
    fn push(&self, io: &mut Io<'_>, at: usize, part: &Tensor, first: bool) -> Result<()> {
        if first {
            self.start(io, at, part.dtype(), part.shape())?;
        }
        let mut grown = *io.output_tensor(at)?.shape();
        if let Some(size) = grown.sizes_mut().first_mut() {
            *size += 1;
        }
        io.check(&grown)?;
        io.hold(Value::bytes_of(part))?;
        if io.output_tensor(at)?.append(part) {
            return Ok(());
        }
        let message = format!("output {at} changes its shape between slices, to {}", part.shape());
        Err(Error::new(ErrorCode::InputShape, message))
    }

    /// Turns the stack of all parts into the output: batch axis apart, or scan axis where it belongs.
    fn arrange(
        &self,
        frame: &mut Frame,
        io: &mut Io<'_>,
        at: usize,
        batch: usize,
        longest: usize,
    ) -> Result<()> {
        let stack = io.output_tensor(at)?;
        let part = stack.shape().sizes().get(1..).unwrap_or_default();
        if self.batched {
            let mut shape = Shape::matrix(batch, longest);
            if !part.iter().all(|&size| shape.push(size)) || !stack.reshape(shape) {
                return Err(Error::new(ErrorCode::InputShape, "a scanned output has too many axes"));
            }
            return Ok(());
        }
        let way = self.outputs.get(at - self.states).copied().unwrap_or(Way { axis: 0, backward: false });
        let axis = place(way.axis, part.len() + 1).ok_or_else(|| {
            let message = format!("output {at} has no axis {}", way.axis);
            Error::new(ErrorCode::InputShape, message)
        })?;
        if axis == 0 && !way.backward {
            return Ok(());
        }
        let (source_shape, dtype) = (*stack.shape(), stack.dtype());
        std::mem::swap(self.body.output(frame, at)?, io.output_value(at)?);
        let stack = made(&self.body, frame, at)?;
        let steps = strides(&source_shape);
        // The stack's axes in the order in which the output has them.
        let order = (1..=axis).chain([0]).chain(axis + 1..source_shape.rank());
        let mut shape = Shape::SCALAR;
        let mut sources = [0isize; MAX_RANK];
        for (to, from) in order.enumerate() {
            let fits = shape.push(source_shape.sizes()[from]);
            sources[to] = if from == 0 && way.backward { -steps[0] } else { steps[from] };
            debug_assert!(fits, "as many axes as the stack has");
        }
        let last = source_shape.sizes()[0].saturating_sub(1) * steps[0].unsigned_abs();
        let mut pass = Strided::new(if way.backward { last } else { 0 }, 0);
        let targets = strides(&shape);
        for (axis, &size) in shape.sizes().iter().enumerate() {
            pass = pass.within(size, sources[axis], targets[axis]);
        }
        assemble(io, at, dtype, shape, [(stack, &pass)])
    }
}

fn same(known: &mut Option<usize>, size: usize, what: &str) -> Result<()> {
    match *known {
        Some(other) if other != size => {
            let message = format!("the scanned inputs have different {what}: {other} and {size}");
            Err(Error::new(ErrorCode::InputShape, message))
        }
        _ => {
            *known = Some(size);
            Ok(())
        }
    }
}

/// Fills the stack up to `count` parts with zeros: sequences that are shorter than the longest.
fn pad(io: &mut Io<'_>, at: usize, count: usize) -> Result<()> {
    let mut shape = *io.output_tensor(at)?.shape();
    let Some(size) = shape.sizes_mut().first_mut().filter(|size| **size < count) else { return Ok(()) };
    *size = count;
    io.check(&shape)?;
    let stack = io.output_tensor(at)?;
    let dtype = stack.dtype();
    if dtype == DType::Str {
        return Err(Error::new(ErrorCode::ModelUnsupported, "text scanned over sequences of unequal length"));
    }
    stack.reset_as(dtype, shape);
    Ok(())
}

/// The part of `source` at these indices, into `target`. Axes are within the shape; `item` is the first.
fn cut(
    source: &Tensor,
    item: Option<(usize, usize)>,
    slice: Option<(usize, usize)>,
    target: &mut Value,
) -> Result<()> {
    let steps = strides(source.shape());
    let (mut shape, mut start) = (Shape::SCALAR, 0);
    let mut kept = [0isize; MAX_RANK];
    for (axis, &size) in source.shape().sizes().iter().enumerate() {
        match [item, slice].into_iter().flatten().find(|(fixed, _)| *fixed == axis) {
            Some((_, index)) if index < size => start += index * steps[axis].unsigned_abs(),
            Some(_) => return Err(Error::new(ErrorCode::InputShape, "a scanned input is too short")),
            None => {
                kept[shape.rank()] = steps[axis];
                let fits = shape.push(size);
                debug_assert!(fits, "no more axes than the source has");
            }
        }
    }
    let targets = strides(&shape);
    let mut pass = Strided::new(start, 0);
    for (axis, &size) in shape.sizes().iter().enumerate() {
        pass = pass.within(size, kept[axis], targets[axis]);
    }
    if !matches!(target, Value::Tensor(_)) {
        *target = Value::default();
    }
    let Value::Tensor(target) = target else { return Ok(()) };
    assemble_into(target, source.dtype(), shape, [(source, &pass)])
}
