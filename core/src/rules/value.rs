//! One value of the rule language, for the cells that no fast column holds: lists, maps, and whatever
//! is only known at run time. Equality and order are CEL's: numbers compare across types by their
//! mathematical value, everything else only with its own kind.

use std::cmp::Ordering;
use std::sync::Arc;

use super::fault::Fault;
use super::meter::ITEM;
use super::types::Type;
use crate::time::Timestamp;

/// How deep lists and maps may nest, so that comparing and dropping them needs bounded stack.
pub(super) const MAX_VALUE_DEPTH: u8 = 64;

/// A value. Null is a value here; a column keeps it in its state byte.
#[derive(Clone, Debug)]
pub enum Value {
    /// Null.
    Null,
    /// true or false.
    Bool(bool),
    /// 64-bit signed integer.
    Int(i64),
    /// 64-bit unsigned integer.
    Uint(u64),
    /// Double.
    Double(f64),
    /// Text.
    Text(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Instant.
    Timestamp(Timestamp),
    /// Span of time in nanoseconds: about 292 years either way.
    Duration(i64),
    /// A type as a value.
    Type(Arc<Type>),
    /// List.
    List(List),
    /// Map.
    Map(Map),
}

/// Elements.
#[derive(Clone, Debug)]
pub struct List {
    items: Arc<[Value]>,
    shape: Shape,
}

/// Entries in the order of their keys: booleans, numbers, texts. Sorted, so that a lookup is a binary
/// search and the order in which loops see the entries is the same everywhere.
#[derive(Clone, Debug)]
pub struct Map {
    entries: Arc<[(Value, Value)]>,
    shape: Shape,
}

/// How deep a list or map nests, and what reading all of it costs, in units of a row's budget.
#[derive(Clone, Copy, Debug)]
struct Shape {
    depth: u8,
    weight: u32,
}

impl Shape {
    fn around<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Self, Fault> {
        let mut shape = Self { depth: 0, weight: ITEM as u32 };
        for value in values {
            let inner = value.shape();
            shape.depth = shape.depth.max(inner.depth);
            shape.weight = shape.weight.saturating_add(inner.weight);
        }
        if shape.depth >= MAX_VALUE_DEPTH {
            return Err(Fault::Budget);
        }
        shape.depth += 1;
        Ok(shape)
    }
}

/// Heapsort. Equal keys are refused afterwards, so stability does not matter, and the standard library's
/// sorts are ten times this code in the module that a page loads.
fn sort_entries(entries: &mut [(Value, Value)]) {
    let in_order = |pair: &[(Value, Value)]| compare_keys(&pair[0].0, &pair[1].0).is_lt();
    if entries.windows(2).all(in_order) {
        return;
    }
    let sift = |heap: &mut [(Value, Value)], mut parent: usize| loop {
        let left = 2 * parent + 1;
        let larger = match (heap.get(left), heap.get(left + 1)) {
            (Some(a), Some(b)) if compare_keys(&a.0, &b.0).is_lt() => left + 1,
            (Some(_), _) => left,
            (None, _) => return,
        };
        if compare_keys(&heap[parent].0, &heap[larger].0).is_ge() {
            return;
        }
        heap.swap(parent, larger);
        parent = larger;
    };
    for parent in (0..entries.len() / 2).rev() {
        sift(entries, parent);
    }
    for end in (1..entries.len()).rev() {
        entries.swap(0, end);
        sift(&mut entries[..end], 0);
    }
}

/// Order of map keys; numbers of different types that are equal are the same key.
fn compare_keys(a: &Value, b: &Value) -> Ordering {
    let rank = |key: &Value| match key {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::Uint(_) | Value::Double(_) => 1,
        _ => 2,
    };
    rank(a).cmp(&rank(b)).then_with(|| a.compare(b).ok().flatten().unwrap_or(Ordering::Equal))
}

impl List {
    /// A list of these.
    ///
    /// # Errors
    /// [`Fault::Budget`] when it would nest too deep.
    pub fn new(items: impl Into<Arc<[Value]>>) -> Result<Self, Fault> {
        let items = items.into();
        Ok(Self { shape: Shape::around(items.iter())?, items })
    }

    /// The elements.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

impl Map {
    /// A map of these entries.
    ///
    /// # Errors
    /// [`Fault::MapKey`] for a repeated key or one that is no bool, int, uint or text;
    /// [`Fault::Budget`] when it would nest too deep.
    pub fn new(mut entries: Vec<(Value, Value)>) -> Result<Self, Fault> {
        if !entries.iter().all(|(key, _)| key.is_key()) {
            return Err(Fault::MapKey);
        }
        sort_entries(&mut entries);
        if entries.windows(2).any(|pair| compare_keys(&pair[0].0, &pair[1].0).is_eq()) {
            return Err(Fault::MapKey);
        }
        let shape = Shape::around(entries.iter().flat_map(|(key, value)| [key, value]))?;
        Ok(Self { shape, entries: entries.into() })
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }

    /// The value under this key; numbers of another type find their equal.
    #[must_use]
    pub fn get(&self, key: &Value) -> Option<&Value> {
        if !key.is_key() && !matches!(key, Value::Double(number) if !number.is_nan()) {
            return None;
        }
        let at = self.entries.binary_search_by(|(own, _)| compare_keys(own, key)).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The value under this text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        let at = self
            .entries
            .binary_search_by(|(own, _)| match own {
                Value::Text(own) => (**own).cmp(name),
                _ => Ordering::Less,
            })
            .ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }
}

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    fn shape(&self) -> Shape {
        let flat = |bytes: usize| Shape { depth: 0, weight: u32::try_from(bytes + ITEM).unwrap_or(u32::MAX) };
        match self {
            Self::List(list) => list.shape,
            Self::Map(map) => map.shape,
            Self::Text(text) => flat(text.len()),
            Self::Bytes(bytes) => flat(bytes.len()),
            _ => flat(0),
        }
    }

    /// What reading all of this value costs, in units of a row's budget.
    pub(super) fn weight(&self) -> usize {
        self.shape().weight as usize
    }

    fn is_key(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Text(_))
    }

    /// The type at run time; elements of lists and maps are not looked at.
    #[must_use]
    pub fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::Type(_) => Type::Type,
            Self::List(_) => Type::list(Type::Dyn),
            Self::Map(_) => Type::map(Type::Dyn, Type::Dyn),
        }
    }

    /// CEL's `==`. Values of different kinds are not equal, except that numbers compare by value.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.items.len() == b.items.len() && a.items.iter().zip(b.items.iter()).all(|(a, b)| a.equals(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries
                        .iter()
                        .all(|(key, value)| b.get(key).is_some_and(|other| value.equals(other)))
            }
            _ => self.compare_numbers(other) == Some(Some(Ordering::Equal)),
        }
    }

    /// CEL's order, for `<` and the rest. `Ok(None)` when a NaN is compared: every comparison is false.
    ///
    /// # Errors
    /// [`Fault::Null`] for null, [`Fault::Overload`] for kinds that have no order between them.
    pub fn compare(&self, other: &Self) -> Result<Option<Ordering>, Fault> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => Err(Fault::Null),
            (Self::Bool(a), Self::Bool(b)) => Ok(Some(a.cmp(b))),
            (Self::Text(a), Self::Text(b)) => Ok(Some(a.cmp(b))),
            (Self::Bytes(a), Self::Bytes(b)) => Ok(Some(a.cmp(b))),
            (Self::Timestamp(a), Self::Timestamp(b)) => Ok(Some(a.cmp(b))),
            (Self::Duration(a), Self::Duration(b)) => Ok(Some(a.cmp(b))),
            _ => self.compare_numbers(other).ok_or(Fault::Overload),
        }
    }

    /// `None` unless both are numbers; the inner `None` is NaN.
    fn compare_numbers(&self, other: &Self) -> Option<Option<Ordering>> {
        Some(match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Self::Uint(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Self::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Int(a), Self::Double(b)) => compare_with_double(*a as f64, *b),
            (Self::Uint(a), Self::Double(b)) => compare_with_double(*a as f64, *b),
            (Self::Double(a), Self::Int(b)) => compare_with_double(*b as f64, *a).map(Ordering::reverse),
            (Self::Double(a), Self::Uint(b)) => compare_with_double(*b as f64, *a).map(Ordering::reverse),
            _ => return None,
        })
    }
}

/// Order of an integer and a double. The language's conformance suite compares them as doubles: an
/// integer past 2^53 is rounded first, so that 2^63 - 1 equals 2^63 as a double.
fn compare_with_double(integer: f64, double: f64) -> Option<Ordering> {
    integer.partial_cmp(&double)
}
