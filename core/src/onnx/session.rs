//! One run after another of a loaded model, with all buffers kept in between.

use std::sync::Arc;

use super::kernel::{Inputs, Scratch};
use super::model::{AxisRule, Model};
use super::plan::{Frame, Means, Plan, Watcher};
use super::shape::Shape;
use super::value::Value;
use crate::error::{Error, ErrorCode, Result};

/// A model with the memory that runs need. Once it has seen a batch of some size, a run of that size
/// allocates nothing. Make one per thread; the model is shared.
pub struct Session {
    model: Arc<Model>,
    frame: Frame,
    scratch: Scratch,
    /// For each input of the model the place of its feed.
    order: Vec<usize>,
}

/// The feeds of one run in the order of the model's inputs.
struct Feeds<'r> {
    feeds: &'r [(&'r str, &'r Value)],
    order: &'r [usize],
    model: &'r Model,
}

/// Marks an input that is not fed and takes its default.
const DEFAULT: usize = usize::MAX;

impl Inputs for Feeds<'_> {
    fn value(&self, at: usize) -> Option<&Value> {
        match *self.order.get(at)? {
            DEFAULT => self.model.default_of(at),
            place => self.feeds.get(place).map(|feed| feed.1),
        }
    }

    fn count(&self) -> usize {
        self.order.len()
    }
}

impl Session {
    /// A session of this model.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        Self { model, frame: Frame::default(), scratch: Scratch::default(), order: Vec::new() }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Runs the model. `feeds` holds a value per input by name, in any order; inputs with a default
    /// may be left out. The outputs are those of this run until the next one.
    ///
    /// # Errors
    /// [`ErrorCode::InputType`] where an input is missing, unknown, given twice or of another type,
    /// [`ErrorCode::InputShape`] where its shape is not the declared one, [`ErrorCode::RunValue`] where
    /// the values make an operator undefined, [`ErrorCode::RunBudget`] where limits are met.
    pub fn run(&mut self, feeds: &[(&str, &Value)]) -> Result<()> {
        self.prepared(feeds, |plan, frame, outer, means| plan.run(frame, outer, means))
    }

    /// Runs the model and shows what some steps read to `watcher`. Without `to_end` it stops at the last of
    /// them, and there are no outputs.
    ///
    /// # Errors
    /// As [`Self::run`], and those of the watcher.
    pub(crate) fn run_watched(
        &mut self,
        feeds: &[(&str, &Value)],
        watcher: &mut dyn Watcher,
        to_end: bool,
    ) -> Result<()> {
        self.prepared(feeds, |plan, frame, outer, means| {
            plan.run_watched(watcher, to_end, frame, outer, means)
        })
    }

    fn prepared<R>(
        &mut self,
        feeds: &[(&str, &Value)],
        run: impl FnOnce(&Plan, &mut Frame, &dyn Inputs, &mut Means<'_>) -> Result<R>,
    ) -> Result<R> {
        let model = &*self.model;
        arrange(model, feeds, &mut self.order)?;
        let outer = Feeds { feeds, order: &self.order, model };
        for at in 0..self.order.len() {
            check(model, &outer, at)?;
        }
        self.frame.open(model.plan().slots);
        self.scratch.frames.bytes_left = model.limits().run_bytes;
        let limits = model.limits();
        let fed: usize = feeds.iter().map(|feed| feed.1.bytes()).sum();
        let mut steps = limits.steps.saturating_add(limits.steps_per_byte.saturating_mul(fed as u64));
        let mut means = Means {
            scratch: &mut self.scratch,
            steps: &mut steps,
            max_elements: limits.tensor_elements,
            nested: false,
        };
        run(model.plan(), &mut self.frame, &outer, &mut means)
    }

    /// Output `at` of the last run, in the order of [`Model::outputs`]; `None` where there is no such
    /// output. Before the first run it is an empty tensor.
    #[must_use]
    pub fn output(&self, at: usize) -> Option<&Value> {
        self.frame.slots.get(*self.model.plan().outputs.get(at)? as usize)
    }

    /// The output of this name of the last run.
    #[must_use]
    pub fn output_named(&self, name: &str) -> Option<&Value> {
        self.output(self.model.outputs().iter().position(|info| &*info.name == name)?)
    }
}

/// Finds the feed of each input.
fn arrange(model: &Model, feeds: &[(&str, &Value)], order: &mut Vec<usize>) -> Result<()> {
    order.clear();
    order.resize(model.inputs().len(), DEFAULT);
    for (place, (name, _)) in feeds.iter().enumerate() {
        let Some(at) = model.inputs().iter().position(|info| &*info.name == *name) else {
            let names: Vec<&str> = model.inputs().iter().map(|info| &*info.name).collect();
            return Err(Error::new(
                ErrorCode::InputType,
                format!("the model has no input \"{name}\"; its inputs are {}", names.join(", ")),
            ));
        };
        match order.get_mut(at) {
            Some(slot) if *slot == DEFAULT => *slot = place,
            _ => return Err(Error::new(ErrorCode::InputType, format!("input \"{name}\" is given twice"))),
        }
    }
    for (at, info) in model.inputs().iter().enumerate() {
        if order.get(at) == Some(&DEFAULT) && model.default_of(at).is_none() {
            return Err(Error::new(
                ErrorCode::InputType,
                format!("input \"{}\" of type {} is missing", info.name, info.kind),
            ));
        }
    }
    Ok(())
}

/// Checks one feed against the declared type and shape.
fn check(model: &Model, feeds: &Feeds<'_>, at: usize) -> Result<()> {
    let (Some(info), Some(value)) = (model.inputs().get(at), feeds.value(at)) else { return Ok(()) };
    if !value.is_of(&info.kind) {
        return Err(Error::new(
            ErrorCode::InputType,
            format!("input \"{}\" must be {}, got {}", info.name, info.kind, value.kind()),
        ));
    }
    let (Value::Tensor(tensor), Some(rules)) = (value, model.rules_of(at)) else { return Ok(()) };
    let shape = tensor.shape();
    let wrong = || {
        let dims: Vec<String> = info.dims.iter().flatten().map(ToString::to_string).collect();
        Error::new(
            ErrorCode::InputShape,
            format!("input \"{}\" must have shape [{}], got {shape}", info.name, dims.join(",")),
        )
    };
    if shape.rank() != rules.len() {
        return Err(wrong());
    }
    for (rule, &size) in rules.iter().zip(shape.sizes()) {
        match *rule {
            AxisRule::Any => {}
            AxisRule::Exactly(expected) if expected == size => {}
            AxisRule::Exactly(_) => return Err(wrong()),
            AxisRule::Same { input, axis } => {
                let first = feeds.model.inputs().get(input);
                let other = feeds.value(input).and_then(tensor_shape).and_then(|s| s.sizes().get(axis));
                if other.is_some_and(|&other| other != size) {
                    let name = first.map_or("", |first| &*first.name);
                    return Err(Error::new(
                        ErrorCode::InputShape,
                        format!(
                            "input \"{}\" has shape {shape}, which does not fit axis {axis} of input \"{name}\": \
                             the model gives both sizes the same name",
                            info.name
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
}

const fn tensor_shape(value: &Value) -> Option<&Shape> {
    if let Value::Tensor(tensor) = value { Some(tensor.shape()) } else { None }
}
