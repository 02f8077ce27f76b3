//! From Rust's values to [`Value`]: serde's derived writers, compiled for this one writer.

use std::fmt;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::value::Value;

/// A value of any type that serde can write. What JSON cannot hold becomes null.
#[must_use]
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    value.serialize(Tree).unwrap_or(Value::Null)
}

/// Builds objects, `json!({"name": name, "points": {"min": 300}})`, and lists; values are anything that serde
/// writes.
#[macro_export]
#[doc(hidden)]
macro_rules! scorebox_json {
    (null) => {
        $crate::json::Value::Null
    };
    ({$($entries:tt)*}) => {{
        let mut map = $crate::json::Map::new();
        $crate::scorebox_json!(@map map $($entries)*);
        $crate::json::Value::Object(map)
    }};
    ([$($value:expr),* $(,)?]) => {
        $crate::json::Value::Array(vec![$($crate::json::to_value(&$value)),*])
    };
    (@map $map:ident) => {};
    (@map $map:ident $key:literal: null $(, $($rest:tt)*)?) => {
        $map.insert($key.to_owned(), $crate::json::Value::Null);
        $($crate::scorebox_json!(@map $map $($rest)*);)?
    };
    (@map $map:ident $key:literal: {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $map.insert($key.to_owned(), $crate::scorebox_json!({$($inner)*}));
        $($crate::scorebox_json!(@map $map $($rest)*);)?
    };
    (@map $map:ident $key:literal: $value:expr $(, $($rest:tt)*)?) => {
        $map.insert($key.to_owned(), $crate::json::to_value(&$value));
        $($crate::scorebox_json!(@map $map $($rest)*);)?
    };
    ($value:expr) => {
        $crate::json::to_value(&$value)
    };
}
pub use scorebox_json as json;

/// What cannot be a key.
#[derive(Debug)]
struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key must be text")
    }
}

impl std::error::Error for Unfit {}

impl Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Outcome<T = Value> = Result<T, Unfit>;

struct Tree;

macro_rules! scalars {
    ($($method:ident: $type:ty => $into:ty,)*) => {
        $(fn $method(self, value: $type) -> Outcome {
            Ok(Value::from(<$into>::from(value)))
        })*
    };
}

impl Serializer for Tree {
    type Ok = Value;
    type Error = Unfit;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    scalars! {
        serialize_bool: bool => bool,
        serialize_i8: i8 => i64,
        serialize_i16: i16 => i64,
        serialize_i32: i32 => i64,
        serialize_i64: i64 => i64,
        serialize_u8: u8 => u64,
        serialize_u16: u16 => u64,
        serialize_u32: u32 => u64,
        serialize_u64: u64 => u64,
        serialize_f32: f32 => f64,
        serialize_f64: f64 => f64,
        serialize_char: char => String,
        serialize_str: &str => String,
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Outcome {
        Ok(bytes.iter().map(|&byte| Value::from(u32::from(byte))).collect())
    }

    fn serialize_none(self) -> Outcome {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome {
        Ok(named(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Outcome<List> {
        Ok(List { variant: None, items: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Outcome<List> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Outcome<List> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Outcome<List> {
        Ok(List { variant: Some(variant), items: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Outcome<Entries> {
        Ok(Entries { variant: None, entries: Vec::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Outcome<Entries> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Outcome<Entries> {
        Ok(Entries { variant: Some(variant), entries: Vec::new() })
    }
}

/// The value, in an object under the name of its variant if it has one.
fn named(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => [(variant.to_owned(), value)].into_iter().collect(),
        None => value,
    }
}

/// A list under construction.
struct List {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

impl List {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        self.items.push(value.serialize(Tree)?);
        Ok(())
    }

    fn finish(self) -> Outcome {
        Ok(named(self.variant, Value::Array(self.items)))
    }
}

/// An object under construction; a key waits for its value as an entry with null.
struct Entries {
    variant: Option<&'static str>,
    entries: Vec<(String, Value)>,
}

impl Entries {
    fn add<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Outcome<()> {
        self.entries.push((key.to_owned(), value.serialize(Tree)?));
        Ok(())
    }

    fn finish(self) -> Outcome {
        Ok(named(self.variant, self.entries.into_iter().collect()))
    }
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome<()> {
        match key.serialize(Tree)? {
            Value::String(key) => self.entries.push((key, Value::Null)),
            _ => return Err(Unfit),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        if let Some((_, waiting)) = self.entries.last_mut() {
            *waiting = value.serialize(Tree)?;
        }
        Ok(())
    }

    fn end(self) -> Outcome {
        self.finish()
    }
}

macro_rules! lists {
    ($($name:ident: $method:ident,)*) => {
        $(impl $name for List {
            type Ok = Value;
            type Error = Unfit;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
                self.add(value)
            }

            fn end(self) -> Outcome {
                self.finish()
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

macro_rules! objects {
    ($($name:ident)*) => {
        $(impl $name for Entries {
            type Ok = Value;
            type Error = Unfit;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Outcome<()> {
                self.add(key, value)
            }

            fn end(self) -> Outcome {
                self.finish()
            }
        })*
    };
}

objects! { SerializeStruct SerializeStructVariant }
