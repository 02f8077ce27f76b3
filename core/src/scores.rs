//! Scores: from models' answers and expressions to the named columns that policy and decision see.
//!
//! A score may use other scores whatever their order in the manifest; the order of evaluation follows
//! from who uses whom, and a circle is refused at pack and at load. A score is a column of numbers or
//! texts in which a row without a sound value is null.

mod anomaly;
mod classes;
mod columns;
mod loss;
mod portfolio;
mod source;
mod tail;

use std::collections::BTreeMap;

use self::anomaly::percentile;
use self::columns::{answer, bands, settle};
use self::loss::{expected_loss, write_loss};
use self::portfolio::{Portfolio, Tail};
use self::source::{Source, source};
use crate::bundle::Lock;
use crate::decision::push_option;
use crate::error::{Error, ErrorCode, Result};
use crate::json::push_text;
use crate::limits::Limits;
use crate::manifest::{Band, Manifest, ScoreType};
use crate::models::Answers;
use crate::quantity::Quantity;
use crate::reference::Reference;
use crate::rules::Column;
use crate::scope::{BAND_SUFFIX, Scope};
use crate::scorecard::{CardPoints, PointsCard};

pub use anomaly::{SHARES, share};
pub use columns::numbers;
pub use loss::losses;
pub use portfolio::{amounts, pnl_path};
pub use source::{check_type, program_path};
pub use tail::confidence;

/// The scores of a bundle, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Scores {
    /// In the order of their names.
    list: Vec<Step>,
    /// Places in `list` in the order in which they are evaluated.
    order: Vec<usize>,
    /// The place of the first score's column.
    first: usize,
    portfolios: Vec<Portfolio>,
    /// Names and places of what decisions show: each score and then its band.
    entries: Vec<Entry>,
}

/// A score, or the band of one, as decisions show it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The place of its column.
    pub place: usize,
    /// Its type.
    pub kind: ScoreType,
}

/// What scores are made of, for those who ask why.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Per expected loss, by its place among the scores, and row: probability of default, loss given default,
    /// exposure at default.
    losses: BTreeMap<usize, [Vec<f64>; 3]>,
    /// Per portfolio and row how many observations it has; 0 where these are not known.
    observations: Vec<Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Step {
    name: String,
    source: Source,
    kind: ScoreType,
    optional: bool,
    bands: Vec<Band>,
    /// Whether it needs a profile of the sample that is not there yet.
    unprofiled: bool,
}

impl Scores {
    /// Binds the packed programs of the scores.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not; `rule_invalid` for scores that use each other in a circle.
    /// `bundle_not_packed` also where an anomaly has no profile of the sample, unless `profiling` says that one
    /// is being made.
    pub fn load(
        manifest: &Manifest,
        scope: &Scope,
        lock: &Lock,
        reference: Option<&Reference>,
        profiling: bool,
        limits: &Limits,
    ) -> Result<Self> {
        let portfolios = portfolio::load(manifest, scope, lock, limits)?;
        let amounts = losses(manifest, scope);
        let mut amounts = amounts.iter();
        let mut list = Vec::with_capacity(manifest.scores.len());
        for (name, score) in &manifest.scores {
            let mut next = || {
                amounts.next().map_or(Ok(Quantity::Number(f64::NAN)), |slot| slot.load(scope, lock, limits))
            };
            let source = match (&score.expected_loss, &score.anomaly) {
                (Some(_), _) => Source::Loss(Box::new([next()?, next()?, next()?])),
                (None, Some(anomaly)) => {
                    let quantiles = reference.and_then(|reference| reference.percentiles.get(&anomaly.of));
                    let quantiles = quantiles.filter(|own| !own.is_empty());
                    if quantiles.is_none() && !profiling {
                        let message = "an anomaly needs the profile of a training sample; pack with one";
                        let error = Error::new(ErrorCode::BundleNotPacked, message);
                        return Err(error.at(format_args!("scores.{name}.anomaly")));
                    }
                    let place = manifest.scores.keys().position(|own| *own == anomaly.of);
                    Source::Anomaly(place.unwrap_or(usize::MAX), quantiles.cloned().unwrap_or_default())
                }
                (None, None) => source(name, score, manifest, scope, lock, limits)
                    .map_err(|error| error.at(format_args!("scores.{name}")))?,
            };
            let unprofiled = matches!(&source, Source::Anomaly(_, quantiles) if quantiles.is_empty());
            list.push(Step {
                name: name.clone(),
                source,
                kind: score.kind(),
                optional: score.optional,
                bands: score.bands.clone(),
                unprofiled,
            });
        }
        let first = scope.first_score();
        let uses = |step: &Step| -> Vec<usize> {
            (0..list.len()).filter(|&at| step.source.uses(at, first + at, &portfolios)).collect()
        };
        let uses: Vec<Vec<usize>> = list.iter().map(uses).collect();
        let names: Vec<&str> = manifest.scores.keys().map(String::as_str).collect();
        let order = in_order(&names, &uses)?;
        for &at in &order {
            list[at].unprofiled |= uses[at].iter().any(|&used| list[used].unprofiled);
        }
        let entries = entries(&list, first);
        Ok(Self { list, order, first, portfolios, entries })
    }

    /// Names and places of what decisions show.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether a score reads the column at this place.
    #[must_use]
    pub fn read(&self, place: usize) -> bool {
        self.list.iter().any(|step| step.source.reads(place, &self.portfolios))
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
    ) -> Result<Evidence> {
        debug_assert_eq!(columns.len(), self.first);
        let mut evidence =
            Evidence { losses: BTreeMap::new(), observations: vec![vec![0; rows]; self.portfolios.len()] };
        let mut simulated = vec![false; self.portfolios.len()];
        columns.resize_with(self.first + self.list.len(), || numbers(&vec![f64::NAN; rows]));
        for &at in &self.order {
            let Some(step) = self.list.get(at) else { continue };
            let column = match &step.source {
                Source::Model(model) => answer(answers.get(*model), scored, rows),
                Source::Expression(bound) => settle(&bound.evaluate(columns, rows)?, step.kind, scored, rows),
                Source::Classes(model, classes) => classes.column(answers.get(*model), scored, rows),
                Source::Loss(parts) => {
                    let (column, values) = expected_loss(parts, columns, scored, rows)?;
                    evidence.losses.insert(at, values);
                    column
                }
                Source::Anomaly(of, quantiles) => {
                    let raw = columns.get(self.first + of);
                    let number = |row| raw.and_then(|raw| raw.number(row).ok().flatten()).unwrap_or(f64::NAN);
                    numbers(&(0..rows).map(|row| percentile(quantiles, number(row))).collect::<Vec<_>>())
                }
                Source::Tail(tail) => {
                    // All tails of a portfolio are taken of its losses at once.
                    if let Some(done) = simulated.get_mut(tail.portfolio)
                        && !std::mem::replace(done, true)
                    {
                        self.simulate(tail.portfolio, columns, scored, rows, &mut evidence)?;
                    }
                    continue;
                }
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
        for (at, step) in self.list.iter().enumerate().filter(|(_, step)| !step.bands.is_empty()) {
            let band = columns.get(self.first + at).map(|column| bands(&step.bands, column, rows));
            columns.extend(band);
        }
        Ok(evidence)
    }

    /// Fills the columns of all scores that are tails of this portfolio's losses.
    fn simulate(
        &self,
        portfolio: usize,
        columns: &mut [Column],
        scored: &[usize],
        rows: usize,
        evidence: &mut Evidence,
    ) -> Result<()> {
        let own = self.list.iter().enumerate().filter_map(|(at, step)| match &step.source {
            Source::Tail(tail) if tail.portfolio == portfolio => Some((at, tail)),
            _ => None,
        });
        let (places, tails): (Vec<usize>, Vec<&Tail>) = own.unzip();
        let (Some(own), Some(counts)) =
            (self.portfolios.get(portfolio), evidence.observations.get_mut(portfolio))
        else {
            return Ok(());
        };
        let found = own.tails(&tails, columns, scored, rows, counts)?;
        for (at, found) in places.into_iter().zip(found) {
            if let Some(slot) = columns.get_mut(self.first + at) {
                *slot = numbers(&found);
            }
        }
        Ok(())
    }

    /// Appends the sections `expected_loss` and `portfolios` of a decision, each where the bundle has it; null
    /// for a record that was not scored.
    pub fn write(&self, manifest: &Manifest, evidence: Option<&Evidence>, row: usize, out: &mut Vec<u8>) {
        let mut losses =
            self.list.iter().enumerate().filter(|(_, step)| matches!(step.source, Source::Loss(_)));
        if losses.clone().next().is_some() {
            out.extend_from_slice(b",\"expected_loss\":");
            push_option(out, evidence, |out, evidence| {
                push_object(
                    out,
                    losses.by_ref().map(|(at, step)| (step.name.as_str(), at)),
                    |out, name, at| {
                        let unit = manifest.scores.get(name).and_then(|score| score.unit.as_deref());
                        write_loss(evidence.losses.get(&at), unit, row, out);
                    },
                );
            });
        }
        if !manifest.portfolios.is_empty() {
            out.extend_from_slice(b",\"portfolios\":");
            push_option(out, evidence, |out, evidence| {
                let own = manifest.portfolios.iter().zip(&evidence.observations);
                let own = own.map(|((name, spec), counts)| (name.as_str(), (spec, counts.get(row).copied())));
                push_object(out, own, |out, _, (spec, count)| {
                    portfolio::write(spec, count.filter(|&count| count > 0), out);
                });
            });
        }
    }

    /// Whether a row lacks a score that it must have.
    #[must_use]
    pub fn lacks(&self, columns: &[Column], row: usize) -> bool {
        self.list.iter().enumerate().any(|(at, step)| {
            !step.optional
                && !step.unprofiled
                && columns.get(self.place(at)).is_none_or(|column| column.is_null(row))
        })
    }
}

/// Names and types of the bands of scores, in order.
#[must_use]
pub fn band_names(manifest: &Manifest) -> Vec<String> {
    let banded = manifest.scores.iter().filter(|(_, score)| !score.bands.is_empty());
    banded.map(|(name, _)| format!("{name}{BAND_SUFFIX}")).collect()
}

fn entries(list: &[Step], first: usize) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(list.len());
    let mut band = first + list.len();
    for (at, step) in list.iter().enumerate() {
        entries.push(Entry { name: step.name.clone(), place: first + at, kind: step.kind });
        if !step.bands.is_empty() {
            let name = format!("{}{BAND_SUFFIX}", step.name);
            entries.push(Entry { name, place: band, kind: ScoreType::String });
            band += 1;
        }
    }
    entries
}

fn push_object<'n, T>(
    out: &mut Vec<u8>,
    entries: impl Iterator<Item = (&'n str, T)>,
    push: impl Fn(&mut Vec<u8>, &str, T),
) {
    out.push(b'{');
    for (at, (name, own)) in entries.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_text(out, name);
        out.push(b':');
        push(out, name, own);
    }
    out.push(b'}');
}

/// An order in which each comes after those that it uses, else by name.
fn in_order(names: &[&str], uses: &[Vec<usize>]) -> Result<Vec<usize>> {
    let mut order = Vec::with_capacity(names.len());
    let mut done = vec![false; names.len()];
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
