//! The stages on a frame: quality, features, models, scores, view, policy, offers, contributions.

use super::Scorer;
use super::explain::Explained;
use crate::decision::{Explanation, Score, issue_text};
use crate::error::{Error, ErrorCode, Result};
use crate::exposure::ExposureRuling;
use crate::frame::Frame;
use crate::manifest::Manifest;
use crate::offers::{self, Recommendation};
use crate::policy::{Case, Ruling};
use crate::request::Options;
use crate::risk::RiskRuling;
use crate::rules::{Column, Data, List, Texts, Value};
use crate::schema::{Quality, Verdict};
use crate::scorecard::{Card, CardPoints, Tally};
use crate::scores::{Entry, Evidence, numbers};
use crate::time::Timestamp;
use crate::view::Views;

/// What was found out about the rows of a frame. Rows that quality refuses have no scores, no ruling and
/// no explanation.
pub(super) struct Assessment {
    pub(super) quality: Vec<Quality>,
    /// Inputs, the time, features, scores, quality, the view.
    pub(super) columns: Vec<Column>,
    now: Vec<Option<Timestamp>>,
    /// What scores are made of.
    evidence: Evidence,
    /// Rows that lack a score that they must have.
    lacking: Vec<bool>,
    card: CardPoints,
    views: Views,
    risks: Vec<RiskRuling>,
    exposures: Vec<ExposureRuling>,
    rulings: Vec<Ruling>,
    offers: Vec<Option<Recommendation>>,
    explained: Vec<Option<Explained>>,
}

impl Assessment {
    /// Whether quality did not refuse the row.
    pub(super) fn scored(&self, row: usize) -> bool {
        self.quality.get(row).is_some_and(|quality| quality.verdict != Verdict::Refuse)
    }

    /// Whether the row has all scores.
    pub(super) fn is_sound(&self, row: usize) -> bool {
        self.scored(row) && self.lacking.get(row).is_some_and(|lacking| !lacking)
    }

    /// The time of the decision.
    pub(super) fn now(&self, row: usize) -> Option<Timestamp> {
        self.now.get(row).copied().flatten()
    }

    /// The scores of a row; none where it was not scored.
    pub(super) fn scores_of(&self, entries: &[Entry], row: usize) -> Vec<Score<'_>> {
        let entries = if self.scored(row) { entries } else { &[] };
        entries.iter().map(|entry| self.score(entry.place, row)).collect()
    }

    /// What the scores of a row are made of, where it was scored.
    pub(super) fn evidence(&self, row: usize) -> Option<&Evidence> {
        self.scored(row).then_some(&self.evidence)
    }

    /// A score of a row, by its column.
    fn score(&self, place: usize, row: usize) -> Score<'_> {
        match self.columns.get(place) {
            Some(column) if !column.is_null(row) => match column.data() {
                Data::Double(cells) => cells.get(row).map_or(Score::None, |&cell| Score::Number(cell)),
                Data::Text(cells) => Score::Text(cells.get(row)),
                _ => Score::None,
            },
            _ => Score::None,
        }
    }

    pub(super) fn points(&self, row: usize) -> Option<i64> {
        self.card.points.get(row).copied().flatten()
    }

    /// What a row got its points for, where the scorecard has characteristics.
    pub(super) fn tally(&self, row: usize) -> Option<&Tally> {
        self.card.tallies.get(row)?.as_ref()
    }

    pub(super) fn grade<'m>(&self, row: usize, manifest: &'m Manifest) -> Option<&'m str> {
        manifest.scorecard.as_ref()?.grade(self.points(row)?)
    }

    /// The view of a row, where there is one.
    pub(super) fn view(&self, row: usize) -> Option<&Views> {
        Some(&self.views).filter(|_| self.scored(row))
    }

    /// The offers to a row, where it was scored.
    pub(super) fn offers(&self, row: usize) -> Option<&Recommendation> {
        self.offers.get(row)?.as_ref()
    }

    pub(super) fn ruling(&self, row: usize) -> Option<&Ruling> {
        self.rulings.get(row).filter(|_| self.scored(row))
    }

    pub(super) fn risk(&self, row: usize) -> Option<&RiskRuling> {
        self.risks.get(row).filter(|_| self.scored(row))
    }

    pub(super) fn exposure(&self, row: usize) -> Option<&ExposureRuling> {
        self.exposures.get(row).filter(|_| self.scored(row))
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
    let mut quality = scorer.schema.check(&frame);
    let Frame { rows, mut columns, now, .. } = frame;
    columns.push(time_column(&now, rows));
    scorer.features.evaluate(&mut columns, rows)?;
    scorer.checks.judge(&columns, &mut quality)?;
    let scored: Vec<usize> = (0..rows)
        .filter(|&row| quality.get(row).is_some_and(|quality| quality.verdict != Verdict::Refuse))
        .collect();
    for (at, (model, answers)) in scorer.models.iter_mut().zip(&mut scorer.answers).enumerate() {
        if scorer.deferred.get(at).copied().unwrap_or(false) {
            continue;
        }
        let explaining = scorer.explaining.as_mut().filter(|explaining| explaining.explains(at, options));
        let done = match explaining {
            Some(explaining) => explaining.run(model, &columns, &scored, answers),
            None => model.run(&columns, &scored, answers),
        };
        done.map_err(|error| error.at(format_args!("models[{at}]")))?;
    }
    let mut card = scorer
        .card
        .as_ref()
        .map_or_else(CardPoints::default, |card| card.of_characteristics(&columns, &scored, rows));
    let by_points = scorer.card.as_ref().and_then(Card::as_points).map(|points| (points, &card));
    let evidence = scorer.scores.evaluate(&mut columns, &scorer.answers, by_points, &scored, rows)?;
    push_points(scorer, &mut card, &mut columns, rows);
    let lacking: Vec<bool> = (0..rows).map(|row| scorer.scores.lacks(&columns, row)).collect();
    let verdicts: Texts = quality.iter().map(|quality| quality.verdict.name()).collect();
    columns.push(Column::new(Data::Text(verdicts)));
    columns.push(issues_column(scorer, &quality));
    let risks = match &scorer.risks {
        Some(risks) => risks.judge(&mut columns, rows)?,
        None => Vec::new(),
    };
    let exposures = match &scorer.exposures {
        Some(exposures) => exposures.hold(&mut columns, rows)?,
        None => Vec::new(),
    };
    let views = match (&scorer.view, &scorer.manifest.view) {
        (Some(view), Some(own)) => view.take(own, &mut columns, &scorer.answers, &scored, rows)?,
        _ => Views::default(),
    };
    let rulings = match &scorer.policy {
        None => Vec::new(),
        Some(policy) => {
            let cases = quality.iter().enumerate().map(|(row, quality)| Case {
                now: now.get(row).copied().flatten(),
                degraded: quality.verdict == Verdict::Degraded,
                unscored: lacking.get(row).is_none_or(|&lacking| lacking)
                    || risks.get(row).is_some_and(RiskRuling::is_unknown)
                    || exposures.get(row).is_some_and(ExposureRuling::is_unknown),
                breach: exposures.get(row).and_then(|ruling| ruling.outcome),
            });
            policy.decide(&mut columns, &cases.collect::<Vec<_>>())?
        }
    };
    let offers = match (&scorer.offers, &scorer.manifest.offers) {
        (Some(offers), Some(own)) => {
            columns.push(outcome_column(&rulings, rows));
            let terms = offers.terms(options.held, options.state.as_ref())?;
            let answers = &scorer.answers;
            let frame = offers::Frame { columns: &columns, now: &now, scored: &scored, answers, rows };
            offers.make(own, &frame, &mut scorer.models, &terms)?
        }
        _ if options.state.is_some() => return Err(no_bandit()),
        _ => Vec::new(),
    };
    let explained = match &mut scorer.explaining {
        Some(explaining) if options.reasons != Some(0) => {
            explaining.explain(&scorer.answers, &scored, rows, options)?
        }
        _ => Vec::new(),
    };
    Ok(Assessment {
        quality,
        columns,
        now,
        evidence,
        lacking,
        card,
        risks,
        exposures,
        views,
        rulings,
        offers,
        explained,
    })
}

/// The outcome, for the offers; null without a policy.
fn outcome_column(rulings: &[Ruling], rows: usize) -> Column {
    let name = |row: usize| rulings.get(row).map(|ruling| ruling.outcome.name());
    let present: Vec<bool> = (0..rows).map(|row| name(row).is_some()).collect();
    let names: Texts = (0..rows).map(|row| name(row).unwrap_or_default()).collect();
    Column::with_presence(Data::Text(names), &present)
}

fn no_bandit() -> Error {
    Error::new(ErrorCode::RequestInvalid, "the bundle has no bandit that would have a state").at("state")
}

/// What is wrong with each row, as a list of texts; nulls where no rule looks.
fn issues_column(scorer: &Scorer, quality: &[Quality]) -> Column {
    let list = |quality: &Quality| {
        if !scorer.reads_issues {
            return Value::Null;
        }
        let text = |(field, issue): &(_, _)| {
            Value::text(issue_text(field, *issue, scorer.schema.layout(), &scorer.head.issues))
        };
        List::new(quality.issues.iter().map(text).collect::<Vec<_>>()).map_or(Value::Null, Value::List)
    };
    Column::new(Data::Any(quality.iter().map(list).collect()))
}

fn time_column(now: &[Option<Timestamp>], rows: usize) -> Column {
    let at = |row: usize| now.get(row).copied().flatten();
    let present: Vec<bool> = (0..rows).map(|row| at(row).is_some()).collect();
    Column::with_presence(
        Data::Timestamp((0..rows).map(|row| at(row).unwrap_or_default()).collect()),
        &present,
    )
}

/// Appends the columns of points and grades, where the bundle has a scorecard; first computes those of a
/// probability.
fn push_points(scorer: &Scorer, found: &mut CardPoints, columns: &mut Vec<Column>, rows: usize) {
    let (Some(own), Some(card)) = (&scorer.manifest.scorecard, &scorer.card) else { return };
    if card.as_points().is_none() {
        *found = card.of_probability(own, columns, rows);
    }
    let points = &found.points;
    let points_or_nan: Vec<f64> =
        points.iter().map(|points| points.map_or(f64::NAN, |points| points as f64)).collect();
    columns.push(numbers(&points_or_nan));
    let grade = |points: &Option<i64>| points.and_then(|points| own.grade(points));
    let present: Vec<bool> = points.iter().map(|points| grade(points).is_some()).collect();
    let names: Texts = points.iter().map(|points| grade(points).unwrap_or_default()).collect();
    columns.push(Column::with_presence(Data::Text(names), &present));
}
