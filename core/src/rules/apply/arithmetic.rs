//! `+ - * / %` and unary minus. Integers are checked: an overflow is a fault, never a wrapped number.
//! There is no arithmetic between types, except between timestamps and durations.

use super::super::kernels::checked;
use super::super::op::Op;
use super::super::value::List;
use super::{Fault, MAX_TEXT, Outcome, Value, no_overload};

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    match (op, args) {
        (Op::Negate, [Value::Int(a)]) => a.checked_neg().map(Value::Int).ok_or(Fault::Range),
        (Op::Negate, [Value::Double(a)]) => Ok(Value::Double(-a)),
        (Op::Negate, [Value::Duration(a)]) => a.checked_neg().map(Value::Duration).ok_or(Fault::Range),
        (_, [Value::Int(a), Value::Int(b)]) => checked(op, *a, *b).map(Value::Int),
        (_, [Value::Uint(a), Value::Uint(b)]) => uints(op, *a, *b),
        (_, [Value::Double(a), Value::Double(b)]) => doubles(op, *a, *b),
        (Op::Add, [Value::Text(a), Value::Text(b)]) => {
            bounded(a.len() + b.len())?;
            Ok(Value::text([&**a, &**b].concat()))
        }
        (Op::Add, [Value::Bytes(a), Value::Bytes(b)]) => {
            bounded(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Op::Add, [Value::List(a), Value::List(b)]) => {
            bounded((a.items().len() + b.items().len()) * size_of::<Value>())?;
            List::new([a.items(), b.items()].concat()).map(Value::List)
        }
        (Op::Add, [Value::Timestamp(instant), Value::Duration(nanos)])
        | (Op::Add, [Value::Duration(nanos), Value::Timestamp(instant)]) => {
            instant.checked_add_nanos(*nanos).map(Value::Timestamp).ok_or(Fault::Range)
        }
        (Op::Subtract, [Value::Timestamp(instant), Value::Duration(nanos)]) => {
            let moved = nanos.checked_neg().and_then(|back| instant.checked_add_nanos(back));
            moved.map(Value::Timestamp).ok_or(Fault::Range)
        }
        (Op::Subtract, [Value::Timestamp(a), Value::Timestamp(b)]) => {
            a.checked_nanos_since(*b).map(Value::Duration).ok_or(Fault::Range)
        }
        (Op::Add, [Value::Duration(a), Value::Duration(b)]) => {
            a.checked_add(*b).map(Value::Duration).ok_or(Fault::Range)
        }
        (Op::Subtract, [Value::Duration(a), Value::Duration(b)]) => {
            a.checked_sub(*b).map(Value::Duration).ok_or(Fault::Range)
        }
        _ => Err(no_overload(args)),
    }
}

fn bounded(bytes: usize) -> Result<(), Fault> {
    if bytes > MAX_TEXT { Err(Fault::Budget) } else { Ok(()) }
}

fn uints(op: Op, a: u64, b: u64) -> Outcome {
    match op {
        Op::Add => a.checked_add(b).ok_or(Fault::Range),
        Op::Subtract => a.checked_sub(b).ok_or(Fault::Range),
        Op::Multiply => a.checked_mul(b).ok_or(Fault::Range),
        Op::Divide => a.checked_div(b).ok_or(Fault::ZeroDivision),
        Op::Remainder => a.checked_rem(b).ok_or(Fault::ZeroDivision),
        _ => Err(Fault::Overload),
    }
    .map(Value::Uint)
}

fn doubles(op: Op, a: f64, b: f64) -> Outcome {
    Ok(Value::Double(match op {
        Op::Add => a + b,
        Op::Subtract => a - b,
        Op::Multiply => a * b,
        Op::Divide => a / b,
        _ => return Err(Fault::Overload),
    }))
}
