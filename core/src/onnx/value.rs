//! What flows between nodes: tensors, and the few things that are not tensors.

use std::fmt;

use super::tensor::{DType, Strings, Tensor};

/// The type of a value, known at load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// `tensor(T)`.
    Tensor(DType),
    /// `seq(map(int64, float))` or `seq(map(string, float))`: what ZipMap makes; a table with a
    /// key per column.
    ZipMap(DType),
    /// `seq(T)`.
    Sequence(Box<ValueType>),
    /// `optional(T)`.
    Optional(Box<ValueType>),
    /// `map(K, V)` as an input, one record: keys and values of these types.
    Map(DType, DType),
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tensor(dtype) => write!(f, "tensor({})", dtype.name()),
            Self::ZipMap(key) => write!(f, "seq(map({},float))", key.name()),
            Self::Sequence(item) => write!(f, "seq({item})"),
            Self::Optional(item) => write!(f, "optional({item})"),
            Self::Map(key, value) => write!(f, "map({},{})", key.name(), value.name()),
        }
    }
}

/// Column names of a [`Value::ZipMap`].
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Integer class labels.
    Ints(Vec<i64>),
    /// Text class labels.
    Texts(Strings),
}

/// A value during a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A tensor.
    Tensor(Tensor),
    /// A list of maps, kept as the table that it is: row `i` maps `keys[j]` to `table[i, j]`.
    ZipMap(std::sync::Arc<Keys>, Tensor),
    /// A list of values of one type.
    Sequence(Vec<Value>),
    /// A value or none.
    Optional(Option<Box<Value>>),
    /// One record: keys (integers or text) and as many values.
    Map(Tensor, Tensor),
}

impl Default for Value {
    fn default() -> Self {
        Self::Tensor(Tensor::default())
    }
}
