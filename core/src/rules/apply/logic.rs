//! `&&` and `||`, which absorb faults.

use super::{Fault, Outcome, Value};

/// `a && b`, or `a || b`: the absorbing value on either side decides alone; else the first fault counts.
pub(in super::super) fn join(or: bool, a: Outcome, b: Outcome) -> Outcome {
    let truth = |side: Outcome| match side? {
        Value::Bool(truth) => Ok(truth),
        Value::Null => Err(Fault::Null),
        _ => Err(Fault::Overload),
    };
    match (truth(a), truth(b)) {
        (Ok(a), _) if a == or => Ok(Value::Bool(or)),
        (_, Ok(b)) if b == or => Ok(Value::Bool(or)),
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
        _ => Ok(Value::Bool(!or)),
    }
}
