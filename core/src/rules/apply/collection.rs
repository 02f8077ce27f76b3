//! Lists and maps: making, looking into, measuring.

use super::super::op::Op;
use super::super::value::{List, Map};
use super::{Fault, Outcome, Value, no_overload};

pub(super) fn call(op: Op, args: &[Value]) -> Outcome {
    match (op, args) {
        (Op::List, items) => List::new(items).map(Value::List),
        (Op::Map, items) => {
            let entries =
                items.chunks_exact(2).filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone())));
            Map::new(entries.collect()).map(Value::Map)
        }
        (Op::Size, [value]) => match value {
            Value::Text(text) => Ok(text.chars().count()),
            Value::Bytes(bytes) => Ok(bytes.len()),
            Value::List(list) => Ok(list.items().len()),
            Value::Map(map) => Ok(map.entries().len()),
            _ => Err(no_overload(args)),
        }
        .map(|size| Value::Int(i64::try_from(size).unwrap_or(i64::MAX))),
        (Op::In, [item, Value::List(list)]) => {
            Ok(Value::Bool(list.items().iter().any(|own| own.equals(item))))
        }
        (Op::In, [key, Value::Map(map)]) => Ok(Value::Bool(map.get(key).is_some())),
        (Op::Index, [Value::List(list), index]) => {
            let index = match index {
                Value::Int(index) => usize::try_from(*index).map_err(|_| Fault::Index)?,
                Value::Uint(index) => usize::try_from(*index).map_err(|_| Fault::Index)?,
                // Beyond 2^32 no list is that long, and the cast below stays exact.
                Value::Double(index) if libm::trunc(*index) == *index && (0.0..4e9).contains(index) => {
                    *index as usize
                }
                Value::Double(_) => return Err(Fault::Index),
                _ => return Err(no_overload(args)),
            };
            list.items().get(index).cloned().ok_or(Fault::Index)
        }
        (Op::Index, [Value::Map(map), key]) => map.get(key).cloned().ok_or(Fault::Key),
        (Op::Field, [Value::Map(map), Value::Text(name)]) => map.field(name).cloned().ok_or(Fault::Key),
        (Op::Has, [Value::Map(map), Value::Text(name)]) => Ok(Value::Bool(map.field(name).is_some())),
        _ => Err(no_overload(args)),
    }
}
