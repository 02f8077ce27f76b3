//! Arithmetic in four types instead of twelve.
//!
//! float16 is computed as float and rounded once; the small integers are computed as int64 and cut
//! off, which is what wrapping arithmetic gives; bool counts as 0 and 1. So an operator is compiled
//! for float, double, int64 and uint64 at most, and [`Compute::widen`] and [`Store::narrow`] translate a
//! chunk at a time. float, double, int64 and uint64 buffers are used in place.

use half::f16;

use crate::onnx::tensor::{DType, Data, Element};

/// Elements that are translated at a time.
pub(super) const CHUNK: usize = 256;

/// The type that a tensor's elements are computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// float: float and float16.
    F32,
    /// double.
    F64,
    /// int64: all integers up to 32 bits, int64 and bool.
    I64,
    /// uint64.
    U64,
    /// Text is not computed with.
    Text,
}

/// The class of an element type.
pub(super) const fn class(dtype: DType) -> Class {
    match dtype {
        DType::F32 | DType::F16 => Class::F32,
        DType::F64 => Class::F64,
        DType::U64 => Class::U64,
        DType::Str => Class::Text,
        _ => Class::I64,
    }
}

/// A type that results are made in.
pub(super) trait Store: Element + Send + Sync {
    /// Writes `values` into `data` from element `at` on, each converted to the buffer's type: integers
    /// wrap, floats round to nearest even, floats become integers toward zero and saturate (the
    /// standard leaves values out of range open).
    fn narrow(values: &[Self], data: &mut Data, at: usize);
}

/// A type that arithmetic is done in.
pub(super) trait Compute: Store + PartialOrd {
    /// Reads as many elements of `data` as `out` holds, from element `at` on. `data` must be of this
    /// type's class; int64 also reads uint64 by its bits.
    fn widen(data: &Data, at: usize, out: &mut [Self]);
    /// The value that is nearest to a double.
    fn from_f64(value: f64) -> Self;
    /// The sum; integers wrap.
    fn plus(self, other: Self) -> Self;
    /// The product; integers wrap.
    fn times(self, other: Self) -> Self;
}

fn each<S: Copy, T>(from: &[S], to: &mut [T], convert: impl Fn(S) -> T) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = convert(from);
    }
}

macro_rules! store {
    ($type:ty, $to_f16:expr, $to_bool:expr) => {
        impl Store for $type {
            #[inline(never)]
            fn narrow(values: &[Self], data: &mut Data, at: usize) {
                let end = at + values.len();
                match data {
                    Data::F32(to) => each(values, &mut to[at..end], |value| value as f32),
                    Data::F64(to) => each(values, &mut to[at..end], |value| value as f64),
                    Data::F16(to) => each(values, &mut to[at..end], $to_f16),
                    Data::I64(to) => each(values, &mut to[at..end], |value| value as i64),
                    Data::I32(to) => each(values, &mut to[at..end], |value| value as i32),
                    Data::I16(to) => each(values, &mut to[at..end], |value| value as i16),
                    Data::I8(to) => each(values, &mut to[at..end], |value| value as i8),
                    Data::U64(to) => each(values, &mut to[at..end], |value| value as u64),
                    Data::U32(to) => each(values, &mut to[at..end], |value| value as u32),
                    Data::U16(to) => each(values, &mut to[at..end], |value| value as u16),
                    Data::U8(to) => each(values, &mut to[at..end], |value| value as u8),
                    Data::Bool(to) => each(values, &mut to[at..end], $to_bool),
                    Data::Str(_) => {}
                }
            }
        }
    };
}
store!(f32, f16::from_f32, |value| value != 0.0);
store!(f64, f16::from_f64, |value| value != 0.0);
store!(i64, |value| f16::from_f64(value as f64), |value| value != 0);
store!(u64, |value| f16::from_f64(value as f64), |value| value != 0);

impl Store for bool {
    fn narrow(values: &[Self], data: &mut Data, at: usize) {
        if let Data::Bool(to) = data {
            to[at..at + values.len()].copy_from_slice(values);
        }
    }
}

impl Compute for f32 {
    #[inline(never)]
    fn widen(data: &Data, at: usize, out: &mut [Self]) {
        match data {
            Data::F32(from) => out.copy_from_slice(&from[at..at + out.len()]),
            Data::F16(from) => each(&from[at..], out, f16::to_f32),
            _ => {}
        }
    }

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn times(self, other: Self) -> Self {
        self * other
    }
}

impl Compute for f64 {
    #[inline(never)]
    fn widen(data: &Data, at: usize, out: &mut [Self]) {
        match data {
            Data::F64(from) => out.copy_from_slice(&from[at..at + out.len()]),
            Data::F32(from) => each(&from[at..], out, Self::from),
            Data::F16(from) => each(&from[at..], out, f16::to_f64),
            _ => {}
        }
    }

    fn from_f64(value: f64) -> Self {
        value
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn times(self, other: Self) -> Self {
        self * other
    }
}

impl Compute for i64 {
    #[inline(never)]
    fn widen(data: &Data, at: usize, out: &mut [Self]) {
        match data {
            Data::I64(from) => out.copy_from_slice(&from[at..at + out.len()]),
            Data::I32(from) => each(&from[at..], out, Self::from),
            Data::I16(from) => each(&from[at..], out, Self::from),
            Data::I8(from) => each(&from[at..], out, Self::from),
            Data::U64(from) => each(&from[at..], out, |value| value as Self),
            Data::U32(from) => each(&from[at..], out, Self::from),
            Data::U16(from) => each(&from[at..], out, Self::from),
            Data::U8(from) => each(&from[at..], out, Self::from),
            Data::Bool(from) => each(&from[at..], out, Self::from),
            _ => {}
        }
    }

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

impl Compute for u64 {
    fn widen(data: &Data, at: usize, out: &mut [Self]) {
        if let Data::U64(from) = data {
            out.copy_from_slice(&from[at..at + out.len()]);
        }
    }

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

/// A chunk of a buffer as `C`: a part of the buffer itself where it is of that type, else
/// translated into `space`. `len` is at most [`CHUNK`].
#[inline(never)]
pub(super) fn chunk<'a, C: Compute>(
    data: &'a Data,
    at: usize,
    len: usize,
    space: &'a mut [C; CHUNK],
) -> &'a [C] {
    if let Some(buffer) = C::of(data) {
        return &buffer[at..at + len];
    }
    C::widen(data, at, &mut space[..len]);
    &space[..len]
}

/// The whole buffer as `C`: itself where it is of that type, else translated into `space`.
#[inline(never)]
pub(super) fn whole<'a, C: Compute>(data: &'a Data, space: &'a mut Vec<C>) -> &'a [C] {
    if let Some(buffer) = C::of(data) {
        return buffer;
    }
    space.clear();
    space.resize(data.len(), C::default());
    C::widen(data, 0, space);
    space
}

/// Lets a kernel fill `len` elements of `data` as `C`s in one piece: in place where the buffer is of
/// that type, else in `space`, from where they are converted. The elements start as default values or
/// as left by an earlier run.
pub(super) fn fill<C: Compute>(data: &mut Data, space: &mut Vec<C>, make: impl FnOnce(&mut [C])) {
    if let Some(buffer) = C::of_mut(data) {
        make(buffer);
        return;
    }
    space.clear();
    space.resize(data.len(), C::default());
    make(space);
    C::narrow(space, data, 0);
}

/// Runs `$body` with `$C` standing for the type that `$dtype` is computed in; `$text` where it is text.
macro_rules! by_class {
    ($dtype:expr, $C:ident => $body:expr, _ => $text:expr) => {
        match $crate::onnx::ops::compute::class($dtype) {
            $crate::onnx::ops::compute::Class::F32 => {
                type $C = f32;
                $body
            }
            $crate::onnx::ops::compute::Class::F64 => {
                type $C = f64;
                $body
            }
            $crate::onnx::ops::compute::Class::I64 => {
                type $C = i64;
                $body
            }
            $crate::onnx::ops::compute::Class::U64 => {
                type $C = u64;
                $body
            }
            $crate::onnx::ops::compute::Class::Text => $text,
        }
    };
}
pub(super) use by_class;

/// Whether a number cannot be compared, not even with itself.
pub(super) fn is_nan<C: Compute>(value: C) -> bool {
    value.partial_cmp(&value).is_none()
}

/// A float type that more than sums and products are computed in.
pub(super) trait Real: Compute {
    /// The quotient.
    fn over(self, other: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// The difference.
    fn minus(self, other: Self) -> Self;
    /// This to the power of `exponent`.
    fn power(self, exponent: Self) -> Self;
}

macro_rules! real {
    ($type:ty, $power:path) => {
        impl Real for $type {
            fn over(self, other: Self) -> Self {
                self / other
            }

            fn root(self) -> Self {
                self.sqrt()
            }

            fn minus(self, other: Self) -> Self {
                self - other
            }

            fn power(self, exponent: Self) -> Self {
                $power(self, exponent)
            }
        }
    };
}
real!(f32, libm::powf);
real!(f64, libm::pow);
