//! A JSON text as a tree that borrows from it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fault::Fault;
use super::typed::from_slice;
use crate::error::{Error, ErrorCode, Result};

/// A value. Whole numbers stay exact.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// null.
    Null,
    /// true or false.
    Boolean(bool),
    /// A number written without fraction and exponent, within 64 bits.
    Integer(i64),
    /// Any other number; finite.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// Keys, each once, and values, in the order of the text.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Reads a JSON text. Depth is bounded (127), as is memory by the length of the text.
///
/// # Errors
/// `record_malformed` that says at which line and column the text is broken, or that a key is repeated.
pub fn read(text: &[u8]) -> Result<Json<'_>> {
    from_slice(text).map_err(|fault: Fault| {
        let (line, column) = fault.place(text);
        // What a record holds is never repeated, and a key may be a value in the wrong place.
        let problem = if fault.is_broken() { fault.message() } else { "the JSON text has a repeated key" };
        Error::new(ErrorCode::RecordMalformed, format!("{problem}, at line {line} column {column}"))
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Tree(std::marker::PhantomData))
    }
}

struct Tree<'a>(std::marker::PhantomData<Json<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for Tree<'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Self::Value, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Self::Value, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Json::Number(value as f64), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Self::Value, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> std::result::Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }
}

/// A key, borrowed where the text needs no unescaping; serde's own `Cow` always copies.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_str(KeyText(std::marker::PhantomData))
    }
}

struct KeyText<'a>(std::marker::PhantomData<Key<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for KeyText<'a> {
    type Value = Key<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn keeps_types_apart() {
        let Json::Object(entries) =
            read(br#"{"a":1,"b":1.0,"c":"x\u00e9","d":[null,true],"e":9223372036854775808}"#).unwrap()
        else {
            panic!("an object")
        };
        let values: Vec<_> = entries.into_iter().map(|(_, value)| value).collect();
        assert_eq!(
            values,
            [
                Json::Integer(1),
                Json::Number(1.0),
                Json::Text("xé".into()),
                Json::List(vec![Json::Null, Json::Boolean(true)]),
                Json::Number(9_223_372_036_854_775_808.0),
            ]
        );
    }

    #[test]
    fn refuses_broken_text_without_quoting_it() {
        let many: String = (0..20).map(|at| format!("\"k{}\":1,", at % 19)).collect();
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "{\"secret\":1,\"secret\":2}",
            "{\"secret\" 1}",
            "{\"a\":NaN}",
            "{\"a\":1e999}",
            "{\"a\":\"secret",
            "[1] 2",
            "\"\\ud800\"",
            &format!("{{{}\"z\":0}}", many),
            &deep,
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::RecordMalformed);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
