//! The stages on a frame: quality, features, models, scores, policy, contributions.

use super::Scorer;
use super::explain::Explained;
use crate::decision::Explanation;
use crate::error::Result;
use crate::frame::Frame;
use crate::manifest::Manifest;
use crate::policy::{Case, Ruling};
use crate::request::Options;
use crate::rules::{Column, Data, Texts};
use crate::schema::{Quality, Verdict};
use crate::time::Timestamp;

/// What was found out about the rows of a frame. Rows that quality refuses have no scores, no ruling and
/// no explanation.
pub(super) struct Assessment {
    pub(super) quality: Vec<Quality>,
    /// Inputs, the time, features, scores, quality.
    pub(super) columns: Vec<Column>,
    now: Vec<Option<Timestamp>>,
    /// Per score and row; NaN where there is none.
    scores: Vec<Vec<f64>>,
    points: Vec<Option<i64>>,
    rulings: Vec<Ruling>,
    explained: Vec<Option<Explained>>,
}

impl Assessment {
    /// Whether quality did not refuse the row.
    pub(super) fn scored(&self, row: usize) -> bool {
        self.quality.get(row).is_some_and(|quality| quality.verdict != Verdict::Refuse)
    }

    /// Whether the row has all scores.
    #[cfg(feature = "authoring")]
    pub(super) fn is_sound(&self, row: usize) -> bool {
        self.scored(row) && (0..self.scores.len()).all(|score| self.score(score, row).is_finite())
    }

    /// The time of the decision.
    pub(super) fn now(&self, row: usize) -> Option<Timestamp> {
        self.now.get(row).copied().flatten()
    }

    /// The scores of a row; none where it was not scored.
    pub(super) fn scores_of(&self, row: usize) -> Vec<f64> {
        if !self.scored(row) {
            return Vec::new();
        }
        self.scores.iter().map(|score| score.get(row).copied().unwrap_or(f64::NAN)).collect()
    }

    /// A score of a row, by its place; NaN where there is none.
    pub(super) fn score(&self, score: usize, row: usize) -> f64 {
        self.scores.get(score).and_then(|score| score.get(row)).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn points(&self, row: usize) -> Option<i64> {
        self.points.get(row).copied().flatten()
    }

    pub(super) fn grade<'m>(&self, row: usize, manifest: &'m Manifest) -> Option<&'m str> {
        manifest.scorecard.as_ref()?.grade(self.points(row)?)
    }

    pub(super) fn ruling(&self, row: usize) -> Option<&Ruling> {
        self.rulings.get(row).filter(|_| self.scored(row))
    }

    pub(super) fn explained(&self, row: usize) -> Option<&Explained> {
        self.explained.get(row)?.as_ref()
    }

    pub(super) fn explanation(&self, row: usize) -> Option<Explanation> {
        self.explained(row).map(|explained| explained.explanation)
    }
}

/// Takes the rows of a frame through all stages.
pub(super) fn assess(scorer: &mut Scorer, frame: Frame, options: &Options) -> Result<Assessment> {
    let quality = scorer.schema.check(&frame);
    let Frame { rows, mut columns, now, .. } = frame;
    let scored: Vec<usize> = (0..rows)
        .filter(|&row| quality.get(row).is_some_and(|quality| quality.verdict != Verdict::Refuse))
        .collect();
    columns.push(time_column(&now, rows));
    scorer.features.evaluate(&mut columns, rows)?;
    for (at, (model, answers)) in scorer.models.iter_mut().zip(&mut scorer.answers).enumerate() {
        model.run(&columns, &scored, answers).map_err(|error| error.at(format_args!("models[{at}]")))?;
    }
    let mut scores = Vec::with_capacity(scorer.scores.len());
    for &model in &scorer.scores {
        let mut score = vec![f64::NAN; rows];
        let answers = scorer.answers.get(model).map_or(&[][..], |answers| &answers.score);
        for (&row, &answer) in scored.iter().zip(answers) {
            score[row] = if answer.is_finite() { answer } else { f64::NAN };
        }
        columns.push(number_column(&score));
        scores.push(score);
    }
    let points = push_points(scorer, &scores, &mut columns, rows);
    let verdicts: Texts = quality.iter().map(|quality| quality.verdict.name()).collect();
    columns.push(Column::new(Data::Text(verdicts)));
    let rulings = match &scorer.policy {
        None => Vec::new(),
        Some(policy) => {
            let cases = quality.iter().enumerate().map(|(row, quality)| Case {
                now: now.get(row).copied().flatten(),
                degraded: quality.verdict == Verdict::Degraded,
                unscored: scores.iter().any(|score| score.get(row).is_none_or(|score| score.is_nan())),
            });
            policy.decide(&columns, &cases.collect::<Vec<_>>())?
        }
    };
    let explained = match &mut scorer.explaining {
        Some(explaining) if options.reasons != Some(0) => {
            let place = explaining.model();
            match (scorer.models.get_mut(place), scorer.answers.get(place)) {
                (Some(model), Some(answers)) => {
                    explaining.explain(model, answers, &columns, &scored, rows, options)?
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    Ok(Assessment { quality, columns, now, scores, points, rulings, explained })
}

fn time_column(now: &[Option<Timestamp>], rows: usize) -> Column {
    let at = |row: usize| now.get(row).copied().flatten();
    let present: Vec<bool> = (0..rows).map(|row| at(row).is_some()).collect();
    Column::with_presence(
        Data::Timestamp((0..rows).map(|row| at(row).unwrap_or_default()).collect()),
        &present,
    )
}

fn number_column(numbers: &[f64]) -> Column {
    let present: Vec<bool> = numbers.iter().map(|number| !number.is_nan()).collect();
    Column::with_presence(Data::Double(numbers.to_vec()), &present)
}

/// Computes points and appends the columns of points and grades, where the bundle has a scorecard.
fn push_points(
    scorer: &Scorer,
    scores: &[Vec<f64>],
    columns: &mut Vec<Column>,
    rows: usize,
) -> Vec<Option<i64>> {
    let Some(card) = &scorer.manifest.scorecard else { return Vec::new() };
    let place = scorer.manifest.scores.keys().position(|name| *name == card.score);
    let score = place.and_then(|place| scores.get(place)).map_or(&[][..], Vec::as_slice);
    let points: Vec<Option<i64>> = score.iter().map(|&score| card.points(score)).collect();
    let numbers: Vec<f64> =
        points.iter().map(|points| points.map_or(f64::NAN, |points| points as f64)).collect();
    columns.push(number_column(&numbers));
    let grade = |points: &Option<i64>| points.and_then(|points| card.grade(points));
    let present: Vec<bool> = points.iter().map(|points| grade(points).is_some()).collect();
    let names: Texts = points.iter().map(|points| grade(points).unwrap_or_default()).collect();
    columns.push(Column::with_presence(Data::Text(names), &present));
    debug_assert_eq!(points.len(), rows);
    points
}
