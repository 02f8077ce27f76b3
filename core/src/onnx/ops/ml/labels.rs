//! Class labels: integers or texts that classifiers give and ZipMap uses as keys.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::{Io, NodeSpec};
use crate::onnx::shape::Shape;
use crate::onnx::tensor::{DType, Strings};
use crate::onnx::value::Keys;

/// Reads the labels from whichever of the two attributes is filled. Both or neither is an error.
pub(super) fn read(spec: &NodeSpec<'_>, ints: &str, texts: &str) -> Result<Keys> {
    let numbers = spec.attributes.ints(ints)?.unwrap_or_default();
    let words = spec.attributes.texts(texts)?.unwrap_or_default();
    match (numbers.is_empty(), words.is_empty()) {
        (false, true) => Ok(Keys::Ints(numbers.to_vec())),
        (true, false) => Ok(Keys::Texts(words.into_iter().collect())),
        _ => Err(Error::new(
            ErrorCode::ModelAttribute,
            format!("exactly one of the attributes \"{ints}\" and \"{texts}\" must hold labels"),
        )),
    }
}

/// How many labels there are.
pub(super) fn count(labels: &Keys) -> usize {
    match labels {
        Keys::Ints(list) => list.len(),
        Keys::Texts(list) => list.len(),
    }
}

/// The labels of a yes-no decision, no first: those of the model where it names two, else 0 and 1.
pub(super) fn no_and_yes(labels: Keys) -> Keys {
    match labels {
        labels if count(&labels) == 2 => labels,
        Keys::Ints(_) => Keys::Ints(vec![0, 1]),
        Keys::Texts(_) => Keys::Texts(["0", "1"].into_iter().collect::<Strings>()),
    }
}

/// The element type of a tensor of such labels.
pub(super) const fn dtype(labels: &Keys) -> DType {
    labels.dtype()
}

/// Fills output `at` with the label of each row, given by its place among `labels`.
pub(super) fn write(io: &mut Io<'_>, at: usize, labels: &Keys, places: &[usize]) -> Result<()> {
    if !io.wants(at) {
        return Ok(());
    }
    let shape = Shape::vector(places.len());
    match labels {
        Keys::Ints(list) => {
            for (out, &place) in io.output::<i64>(at, shape)?.iter_mut().zip(places) {
                *out = list.get(place).copied().unwrap_or_default();
            }
        }
        Keys::Texts(list) => {
            let out = io.output_strings(at, shape)?;
            for &place in places {
                out.push(if place < list.len() { list.get(place) } else { "" });
            }
        }
    }
    Ok(())
}

/// The place of the largest score, the first among equals; NaN never wins over a number that came
/// before it.
pub(super) fn best<T: PartialOrd>(scores: &[T]) -> usize {
    let mut best = 0;
    for (at, score) in scores.iter().enumerate() {
        if scores.get(best).is_some_and(|top| score > top) {
            best = at;
        }
    }
    best
}
