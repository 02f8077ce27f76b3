//! The functions and operators of the language by their names: which operation each is.

use crate::rules::op::Op;

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(a)`.
    Global,
    /// `a.f(b)`.
    Method,
    /// `math.f(a)`.
    Namespace(&'static str),
}

/// An operator, by the parser's name for it.
pub(super) fn operator(name: &str) -> Option<Op> {
    Some(match name {
        "_&&_" => Op::And,
        "_||_" => Op::Or,
        "_?_:_" => Op::Choose,
        "!_" => Op::Not,
        "-_" => Op::Negate,
        "_==_" => Op::Eq,
        "_!=_" => Op::Ne,
        "_<_" => Op::Lt,
        "_<=_" => Op::Le,
        "_>_" => Op::Gt,
        "_>=_" => Op::Ge,
        "_+_" => Op::Add,
        "_-_" => Op::Subtract,
        "_*_" => Op::Multiply,
        "_/_" => Op::Divide,
        "_%_" => Op::Remainder,
        "@in" => Op::In,
        "_[_]" => Op::Index,
        _ => return None,
    })
}

/// How authors write an operator or function.
pub(super) fn written(op: Op) -> &'static str {
    match op {
        Op::And => "&&",
        Op::Or => "||",
        Op::Choose => "? :",
        Op::Not => "!",
        Op::Negate | Op::Subtract => "-",
        Op::Eq => "==",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
        Op::Add => "+",
        Op::Multiply => "*",
        Op::Divide => "/",
        Op::Remainder => "%",
        Op::In => "in",
        Op::Index => "[]",
        Op::Field => "field",
        Op::Has => "has",
        _ => FUNCTIONS.iter().find(|(_, _, own)| *own == op).map_or("this", |(_, name, _)| name),
    }
}

/// Every function: how it is called, its name, its operation.
pub(super) const FUNCTIONS: &[(Style, &str, Op)] = &[
    (Style::Global, "bool", Op::ToBool),
    (Style::Global, "int", Op::ToInt),
    (Style::Global, "uint", Op::ToUint),
    (Style::Global, "double", Op::ToDouble),
    (Style::Global, "string", Op::ToString),
    (Style::Global, "bytes", Op::ToBytes),
    (Style::Global, "timestamp", Op::ToTimestamp),
    (Style::Global, "duration", Op::ToDuration),
    (Style::Global, "type", Op::TypeOf),
    (Style::Global, "size", Op::Size),
    (Style::Method, "size", Op::Size),
    (Style::Method, "contains", Op::Contains),
    (Style::Method, "startsWith", Op::StartsWith),
    (Style::Method, "endsWith", Op::EndsWith),
    (Style::Method, "charAt", Op::CharAt),
    (Style::Method, "indexOf", Op::IndexOf),
    (Style::Method, "lastIndexOf", Op::LastIndexOf),
    (Style::Method, "join", Op::Join),
    (Style::Method, "lowerAscii", Op::LowerAscii),
    (Style::Method, "upperAscii", Op::UpperAscii),
    (Style::Method, "replace", Op::Replace),
    (Style::Method, "split", Op::Split),
    (Style::Method, "substring", Op::Substring),
    (Style::Method, "trim", Op::Trim),
    (Style::Method, "reverse", Op::Reverse),
    (Style::Method, "format", Op::Format),
    (Style::Namespace("strings"), "quote", Op::Quote),
    (Style::Namespace("math"), "greatest", Op::Greatest),
    (Style::Namespace("math"), "least", Op::Least),
    (Style::Namespace("math"), "ceil", Op::Ceil),
    (Style::Namespace("math"), "floor", Op::Floor),
    (Style::Namespace("math"), "round", Op::Round),
    (Style::Namespace("math"), "trunc", Op::Trunc),
    (Style::Namespace("math"), "abs", Op::Abs),
    (Style::Namespace("math"), "sign", Op::Sign),
    (Style::Namespace("math"), "sqrt", Op::Sqrt),
    (Style::Namespace("math"), "isNaN", Op::IsNan),
    (Style::Namespace("math"), "isInf", Op::IsInf),
    (Style::Namespace("math"), "isFinite", Op::IsFinite),
    (Style::Namespace("math"), "bitAnd", Op::BitAnd),
    (Style::Namespace("math"), "bitOr", Op::BitOr),
    (Style::Namespace("math"), "bitXor", Op::BitXor),
    (Style::Namespace("math"), "bitNot", Op::BitNot),
    (Style::Namespace("math"), "bitShiftLeft", Op::ShiftLeft),
    (Style::Namespace("math"), "bitShiftRight", Op::ShiftRight),
    (Style::Method, "getFullYear", Op::FullYear),
    (Style::Method, "getMonth", Op::Month),
    (Style::Method, "getDate", Op::Date),
    (Style::Method, "getDayOfMonth", Op::DayOfMonth),
    (Style::Method, "getDayOfWeek", Op::DayOfWeek),
    (Style::Method, "getDayOfYear", Op::DayOfYear),
    (Style::Method, "getHours", Op::Hours),
    (Style::Method, "getMinutes", Op::Minutes),
    (Style::Method, "getSeconds", Op::Seconds),
    (Style::Method, "getMilliseconds", Op::Milliseconds),
];

/// The operation of a function called in this style.
pub(super) fn function(style: Style, name: &str) -> Option<Op> {
    FUNCTIONS.iter().find(|(own, own_name, _)| *own == style && *own_name == name).map(|(_, _, op)| *op)
}

/// The namespace of this name.
pub(super) fn namespace(name: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find_map(|(style, _, _)| match style {
        Style::Namespace(own) if *own == name => Some(*own),
        _ => None,
    })
}
