//! What each operator makes of what its inputs depend on.
//!
//! Where an operator is not in these lists its outputs depend on everything that its inputs depend on,
//! in an unknown way: right for every operator, though not always the most that could be said.

use std::sync::Arc;

use super::element::{Element, Elements, Trace};
use super::probe;
use super::walk::Tracer;
use crate::onnx::explain::ExplainPart;
use crate::onnx::plan::{Source, Step};
use crate::onnx::{Data, Dim, Tensor};

/// Operators that move the elements of their inputs about; all inputs, or only the first, are moved.
const MOVES_ALL: &[&str] = &["Concat", "FeatureVectorizer"];
const MOVES_FIRST: &[&str] = &[
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Gather",
    "Split",
    "Expand",
    "Tile",
    "ArrayFeatureExtractor",
    "Dropout",
];
/// Operators that compute each element from the elements at its place, with broadcasting.
const BY_ELEMENT: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "And",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Binarizer",
    "Cast",
    "CategoryMapper",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "Div",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "Greater",
    "GreaterOrEqual",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "Imputer",
    "IsInf",
    "IsNaN",
    "LabelEncoder",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "Max",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "Or",
    "PRelu",
    "Pow",
    "Reciprocal",
    "Relu",
    "Round",
    "Scaler",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Where",
    "Xor",
];
/// Operators that weigh the elements of a row by each other: each keeps its place.
const BLENDS: &[&str] = &["Softmax", "LogSoftmax", "Hardmax", "Normalizer", "LpNormalization"];
/// Operators that are linear in the one input that is no constant.
const LINEAR: &[&str] = &["MatMul", "Gemm", "ReduceSum", "ReduceMean"];
/// Operators that look at shapes alone.
const SHAPES: &[&str] = &["Shape", "Size"];

/// Distance between the numbers of two rows' elements: floats hold whole numbers up to 2^24.
const ROW: i64 = 1 << 22;

impl Tracer<'_> {
    /// What the outputs of a step depend on.
    pub(super) fn step(&mut self, at: usize, step: &Step, given: &[Option<Trace>]) -> Vec<Trace> {
        if !given.is_empty() && given.iter().flatten().all(Trace::is_constant) {
            return vec![Trace::Whole(Element::Constant(f64::NAN)); step.outputs.len()];
        }
        match step.kernel.explain_part() {
            Some(ExplainPart::Trees(part)) => {
                let targets = if part.outputs.is_some() { 1 } else { part.ensemble.targets() };
                let usable = part.ensemble.features();
                match columns(given)
                    .filter(|columns| columns.len() >= usable && !part.ensemble.shares_nodes())
                {
                    Some(columns) => {
                        let sums = self.votes(at, columns, targets);
                        return self.with_label(step, &sums, part.scores);
                    }
                    None if part.ensemble.shares_nodes() => self.block(step, TWO_PARENTS),
                    None => self.block(step, MIXED_COLUMNS),
                }
            }
            Some(ExplainPart::Linear(part)) => {
                if let Some(sums) = self.weighted(at, given, part.coefficients, part.intercepts) {
                    return self.with_label(step, &sums, part.scores);
                }
                self.block(step, MIXED_COLUMNS);
            }
            Some(ExplainPart::Scale { offset, scale }) => {
                if let Some(made) = self.scaled(at, given, offset, scale) {
                    return vec![made];
                }
            }
            Some(ExplainPart::Same) => {
                if let Some(Some(same)) = given.first() {
                    return vec![same.clone()];
                }
            }
            None => {}
        }
        self.by_name(at, step, given).unwrap_or_else(|| self.anyhow(step, given))
    }

    fn with_label(
        &mut self,
        step: &Step,
        sums: &[Element],
        scores: crate::onnx::explain::Scores,
    ) -> Vec<Trace> {
        let (scores, label) = self.scores(sums, scores);
        if step.outputs.len() > 1 || step.operator.ends_with("Classifier") {
            vec![label, scores]
        } else {
            vec![scores]
        }
    }

    fn by_name(&mut self, at: usize, step: &Step, given: &[Option<Trace>]) -> Option<Vec<Trace>> {
        let name = step.operator;
        let in_list = |list: &[&str]| list.contains(&name);
        if in_list(SHAPES) {
            return Some(vec![Trace::Whole(Element::Constant(f64::NAN))]);
        }
        if name == "ZipMap" {
            return Some(vec![given.first()?.clone()?]);
        }
        if in_list(MOVES_ALL) || in_list(MOVES_FIRST) {
            return self.moved(step, given, in_list(MOVES_ALL));
        }
        if in_list(BY_ELEMENT) {
            return self.by_element(at, step, given).map(|made| vec![made]);
        }
        if in_list(BLENDS) {
            return self.blended(step, given).map(|made| vec![made]);
        }
        if in_list(LINEAR) {
            return self.linear(at, step, given).map(|made| vec![made]);
        }
        if name == "OneHotEncoder" {
            let value = given.first()?.as_ref()?.known()?;
            let Some(Dim::Known(count)) = step.dims.first()?.as_ref()?.last() else { return None };
            let family = self.family(given);
            let repeat = |&element: &Element| std::iter::repeat_n(self.sums.lowered(element, family), *count);
            let list = value.list.iter().flat_map(repeat).collect();
            let mut dims = value.dims.clone();
            dims.push(*count);
            return Some(vec![Trace::Known(Elements { per_row: value.per_row, dims, list })]);
        }
        None
    }

    /// The family that sums among the inputs count to in a function of them.
    fn family(&mut self, given: &[Option<Trace>]) -> Option<u32> {
        let elements = || given.iter().flatten().flat_map(|trace| trace.elements());
        let known = elements()
            .find_map(|element| if let Element::Of(family, _) = element { Some(*family) } else { None });
        if known.is_some() {
            return known;
        }
        let sums: Vec<u32> = elements()
            .filter_map(|element| if let Element::Sum(sum) = element { Some(*sum) } else { None })
            .collect();
        if sums.is_empty() { None } else { Some(self.sums.family(sums.into_iter())) }
    }

    /// What an operator of which nothing is known makes.
    fn anyhow(&mut self, step: &Step, given: &[Option<Trace>]) -> Vec<Trace> {
        let family = self.family(given);
        let all = given.iter().flatten().flat_map(|trace| trace.elements().iter().copied());
        let mixed = given.iter().flatten().any(|trace| trace.elements().contains(&Element::Mixed));
        let all = match self.sums.blend(all, family) {
            Element::Of(family, Some(_)) if self.sums.members(family).len() > 1 => Element::Of(family, None),
            all => all,
        };
        if all == Element::Mixed && !mixed {
            self.block(step, MIXED);
        }
        let made = |dims: &Option<Vec<Dim>>| match dims.as_deref() {
            Some([_, rest @ ..]) => {
                let known = |dim: &Dim| if let Dim::Known(size) = dim { Some(*size) } else { None };
                let dims: Option<Vec<usize>> = rest.iter().map(known).collect();
                dims.map_or(Trace::Whole(all), |dims| Trace::per_row(dims, all))
            }
            _ => Trace::Whole(all),
        };
        step.dims.iter().map(made).collect()
    }

    /// Follows elements by running the operator on their numbers, for two rows.
    fn moved(&mut self, step: &Step, given: &[Option<Trace>], all: bool) -> Option<Vec<Trace>> {
        let mut elements: Vec<Element> = Vec::new();
        let mut inputs = Vec::with_capacity(given.len());
        for (at, (trace, source)) in given.iter().zip(&step.inputs).enumerate() {
            if at > 0 && !all {
                inputs.push(self.constant(*source));
                continue;
            }
            let value = trace.as_ref()?.known()?;
            let first = elements.len() as i64;
            elements.extend(&value.list);
            let last = elements.len() as i64;
            let mut dims = value.dims.clone();
            let mut numbers: Vec<i64> = (first..last).collect();
            if value.per_row {
                dims.insert(0, 2);
                numbers.extend(first + ROW..last + ROW);
            }
            inputs.push(Some(probe::numbers(&dims, numbers)?));
        }
        if elements.len() as i64 > ROW {
            return None;
        }
        let made = probe::run(&*step.kernel, &inputs, step.outputs.len())?;
        made.iter().map(|tensor| follow(tensor, &elements)).collect()
    }

    pub(super) fn constant(&self, source: Source) -> Option<Arc<Tensor>> {
        match source {
            Source::Constant(at) => self.plan.constants.get(at as usize).cloned(),
            _ => None,
        }
    }

    fn by_element(&mut self, at: usize, step: &Step, given: &[Option<Trace>]) -> Option<Trace> {
        let values: Vec<&Elements> = given.iter().flatten().map(Trace::known).collect::<Option<_>>()?;
        let per_row = values.iter().filter(|value| value.per_row).map(|value| value.dims.len());
        let rank = per_row.clone().max()?;
        // Rows that stretch against each other would make a table of pairs of rows.
        if per_row.clone().any(|other| other != rank) {
            return None;
        }
        let mut dims = vec![1; rank];
        for value in &values {
            let own = match (value.per_row, value.dims.len() > rank) {
                (false, true) if value.dims.first() == Some(&1) && value.dims.len() == rank + 1 => {
                    &value.dims[1..]
                }
                (_, false) => &value.dims[..],
                _ => return None,
            };
            let skipped = rank - own.len();
            for (dim, &size) in dims[skipped..].iter_mut().zip(own) {
                *dim = match (*dim, size) {
                    (dim, size) if dim == size || size == 1 => dim,
                    (1, size) => size,
                    _ => return None,
                };
            }
        }
        let count: usize = dims.iter().product();
        let family = self.family(given);
        let mut list = Vec::with_capacity(count);
        let mut operands = Vec::with_capacity(values.len());
        for place in 0..count {
            operands.clear();
            operands.extend(
                values
                    .iter()
                    .enumerate()
                    .map(|(input, &value)| (input, value, stretched(value, &dims, place))),
            );
            list.push(self.combined(at, step, &operands, family));
        }
        Some(Trace::Known(Elements { per_row: true, dims, list }))
    }

    /// One element of an operator that goes element by element.
    fn combined(
        &mut self,
        at: usize,
        step: &Step,
        operands: &[(usize, &Elements, usize)],
        family: Option<u32>,
    ) -> Element {
        let element = |operand: &(usize, &Elements, usize)| operand.1.list[operand.2];
        let constant =
            |operand| if let Element::Constant(value) = element(operand) { Some(value) } else { None };
        let sums = operands.iter().any(|operand| matches!(element(operand), Element::Sum(_)));
        let blend = self.sums.blend(operands.iter().map(element), family);
        // What one feature makes alone stays a feature's own; a sum is made where it must be.
        if !sums && !matches!(blend, Element::Mixed) {
            return blend;
        }
        let factors: Option<Vec<f64>> = match (step.operator, operands) {
            ("Add" | "Sum", list) => Some(vec![1.0; list.len()]),
            ("Mean", list) => Some(vec![1.0 / list.len() as f64; list.len()]),
            ("Sub", [_, _]) => Some(vec![1.0, -1.0]),
            ("Neg", [_]) => Some(vec![-1.0]),
            ("Mul", [a, b]) => match (constant(a), constant(b)) {
                (None, Some(factor)) => Some(vec![factor, 0.0]),
                (Some(factor), None) => Some(vec![0.0, factor]),
                _ => None,
            },
            ("Div", [_, b]) => constant(b).map(|divisor| vec![1.0 / divisor, 0.0]),
            _ => None,
        };
        let Some(factors) = factors.filter(|factors| factors.iter().all(|factor| factor.is_finite())) else {
            return self.mixed(step, blend, operands.iter().map(element));
        };
        let multiplies = matches!(step.operator, "Mul" | "Div");
        let list: Vec<_> = operands
            .iter()
            .zip(factors)
            .filter(|(operand, _)| !multiplies || constant(operand).is_none())
            .map(|(&(input, value, place), factor)| (input, value, place, factor))
            .collect();
        match self.sum(at, &list, 0.0) {
            Element::Mixed => self.mixed(step, blend, operands.iter().map(element)),
            sum => sum,
        }
    }

    /// `blend`, and if that is more than its operands were, a note why: what depends on several sums at once
    /// has no sum of its own either.
    fn mixed(&mut self, step: &Step, blend: Element, mut of: impl Iterator<Item = Element>) -> Element {
        let more = matches!(blend, Element::Mixed | Element::Of(_, None));
        if more && !of.any(|element| element == Element::Mixed) {
            self.block(step, MIXED);
        }
        blend
    }

    fn blended(&mut self, step: &Step, given: &[Option<Trace>]) -> Option<Trace> {
        let value = given.first()?.as_ref()?.known()?;
        let family = self.family(given);
        let all = self.sums.blend(value.list.iter().copied(), family);
        let list = match all {
            Element::Of(..) => value.list.iter().map(|&element| self.sums.lowered(element, family)).collect(),
            all => {
                let all = self.mixed(step, all, value.list.iter().copied());
                vec![all; value.list.len()]
            }
        };
        Some(Trace::Known(Elements { list, ..value.clone() }))
    }
}

/// The features that make the columns of the first input, where each is made by one.
fn columns(given: &[Option<Trace>]) -> Option<Vec<u32>> {
    let value = given.first()?.as_ref()?.known().filter(|value| value.per_row && value.dims.len() == 1)?;
    let column = |element: &Element| match element {
        Element::Feature(feature) => Some(*feature),
        // A column that never changes answers every split alike, whichever player it counts to.
        Element::Constant(_) => Some(0),
        _ => None,
    };
    value.list.iter().map(column).collect()
}

/// Reads where the elements of a tensor come from.
fn follow(tensor: &Tensor, elements: &[Element]) -> Option<Trace> {
    let from: Vec<i64> = match tensor.data() {
        Data::I64(list) => list.clone(),
        Data::F32(list) => list.iter().map(|&number| number as i64).collect(),
        Data::F64(list) => list.iter().map(|&number| number as i64).collect(),
        _ => return None,
    };
    let sizes = tensor.shape().sizes();
    let element = |&number: &i64| elements.get(usize::try_from(number).ok()?).copied();
    let two_rows = sizes.first() == Some(&2) && from.iter().any(|&number| number >= ROW);
    if !two_rows {
        // Nothing of the rows is in it, or all of it is in the wrong place.
        let list: Vec<Element> = from.iter().map(element).collect::<Option<_>>()?;
        let constant = list.iter().all(|element| matches!(element, Element::Constant(_)));
        return constant.then(|| Trace::Known(Elements { per_row: false, dims: sizes.to_vec(), list }));
    }
    let (first, second) = from.split_at(from.len() / 2);
    let same = |(&first, &second): (&i64, &i64)| {
        second == first + ROW || (second == first && is_constant(elements, first))
    };
    if !first.iter().zip(second).all(same) {
        return None;
    }
    let list = first.iter().map(element).collect::<Option<_>>()?;
    Some(Trace::Known(Elements { per_row: true, dims: sizes[1..].to_vec(), list }))
}

fn is_constant(elements: &[Element], number: i64) -> bool {
    let element = usize::try_from(number).ok().and_then(|number| elements.get(number));
    matches!(element, Some(Element::Constant(_)))
}

/// The element of a value that stands at place `place` of `dims`.
fn stretched(value: &Elements, dims: &[usize], mut place: usize) -> usize {
    let (mut at, mut stride) = (0, 1);
    for (back, &size) in dims.iter().rev().enumerate() {
        let own = value.dims.len().checked_sub(back + 1).map_or(1, |axis| value.dims[axis]);
        if own != 1 {
            at += place % size * stride;
            stride *= own;
        }
        place /= size;
    }
    at
}

const MIXED_COLUMNS: &str = "its columns are not those of the model's inputs: between them are operators that mix \
                             columns, or an input whose width the model does not say";
const MIXED: &str = "it mixes features in a way that has no exact contributions";
const TWO_PARENTS: &str =
    "some nodes of the trees have two parents, so that paths cannot be weighed; reasons need proper trees";
