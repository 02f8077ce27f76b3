//! Which values share a slot: those of one type whose lives do not overlap. So buffers are few, and
//! each keeps the type that it has been grown for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::kernel::Fact;
use super::super::plan::{Plan, Source, Step};
use super::super::tensor::DType;
use super::super::value::ValueType;
use super::builder::{Draft, Id, Known, Origin};

/// A finished plan.
pub(super) struct Finished {
    pub(super) plan: Plan,
    /// The slots of the values that an enclosing kernel sets.
    pub(super) inputs: Vec<u32>,
}

/// No slot yet.
const NONE: u32 = u32::MAX;
/// Never free: set from outside, or to be read after the run.
const ALWAYS: usize = usize::MAX;

struct Slots {
    of: Vec<u32>,
    free: HashMap<u8, Vec<u32>>,
    count: u32,
}

impl Slots {
    fn fresh(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }

    fn claim(&mut self, id: Id, fact: &Fact) {
        let slot = match self.free.get_mut(&class(fact)).and_then(Vec::pop) {
            Some(slot) => slot,
            None => self.fresh(),
        };
        self.of[id] = slot;
    }
}

/// Slots are shared within a class only.
const fn class(fact: &Fact) -> u8 {
    match fact.dtype() {
        Some(dtype) => dtype as u8,
        None => 0,
    }
}

pub(super) fn assign(values: &[Known], drafts: Vec<Draft>, inputs: &[Id], outputs: &[Id]) -> Finished {
    let mut last_use: Vec<usize> = vec![0; values.len()];
    for (at, draft) in drafts.iter().enumerate() {
        for &id in draft.inputs.iter().flatten().chain(&draft.outputs) {
            last_use[id] = at;
        }
    }
    for &id in inputs.iter().chain(outputs) {
        last_use[id] = ALWAYS;
    }
    let mut slots = Slots { of: vec![NONE; values.len()], free: HashMap::new(), count: 0 };
    let input_slots: Vec<u32> = inputs
        .iter()
        .map(|&id| {
            slots.of[id] = slots.fresh();
            slots.of[id]
        })
        .collect();
    let mut constants = Constants::default();
    let mut steps = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.into_iter().enumerate() {
        for &id in &draft.outputs {
            slots.claim(id, &values[id].fact);
        }
        let source = |id: &Option<Id>| match *id {
            None => Source::Missing,
            Some(id) => source(id, values, &slots.of, &mut constants),
        };
        let step = Step {
            inputs: draft.inputs.iter().map(source).collect(),
            outputs: draft.outputs.iter().map(|&id| slots.of[id]).collect(),
            width: draft.outputs.iter().map(|&id| width(&values[id].fact)).min().unwrap_or(1),
            dims: draft.outputs.iter().map(|&id| values[id].fact.dims.clone()).collect(),
            kernel: draft.kernel,
            place: draft.place,
            operator: draft.operator,
        };
        for &id in draft.inputs.iter().flatten().chain(&draft.outputs) {
            // Marking a value as freed keeps one that is used twice by a step from being freed twice.
            if last_use[id] == at && matches!(values[id].origin, Origin::Made) {
                last_use[id] = ALWAYS;
                slots.free.entry(class(&values[id].fact)).or_default().push(slots.of[id]);
            }
        }
        steps.push(step);
    }
    let mut copies = Vec::new();
    let mut taken: HashSet<u32> = input_slots.iter().copied().collect();
    let mut output_slots: Vec<u32> = Vec::with_capacity(outputs.len());
    for &id in outputs {
        let slot = slots.of[id];
        if slot == NONE || !taken.insert(slot) {
            let own = slots.fresh();
            copies.push((source(id, values, &slots.of, &mut constants), own));
            output_slots.push(own);
        } else {
            output_slots.push(slot);
        }
    }
    let plan =
        Plan { steps, constants: constants.list, slots: slots.count as usize, copies, outputs: output_slots };
    Finished { plan, inputs: input_slots }
}

#[derive(Default)]
struct Constants {
    list: Vec<Arc<super::super::Tensor>>,
    places: HashMap<Id, u32>,
}

fn source(id: Id, values: &[Known], slots: &[u32], constants: &mut Constants) -> Source {
    match (&values[id].origin, &values[id].fact.constant) {
        (Origin::Outer(index), _) => Source::Outer(*index),
        (Origin::Constant, Some(tensor)) => {
            Source::Constant(*constants.places.entry(id).or_insert_with(|| {
                constants.list.push(Arc::clone(tensor));
                constants.list.len() as u32 - 1
            }))
        }
        _ => Source::Slot(slots[id]),
    }
}

const fn width(fact: &Fact) -> usize {
    match &fact.kind {
        ValueType::Tensor(DType::Str) => size_of::<u32>(),
        ValueType::Tensor(dtype) => dtype.width(),
        _ => 1,
    }
}
