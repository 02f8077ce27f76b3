//! A planned graph: steps in order, each a kernel with the places of its inputs and outputs.
//!
//! All names are gone here. A value lives in a numbered slot of a [`Frame`], and values whose lives
//! do not overlap share a slot, so a chain of ten thousand nodes needs two buffers. Frames keep their
//! buffers between runs: once warm, a run allocates nothing.

use std::sync::Arc;

use super::kernel::{Inputs, Io, Kernel, Scratch};
use super::shape::DimList;
use super::tensor::Tensor;
use super::value::Value;
use crate::error::{Error, ErrorCode, Result};

/// Where a step finds an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nowhere: an optional input that is left out.
    Missing,
    /// In a slot of the frame.
    Slot(u32),
    /// Among the plan's constants.
    Constant(u32),
    /// Outside: a feed of the model, or an input of the node that holds this graph.
    Outer(u32),
}

/// One node, ready to run.
pub(crate) struct Step {
    pub(crate) kernel: Box<dyn Kernel>,
    pub(crate) inputs: Box<[Source]>,
    pub(crate) outputs: Box<[u32]>,
    /// Names node and operator in errors.
    pub(crate) place: Box<str>,
    /// The operator's name, which is unique over the domains that there are.
    pub(crate) operator: &'static str,
    /// What is known of the shape of each output.
    pub(crate) dims: Box<[DimList]>,
    /// Bytes of the narrowest element among the outputs: turns a budget of bytes into elements.
    pub(crate) width: usize,
}

/// A graph, ready to run.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) constants: Vec<Arc<Tensor>>,
    /// How many slots a frame needs.
    pub(crate) slots: usize,
    /// Values to copy into a slot of their own once all steps are done: outputs that no step makes.
    pub(crate) copies: Vec<(Source, u32)>,
    /// The slot of each output.
    pub(crate) outputs: Vec<u32>,
}

/// The values of one graph while it runs, and their buffers between runs.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) slots: Vec<Value>,
    bytes: Vec<usize>,
    outputs: Vec<Value>,
}

impl Frame {
    /// Makes room for `slots` values and forgets what earlier values cost. Returns what they cost.
    pub(crate) fn open(&mut self, slots: usize) -> usize {
        if self.slots.len() != slots {
            self.slots.resize_with(slots, Value::default);
            self.bytes.resize(slots, 0);
        }
        self.bytes.iter_mut().map(std::mem::take).sum()
    }
}

/// What a run may still spend, and what it works with.
pub(crate) struct Means<'r> {
    pub(crate) scratch: &'r mut Scratch,
    pub(crate) steps: &'r mut u64,
    pub(crate) max_elements: usize,
    /// Whether the plan is that of a nested graph, where what steps make counts as steps too.
    pub(crate) nested: bool,
}

/// Bytes made in a nested graph that cost as much as a step.
const STEP_BYTES: usize = 4096;

/// Looks at what some steps read while a plan runs.
pub(crate) trait Watcher {
    /// The steps that it looks at, ascending.
    fn steps(&self) -> &[usize];

    /// Looks at what the step at this place of [`Self::steps`] is about to read.
    fn see(&mut self, watched: usize, inputs: &dyn Inputs) -> Result<()>;
}

struct StepInputs<'r> {
    sources: &'r [Source],
    slots: &'r [Value],
    constants: &'r [Arc<Tensor>],
    outer: &'r dyn Inputs,
}

impl Inputs for StepInputs<'_> {
    fn value(&self, at: usize) -> Option<&Value> {
        match *self.sources.get(at)? {
            Source::Slot(slot) => self.slots.get(slot as usize),
            Source::Outer(index) => self.outer.value(index as usize),
            Source::Missing | Source::Constant(_) => None,
        }
    }

    fn tensor(&self, at: usize) -> Option<&Tensor> {
        match *self.sources.get(at)? {
            Source::Constant(index) => self.constants.get(index as usize).map(Arc::as_ref),
            Source::Outer(index) => self.outer.tensor(index as usize),
            Source::Slot(slot) => match self.slots.get(slot as usize) {
                Some(Value::Tensor(tensor)) => Some(tensor),
                _ => None,
            },
            Source::Missing => None,
        }
    }

    fn count(&self) -> usize {
        self.sources.len()
    }
}

impl Plan {
    /// Runs the steps in order and shows what each step that is watched would read to `watcher` before it
    /// runs. Without `to_end` it stops at the last of them, and outputs are not made.
    pub(crate) fn run_watched(
        &self,
        watcher: &mut dyn Watcher,
        to_end: bool,
        frame: &mut Frame,
        outer: &dyn Inputs,
        means: &mut Means<'_>,
    ) -> Result<()> {
        let mut done = 0;
        for watched in 0..watcher.steps().len() {
            let at = watcher.steps()[watched];
            let Some(step) = self.steps.get(at) else {
                return Err(Error::new(ErrorCode::Internal, format!("the plan has no step {at}")));
            };
            if let Some(before) = self.steps.get(done..at) {
                self.run_steps(before, frame, outer, means)?;
                done = at;
            }
            let sources = &step.inputs;
            let inputs = StepInputs { sources, slots: &frame.slots, constants: &self.constants, outer };
            watcher.see(watched, &inputs)?;
        }
        if to_end { self.run_from(done, frame, outer, means) } else { Ok(()) }
    }

    fn run_steps(
        &self,
        steps: &[Step],
        frame: &mut Frame,
        outer: &dyn Inputs,
        means: &mut Means<'_>,
    ) -> Result<()> {
        spend(means.steps, 1)?;
        for step in steps {
            self.run_step(step, frame, outer, means).map_err(|error| error.at(&step.place))?;
        }
        Ok(())
    }

    /// Runs all steps. `frame` has been opened for this plan.
    pub(crate) fn run(&self, frame: &mut Frame, outer: &dyn Inputs, means: &mut Means<'_>) -> Result<()> {
        self.run_from(0, frame, outer, means)
    }

    /// Runs the steps from this one on, and makes the outputs.
    fn run_from(
        &self,
        first: usize,
        frame: &mut Frame,
        outer: &dyn Inputs,
        means: &mut Means<'_>,
    ) -> Result<()> {
        self.run_steps(self.steps.get(first..).unwrap_or_default(), frame, outer, means)?;
        for &(source, slot) in &self.copies {
            let mut target = frame.slots.get_mut(slot as usize).map(std::mem::take).unwrap_or_default();
            let sources = [source];
            let inputs =
                StepInputs { sources: &sources, slots: &frame.slots, constants: &self.constants, outer };
            target.copy_input(&inputs, 0)?;
            self.put_back(frame, slot, target, means.scratch)?;
        }
        Ok(())
    }

    fn run_step(
        &self,
        step: &Step,
        frame: &mut Frame,
        outer: &dyn Inputs,
        means: &mut Means<'_>,
    ) -> Result<()> {
        spend(means.steps, 1)?;
        let mut outputs = std::mem::take(&mut frame.outputs);
        outputs.clear();
        for &slot in &step.outputs {
            let slot = slot as usize;
            if let (Some(value), Some(bytes)) = (frame.slots.get_mut(slot), frame.bytes.get_mut(slot)) {
                means.scratch.frames.bytes_left += std::mem::take(bytes);
                outputs.push(std::mem::take(value));
            }
        }
        let affordable = means.scratch.frames.bytes_left / step.width.max(1);
        let inputs =
            StepInputs { sources: &step.inputs, slots: &frame.slots, constants: &self.constants, outer };
        let held = std::mem::take(&mut means.scratch.frames.held);
        let done = step.kernel.run(&mut Io {
            inputs: &inputs,
            outputs: &mut outputs,
            max_elements: means.max_elements.min(affordable),
            scratch: means.scratch,
            steps: means.steps,
        });
        let frames = &mut means.scratch.frames;
        frames.bytes_left += std::mem::replace(&mut frames.held, held);
        let mut kept = Ok(());
        for (&slot, value) in step.outputs.iter().zip(outputs.drain(..)) {
            if means.nested {
                kept = kept.and(spend(means.steps, (value.bytes() / STEP_BYTES) as u64));
            }
            kept = kept.and(self.put_back(frame, slot, value, means.scratch));
        }
        frame.outputs = outputs;
        done.and(kept)
    }

    fn put_back(&self, frame: &mut Frame, slot: u32, value: Value, scratch: &mut Scratch) -> Result<()> {
        let cost = value.bytes();
        let slot = slot as usize;
        if let (Some(place), Some(bytes)) = (frame.slots.get_mut(slot), frame.bytes.get_mut(slot)) {
            *place = value;
            let left = scratch.frames.bytes_left + std::mem::replace(bytes, 0);
            scratch.frames.bytes_left = left.checked_sub(cost).ok_or_else(|| {
                Error::new(
                    ErrorCode::RunBudget,
                    "the values of this run need more memory than the limits allow",
                )
            })?;
            *bytes = cost;
        }
        Ok(())
    }
}

/// Takes `count` steps from what is left.
///
/// # Errors
/// [`ErrorCode::RunBudget`] where less is left.
pub(crate) fn spend(steps: &mut u64, count: u64) -> Result<()> {
    match steps.checked_sub(count) {
        Some(left) => {
            *steps = left;
            Ok(())
        }
        None => {
            *steps = 0;
            Err(Error::new(ErrorCode::RunBudget, "the run needs more steps than the limits allow"))
        }
    }
}
