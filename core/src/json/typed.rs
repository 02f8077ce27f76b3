//! JSON as types: serde's derived readers over [`Scanner`].
//!
//! serde_json does this too, but only with a second library around it can it say at which path an error
//! lies, and both together were a seventh of the module. Here there is one kind of reader, so each type is
//! compiled once; errors carry the path; and a key that is given twice is always refused.

use std::borrow::Cow;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::fault::{Fault, Problem};
use super::scan::{Number, Scanner};

/// Reads one value of a type, and nothing after it.
///
/// # Errors
/// [`Fault`] where the text is no JSON or does not fit the type.
pub fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, Fault> {
    let mut scanner = Scanner::new(text)?;
    let value = T::deserialize(Reader(&mut scanner))?;
    scanner.end()?;
    Ok(value)
}

struct Reader<'s, 'de>(&'s mut Scanner<'de>);

impl<'de> Reader<'_, 'de> {
    /// The error for a value of another type than is expected.
    #[cold]
    fn unfit(&mut self, expected: &dyn Expected) -> Fault {
        let found = match self.0.peek() {
            Ok(b'"') => Unexpected::Str(""),
            Ok(b'{') => Unexpected::Map,
            Ok(b'[') => Unexpected::Seq,
            Ok(b'n') => Unexpected::Unit,
            Ok(b't' | b'f') => Unexpected::Bool(true),
            Ok(_) => match self.0.number() {
                Ok(Number::Real(number)) => Unexpected::Float(number),
                Ok(_) => Unexpected::Unsigned(0),
                Err(fault) => return fault,
            },
            Err(fault) => return fault,
        };
        de::Error::invalid_type(found, expected)
    }

    fn starts(&mut self, byte: u8, expected: &dyn Expected) -> Result<(), Fault> {
        if self.0.peek()? == byte { Ok(()) } else { Err(self.unfit(expected)) }
    }

    fn text(&mut self, expected: &dyn Expected) -> Result<Cow<'de, str>, Fault> {
        self.starts(b'"', expected)?;
        self.0.text()
    }

    fn boolean(&mut self, expected: &dyn Expected) -> Result<bool, Fault> {
        let truth = match self.0.peek()? {
            b't' => true,
            b'f' => false,
            _ => return Err(self.unfit(expected)),
        };
        self.0.word(if truth { "true" } else { "false" })?;
        Ok(truth)
    }

    fn number(&mut self, expected: &dyn Expected) -> Result<Number, Fault> {
        match self.0.peek()? {
            b'-' | b'0'..=b'9' => self.0.number(),
            _ => Err(self.unfit(expected)),
        }
    }
}

fn give_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Fault> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn give_number<'de, V: Visitor<'de>>(number: Number, visitor: V) -> Result<V::Value, Fault> {
    match number {
        Number::Signed(number) => visitor.visit_i64(number),
        Number::Unsigned(number) => visitor.visit_u64(number),
        Number::Real(number) => visitor.visit_f64(number),
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
            let number = self.number(&visitor)?;
            give_number(number, visitor)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
            let text = self.text(&visitor)?;
            give_text(text, visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Fault;

    numbers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
    deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 }
    texts! { deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.peek()? {
            b'"' => give_text(self.0.text()?, visitor),
            b'{' => self.deserialize_map(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'n' => {
                self.0.word("null")?;
                visitor.visit_unit()
            }
            b't' | b'f' => {
                let truth = self.boolean(&visitor)?;
                visitor.visit_bool(truth)
            }
            _ => give_number(self.0.number()?, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let truth = self.boolean(&visitor)?;
        visitor.visit_bool(truth)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.peek()? == b'n' {
            self.0.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        self.starts(b'[', &visitor)?;
        self.0.enter(b'[')?;
        let mut items = Items { scanner: self.0, next: 0, ended: false };
        let value = visitor.visit_seq(&mut items)?;
        items.close()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        self.starts(b'{', &visitor)?;
        self.0.enter(b'{')?;
        visitor.visit_map(Entries { scanner: self.0, keys: Vec::new() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0.peek()? {
            b'"' => visitor.visit_enum(Variant { name: self.0.text()?, scanner: None }),
            b'{' => {
                self.0.enter(b'{')?;
                self.starts(b'"', &"a variant's name")?;
                let name = self.0.text()?;
                self.0.take(b':')?;
                let value = visitor.visit_enum(Variant { name, scanner: Some(&mut *self.0) })?;
                if self.0.more(false, b'}')? { Err(self.0.fault(Problem::Broken)) } else { Ok(value) }
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple_struct ignored_any }
}

/// The items of a list.
struct Items<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    next: usize,
    ended: bool,
}

impl Items<'_, '_> {
    /// Whether another item follows.
    fn more(&mut self) -> Result<bool, Fault> {
        if !self.ended {
            self.ended = !self.scanner.more(self.next == 0, b']')?;
        }
        Ok(!self.ended)
    }

    /// A list has as many items as its reader wants: a pair has two.
    fn close(&mut self) -> Result<(), Fault> {
        if self.more()? { Err(de::Error::invalid_length(self.next + 1, &"fewer")) } else { Ok(()) }
    }

    #[cold]
    fn inside(&self, fault: Fault, start: usize) -> Fault {
        fault.inside(&format!("[{}]", self.next - 1), start)
    }
}

impl<'de> de::SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if !self.more()? {
            return Ok(None);
        }
        self.next += 1;
        let start = self.scanner.position();
        match seed.deserialize(Reader(self.scanner)) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => Err(self.inside(fault, start)),
        }
    }
}

/// The entries of an object.
struct Entries<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    keys: Vec<Cow<'de, str>>,
}

/// A key is looked for among so few others one by one; among more it is looked for in a sorted list.
const FEW: usize = 8;

impl<'de> Entries<'_, 'de> {
    /// Takes the next key, if there is one; gives its place.
    fn key(&mut self) -> Result<Option<usize>, Fault> {
        if !self.scanner.more(self.keys.is_empty(), b'}')? {
            return self.unrepeated().map(|()| None);
        }
        let start = self.scanner.position();
        if self.scanner.peek()? != b'"' {
            return Err(self.scanner.fault(Problem::Broken));
        }
        self.keys.push(self.scanner.text()?);
        Ok(Some(start))
    }

    fn unrepeated(&mut self) -> Result<(), Fault> {
        let keys = &mut self.keys;
        let mut repeated = None;
        if keys.len() <= FEW {
            for (at, key) in keys.iter().enumerate() {
                repeated = repeated.or_else(|| keys[..at].contains(key).then_some(key));
            }
        } else {
            keys.sort_unstable();
            repeated = keys.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| &pair[0]);
        }
        match repeated {
            Some(key) => Err(de::Error::custom(format_args!("duplicate key `{key}`"))),
            None => Ok(()),
        }
    }

    #[cold]
    fn inside(&self, fault: Fault, start: usize) -> Fault {
        fault.inside(self.keys.last().map_or("", |key| key), start)
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(start) = self.key()? else { return Ok(None) };
        let Some(key) = self.keys.last() else { return Ok(None) };
        seed.deserialize(Name(key)).map(Some).map_err(|fault| self.inside(fault, start))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        self.scanner.take(b':')?;
        self.scanner.peek()?;
        let start = self.scanner.position();
        seed.deserialize(Reader(self.scanner)).map_err(|fault| self.inside(fault, start))
    }
}

/// A key, or the name of a variant.
struct Name<'n, 'de>(&'n Cow<'de, str>);

impl<'de> Deserializer<'de> for Name<'_, 'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_str(name),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(Variant { name: self.0.clone(), scanner: None })
    }

    forward_to_deserialize_any! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf
    option unit unit_struct seq tuple tuple_struct map struct identifier ignored_any }
}

/// A variant of an enumeration: its name, or an object of its name and its value.
struct Variant<'s, 'de> {
    name: Cow<'de, str>,
    scanner: Option<&'s mut Scanner<'de>>,
}

impl<'s, 'de> EnumAccess<'de> for Variant<'s, 'de> {
    type Error = Fault;
    type Variant = Content<'s, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'s, 'de>), Fault> {
        let variant = seed.deserialize(Name(&self.name))?;
        Ok((variant, Content(self.scanner)))
    }
}

/// The value of a variant, if it has one.
struct Content<'s, 'de>(Option<&'s mut Scanner<'de>>);

impl<'s, 'de> Content<'s, 'de> {
    fn reader(self) -> Result<Reader<'s, 'de>, Fault> {
        match self.0 {
            Some(scanner) => Ok(Reader(scanner)),
            None => Err(de::Error::custom("the name stands alone, expected an object of it and its value")),
        }
    }
}

impl<'de> VariantAccess<'de> for Content<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.0 {
            Some(scanner) => <()>::deserialize(Reader(scanner)),
            None => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.reader()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.reader()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.reader()?.deserialize_map(visitor)
    }
}
