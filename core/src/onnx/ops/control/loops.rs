//! Loop: a nested graph again and again, as often as a count and a condition allow.

use super::{body, is_true, made, same_kind, stacked, varying};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::body::Body;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::plan::Frame;
use crate::onnx::shape::{Dim, DimList, Shape};
use crate::onnx::tensor::{DType, Tensor};
use crate::onnx::value::Value;

struct Loop {
    body: Body,
    /// Values handed from round to round.
    carried: usize,
    /// Type and shape of what each round adds to the stacked outputs.
    stacked: Vec<(DType, DimList)>,
}

/// The body's inputs and outputs before the carried values: the count and the condition.
const LEADING_INPUTS: usize = 2;
const LEADING_OUTPUTS: usize = 1;

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let given = |at: usize| spec.inputs.get(at).is_some_and(Option::is_some);
    if given(0) && spec.dtype(0)? != DType::I64 {
        return Err(spec.wrong_type(0, "tensor(int64)"));
    }
    if given(1) && spec.dtype(1)? != DType::Bool {
        return Err(spec.wrong_type(1, "tensor(bool)"));
    }
    let carried = spec.inputs.len().saturating_sub(LEADING_INPUTS);
    let scalar = |dtype| Fact::shaped(dtype, Some(Vec::new()));
    let mut inputs = vec![scalar(DType::I64), scalar(DType::Bool)];
    for at in 0..carried {
        // Carried values may change their shape from round to round.
        inputs.push(Fact { dims: None, ..varying(spec, LEADING_INPUTS + at)? });
    }
    let body = body(spec, "body", &inputs)?;
    let made = body.outputs();
    let expected = LEADING_OUTPUTS + carried;
    if made.len() < expected || spec.outputs > made.len() - LEADING_OUTPUTS {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            format!(
                "the body makes {} outputs, the node has {carried} carried values and {} outputs",
                made.len(),
                spec.outputs
            ),
        ));
    }
    if made.first().and_then(Fact::dtype) != Some(DType::Bool) {
        return Err(Error::new(
            ErrorCode::ModelType,
            "the body's first output must be the condition, a bool",
        ));
    }
    let mut outputs = Vec::with_capacity(made.len());
    for (at, (fact, input)) in made.iter().skip(LEADING_OUTPUTS).zip(&inputs[LEADING_INPUTS..]).enumerate() {
        same_kind("carried value", at, &input.kind, &fact.kind)?;
        outputs.push(Fact { dims: None, ..input.clone() });
    }
    let mut stacks = Vec::new();
    for fact in made.iter().skip(expected) {
        let stack = stacked(fact, 0, Dim::Unknown)?;
        stacks.push((stack.dtype().unwrap_or(DType::F32), fact.dims.clone()));
        outputs.push(stack);
    }
    Ok(Built { kernel: Box::new(Loop { body, carried, stacked: stacks }), outputs })
}

impl Kernel for Loop {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let mut frame = self.body.open(io);
        let done = self.rounds(&mut frame, io);
        self.body.close(io, frame);
        done
    }
}

impl Loop {
    fn rounds(&self, frame: &mut Frame, io: &mut Io<'_>) -> Result<()> {
        let most = match io.try_tensor(0) {
            None => i64::MAX,
            Some(tensor) => match tensor.elements::<i64>() {
                Some([count]) => *count,
                _ => {
                    let message = format!("the trip count must be one number, got shape {}", tensor.shape());
                    return Err(Error::new(ErrorCode::InputShape, message));
                }
            },
        };
        let mut go_on = io.try_tensor(1).map_or(Ok(true), is_true)?;
        for at in 0..self.carried {
            let inputs = io.inputs;
            self.body.input(frame, LEADING_INPUTS + at)?.copy_input(inputs, LEADING_INPUTS + at)?;
        }
        let mut round = 0;
        while go_on && round < most {
            set(self.body.input(frame, 0)?, round);
            set(self.body.input(frame, 1)?, go_on);
            self.body.run(frame, io)?;
            go_on = is_true(made(&self.body, frame, 0)?)?;
            self.stack(frame, io, round == 0)?;
            for at in 0..self.carried {
                self.body.feed_back(frame, LEADING_OUTPUTS + at, LEADING_INPUTS + at)?;
            }
            round += 1;
        }
        if round == 0 {
            self.leave_empty(io)?;
        }
        for at in 0..self.carried.min(io.output_count()) {
            std::mem::swap(self.body.input(frame, LEADING_INPUTS + at)?, io.output_value(at)?);
        }
        Ok(())
    }

    /// Adds this round's part to each stacked output that the node names.
    fn stack(&self, frame: &mut Frame, io: &mut Io<'_>, first: bool) -> Result<()> {
        for at in self.carried..io.output_count() {
            let part = made(&self.body, frame, LEADING_OUTPUTS + at)?;
            if first {
                start(io, at, part.dtype(), part.shape().sizes())?;
            }
            let sizes = io.output_tensor(at)?.shape().sizes();
            let mut grown = Shape::new(sizes).unwrap_or_default();
            if let Some(size) = grown.sizes_mut().first_mut() {
                *size += 1;
            }
            io.check(&grown)?;
            io.hold(Value::bytes_of(part))?;
            if !io.output_tensor(at)?.append(part) {
                return Err(Error::new(
                    ErrorCode::InputShape,
                    format!("output {at} changes its shape between rounds, to {}", part.shape()),
                ));
            }
        }
        Ok(())
    }

    /// What the stacked outputs are after no round at all.
    fn leave_empty(&self, io: &mut Io<'_>) -> Result<()> {
        for ((dtype, dims), at) in self.stacked.iter().zip(self.carried..io.output_count()) {
            let known = |dim: &Dim| if let Dim::Known(size) = dim { *size } else { 0 };
            let sizes: Vec<usize> = dims.iter().flatten().map(known).collect();
            start(io, at, *dtype, &sizes)?;
        }
        Ok(())
    }
}

/// Makes output `at` a stack of no parts of these sizes.
fn start(io: &mut Io<'_>, at: usize, dtype: DType, sizes: &[usize]) -> Result<()> {
    let mut shape = Shape::vector(0);
    if !sizes.iter().all(|&size| shape.push(size)) {
        return Err(Error::new(ErrorCode::InputShape, "a stacked output has too many axes"));
    }
    io.output_tensor(at)?.reset_as(dtype, shape);
    Ok(())
}

fn set<T: crate::onnx::tensor::Element>(value: &mut Value, to: T) {
    if !matches!(value, Value::Tensor(_)) {
        *value = Value::Tensor(Tensor::default());
    }
    if let Value::Tensor(tensor) = value {
        tensor.reset::<T>(Shape::SCALAR).fill(to);
    }
}
