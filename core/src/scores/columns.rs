//! Columns of scores: of answers, expressions, numbers and bands.

use crate::manifest::{Band, ScoreType};
use crate::models::Answers;
use crate::rules::{Cell, Column, Data, Texts, Value};

/// A model's answers as a column; what is not finite is null.
pub(super) fn answer(answers: Option<&Answers>, scored: &[usize], rows: usize) -> Column {
    let mut score = vec![f64::NAN; rows];
    let answers = answers.map_or(&[][..], |answers| &answers.score);
    for (&row, &answer) in scored.iter().zip(answers) {
        if let Some(slot) = score.get_mut(row)
            && answer.is_finite()
        {
            *slot = answer;
        }
    }
    numbers(&score)
}

/// An expression's column as a score's: of the score's type, without faults, nothing where not scored.
pub(super) fn settle(column: &Column, kind: ScoreType, scored: &[usize], rows: usize) -> Column {
    if kind == ScoreType::Number {
        let mut score = vec![f64::NAN; rows];
        for &row in scored {
            if let (Some(slot), Ok(Some(number))) = (score.get_mut(row), column.number(row))
                && number.is_finite()
            {
                *slot = number;
            }
        }
        return numbers(&score);
    }
    let mut present = vec![false; rows];
    for &row in scored {
        if let Some(slot) = present.get_mut(row) {
            *slot = matches!(column.cell(row), Cell::Value(Value::Text(_)));
        }
    }
    let mut texts = Texts::default();
    for (row, &present) in present.iter().enumerate() {
        match column.cell(row) {
            Cell::Value(Value::Text(text)) if present => texts.push(&text),
            _ => texts.push(""),
        }
    }
    Column::with_presence(Data::Text(texts), &present)
}

/// A column of numbers in which NaN is null.
#[must_use]
pub fn numbers(numbers: &[f64]) -> Column {
    let present: Vec<bool> = numbers.iter().map(|number| !number.is_nan()).collect();
    Column::with_presence(Data::Double(numbers.to_vec()), &present)
}

/// The labels of the bands that a score's numbers fall into.
pub(super) fn bands(bands: &[Band], column: &Column, rows: usize) -> Column {
    let label = |row| Some(&*bands.get(Band::find(bands, column.number(row).ok().flatten()?)?)?.label);
    let present: Vec<bool> = (0..rows).map(|row| label(row).is_some()).collect();
    let labels: Texts = (0..rows).map(|row| label(row).unwrap_or_default()).collect();
    Column::with_presence(Data::Text(labels), &present)
}
