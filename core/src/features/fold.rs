//! From the selected records of a row to one value. Linear in the records; sums run in the order of the list.

use std::collections::BTreeSet;

use super::aggregate::Pick;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{InputType, ListFunction};
use crate::rules::{Cells, Column, Data, Fault, Records, Type, Value};
use crate::scope::rule_type;
use crate::time::Timestamp;

/// Nanoseconds of a day and of an hour.
const DAY: f64 = 8.64e13;
const HOUR: f64 = 3.6e12;

/// Whether values of this type can be aggregated so, for a feature of this kind.
///
/// # Errors
/// `rule_invalid` that says which type is right.
pub fn check_value(function: ListFunction, value: &Type, kind: InputType) -> Result<()> {
    let wrong = |wanted: &str| {
        let name = function.name();
        let message =
            format!("the value gives {value}; `{name}` for a feature of type {} needs {wanted}", kind.name());
        Err(Error::new(ErrorCode::RuleInvalid, message))
    };
    let simple = value.is_number() || matches!(value, Type::Bool | Type::String | Type::Timestamp);
    match function {
        _ if matches!(value, Type::Dyn | Type::Null) => wrong("a type that is known when packing"),
        ListFunction::Count => Ok(()),
        ListFunction::Distinct if simple => Ok(()),
        ListFunction::Distinct => wrong("numbers, texts, truth values or times"),
        ListFunction::First | ListFunction::Last | ListFunction::Min | ListFunction::Max => match kind {
            InputType::Number if value.is_number() => Ok(()),
            InputType::Integer if *value == Type::Int => Ok(()),
            InputType::Number | InputType::Integer => wrong("numbers; for integers, whole ones"),
            _ if *value == rule_type(kind) => Ok(()),
            _ => wrong(kind.name()),
        },
        ListFunction::Sum if kind == InputType::Integer && *value != Type::Int => wrong("whole numbers"),
        _ if value.is_number() => Ok(()),
        _ => wrong("numbers"),
    }
}

/// What an aggregate makes of records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    function: ListFunction,
    has_value: bool,
}

/// The records of one row.
struct Row<'r> {
    range: std::ops::Range<usize>,
    picks: &'r [Pick],
    value: Option<&'r Column>,
    times: Option<&'r Column>,
    now: Option<Timestamp>,
}

impl Fold {
    pub(super) const fn new(function: ListFunction, has_value: bool) -> Self {
        Self { function, has_value }
    }

    /// Whether it depends on the time.
    pub(super) const fn uses_now(self) -> bool {
        self.function.is_span()
    }

    /// One value per row; null where there is none, or no list.
    #[expect(clippy::too_many_arguments, reason = "all that one stage knows of the records, used once")]
    pub(super) fn rows(
        self,
        lists: &Column,
        records: &Records,
        value: Option<&Column>,
        times: Option<&Column>,
        picks: &[Pick],
        now: impl Fn(usize) -> Option<Timestamp>,
        rows: usize,
    ) -> Column {
        let mut cells = Cells::new(rows);
        for at in 0..rows {
            if lists.is_null(at) {
                cells.push(Ok(Value::Null));
                continue;
            }
            let row = Row { range: records.range(at), picks, value, times, now: now(at) };
            cells.push(self.fold(&row));
        }
        cells.finish()
    }

    fn fold(self, row: &Row<'_>) -> std::result::Result<Value, Fault> {
        if row.range.clone().any(|record| row.picks.get(record) == Some(&Pick::Fault)) {
            return Err(Fault::Overload);
        }
        match self.function {
            ListFunction::Count if self.has_value => {
                let mut count = 0;
                for record in row.selected() {
                    count += i64::from(row.value(record)?.is_some());
                }
                Ok(Value::Int(count))
            }
            ListFunction::Count => Ok(Value::Int(row.selected().count() as i64)),
            ListFunction::Sum => row.sum(),
            ListFunction::Mean => row.moments().map(|moments| or_null(moments.map(|(_, mean)| mean))),
            ListFunction::Std => row.deviation(),
            ListFunction::Min | ListFunction::Max => row.extreme(self.function == ListFunction::Max),
            ListFunction::Distinct => row.distinct(),
            ListFunction::ShareOfCount => {
                let all = row.range.clone().filter(|&record| row.is_inside(record)).count();
                let share = row.selected().count() as f64 / all as f64;
                Ok(or_null((all > 0).then_some(share)))
            }
            ListFunction::ShareOfSum => {
                let (mut part, mut all) = (0.0, 0.0);
                for record in row.range.clone().filter(|&record| row.is_inside(record)) {
                    let number = row.number(record)?.unwrap_or_default();
                    all += number;
                    if row.is_selected(record) {
                        part += number;
                    }
                }
                Ok(or_null((all != 0.0).then(|| part / all)))
            }
            ListFunction::First | ListFunction::Last => row.at_end(self.function == ListFunction::Last),
            ListFunction::DaysSinceLast => Ok(row.span(true, DAY)),
            ListFunction::HoursSinceLast => Ok(row.span(true, HOUR)),
            ListFunction::DaysSinceFirst => Ok(row.span(false, DAY)),
            ListFunction::HoursSinceFirst => Ok(row.span(false, HOUR)),
        }
    }
}

fn or_null(number: Option<f64>) -> Value {
    number.map_or(Value::Null, Value::Double)
}

impl Row<'_> {
    fn is_selected(&self, record: usize) -> bool {
        self.picks.get(record) == Some(&Pick::Selected)
    }

    fn is_inside(&self, record: usize) -> bool {
        matches!(self.picks.get(record), Some(Pick::Selected | Pick::Inside))
    }

    fn selected(&self) -> impl Iterator<Item = usize> {
        self.range.clone().filter(|&record| self.is_selected(record))
    }

    /// The value of a record; `None` for one that is missing or cannot be computed for lack of another.
    fn value(&self, record: usize) -> std::result::Result<Option<Value>, Fault> {
        let Some(column) = self.value else { return Ok(None) };
        match column.fault(record) {
            None | Some(Fault::Null) => {}
            Some(fault) => return Err(fault),
        }
        Ok(match column.cell(record) {
            crate::rules::Cell::Value(value) => Some(value),
            _ => None,
        })
    }

    /// The same as a number.
    fn number(&self, record: usize) -> std::result::Result<Option<f64>, Fault> {
        match self.value.map(Column::data) {
            Some(Data::Double(cells)) if self.value.is_some_and(|column| !column.has_gaps()) => {
                Ok(cells.get(record).copied())
            }
            _ => match self.value(record)? {
                Some(Value::Double(number)) => Ok(Some(number)),
                Some(Value::Int(number)) => Ok(Some(number as f64)),
                Some(Value::Uint(number)) => Ok(Some(number as f64)),
                Some(_) => Err(Fault::Overload),
                None => Ok(None),
            },
        }
    }

    /// Whole numbers add up exactly, others in the order of the list.
    fn sum(&self) -> std::result::Result<Value, Fault> {
        let is_int = matches!(self.value.map(Column::data), Some(Data::Int(_)));
        if is_int {
            let mut sum = 0_i64;
            for record in self.selected() {
                if let Some(Value::Int(number)) = self.value(record)? {
                    sum = sum.checked_add(number).ok_or(Fault::Range)?;
                }
            }
            return Ok(Value::Int(sum));
        }
        let mut sum = 0.0;
        for record in self.selected() {
            sum += self.number(record)?.unwrap_or_default();
        }
        Ok(Value::Double(sum))
    }

    /// Number of values and their mean.
    fn moments(&self) -> std::result::Result<Option<(usize, f64)>, Fault> {
        let (mut count, mut sum) = (0_usize, 0.0);
        for record in self.selected() {
            if let Some(number) = self.number(record)? {
                count += 1;
                sum += number;
            }
        }
        Ok((count > 0).then(|| (count, sum / count as f64)))
    }

    /// In two passes, so that large values that differ little keep their digits.
    fn deviation(&self) -> std::result::Result<Value, Fault> {
        let Some((count, mean)) = self.moments()?.filter(|(count, _)| *count > 1) else {
            return Ok(Value::Null);
        };
        let mut squares = 0.0;
        for record in self.selected() {
            if let Some(number) = self.number(record)? {
                squares += (number - mean) * (number - mean);
            }
        }
        Ok(Value::Double(libm::sqrt(squares / (count - 1) as f64)))
    }

    fn extreme(&self, largest: bool) -> std::result::Result<Value, Fault> {
        let mut best: Option<Value> = None;
        for record in self.selected() {
            let Some(value) = self.value(record)? else { continue };
            let better = match &best {
                None => true,
                Some(best) => match value.compare(best)? {
                    Some(order) => {
                        if largest {
                            order.is_gt()
                        } else {
                            order.is_lt()
                        }
                    }
                    None => return Err(Fault::Overload),
                },
            };
            if better {
                best = Some(value);
            }
        }
        Ok(best.unwrap_or(Value::Null))
    }

    fn distinct(&self) -> std::result::Result<Value, Fault> {
        // Values of one expression are of one type.
        let mut numbers = BTreeSet::new();
        let mut texts = BTreeSet::new();
        for record in self.selected() {
            match self.value(record)? {
                // 0 and -0 are one number.
                Some(Value::Double(number)) => drop(numbers.insert((number + 0.0).to_bits())),
                Some(Value::Int(number)) => drop(numbers.insert(number as u64)),
                Some(Value::Uint(number)) => drop(numbers.insert(number)),
                Some(Value::Bool(truth)) => drop(numbers.insert(truth.into())),
                Some(Value::Text(text)) => drop(texts.insert(text)),
                Some(Value::Timestamp(time)) => drop(texts.insert(time.to_string().into())),
                Some(_) => return Err(Fault::Overload),
                None => {}
            }
        }
        Ok(Value::Int((numbers.len() + texts.len()) as i64))
    }

    /// The time of a record.
    fn time(&self, record: usize) -> Option<Timestamp> {
        let times = self.times?;
        match times.data() {
            Data::Timestamp(cells) if !times.is_null(record) => cells.get(record).copied(),
            _ => None,
        }
    }

    /// The value of the record that is last in time, or first. Of records at one time the later in the list
    /// is later.
    fn at_end(&self, last: bool) -> std::result::Result<Value, Fault> {
        let mut best: Option<(Timestamp, Value)> = None;
        for record in self.selected() {
            let (Some(time), Some(value)) = (self.time(record), self.value(record)?) else { continue };
            let better = best.as_ref().is_none_or(|(own, _)| if last { time >= *own } else { time < *own });
            if better {
                best = Some((time, value));
            }
        }
        Ok(best.map_or(Value::Null, |(_, value)| value))
    }

    /// From the last record, or the first, until now.
    fn span(&self, last: bool, unit: f64) -> Value {
        let Some(now) = self.now else { return Value::Null };
        let times = self.selected().filter_map(|record| self.time(record)).filter(|time| *time <= now);
        let end = if last { times.max() } else { times.min() };
        or_null(end.map(|end| now.nanos_since(end) as f64 / unit))
    }
}
