//! Which types an operation takes, and what type it gives. `dyn` fits everywhere and is checked per row.

use crate::rules::op::Op;
use crate::rules::types::Type;

/// A parameter of an overload.
#[derive(Clone, Copy)]
enum P {
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Span,
    Any,
    /// Any list.
    List,
    /// A list of texts.
    Texts,
    Map,
}

impl P {
    fn takes(self, ty: &Type) -> bool {
        match (self, ty) {
            (_, Type::Dyn)
            | (Self::Any, _)
            | (Self::Bool, Type::Bool)
            | (Self::Int, Type::Int)
            | (Self::Uint, Type::Uint)
            | (Self::Double, Type::Double)
            | (Self::Text, Type::String)
            | (Self::Bytes, Type::Bytes)
            | (Self::Time, Type::Timestamp)
            | (Self::Span, Type::Duration)
            | (Self::List, Type::List(_))
            | (Self::Map, Type::Map(..)) => true,
            (Self::Texts, Type::List(item)) => matches!(**item, Type::String | Type::Dyn | Type::Null),
            _ => false,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Time => "timestamp",
            Self::Span => "duration",
            Self::Any => "any",
            Self::List => "list",
            Self::Texts => "list(string)",
            Self::Map => "map",
        }
    }
}

type Overload = (&'static [P], Type);

/// The overloads of an operation whose result depends on nothing but which of them is meant.
fn overloads(op: Op) -> &'static [Overload] {
    use P::{Any, Bool, Bytes, Double, Int, List, Map, Span, Text, Texts, Time, Uint};
    use Type as T;
    match op {
        Op::And | Op::Or => &[(&[Bool, Bool], T::Bool)],
        Op::Not => &[(&[Bool], T::Bool)],
        Op::Negate => &[(&[Int], T::Int), (&[Double], T::Double), (&[Span], T::Duration)],
        Op::Add => &[
            (&[Int, Int], T::Int),
            (&[Uint, Uint], T::Uint),
            (&[Double, Double], T::Double),
            (&[Text, Text], T::String),
            (&[Bytes, Bytes], T::Bytes),
            (&[Time, Span], T::Timestamp),
            (&[Span, Time], T::Timestamp),
            (&[Span, Span], T::Duration),
        ],
        Op::Subtract => &[
            (&[Int, Int], T::Int),
            (&[Uint, Uint], T::Uint),
            (&[Double, Double], T::Double),
            (&[Time, Span], T::Timestamp),
            (&[Time, Time], T::Duration),
            (&[Span, Span], T::Duration),
        ],
        Op::Multiply | Op::Divide => {
            &[(&[Int, Int], T::Int), (&[Uint, Uint], T::Uint), (&[Double, Double], T::Double)]
        }
        Op::Remainder => &[(&[Int, Int], T::Int), (&[Uint, Uint], T::Uint)],
        Op::Size => &[(&[Text], T::Int), (&[Bytes], T::Int), (&[List], T::Int), (&[Map], T::Int)],
        Op::ToBool => &[(&[Bool], T::Bool), (&[Text], T::Bool)],
        Op::ToInt => &[
            (&[Int], T::Int),
            (&[Uint], T::Int),
            (&[Double], T::Int),
            (&[Text], T::Int),
            (&[Time], T::Int),
            (&[Span], T::Int),
        ],
        Op::ToUint => &[(&[Int], T::Uint), (&[Uint], T::Uint), (&[Double], T::Uint), (&[Text], T::Uint)],
        Op::ToDouble => {
            &[(&[Int], T::Double), (&[Uint], T::Double), (&[Double], T::Double), (&[Text], T::Double)]
        }
        Op::ToString => &[
            (&[Bool], T::String),
            (&[Int], T::String),
            (&[Uint], T::String),
            (&[Double], T::String),
            (&[Text], T::String),
            (&[Bytes], T::String),
            (&[Time], T::String),
            (&[Span], T::String),
        ],
        Op::ToBytes => &[(&[Bytes], T::Bytes), (&[Text], T::Bytes)],
        Op::ToTimestamp => &[(&[Time], T::Timestamp), (&[Text], T::Timestamp), (&[Int], T::Timestamp)],
        Op::ToDuration => &[(&[Span], T::Duration), (&[Text], T::Duration)],
        Op::TypeOf => &[(&[Any], T::Type)],
        Op::Has => &[(&[Map, Text], T::Bool)],
        Op::Contains | Op::StartsWith | Op::EndsWith => &[(&[Text, Text], T::Bool)],
        Op::CharAt => &[(&[Text, Int], T::String)],
        Op::IndexOf | Op::LastIndexOf => &[(&[Text, Text], T::Int), (&[Text, Text, Int], T::Int)],
        Op::Join => &[(&[Texts], T::String), (&[Texts, Text], T::String)],
        Op::LowerAscii | Op::UpperAscii | Op::Trim | Op::Reverse | Op::Quote => &[(&[Text], T::String)],
        Op::Replace => &[(&[Text, Text, Text], T::String), (&[Text, Text, Text, Int], T::String)],
        Op::Substring => &[(&[Text, Int], T::String), (&[Text, Int, Int], T::String)],
        Op::Format => &[(&[Text, List], T::String)],
        Op::Ceil | Op::Floor | Op::Round | Op::Trunc => &[(&[Double], T::Double)],
        Op::Abs | Op::Sign => &[(&[Int], T::Int), (&[Uint], T::Uint), (&[Double], T::Double)],
        Op::Sqrt => &[(&[Int], T::Double), (&[Uint], T::Double), (&[Double], T::Double)],
        Op::IsNan | Op::IsInf | Op::IsFinite => &[(&[Double], T::Bool)],
        Op::BitAnd | Op::BitOr | Op::BitXor => &[(&[Int, Int], T::Int), (&[Uint, Uint], T::Uint)],
        Op::BitNot => &[(&[Int], T::Int), (&[Uint], T::Uint)],
        Op::ShiftLeft | Op::ShiftRight => &[(&[Int, Int], T::Int), (&[Uint, Int], T::Uint)],
        Op::FullYear | Op::Month | Op::Date | Op::DayOfMonth | Op::DayOfWeek | Op::DayOfYear => {
            &[(&[Time], T::Int), (&[Time, Text], T::Int)]
        }
        Op::Hours | Op::Minutes | Op::Seconds | Op::Milliseconds => {
            &[(&[Time], T::Int), (&[Time, Text], T::Int), (&[Span], T::Int)]
        }
        Op::Choose
        | Op::Eq
        | Op::Ne
        | Op::Lt
        | Op::Le
        | Op::Gt
        | Op::Ge
        | Op::In
        | Op::Index
        | Op::Field
        | Op::List
        | Op::Map
        | Op::Greatest
        | Op::Least
        | Op::Split => &[],
    }
}

/// The type of an operation's result, or what it would take instead.
pub(super) fn result(op: Op, args: &[&Type]) -> Result<Type, String> {
    match (op, args) {
        (Op::Eq | Op::Ne, [a, b]) => {
            let never = || format!("{a} and {b} are never equal; compare values of one type");
            if comparable(a, b) { Ok(Type::Bool) } else { Err(never()) }
        }
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, [a, b]) => {
            let ordered = |ty: &Type| {
                matches!(
                    ty,
                    Type::Bool | Type::String | Type::Bytes | Type::Timestamp | Type::Duration | Type::Dyn
                ) || ty.is_number()
            };
            if ordered(a) && ordered(b) && comparable(a, b) {
                Ok(Type::Bool)
            } else {
                Err(format!("{a} and {b} have no order"))
            }
        }
        (Op::Add, [Type::List(a), Type::List(b)]) => Ok(Type::list(join(a, b))),
        (Op::In, [item, Type::List(own)]) => {
            if comparable(item, own) {
                Ok(Type::Bool)
            } else {
                Err(format!("no {item} is in a list of {own}"))
            }
        }
        (Op::In, [key, Type::Map(own, _)]) => {
            if comparable(key, own) {
                Ok(Type::Bool)
            } else {
                Err(format!("no {key} is a key of a map from {own}"))
            }
        }
        (Op::In, [_, Type::Dyn]) => Ok(Type::Bool),
        (Op::In, [_, other]) => Err(format!("looks into a list or map, not into {other}")),
        (Op::Index, [Type::List(item), Type::Int | Type::Dyn]) => Ok(known(item)),
        (Op::Index, [Type::Map(key, value), index]) if comparable(key, index) => Ok(known(value)),
        (Op::Index | Op::Field, [Type::Dyn, _]) => Ok(Type::Dyn),
        (Op::Index, [Type::List(_), index]) => Err(format!("a list is indexed by int, not by {index}")),
        (Op::Index, [Type::Map(key, _), index]) => {
            Err(format!("the keys of this map are {key}, not {index}"))
        }
        (Op::Index, [other, _]) => Err(format!("{other} is no list or map, so it has no elements")),
        (Op::Field, [Type::Map(_, value), _]) => Ok(known(value)),
        (Op::Field | Op::Has, [other, _]) if !matches!(other, Type::Map(..) | Type::Dyn) => {
            Err(format!("{other} has no fields"))
        }
        (Op::Split, [text, separator, rest @ ..]) => {
            let fits =
                P::Text.takes(text) && P::Text.takes(separator) && rest.iter().all(|ty| P::Int.takes(ty));
            if fits {
                Ok(Type::list(Type::String))
            } else {
                Err("takes a string, a separator and perhaps how many parts (int)".to_owned())
            }
        }
        (Op::Greatest | Op::Least, _) => extreme(args),
        _ => of_overloads(op, args),
    }
}

fn of_overloads(op: Op, args: &[&Type]) -> Result<Type, String> {
    let fits = |(params, _): &&Overload| {
        params.len() == args.len() && params.iter().zip(args).all(|(param, ty)| param.takes(ty))
    };
    let mut fitting = overloads(op).iter().filter(fits).map(|(_, result)| result);
    if let Some(first) = fitting.next() {
        return Ok(if fitting.all(|other| other == first) { first.clone() } else { Type::Dyn });
    }
    if op == Op::Add && args.iter().any(|ty| **ty == Type::Dyn) {
        // A list plus something that is only known per row.
        return Ok(Type::Dyn);
    }
    let found: Vec<_> = args.iter().map(|ty| ty.to_string()).collect();
    let taken: Vec<_> = overloads(op)
        .iter()
        .map(|(params, _)| {
            format!("({})", params.iter().map(|param| param.name()).collect::<Vec<_>>().join(", "))
        })
        .collect();
    Err(format!("not defined for ({}); it takes {}", found.join(", "), taken.join(" or ")))
}

fn extreme(args: &[&Type]) -> Result<Type, String> {
    let numbers: Vec<&Type> = match args {
        [Type::List(item)] => vec![item],
        _ => args.to_vec(),
    };
    if let Some(other) = numbers.iter().find(|ty| !ty.is_number() && !matches!(ty, Type::Dyn)) {
        return Err(format!("takes numbers, or one list of numbers, not {other}"));
    }
    let first = numbers.first().map_or(Type::Dyn, |ty| (*ty).clone());
    Ok(if numbers.iter().all(|ty| **ty == first) { first } else { Type::Dyn })
}

/// Elements of unknown type, such as those of `[]`, are only known per row.
pub(super) fn known(ty: &Type) -> Type {
    if *ty == Type::Null { Type::Dyn } else { ty.clone() }
}

/// Whether values of these types can be equal.
fn comparable(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Null, _) | (_, Type::Dyn | Type::Null) => true,
        (Type::List(a), Type::List(b)) => comparable(a, b),
        (Type::Map(a, x), Type::Map(b, y)) => comparable(a, b) && comparable(x, y),
        _ => a == b || (a.is_number() && b.is_number()),
    }
}

/// The type of elements of both types.
pub(super) fn join(a: &Type, b: &Type) -> Type {
    match (a, b) {
        _ if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::List(a), Type::List(b)) => Type::list(join(a, b)),
        (Type::Map(a, x), Type::Map(b, y)) => Type::map(join(a, b), join(x, y)),
        _ => Type::Dyn,
    }
}
