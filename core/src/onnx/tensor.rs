//! Tensors: a shape and a flat buffer, row-major.
//!
//! Buffers are meant to be used again: [`Tensor::reset`] keeps the capacity, so that a session that
//! has seen a batch of some size allocates nothing for the next one.

use half::f16;

use super::shape::Shape;

/// The element types that the tabular runtime computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DType {
    /// 32-bit IEEE float.
    F32 = 1,
    /// 8-bit unsigned integer.
    U8 = 2,
    /// 8-bit signed integer.
    I8 = 3,
    /// 16-bit unsigned integer.
    U16 = 4,
    /// 16-bit signed integer.
    I16 = 5,
    /// 32-bit signed integer.
    I32 = 6,
    /// 64-bit signed integer.
    I64 = 7,
    /// UTF-8 text.
    Str = 8,
    /// Truth value.
    Bool = 9,
    /// 16-bit IEEE float.
    F16 = 10,
    /// 64-bit IEEE float.
    F64 = 11,
    /// 32-bit unsigned integer.
    U32 = 12,
    /// 64-bit unsigned integer.
    U64 = 13,
}

impl DType {
    /// The type with this number in `TensorProto.DataType`, or `None` where the runtime lacks it.
    /// The discriminants are the standard's own numbers.
    #[must_use]
    pub const fn from_onnx(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            4 => Self::U16,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            8 => Self::Str,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            12 => Self::U32,
            13 => Self::U64,
            _ => return None,
        })
    }

    /// The standard's name, as in `tensor(float)`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "float",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::Str => "string",
            Self::Bool => "bool",
            Self::F16 => "float16",
            Self::F64 => "double",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
        }
    }

    /// Bytes per element in a buffer; 0 for text, whose elements vary.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::Str => 0,
        }
    }

    /// Whether this is one of the float types.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }
}

/// A list of texts in one buffer: text `i` is `bytes[ends[i - 1]..ends[i]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: String,
    ends: Vec<u32>,
}

impl Strings {
    /// The number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Total bytes of text.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Removes all texts and keeps the capacity.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Appends a text. The total is bounded by [`u32::MAX`] bytes, which limits on input sizes keep
    /// far away; past it the text is stored as empty rather than wrapping the index.
    pub fn push(&mut self, text: &str) {
        if u32::try_from(self.bytes.len() + text.len()).is_ok() {
            self.bytes.push_str(text);
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// Text `at`; panics out of range, as a slice does.
    #[must_use]
    pub fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }

    /// All texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut strings = Self::default();
        for text in texts {
            strings.push(text);
        }
        strings
    }
}

/// Elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the element type it is named after")]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    F16(Vec<f16>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I16(Vec<i16>),
    I8(Vec<i8>),
    U64(Vec<u64>),
    U32(Vec<u32>),
    U16(Vec<u16>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    Str(Strings),
}

/// Runs the same expression for each kind of buffer except text; `$buffer` is bound to the `Vec`.
#[macro_export]
macro_rules! for_each_numeric {
    ($data:expr, $buffer:ident => $body:expr, $strings:ident => $text:expr) => {
        match $data {
            $crate::onnx::Data::F32($buffer) => $body,
            $crate::onnx::Data::F64($buffer) => $body,
            $crate::onnx::Data::F16($buffer) => $body,
            $crate::onnx::Data::I64($buffer) => $body,
            $crate::onnx::Data::I32($buffer) => $body,
            $crate::onnx::Data::I16($buffer) => $body,
            $crate::onnx::Data::I8($buffer) => $body,
            $crate::onnx::Data::U64($buffer) => $body,
            $crate::onnx::Data::U32($buffer) => $body,
            $crate::onnx::Data::U16($buffer) => $body,
            $crate::onnx::Data::U8($buffer) => $body,
            $crate::onnx::Data::Bool($buffer) => $body,
            $crate::onnx::Data::Str($strings) => $text,
        }
    };
}

impl Data {
    /// An empty buffer of this type.
    #[must_use]
    pub const fn empty(dtype: DType) -> Self {
        match dtype {
            DType::F32 => Self::F32(Vec::new()),
            DType::F64 => Self::F64(Vec::new()),
            DType::F16 => Self::F16(Vec::new()),
            DType::I64 => Self::I64(Vec::new()),
            DType::I32 => Self::I32(Vec::new()),
            DType::I16 => Self::I16(Vec::new()),
            DType::I8 => Self::I8(Vec::new()),
            DType::U64 => Self::U64(Vec::new()),
            DType::U32 => Self::U32(Vec::new()),
            DType::U16 => Self::U16(Vec::new()),
            DType::U8 => Self::U8(Vec::new()),
            DType::Bool => Self::Bool(Vec::new()),
            DType::Str => Self::Str(Strings { bytes: String::new(), ends: Vec::new() }),
        }
    }

    /// The element type.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
            Self::F16(_) => DType::F16,
            Self::I64(_) => DType::I64,
            Self::I32(_) => DType::I32,
            Self::I16(_) => DType::I16,
            Self::I8(_) => DType::I8,
            Self::U64(_) => DType::U64,
            Self::U32(_) => DType::U32,
            Self::U16(_) => DType::U16,
            Self::U8(_) => DType::U8,
            Self::Bool(_) => DType::Bool,
            Self::Str(_) => DType::Str,
        }
    }

    /// The number of elements held.
    #[must_use]
    pub fn len(&self) -> usize {
        for_each_numeric!(self, buffer => buffer.len(), strings => strings.len())
    }

    /// Whether no element is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A type that tensors hold as a plain buffer: everything but text.
pub trait Element: Copy + Default + PartialEq + 'static {
    /// Its [`DType`].
    const DTYPE: DType;
    /// The buffer, where `data` holds this type.
    fn of(data: &Data) -> Option<&Vec<Self>>;
    /// The buffer to change, where `data` holds this type.
    fn of_mut(data: &mut Data) -> Option<&mut Vec<Self>>;
    /// Wraps a buffer.
    fn wrap(buffer: Vec<Self>) -> Data;
}

macro_rules! element {
    ($($type:ty => $variant:ident),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$variant;
            fn of(data: &Data) -> Option<&Vec<Self>> {
                if let Data::$variant(buffer) = data { Some(buffer) } else { None }
            }
            fn of_mut(data: &mut Data) -> Option<&mut Vec<Self>> {
                if let Data::$variant(buffer) = data { Some(buffer) } else { None }
            }
            fn wrap(buffer: Vec<Self>) -> Data {
                Data::$variant(buffer)
            }
        }
    )*};
}
element!(f32 => F32, f64 => F64, f16 => F16, i64 => I64, i32 => I32, i16 => I16, i8 => I8,
         u64 => U64, u32 => U32, u16 => U16, u8 => U8, bool => Bool);

/// A shape and its elements. `data.len()` always equals the product of the shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Shape,
    data: Data,
}

impl Default for Tensor {
    fn default() -> Self {
        Self { shape: Shape::vector(0), data: Data::F32(Vec::new()) }
    }
}

impl Tensor {
    /// A tensor from a shape and as many elements as the shape holds, else `None`.
    #[must_use]
    pub fn new(shape: Shape, data: Data) -> Option<Self> {
        (shape.elements() == Some(data.len())).then_some(Self { shape, data })
    }

    /// A list.
    #[must_use]
    pub fn vector<T: Element>(elements: Vec<T>) -> Self {
        Self { shape: Shape::vector(elements.len()), data: T::wrap(elements) }
    }

    /// A scalar.
    #[must_use]
    pub fn scalar<T: Element>(element: T) -> Self {
        Self { shape: Shape::SCALAR, data: T::wrap(vec![element]) }
    }

    /// Sizes of the axes.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements.
    #[must_use]
    pub const fn data(&self) -> &Data {
        &self.data
    }

    /// The element type.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, where they are of type `T`.
    #[must_use]
    pub fn elements<T: Element>(&self) -> Option<&[T]> {
        T::of(&self.data).map(Vec::as_slice)
    }

    /// The texts, where it holds text.
    #[must_use]
    pub const fn strings(&self) -> Option<&Strings> {
        if let Data::Str(strings) = &self.data { Some(strings) } else { None }
    }

    /// Makes this a tensor of type `T` and shape `shape`, keeps the buffer's capacity where the type
    /// is the same, and returns the elements to fill (old or default values). The caller has checked
    /// the size against the budget; `Io::output` does both.
    pub fn reset<T: Element>(&mut self, shape: Shape) -> &mut [T] {
        let len = shape.elements().unwrap_or(0);
        self.shape = shape;
        if T::of(&self.data).is_none() {
            self.data = T::wrap(Vec::new());
        }
        match T::of_mut(&mut self.data) {
            Some(buffer) => {
                buffer.resize(len, T::default());
                buffer.as_mut_slice()
            }
            None => &mut [],
        }
    }

    /// Makes this a tensor of text with `shape`; the caller pushes as many texts as the shape holds.
    pub fn reset_strings(&mut self, shape: Shape) -> &mut Strings {
        self.shape = shape;
        if self.strings().is_none() {
            self.data = Data::empty(DType::Str);
        }
        let Data::Str(strings) = &mut self.data else { unreachable!("just made text") };
        strings.clear();
        strings
    }

    /// Makes this a tensor of type `dtype` and shape `shape` like [`Tensor::reset`], for callers that
    /// learn the type at run time. The caller fills the elements and leaves their number as it is;
    /// texts are pushed.
    pub fn reset_as(&mut self, dtype: DType, shape: Shape) -> &mut Data {
        let len = shape.elements().unwrap_or(0);
        self.shape = shape;
        if self.dtype() != dtype {
            self.data = Data::empty(dtype);
        }
        for_each_numeric!(&mut self.data, buffer => buffer.resize(len, Default::default()), strings => strings.clear());
        &mut self.data
    }

    /// Gives the same elements another shape; `false` (and no change) where the counts differ.
    #[must_use]
    pub fn reshape(&mut self, shape: Shape) -> bool {
        let fits = shape.elements() == Some(self.len());
        if fits {
            self.shape = shape;
        }
        fits
    }

    /// Appends `item` along the first axis, which it lacks: a `[2,3]` takes a `[3]` and becomes `[3,3]`.
    /// `false` (and no change) where type or shape do not fit.
    #[must_use]
    pub fn append(&mut self, item: &Self) -> bool {
        macro_rules! extend {
            ($($variant:ident),*) => {
                match (&mut self.data, &item.data) {
                    $((Data::$variant(to), Data::$variant(from)) => to.extend_from_slice(from),)*
                    (Data::Str(to), Data::Str(from)) => from.iter().for_each(|text| to.push(text)),
                    _ => return false,
                }
            };
        }
        if self.shape.sizes().get(1..) != Some(item.shape.sizes()) {
            return false;
        }
        extend!(F32, F64, F16, I64, I32, I16, I8, U64, U32, U16, U8, Bool);
        self.shape.sizes_mut()[0] += 1;
        true
    }

    /// Copies `from` into this tensor and keeps the capacity.
    pub fn copy_from(&mut self, from: &Self) {
        macro_rules! copy {
            ($($variant:ident),*) => {
                match (&mut self.data, &from.data) {
                    $((Data::$variant(to), Data::$variant(source)) => to.clone_from(source),)*
                    (to, source) => *to = source.clone(),
                }
            };
        }
        copy!(F32, F64, F16, I64, I32, I16, I8, U64, U32, U16, U8, Bool);
        self.shape = from.shape;
    }
}
