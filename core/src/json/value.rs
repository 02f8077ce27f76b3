//! A value that stands alone: what a manifest holds where it takes any type, and what documents other than
//! decisions are built of.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::map::Map;
use super::read::Json;
use super::write::{push_integer, push_number, push_text};

/// A JSON value that borrows from nothing. Named and used as serde_json's, with less around it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// null.
    Null,
    /// true or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Map),
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(Digits);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Digits {
    Whole(i64),
    Real(f64),
}

impl Number {
    /// The number, if it was written without fraction and exponent and fits 64 bits.
    #[must_use]
    pub const fn as_i64(&self) -> Option<i64> {
        if let Digits::Whole(number) = self.0 { Some(number) } else { None }
    }

    /// The number as a double.
    #[must_use]
    pub const fn as_f64(&self) -> Option<f64> {
        Some(match self.0 {
            Digits::Whole(number) => number as f64,
            Digits::Real(number) => number,
        })
    }
}

static NULL: Value = Value::Null;

impl Value {
    /// Whether it is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is true or false.
    #[must_use]
    pub const fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether it is a text.
    #[must_use]
    pub const fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a number.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a list.
    #[must_use]
    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    #[must_use]
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it is a whole number of 64 bits.
    #[must_use]
    pub const fn is_i64(&self) -> bool {
        self.as_i64().is_some()
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The number, if it was written as a whole one and fits 64 bits.
    #[must_use]
    pub const fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.as_i64() } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_f64(&self) -> Option<f64> {
        if let Self::Number(number) = self { number.as_f64() } else { None }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The value under a key, if it is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        if let Self::Object(entries) = self { entries.get(key) } else { None }
    }
}

impl Index<&str> for Value {
    type Output = Self;

    /// The value under a key; null where there is none.
    fn index(&self, key: &str) -> &Self {
        self.get(key).unwrap_or(&NULL)
    }
}

impl IndexMut<&str> for Value {
    /// The place of a key; what is no object becomes one, and a key that it lacks is added.
    fn index_mut(&mut self, key: &str) -> &mut Self {
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Map::new());
        }
        match self {
            Self::Object(entries) => entries.entry(key),
            // It has just been made one.
            other => other,
        }
    }
}

macro_rules! from {
    ($($type:ty: |$value:ident| $json:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $json
            }
        })*
    };
}

from! {
    bool: |truth| Self::Bool(truth);
    i32: |number| i64::from(number).into();
    u32: |number| i64::from(number).into();
    i64: |number| Self::Number(Number(Digits::Whole(number)));
    u64: |number| i64::try_from(number).map_or_else(|_| (number as f64).into(), Self::from);
    usize: |number| (number as u64).into();
    f64: |number| Self::Number(Number(Digits::Real(number)));
    &str: |text| Self::String(text.to_owned());
    String: |text| Self::String(text);
    Cow<'_, str>: |text| Self::String(text.into_owned());
    Vec<Value>: |items| Self::Array(items);
    Map: |entries| Self::Object(entries);
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl FromIterator<(String, Self)> for Value {
    fn from_iter<I: IntoIterator<Item = (String, Self)>>(entries: I) -> Self {
        Self::Object(entries.into_iter().collect())
    }
}

impl From<Json<'_>> for Value {
    fn from(json: Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Boolean(truth) => truth.into(),
            Json::Integer(number) => number.into(),
            Json::Number(number) => number.into(),
            Json::Text(text) => text.into(),
            Json::List(items) => items.into_iter().map(Self::from).collect(),
            Json::Object(entries) => {
                entries.into_iter().map(|(key, value)| (key.into_owned(), value.into())).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(Number(Digits::Whole(number))) => serializer.serialize_i64(*number),
            Self::Number(Number(Digits::Real(number))) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(entries) => entries.serialize(serializer),
        }
    }
}

/// Compact JSON, a double always with a fraction or an exponent.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        push_value(&mut out, self);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// Appends a value as compact JSON.
pub fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Number(Number(Digits::Whole(number))) => push_integer(out, *number),
        Value::Number(Number(Digits::Real(number))) => push_real(out, *number),
        Value::String(text) => push_text(out, text),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                push_value(out, item);
            }
            out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
        }
        Value::Object(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push(if at == 0 { b'{' } else { b',' });
                push_text(out, key);
                out.push(b':');
                push_value(out, value);
            }
            out.extend_from_slice(if entries.is_empty() { b"{}" } else { b"}" });
        }
    }
}

fn push_real(out: &mut Vec<u8>, number: f64) {
    let start = out.len();
    if number == 0.0 && number.is_sign_negative() {
        out.push(b'-');
    }
    push_number(out, number);
    if number.is_finite() && !out[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.extend_from_slice(b".0");
    }
}

#[cfg(feature = "authoring")]
impl schemars::JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "AnyValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::json::{from_slice, json};

    #[test]
    fn writes_what_it_reads() {
        for text in
            ["null", "[]", "{}", "[1,-2.5,1e+300,\"\\n\"]", "{\"b\":[{}],\"a\":{\"c\":[[]]}}", "1.0", "-0.0"]
        {
            assert_eq!(from_slice::<Value>(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn is_built_and_asked_as_serde_json_is() {
        let mut value = json!({"a": 1, "b": json!([1, "x", None::<i64>]), "c": Some(2.5)});
        value["d"]["e"] = "f".into();
        assert_eq!(value.to_string(), r#"{"a":1,"b":[1,"x",null],"c":2.5,"d":{"e":"f"}}"#);
        assert_eq!(
            (value["a"].as_i64(), value["c"].as_f64(), value["z"].as_str()),
            (Some(1), Some(2.5), None)
        );
        assert_eq!(serde_json::to_string(&value).unwrap(), value.to_string());
    }
}
