//! What scores take of a model that gives a number per class.

use crate::manifest::Take;
use crate::models::Answers;
use crate::rules::{Column, Data, Texts};

use super::numbers;

/// Probabilities add up to one but for so much; float32 of a hundred classes need it.
const TOLERANCE: f64 = 1e-3;

/// What is taken, and the labels.
#[derive(Clone, Debug)]
pub(super) enum Classes {
    /// The probability of the class at this place.
    Class(usize),
    Label(Vec<String>),
    Confidence,
    /// The value of each label.
    Expected(Vec<f64>),
}

impl Classes {
    /// What a score takes of labels; the manifest's check has seen to it.
    pub(super) fn new(take: Take, labels: &[String], value: impl Fn(&String) -> f64) -> Self {
        match take {
            Take::Label => Self::Label(labels.to_vec()),
            Take::Confidence => Self::Confidence,
            Take::Expected => Self::Expected(labels.iter().map(value).collect()),
        }
    }

    /// The score of each row; null where the model gives none.
    pub(super) fn column(&self, answers: Option<&Answers>, scored: &[usize], rows: usize) -> Column {
        let vectors = scored
            .iter()
            .enumerate()
            .map(|(at, &row)| (row, answers.map_or(&[][..], |answers| answers.vector_of(at))));
        if let Self::Label(labels) = self {
            let mut places: Vec<Option<usize>> = vec![None; rows];
            vectors.for_each(|(row, vector)| places[row] = greatest(vector));
            let label = |place: &Option<usize>| place.and_then(|place| labels.get(place));
            let present: Vec<bool> = places.iter().map(|place| label(place).is_some()).collect();
            let texts: Texts = places.iter().map(|place| label(place).map_or("", String::as_str)).collect();
            return Column::with_presence(Data::Text(texts), &present);
        }
        let mut score = vec![f64::NAN; rows];
        vectors.filter(|(_, vector)| are_probabilities(vector)).for_each(|(row, vector)| {
            score[row] = match self {
                Self::Class(place) => vector.get(*place).map_or(f64::NAN, |own| own.clamp(0.0, 1.0)),
                Self::Expected(values) => vector.iter().zip(values).map(|(own, value)| own * value).sum(),
                _ => greatest(vector)
                    .and_then(|place| vector.get(place))
                    .map_or(f64::NAN, |own| own.clamp(0.0, 1.0)),
            };
        });
        numbers(&score)
    }
}

/// The place of the greatest number, the first of equals; `None` where one is not finite.
fn greatest(vector: &[f64]) -> Option<usize> {
    if !vector.iter().all(|own| own.is_finite()) {
        return None;
    }
    (0..vector.len()).reduce(|best, next| if vector[next] > vector[best] { next } else { best })
}

fn are_probabilities(vector: &[f64]) -> bool {
    let inside = vector.iter().all(|own| (-TOLERANCE..=1.0 + TOLERANCE).contains(own));
    inside && (vector.iter().sum::<f64>() - 1.0).abs() <= TOLERANCE
}
