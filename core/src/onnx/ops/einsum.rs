//! Einsum: sums of products over named axes.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Built, Fact, Io, Kernel, NodeSpec, Operator};
use crate::onnx::shape::{MAX_RANK, Shape};
use crate::onnx::tensor::DType;

use super::compute::{Class, Compute, class, fill, whole};
use super::moving::strides;
use super::plain;

/// This module's operators.
pub(super) const OPERATORS: &[Operator] =
    &[plain("Einsum", &[12, 28], (1, usize::MAX), "float, double, float16, int32, int64", build)];

/// An axis of a term: a letter, or one of those that an ellipsis stands for, counted from the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Label {
    Broadcast(u8),
    Letter(u8),
}

/// One operand's or the result's letters, with the place of the ellipsis.
#[derive(Clone, Debug, Default)]
struct Term {
    letters: Vec<u8>,
    ellipsis: Option<usize>,
}

impl Term {
    fn parse(text: &str) -> Result<Self> {
        let mut term = Self::default();
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            match byte {
                b'.' if rest.starts_with(b"...") && term.ellipsis.is_none() => {
                    term.ellipsis = Some(term.letters.len());
                    rest = &rest[3..];
                    continue;
                }
                b' ' => {}
                letter if letter.is_ascii_alphabetic() => term.letters.push(letter),
                _ => {
                    return Err(Error::new(
                        ErrorCode::ModelAttribute,
                        "attribute \"equation\" may hold letters, commas, one -> and one ... per term",
                    ));
                }
            }
            rest = after;
        }
        Ok(term)
    }

    /// The labels of a tensor of this rank, or `None` where the term does not fit it.
    fn labels(&self, rank: usize) -> Option<Vec<Label>> {
        let hidden = rank.checked_sub(self.letters.len())?;
        if hidden > 0 && self.ellipsis.is_none() {
            return None;
        }
        let at = self.ellipsis.unwrap_or(0);
        let letter = |&letter: &u8| Label::Letter(letter);
        let mut labels: Vec<Label> = self.letters[..at].iter().map(letter).collect();
        labels.extend((0..hidden).rev().map(|number| Label::Broadcast(number as u8)));
        labels.extend(self.letters[at..].iter().map(letter));
        Some(labels)
    }
}

struct Equation {
    terms: Vec<Term>,
    result: Option<Term>,
}

struct Einsum<C> {
    equation: Equation,
    times: fn(C, C) -> C,
}

fn build(spec: &mut NodeSpec<'_>) -> Result<Built> {
    let dtype: DType = spec.dtype(0)?;
    for at in 1..spec.inputs.len() {
        if spec.dtype(at)? != dtype {
            return Err(spec.wrong_type(at, &format!("tensor({}) like input 0", dtype.name())));
        }
    }
    let text = spec.attributes.text("equation")?.unwrap_or("");
    let (left, right) = text.split_once("->").map_or((text, None), |(left, right)| (left, Some(right)));
    let terms = left.split(',').map(Term::parse).collect::<Result<Vec<_>>>()?;
    if terms.len() != spec.inputs.len() {
        return Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("attribute \"equation\" has {} terms for {} inputs", terms.len(), spec.inputs.len()),
        ));
    }
    let equation = Equation { terms, result: right.map(Term::parse).transpose()? };
    let fact = Fact::tensor(dtype);
    match class(dtype) {
        Class::F32 => Built::one(Einsum { equation, times: f32::times }, fact),
        Class::F64 => Built::one(Einsum { equation, times: f64::times }, fact),
        Class::I64 | Class::U64 if dtype != DType::Bool => {
            Built::one(Einsum { equation, times: i64::times }, fact)
        }
        _ => Err(spec.wrong_type(0, "a tensor of numbers")),
    }
}

/// The loops of one run: result axes first, then the axes that are summed over.
struct Loops {
    sizes: Vec<usize>,
    /// For each loop the stride of each operand.
    steps: Vec<Vec<usize>>,
    shape: Shape,
}

impl Equation {
    fn loops(&self, shapes: &[Shape]) -> Result<Loops> {
        let unfit = || Error::new(ErrorCode::InputShape, "the inputs do not fit attribute \"equation\"");
        let terms = self
            .terms
            .iter()
            .zip(shapes)
            .map(|(term, shape)| term.labels(shape.rank()).ok_or_else(unfit))
            .collect::<Result<Vec<_>>>()?;
        let mut all: Vec<Label> = terms.iter().flatten().copied().collect();
        all.sort_unstable();
        let count = |label: &Label| all.iter().filter(|other| *other == label).count();
        let mut hidden: Vec<Label> =
            all.iter().copied().filter(|label| matches!(label, Label::Broadcast(_))).collect();
        hidden.dedup();
        let mut order: Vec<Label> = match &self.result {
            Some(term) => {
                let hidden = if term.ellipsis.is_some() { hidden.len() } else { 0 };
                term.labels(term.letters.len() + hidden).ok_or_else(unfit)?
            }
            // Without an arrow: what the ellipses stand for, then each letter that occurs once.
            None => {
                let letters = all
                    .iter()
                    .copied()
                    .filter(|label| matches!(label, Label::Letter(_)) && count(label) == 1);
                hidden.iter().rev().copied().chain(letters).collect()
            }
        };
        let outputs = order.len();
        let repeated = (0..outputs).any(|at| order[..at].contains(&order[at]) || !all.contains(&order[at]));
        if outputs > MAX_RANK || repeated {
            return Err(unfit());
        }
        all.dedup();
        for label in all {
            if !order.contains(&label) {
                order.push(label);
            }
        }
        let mut loops = Loops { sizes: Vec::new(), steps: Vec::new(), shape: Shape::SCALAR };
        for (at, label) in order.iter().enumerate() {
            let mut size = 1;
            let mut steps = vec![0; terms.len()];
            for (operand, (labels, shape)) in terms.iter().zip(shapes).enumerate() {
                let distance = strides(shape);
                for axis in (0..labels.len()).filter(|&axis| labels[axis] == *label) {
                    match (size, shape.sizes()[axis]) {
                        (_, 1) => continue,
                        (1, own) => size = own,
                        (size, own) if size == own => {}
                        _ => return Err(unfit()),
                    }
                    steps[operand] += distance[axis] as usize;
                }
            }
            // A size of 1 takes part in a size of 0 or more elsewhere, so nothing is left to check here.
            loops.sizes.push(size);
            loops.steps.push(steps);
            if at < outputs && !loops.shape.push(size) {
                return Err(unfit());
            }
        }
        Ok(loops)
    }
}

impl<C: Compute> Kernel for Einsum<C> {
    fn run(&self, io: &mut Io<'_>) -> Result<()> {
        let tensors = (0..io.input_count()).map(|at| io.tensor(at)).collect::<Result<Vec<_>>>()?;
        let shapes: Vec<Shape> = tensors.iter().map(|tensor| *tensor.shape()).collect();
        let loops = self.equation.loops(&shapes)?;
        io.check(&loops.shape)?;
        let dtype = io.tensor(0)?.dtype();
        let target = io.output_tensor(0)?.reset_as(dtype, loops.shape);
        let mut spaces = vec![Vec::new(); tensors.len()];
        let operands: Vec<&[C]> =
            tensors.iter().zip(&mut spaces).map(|(tensor, space)| whole::<C>(tensor.data(), space)).collect();
        let outputs = loops.shape.rank();
        fill(target, &mut Vec::new(), |out| {
            out.fill(C::default());
            if loops.sizes.contains(&0) {
                return;
            }
            let mut at = vec![0; loops.sizes.len()];
            let mut places = vec![0; operands.len()];
            let mut to = 0;
            loop {
                let product =
                    operands.iter().zip(&places).map(|(values, &place)| values[place]).reduce(self.times);
                out[to] = out[to].plus(product.unwrap_or_default());
                let mut number = loops.sizes.len();
                loop {
                    if number == 0 {
                        return;
                    }
                    number -= 1;
                    at[number] += 1;
                    let again = at[number] < loops.sizes[number];
                    for (place, step) in places.iter_mut().zip(&loops.steps[number]) {
                        *place =
                            if again { *place + step } else { *place - step * (loops.sizes[number] - 1) };
                    }
                    if again {
                        break;
                    }
                    at[number] = 0;
                }
                // A step of an output loop means that the sums of one result are complete.
                if number < outputs {
                    to += 1;
                }
            }
        });
        Ok(())
    }
}
