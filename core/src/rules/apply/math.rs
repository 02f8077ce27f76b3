//! The math extension.

use std::cmp::Ordering;

use super::super::op::Op;
use super::{Fault, Outcome, Value, no_overload};

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    match (op, args) {
        (Op::Greatest, _) => extreme(args, Ordering::Greater),
        (Op::Least, _) => extreme(args, Ordering::Less),
        (_, [Value::Double(a)]) => double(op, *a),
        (Op::Abs, [Value::Int(a)]) => a.checked_abs().map(Value::Int).ok_or(Fault::Range),
        (Op::Abs, [Value::Uint(_)]) => Ok(args[0].clone()),
        (Op::Sign, [Value::Int(a)]) => Ok(Value::Int(a.signum())),
        (Op::Sign, [Value::Uint(a)]) => Ok(Value::Uint(u64::from(*a > 0))),
        (Op::Sqrt, [Value::Int(a)]) => Ok(Value::Double((*a as f64).sqrt())),
        (Op::Sqrt, [Value::Uint(a)]) => Ok(Value::Double((*a as f64).sqrt())),
        (Op::BitNot, [Value::Int(a)]) => Ok(Value::Int(!a)),
        (Op::BitNot, [Value::Uint(a)]) => Ok(Value::Uint(!a)),
        (Op::ShiftLeft | Op::ShiftRight, [Value::Int(a), Value::Int(bits)]) => {
            shift(op, *a as u64, *bits).map(|shifted| Value::Int(shifted as i64))
        }
        (Op::ShiftLeft | Op::ShiftRight, [Value::Uint(a), Value::Int(bits)]) => {
            shift(op, *a, *bits).map(Value::Uint)
        }
        (_, [Value::Int(a), Value::Int(b)]) => {
            bits(op, *a as u64, *b as u64).map(|joined| Value::Int(joined as i64))
        }
        (_, [Value::Uint(a), Value::Uint(b)]) => bits(op, *a, *b).map(Value::Uint),
        _ => Err(no_overload(args)),
    }
}

fn double(op: Op, a: f64) -> Outcome {
    Ok(match op {
        Op::Ceil => Value::Double(libm::ceil(a)),
        Op::Floor => Value::Double(libm::floor(a)),
        Op::Round => Value::Double(libm::round(a)),
        Op::Trunc => Value::Double(libm::trunc(a)),
        Op::Abs => Value::Double(a.abs()),
        Op::Sign => Value::Double(match a.partial_cmp(&0.0) {
            Some(Ordering::Less) => -1.0,
            Some(Ordering::Greater) => 1.0,
            _ => a,
        }),
        Op::Sqrt => Value::Double(a.sqrt()),
        Op::IsNan => Value::Bool(a.is_nan()),
        Op::IsInf => Value::Bool(a.is_infinite()),
        Op::IsFinite => Value::Bool(a.is_finite()),
        _ => return Err(Fault::Overload),
    })
}

fn bits(op: Op, a: u64, b: u64) -> Result<u64, Fault> {
    match op {
        Op::BitAnd => Ok(a & b),
        Op::BitOr => Ok(a | b),
        Op::BitXor => Ok(a ^ b),
        _ => Err(Fault::Overload),
    }
}

/// A shift by 64 bits or more leaves nothing; a negative one is a fault.
fn shift(op: Op, a: u64, bits: i64) -> Result<u64, Fault> {
    let bits = u32::try_from(bits.min(64)).map_err(|_| Fault::Range)?;
    let shifted = if op == Op::ShiftLeft { a.checked_shl(bits) } else { a.checked_shr(bits) };
    Ok(shifted.unwrap_or(0))
}

/// The first of the greatest (or least) numbers.
fn extreme(args: &[Value], wanted: Ordering) -> Outcome {
    let numbers = match args {
        [Value::List(list)] => list.items(),
        _ => args,
    };
    let (first, rest) = numbers.split_first().ok_or(Fault::Overload)?;
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    if !numbers.iter().all(is_number) {
        return Err(no_overload(numbers));
    }
    let mut best = first;
    for number in rest {
        if number.compare(best)? == Some(wanted) {
            best = number;
        }
    }
    Ok(best.clone())
}
