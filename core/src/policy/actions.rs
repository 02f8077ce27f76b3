//! What rules ask for beside an outcome, and how several of them become one.
//!
//! The lowest limit counts, the highest rate, all margins together; collateral of one type is asked for
//! once, with the highest amount and the lowest loan to value; documents are a set; alerts are listed from
//! the most severe to the least. An amount that has no value for a record makes the outcome at least the
//! policy's `on_error`, and what it would have bounded is null: nobody knows how low the limit is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::Lock;
use crate::error::Result;
use crate::limits::Limits;
use crate::manifest::{Rule, Severity};
use crate::quantity::{Quantity, Slot};
use crate::rules::Column;
use crate::scope::Scope;

/// What a rule asks for, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Asks {
    /// The rule, for people: its id, after that of its list.
    rule: Arc<str>,
    limit: Option<Quantity>,
    rate: Option<Quantity>,
    margin: Option<Quantity>,
    collateral: Vec<CollateralAsk>,
    documents: Vec<Arc<str>>,
    alert: Option<Arc<Alerting>>,
}

#[derive(Clone, Debug)]
struct CollateralAsk {
    kind: Arc<str>,
    unit: Option<Arc<str>>,
    amount: Option<Quantity>,
    ltv: Option<Quantity>,
}

/// What an alert says, whatever the record.
#[derive(Debug, PartialEq, Eq)]
pub struct Alerting {
    /// The rule that raises it.
    pub rule: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// Whose work list it goes to.
    pub queue: String,
    /// Names of the evidence and the places of their columns.
    pub evidence: Vec<(String, usize)>,
}

/// An amount per row, where there is one.
type Values = Option<Vec<f64>>;

/// The numbers of one rule's asks, per row.
pub(super) struct Numbers {
    limit: Values,
    rate: Values,
    margin: Values,
    /// Per collateral the amount and the loan to value.
    collateral: Vec<(Values, Values)>,
}

/// A number and the rule that gives it; NaN where it is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The number.
    pub number: f64,
    /// The rule.
    pub rule: Arc<str>,
}

/// A collateral that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Collateral {
    /// What is pledged.
    pub kind: Arc<str>,
    /// Unit of the amount.
    pub unit: Option<Arc<str>>,
    /// Its least value; `None` where none is asked for, NaN where it is not known.
    pub amount: Option<f64>,
    /// The highest loan to value, likewise.
    pub ltv: Option<f64>,
    /// The rules that ask for it.
    pub rules: Vec<Arc<str>>,
}

/// What all rules that fired for one record ask for together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// The lowest limit.
    pub limit: Option<Asked>,
    /// The highest rate.
    pub rate: Option<Asked>,
    /// The sum of all margins; NaN where one is not known.
    pub margin: Option<f64>,
    /// The rules that give margins.
    pub margin_rules: Vec<Arc<str>>,
    /// Collateral by type, in the order of the rules.
    pub collateral: Vec<Collateral>,
    /// Documents, each once, in the order of the rules.
    pub documents: Vec<Arc<str>>,
    /// Alerts, the most severe first.
    pub alerts: Vec<Arc<Alerting>>,
    /// Whether an amount is not known.
    pub failed: bool,
}

/// The kinds of actions that a policy has, and so the sections that its decisions have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// Limits.
    pub limit: bool,
    /// Prices.
    pub price: bool,
    /// Collateral.
    pub collateral: bool,
    /// Documents.
    pub documents: bool,
    /// Alerts.
    pub alerts: bool,
}

impl Kinds {
    /// Whether there is any but alerts.
    #[must_use]
    pub(super) const fn has_actions(&self) -> bool {
        self.limit || self.price || self.collateral || self.documents
    }

    pub(super) fn add(&mut self, rules: &[Rule]) {
        for actions in rules.iter().filter_map(|rule| rule.actions.as_ref()) {
            self.limit |= actions.limit.is_some();
            self.price |= actions.price.is_some();
            self.collateral |= !actions.collateral.is_empty();
            self.documents |= actions.condition.is_some();
            self.alerts |= actions.alert.is_some();
        }
    }
}

/// The amounts of a rule, in a fixed order. `program` and `place` are those of the rule itself.
#[must_use]
pub fn amounts<'m>(rule: &'m Rule, program: &str, place: &str, visible: usize) -> Vec<Slot<'m>> {
    let Some(actions) = &rule.actions else { return Vec::new() };
    let mut slots = Vec::new();
    let dot = if place.is_empty() { "" } else { "." };
    let mut add = |amount: Option<&'m _>, unit: Option<&'m str>, part: &str| {
        if let Some(amount) = amount {
            slots.push(Slot {
                amount,
                unit,
                program: format!("{program}.{part}"),
                place: format!("{place}{dot}actions.{part}"),
                visible,
            });
        }
    };
    if let Some(limit) = &actions.limit {
        add(Some(&limit.amount), limit.unit.as_deref(), "limit.amount");
    }
    if let Some(price) = &actions.price {
        add(price.rate.as_ref(), None, "price.rate");
        add(price.margin.as_ref(), None, "price.margin");
    }
    for (at, collateral) in actions.collateral.iter().enumerate() {
        add(collateral.amount.as_ref(), collateral.unit.as_deref(), &format!("collateral[{at}].amount"));
        add(collateral.ltv.as_ref(), None, &format!("collateral[{at}].ltv"));
    }
    slots
}

impl Asks {
    /// Binds what a rule asks for; `None` where it asks for nothing. `name` is the rule's, for people.
    pub(super) fn load(
        rule: &Rule,
        name: &str,
        program: &str,
        visible: usize,
        scope: &Scope,
        lock: &Lock,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let Some(actions) = &rule.actions else { return Ok(None) };
        let slots = amounts(rule, program, "", visible);
        let load = |slot: &Slot<'_>| slot.load(scope, lock, limits);
        let quantities: Vec<Quantity> = slots.iter().map(load).collect::<Result<_>>()?;
        let mut quantities = quantities.into_iter();
        let mut take = |there: bool| if there { quantities.next() } else { None };
        let name: Arc<str> = name.into();
        let limit = take(actions.limit.is_some());
        let rate = take(actions.price.as_ref().is_some_and(|price| price.rate.is_some()));
        let margin = take(actions.price.as_ref().is_some_and(|price| price.margin.is_some()));
        let collateral = actions.collateral.iter().map(|own| CollateralAsk {
            kind: own.kind.as_str().into(),
            unit: own.unit.as_deref().map(Into::into),
            amount: take(own.amount.is_some()),
            ltv: take(own.ltv.is_some()),
        });
        let collateral = collateral.collect();
        let documents = actions.condition.iter().flat_map(|condition| &condition.documents);
        let alert = actions.alert.as_ref().map(|alert| {
            let place = |name: &String| (name.clone(), scope.position(name).unwrap_or(usize::MAX));
            Arc::new(Alerting {
                rule: Arc::clone(&name),
                severity: alert.severity,
                queue: alert.queue.clone(),
                evidence: alert.evidence.iter().map(place).collect(),
            })
        });
        let documents = documents.map(|document| document.as_str().into()).collect();
        Ok(Some(Self { rule: name, limit, rate, margin, collateral, documents, alert }))
    }

    /// Whether an amount or evidence reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        let own = [&self.limit, &self.rate, &self.margin].into_iter().flatten();
        let collateral = self.collateral.iter().flat_map(|own| own.amount.iter().chain(&own.ltv));
        own.chain(collateral).any(|quantity| quantity.reads(place))
            || self.alert.iter().flat_map(|alert| &alert.evidence).any(|(_, own)| *own == place)
    }

    /// The numbers of all rows.
    pub(super) fn numbers(&self, columns: &[Column], rows: usize) -> Result<Numbers> {
        let values = |quantity: &Option<Quantity>| {
            quantity.as_ref().map(|quantity| quantity.values(columns, rows)).transpose()
        };
        let collateral = self.collateral.iter().map(|own| Ok((values(&own.amount)?, values(&own.ltv)?)));
        Ok(Numbers {
            limit: values(&self.limit)?,
            rate: values(&self.rate)?,
            margin: values(&self.margin)?,
            collateral: collateral.collect::<Result<_>>()?,
        })
    }

    /// Adds what the rule asks for on one row.
    pub(super) fn add(&self, numbers: &Numbers, row: usize, measures: &mut Measures) {
        let at = |values: &Values| values.as_ref().map(|values| values.get(row).copied().unwrap_or(f64::NAN));
        let asked = |number: f64| Asked { number, rule: Arc::clone(&self.rule) };
        if let Some(limit) = at(&numbers.limit) {
            // A limit below nothing is nothing; what is not known stays so.
            let limit = if limit < 0.0 { 0.0 } else { limit };
            keep(&mut measures.limit, asked(limit), |new, old| new < old);
        }
        if let Some(rate) = at(&numbers.rate) {
            keep(&mut measures.rate, asked(rate), |new, old| new > old);
        }
        if let Some(margin) = at(&numbers.margin) {
            measures.margin = Some(measures.margin.unwrap_or(0.0) + margin);
            measures.margin_rules.push(Arc::clone(&self.rule));
        }
        for (own, (amount, ltv)) in self.collateral.iter().zip(&numbers.collateral) {
            let found = measures.collateral.iter_mut().find(|other| other.kind == own.kind);
            let (amount, ltv) = (at(amount), at(ltv));
            match found {
                Some(found) => {
                    found.amount = merge(found.amount, amount, f64::max);
                    found.ltv = merge(found.ltv, ltv, f64::min);
                    found.rules.push(Arc::clone(&self.rule));
                }
                None => measures.collateral.push(Collateral {
                    kind: Arc::clone(&own.kind),
                    unit: own.unit.clone(),
                    amount,
                    ltv,
                    rules: vec![Arc::clone(&self.rule)],
                }),
            }
        }
        let known: BTreeSet<Arc<str>> = measures.documents.iter().cloned().collect();
        measures.documents.extend(self.documents.iter().filter(|own| !known.contains(*own)).cloned());
        measures.alerts.extend(self.alert.clone());
    }
}

impl Measures {
    /// What is left to do once all rules have been added.
    pub(super) fn finish(&mut self) {
        // Stable: of equal severity the order of the rules stays.
        self.alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
        let numbers = [&self.limit, &self.rate].into_iter().flatten().map(|asked| asked.number);
        let collateral = self.collateral.iter().flat_map(|own| own.amount.into_iter().chain(own.ltv));
        self.failed = numbers.chain(self.margin).chain(collateral).any(f64::is_nan);
    }

    /// Rate and margins together; `None` without a rate.
    #[must_use]
    pub fn total(&self) -> Option<f64> {
        self.rate.as_ref().map(|rate| rate.number + self.margin.unwrap_or(0.0))
    }
}

/// Keeps the better of two numbers; one that is not known stays, whatever comes.
fn keep(kept: &mut Option<Asked>, new: Asked, better: impl Fn(f64, f64) -> bool) {
    match kept {
        Some(old) if old.number.is_nan() || !(new.number.is_nan() || better(new.number, old.number)) => {}
        _ => *kept = Some(new),
    }
}

fn merge(a: Option<f64>, b: Option<f64>, choose: impl Fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) if a.is_nan() || b.is_nan() => Some(f64::NAN),
        (Some(a), Some(b)) => Some(choose(a, b)),
        (a, b) => a.or(b),
    }
}
