//! Contextual bandits: LinUCB and Thompson sampling over linear rewards.
//!
//! The core stays pure: what was learned is a [`State`] that comes in (a file of the bundle, or with the
//! request) and goes out of an update, and whatever is drawn is drawn from a seed in the record by a counter.
//! A decision logs the chance that each item had of coming first, which off-policy evaluation needs.
//!
//! With x the context, A and b an arm's table and list and t = A⁻¹ b: the estimate is t·x, its variance
//! xᵀ A⁻¹ x. LinUCB ranks by t·x + alpha sqrt(xᵀ A⁻¹ x) (L. Li, W. Chu, J. Langford and R. Schapire, WWW
//! 2010). Thompson sampling draws weights from N(t, alpha² A⁻¹) and ranks by their product with x (S. Agrawal
//! and N. Goyal, ICML 2013).

mod chances;
mod draws;
mod linear;
mod state;

pub use state::State;

use self::draws::{Draws, hash};
use self::linear::{dot, factor, forward, solve};
use self::state::{Arm, SHARED};
use super::catalogue::Catalogue;
use crate::bundle::Sha256Digest;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{self, Algorithm, Arms};
use crate::rules::{Column, Data};
use crate::scope::{ITEM, Scope};

/// The stream of the draws that decide whether an even draw is made, and which.
const EXPLORE_STREAM: u64 = 0x6578_706c;
/// The stream of the weights that all items share.
const SHARED_STREAM: u64 = 0x7368_6172;

/// A bandit, ready to choose and to learn.
#[derive(Clone, Debug)]
pub(super) struct Learner {
    spec: manifest::Bandit,
    /// Names of the numbers in a context.
    terms: Vec<String>,
    /// Places of the columns that describe the customer.
    context: Vec<usize>,
    /// Per item the numbers that describe it.
    items: Vec<Vec<f64>>,
    ids: Vec<String>,
    seed: Option<usize>,
    /// What the bundle brings, and what is known from it.
    state: State,
    known: Posterior,
}

/// What is known of the weights.
#[derive(Clone, Debug)]
pub(super) struct Posterior {
    digest: Sha256Digest,
    arms: Vec<Known>,
    /// Per item the place of its arm.
    arm_of: Vec<usize>,
}

/// The factor of A and the weights A⁻¹ b.
#[derive(Clone, Debug)]
struct Known {
    lower: Vec<f64>,
    weights: Vec<f64>,
}

/// What a bandit says of the items of one row, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// Estimates of the reward.
    pub(super) estimates: Vec<f64>,
    /// What items are ranked by, before their value.
    pub(super) indexes: Vec<f64>,
    /// The chance that each had of coming first.
    pub(super) chances: Vec<f64>,
    /// The item that an even draw puts first, by its place in the list.
    pub(super) drawn: Option<usize>,
}

impl Learner {
    /// Prepares the bandit; `file` is the state that the bundle brings.
    ///
    /// # Errors
    /// `request_invalid` where the state is none of this bandit.
    pub(super) fn load(
        spec: &manifest::Bandit,
        catalogue: &Catalogue,
        scope: &Scope,
        file: Option<State>,
    ) -> Result<Self> {
        let place = |name: &String| {
            scope.position(name).ok_or_else(|| Error::new(ErrorCode::Internal, "a context without a column"))
        };
        let terms = terms(spec);
        let mut learner = Self {
            context: spec.context.iter().map(place).collect::<Result<_>>()?,
            items: catalogue.numbers(&spec.item_context),
            ids: catalogue.ids().to_vec(),
            seed: spec.seed.as_ref().map(place).transpose()?,
            state: file.unwrap_or_else(|| State::new(terms.clone())),
            known: Posterior { digest: Sha256Digest::default(), arms: Vec::new(), arm_of: Vec::new() },
            spec: spec.clone(),
            terms,
        };
        learner.known = learner.posterior(&learner.state)?;
        Ok(learner)
    }

    /// What is known from a request's state; `None` where the bundle's own is used.
    ///
    /// # Errors
    /// `request_invalid` where the state is none of this bandit.
    pub(super) fn prepare(&self, state: Option<&State>) -> Result<Option<Posterior>> {
        state.map(|state| self.posterior(state)).transpose()
    }

    /// What is known without a state of the request.
    pub(super) const fn own(&self) -> &Posterior {
        &self.known
    }

    fn posterior(&self, state: &State) -> Result<Posterior> {
        state.check_terms(&self.terms)?;
        let dimension = self.terms.len();
        let know = |arm: &Arm| {
            let lower = factor(&arm.a, dimension)?;
            let weights = solve(&lower, &arm.b);
            weights.iter().all(|weight| weight.is_finite()).then_some(Known { lower, weights })
        };
        let mut arms: Vec<Known> = know(&Arm::prior(dimension, self.spec.ridge)).into_iter().collect();
        let mut arm_of = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            let name = if self.spec.arms == Arms::Shared { SHARED } else { id };
            let place = match (state.arms().get(name), self.spec.arms) {
                (None, _) => 0,
                (Some(_), Arms::Shared) if arms.len() > 1 => 1,
                (Some(arm), _) => {
                    let known = know(arm).ok_or_else(|| {
                        let message = "the table `a` must be positive definite, and `a` and `b` within range";
                        Error::new(ErrorCode::RequestInvalid, message).at(format_args!("arms.{name}"))
                    })?;
                    arms.push(known);
                    arms.len() - 1
                }
            };
            arm_of.push(place);
        }
        Ok(Posterior { digest: state.digest(), arms, arm_of })
    }

    /// The numbers that describe a customer and an item.
    fn describe(&self, customer: &[f64], item: usize, out: &mut Vec<f64>) {
        out.clear();
        out.extend_from_slice(customer);
        if self.spec.arms == Arms::Shared {
            let own = self.items.get(item).map_or(&[][..], Vec::as_slice);
            out.extend_from_slice(own);
            for number in customer.iter().skip(1) {
                out.extend(own.iter().map(|own| number * own));
            }
        }
    }

    /// The constant and the context of a row; what is missing is 0.
    fn customer(&self, columns: &[Column], row: usize) -> Vec<f64> {
        let number = |place: &usize| {
            let column = columns.get(*place)?;
            match column.data() {
                Data::Bool(cells) if !column.is_null(row) => {
                    cells.get(row).map(|&own| f64::from(u8::from(own)))
                }
                _ => column.number(row).ok().flatten().filter(|number| number.is_finite()),
            }
        };
        [1.0].into_iter().chain(self.context.iter().map(|place| number(place).unwrap_or(0.0))).collect()
    }

    fn draws(&self, columns: &[Column], row: usize) -> Draws {
        let column = self.seed.and_then(|place| columns.get(place));
        Draws::new(match column.map(Column::data) {
            Some(Data::Int(cells)) => cells.get(row).map_or(0, |&seed| seed as u64),
            Some(Data::Text(cells)) => hash(cells.get(row)),
            _ => 0,
        })
    }

    /// Scores the items that may be offered to a row; `values` are what they are worth.
    pub(super) fn choose(
        &self,
        known: &Posterior,
        columns: &[Column],
        row: usize,
        items: &[usize],
        values: &[f64],
    ) -> Choice {
        let mut choice = Choice::default();
        if items.is_empty() {
            return choice;
        }
        let (customer, draws) = (self.customer(columns, row), self.draws(columns, row));
        let shared = self.spec.arms == Arms::Shared;
        let thompson = self.spec.algorithm == Algorithm::Thompson;
        let weights: Vec<f64> = match thompson && shared {
            true => (0..self.terms.len() as u64).map(|at| draws.normal(SHARED_STREAM, at)).collect(),
            false => Vec::new(),
        };
        let (mut x, mut factors, mut deviations) = (Vec::new(), Vec::new(), Vec::new());
        for &item in items {
            let arm = known.arm_of.get(item).and_then(|&at| known.arms.get(at));
            let Some(arm) = arm else { return Choice::default() };
            self.describe(&customer, item, &mut x);
            let estimate = dot(&arm.weights, &x);
            let mut factor = Vec::with_capacity(x.len());
            forward(&arm.lower, &x, &mut factor);
            let deviation = self.spec.alpha * libm::sqrt(dot(&factor, &factor));
            let shift = match (thompson, shared) {
                (false, _) => deviation,
                (true, false) => {
                    let id = self.ids.get(item).map_or("", String::as_str);
                    deviation * draws.normal(hash(id), 0)
                }
                (true, true) => self.spec.alpha * dot(&factor, &weights),
            };
            choice.estimates.push(estimate);
            choice.indexes.push(estimate + shift);
            deviations.push(deviation);
            if thompson && shared {
                factors.push(factor);
            }
        }
        choice.chances = self.chances(&choice, &factors, &deviations, values);
        let share = self.spec.explore;
        if share > 0.0 && draws.uniform(EXPLORE_STREAM, 0) < share {
            let place = draws.uniform(EXPLORE_STREAM, 1) * items.len() as f64;
            choice.drawn = Some((place as usize).min(items.len() - 1));
        }
        choice
    }

    /// The chance of each item to come first, over all seeds.
    fn chances(&self, choice: &Choice, factors: &[Vec<f64>], deviations: &[f64], values: &[f64]) -> Vec<f64> {
        let count = choice.indexes.len();
        let value = |at: usize| values.get(at).copied().unwrap_or(1.0);
        let means: Vec<f64> = choice.estimates.iter().enumerate().map(|(at, own)| own * value(at)).collect();
        let mut chances = match (self.spec.algorithm, self.spec.arms) {
            (Algorithm::LinUcb, _) => {
                let key = |at: usize| choice.indexes[at] * value(at);
                let best = (1..count).fold(0, |best, at| if key(at) > key(best) { at } else { best });
                (0..count).map(|at| if at == best { 1.0 } else { 0.0 }).collect()
            }
            (Algorithm::Thompson, Arms::Item) => {
                let widths = deviations.iter().enumerate().map(|(at, own)| own * value(at));
                chances::independent(&means, &widths.collect::<Vec<_>>())
            }
            (Algorithm::Thompson, Arms::Shared) => {
                let scaled = |(at, own): (usize, &Vec<f64>)| {
                    own.iter().map(|number| self.spec.alpha * number * value(at)).collect()
                };
                let factors: Vec<Vec<f64>> = factors.iter().enumerate().map(scaled).collect();
                chances::together(&means, &factors, self.terms.len())
            }
        };
        let (share, even) = (self.spec.explore, self.spec.explore / count as f64);
        chances.iter_mut().for_each(|chance| *chance = (1.0 - share) * *chance + even);
        chances
    }

    /// A state that has learned from rewards: rows of columns, each with the item that was offered and what
    /// came of it. Starts from `state`, else from the bundle's.
    ///
    /// # Errors
    /// `request_invalid` where the state is another bandit's or an item is not in the catalogue, `run_value`
    /// where the numbers grow past the range of doubles.
    pub(super) fn learn(&self, state: Option<State>) -> Result<State> {
        let state = state.unwrap_or_else(|| self.state.clone());
        self.posterior(&state)?;
        Ok(state)
    }

    /// Adds one reward to a state.
    ///
    /// # Errors
    /// As [`Self::learn`].
    pub(super) fn reward(
        &self,
        state: &mut State,
        columns: &[Column],
        row: usize,
        item: &str,
        reward: f64,
    ) -> Result<()> {
        let Some(place) = self.ids.iter().position(|id| id == item) else {
            let message = "the catalogue has no such item; what is no longer offered is no longer learned";
            return Err(Error::new(ErrorCode::RequestInvalid, message).at("item"));
        };
        let mut x = Vec::new();
        self.describe(&self.customer(columns, row), place, &mut x);
        let name = if self.spec.arms == Arms::Shared { SHARED } else { item };
        let prior = || Arm::prior(self.terms.len(), self.spec.ridge);
        state.arms_mut().entry(name.to_owned()).or_insert_with(prior).learn(&x, reward)
    }

    /// The algorithm.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.spec.algorithm
    }
}

impl Posterior {
    /// The digest of the state that it came from.
    pub(super) const fn digest(&self) -> Sha256Digest {
        self.digest
    }
}

/// The names of the numbers that describe a customer and an item.
fn terms(spec: &manifest::Bandit) -> Vec<String> {
    let mut terms = vec!["1".to_owned()];
    terms.extend(spec.context.iter().cloned());
    let items: Vec<String> = spec.item_context.iter().map(|name| format!("{ITEM}{name}")).collect();
    terms.extend(items.iter().cloned());
    for own in &spec.context {
        terms.extend(items.iter().map(|item| format!("{own}*{item}")));
    }
    terms
}
