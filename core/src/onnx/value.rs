//! What flows between nodes: tensors, and the few things that are not tensors.

use std::fmt;

use super::kernel::Inputs;
use super::tensor::{DType, Data, Strings, Tensor};
use crate::error::{Error, ErrorCode, Result};

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

impl Value {
    /// Its type. An empty sequence or optional says nothing of its items: they count as float tensors.
    #[must_use]
    pub fn kind(&self) -> ValueType {
        let item = |value: Option<&Self>| Box::new(value.map_or(ValueType::Tensor(DType::F32), Self::kind));
        match self {
            Self::Tensor(tensor) => ValueType::Tensor(tensor.dtype()),
            Self::ZipMap(keys, _) => ValueType::ZipMap(keys.dtype()),
            Self::Sequence(items) => ValueType::Sequence(item(items.first())),
            Self::Optional(value) => ValueType::Optional(item(value.as_deref())),
            Self::Map(keys, values) => ValueType::Map(keys.dtype(), values.dtype()),
        }
    }

    /// Whether it is of this type.
    #[must_use]
    pub fn is_of(&self, kind: &ValueType) -> bool {
        match (self, kind) {
            (Self::Sequence(items), ValueType::Sequence(item)) => items.iter().all(|value| value.is_of(item)),
            (Self::Optional(value), ValueType::Optional(item)) => {
                value.as_ref().is_none_or(|value| value.is_of(item))
            }
            (Self::Tensor(tensor), ValueType::Tensor(dtype)) => tensor.dtype() == *dtype,
            (Self::ZipMap(keys, _), ValueType::ZipMap(key)) => keys.dtype() == *key,
            (Self::Map(keys, values), ValueType::Map(key, value)) => {
                keys.dtype() == *key && values.dtype() == *value
            }
            _ => false,
        }
    }

    /// Bytes of all elements held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Tensor(tensor) | Self::ZipMap(_, tensor) => Self::bytes_of(tensor),
            Self::Sequence(items) => items.iter().map(|item| item.bytes() + size_of::<Self>()).sum(),
            Self::Optional(value) => value.as_ref().map_or(0, |value| value.bytes()),
            Self::Map(keys, values) => Self::bytes_of(keys) + Self::bytes_of(values),
        }
    }

    /// Bytes of a tensor's elements.
    #[must_use]
    pub fn bytes_of(tensor: &Tensor) -> usize {
        match tensor.data() {
            Data::Str(strings) => strings.byte_len() + strings.len() * size_of::<u32>(),
            data => data.len() * data.dtype().width(),
        }
    }

    /// Becomes a copy of input `at` and keeps its buffer where the type is the same.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the input is left out: builders have checked this.
    pub fn copy_input(&mut self, inputs: &dyn Inputs, at: usize) -> Result<()> {
        match (inputs.tensor(at), inputs.value(at)) {
            (Some(tensor), _) => self.copy_tensor(tensor),
            (None, Some(value)) => *self = value.clone(),
            (None, None) => {
                return Err(Error::new(ErrorCode::Internal, format!("input {at} is left out")));
            }
        }
        Ok(())
    }

    /// Becomes a copy of `tensor` and keeps its buffer where the type is the same.
    pub fn copy_tensor(&mut self, tensor: &Tensor) {
        match self {
            Self::Tensor(own) => own.copy_from(tensor),
            _ => *self = Self::Tensor(tensor.clone()),
        }
    }
}

impl Keys {
    /// The type of the keys.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::Ints(_) => DType::I64,
            Self::Texts(_) => DType::Str,
        }
    }
}
