//! Columns of a batch's answer that only some manifests ask for.

use super::Scorer;
use super::assess::Assessment;
use super::gather::{Gathered, Optional};
use crate::decision::Source;
use crate::manifest::{self, Manifest, OFFER_COLUMNS};
use crate::offers::{Cause, Recommendation, offer_code};
use crate::onnx::Strings;
use crate::rules::Value;
use crate::scope::{ALERTS, BAND_SUFFIX, LIFECYCLE, POINTS, PROBABILITY_SUFFIX, TAGS};
use crate::table::Writer;

/// The further columns of an answer.
pub(super) struct Extras {
    /// Their names, where they come from, and what was gathered.
    columns: Vec<(String, Source, Gathered)>,
    offers: Option<OfferColumns>,
}

/// Columns of the offers: the first offer, and the lists of those made and held back.
#[derive(Default)]
struct OfferColumns {
    offer: Optional<Strings>,
    channel: Optional<Strings>,
    score: Optional<Vec<f64>>,
    rank_by: Optional<Vec<f64>>,
    reason: Optional<Strings>,
    /// The chance that the first offer had; only with a bandit.
    propensity: Option<Optional<Vec<f64>>>,
    offers: Optional<Strings>,
    held: Optional<Strings>,
}

impl Extras {
    /// The columns that the manifest asks for, without rows.
    pub(super) fn new(scorer: &Scorer) -> Self {
        let view = view_columns(&scorer.manifest).into_iter().filter_map(|(name, _)| {
            let place = scorer.scope.position(&name)?;
            Some((name, Source::Column(place), Gathered::of(&scorer.scope.all().get(place)?.ty)))
        });
        let shown = scorer.shown().into_iter();
        let shown = shown.map(|shown| (shown.name, shown.source, Gathered::of(&shown.ty)));
        let offers = scorer.manifest.offers.as_ref().map(|own| OfferColumns {
            propensity: own.bandit.as_ref().map(|_| Optional::default()),
            ..OfferColumns::default()
        });
        Self { columns: view.chain(shown).collect(), offers }
    }

    /// Appends a row.
    pub(super) fn push(&mut self, scorer: &Scorer, assessment: &Assessment, row: usize) {
        for (_, source, column) in &mut self.columns {
            match source {
                Source::Column(place) => {
                    column.push(assessment.columns.get(*place), row, assessment.scored(row));
                }
                Source::Ruling(part) => {
                    let ruling = assessment.ruling(row);
                    column.push_value(&ruling.map_or(Value::Null, |ruling| part.of(&ruling.measures)));
                }
            }
        }
        if let (Some(columns), Some(own)) = (&mut self.offers, &scorer.manifest.offers) {
            columns.push(own, assessment.offers(row));
        }
    }

    /// Appends the columns to a table.
    pub(super) fn write(&self, writer: &mut Writer) {
        self.columns.iter().for_each(|(name, _, column)| column.write(name, writer));
        if let Some(columns) = &self.offers {
            columns.write(writer);
        }
    }
}

impl OfferColumns {
    fn push(&mut self, own: &manifest::Offers, made: Option<&Recommendation>) {
        let first = made.and_then(|made| made.top.first());
        let id = |item: usize| own.items.get(item).map_or("", |item| item.id.as_str());
        self.offer.push(first.map(|offer| id(offer.item)));
        let channel = first.and_then(|offer| own.contact.as_ref()?.channels.get(offer.channel?));
        self.channel.push(channel.map(|channel| channel.id.as_str()));
        self.score.push_cell(first.map(|offer| offer.score).filter(|score| score.is_finite()));
        self.rank_by.push_cell(first.map(|offer| offer.key).filter(|key| key.is_finite()));
        self.reason.push(first.and_then(|offer| offer_code(own, offer)));
        if let Some(column) = &mut self.propensity {
            let chances = made.and_then(|made| made.trial.as_ref()).map_or(&[][..], |trial| &trial.chances);
            let chance = first.and_then(|offer| chances.iter().find(|(item, _)| *item == offer.item));
            column.push_cell(chance.map(|(_, chance)| *chance));
        }
        let all = made.map(|made| made.top.iter().map(|offer| id(offer.item)).collect::<Vec<_>>().join(","));
        self.offers.push(all.as_deref());
        let cause = |(item, causes): &(usize, Vec<Cause>)| {
            let cause = causes.first().and_then(|cause| Cause::NAMES.get(cause.kind()));
            format!("{}:{}", id(*item), cause.unwrap_or(&""))
        };
        let held = made.map(|made| made.held.iter().map(cause).collect::<Vec<_>>().join(","));
        self.held.push(held.as_deref());
    }

    fn write(&self, writer: &mut Writer) {
        let texts = |writer: &mut Writer, name: &str, own: &Optional<Strings>| {
            writer.texts(name, own.cells.iter(), Some(&own.present));
        };
        let [offer, channel, score, rank_by, reason, propensity, offers, held] = OFFER_COLUMNS;
        texts(writer, offer, &self.offer);
        texts(writer, channel, &self.channel);
        writer.column(score, &self.score.cells, Some(&self.score.present));
        writer.column(rank_by, &self.rank_by.cells, Some(&self.rank_by.present));
        texts(writer, reason, &self.reason);
        if let Some(own) = &self.propensity {
            writer.column(propensity, &own.cells, Some(&own.present));
        }
        texts(writer, offers, &self.offers);
        texts(writer, held, &self.held);
    }
}

/// The view's columns in the order of its fields, each with the place of its value in a decision as a JSON
/// pointer (RFC 6901). Scores and points have columns already.
pub(super) fn view_columns(manifest: &Manifest) -> Vec<(String, String)> {
    let Some(view) = &manifest.view else { return Vec::new() };
    let mut columns = Vec::new();
    for field in &view.fields {
        let at = |key: &str| format!("/view/fields/{}/{key}", field.name);
        if !manifest.scores.contains_key(&field.name) && field.name != POINTS {
            columns.push((field.name.clone(), at("value")));
        }
        if field.model.is_some() {
            columns.push((format!("{}{PROBABILITY_SUFFIX}", field.name), at("probability")));
        }
        if !field.bands.is_empty() {
            columns.push((format!("{}{BAND_SUFFIX}", field.name), at("band")));
        }
    }
    for (name, there) in [
        (LIFECYCLE, view.lifecycle.is_some()),
        (TAGS, !view.tags.is_empty()),
        (ALERTS, !view.alerts.is_empty()),
    ] {
        if there {
            let items = if name == ALERTS { "/*/id" } else { "" };
            columns.push((name.to_owned(), format!("/view/{name}{items}")));
        }
    }
    columns
}
