//! From a key to its place in a list: what all encoders do first.
//!
//! Numbers are compared by value whatever their type, so one table serves all numeric types: integers
//! by their bits, floats by those of the double they widen to, with one NaN and one zero.

use std::collections::HashMap;

use crate::onnx::tensor::{Data, Strings};

/// A list of keys, to be searched.
pub(crate) enum Lookup {
    /// Texts.
    Texts(HashMap<Box<str>, u32>),
    /// Integers.
    Integers(HashMap<i64, u32>),
    /// Floats, by the bits of [`float_key`].
    Floats(HashMap<u64, u32>),
}

/// Which place wins where a key is listed twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// The first.
    First,
    /// The last.
    Last,
}

fn build<K: Eq + std::hash::Hash>(keys: impl Iterator<Item = K>, duplicates: Duplicates) -> HashMap<K, u32> {
    let mut map = HashMap::with_capacity(keys.size_hint().0);
    for (place, key) in keys.enumerate() {
        let place = place as u32;
        match duplicates {
            Duplicates::First => {
                map.entry(key).or_insert(place);
            }
            Duplicates::Last => {
                map.insert(key, place);
            }
        }
    }
    map
}

impl Lookup {
    /// Finds texts.
    pub(crate) fn texts<'t>(keys: impl Iterator<Item = &'t str>, duplicates: Duplicates) -> Self {
        Self::Texts(build(keys.map(Box::from), duplicates))
    }

    /// Finds integers.
    pub(crate) fn integers(keys: impl Iterator<Item = i64>, duplicates: Duplicates) -> Self {
        Self::Integers(build(keys, duplicates))
    }

    /// Finds floats.
    pub(crate) fn floats(keys: impl Iterator<Item = f64>, duplicates: Duplicates) -> Self {
        Self::Floats(build(keys.map(float_key), duplicates))
    }

    /// Finds floats that equal themselves: NaN keeps its place in the list and is never found.
    pub(crate) fn numbers(keys: &[f32]) -> Self {
        let mut map = HashMap::with_capacity(keys.len());
        for (place, &key) in keys.iter().enumerate().filter(|(_, key)| !key.is_nan()) {
            map.entry(float_key(f64::from(key))).or_insert(place as u32);
        }
        Self::Floats(map)
    }

    /// Finds the elements of a list of keys, if they are of a type that encoders take.
    pub(crate) fn of(keys: &Data, duplicates: Duplicates) -> Option<Self> {
        Some(match keys {
            Data::Str(list) => Self::texts(list.iter(), duplicates),
            Data::I64(list) => Self::integers(list.iter().copied(), duplicates),
            Data::I32(list) => Self::integers(list.iter().map(|&key| i64::from(key)), duplicates),
            Data::I16(list) => Self::integers(list.iter().map(|&key| i64::from(key)), duplicates),
            Data::F64(list) => Self::floats(list.iter().copied(), duplicates),
            Data::F32(list) => Self::floats(list.iter().map(|&key| f64::from(key)), duplicates),
            _ => return None,
        })
    }

    /// The place of each element of `data`, `missing` where it is not listed. Elements of a type that
    /// the keys do not have are not listed.
    pub(crate) fn places(&self, data: &Data, missing: usize, places: &mut Vec<usize>) {
        places.clear();
        let found = |place: Option<&u32>| place.map_or(missing, |&place| place as usize);
        match (self, data) {
            (Self::Texts(map), Data::Str(list)) => places.extend(list.iter().map(|key| found(map.get(key)))),
            (Self::Integers(map), Data::I64(list)) => {
                places.extend(list.iter().map(|key| found(map.get(key))));
            }
            (Self::Integers(map), Data::I32(list)) => {
                places.extend(list.iter().map(|&key| found(map.get(&i64::from(key)))));
            }
            (Self::Integers(map), Data::I16(list)) => {
                places.extend(list.iter().map(|&key| found(map.get(&i64::from(key)))));
            }
            (Self::Integers(map), Data::F32(list)) => {
                places.extend(
                    list.iter().map(|&key| found(truncated(f64::from(key)).and_then(|key| map.get(&key)))),
                );
            }
            (Self::Integers(map), Data::F64(list)) => {
                places.extend(list.iter().map(|&key| found(truncated(key).and_then(|key| map.get(&key)))));
            }
            (Self::Floats(map), Data::F64(list)) => {
                places.extend(list.iter().map(|&key| found(map.get(&float_key(key)))));
            }
            (Self::Floats(map), Data::F32(list)) => {
                places.extend(list.iter().map(|&key| found(map.get(&float_key(f64::from(key))))));
            }
            _ => places.resize(data.len(), missing),
        }
    }

    /// The place of a text.
    pub(crate) fn text(&self, key: &str) -> Option<usize> {
        if let Self::Texts(map) = self { map.get(key).map(|&place| place as usize) } else { None }
    }

    /// The place of an integer.
    pub(crate) fn integer(&self, key: i64) -> Option<usize> {
        if let Self::Integers(map) = self { map.get(&key).map(|&place| place as usize) } else { None }
    }
}

/// The integer that a float is cut off to; `None` where there is none.
fn truncated(value: f64) -> Option<i64> {
    (value > -9.3e18 && value < 9.223_372_036_854_775e18).then_some(value as i64)
}

/// The same bits for all floats that are one key: NaN is one, and so are both zeros.
fn float_key(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else if value == 0.0 {
        0
    } else {
        value.to_bits()
    }
}

/// A list of texts as `Data`.
pub(crate) fn text_data(texts: &[&str]) -> Data {
    Data::Str(texts.iter().copied().collect::<Strings>())
}
