//! Aggregates over lists of records: which records of each row are meant, and what is made of them.

use super::elements::{Elements, Reading};
use super::fold::{Fold, check_value};
use crate::bundle::Lock;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::manifest::{self, Feature, InputType, Manifest};
use crate::rules::{Column, Data, Fault, Records};
use crate::scope::{NOW, Scope, check_condition};
use crate::time::{Timestamp, days_in_nanos, hours_in_nanos};

/// The path of an aggregate's condition in the lock.
#[must_use]
pub fn condition_path(feature: &Feature) -> String {
    format!("features.{}.aggregate.where", feature.name)
}

/// The path of an aggregate's value in the lock.
#[must_use]
pub fn value_path(feature: &Feature) -> String {
    format!("features.{}.aggregate.value", feature.name)
}

/// An aggregate, ready to be made.
#[derive(Clone, Debug)]
pub(super) struct Aggregation {
    list: usize,
    now: usize,
    condition: Option<Reading>,
    value: Option<Reading>,
    /// The field that says when a record was.
    time: Option<usize>,
    window: Option<Window>,
    fold: Fold,
}

/// A window of time, in nanoseconds before `now`.
#[derive(Clone, Copy, Debug)]
struct Window {
    begins: i128,
    ends: i128,
}

/// Whether a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// It is outside the window.
    Outside,
    /// It is in the window, but not selected.
    Inside,
    /// It is selected.
    Selected,
    /// Its condition has no value, and not because one is missing.
    Fault,
}

impl Aggregation {
    /// Binds the packed programs of an aggregate.
    pub(super) fn load(
        own: &manifest::ListAggregate,
        feature: &Feature,
        at: usize,
        manifest: &Manifest,
        scope: &Scope,
        lock: &Lock,
        limits: &Limits,
    ) -> Result<Self> {
        let absent = || Error::new(ErrorCode::Internal, "an aggregate without its list");
        let list = manifest.input(&own.from).ok_or_else(absent)?;
        let elements = Elements::new(list, scope.before_feature(at));
        let read = |text: &Option<String>, path: String, key: &str| {
            let reading = text.as_ref().map(|text| Reading::load(text, &path, &elements, lock, limits));
            reading.transpose().map_err(|error: Error| error.at(key))
        };
        let condition = read(&own.condition, condition_path(feature), "where")?;
        if let Some(condition) = &condition {
            check_condition(condition.result()).map_err(|error| error.at("where"))?;
        }
        let value = read(&own.value, value_path(feature), "value")?;
        if let Some(value) = &value {
            check_value(own.function, value.result(), feature.kind).map_err(|error| error.at("value"))?;
        }
        let span = |days: Option<f64>, hours: Option<f64>| {
            days.map(days_in_nanos).or_else(|| hours.map(hours_in_nanos))
        };
        let window = span(own.window_days, own.window_hours).map(|width| {
            let ends = span(own.before_days, own.before_hours).unwrap_or_default();
            Window { begins: ends + width, ends }
        });
        let named = |field: &manifest::Input| match &own.time {
            Some(time) => field.name == *time,
            None => field.kind == InputType::Timestamp,
        };
        let looks = own.function.needs_order() || window.is_some();
        Ok(Self {
            list: scope.position(&own.from).ok_or_else(absent)?,
            now: scope.position(NOW).ok_or_else(absent)?,
            condition,
            value,
            time: looks.then(|| list.fields.iter().position(named)).flatten(),
            window,
            fold: Fold::new(own.function, own.value.is_some()),
        })
    }

    /// Whether it reads the column at this place.
    pub(super) fn reads(&self, place: usize) -> bool {
        let uses_now = self.window.is_some() || self.fold.uses_now();
        let reads = |reading: &Option<Reading>| reading.as_ref().is_some_and(|reading| reading.reads(place));
        place == self.list || (place == self.now && uses_now) || reads(&self.condition) || reads(&self.value)
    }

    /// Whether it reads a field of the records of the list at this place.
    pub(super) fn reads_field(&self, place: usize, field: usize) -> bool {
        let reads = |reading: &Option<Reading>| reading.as_ref().is_some_and(|own| own.reads_field(field));
        place == self.list && (self.time == Some(field) || reads(&self.condition) || reads(&self.value))
    }

    /// One value per row.
    pub(super) fn evaluate(&self, columns: &[Column], rows: usize) -> Result<Column> {
        let absent = || Error::new(ErrorCode::Internal, "an aggregate reads a column that is not there");
        let column = columns.get(self.list).ok_or_else(absent)?;
        let Data::Records(records) = column.data() else { return Err(absent()) };
        let now = columns.get(self.now).ok_or_else(absent)?;
        let instant = |row: usize| match now.data() {
            Data::Timestamp(cells) if !now.is_null(row) => cells.get(row).copied(),
            _ => None,
        };
        let condition =
            self.condition.as_ref().map(|own| own.evaluate(columns, records, rows)).transpose()?;
        let value = self.value.as_ref().map(|own| own.evaluate(columns, records, rows)).transpose()?;
        let times = self.time.and_then(|time| records.field(time));
        let mut picks = vec![Pick::Selected; records.total()];
        if let (Some(window), Some(times)) = (self.window, times) {
            window.apply(records, times, instant, rows, &mut picks);
        }
        if let Some(condition) = &condition {
            select(condition, &mut picks);
        }
        Ok(self.fold.rows(column, records, value.as_deref(), times, &picks, instant, rows))
    }
}

impl Window {
    /// Records outside of the window, without a time, or of a row without one do not count.
    fn apply(
        self,
        records: &Records,
        times: &Column,
        now: impl Fn(usize) -> Option<Timestamp>,
        rows: usize,
        picks: &mut [Pick],
    ) {
        let Data::Timestamp(cells) = times.data() else { return };
        for row in 0..rows {
            let now = now(row);
            for record in records.range(row) {
                let age = match (now, cells.get(record)) {
                    (Some(now), Some(time)) if !times.is_null(record) => Some(now.nanos_since(*time)),
                    _ => None,
                };
                // The beginning is outside, the end inside: windows one after another share no record.
                let inside = age.is_some_and(|age| age < self.begins && age >= self.ends);
                if let Some(pick) = picks.get_mut(record).filter(|_| !inside) {
                    *pick = Pick::Outside;
                }
            }
        }
    }
}

/// Applies a condition to the records in the window.
fn select(condition: &Column, picks: &mut [Pick]) {
    for (record, pick) in picks.iter_mut().enumerate().filter(|(_, pick)| **pick != Pick::Outside) {
        *pick = match condition.truth(record) {
            Ok(Some(true)) => Pick::Selected,
            Ok(Some(false) | None) | Err(Fault::Null) => Pick::Inside,
            Err(_) => Pick::Fault,
        };
    }
}
