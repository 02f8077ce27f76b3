//! The two precisions that an ensemble may be stored and scored in.

use crate::onnx::kernel::Scratch;
use crate::onnx::tensor::{Data, Element};

/// float or double.
pub(crate) trait Real:
    Element + PartialOrd + Send + Sync + std::ops::AddAssign + std::ops::DivAssign
{
    /// Zero.
    const ZERO: Self;
    /// From a float, exactly.
    fn from_f32(value: f32) -> Self;
    /// From a double, rounded.
    fn from_f64(value: f64) -> Self;
    /// As a float, rounded.
    fn to_f32(self) -> f32;
    /// As a double, exactly.
    fn to_f64(self) -> f64;
    /// The largest number that is less than this one.
    fn next_below(self) -> Self;
    /// A number that is no threshold, kept in a threshold's place.
    fn from_place(place: u32) -> Self;
    /// The number that [`Self::from_place`] was given.
    fn to_place(self) -> u32;
    /// The elements of a table of numbers in this precision, converted into `space` where needed.
    fn values<'a>(data: &'a Data, space: &'a mut Vec<Self>) -> &'a [Self];
    /// Reusable buffers for converted inputs and for scores.
    fn buffers(scratch: &mut Scratch) -> (&mut Vec<Self>, &mut Vec<Self>);
}

macro_rules! real {
    ($type:ty, $own:ident, $other:ident, $inputs:ident, $scores:ident, $bits:ty) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            fn from_f32(value: f32) -> Self {
                value as Self
            }
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            fn to_f32(self) -> f32 {
                self as f32
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn next_below(self) -> Self {
                self.next_down()
            }
            fn from_place(place: u32) -> Self {
                Self::from_bits(<$bits>::from(place))
            }
            fn to_place(self) -> u32 {
                self.to_bits() as u32
            }
            fn values<'a>(data: &'a Data, space: &'a mut Vec<Self>) -> &'a [Self] {
                space.clear();
                match data {
                    Data::$own(values) => return values,
                    Data::$other(values) => space.extend(values.iter().map(|&value| value as Self)),
                    Data::F16(values) => space.extend(values.iter().map(|value| value.to_f32() as Self)),
                    Data::I64(values) => space.extend(values.iter().map(|&value| value as Self)),
                    Data::I32(values) => space.extend(values.iter().map(|&value| value as Self)),
                    _ => {}
                }
                space
            }
            fn buffers(scratch: &mut Scratch) -> (&mut Vec<Self>, &mut Vec<Self>) {
                (&mut scratch.$inputs, &mut scratch.$scores)
            }
        }
    };
}
real!(f32, F32, F64, f32, scores_f32, u32);
real!(f64, F64, F32, f64, scores_f64, u64);
