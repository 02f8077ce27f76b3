//! The walk through a model's plan, from its inputs to the output that is explained.

use std::collections::{BTreeMap, BTreeSet};

use super::element::{Element, Elements, Sum, Sums, Term, Trace};
use super::{Part, Reading, Terms, input_widths, unsupported};
use crate::error::{Error, Result};
use crate::onnx::explain::Scores;
use crate::onnx::plan::{Plan, Source, Step};
use crate::onnx::{Model, Tensor};

use super::probe;

/// Elements of one value that are traced one by one.
const MAX_ELEMENTS: usize = 1 << 17;
/// Terms of all sums together.
const MAX_TERMS: usize = 1 << 22;

/// What the walk has found so far.
pub(super) struct Tracer<'m> {
    pub(super) plan: &'m Plan,
    inputs: Vec<Trace>,
    slots: Vec<Option<Trace>>,
    pub(super) sums: Sums,
    parts: Vec<Part>,
    readings: Vec<Reading>,
    places: BTreeMap<(usize, usize, usize), u32>,
    terms: usize,
    /// Why the first value that is more than a sum came to be.
    pub(super) obstacle: Option<Error>,
}

pub(super) fn walk(model: &Model, output: usize, widths: &[Option<usize>]) -> Result<Terms> {
    let widths = input_widths(model, widths)?;
    let mut features = 0;
    let plan = model.plan();
    let mut inputs = Vec::with_capacity(widths.len());
    for (info, width) in model.inputs().iter().zip(widths) {
        let list: Vec<Element> = (features..features + width).map(|at| Element::Feature(at as u32)).collect();
        let dims = if info.dims.as_ref().is_some_and(|dims| dims.len() == 1) { vec![] } else { vec![width] };
        features += width;
        inputs.push(Trace::Known(Elements { per_row: true, dims, list }));
    }
    let mut tracer = Tracer {
        plan,
        inputs,
        slots: vec![None; plan.slots],
        sums: Sums::default(),
        parts: Vec::new(),
        readings: Vec::new(),
        places: BTreeMap::new(),
        terms: 0,
        obstacle: None,
    };
    for (at, step) in plan.steps.iter().enumerate() {
        let given: Vec<Option<Trace>> = step.inputs.iter().map(|&source| tracer.read(source)).collect();
        let mut made = tracer.step(at, step, &given).into_iter();
        for &slot in &step.outputs {
            let trace = made.next().unwrap_or(Trace::Whole(Element::Mixed));
            if let Some(place) = tracer.slots.get_mut(slot as usize) {
                *place = Some(trace);
            }
        }
    }
    for &(source, slot) in &plan.copies {
        let trace = tracer.read(source);
        if let Some(place) = tracer.slots.get_mut(slot as usize) {
            *place = trace;
        }
    }
    let slot = plan.outputs.get(output).copied().unwrap_or(u32::MAX) as usize;
    let answer = tracer.slots.get_mut(slot).and_then(Option::take);
    tracer.finish(answer.as_ref(), features)
}

impl Tracer<'_> {
    fn read(&self, source: Source) -> Option<Trace> {
        match source {
            Source::Missing => None,
            Source::Slot(slot) => self.slots.get(slot as usize)?.clone(),
            Source::Outer(input) => self.inputs.get(input as usize).cloned(),
            Source::Constant(at) => self.plan.constants.get(at as usize).map(|tensor| constant(tensor)),
        }
    }

    /// A sum of elements of input `input` of step `at`, with factors, plus `bias`; `list` gives their places.
    pub(super) fn sum(
        &mut self,
        at: usize,
        elements: &[(usize, &Elements, usize, f64)],
        mut bias: f64,
    ) -> Element {
        let mut terms: Vec<(Term, f64)> = Vec::new();
        let mut places: BTreeMap<Term, usize> = BTreeMap::new();
        let mut of = None;
        let mut single = true;
        let mut push = |term: Term, factor: f64| {
            let next = terms.len();
            match terms.get_mut(*places.entry(term).or_insert(next)) {
                Some(known) => known.1 += factor,
                None => terms.push((term, factor)),
            }
        };
        for &(input, value, element, factor) in elements {
            match value.list.get(element).copied().unwrap_or(Element::Mixed) {
                Element::Constant(constant) => bias += factor * constant,
                Element::Feature(feature) => {
                    single = false;
                    let width = value.list.len();
                    let next = self.readings.len() as u32;
                    let reading = *self.places.entry((at, input, element)).or_insert(next);
                    if reading == next {
                        self.readings.push(Reading { step: at, input, element, width, feature });
                    }
                    push(Term::Reading(reading), factor);
                }
                Element::Sum(sum) => {
                    single &= of.replace(sum).is_none_or(|before| before == sum);
                    let Some(known) = self.sums.list.get(sum as usize) else { return Element::Mixed };
                    bias += factor * known.bias;
                    known.terms.iter().for_each(|&(term, own)| push(term, factor * own));
                }
                Element::Of(..) | Element::Mixed => return Element::Mixed,
            }
        }
        self.terms += terms.len();
        if self.terms > MAX_TERMS || !bias.is_finite() {
            return Element::Mixed;
        }
        self.sums.add(Sum { bias, terms }, of.filter(|_| single))
    }

    /// The votes of trees, a sum per target.
    pub(super) fn votes(&mut self, step: usize, columns: Vec<u32>, targets: usize) -> Vec<Element> {
        let part = self.parts.len() as u32;
        self.parts.push(Part { step, columns });
        let sum = |target: u32| Sum { bias: 0.0, terms: vec![(Term::Votes { part, target }, 1.0)] };
        (0..targets as u32).map(|target| self.sums.add(sum(target), None)).collect()
    }

    /// What a kernel makes of its own sums, and the label that it chooses by them.
    pub(super) fn scores(&mut self, sums: &[Element], scores: Scores) -> (Trace, Trace) {
        let numbers =
            sums.iter().filter_map(|sum| if let Element::Sum(sum) = sum { Some(*sum) } else { None });
        let numbers: Vec<u32> = numbers.collect();
        let family = self.sums.family(numbers.iter().copied());
        let label = Trace::per_row(vec![], Element::Of(family, None));
        let list = match (scores, numbers.as_slice()) {
            (Scores::Sums, _) => sums.to_vec(),
            (Scores::Pair { offset, factor }, &[sum]) => {
                let known = self.sums.list.get(sum as usize).cloned().unwrap_or_default();
                let no = Sum {
                    bias: offset + factor * known.bias,
                    terms: known.terms.iter().map(|&(term, own)| (term, factor * own)).collect(),
                };
                let no = if factor == 0.0 { Element::Constant(offset) } else { self.sums.add(no, Some(sum)) };
                vec![no, Element::Sum(sum)]
            }
            (Scores::Linked(count), numbers) => {
                let place = |at: usize| if numbers.len() == 1 { 0 } else { at as u32 };
                (0..count).map(|at| Element::Of(family, Some(place(at)))).collect()
            }
            _ => vec![Element::Mixed],
        };
        (Trace::Known(Elements { per_row: true, dims: vec![list.len()], list }), label)
    }

    /// Notes why a value is more than a sum, where it is the first.
    pub(super) fn block(&mut self, step: &Step, why: &str) {
        if self.obstacle.is_none() {
            self.obstacle = Some(unsupported(why).at(&step.place));
        }
    }

    fn finish(mut self, answer: Option<&Trace>, features: usize) -> Result<Terms> {
        let Some(found) = answer.and_then(|answer| self.explained(answer)) else {
            return Err(self.obstacle.unwrap_or_else(|| {
                unsupported(
                    "the output is no sum of trees or of weighted features, which is what exact contributions are made \
                     of",
                )
            }));
        };
        let (roots, classes) = found;
        let mut terms = Terms { features, classes, ..Terms::default() };
        let mut sums: Vec<Sum> =
            roots.iter().filter_map(|&root| self.sums.list.get(root as usize)).cloned().collect();
        let used_terms: BTreeSet<Term> =
            sums.iter().flat_map(|sum| sum.terms.iter().map(|term| term.0)).collect();
        let mut parts = BTreeMap::new();
        for (at, part) in self.parts.drain(..).enumerate() {
            let own = |term: &Term| matches!(term, Term::Votes { part, .. } if *part as usize == at);
            if used_terms.iter().any(own) {
                parts.insert(at as u32, terms.parts.len() as u32);
                terms.parts.push(part);
            }
        }
        let mut readings = BTreeMap::new();
        for (at, reading) in self.readings.drain(..).enumerate() {
            if used_terms.contains(&Term::Reading(at as u32)) {
                readings.insert(at as u32, terms.readings.len() as u32);
                terms.readings.push(reading);
            }
        }
        for (term, _) in sums.iter_mut().flat_map(|sum| &mut sum.terms) {
            match term {
                Term::Votes { part, .. } => *part = parts.get(part).copied().unwrap_or_default(),
                Term::Reading(reading) => *reading = readings.get(reading).copied().unwrap_or_default(),
            }
        }
        terms.sums = sums;
        Ok(terms)
    }

    /// The sums that an answer comes from, and for each of its elements which one.
    fn explained(&self, answer: &Trace) -> Option<(Vec<u32>, Vec<u32>)> {
        let (mut roots, mut classes) = (Vec::<u32>::new(), Vec::new());
        let mut place = |root: u32| {
            let known = roots.iter().position(|&known| known == root);
            known.unwrap_or_else(|| {
                roots.push(root);
                roots.len() - 1
            }) as u32
        };
        let mut families: Vec<u32> = Vec::new();
        for element in answer.elements() {
            match *element {
                Element::Constant(_) => classes.push(0),
                Element::Sum(sum) => classes.push(place(self.sums.root(sum))),
                Element::Of(family, at) => {
                    families.push(family);
                    let members = self.sums.members(family);
                    // The whole family is explained, in its order.
                    for &member in members {
                        place(member);
                    }
                    let own = match (members, at) {
                        (&[only], _) => only,
                        (members, Some(at)) => *members.get(at as usize)?,
                        _ => return None,
                    };
                    classes.push(place(own));
                }
                Element::Feature(_) | Element::Mixed => return None,
            }
        }
        families.dedup();
        if families.len() > 1 || roots.is_empty() {
            return None;
        }
        Some((roots, classes))
    }
}

fn constant(tensor: &Tensor) -> Trace {
    if tensor.len() > MAX_ELEMENTS {
        return Trace::Whole(Element::Constant(f64::NAN));
    }
    let list = probe::values(tensor).into_iter().map(Element::Constant).collect();
    Trace::Known(Elements { per_row: false, dims: tensor.shape().sizes().to_vec(), list })
}
