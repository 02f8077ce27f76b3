//! An object as a list: few keys, in their order.

use serde::{Serialize, Serializer};

use super::value::Value;

/// Keys, each once, and values, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(String, Value)>);

impl Map {
    /// An object without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The place of a key; null where it was not there.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let at = self.0.iter().position(|(name, _)| name == key).unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.push((key.to_owned(), Value::Null));
        }
        &mut self.0[at].1
    }

    /// Puts a value under a key, in place of the one that is there.
    pub fn insert(&mut self, key: String, value: Value) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, place)) => *place = value,
            None => self.0.push((key, value)),
        }
    }

    /// Keys and values in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (String, Value)> {
        self.0.iter()
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// Written with the keys sorted.
impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sorted: Vec<_> = self.iter().map(|(key, value)| (key, value)).collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        serializer.collect_map(sorted)
    }
}
