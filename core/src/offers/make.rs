//! The making of offers for some rows: gates, scores, choice, reasons.

use super::contact::Reach;
use super::ledger::{Cause, Fault, Ledger};
use super::rank::Candidate;
use super::scoring::Scene;
use super::{Frame, Offer, Offers, Recommendation, Rule, Terms, Trial};
use crate::error::Result;
use crate::manifest::{self, Held};
use crate::models::Scoring;
use crate::rules::{Cell, Column, Value};
use crate::scores::numbers;

/// Makes the offers of some rows.
pub(super) struct Maker<'a> {
    pub(super) offers: &'a Offers,
    pub(super) own: &'a manifest::Offers,
    pub(super) frame: &'a Frame<'a>,
    pub(super) scene: Scene<'a>,
    pub(super) reach: &'a [Reach],
    pub(super) terms: &'a Terms,
}

impl Maker<'_> {
    fn items(&self) -> usize {
        self.offers.catalogue.len()
    }

    /// Holds back what time, the customer's wishes, conditions, suitability, caps and channels hold back.
    pub(super) fn gate(&self, ledger: &mut Ledger, tolerance: Option<&Column>) -> Result<()> {
        let items = self.items();
        for (at, &row) in self.scene.part.iter().enumerate() {
            let now = self.frame.now.get(row).copied().flatten();
            let silent = self.reach.get(row).and_then(|reach| reach.silent);
            for item in 0..items {
                let pair = at * items + item;
                if !self.offers.catalogue.is_active(item, now) {
                    ledger.hold(pair, Cause::Inactive);
                }
                if let Some(fault) = silent {
                    ledger.hold(pair, Cause::DoNotContact(fault));
                }
            }
        }
        for (at, rule) in self.offers.gates.iter().enumerate() {
            self.judge(rule, ledger, |truth| match truth {
                Some(false) => None,
                Some(true) => Some(Cause::Gated(at, Fault::No)),
                None => Some(Cause::Gated(at, Fault::Yes)),
            })?;
        }
        for (at, rule) in self.offers.eligibility.iter().enumerate() {
            self.judge(rule, ledger, |truth| ineligible(Some(at), truth))?;
        }
        for (item, bound) in &self.offers.eligible {
            let only = (0..items).map(|own| own == *item).collect();
            let rule = Rule { bound: bound.clone(), items: only };
            self.judge(&rule, ledger, |truth| ineligible(None, truth))?;
        }
        for (at, &row) in self.scene.part.iter().enumerate() {
            let level = tolerance.and_then(|tolerance| level(&tolerance.cell(row)));
            for (item, &risk) in self.offers.risks.iter().enumerate() {
                let pair = at * items + item;
                match level {
                    _ if risk == 0 => {}
                    None => ledger.hold(pair, Cause::Unsuitable(Fault::Yes)),
                    Some(level) if risk > level => ledger.hold(pair, Cause::Unsuitable(Fault::No)),
                    Some(_) => {}
                }
            }
            if let Some(reach) = self.reach.get(row) {
                for &(cap, item, fault) in &reach.capped {
                    let of = item.map_or(0..items, |item| item..item + 1);
                    of.for_each(|item| ledger.hold(at * items + item, Cause::Capped(cap, fault)));
                }
                for item in 0..items {
                    if self.channel(row, item).is_none() {
                        ledger.hold(at * items + item, Cause::NoChannel);
                    }
                }
            }
        }
        Ok(())
    }

    /// Applies a condition to the pairs that it is about and that are looked at.
    fn judge(
        &self,
        rule: &Rule,
        ledger: &mut Ledger,
        cause: impl Fn(Option<bool>) -> Option<Cause>,
    ) -> Result<()> {
        let items = self.items();
        let mut pairs = ledger.looked_at();
        pairs.retain(|pair| rule.items.get(pair % items).copied().unwrap_or(false));
        if pairs.is_empty() {
            return Ok(());
        }
        // A condition that no item can change is looked at once per row.
        let of_item = rule.bound.places().iter().any(|&place| place >= self.offers.first);
        let truths = match of_item {
            true => self.scene.pairs(&pairs).evaluate(&rule.bound)?,
            false => rule.bound.evaluate(self.frame.columns, self.frame.rows)?,
        };
        for (at, &pair) in pairs.iter().enumerate() {
            let row =
                if of_item { at } else { self.scene.part.get(pair / items).copied().unwrap_or(usize::MAX) };
            if let Some(cause) = cause(truths.truth(row).ok().flatten()) {
                ledger.hold(pair, cause);
            }
        }
        Ok(())
    }

    /// The best open channel of an item for a row; of equals the first.
    fn channel(&self, row: usize, item: usize) -> Option<usize> {
        let reach = self.reach.get(row)?;
        let score = |channel: usize| reach.scores.get(channel).copied().filter(|score| !score.is_nan());
        let open = |&&channel: &&usize| reach.closed.get(channel).is_some_and(Option::is_none);
        let own = self.offers.channels.get(item).map_or(&[][..], Vec::as_slice);
        own.iter().filter(open).copied().reduce(|best, next| match (score(best), score(next)) {
            (Some(best_score), Some(next_score)) if next_score > best_score => next,
            (None, Some(_)) => next,
            _ => best,
        })
    }

    /// Scores, ranks and chooses.
    pub(super) fn offer(
        &self,
        ledger: &mut Ledger,
        models: &mut [Scoring],
        made: &mut [Option<Recommendation>],
    ) -> Result<()> {
        let items = self.items();
        let mut scores = vec![f64::NAN; self.scene.part.len() * items];
        let open = ledger.open();
        for source in &self.offers.sources {
            source.score(&self.scene, &open, models, self.frame.answers, &mut scores)?;
        }
        let values = self.values(ledger, &open, &scores)?;
        for (at, &row) in self.scene.part.iter().enumerate() {
            let of = at * items..(at + 1) * items;
            let (scores, values) = (scores.get(of.clone()), values.get(of));
            let (Some(scores), Some(values)) = (scores, values) else { continue };
            let recommendation = self.recommend(at, row, ledger, scores, values);
            if let Some(slot) = made.get_mut(row) {
                *slot = Some(recommendation);
            }
        }
        self.give_reasons(made)
    }

    /// What accepted offers are worth, 1 where the bundle does not say; holds back what has no score or no
    /// value, or too little of either.
    fn values(&self, ledger: &mut Ledger, open: &[usize], scores: &[f64]) -> Result<Vec<f64>> {
        let mut values = vec![1.0; scores.len()];
        let learns = self.offers.learner.is_some();
        let mut left = Vec::with_capacity(open.len());
        for &pair in open {
            let score = scores.get(pair).copied().unwrap_or(f64::NAN);
            if !learns && !score.is_finite() {
                ledger.hold(pair, Cause::NoScore);
            } else if self.own.min_score.is_some_and(|least| score < least) {
                ledger.hold(pair, Cause::LowScore);
            } else {
                left.push(pair);
            }
        }
        let Some(program) = &self.offers.value else { return Ok(values) };
        let mut frame = self.scene.pairs(&left);
        let own: Vec<f64> = left.iter().map(|&pair| scores.get(pair).copied().unwrap_or(f64::NAN)).collect();
        frame.set(self.offers.score_place, numbers(&own));
        let column = frame.evaluate(program)?;
        for (at, &pair) in left.iter().enumerate() {
            let value = column.number(at).ok().flatten().filter(|value| value.is_finite());
            let expected = value.map(|value| value * scores.get(pair).copied().unwrap_or(f64::NAN));
            match value {
                None => ledger.hold(pair, Cause::NoScore),
                Some(value) => {
                    if let Some(slot) = values.get_mut(pair) {
                        *slot = value;
                    }
                    if expected.zip(self.own.min_expected_value).is_some_and(|(own, least)| own < least) {
                        ledger.hold(pair, Cause::LowExpectedValue);
                    } else if !learns && expected.is_some_and(|expected| !expected.is_finite()) {
                        ledger.hold(pair, Cause::NoScore);
                    }
                }
            }
        }
        Ok(values)
    }

    /// Chooses among what is left for one row.
    fn recommend(
        &self,
        at: usize,
        row: usize,
        ledger: &mut Ledger,
        scores: &[f64],
        values: &[f64],
    ) -> Recommendation {
        let items = self.items();
        let open: Vec<usize> = (0..items).filter(|item| ledger.is_open(at * items + item)).collect();
        let value = |item: usize| values.get(item).copied().unwrap_or(1.0);
        let mut estimates: Vec<f64> = scores.to_vec();
        let (mut candidates, mut first, mut trial) = (Vec::with_capacity(open.len()), None, None);
        if let Some(learner) = &self.offers.learner {
            let known = self.terms.known.as_ref().unwrap_or_else(|| learner.own());
            let worth: Vec<f64> = open.iter().map(|&item| value(item)).collect();
            let choice = learner.choose(known, self.frame.columns, row, &open, &worth);
            for (place, &item) in open.iter().enumerate() {
                let index = choice.indexes.get(place).copied().unwrap_or(f64::NAN);
                candidates.push(Candidate { item, key: index * value(item) });
                if let (Some(slot), Some(own)) = (estimates.get_mut(item), choice.estimates.get(place)) {
                    *slot = *own;
                }
            }
            first = choice.drawn.and_then(|place| open.get(place).copied());
            let chances = open.iter().copied().zip(choice.chances).collect();
            trial = Some(Trial { chances, drawn: choice.drawn.is_some(), state: known.digest() });
        } else {
            let score = |item: usize| scores.get(item).copied().unwrap_or(f64::NAN);
            candidates.extend(open.iter().map(|&item| Candidate { item, key: score(item) * value(item) }));
        }
        let (chosen, rest) = self.offers.ranking.choose(candidates, first, &self.offers.catalogue);
        rest.iter().for_each(|&(item, cause)| ledger.hold(at * items + item, cause));
        let top = chosen.into_iter().map(|Candidate { item, key }| Offer {
            item,
            channel: self.channel(row, item),
            score: estimates.get(item).copied().unwrap_or(f64::NAN),
            value: if self.offers.value.is_some() { value(item) } else { f64::NAN },
            key,
            reason: None,
        });
        let mut made = Recommendation { top: top.collect(), trial, ..Recommendation::default() };
        made.closed = self.reach.get(row).map_or_else(Vec::new, |reach| reach.closed.clone());
        let listed = self.terms.held.unwrap_or_else(|| self.own.held()) != Held::Counts;
        for item in 0..items {
            let pair = at * items + item;
            let Some(cause) = ledger.first(pair) else { continue };
            if let Some(count) = made.counts.get_mut(cause.kind()) {
                *count += 1;
            }
            if listed {
                made.held.push((item, ledger.causes(pair)));
            }
        }
        made
    }

    /// Looks at the conditions of reasons for the offers that are made.
    fn give_reasons(&self, made: &mut [Option<Recommendation>]) -> Result<()> {
        if self.offers.reasons.is_empty() {
            return Ok(());
        }
        let items = self.items();
        let (mut pairs, mut scores, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, &row) in self.scene.part.iter().enumerate() {
            let Some(Some(own)) = made.get(row) else { continue };
            for (rank, offer) in own.top.iter().enumerate() {
                pairs.push(at * items + offer.item);
                scores.push(offer.score);
                places.push((row, rank));
            }
        }
        let mut frame = self.scene.pairs(&pairs);
        frame.set(self.offers.score_place, numbers(&scores));
        for (at, rule) in self.offers.reasons.iter().enumerate() {
            let truths = frame.evaluate(&rule.bound)?;
            for (place, (&pair, &(row, rank))) in pairs.iter().zip(&places).enumerate() {
                let about = rule.items.get(pair % items).copied().unwrap_or(false);
                let offer = made.get_mut(row).and_then(Option::as_mut).and_then(|own| own.top.get_mut(rank));
                if let Some(offer) = offer
                    && about
                    && offer.reason.is_none()
                    && truths.truth(place) == Ok(Some(true))
                {
                    offer.reason = Some(at);
                }
            }
        }
        Ok(())
    }
}

fn ineligible(rule: Option<usize>, truth: Option<bool>) -> Option<Cause> {
    match truth {
        Some(true) => None,
        Some(false) => Some(Cause::Ineligible(rule, Fault::No)),
        None => Some(Cause::Ineligible(rule, Fault::Yes)),
    }
}

/// A tolerance of 1 to 5, written as a number or as `C1` to `C5`.
fn level(cell: &Cell) -> Option<i64> {
    let level = match cell {
        Cell::Value(Value::Int(level)) => *level,
        Cell::Value(Value::Uint(level)) => i64::try_from(*level).ok()?,
        Cell::Value(Value::Text(text)) => match text.as_bytes() {
            [b'C' | b'c', digit @ b'1'..=b'5'] => i64::from(digit - b'0'),
            _ => return None,
        },
        _ => return None,
    };
    (1..=5).contains(&level).then_some(level)
}
