//! Offers: what a customer is offered, and for every item that is not, why.
//!
//! The catalogue's items go through gates in a fixed order (time, do-not-contact, gates, eligibility,
//! suitability, caps, channels), those that pass are scored, ranked by score times value, and chosen so that
//! they are not all alike. Each pair of customer and item is a row of columns, so one program judges all of
//! them. What cannot be looked at holds an item back: an offer is never made because something is missing.

mod bandit;
mod catalogue;
mod contact;
mod expressions;
mod ledger;
mod make;
mod pairs;
mod rank;
mod scoring;
mod write;

pub use bandit::State;
pub use contact::ChannelCause;
pub use expressions::expressions;
pub use ledger::{Cause, Fault};
pub(crate) use scoring::is_deferred;
pub use write::{Notes, offer_code};

use self::bandit::{Learner, Posterior};
use self::catalogue::Catalogue;
use self::contact::Contacts;
use self::ledger::Ledger;
use self::make::Maker;
use self::rank::Ranking;
use self::scoring::{Scene, Source};
use crate::bundle::{Lock, Sha256Digest};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{self, Held, Manifest};
use crate::models::{Answers, Scoring};
use crate::rules::Column;
use crate::scope::{Bound, ITEM_SCORE, Scope};
use crate::time::Timestamp;

/// Pairs of customer and item that are looked at together.
const PAIRS_AT_A_TIME: usize = 65_536;

/// The offers of a bundle, ready to be made.
#[derive(Clone, Debug)]
pub struct Offers {
    catalogue: Catalogue,
    gates: Vec<Rule>,
    eligibility: Vec<Rule>,
    /// Items with a condition of their own.
    eligible: Vec<(usize, Bound)>,
    /// Risk levels of the items, 0 for none.
    risks: Vec<i64>,
    tolerance: Option<Bound>,
    contact: Option<Contacts>,
    /// Per item the channels that it may take.
    channels: Vec<Vec<usize>>,
    sources: Vec<Source>,
    learner: Option<Learner>,
    value: Option<Bound>,
    reasons: Vec<Rule>,
    ranking: Ranking,
    /// The place of the first item's column, and the number of names in scope.
    first: usize,
    width: usize,
    score_place: usize,
}

/// A condition for some items.
#[derive(Clone, Debug)]
struct Rule {
    bound: Bound,
    items: Vec<bool>,
}

/// An offer that is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The item, by its place in the catalogue.
    pub item: usize,
    /// The channel, by its place in the contact policy.
    pub channel: Option<usize>,
    /// Its score: a propensity, or a bandit's estimate.
    pub score: f64,
    /// What an accepted offer is worth; NaN where the bundle does not say.
    pub value: f64,
    /// What it was ranked by.
    pub key: f64,
    /// A condition that gives it a reason, by its place in the manifest.
    pub reason: Option<usize>,
}

/// What a bandit did for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Items that could have come first, with their chances.
    pub chances: Vec<(usize, f64)>,
    /// Whether the first offer was drawn evenly.
    pub drawn: bool,
    /// Digest of what had been learned.
    pub state: Sha256Digest,
}

/// What one customer is offered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recommendation {
    /// The offers, best first.
    pub top: Vec<Offer>,
    /// Items that are not offered, with their causes, in the order of the catalogue.
    pub held: Vec<(usize, Vec<Cause>)>,
    /// How many items each cause holds back first, by its place in [`Cause::NAMES`].
    pub counts: [u32; Cause::NAMES.len()],
    /// Per channel why it is closed.
    pub closed: Vec<Option<ChannelCause>>,
    /// What the bandit did, where there is one.
    pub trial: Option<Trial>,
}

/// What a call brings for its offers.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What is said of items that are not offered; by default what the bundle says.
    pub held: Option<Held>,
    known: Option<Posterior>,
}

/// The rows of a frame after the policy.
pub struct Frame<'a> {
    /// All columns up to and with the outcome.
    pub columns: &'a [Column],
    /// The time of each decision.
    pub now: &'a [Option<Timestamp>],
    /// The rows that were scored.
    pub scored: &'a [usize],
    /// The answers of the models that ran, for these rows.
    pub answers: &'a [Answers],
    /// How many rows there are.
    pub rows: usize,
}

impl Offers {
    /// Binds the packed programs; `None` for a bundle without offers. `state` is the file that the bandit
    /// starts from.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code does
    /// not, `manifest_invalid` where the state is none of this bandit.
    pub fn load(
        manifest: &Manifest,
        scope: &Scope,
        lock: &Lock,
        state: Option<State>,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let Some(own) = &manifest.offers else { return Ok(None) };
        let bound = expressions(manifest, scope).into_iter().map(|own| own.bind(scope, lock, limits));
        let mut bound = bound.collect::<Result<Vec<_>>>()?.into_iter();
        let catalogue = Catalogue::new(own);
        let rule = |categories: &Option<Vec<String>>, bound: Option<Bound>| {
            let bound = bound.ok_or_else(|| Error::new(ErrorCode::Internal, "a rule without a program"))?;
            Ok(Rule { bound, items: Catalogue::of_categories(&own.items, categories.as_deref()) })
        };
        let gates = own.gates.iter().map(|own| rule(&own.categories, bound.next()));
        let gates = gates.collect::<Result<_>>()?;
        let eligibility = own.eligibility.iter().map(|own| rule(&own.categories, bound.next()));
        let eligibility = eligibility.collect::<Result<_>>()?;
        let with_condition = own.items.iter().enumerate().filter(|(_, item)| item.eligible.is_some());
        let eligible = with_condition.filter_map(|(at, _)| Some((at, bound.next()?))).collect();
        let tolerance = if own.suitability.is_some() { bound.next() } else { None };
        let contact = own.contact.as_ref().map(|contact| Contacts::new(contact, scope, &mut bound));
        let sources = scoring::sources(own, manifest, &mut bound)?;
        let value = if own.value.is_some() { bound.next() } else { None };
        let reasons = own.reasons.iter().map(|own| rule(&own.categories, bound.next()));
        let reasons = reasons.collect::<Result<_>>()?;
        let learner = own.bandit.as_ref().map(|bandit| Learner::load(bandit, &catalogue, scope, state));
        let learner = learner.transpose().map_err(|error| {
            Error::new(ErrorCode::ManifestInvalid, error.message()).at(error.path()).at("offers.bandit.state")
        })?;
        let risk = |item: &manifest::Item| item.risk.map_or(0, manifest::RiskLevel::number);
        Ok(Some(Self {
            ranking: Ranking::new(own, &catalogue),
            channels: own.items.iter().map(|item| channels(item, own)).collect(),
            risks: own.items.iter().map(risk).collect(),
            first: scope.first_item(),
            width: scope.for_offers().len(),
            score_place: scope.position(ITEM_SCORE).unwrap_or(usize::MAX),
            catalogue,
            gates,
            eligibility,
            eligible,
            tolerance,
            contact,
            sources,
            learner,
            value,
            reasons,
        }))
    }

    /// Whether they depend on the time: an expression reads the column at this place, or items, quiet hours
    /// or caps have times.
    #[must_use]
    pub fn uses_time(&self, place: usize) -> bool {
        self.reads(place)
            || self.catalogue.uses_time()
            || self.contact.as_ref().is_some_and(Contacts::uses_time)
    }

    /// Whether an expression reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        let rules = self.gates.iter().chain(&self.eligibility).chain(&self.reasons).map(|rule| &rule.bound);
        let own = rules.chain(self.eligible.iter().map(|(_, bound)| bound));
        let own = own.chain(&self.tolerance).chain(&self.value);
        let own = own.chain(self.contact.iter().flat_map(Contacts::programs));
        let mut own = own.chain(self.sources.iter().filter_map(Source::program));
        own.any(|bound| bound.reads(place))
    }

    /// What a call brings: what is said of held-back items, and the state of the bandit.
    ///
    /// # Errors
    /// `request_invalid` where there is no bandit, or the state is none of this one.
    pub fn terms(&self, held: Option<Held>, state: Option<&State>) -> Result<Terms> {
        let known = match (&self.learner, state) {
            (Some(learner), state) => learner.prepare(state).map_err(|error| error.at("state"))?,
            (None, None) => None,
            (None, Some(_)) => {
                let message = "the bundle has no bandit that would have a state";
                return Err(Error::new(ErrorCode::RequestInvalid, message).at("state"));
            }
        };
        Ok(Terms { held, known })
    }

    /// The bandit, where there is one.
    fn learner(&self) -> Result<&Learner> {
        self.learner
            .as_ref()
            .ok_or_else(|| Error::new(ErrorCode::RequestInvalid, "the bundle has no bandit that could learn"))
    }

    /// The state that an update starts from: that of the call, else the bundle's.
    ///
    /// # Errors
    /// `request_invalid` where there is no bandit, or the state is none of this one.
    pub fn learn(&self, state: Option<State>) -> Result<State> {
        self.learner()?.learn(state).map_err(|error| error.at("state"))
    }

    /// Adds what came of an offer of this item to the row's customer.
    ///
    /// # Errors
    /// `request_invalid` where the catalogue has no such item, `run_value` where the numbers grow past the
    /// range of doubles.
    pub fn reward(
        &self,
        state: &mut State,
        columns: &[Column],
        row: usize,
        item: &str,
        reward: f64,
    ) -> Result<()> {
        self.learner()?.reward(state, columns, row, item, reward)
    }

    /// Makes offers to the rows that were scored; the others get none.
    ///
    /// # Errors
    /// What the models' runs give.
    pub fn make(
        &self,
        own: &manifest::Offers,
        frame: &Frame<'_>,
        models: &mut [Scoring],
        terms: &Terms,
    ) -> Result<Vec<Option<Recommendation>>> {
        let mut made: Vec<Option<Recommendation>> = Vec::new();
        made.resize_with(frame.rows, || None);
        let reach = match &self.contact {
            Some(contact) => contact.reach(frame.columns, frame.now, &self.catalogue, frame.rows)?,
            None => Vec::new(),
        };
        let tolerance =
            self.tolerance.as_ref().map(|own| own.evaluate(frame.columns, frame.rows)).transpose()?;
        let mut scored_at = vec![usize::MAX; frame.rows];
        for (at, &row) in frame.scored.iter().enumerate() {
            if let Some(slot) = scored_at.get_mut(row) {
                *slot = at;
            }
        }
        let rows_at_a_time = (PAIRS_AT_A_TIME / self.catalogue.len().max(1)).max(1);
        for part in frame.scored.chunks(rows_at_a_time) {
            let scene = Scene {
                frame: frame.columns,
                catalogue: &self.catalogue,
                first: self.first,
                width: self.width,
                part,
                scored_at: &scored_at,
            };
            let maker = Maker { offers: self, own, frame, scene, reach: &reach, terms };
            let all = terms.held.unwrap_or_else(|| own.held()) == Held::All;
            let mut ledger = Ledger::new(part.len() * self.catalogue.len(), all);
            maker.gate(&mut ledger, tolerance.as_ref())?;
            maker.offer(&mut ledger, models, &mut made)?;
        }
        Ok(made)
    }
}

/// The channels that an item may take, by their places in the contact policy.
fn channels(item: &manifest::Item, own: &manifest::Offers) -> Vec<usize> {
    let all = own.contact.as_ref().map_or(&[][..], |contact| &contact.channels);
    let may = |id: &String| item.channels.as_ref().is_none_or(|channels| channels.contains(id));
    all.iter().enumerate().filter(|(_, channel)| may(&channel.id)).map(|(at, _)| at).collect()
}
