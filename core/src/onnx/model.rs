//! A loaded model: its plan, its inputs and outputs, and the limits that its runs keep.

use super::plan::Plan;
use super::shape::{Dim, DimList};
use super::value::{Value, ValueType};
use super::{planner, read};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueInfo {
    /// Its name, unique among the inputs and among the outputs.
    pub name: Box<str>,
    /// Its type.
    pub kind: ValueType,
    /// Its shape as declared, or for an output that declares none, as inferred.
    pub dims: DimList,
}

/// What a feed's axis must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AxisRule {
    /// Any size.
    Any,
    /// This size.
    Exactly(usize),
    /// The size of an axis of an earlier input that has the same name.
    Same {
        /// The earlier input.
        input: usize,
        /// Its axis.
        axis: usize,
    },
}

/// A model, checked and planned. Immutable, to be shared between sessions.
pub struct Model {
    plan: Plan,
    inputs: Vec<ValueInfo>,
    defaults: Vec<Option<Value>>,
    rules: Vec<Option<Vec<AxisRule>>>,
    outputs: Vec<ValueInfo>,
    producer: Box<str>,
    limits: Limits,
}

impl Model {
    /// Reads, checks and plans a model.
    ///
    /// # Errors
    /// A `Model…` code of [`ErrorCode`]; the path names the node and operator.
    /// [`ErrorCode::BundleNeedsFull`] where operators need the neural backend and this build has none.
    pub fn load(bytes: &[u8], limits: &Limits) -> Result<Self> {
        if bytes.len() > limits.model_bytes {
            return Err(Error::new(
                ErrorCode::ModelBudget,
                format!("the model has {} bytes, the limit is {}", bytes.len(), limits.model_bytes),
            ));
        }
        let proto = read::model(bytes, limits)?;
        let planned = planner::plan(&proto, limits)?;
        let rules = axis_rules(&planned.inputs);
        Ok(Self {
            plan: planned.plan,
            inputs: planned.inputs,
            defaults: planned.defaults,
            rules,
            outputs: planned.outputs,
            producer: proto.producer.into(),
            limits: *limits,
        })
    }

    /// Does now what the first run would do beside running: tree kernels make their tables. For models that
    /// will run for sure, and above all for those whose memory is kept as a snapshot that every call
    /// starts from.
    pub fn prepare(&self) {
        self.plan.steps.iter().for_each(|step| step.kernel.prepare());
    }

    /// What a run must be fed, in the order of the model's graph.
    #[must_use]
    pub fn inputs(&self) -> &[ValueInfo] {
        &self.inputs
    }

    /// What a run gives.
    #[must_use]
    pub fn outputs(&self) -> &[ValueInfo] {
        &self.outputs
    }

    /// The name of the program that wrote the model, as the model says; may be empty.
    #[must_use]
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// The value that input `at` takes where it is not fed, if it has one.
    #[must_use]
    pub fn default_of(&self, at: usize) -> Option<&Value> {
        self.defaults.get(at)?.as_ref()
    }

    /// The limits that its runs keep.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn rules_of(&self, at: usize) -> Option<&[AxisRule]> {
        self.rules.get(at)?.as_deref()
    }
}

/// Turns declared shapes into checks, so that a run compares numbers only.
fn axis_rules(inputs: &[ValueInfo]) -> Vec<Option<Vec<AxisRule>>> {
    let mut first: std::collections::HashMap<&str, (usize, usize)> = std::collections::HashMap::new();
    let mut rules = Vec::with_capacity(inputs.len());
    for (input, info) in inputs.iter().enumerate() {
        rules.push(info.dims.as_ref().map(|dims| {
            dims.iter()
                .enumerate()
                .map(|(axis, dim)| match dim {
                    Dim::Known(size) => AxisRule::Exactly(*size),
                    Dim::Unknown => AxisRule::Any,
                    Dim::Symbol(name) => match first.get(&**name) {
                        Some(&(input, axis)) => AxisRule::Same { input, axis },
                        None => {
                            first.insert(name, (input, axis));
                            AxisRule::Any
                        }
                    },
                })
                .collect()
        }));
    }
    rules
}
