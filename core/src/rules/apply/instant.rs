//! Fields of timestamps and durations.

use super::super::op::Op;
use super::{Fault, Outcome, Value, no_overload};
use crate::time::parse_offset;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    match args {
        [Value::Duration(nanos)] => {
            let unit = match op {
                Op::Hours => 3_600 * NANOS_PER_SECOND,
                Op::Minutes => 60 * NANOS_PER_SECOND,
                Op::Seconds => NANOS_PER_SECOND,
                Op::Milliseconds => return Ok(Value::Int(nanos / 1_000_000 % 1_000)),
                _ => return Err(Fault::Overload),
            };
            Ok(Value::Int(nanos / unit))
        }
        [Value::Timestamp(instant), zone @ ..] => {
            let offset = match zone {
                [] => 0,
                [Value::Text(zone)] => parse_offset(zone).ok_or(Fault::Conversion)?,
                _ => return Err(no_overload(args)),
            };
            let civil = instant.civil(offset);
            Ok(Value::Int(match op {
                Op::FullYear => civil.year,
                Op::Month => i64::from(civil.month) - 1,
                Op::Date => i64::from(civil.day),
                Op::DayOfMonth => i64::from(civil.day) - 1,
                Op::DayOfWeek => i64::from(civil.weekday),
                Op::DayOfYear => i64::from(civil.day_of_year) - 1,
                Op::Hours => i64::from(civil.hour),
                Op::Minutes => i64::from(civil.minute),
                Op::Seconds => i64::from(civil.second),
                Op::Milliseconds => i64::from(civil.nanos / 1_000_000),
                _ => return Err(Fault::Overload),
            }))
        }
        _ => Err(no_overload(args)),
    }
}
