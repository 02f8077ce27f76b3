//! When and where something applies: between its dates, and within its scope.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorCode, Result};
use crate::manifest::FieldScope;
use crate::rules::{Column, Data};
use crate::scope::Scope;
use crate::time::Timestamp;

/// Dates and scope of a rule, a row or a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Applies {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Places of fields and the values for which it applies.
    fields: Vec<(usize, Values)>,
}

#[derive(Clone, Debug)]
enum Values {
    Texts(BTreeSet<Box<str>>),
    Integers(BTreeSet<i64>),
    Truths(BTreeSet<bool>),
}

/// Whether something applies to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applying {
    Yes,
    /// Not at this time.
    Inactive,
    /// Not for these values of the scope's fields.
    OutOfScope,
    /// A field of the scope is missing, so nobody knows.
    Unknown,
}

impl Applies {
    /// Reads dates and scope; the manifest's check has seen to their form.
    ///
    /// # Errors
    /// `internal` where a field of the scope has no column.
    pub(super) fn new(
        from: Option<&str>,
        until: Option<&str>,
        fields: &FieldScope,
        scope: &Scope,
    ) -> Result<Self> {
        let values = |(name, values): (&String, &Vec<crate::json::Value>)| {
            let place = scope
                .position(name)
                .ok_or_else(|| Error::new(ErrorCode::Internal, format!("`{name}` has no column")))?;
            Ok((place, Values::read(values)))
        };
        Ok(Self {
            from: from.and_then(Timestamp::parse_date),
            until: until.and_then(Timestamp::parse_date),
            fields: fields.iter().map(values).collect::<Result<_>>()?,
        })
    }

    /// Whether there are dates.
    pub(super) const fn has_dates(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// Whether it applies to this row. Without a time, what has dates is not in force; the schema refuses
    /// such records before they come here.
    pub(super) fn to(&self, columns: &[Column], row: usize, now: Option<Timestamp>) -> Applying {
        let in_force = match now {
            Some(now) => {
                self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
            }
            None => !self.has_dates(),
        };
        if !in_force {
            return Applying::Inactive;
        }
        let mut applying = Applying::Yes;
        for (place, values) in &self.fields {
            match columns.get(*place).and_then(|column| values.contain(column, row)) {
                Some(true) => {}
                Some(false) => return Applying::OutOfScope,
                None => applying = Applying::Unknown,
            }
        }
        applying
    }
}

impl Values {
    fn read(values: &[crate::json::Value]) -> Self {
        match values.first() {
            Some(crate::json::Value::Number(_)) => {
                Self::Integers(values.iter().filter_map(crate::json::Value::as_i64).collect())
            }
            Some(crate::json::Value::Bool(_)) => {
                Self::Truths(values.iter().filter_map(crate::json::Value::as_bool).collect())
            }
            _ => Self::Texts(values.iter().filter_map(crate::json::Value::as_str).map(Into::into).collect()),
        }
    }

    /// Whether the cell is one of them; `None` where it has no value.
    fn contain(&self, column: &Column, row: usize) -> Option<bool> {
        if column.is_null(row) || column.fault(row).is_some() {
            return None;
        }
        match (self, column.data()) {
            (Self::Texts(values), Data::Text(cells)) => Some(values.contains(cells.get(row))),
            (Self::Integers(values), Data::Int(cells)) => cells.get(row).map(|cell| values.contains(cell)),
            (Self::Truths(values), Data::Bool(cells)) => cells.get(row).map(|cell| values.contains(cell)),
            _ => None,
        }
    }
}
