//! Scores: from models' answers and expressions to the named columns that policy and decision see.
//!
//! A score may use other scores whatever their order in the manifest; the order of evaluation follows
//! from who uses whom, and a circle is refused at pack and at load. A score is a column of numbers or
//! texts in which a row without a sound value is null.

use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{Manifest, PointsCalibration, Score, ScoreType};
use crate::models::Answers;
use crate::rules::{Cell, Column, Data, Texts, Type, Value};
use crate::scope::{Bound, Scope};
use crate::scorecard::{CardPoints, PointsCard};

/// The path of a score's program in the lock.
#[must_use]
pub fn program_path(name: &str) -> String {
    format!("scores.{name}.expr")
}

/// Whether an expression of this type can be a score of this type.
///
/// # Errors
/// `rule_invalid` that says which type is right.
pub fn check_type(score: &Score, result: &Type) -> Result<()> {
    let fits = match score.kind() {
        ScoreType::Number => result.is_number(),
        ScoreType::String => *result == Type::String,
    };
    if fits || matches!(result, Type::Dyn | Type::Null) {
        return Ok(());
    }
    let wanted = score.kind().name();
    Err(Error::new(
        ErrorCode::RuleInvalid,
        format!("the expression gives {result}, the score's type is {wanted}"),
    ))
}

/// The scores of a bundle, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Scores {
    /// In the order of their names.
    list: Vec<Step>,
    /// Places in `list` in the order in which they are evaluated.
    order: Vec<usize>,
    /// The place of the first score's column.
    first: usize,
}

#[derive(Clone, Debug)]
struct Step {
    source: Source,
    kind: ScoreType,
    optional: bool,
}

#[derive(Clone, Debug)]
enum Source {
    /// The answer of the model at this place.
    Model(usize),
    /// An expression.
    Expression(Bound),
    /// The probability that the scorecard's points mean.
    Points(PointsCalibration),
}

impl Scores {
    /// Binds the packed programs of the scores.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not; `rule_invalid` for scores that use each other in a circle.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Self> {
        let mut list = Vec::with_capacity(manifest.scores.len());
        for (name, score) in &manifest.scores {
            let source = source(name, score, manifest, scope, lock, limits)
                .map_err(|error| error.at(format_args!("scores.{name}")))?;
            list.push(Step { source, kind: score.kind(), optional: score.optional });
        }
        let first = scope.first_score();
        let uses = |at: usize| -> Vec<usize> {
            let places = first..first + list.len();
            list.get(at).map_or_else(Vec::new, |step| step.source.reads(places))
        };
        let names: Vec<&str> = manifest.scores.keys().map(String::as_str).collect();
        let order = in_order(&names, uses)?;
        Ok(Self { list, order, first })
    }

    /// Whether a score reads the column at this place.
    #[must_use]
    pub fn read(&self, place: usize) -> bool {
        self.list.iter().any(|step| !step.source.reads(place..place + 1).is_empty())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The place of a score's column.
    #[must_use]
    pub const fn place(&self, at: usize) -> usize {
        self.first + at
    }

    /// Appends a column per score to `columns`, which holds inputs, the time and features. Only `scored`
    /// rows have scores; `answers` are those of each model on these rows, `points` what a scorecard of
    /// characteristics gives.
    ///
    /// # Errors
    /// `internal` only; a row without a sound value is null.
    pub fn evaluate(
        &self,
        columns: &mut Vec<Column>,
        answers: &[Answers],
        points: Option<(&PointsCard, &CardPoints)>,
        scored: &[usize],
        rows: usize,
    ) -> Result<()> {
        debug_assert_eq!(columns.len(), self.first);
        columns.resize_with(self.first + self.list.len(), || numbers(&vec![f64::NAN; rows]));
        for &at in &self.order {
            let Some(step) = self.list.get(at) else { continue };
            let column = match &step.source {
                Source::Model(model) => answer(answers.get(*model), scored, rows),
                Source::Expression(bound) => settle(&bound.evaluate(columns, rows)?, step.kind, scored, rows),
                Source::Points(by) => {
                    let probability = |row: usize| {
                        let (card, found) = points?;
                        Some(card.probability((*found.points.get(row)?)?, by))
                    };
                    numbers(&(0..rows).map(|row| probability(row).unwrap_or(f64::NAN)).collect::<Vec<_>>())
                }
            };
            if let Some(slot) = columns.get_mut(self.first + at) {
                *slot = column;
            }
        }
        Ok(())
    }

    /// Whether a row lacks a score that it must have.
    #[must_use]
    pub fn lacks(&self, columns: &[Column], row: usize) -> bool {
        self.list.iter().enumerate().any(|(at, step)| {
            !step.optional && columns.get(self.place(at)).is_none_or(|column| column.is_null(row))
        })
    }
}

impl Source {
    /// Which of these columns it reads, counted from the first of them.
    fn reads(&self, places: std::ops::Range<usize>) -> Vec<usize> {
        match self {
            Self::Model(_) | Self::Points(_) => Vec::new(),
            Self::Expression(bound) => {
                let start = places.start;
                places.filter(|&place| bound.reads(place)).map(|place| place - start).collect()
            }
        }
    }
}

fn source(
    name: &str,
    score: &Score,
    manifest: &Manifest,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Source> {
    if let Some(expr) = &score.expr {
        let bound = lock
            .program(&program_path(name), expr)
            .and_then(|code| scope.bind(code, scope.after_scores(), limits))
            .and_then(|bound| check_type(score, bound.result()).map(|()| bound))
            .map_err(|error| error.at("expr"))?;
        return Ok(Source::Expression(bound));
    }
    if let Some(points) = &score.points {
        return Ok(Source::Points(points.clone()));
    }
    let id = score.model.as_deref().unwrap_or_default();
    let place = manifest.models.iter().position(|model| model.id == id);
    place.map(Source::Model).ok_or_else(|| Error::new(ErrorCode::Internal, "a score without a source"))
}

/// An order in which each comes after those that it uses, else by name.
fn in_order(names: &[&str], uses: impl Fn(usize) -> Vec<usize>) -> Result<Vec<usize>> {
    let mut order = Vec::with_capacity(names.len());
    let mut done = vec![false; names.len()];
    let uses: Vec<Vec<usize>> = (0..names.len()).map(uses).collect();
    while order.len() < names.len() {
        let ready = |at: &usize| !done[*at] && uses[*at].iter().all(|&used| done[used]);
        let Some(next) = (0..names.len()).find(ready) else {
            let circle: Vec<&str> =
                names.iter().zip(&done).filter(|(_, done)| !**done).map(|(name, _)| *name).collect();
            let message = format!("these scores use each other in a circle: {}", circle.join(", "));
            return Err(Error::new(ErrorCode::RuleInvalid, message).at(format_args!("scores.{}", circle[0])));
        };
        done[next] = true;
        order.push(next);
    }
    Ok(order)
}

/// A model's answers as a column; what is not finite is null.
fn answer(answers: Option<&Answers>, scored: &[usize], rows: usize) -> Column {
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
fn settle(column: &Column, kind: ScoreType, scored: &[usize], rows: usize) -> Column {
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
