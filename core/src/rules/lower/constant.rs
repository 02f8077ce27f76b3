//! Constants: literals, and what is computed from literals at pack time.

use cel::common::ast::LiteralValue;

use crate::rules::fault::Fault;
use crate::rules::op::Op;
use crate::rules::program::Constant;
use crate::rules::value::Value;

/// The value of a literal.
pub(super) fn literal(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
        LiteralValue::Double(value) => Value::Double(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::text(text.inner()),
        LiteralValue::UInt(value) => Value::Uint(*value.inner()),
    }
}

/// A value as the code keeps it; `None` for a double that JSON cannot hold.
pub(super) fn keep(value: &Value) -> Option<Constant> {
    Some(match value {
        Value::Null => Constant::Null,
        Value::Bool(value) => Constant::Bool(*value),
        Value::Int(value) => Constant::Int(*value),
        Value::Uint(value) => Constant::Uint(*value),
        Value::Double(value) if value.is_finite() => Constant::Double(*value),
        Value::Double(_) => return None,
        Value::Text(text) => Constant::String(text.to_string()),
        Value::Bytes(bytes) => Constant::Bytes(bytes.to_vec()),
        Value::Timestamp(instant) => Constant::Timestamp(instant.to_string()),
        Value::Duration(nanos) => Constant::Duration(*nanos),
        Value::Type(ty) => Constant::Type((**ty).clone()),
        Value::List(list) => Constant::List(list.items().iter().map(keep).collect::<Option<_>>()?),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|(key, value)| Some((keep(key)?, keep(value)?)));
            Constant::Map(entries.collect::<Option<_>>()?)
        }
    })
}

/// The value of an operation on constants; a fault stays in the code, to happen where it should.
pub(super) fn fold(op: Op, args: &[Value]) -> Result<Value, Fault> {
    match (op, args) {
        (Op::And | Op::Or, [a, b]) => {
            crate::rules::apply::logic::join(op == Op::Or, Ok(a.clone()), Ok(b.clone()))
        }
        (Op::Choose, [Value::Bool(pick), then, other]) => Ok(if *pick { then } else { other }.clone()),
        _ => crate::rules::apply::call(op, args),
    }
}
