//! Operations on single values, for the cells that no typed kernel covers. Every function is total:
//! wrong kinds give [`Fault::Overload`], nulls [`Fault::Null`].

mod arithmetic;
mod collection;
mod convert;
mod decimal;
mod format;
mod instant;
pub(super) mod logic;
mod math;
mod text;

use std::cmp::Ordering;
use std::sync::Arc;

use super::fault::Fault;
use super::op::Op;
use super::value::Value;

type Outcome = Result<Value, Fault>;

/// Bytes of one text and elements of one list that an operation may make.
const MAX_TEXT: usize = 1 << 20;

/// The fault of an operation that is not defined for these values.
fn no_overload(args: &[Value]) -> Fault {
    if args.iter().any(|arg| matches!(arg, Value::Null)) { Fault::Null } else { Fault::Overload }
}

/// Applies an operation that evaluates all its arguments. `&&`, `||` and `?:` are the caller's, since
/// they look at faults.
pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    let compared = |holds: fn(Ordering) -> bool| match args {
        [a, b] => Ok(Value::Bool(a.compare(b)?.is_some_and(holds))),
        _ => Err(Fault::Overload),
    };
    match op {
        Op::And | Op::Or | Op::Choose => Err(Fault::Overload),
        Op::Not => match args {
            [Value::Bool(truth)] => Ok(Value::Bool(!truth)),
            _ => Err(no_overload(args)),
        },
        Op::Eq | Op::Ne => match args {
            [a, b] => Ok(Value::Bool(a.equals(b) == (op == Op::Eq))),
            _ => Err(Fault::Overload),
        },
        Op::Lt => compared(Ordering::is_lt),
        Op::Le => compared(Ordering::is_le),
        Op::Gt => compared(Ordering::is_gt),
        Op::Ge => compared(Ordering::is_ge),
        Op::Negate | Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => {
            arithmetic::call(op, args)
        }
        Op::In | Op::Index | Op::Field | Op::Has | Op::List | Op::Map | Op::Size => {
            collection::call(op, args)
        }
        Op::ToBool
        | Op::ToInt
        | Op::ToUint
        | Op::ToDouble
        | Op::ToString
        | Op::ToBytes
        | Op::ToTimestamp
        | Op::ToDuration => convert::call(op, args),
        Op::TypeOf => match args {
            [value] => Ok(Value::Type(Arc::new(value.type_of()))),
            _ => Err(Fault::Overload),
        },
        Op::Contains
        | Op::StartsWith
        | Op::EndsWith
        | Op::CharAt
        | Op::IndexOf
        | Op::LastIndexOf
        | Op::Join
        | Op::LowerAscii
        | Op::UpperAscii
        | Op::Replace
        | Op::Split
        | Op::Substring
        | Op::Trim
        | Op::Reverse
        | Op::Quote => text::call(op, args),
        Op::Format => match args {
            [Value::Text(pattern), Value::List(list)] => format::format(pattern, list.items()),
            _ => Err(no_overload(args)),
        },
        Op::Greatest
        | Op::Least
        | Op::Ceil
        | Op::Floor
        | Op::Round
        | Op::Trunc
        | Op::Abs
        | Op::Sign
        | Op::Sqrt
        | Op::IsNan
        | Op::IsInf
        | Op::IsFinite
        | Op::BitAnd
        | Op::BitOr
        | Op::BitXor
        | Op::BitNot
        | Op::ShiftLeft
        | Op::ShiftRight => math::call(op, args),
        Op::FullYear
        | Op::Month
        | Op::Date
        | Op::DayOfMonth
        | Op::DayOfWeek
        | Op::DayOfYear
        | Op::Hours
        | Op::Minutes
        | Op::Seconds
        | Op::Milliseconds => instant::call(op, args),
    }
}
