//! Weighted sums: operators that are linear in what is not constant, and what scales.

use std::sync::Arc;

use super::element::{Element, Elements, Trace};
use super::probe;
use super::walk::Tracer;
use crate::onnx::Tensor;
use crate::onnx::plan::{Source, Step};

/// Elements of an input whose factors are found out one by one.
const MAX_FACTORS: usize = 2_048;

impl Tracer<'_> {
    /// The sums of a linear model over the columns of its input.
    pub(super) fn weighted(
        &mut self,
        at: usize,
        given: &[Option<Trace>],
        coefficients: &[f32],
        intercepts: &[f32],
    ) -> Option<Vec<Element>> {
        let value =
            given.first()?.as_ref()?.known().filter(|value| value.per_row && value.dims.len() == 1)?;
        let width = value.list.len();
        if width == 0 || !coefficients.len().is_multiple_of(width) {
            return None;
        }
        let mut sums = Vec::new();
        for (target, weights) in coefficients.chunks_exact(width).enumerate() {
            let intercept = intercepts.get(target).copied().unwrap_or_default();
            let factors = weights.iter().enumerate();
            let list: Vec<_> =
                factors.map(|(element, &factor)| (0, value, element, f64::from(factor))).collect();
            let sum = self.sum(at, &list, intercept.into());
            if sum == Element::Mixed {
                return None;
            }
            sums.push(sum);
        }
        Some(sums)
    }

    /// Columns with something taken off and multiplied.
    pub(super) fn scaled(
        &mut self,
        at: usize,
        given: &[Option<Trace>],
        offset: &[f32],
        scale: &[f32],
    ) -> Option<Trace> {
        let value = given.first()?.as_ref()?.known()?;
        let of = |list: &[f32], column: usize| {
            f64::from(list.get(if list.len() == 1 { 0 } else { column }).copied().unwrap_or_default())
        };
        let columns = value.dims.last().copied().unwrap_or(1).max(1);
        let mut list = Vec::with_capacity(value.list.len());
        for (place, &element) in value.list.iter().enumerate() {
            let (offset, scale) = (of(offset, place % columns), of(scale, place % columns));
            list.push(match element {
                Element::Constant(value) => Element::Constant((value - offset) * scale),
                Element::Sum(_) => self.sum(at, &[(0, value, place, scale)], -offset * scale),
                element => element,
            });
        }
        Some(Trace::Known(Elements { list, ..value.clone() }))
    }

    /// Finds the factors of a linear operator by running it on rows that are 1 in one place.
    pub(super) fn linear(&mut self, at: usize, step: &Step, given: &[Option<Trace>]) -> Option<Trace> {
        let mut open =
            given.iter().enumerate().filter(|(_, trace)| trace.as_ref().is_some_and(|t| !t.is_constant()));
        let (input, Some(Trace::Known(value))) = open.next()? else { return None };
        let additive = |element: &Element| !matches!(element, Element::Of(..) | Element::Mixed);
        if open.next().is_some() || !value.per_row || !value.list.iter().all(additive) {
            return None;
        }
        let count = value.list.len();
        if count > MAX_FACTORS {
            return None;
        }
        let inputs = |rows: usize, one: f64, addend: bool| -> Option<Vec<Option<Arc<Tensor>>>> {
            let constants = step.inputs.iter().enumerate().map(|(other, &source)| {
                if other == input {
                    let mut dims = value.dims.clone();
                    dims.insert(0, rows);
                    let mut units = vec![0.0; rows * count];
                    units.iter_mut().step_by(count + 1).take(count).for_each(|unit| *unit = one);
                    return Some(Some(probe::doubles(&dims, units)?));
                }
                let constant = self.constant(source);
                match (source, constant) {
                    (Source::Missing, _) => Some(None),
                    // The addend of a Gemm is looked at by itself, so that nothing is rounded against it.
                    (_, Some(tensor)) if step.operator == "Gemm" && other == 2 && !addend => {
                        Some(Some(probe::doubles(tensor.shape().sizes(), vec![0.0; tensor.len()])?))
                    }
                    (_, Some(tensor)) => Some(Some(tensor)),
                    (_, None) => None,
                }
            });
            constants.collect()
        };
        let rows = count + 1;
        let factors = probe::run(&*step.kernel, &inputs(rows, 1.0, false)?, 1)?.pop()?;
        let bias = probe::run(&*step.kernel, &inputs(2, 0.0, true)?, 1)?.pop()?;
        let (dims, width) = match factors.shape().sizes() {
            [first, dims @ ..] if *first == rows => (dims.to_vec(), dims.iter().product::<usize>()),
            _ => return None,
        };
        let (factors, bias) = (probe::values(&factors), probe::values(&bias));
        if bias.len() != 2 * width || factors.len() != rows * width {
            return None;
        }
        let mut list = Vec::with_capacity(width);
        for place in 0..width {
            let own: Vec<_> = (0..count)
                .map(|element| (input, value, element, factors[element * width + place]))
                .filter(|term| term.3 != 0.0)
                .collect();
            list.push(self.sum(at, &own, bias[place]));
        }
        Some(Trace::Known(Elements { per_row: true, dims, list }))
    }
}
