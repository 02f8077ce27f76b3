//! Columns and tensors as they cross the module's border.
//!
//! What goes in may be borrowed and is copied once, straight into the instance's memory; what comes out
//! is owned. `wasm/ABI.md` describes the layout; [`encode`] and [`decode`] are its two directions.

use std::borrow::Cow;

pub(crate) mod decode;
pub(crate) mod encode;
mod rows;

use scorebox_abi::table::dtype;

/// Rows by named columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch<'a> {
    /// The number of rows; every column has as many elements.
    pub rows: usize,
    /// The columns, in order.
    pub columns: Vec<Column<'a>>,
}

impl Batch<'_> {
    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column<'_>> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// One column of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Column<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its elements.
    pub data: Data<'a>,
    /// Bit `i % 8` of byte `i / 8` is 1 where element `i` is present, as in Arrow; `None` where all are.
    pub valid: Option<Cow<'a, [u8]>>,
}

impl<'a> Column<'a> {
    /// A column whose elements are all present.
    pub fn new(name: impl Into<Cow<'a, str>>, data: Data<'a>) -> Self {
        Self { name: name.into(), data, valid: None }
    }

    /// Whether element `at` is present.
    #[must_use]
    pub fn is_present(&self, at: usize) -> bool {
        match &self.valid {
            Some(bits) => bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1),
            None => at < self.data.len(),
        }
    }

    /// Element `at` where it is present and text.
    #[must_use]
    pub fn text(&self, at: usize) -> Option<&str> {
        if self.is_present(at) { self.data.text(at) } else { None }
    }
}

/// Elements of one type, row-major.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the element type it is named after")]
pub enum Data<'a> {
    F32(Cow<'a, [f32]>),
    F64(Cow<'a, [f64]>),
    /// 16-bit floats as their bits.
    F16(Cow<'a, [u16]>),
    I8(Cow<'a, [i8]>),
    I16(Cow<'a, [i16]>),
    I32(Cow<'a, [i32]>),
    I64(Cow<'a, [i64]>),
    U8(Cow<'a, [u8]>),
    U16(Cow<'a, [u16]>),
    U32(Cow<'a, [u32]>),
    U64(Cow<'a, [u64]>),
    /// Truth values, one byte each, 0 or 1.
    Bool(Cow<'a, [u8]>),
    /// Text `i` is `bytes[offsets[i]..offsets[i + 1]]`, UTF-8. There is one offset more than texts; the
    /// first may be other than 0, as in a slice of an Arrow array.
    Text {
        offsets: Cow<'a, [u32]>,
        bytes: Cow<'a, [u8]>,
    },
}

impl<'a> Data<'a> {
    /// Texts.
    ///
    /// More than 4 GiB of text do not fit a table; texts past that are empty, and the module's own
    /// limit refuses such a batch.
    pub fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Data<'static> {
        let (mut offsets, mut bytes) = (vec![0_u32], Vec::new());
        for text in texts {
            if u32::try_from(bytes.len() + text.as_ref().len()).is_ok() {
                bytes.extend_from_slice(text.as_ref().as_bytes());
            }
            offsets.push(bytes.len() as u32);
        }
        Data::Text { offsets: offsets.into(), bytes: bytes.into() }
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(data) => data.len(),
            Self::F64(data) => data.len(),
            Self::F16(data) | Self::U16(data) => data.len(),
            Self::I8(data) => data.len(),
            Self::I16(data) => data.len(),
            Self::I32(data) => data.len(),
            Self::I64(data) => data.len(),
            Self::U8(data) | Self::Bool(data) => data.len(),
            Self::U32(data) => data.len(),
            Self::U64(data) => data.len(),
            Self::Text { offsets, .. } => offsets.len().saturating_sub(1),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Text `at`, where this is text and it is UTF-8.
    #[must_use]
    pub fn text(&self, at: usize) -> Option<&str> {
        let Self::Text { offsets, bytes } = self else { return None };
        let range = *offsets.get(at)? as usize..*offsets.get(at.checked_add(1)?)? as usize;
        std::str::from_utf8(bytes.get(range)?).ok()
    }

    /// The element type's number in `TensorProto.DataType`.
    #[must_use]
    pub const fn dtype(&self) -> u8 {
        match self {
            Self::F32(_) => dtype::F32,
            Self::F64(_) => dtype::F64,
            Self::F16(_) => dtype::F16,
            Self::I8(_) => dtype::I8,
            Self::I16(_) => dtype::I16,
            Self::I32(_) => dtype::I32,
            Self::I64(_) => dtype::I64,
            Self::U8(_) => dtype::U8,
            Self::U16(_) => dtype::U16,
            Self::U32(_) => dtype::U32,
            Self::U64(_) => dtype::U64,
            Self::Bool(_) => dtype::BOOL,
            Self::Text { .. } => dtype::TEXT,
        }
    }
}

/// Sizes of the axes, outermost first, and the elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// Sizes; empty for a scalar. Their product is the number of elements.
    pub dims: Vec<usize>,
    /// The elements.
    pub data: Data<'a>,
}

/// What goes into and comes out of a bare model.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A tensor.
    Tensor(Tensor<'a>),
    /// A list of maps from class label to score, as ZipMap makes them: row `i` maps `keys[j]` to
    /// `table[i, j]`.
    ZipMap {
        /// The labels: integers or text.
        keys: Tensor<'a>,
        /// Rows by labels.
        table: Tensor<'a>,
    },
    /// A list of values.
    Sequence(Vec<Value<'a>>),
    /// A value or none.
    Optional(Option<Box<Value<'a>>>),
    /// One map.
    Map {
        /// Keys: integers or text.
        keys: Tensor<'a>,
        /// As many values.
        values: Tensor<'a>,
    },
}
