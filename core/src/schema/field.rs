//! The checks of one field, of a record or of the records of a list.

use std::collections::BTreeSet;

use crate::frame::Issue;
use crate::manifest::{Input, InputType, OnIssue};
use crate::rules::{Column, Data};
use crate::time::{Timestamp, days_in_nanos};

/// The values that a field may have.
#[derive(Clone, Debug)]
enum Allowed {
    Texts(BTreeSet<Box<str>>),
    Integers(BTreeSet<i64>),
    Booleans(Vec<bool>),
}

/// What a field may hold, and what it means when it does not.
#[derive(Clone, Debug)]
pub(super) struct FieldCheck {
    min: Option<f64>,
    max: Option<f64>,
    allowed: Option<Allowed>,
    /// Nanoseconds before and after `now`.
    max_age: Option<i128>,
    max_ahead: Option<i128>,
    on_missing: OnIssue,
    on_out_of_range: OnIssue,
    on_unreadable: OnIssue,
    on_stale: OnIssue,
    on_future: OnIssue,
    on_too_many: OnIssue,
    /// Whether a value that is there can be wrong.
    selective: bool,
}

impl FieldCheck {
    pub(super) fn new(input: &Input) -> Self {
        let allowed = input.allowed.as_ref().map(|values| allowed(input.kind, values));
        let max_age = input.max_age_days.map(days_in_nanos);
        let max_ahead = input.ahead_days().map(days_in_nanos);
        Self {
            selective: input.min.is_some()
                || input.max.is_some()
                || allowed.is_some()
                || max_age.is_some()
                || max_ahead.is_some(),
            min: input.min,
            max: input.max,
            allowed,
            max_age,
            max_ahead,
            on_missing: input.on_missing(),
            on_out_of_range: input.on_out_of_range(),
            on_unreadable: input.on_unreadable(),
            on_stale: input.on_stale(),
            on_future: input.on_future(),
            on_too_many: input.on_too_many(),
        }
    }

    /// What a value means that could not be read.
    pub(super) const fn on_flaw(&self, issue: Issue) -> OnIssue {
        match issue {
            Issue::TooMany => self.on_too_many,
            _ => self.on_unreadable,
        }
    }

    /// Whether a column without flaws and gaps has nothing to report.
    pub(super) fn is_idle(&self, column: &Column) -> bool {
        !self.selective && (self.on_missing == OnIssue::Accept || !column.has_gaps())
    }

    /// What is wrong with the value of a row. Without a time, nothing is too old: the schema refuses the
    /// record then.
    pub(super) fn judge(
        &self,
        column: &Column,
        row: usize,
        now: Option<Timestamp>,
    ) -> Option<(Issue, OnIssue)> {
        if column.is_null(row) {
            return (self.on_missing != OnIssue::Accept).then_some((Issue::Missing, self.on_missing));
        }
        if !self.selective {
            return None;
        }
        if !self.in_range(column.data(), row) {
            return Some((Issue::OutOfRange, self.on_out_of_range));
        }
        if self.allowed.as_ref().is_some_and(|allowed| !is_allowed(column.data(), row, allowed)) {
            return Some((Issue::UnknownValue, self.on_out_of_range));
        }
        let (Data::Timestamp(cells), Some(now)) = (column.data(), now) else { return None };
        let age = now.nanos_since(*cells.get(row)?);
        if self.max_age.is_some_and(|most| age > most) {
            return Some((Issue::Stale, self.on_stale));
        }
        self.max_ahead.is_some_and(|most| -age > most).then_some((Issue::Future, self.on_future))
    }

    fn in_range(&self, data: &Data, row: usize) -> bool {
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        let number = match data {
            Data::Double(cells) => cells.get(row).copied(),
            Data::Int(cells) => cells.get(row).map(|&cell| cell as f64),
            _ => None,
        };
        number.is_none_or(|number| {
            self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
        })
    }
}

fn allowed(kind: InputType, values: &[crate::json::Value]) -> Allowed {
    match kind {
        InputType::Integer => {
            Allowed::Integers(values.iter().filter_map(crate::json::Value::as_i64).collect())
        }
        InputType::Boolean => {
            Allowed::Booleans(values.iter().filter_map(crate::json::Value::as_bool).collect())
        }
        _ => Allowed::Texts(values.iter().filter_map(crate::json::Value::as_str).map(Into::into).collect()),
    }
}

fn is_allowed(data: &Data, row: usize, allowed: &Allowed) -> bool {
    match (data, allowed) {
        (Data::Text(cells), Allowed::Texts(set)) => set.contains(cells.get(row)),
        (Data::Int(cells), Allowed::Integers(set)) => cells.get(row).is_some_and(|cell| set.contains(cell)),
        (Data::Bool(cells), Allowed::Booleans(list)) => {
            cells.get(row).is_some_and(|cell| list.contains(cell))
        }
        _ => false,
    }
}
