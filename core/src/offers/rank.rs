//! From scored items to the offers that are made: ranked, and not all alike.

use super::catalogue::Catalogue;
use super::ledger::Cause;
use crate::manifest::{Diversity, Offers};

/// How items are chosen among those that nothing holds back.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    top: usize,
    max_per_category: usize,
    /// Lambda and the numbers by which items are alike; without numbers, their categories.
    mmr: Option<(f64, Vec<Vec<f64>>)>,
}

/// An item with what it is ranked by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) item: usize,
    pub(super) key: f64,
}

impl Ranking {
    pub(super) fn new(offers: &Offers, catalogue: &Catalogue) -> Self {
        let Diversity { max_per_category, mmr } = offers.diversity.clone().unwrap_or_default();
        let mmr = mmr.map(|mmr| {
            let numbers =
                if mmr.attributes.is_empty() { Vec::new() } else { catalogue.numbers(&mmr.attributes) };
            (mmr.lambda, numbers)
        });
        Self { top: offers.top, max_per_category: max_per_category.unwrap_or(usize::MAX), mmr }
    }

    /// Chooses offers, best first, and says of the others why not. `first` comes first whatever its rank. Of
    /// equals the item that stands earlier in the catalogue wins.
    pub(super) fn choose(
        &self,
        mut candidates: Vec<Candidate>,
        first: Option<usize>,
        catalogue: &Catalogue,
    ) -> (Vec<Candidate>, Vec<(usize, Cause)>) {
        candidates.sort_unstable_by(|a, b| b.key.total_cmp(&a.key).then(a.item.cmp(&b.item)));
        let mut chosen: Vec<Candidate> = Vec::with_capacity(self.top.min(candidates.len()));
        let mut held = Vec::new();
        if let Some(place) = candidates.iter().position(|own| Some(own.item) == first) {
            chosen.push(candidates.remove(place));
        }
        let relevance = Relevance::new(&candidates, &chosen);
        while chosen.len() < self.top && !candidates.is_empty() {
            let full = |item: usize| {
                let category = catalogue.category(item);
                let same = chosen.iter().filter(|own| catalogue.category(own.item) == category);
                same.count() >= self.max_per_category
            };
            candidates.retain(|own| {
                let full = full(own.item);
                if full {
                    held.push((own.item, Cause::Diversity));
                }
                !full
            });
            if candidates.is_empty() {
                break;
            }
            let best = match &self.mmr {
                Some((lambda, numbers)) if !chosen.is_empty() => {
                    let worth = |own: &Candidate| {
                        let alike = |other: &Candidate| similarity(numbers, catalogue, own.item, other.item);
                        let most = chosen.iter().map(alike).fold(f64::NEG_INFINITY, f64::max);
                        lambda * relevance.of(own.key) - (1.0 - lambda) * most
                    };
                    let worths: Vec<f64> = candidates.iter().map(worth).collect();
                    (1..worths.len()).fold(0, |best, at| if worths[at] > worths[best] { at } else { best })
                }
                _ => 0,
            };
            chosen.push(candidates.remove(best));
        }
        held.extend(candidates.iter().map(|own| (own.item, Cause::Rank)));
        (chosen, held)
    }
}

/// What items are ranked by, scaled to 0 to 1.
struct Relevance {
    least: f64,
    width: f64,
}

impl Relevance {
    fn new(candidates: &[Candidate], chosen: &[Candidate]) -> Self {
        let keys = candidates.iter().chain(chosen).map(|own| own.key);
        let (least, most) = keys
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), key| (least.min(key), most.max(key)));
        Self { least, width: most - least }
    }

    /// All equal keys are as relevant as can be; a width past the range of doubles tells them apart no more.
    fn of(&self, key: f64) -> f64 {
        if self.width > 0.0 && self.width.is_finite() { (key - self.least) / self.width } else { 1.0 }
    }
}

/// How alike two items are: the cosine of their numbers, or whether they are of one category.
fn similarity(numbers: &[Vec<f64>], catalogue: &Catalogue, a: usize, b: usize) -> f64 {
    match (numbers.get(a), numbers.get(b)) {
        (Some(a), Some(b)) => {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
            let length = libm::sqrt(dot(a, a)) * libm::sqrt(dot(b, b));
            if length > 0.0 && length.is_finite() { dot(a, b) / length } else { 0.0 }
        }
        _ => f64::from(u8::from(catalogue.category(a) == catalogue.category(b))),
    }
}
