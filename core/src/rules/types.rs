//! The types of the rule language. Packing checks expressions against them; a program's inputs and
//! result carry them, so that a host can tell before the first row that a column does not fit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How deep a type may nest: `list(list(int))` is 3.
const MAX_DEPTH: usize = 16;

/// A static type. Any value may be null at run time: a missing field is null whatever its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Type {
    /// Only known at run time.
    Dyn,
    /// `null` itself.
    Null,
    /// true or false.
    Bool,
    /// 64-bit signed integer.
    Int,
    /// 64-bit unsigned integer.
    Uint,
    /// IEEE 754 double. Inputs of type `number` are doubles.
    Double,
    /// Unicode text.
    String,
    /// Bytes.
    Bytes,
    /// An instant.
    Timestamp,
    /// A span of time in nanoseconds.
    Duration,
    /// A type as a value: `type(1)`.
    Type,
    /// A list.
    List(Box<Type>),
    /// A map from keys to values.
    Map(Box<Type>, Box<Type>),
}

impl Type {
    /// A list of this element type.
    #[must_use]
    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// A map of these types.
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// Whether this is int, uint or double.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    fn parse(text: &str, depth: usize) -> Option<Self> {
        if depth == 0 {
            return None;
        }
        Some(match text {
            "dyn" => Self::Dyn,
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "uint" => Self::Uint,
            "double" => Self::Double,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "timestamp" => Self::Timestamp,
            "duration" => Self::Duration,
            "type" => Self::Type,
            _ => {
                let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
                if let Some(item) = inside("list") {
                    Self::list(Self::parse(item, depth - 1)?)
                } else {
                    // A key is never a map or list, so the first comma divides.
                    let (key, value) = inside("map")?.split_once(',')?;
                    Self::map(Self::parse(key, depth - 1)?, Self::parse(value, depth - 1)?)
                }
            }
        })
    }
}

impl TryFrom<String> for Type {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text, MAX_DEPTH).ok_or_else(|| "not a type of the rule language".to_owned())
    }
}

impl From<Type> for String {
    fn from(ty: Type) -> Self {
        ty.to_string()
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dyn => "dyn",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Type => "type",
            Self::List(item) => return write!(f, "list({item})"),
            Self::Map(key, value) => return write!(f, "map({key},{value})"),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for text in ["int", "list(map(string,dyn))", "map(string,map(int,list(double)))"] {
            assert_eq!(Type::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in ["", "int ", "list", "list(", "list()", "map(int)", &"list(".repeat(100_000)] {
            assert!(Type::try_from(text.to_owned()).is_err());
        }
    }
}
