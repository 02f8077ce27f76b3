//! A plan under construction: its values by number, and its steps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::kernel::{Fact, Kernel};
use super::super::tensor::Tensor;
use super::slots::{self, Finished};

/// The number of a value within one plan.
pub(super) type Id = usize;

/// Where a value comes from.
#[derive(Clone)]
pub(super) enum Origin {
    /// A constant of the model, in its fact.
    Constant,
    /// From outside the plan, by the number of the feed or of the enclosing node's input.
    Outer(u32),
    /// Made by a step, or set by the enclosing kernel as an input of the nested graph.
    Made,
}

pub(super) struct Known {
    pub(super) fact: Fact,
    pub(super) origin: Origin,
}

/// A step whose values have numbers but no places yet.
pub(super) struct Draft {
    pub(super) kernel: Box<dyn Kernel>,
    pub(super) inputs: Vec<Option<Id>>,
    pub(super) outputs: Vec<Id>,
    pub(super) place: Box<str>,
    pub(super) operator: &'static str,
}

/// Values and steps of one plan. Behind cells, because a nested graph that is being planned adds the
/// values it takes from here.
#[derive(Default)]
pub(super) struct Builder {
    values: RefCell<Vec<Known>>,
    drafts: RefCell<Vec<Draft>>,
    /// Values of the enclosing plan that are already values of this one.
    taken: RefCell<HashMap<Id, Id>>,
}

impl Builder {
    pub(super) fn add(&self, fact: Fact, origin: Origin) -> Id {
        let mut values = self.values.borrow_mut();
        values.push(Known { fact, origin });
        values.len() - 1
    }

    pub(super) fn add_constant(&self, tensor: Arc<Tensor>) -> Id {
        let dims = tensor.shape().sizes().iter().map(|&size| super::super::Dim::Known(size)).collect();
        let mut fact = Fact::shaped(tensor.dtype(), Some(dims));
        fact.constant = Some(tensor);
        self.add(fact, Origin::Constant)
    }

    pub(super) fn fact(&self, id: Id) -> Fact {
        self.values.borrow()[id].fact.clone()
    }

    pub(super) fn constant(&self, id: Id) -> Option<Arc<Tensor>> {
        self.values.borrow()[id].fact.constant.clone()
    }

    pub(super) fn step(&self, draft: Draft) {
        self.drafts.borrow_mut().push(draft);
    }

    /// The value here for value `outer` of the enclosing plan, made by `make` the first time.
    pub(super) fn take(&self, outer: Id, make: impl FnOnce() -> Id) -> Id {
        if let Some(&id) = self.taken.borrow().get(&outer) {
            return id;
        }
        let id = make();
        self.taken.borrow_mut().insert(outer, id);
        id
    }

    /// Lays the values into slots. `inputs` are the values that an enclosing kernel sets, `outputs`
    /// those that must outlive the run.
    pub(super) fn finish(self, inputs: &[Id], outputs: &[Id]) -> Finished {
        slots::assign(&self.values.into_inner(), self.drafts.into_inner(), inputs, outputs)
    }
}
