//! LSTM, GRU and RNN. Done here and not by tract, which panics on batches of unknown size, has no
//! backward direction and approximates the activation functions.
//!
//! Rows of a batch are run one after the other: they do not touch each other, sequences of different
//! lengths need no masks, and a row gives the same bits alone and in a batch.

mod activations;
mod cells;

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::DType;

use super::matrix::transpose;
use activations::Activation;
use cells::{Cell, Row};

const fn row(
    name: &'static str,
    versions: &'static [i64],
    most: (usize, usize),
    build: fn(&mut NodeSpec<'_>) -> Result<Built>,
) -> Operator {
    Operator { domain: "", name, versions, inputs: (3, most.0), outputs: (0, most.1), types: "float", build }
}

/// This module's operators.
pub(super) const OPERATORS: &[Operator] = &[
    row("LSTM", &[7, 14, 22], (8, 3), |spec| {
        if spec.attributes.int("input_forget")?.unwrap_or(0) != 0 {
            return Err(unsupported("attribute \"input_forget\" other than 0"));
        }
        build(spec, Cell::Lstm)
    }),
    row("GRU", &[7, 14, 22], (6, 2), |spec| {
        let cell =
            if spec.attributes.flag("linear_before_reset", false)? { Cell::GruLinear } else { Cell::Gru };
        build(spec, cell)
    }),
    row("RNN", &[7, 14, 22], (6, 2), |spec| build(spec, Cell::Rnn)),
];

/// The inputs after X, W and R.
const BIAS: usize = 3;
const LENGTHS: usize = 4;
const INITIAL_H: usize = 5;
const INITIAL_C: usize = 6;
const PEEPHOLES: usize = 7;

struct Recurrent {
    cell: Cell,
    /// For each direction whether it runs backward, and its functions.
    directions: Vec<(bool, Vec<Activation>)>,
    hidden: Option<usize>,
    /// The batch is the first axis instead of the second.
    batch_first: bool,
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorCode::ModelUnsupported, format!("{what} is not supported"))
}

fn build(spec: &mut NodeSpec<'_>, cell: Cell) -> Result<Built> {
    for at in [0, 1, 2, BIAS, INITIAL_H, INITIAL_C, PEEPHOLES] {
        if spec.inputs.get(at).is_some_and(Option::is_some) && spec.dtype(at)? != DType::F32 {
            return Err(unsupported(&format!("input {at} of another type than float")));
        }
    }
    if spec.inputs.get(LENGTHS).is_some_and(Option::is_some) && spec.dtype(LENGTHS)? != DType::I32 {
        return Err(spec.wrong_type(LENGTHS, "tensor(int32)"));
    }
    if spec.attributes.float("clip")?.is_some() {
        return Err(unsupported("attribute \"clip\""));
    }
    let backward: &[bool] = match spec.attributes.text("direction")?.unwrap_or("forward") {
        "forward" => &[false],
        "reverse" => &[true],
        "bidirectional" => &[false, true],
        other => {
            let message =
                format!("attribute \"direction\" is \"{other}\", must be forward, reverse or bidirectional");
            return Err(Error::new(ErrorCode::ModelAttribute, message));
        }
    };
    let mut functions = activations::read(&spec.attributes, cell, backward.len())?.into_iter();
    let directions: Vec<(bool, Vec<Activation>)> = backward
        .iter()
        .map(|&backward| (backward, functions.by_ref().take(cell.default_activations().len()).collect()))
        .collect();
    let hidden = spec.attributes.int("hidden_size")?.map(|size| {
        let wrong = || Error::new(ErrorCode::ModelAttribute, "attribute \"hidden_size\" must be at least 1");
        usize::try_from(size).ok().filter(|&size| size > 0).ok_or_else(wrong)
    });
    let hidden = hidden.transpose()?;
    let batch_first = spec.opset >= 14 && spec.attributes.flag("layout", false)?;
    let outputs = facts(spec, directions.len(), hidden, batch_first);
    Ok(Built { kernel: Box::new(Recurrent { cell, directions, hidden, batch_first }), outputs })
}

/// What is known of Y, Y_h and Y_c.
fn facts(spec: &NodeSpec<'_>, directions: usize, hidden: Option<usize>, batch_first: bool) -> Vec<Fact> {
    let axis = |input: usize, axis: usize| {
        let dims: Option<&DimList> = spec.inputs.get(input).and_then(Option::as_ref).map(|fact| &fact.dims);
        dims.and_then(Option::as_ref).and_then(|dims| dims.get(axis)).cloned().unwrap_or(Dim::Unknown)
    };
    let hidden = hidden.map_or_else(|| axis(2, 2), Dim::Known);
    let directions = Dim::Known(directions);
    let (whole, last) = if batch_first {
        let batch = axis(0, 0);
        (vec![batch.clone(), axis(0, 1), directions.clone(), hidden.clone()], vec![batch, directions, hidden])
    } else {
        let batch = axis(0, 1);
        (vec![axis(0, 0), directions.clone(), batch.clone(), hidden.clone()], vec![directions, batch, hidden])
    };
    let fact = |dims: &Vec<Dim>| Fact::shaped(DType::F32, Some(dims.clone()));
    vec![fact(&whole), fact(&last), fact(&last)]
}

/// The sizes of one run.
#[derive(Clone, Copy)]
struct Sizes {
    length: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    directions: usize,
    batch_first: bool,
}

impl Sizes {
    /// The position of a row's slice in X, and (times the directions) in Y.
    const fn slice(&self, time: usize, row: usize) -> usize {
        if self.batch_first { row * self.length + time } else { time * self.batch + row }
    }

    /// The position of a row's slice in Y.
    const fn made(&self, time: usize, direction: usize, row: usize) -> usize {
        if self.batch_first {
            (row * self.length + time) * self.directions + direction
        } else {
            (time * self.directions + direction) * self.batch + row
        }
    }

    /// The position of a row's state in the initial and last states.
    const fn state(&self, direction: usize, row: usize) -> usize {
        if self.batch_first { row * self.directions + direction } else { direction * self.batch + row }
    }

    fn states(&self) -> [usize; 3] {
        if self.batch_first {
            [self.batch, self.directions, self.hidden]
        } else {
            [self.directions, self.batch, self.hidden]
        }
    }
}

impl Kernel for Recurrent {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let sizes = self.sizes(io)?;
        let mut space = std::mem::take(&mut io.scratch.f32);
        let done = self.directions(io, sizes, &mut space);
        io.scratch.f32 = space;
        done
    }
}

impl Recurrent {
    fn sizes(&self, io: &Io<'_>) -> Result<Sizes> {
        let wrong = |at: usize| {
            let shape = io.try_tensor(at).map(|tensor| *tensor.shape()).unwrap_or_default();
            Error::new(
                ErrorCode::InputShape,
                format!("input {at} has shape {shape}, which does not fit the others"),
            )
        };
        let &[first, second, input] = io.tensor(0)?.shape().sizes() else { return Err(wrong(0)) };
        let &[_, _, hidden] = io.tensor(2)?.shape().sizes() else { return Err(wrong(2)) };
        let (length, batch) = if self.batch_first { (second, first) } else { (first, second) };
        let directions = self.directions.len();
        let sizes = Sizes { length, batch, input, hidden, directions, batch_first: self.batch_first };
        let gates = self.cell.gates().checked_mul(hidden).ok_or_else(|| wrong(2))?;
        if self.hidden.is_some_and(|expected| expected != hidden) {
            return Err(wrong(2));
        }
        let expected: [(usize, &[usize]); 7] = [
            (1, &[directions, gates, input]),
            (2, &[directions, gates, hidden]),
            (BIAS, &[directions, 2 * gates]),
            (LENGTHS, &[batch]),
            (INITIAL_H, &sizes.states()),
            (INITIAL_C, &sizes.states()),
            (PEEPHOLES, &[directions, 3 * hidden]),
        ];
        for (at, expected) in expected {
            if io.try_tensor(at).is_some_and(|tensor| tensor.shape().sizes() != expected) {
                return Err(wrong(at));
            }
        }
        Ok(sizes)
    }

    fn directions(&self, io: &mut Io<'_>, sizes: Sizes, space: &mut Vec<f32>) -> Result<()> {
        let whole = if self.batch_first {
            Shape::new(&[sizes.batch, sizes.length, sizes.directions, sizes.hidden])
        } else {
            Shape::new(&[sizes.length, sizes.directions, sizes.batch, sizes.hidden])
        };
        let last = Shape::new(&sizes.states()).unwrap_or_default();
        for at in 0..io.output_count() {
            let shape = if at == 0 { whole.unwrap_or_default() } else { last };
            io.output::<f32>(at, shape)?.fill(0.0);
        }
        for (direction, (backward, functions)) in self.directions.iter().enumerate() {
            self.direction(io, sizes, space, direction, *backward, functions)?;
        }
        Ok(())
    }

    fn direction(
        &self,
        io: &mut Io<'_>,
        sizes: Sizes,
        space: &mut Vec<f32>,
        direction: usize,
        backward: bool,
        functions: &[Activation],
    ) -> Result<()> {
        let Sizes { input, hidden, .. } = sizes;
        let gates = self.cell.gates() * hidden;
        let part = |at: usize, len: usize| -> Result<Option<&[f32]>> {
            if io.try_tensor(at).is_none() {
                return Ok(None);
            }
            Ok(io.elements::<f32>(at)?.get(direction * len..(direction + 1) * len))
        };
        let none = || Error::new(ErrorCode::Internal, "weights are missing");
        let mut weights = std::mem::take(space);
        transpose(part(1, gates * input)?.ok_or_else(none)?, input, &mut weights);
        let mut recurrence = Vec::new();
        transpose(part(2, gates * hidden)?.ok_or_else(none)?, hidden, &mut recurrence);
        let (bias, peepholes) = (part(BIAS, 2 * gates)?, part(PEEPHOLES, 3 * hidden)?);
        let x = io.elements::<f32>(0)?;
        let lengths =
            if io.try_tensor(LENGTHS).is_some() { Some(io.elements::<i32>(LENGTHS)?) } else { None };
        let initial = |io: &Io<'_>, at: usize, row: usize, into: &mut [f32]| -> Result<()> {
            into.fill(0.0);
            if io.try_tensor(at).is_some() {
                let start = sizes.state(direction, row) * hidden;
                into.copy_from_slice(io.elements::<f32>(at)?.get(start..start + hidden).ok_or_else(none)?);
            }
            Ok(())
        };
        let mut state = Row::new(self.cell, functions, hidden, &weights, &recurrence, bias, peepholes);
        for row in 0..sizes.batch {
            let steps = match lengths.and_then(|lengths| lengths.get(row)) {
                None => sizes.length,
                Some(&steps) => usize::try_from(steps)
                    .ok()
                    .filter(|&steps| steps > 0 && steps <= sizes.length)
                    .ok_or_else(|| {
                        let message = format!("sequence_lens must be from 1 to {}", sizes.length);
                        Error::new(ErrorCode::RunValue, message)
                    })?,
            };
            initial(io, INITIAL_H, row, &mut state.h)?;
            initial(io, INITIAL_C, row, &mut state.c)?;
            for step in 0..steps {
                let time = if backward { steps - 1 - step } else { step };
                let start = sizes.slice(time, row) * input;
                state.advance(x.get(start..start + input).ok_or_else(none)?);
                put(io, 0, sizes.made(time, direction, row) * hidden, &state.h)?;
            }
            let start = sizes.state(direction, row) * hidden;
            put(io, 1, start, &state.h)?;
            put(io, 2, start, &state.c)?;
        }
        *space = weights;
        Ok(())
    }
}

/// Copies a row's values into output `at`, where the node names it.
fn put(io: &mut Io<'_>, at: usize, start: usize, values: &[f32]) -> Result<()> {
    if !io.wants(at) {
        return Ok(());
    }
    let shape = *io.output_tensor(at)?.shape();
    let to = io.output_tensor(at)?.reset::<f32>(shape);
    if let Some(to) = to.get_mut(start..start + values.len()) {
        to.copy_from_slice(values);
    }
    Ok(())
}
