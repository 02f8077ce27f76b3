//! Contradictions: conditions over a record that no sound one meets.

use super::Quality;
use crate::bundle::Lock;
use crate::error::{Error, Result};
use crate::frame::{Field, Issue};
use crate::limits::Limits;
use crate::manifest::{Check, Manifest, OnIssue};
use crate::rules::{Column, Fault};
use crate::scope::{Bound, Scope, check_condition};

/// The checks of a bundle, ready to be made.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    list: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    bound: Bound,
    effect: OnIssue,
    on_missing: OnIssue,
}

/// The path of a check's program in the lock.
#[must_use]
pub fn program_path(check: &Check) -> String {
    format!("checks.{}.when", check.id)
}

impl Checks {
    /// Binds the packed programs of the checks.
    ///
    /// # Errors
    /// `bundle_not_packed` where the lock does not fit, `rule_invalid` and `rule_budget` where its code
    /// does not.
    pub fn load(manifest: &Manifest, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Self> {
        let bind = |check: &Check| {
            let code = lock.program(&program_path(check), &check.when)?;
            let bound = scope.bind(code, scope.before_scores().len(), limits)?;
            check_condition(bound.result())?;
            Ok(Condition { bound, effect: check.effect, on_missing: check.on_missing })
        };
        let list = manifest.checks.iter().enumerate().map(|(at, check)| {
            bind(check).map_err(|error: Error| error.at(format_args!("checks[{at}].when")))
        });
        Ok(Self { list: list.collect::<Result<_>>()? })
    }

    /// Whether a condition reads the column at this place.
    #[must_use]
    pub fn read(&self, place: usize) -> bool {
        self.list.iter().any(|check| check.bound.reads(place))
    }

    /// Whether the check of this index reads the column at this place.
    #[must_use]
    pub fn reads(&self, at: usize, place: usize) -> bool {
        self.list.get(at).is_some_and(|check| check.bound.reads(place))
    }

    /// Adds what the checks find to the quality of each row. `columns` hold inputs, the time and features.
    ///
    /// # Errors
    /// `internal` only.
    pub fn judge(&self, columns: &[Column], rows: &mut [Quality]) -> Result<()> {
        for (at, check) in self.list.iter().enumerate() {
            let held = check.bound.evaluate(columns, rows.len())?;
            for (row, quality) in rows.iter_mut().enumerate() {
                let (issue, on_issue) = match held.truth(row) {
                    Ok(Some(false)) => continue,
                    Ok(Some(true)) => (Issue::Contradictory, check.effect),
                    Ok(None) | Err(Fault::Null) if check.on_missing == OnIssue::Accept => continue,
                    Ok(None) | Err(Fault::Null) => (Issue::Unchecked, check.on_missing),
                    Err(_) => (Issue::Unchecked, check.effect),
                };
                quality.add(Field::Check(at), issue, on_issue);
                quality.issues.sort();
            }
        }
        Ok(())
    }
}
