//! Portfolios: the losses of a record's portfolio, and the tails that scores take of them.

use crate::bundle::Lock;
use crate::decision::push_option;
use crate::error::Result;
use crate::json::{push_integer, push_text};
use crate::limits::Limits;
use crate::manifest::{self, Manifest, Quantile};
use crate::quantity::{Quantity, Slot};
use crate::rules::{Cell, Column, Value};
use crate::scope::{Bound, Scope};

use super::tail::{confidence, expected_shortfall, least, value_at_risk};

/// A portfolio, ready to be simulated.
#[derive(Clone, Debug)]
pub(super) struct Portfolio {
    source: Gains,
}

#[derive(Clone, Debug)]
enum Gains {
    /// A list that an expression gives.
    Observed(Bound),
    /// Per factor the exposure and the returns.
    Simulated(Vec<(Quantity, Vec<f64>)>, usize),
}

/// What a score takes of a portfolio's losses.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// The portfolio by its place.
    pub(super) portfolio: usize,
    measure: Measure,
    confidence: u64,
    scale: f64,
    min_observations: u64,
}

#[derive(Clone, Copy, Debug)]
enum Measure {
    ValueAtRisk(Quantile),
    ExpectedShortfall,
}

/// The path of a portfolio's program in the lock.
#[must_use]
pub fn pnl_path(name: &str) -> String {
    format!("portfolios.{name}.pnl")
}

/// The exposures of all portfolios, in order.
#[must_use]
pub fn amounts<'m>(manifest: &'m Manifest, scope: &Scope) -> Vec<Slot<'m>> {
    let slots = manifest.portfolios.iter().flat_map(|(name, portfolio)| {
        portfolio.exposures.iter().map(move |(factor, amount)| Slot {
            amount,
            unit: portfolio.unit.as_deref(),
            program: format!("portfolios.{name}.exposures.{factor}"),
            place: format!("portfolios.{name}.exposures.{factor}"),
            visible: 0,
        })
    });
    slots.map(|slot| Slot { visible: scope.after_scores(), ..slot }).collect()
}

/// Binds all portfolios, in the order of their names.
pub(super) fn load(
    manifest: &Manifest,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Vec<Portfolio>> {
    let slots = amounts(manifest, scope);
    let mut slots = slots.iter();
    let mut portfolios = Vec::with_capacity(manifest.portfolios.len());
    for (name, portfolio) in &manifest.portfolios {
        let source = match &portfolio.pnl {
            Some(pnl) => {
                let bind = || scope.bind(lock.program(&pnl_path(name), pnl)?, scope.after_scores(), limits);
                Gains::Observed(bind().map_err(|error| error.at(format_args!("portfolios.{name}.pnl")))?)
            }
            None => {
                let mut factors = Vec::with_capacity(portfolio.exposures.len());
                for (factor, slot) in portfolio.exposures.keys().zip(slots.by_ref()) {
                    let returns = portfolio.returns.get(factor).cloned().unwrap_or_default();
                    factors.push((slot.load(scope, lock, limits)?, returns));
                }
                Gains::Simulated(factors, portfolio.scenarios())
            }
        };
        portfolios.push(Portfolio { source });
    }
    Ok(portfolios)
}

impl Tail {
    /// What a score takes; the manifest's check has seen to the numbers.
    pub(super) fn new(manifest: &Manifest, spec: &manifest::TailLoss, shortfall: bool) -> Self {
        let names: Vec<&String> = manifest.portfolios.keys().collect();
        let place = names.iter().position(|name| **name == spec.portfolio).unwrap_or(usize::MAX);
        let days = manifest.portfolios.get(&spec.portfolio).map_or(1.0, manifest::Portfolio::horizon_days);
        let confidence = confidence(spec.confidence).unwrap_or(1);
        Self {
            portfolio: place,
            measure: match shortfall {
                true => Measure::ExpectedShortfall,
                false => Measure::ValueAtRisk(spec.quantile.unwrap_or_default()),
            },
            confidence,
            scale: spec.scale_to_days.map_or(1.0, |asked| libm::sqrt(asked / days)),
            min_observations: spec.min_observations.map_or_else(|| least(confidence), u64::from),
        }
    }

    fn of(&self, losses: &[f64]) -> f64 {
        if losses.is_empty() || (losses.len() as u64) < self.min_observations {
            return f64::NAN;
        }
        let loss = match self.measure {
            Measure::ValueAtRisk(quantile) => value_at_risk(losses, self.confidence, quantile),
            Measure::ExpectedShortfall => expected_shortfall(losses, self.confidence),
        };
        loss * self.scale
    }
}

impl Portfolio {
    /// Whether it reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        match &self.source {
            Gains::Observed(bound) => bound.reads(place),
            Gains::Simulated(factors, _) => factors.iter().any(|(exposure, _)| exposure.reads(place)),
        }
    }

    /// The tails of the scored rows' losses, one list of numbers per tail; NaN where there is none. Counts
    /// how many observations each row has.
    pub(super) fn tails(
        &self,
        tails: &[&Tail],
        columns: &[Column],
        scored: &[usize],
        rows: usize,
        observations: &mut [usize],
    ) -> Result<Vec<Vec<f64>>> {
        let mut found = vec![vec![f64::NAN; rows]; tails.len()];
        let gains = match &self.source {
            Gains::Observed(bound) => Evaluated::Observed(bound.evaluate(columns, rows)?),
            Gains::Simulated(factors, count) => {
                let values = factors.iter().map(|(exposure, returns)| {
                    exposure.values(columns, rows).map(|values| (values, returns.as_slice()))
                });
                Evaluated::Simulated(values.collect::<Result<_>>()?, *count)
            }
        };
        let mut losses = Vec::new();
        for &row in scored {
            losses.clear();
            if !gains.losses(row, &mut losses) {
                continue;
            }
            losses.sort_unstable_by(f64::total_cmp);
            if let Some(count) = observations.get_mut(row) {
                *count = losses.len();
            }
            for (tail, found) in tails.iter().zip(&mut found) {
                found[row] = tail.of(&losses);
            }
        }
        Ok(found)
    }
}

/// A portfolio's gains over the rows of a batch.
enum Evaluated<'p> {
    Observed(Column),
    Simulated(Vec<(Vec<f64>, &'p [f64])>, usize),
}

impl Evaluated<'_> {
    /// Appends the losses of a row; false where one is not known.
    fn losses(&self, row: usize, losses: &mut Vec<f64>) -> bool {
        match self {
            Self::Observed(column) => {
                let Cell::Value(Value::List(list)) = column.cell(row) else { return false };
                losses.extend(list.items().iter().map(|gain| match gain {
                    Value::Double(gain) => -gain,
                    Value::Int(gain) => -(*gain as f64),
                    _ => f64::NAN,
                }));
            }
            Self::Simulated(factors, count) => {
                losses.resize(*count, 0.0);
                for (exposures, returns) in factors {
                    let exposure = exposures.get(row).copied().unwrap_or(f64::NAN);
                    losses.iter_mut().zip(*returns).for_each(|(loss, own)| *loss -= exposure * own);
                }
            }
        }
        losses.iter().all(|loss| loss.is_finite())
    }
}

/// Appends what a decision says of a portfolio.
pub(super) fn write(spec: &manifest::Portfolio, observations: Option<usize>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"observations\":");
    push_option(out, observations.and_then(|count| i64::try_from(count).ok()), push_integer);
    out.extend_from_slice(b",\"unit\":");
    push_option(out, spec.unit.as_deref(), push_text);
    out.push(b'}');
}
