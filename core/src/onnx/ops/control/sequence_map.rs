//! SequenceMap: a nested graph for each item of a sequence.

use super::{body, varying};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::body::Body;
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec};
use crate::onnx::plan::Frame;
use crate::onnx::value::{Value, ValueType};

struct SequenceMap {
    body: Body,
    /// Which inputs are sequences; the others are given to every round as they are.
    sequences: Vec<bool>,
}

pub(super) fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let mut facts = Vec::with_capacity(spec.inputs.len());
    let mut sequences = Vec::with_capacity(spec.inputs.len());
    for at in 0..spec.inputs.len() {
        let fact = varying(spec, at)?;
        sequences.push(matches!(fact.kind, ValueType::Sequence(_)));
        facts.push(match fact.kind {
            ValueType::Sequence(item) => Fact { kind: *item, dims: None, constant: None },
            _ => fact,
        });
    }
    if sequences.first() != Some(&true) {
        return Err(spec.wrong_type(0, "a sequence"));
    }
    let body = body(spec, "body", &facts)?;
    if body.outputs().len() < spec.outputs {
        return Err(Error::new(
            ErrorCode::ModelInvalid,
            format!("the body makes {} outputs, the node has {}", body.outputs().len(), spec.outputs),
        ));
    }
    let sequence = |fact: &Fact| Fact {
        kind: ValueType::Sequence(Box::new(fact.kind.clone())),
        dims: None,
        constant: None,
    };
    let outputs = body.outputs().iter().map(sequence).collect();
    Ok(Built { kernel: Box::new(SequenceMap { body, sequences }), outputs })
}

impl Kernel for SequenceMap {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let mut frame = self.body.open(io);
        let done = self.rounds(&mut frame, io);
        self.body.close(io, frame);
        done
    }
}

impl SequenceMap {
    fn rounds(&self, frame: &mut Frame, io: &mut Io<'_>) -> Result<()> {
        let rounds = items(io, 0)?.len();
        for at in 0..io.output_count() {
            *io.output_value(at)? = Value::Sequence(Vec::new());
        }
        for round in 0..rounds {
            for (at, &sequence) in self.sequences.iter().enumerate() {
                let input = self.body.input(frame, at)?;
                if !sequence {
                    input.copy_input(io.inputs, at)?;
                    continue;
                }
                let item = items(io, at)?.get(round).ok_or_else(|| {
                    Error::new(ErrorCode::InputShape, format!("input {at} has fewer items than input 0"))
                })?;
                *input = item.clone();
            }
            self.body.run(frame, io)?;
            for at in 0..io.output_count() {
                let made = self.body.output(frame, at)?.clone();
                io.hold(made.bytes())?;
                if let Value::Sequence(list) = io.output_value(at)? {
                    list.push(made);
                }
            }
        }
        Ok(())
    }
}

fn items<'r>(io: &Io<'r>, at: usize) -> Result<&'r [Value]> {
    match io.value(at) {
        Some(Value::Sequence(items)) => Ok(items),
        _ => Err(Error::new(ErrorCode::Internal, format!("input {at} is no sequence"))),
    }
}
