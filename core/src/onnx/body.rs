//! A nested graph (a branch, a loop's body) as the kernel of its node sees it.
//!
//! Kernels are immutable, so what a body needs while it runs is in the session's [`Frames`]: one frame
//! per body of the model. A body never runs within itself, so one frame each is enough.

use super::kernel::{Fact, Io};
use super::plan::{Frame, Means, Plan};
use super::value::Value;
use crate::error::{Error, ErrorCode, Result};

/// The frames of all nested graphs of a model, and the memory that the run may still use.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    list: Vec<Frame>,
    /// Bytes that values may still take.
    pub(crate) bytes_left: usize,
    /// Bytes that the kernel that runs has on hold.
    pub(crate) held: usize,
}

impl Frames {
    /// Takes bytes until the kernel that runs is done.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            Error::new(ErrorCode::RunBudget, "the values of this run need more memory than the limits allow")
        })?;
        self.held += bytes;
        Ok(())
    }
}

/// A planned nested graph.
pub struct Body {
    pub(crate) plan: Plan,
    /// The slot of each of its own inputs.
    pub(crate) inputs: Vec<u32>,
    /// What is known of each output.
    pub(crate) facts: Vec<Fact>,
    /// Its frame; every body of a model has another number.
    pub(crate) id: usize,
}

impl Body {
    /// What is known of each output.
    #[must_use]
    pub fn outputs(&self) -> &[Fact] {
        &self.facts
    }

    /// How many inputs it has of its own.
    #[must_use]
    pub const fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Takes the body's frame. Give it back with [`Self::close`], also after an error.
    pub(crate) fn open(&self, io: &mut Io<'_>) -> Frame {
        let frames = &mut io.scratch.frames;
        if frames.list.len() <= self.id {
            frames.list.resize_with(self.id + 1, Frame::default);
        }
        let mut frame = frames.list.get_mut(self.id).map(std::mem::take).unwrap_or_default();
        frame.open(self.plan.slots);
        frame
    }

    /// Gives the frame back, so that its buffers serve the next run. Its values are done with.
    pub(crate) fn close(&self, io: &mut Io<'_>, mut frame: Frame) {
        io.scratch.frames.bytes_left += frame.open(self.plan.slots);
        if let Some(place) = io.scratch.frames.list.get_mut(self.id) {
            *place = frame;
        }
    }

    /// Runs the body once. Its inputs have been set.
    pub(crate) fn run(&self, frame: &mut Frame, io: &mut Io<'_>) -> Result<()> {
        let mut means =
            Means { scratch: io.scratch, steps: io.steps, max_elements: io.max_elements, nested: true };
        self.plan.run(frame, io.inputs, &mut means)
    }

    /// Input `at`, to be set before a run.
    pub(crate) fn input<'f>(&self, frame: &'f mut Frame, at: usize) -> Result<&'f mut Value> {
        let slot = self.inputs.get(at).copied().unwrap_or(u32::MAX);
        frame
            .slots
            .get_mut(slot as usize)
            .ok_or_else(|| Error::new(ErrorCode::Internal, format!("the nested graph has no input {at}")))
    }

    /// Output `at` after a run.
    pub(crate) fn output<'f>(&self, frame: &'f mut Frame, at: usize) -> Result<&'f mut Value> {
        let slot = self.plan.outputs.get(at).copied().unwrap_or(u32::MAX);
        frame
            .slots
            .get_mut(slot as usize)
            .ok_or_else(|| Error::new(ErrorCode::Internal, format!("the nested graph has no output {at}")))
    }

    /// Makes output `output` of the last run output `at` of the node, without a copy.
    pub(crate) fn give(&self, frame: &mut Frame, output: usize, io: &mut Io<'_>, at: usize) -> Result<()> {
        std::mem::swap(self.output(frame, output)?, io.output_value(at)?);
        Ok(())
    }

    /// Makes output `output` of the last run input `input` of the next one, without a copy.
    pub(crate) fn feed_back(&self, frame: &mut Frame, output: usize, input: usize) -> Result<()> {
        let made = std::mem::take(self.output(frame, output)?);
        let old = std::mem::replace(self.input(frame, input)?, made);
        *self.output(frame, output)? = old;
        Ok(())
    }
}
