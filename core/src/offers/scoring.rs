//! Scores of items: by expressions, and by models that see one item, all items, or none of them.

use super::catalogue::Catalogue;
use super::pairs::Pairs;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{self, Class, Manifest, OutputKind};
use crate::models::{Answers, Scoring};
use crate::rules::Column;
use crate::scope::Bound;

/// Pairs that a model sees at a time.
const PAIRS_PER_RUN: usize = 8_192;

/// Where scores come from, with the items that take them from there.
#[derive(Clone, Debug)]
pub(super) struct Source {
    kind: Kind,
    /// Per item whether it is one of these.
    items: Vec<bool>,
}

#[derive(Clone, Debug)]
enum Kind {
    Expression(Box<Bound>),
    /// The model at this place gives all items a number; per item the column.
    Vector(usize, Vec<usize>),
    /// The model at this place sees each item.
    Pair(usize),
    /// The model at this place is about the item alone; its answer is there already.
    Alone(usize),
}

/// What is needed to score the items of some rows.
pub(super) struct Scene<'a> {
    pub(super) frame: &'a [Column],
    pub(super) catalogue: &'a Catalogue,
    /// The place of the first item's column, and the number of names in scope.
    pub(super) first: usize,
    pub(super) width: usize,
    /// The rows in question.
    pub(super) part: &'a [usize],
    /// Per row of the frame its place among those that were scored.
    pub(super) scored_at: &'a [usize],
}

impl Scene<'_> {
    /// The frame of these pairs, each a place in the part times the number of items plus the item.
    pub(super) fn pairs(&self, pairs: &[usize]) -> Pairs<'_> {
        let items = self.catalogue.len();
        let own = pairs.iter().filter_map(|&pair| Some((*self.part.get(pair / items)?, pair % items)));
        Pairs::new(self.frame, self.catalogue, self.first, self.width, own)
    }
}

/// Whether a model runs with the offers only: it sees items, or scores all of them and nobody else asks.
pub(crate) fn is_deferred(model: &manifest::Model, manifest: &Manifest) -> bool {
    let viewed =
        manifest.view.iter().flat_map(|view| &view.fields).any(|own| own.model.as_ref() == Some(&model.id));
    let asked = viewed || manifest.scores.values().any(|score| score.model.as_ref() == Some(&model.id));
    model.sees_items() || (model.output.kind == OutputKind::Vector && !asked)
}

/// The sources of a catalogue: that of all items, then those of single ones. `bound` holds the programs of
/// the expressions in this order.
pub(super) fn sources(
    offers: &manifest::Offers,
    manifest: &Manifest,
    bound: &mut impl Iterator<Item = Bound>,
) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    if let Some(score) = &offers.score {
        let items: Vec<bool> = offers.items.iter().map(|item| item.score.is_none()).collect();
        sources.push(Source { kind: kind(score, offers, manifest, bound)?, items });
    }
    for (at, item) in offers.items.iter().enumerate() {
        if let Some(score) = &item.score {
            let items: Vec<bool> = (0..offers.items.len()).map(|own| own == at).collect();
            sources.push(Source { kind: kind(score, offers, manifest, bound)?, items });
        }
    }
    Ok(sources)
}

fn kind(
    score: &manifest::OfferScore,
    offers: &manifest::Offers,
    manifest: &Manifest,
    bound: &mut impl Iterator<Item = Bound>,
) -> Result<Kind> {
    let lost = || Error::new(ErrorCode::Internal, "a score without a source");
    let Some(id) = &score.model else {
        return bound.next().map(|bound| Kind::Expression(Box::new(bound))).ok_or_else(lost);
    };
    let place = manifest.models.iter().position(|model| model.id == *id).ok_or_else(lost)?;
    let model = manifest.models.get(place).ok_or_else(lost)?;
    if model.output.kind != OutputKind::Vector {
        return Ok(if model.sees_items() { Kind::Pair(place) } else { Kind::Alone(place) });
    }
    let labels = model.output.labels.as_deref().unwrap_or_default();
    let column = |item: &manifest::Item| match &item.class {
        Some(Class::Number(number)) => usize::try_from(*number).unwrap_or(usize::MAX),
        Some(Class::Label(label)) => labels.iter().position(|own| own == label).unwrap_or(usize::MAX),
        None => labels.iter().position(|own| *own == item.id).unwrap_or(usize::MAX),
    };
    Ok(Kind::Vector(place, offers.items.iter().map(column).collect()))
}

impl Source {
    /// The program that it runs, where it is an expression.
    pub(super) fn program(&self) -> Option<&Bound> {
        if let Kind::Expression(bound) = &self.kind { Some(bound) } else { None }
    }

    /// Writes the scores of the open pairs that it is about; what has no finite one stays NaN.
    ///
    /// # Errors
    /// What the models' runs give.
    pub(super) fn score(
        &self,
        scene: &Scene<'_>,
        open: &[usize],
        models: &mut [Scoring],
        answers: &[Answers],
        scores: &mut [f64],
    ) -> Result<()> {
        let items = scene.catalogue.len();
        let own = |pair: &usize| self.items.get(pair % items).copied().unwrap_or(false);
        let pairs: Vec<usize> = open.iter().copied().filter(own).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let mut put = |pair: usize, number: f64| {
            if let Some(slot) = scores.get_mut(pair)
                && number.is_finite()
            {
                *slot = number;
            }
        };
        match &self.kind {
            Kind::Expression(bound) => {
                let column = scene.pairs(&pairs).evaluate(bound)?;
                for (at, &pair) in pairs.iter().enumerate() {
                    put(pair, column.number(at).ok().flatten().unwrap_or(f64::NAN));
                }
            }
            Kind::Alone(model) => {
                let own = answers.get(*model).map_or(&[][..], |answers| &answers.score);
                for &pair in &pairs {
                    let at = scene.part.get(pair / items).and_then(|&row| scene.scored_at.get(row));
                    put(pair, at.and_then(|&at| own.get(at)).copied().unwrap_or(f64::NAN));
                }
            }
            Kind::Vector(model, columns) => {
                let mut places: Vec<usize> = pairs.iter().map(|pair| pair / items).collect();
                places.dedup();
                let rows: Vec<usize> = places.iter().filter_map(|&at| scene.part.get(at)).copied().collect();
                let mut own = Answers::default();
                run(models, *model, scene.frame, &rows, &mut own)?;
                let mut at = 0;
                for &pair in &pairs {
                    while places.get(at).is_some_and(|&place| place < pair / items) {
                        at += 1;
                    }
                    let column = columns.get(pair % items).copied().unwrap_or(usize::MAX);
                    put(pair, own.vector_of(at).get(column).copied().unwrap_or(f64::NAN));
                }
            }
            Kind::Pair(model) => {
                let needed = models.get(*model).map(Scoring::places).unwrap_or_default();
                for run_of in pairs.chunks(PAIRS_PER_RUN) {
                    let mut frame = scene.pairs(run_of);
                    frame.fill(&needed);
                    let rows: Vec<usize> = (0..frame.len()).collect();
                    let mut own = Answers::default();
                    run(models, *model, frame.columns(), &rows, &mut own)?;
                    for (&pair, &score) in run_of.iter().zip(&own.score) {
                        put(pair, score);
                    }
                }
            }
        }
        Ok(())
    }
}

fn run(
    models: &mut [Scoring],
    place: usize,
    columns: &[Column],
    rows: &[usize],
    answers: &mut Answers,
) -> Result<()> {
    let model = models.get_mut(place).ok_or_else(|| Error::new(ErrorCode::Internal, "a model is gone"))?;
    model.run(columns, rows, answers).map_err(|error| error.at(format_args!("models[{place}]")))
}
