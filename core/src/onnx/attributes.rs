//! A node's attributes as its builder asks for them.
//!
//! Every question marks the attribute as known to the operator. What is left unmarked after the
//! build is an attribute that the operator does not have: a sign that the model means something
//! else than what would be computed, so it is refused.

use std::cell::Cell;

use super::proto::{AttributeProto, AttributeValue, GraphProto, TensorProto, TypeProto};
use super::tensor::Tensor;
use crate::error::{Error, ErrorCode, Result};

/// The attributes of one node.
pub struct Attributes<'m> {
    list: &'m [AttributeProto<'m>],
    bound: &'m [(&'m str, &'m AttributeValue<'m>)],
    asked: Cell<u64>,
}

macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $variant:ident => $type:ty, $kind:literal, $value:ident => $get:expr) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorCode::ModelAttribute`] where the attribute has another type.
        pub fn $name(&self, name: &str) -> Result<Option<$type>> {
            match self.find(name) {
                None => Ok(None),
                Some(AttributeValue::$variant($value)) => Ok(Some($get)),
                Some(_) => Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!("attribute \"{name}\" must be {}", $kind),
                )),
            }
        }
    };
}

impl<'m> Attributes<'m> {
    /// The attributes in `list`. Names are known to be unique and at most 64.
    #[must_use]
    pub const fn new(list: &'m [AttributeProto<'m>]) -> Self {
        Self::within(list, &[])
    }

    /// The attributes in `list` of a node in a function's body; `bound` are the attributes of the call,
    /// which the node's may refer to. A reference to one that the call leaves out is left out too.
    #[must_use]
    pub const fn within(
        list: &'m [AttributeProto<'m>],
        bound: &'m [(&'m str, &'m AttributeValue<'m>)],
    ) -> Self {
        Self { list, bound, asked: Cell::new(0) }
    }

    fn find(&self, name: &str) -> Option<&'m AttributeValue<'m>> {
        let at = self.list.iter().position(|attribute| attribute.name == name)?;
        self.asked.set(self.asked.get() | (1 << (at & 63)));
        let attribute = self.list.get(at)?;
        if attribute.reference.is_empty() {
            return Some(&attribute.value);
        }
        self.bound.iter().find(|(name, _)| *name == attribute.reference).map(|(_, value)| *value)
    }

    /// Whether the node has the attribute.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The attribute as it is in the file, whatever its type.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'m AttributeValue<'m>> {
        self.find(name)
    }

    getter!(/// An integer.
        int, Int => i64, "an integer", value => *value);
    getter!(/// A float.
        float, Float => f32, "a float", value => *value);
    getter!(/// A list of integers.
        ints, Ints => &'m [i64], "a list of integers", value => value.as_slice());
    getter!(/// A list of floats.
        floats, Floats => &'m [f32], "a list of floats", value => value.as_slice());
    getter!(/// Texts as bytes, for long lists of short words such as tree node modes.
        byte_texts, Texts => &'m [&'m [u8]], "a list of texts", value => value.as_slice());
    getter!(/// A nested graph.
        graph, Graph => &'m GraphProto<'m>, "a graph", value => value);
    getter!(/// A type.
        type_proto, Type => &'m TypeProto<'m>, "a type", value => value);
    getter!(/// A tensor as it is in the file.
        tensor_proto, Tensor => &'m TensorProto<'m>, "a tensor", value => value);

    /// A text.
    ///
    /// # Errors
    /// [`ErrorCode::ModelAttribute`] where the attribute has another type or is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&'m str>> {
        match self.find(name) {
            None => Ok(None),
            Some(AttributeValue::Text(bytes)) => utf8(name, bytes).map(Some),
            Some(_) => {
                Err(Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" must be a text")))
            }
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// [`ErrorCode::ModelAttribute`] where the attribute has another type or is not UTF-8.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&'m str>>> {
        self.byte_texts(name)?.map(|list| list.iter().map(|bytes| utf8(name, bytes)).collect()).transpose()
    }

    /// A tensor, decoded.
    ///
    /// # Errors
    /// [`ErrorCode::ModelAttribute`] where the attribute has another type; whatever decoding finds.
    pub fn tensor(&self, name: &str) -> Result<Option<Tensor>> {
        self.tensor_proto(name)?
            .map(|proto| super::decode::tensor(proto).map_err(|error| error.at(name)))
            .transpose()
    }

    /// An integer that is 0 or 1.
    ///
    /// # Errors
    /// [`ErrorCode::ModelAttribute`] where it is neither.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(Error::new(
                ErrorCode::ModelAttribute,
                format!("attribute \"{name}\" is {other}, must be 0 or 1"),
            )),
        }
    }

    /// The first attribute that nobody asked for.
    #[must_use]
    pub fn unknown(&self) -> Option<&'m str> {
        (0..self.list.len()).find(|at| self.asked.get() & (1 << (at & 63)) == 0).map(|at| self.list[at].name)
    }
}

fn utf8<'m>(name: &str, bytes: &'m [u8]) -> Result<&'m str> {
    std::str::from_utf8(bytes)
        .map_err(|_| Error::new(ErrorCode::ModelAttribute, format!("attribute \"{name}\" is not UTF-8 text")))
}
