//! The policy: from scores, inputs and features to an outcome, with a trace of everything that was looked
//! at.
//!
//! Decision tables and lists of rules stand in one order; each sees what those before it gave, and the
//! policy's own rules come last. The most severe outcome of all is the decision's.

mod actions;
mod applies;
pub(crate) mod cell;
mod describe;
mod hits;
pub(crate) mod layout;
mod list;
mod steps;
mod table;
mod write;

use std::collections::BTreeMap;

use self::actions::Kinds;
use self::list::{List, Parts};
use self::steps::Step;
use crate::bundle::Lock;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::manifest::{self, HitPolicy, Manifest, Outcome, Rule, within};
use crate::rules::{Column, Type};
use crate::scope::Scope;
use crate::time::Timestamp;

pub use actions::{Alerting, Asked, Collateral, Measures, amounts};
pub use describe::describe_rule;
pub use list::{ListRuling, RuleResult};
pub use steps::StepRuling;
pub use table::{TableResult, TableRuling};
pub use write::ActionPart;

/// The name of a list's outcome below the list's own.
pub const OUTCOME: &str = "outcome";
/// The name of the rules or rows that fired, below the step's own.
pub const FIRED: &str = "fired";

/// What the policy says about one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The outcome.
    pub outcome: Outcome,
    /// What the policy's own rules say.
    pub rules: ListRuling,
    /// What each step says, in the order of their first versions.
    pub steps: Vec<StepRuling>,
    /// What all rules that fired ask for together.
    pub measures: Measures,
}

/// What the policy must know about a record apart from the columns.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The time of the decision.
    pub now: Option<Timestamp>,
    /// Whether its quality is degraded.
    pub degraded: bool,
    /// Whether a score, a risk or a limit that the bundle has is not known.
    pub unscored: bool,
    /// The mildest outcome that limits on exposure allow.
    pub breach: Option<Outcome>,
}

/// A policy, ready to be applied.
#[derive(Clone, Debug)]
pub struct Policy {
    steps: Vec<Step>,
    rules: List,
    /// Which actions there are.
    kinds: Kinds,
    /// Unit of limits.
    limit_unit: Option<String>,
    /// Per rule the code of its reason.
    reasons: Vec<Option<String>>,
    default: Outcome,
    on_error: Outcome,
    on_degraded: Option<Outcome>,
}

/// The paths of the programs of a list's rules in the lock.
#[must_use]
pub fn rule_paths(prefix: &str, rules: &[Rule]) -> Vec<String> {
    list::rule_paths(prefix, rules)
}

/// The path of the policy's own rules in the lock.
pub const RULES: &str = "policy.rules";

/// The steps of a policy in order, versions of one together: the name, and the places of the versions.
#[must_use]
pub fn groups(policy: &manifest::Policy) -> Vec<(&str, Vec<usize>)> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, step) in policy.steps.iter().enumerate() {
        let group = *by_name.entry(&step.id).or_insert_with(|| {
            groups.push((&step.id, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(at);
    }
    groups
}

/// The paths of the policy's steps in the lock, in the order of the manifest.
#[must_use]
pub fn step_paths(policy: &manifest::Policy) -> Vec<String> {
    let ids: Vec<&str> = policy.steps.iter().map(|step| step.id.as_str()).collect();
    list::numbered(&ids).into_iter().map(|id| format!("policy.steps.{id}")).collect()
}

/// Names and types of what the steps give, in order.
#[must_use]
pub fn results(policy: &manifest::Policy) -> Vec<(String, Type)> {
    let mut results = Vec::new();
    for (name, versions) in groups(policy) {
        let Some(step) = versions.first().and_then(|&at| policy.steps.get(at)) else { continue };
        results.extend(step_results(step).into_iter().map(|(part, ty)| (format!("{name}.{part}"), ty)));
    }
    results
}

/// Names and types of what one step gives, below its own name.
pub(crate) fn step_results(step: &manifest::Step) -> Vec<(String, Type)> {
    let mut results = Vec::new();
    match &step.table {
        Some(table) => {
            for output in &table.outputs {
                results.push((output.name.clone(), output_type(table, output)));
            }
        }
        None => results.push((OUTCOME.to_owned(), Type::String)),
    }
    results.push((FIRED.to_owned(), Type::list(Type::String)));
    results
}

fn output_type(table: &manifest::Table, output: &manifest::TableOutput) -> Type {
    use manifest::{Aggregate, TableOutputType};
    let ty = match output.kind {
        TableOutputType::Number => Type::Double,
        TableOutputType::Integer => Type::Int,
        TableOutputType::String | TableOutputType::Outcome => Type::String,
        TableOutputType::Boolean => Type::Bool,
    };
    match table.aggregate {
        Some(Aggregate::Count) => Type::Int,
        Some(_) => ty,
        None if table.hit_policy.is_single() => ty,
        None => Type::list(ty),
    }
}

impl Policy {
    /// Binds the packed programs; `None` for a bundle without a policy.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not, `manifest_invalid` for cells of tables that cannot be read.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Option<Self>> {
        let Some(policy) = &manifest.policy else { return Ok(None) };
        let place = |error: Error| error.at("policy");
        let steps = steps::load(policy, scope, lock, limits).map_err(|error| within(error, "policy"))?;
        let manifest::Policy { hit_policy, default, on_error, on_degraded, rules, .. } = policy;
        let (hit_policy, on_error) = (*hit_policy, *on_error);
        let parts = Parts { name: "", hit_policy, default: Some(default.outcome), on_error, rules };
        let lists = policy.steps.iter().filter_map(|step| step.list.as_ref()).map(|list| &list.rules);
        let mut kinds = Kinds::default();
        lists.clone().chain([rules]).for_each(|rules| kinds.add(rules));
        let actions = lists.chain([rules]).flatten().filter_map(|rule| rule.actions.as_ref());
        let limit_unit = actions.filter_map(|actions| actions.limit.as_ref()?.unit.clone()).next();
        let reasons = rules.iter().map(|rule| rule.reason.clone()).collect();
        let rules = List::load(&parts, RULES, scope, scope.all().len(), lock, limits).map_err(place)?;
        let (default, on_degraded) = (default.outcome, *on_degraded);
        Ok(Some(Self { steps, rules, kinds, limit_unit, reasons, default, on_error, on_degraded }))
    }

    /// Whether it depends on the time: an expression reads the column at this place, or something has dates.
    #[must_use]
    pub fn uses_time(&self, place: usize) -> bool {
        self.reads(place) || self.rules.has_dates() || self.steps.iter().any(Step::has_dates)
    }

    /// Whether an expression reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        self.rules.reads(place) || self.steps.iter().any(|step| step.reads(place))
    }

    /// Which of the policy's own rules that hold decides.
    #[must_use]
    pub const fn hit_policy(&self) -> HitPolicy {
        self.rules.hit_policy()
    }

    /// Rules on all rows of the columns, and appends what the steps give to these.
    ///
    /// # Errors
    /// `internal` only.
    pub fn decide(&self, columns: &mut Vec<Column>, cases: &[Case]) -> Result<Vec<Ruling>> {
        let now: Vec<Option<Timestamp>> = cases.iter().map(|case| case.now).collect();
        let mut steps: Vec<Vec<StepRuling>> = vec![Vec::with_capacity(self.steps.len()); cases.len()];
        for step in &self.steps {
            for (all, ruling) in steps.iter_mut().zip(step.decide(columns, &now)?) {
                all.push(ruling);
            }
        }
        let rules = self.rules.decide(columns, &now)?;
        let mut measures = vec![Measures::default(); cases.len()];
        if self.kinds != Kinds::default() {
            for (at, step) in self.steps.iter().enumerate() {
                let own: Vec<&StepRuling> = steps.iter().filter_map(|steps| steps.get(at)).collect();
                step.ask(columns, &own, &mut measures)?;
            }
            self.rules.ask(columns, rules.iter().map(Some), &mut measures)?;
            measures.iter_mut().for_each(Measures::finish);
        }
        let rows = cases.iter().zip(rules).zip(steps).zip(measures);
        Ok(rows
            .map(|(((case, rules), steps), measures)| self.conclude(case, rules, steps, measures))
            .collect())
    }

    /// Codes of the reasons of all rows and rules that fired, in order.
    #[must_use]
    pub fn reason_codes<'p>(&'p self, ruling: &Ruling) -> Vec<&'p str> {
        let mut codes = Vec::new();
        for (step, ruling) in self.steps.iter().zip(&ruling.steps) {
            step.reason_codes(ruling, &mut codes);
        }
        codes.extend(ruling.rules.fired.iter().filter_map(|&at| self.reasons.get(at)?.as_deref()));
        codes
    }

    fn conclude(&self, case: &Case, rules: ListRuling, steps: Vec<StepRuling>, measures: Measures) -> Ruling {
        let mut outcome = rules.outcome.unwrap_or(self.default);
        outcome = case.breach.map_or(outcome, |breach| outcome.max(breach));
        for step in &steps {
            outcome = step.outcome().map_or(outcome, |own| outcome.max(own));
            if step.failed() {
                outcome = outcome.max(self.on_error);
            }
        }
        if case.degraded
            && let Some(on_degraded) = self.on_degraded
        {
            outcome = outcome.max(on_degraded);
        }
        if case.unscored || measures.failed {
            outcome = outcome.max(self.on_error);
        }
        Ruling { outcome, rules, steps, measures }
    }
}
