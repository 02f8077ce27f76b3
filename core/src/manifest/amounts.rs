//! Amounts: a number, or an expression that gives one.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number, or a CEL expression that gives one.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// The number itself.
    Number(f64),
    /// CEL.
    Expression(String),
}

impl Amount {
    /// The expression, where it is one.
    #[must_use]
    pub fn expression(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Expression(text) => Some(text),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Expression(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or an expression")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount::Expression(text.to_owned()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount::Number(number))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(feature = "authoring")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number, or a CEL expression that gives one.",
            "anyOf": [{"type": "number"}, {"type": "string"}]
        })
    }
}
