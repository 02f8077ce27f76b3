//! The steps of a policy: decision tables and lists of rules, each with its versions over time.

use super::actions::Measures;
use super::applies::{Applies, Applying};
use super::list::{List, ListRuling, Parts};
use super::table::{Table, TableResult, TableRuling, column_of};
use super::{groups, step_paths, step_results};
use crate::bundle::Lock;
use crate::error::Result;
use crate::limits::Limits;
use crate::manifest::{self, Outcome, within};
use crate::rules::{Column, List as Items, Type, Value};
use crate::scope::Scope;
use crate::time::Timestamp;

/// What a step says about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepRuling {
    /// A decision table, and the place of the version that was applied.
    Table(TableRuling, Option<usize>),
    /// A list of rules: what it says, and the place of the version that was applied; or why none was.
    List(ListRuling, std::result::Result<usize, TableResult>),
}

impl StepRuling {
    /// The outcome that it asks for.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Table(ruling, _) => ruling.outcome,
            Self::List(ruling, _) => ruling.outcome,
        }
    }

    /// Whether the outcome is at least the policy's `on_error` for what the step's outcome does not say.
    #[must_use]
    pub fn failed(&self) -> bool {
        match self {
            Self::Table(ruling, _) => ruling.failed,
            Self::List(_, version) => matches!(version, Err(TableResult::Error)),
        }
    }
}

/// A step with all its versions.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) versions: Vec<Version>,
    /// Names and types of what it gives; the last is the list of what fired.
    pub(super) results: Vec<(String, Type)>,
    /// The place of its first result's column.
    pub(super) first: usize,
    pub(super) is_table: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Version {
    /// Its place in the manifest.
    pub(super) at: usize,
    applies: Applies,
    pub(super) body: Body,
    pub(super) hit_policy: &'static str,
    /// Names of the rows or rules.
    pub(super) ids: Vec<String>,
    /// Codes of their reasons.
    reasons: Vec<Option<String>>,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Table(Table),
    List(List),
}

/// Binds the programs of all steps. Errors name places below the policy.
pub(super) fn load(
    policy: &manifest::Policy,
    scope: &Scope,
    lock: &Lock,
    limits: &Limits,
) -> Result<Vec<Step>> {
    let paths = step_paths(policy);
    let mut visible = scope.before_steps();
    let mut steps = Vec::new();
    for (id, places) in groups(policy) {
        let mut versions = Vec::with_capacity(places.len());
        let mut results: Vec<(String, Type)> = Vec::new();
        let mut is_table = false;
        for at in places {
            let (Some(spec), Some(path)) = (policy.steps.get(at), paths.get(at)) else { continue };
            results = step_results(spec);
            is_table = spec.table.is_some();
            let version = load_version(at, spec, path, policy.on_error, scope, visible, lock, limits)
                .map_err(|error| within(error, format_args!("steps[{at}]")))?;
            versions.push(version);
        }
        let first = visible;
        visible += results.len();
        steps.push(Step { id: id.to_owned(), versions, results, first, is_table });
    }
    Ok(steps)
}

#[expect(clippy::too_many_arguments, reason = "what a step is, and what its programs are bound to")]
fn load_version(
    at: usize,
    spec: &manifest::Step,
    path: &str,
    on_error: Outcome,
    scope: &Scope,
    visible: usize,
    lock: &Lock,
    limits: &Limits,
) -> Result<Version> {
    let (from, until) = (spec.effective_from.as_deref(), spec.effective_until.as_deref());
    let applies = Applies::new(from, until, &spec.scope, scope)?;
    let (body, ids, reasons) = match (&spec.table, &spec.list) {
        (Some(table), _) => {
            let body = Table::load(table, path, scope, visible, lock, limits)
                .map_err(|error| within(error, "table"))?;
            let ids = (0..table.rows.len()).map(|at| table.row_id(at)).collect();
            (Body::Table(body), ids, table.rows.iter().map(|row| row.reason.clone()).collect())
        }
        (None, list) => {
            let rules = list.as_ref().map_or(&[][..], |list| &list.rules);
            let hit_policy = list.as_ref().map_or(manifest::HitPolicy::Collect, |list| list.hit_policy);
            let default = list.as_ref().and_then(|list| list.default.as_ref()).map(|default| default.outcome);
            let parts = Parts { name: &spec.id, hit_policy, default, on_error, rules };
            let prefix = format!("{path}.rules");
            let body = List::load(&parts, &prefix, scope, visible, lock, limits)
                .map_err(|error| error.at("list"))?;
            let ids = rules.iter().map(|rule| rule.id.clone()).collect();
            (Body::List(body), ids, rules.iter().map(|rule| rule.reason.clone()).collect())
        }
    };
    let hit_policy = match (&spec.table, &spec.list) {
        (Some(table), _) => table.hit_policy.name(),
        (None, list) => list.as_ref().map_or("", |list| list.hit_policy.name()),
    };
    Ok(Version { at, applies, body, hit_policy, ids, reasons })
}

impl Step {
    /// Whether a version, or a row or rule of it, has dates.
    pub(super) fn has_dates(&self) -> bool {
        self.versions.iter().any(|version| {
            version.applies.has_dates()
                || match &version.body {
                    Body::Table(table) => table.has_dates(),
                    Body::List(list) => list.has_dates(),
                }
        })
    }

    /// Whether an expression reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        self.versions.iter().any(|version| match &version.body {
            Body::Table(table) => table.reads(place),
            Body::List(list) => list.reads(place),
        })
    }

    /// Rules on all rows, and appends what it gives to the columns.
    ///
    /// # Errors
    /// `internal` only.
    pub(super) fn decide(
        &self,
        columns: &mut Vec<Column>,
        now: &[Option<Timestamp>],
    ) -> Result<Vec<StepRuling>> {
        let chosen: Vec<std::result::Result<usize, TableResult>> =
            (0..now.len()).map(|row| self.version(columns, row, now[row])).collect();
        let mut rulings: Vec<StepRuling> = chosen.iter().map(|chosen| self.idle(*chosen)).collect();
        let mut values: Vec<Vec<Value>> = vec![vec![Value::Null; self.results.len()]; now.len()];
        for (at, version) in self.versions.iter().enumerate() {
            let active: Vec<bool> = chosen.iter().map(|chosen| *chosen == Ok(at)).collect();
            if !active.contains(&true) {
                continue;
            }
            match &version.body {
                Body::Table(table) => {
                    let found = table.decide(columns, now, &active)?;
                    for (row, found) in found.into_iter().enumerate() {
                        let Some((ruling, mut outputs)) = found else { continue };
                        outputs.push(version.names(&ruling.fired));
                        values[row] = outputs;
                        rulings[row] = StepRuling::Table(ruling, Some(at));
                    }
                }
                Body::List(list) => {
                    for (row, ruling) in list.decide(columns, now)?.into_iter().enumerate() {
                        if active.get(row) == Some(&true) {
                            let outcome = ruling.outcome.map_or(Value::Null, |own| Value::text(own.name()));
                            values[row] = vec![outcome, version.names(&ruling.fired)];
                            rulings[row] = StepRuling::List(ruling, Ok(at));
                        }
                    }
                }
            }
        }
        for (at, (_, ty)) in self.results.iter().enumerate().rev() {
            debug_assert!(values.iter().all(|values| values.len() == at + 1));
            let cells = values.iter_mut().map(|values| values.pop().unwrap_or(Value::Null)).collect();
            columns.push(column_of(ty, cells));
        }
        // They were taken from the last to the first.
        let first = columns.len() - self.results.len();
        columns[first..].reverse();
        Ok(rulings)
    }

    /// Adds what the rules that fired ask for. `rulings` are those of this step, row by row.
    ///
    /// # Errors
    /// `internal` only.
    pub(super) fn ask(
        &self,
        columns: &[Column],
        rulings: &[&StepRuling],
        measures: &mut [Measures],
    ) -> Result<()> {
        for (at, version) in self.versions.iter().enumerate() {
            let Body::List(list) = &version.body else { continue };
            let own = rulings.iter().map(|ruling| match ruling {
                StepRuling::List(ruling, Ok(version)) if *version == at => Some(ruling),
                _ => None,
            });
            list.ask(columns, own, measures)?;
        }
        Ok(())
    }

    /// Codes of the reasons of what fired.
    pub(super) fn reason_codes<'s>(&'s self, ruling: &StepRuling, codes: &mut Vec<&'s str>) {
        let (version, fired) = match ruling {
            StepRuling::Table(ruling, version) => (*version, &ruling.fired),
            StepRuling::List(ruling, version) => (version.ok(), &ruling.fired),
        };
        let Some(version) = version.and_then(|at| self.versions.get(at)) else { return };
        codes.extend(fired.iter().filter_map(|&at| version.reasons.get(at)?.as_deref()));
    }

    /// The version that applies to a row, or why none does.
    fn version(
        &self,
        columns: &[Column],
        row: usize,
        now: Option<Timestamp>,
    ) -> std::result::Result<usize, TableResult> {
        let mut why = TableResult::Inactive;
        for (at, version) in self.versions.iter().enumerate() {
            match version.applies.to(columns, row, now) {
                Applying::Yes => return Ok(at),
                Applying::Unknown => why = TableResult::Error,
                Applying::OutOfScope if why == TableResult::Inactive => why = TableResult::OutOfScope,
                Applying::OutOfScope | Applying::Inactive => {}
            }
        }
        Err(why)
    }

    /// What is said about a row before, or without, a version.
    fn idle(&self, chosen: std::result::Result<usize, TableResult>) -> StepRuling {
        let why = chosen.err().unwrap_or(TableResult::Inactive);
        if self.is_table {
            StepRuling::Table(TableRuling::idle(why), None)
        } else {
            StepRuling::List(ListRuling::default(), Err(why))
        }
    }
}

impl Version {
    fn names(&self, places: &[usize]) -> Value {
        let names: Vec<Value> =
            places.iter().filter_map(|&at| self.ids.get(at)).map(|id| Value::text(id.as_str())).collect();
        Items::new(names).map_or(Value::Null, Value::List)
    }
}
