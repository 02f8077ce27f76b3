//! simd128. Every function here is one instruction, or a few that belong together.

use core::arch::wasm32::{
    f32x4, f32x4_add, f32x4_gt, f32x4_mul, f32x4_ne, f32x4_pmax, f32x4_pmin, f32x4_splat, f32x4_sub,
    i8x16_gt, i8x16_narrow_i16x8, i8x16_shuffle, i8x16_sub, i8x16_swizzle, i16x8_narrow_i32x4, i16x8_shuffle,
    i32x4, i32x4_max, i32x4_shr, i32x4_splat, i32x4_sub, u8x16_max, u8x16_narrow_i16x8, u8x16_splat,
    u32x4_min, u32x4_shr, u32x4_splat, v128, v128_and, v128_andnot, v128_bitselect, v128_or, v128_xor,
};

/// Sixteen bytes.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Bytes(v128);

/// Four floats.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Floats(v128);

/// Four signed words.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Ints(v128);

impl Bytes {
    #[inline(always)]
    pub(crate) fn splat(byte: u8) -> Self {
        Self(u8x16_splat(byte))
    }

    #[inline(always)]
    pub(crate) fn of(bytes: [u8; 16]) -> Self {
        Self(bytemuck::cast(bytes))
    }

    #[inline(always)]
    pub(crate) fn array(self) -> [u8; 16] {
        bytemuck::cast(self.0)
    }

    /// All ones where this byte is less than the other, both taken as signed.
    #[inline(always)]
    pub(crate) fn below(self, other: Self) -> Self {
        Self(i8x16_gt(other.0, self.0))
    }

    /// The bytes of `yes` where `mask` is all ones, of `no` where it is zero.
    #[inline(always)]
    pub(crate) fn choose(mask: Self, yes: Self, no: Self) -> Self {
        Self(v128_bitselect(yes.0, no.0, mask.0))
    }

    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }

    /// The bits that `other` does not have.
    #[inline(always)]
    pub(crate) fn without(self, other: Self) -> Self {
        Self(v128_andnot(self.0, other.0))
    }

    /// The larger bytes, taken as unsigned.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        Self(u8x16_max(self.0, other.0))
    }

    /// Byte `index[i]` of this table at each place `i`, 0 where the index is past 15.
    #[inline(always)]
    pub(crate) fn swizzle(self, index: Self) -> Self {
        Self(i8x16_swizzle(self.0, index.0))
    }

    /// Each byte less `byte`, modulo 256.
    #[inline(always)]
    pub(crate) fn minus(self, byte: u8) -> Self {
        Self(i8x16_sub(self.0, u8x16_splat(byte)))
    }

    /// Adds the floats whose bytes, lowest first, lie in four planes.
    #[inline(always)]
    pub(crate) fn add_floats(planes: [Self; 4], sums: &mut [f32; 16]) {
        let [a, b, c, d] = planes.map(|plane| plane.0);
        let low = i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>;
        let high = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>;
        let (ab, cd) = ([low(a, b), high(a, b)], [low(c, d), high(c, d)]);
        let first = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>;
        let second = i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>;
        let floats = [first(ab[0], cd[0]), second(ab[0], cd[0]), first(ab[1], cd[1]), second(ab[1], cd[1])];
        for (sums, floats) in sums.as_chunks_mut::<4>().0.iter_mut().zip(floats) {
            *sums = bytemuck::cast(f32x4_add(bytemuck::cast(*sums), floats));
        }
    }
}

impl Floats {
    #[inline(always)]
    pub(crate) fn of([a, b, c, d]: [f32; 4]) -> Self {
        Self(f32x4(a, b, c, d))
    }

    /// All ones where this float is greater than the other.
    #[inline(always)]
    pub(crate) fn above(self, other: Self) -> Ints {
        Ints(f32x4_gt(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn is_nan(self) -> Ints {
        Ints(f32x4_ne(self.0, self.0))
    }

    /// `(x - low) * scale`, clamped to 0 and `top` and rounded to a whole number; 0 for NaN.
    #[inline(always)]
    pub(crate) fn linear_bucket(self, low: f32, scale: f32, top: f32) -> [u32; 4] {
        let scaled = f32x4_mul(f32x4_sub(self.0, f32x4_splat(low)), f32x4_splat(scale));
        let clamped = f32x4_pmin(f32x4_splat(top), f32x4_pmax(f32x4_splat(0.0), scaled));
        // Beyond 2^23 floats are whole numbers, so adding it rounds, and leaves the number in the low bits.
        let shifted = f32x4_add(clamped, f32x4_splat(8_388_608.0));
        bytemuck::cast(v128_and(shifted, i32x4_splat(0x7f_ffff)))
    }

    /// The float's bits as a number ordered as floats are, less `low`, over 2^`shift`, clamped to 0 and `top`.
    #[inline(always)]
    pub(crate) fn bits_bucket(self, low: i32, shift: u32, top: u32) -> [u32; 4] {
        let low = i32x4_splat(low);
        let ordered = v128_xor(self.0, u32x4_shr(i32x4_shr(self.0, 31), 1));
        let shifted = u32x4_shr(i32x4_sub(i32x4_max(ordered, low), low), shift);
        bytemuck::cast(u32x4_min(shifted, u32x4_splat(top)))
    }
}

impl Ints {
    #[inline(always)]
    pub(crate) fn of([a, b, c, d]: [i32; 4]) -> Self {
        Self(i32x4(a, b, c, d))
    }

    #[inline(always)]
    pub(crate) fn splat(word: i32) -> Self {
        Self(i32x4_splat(word))
    }

    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self(i32x4_sub(self.0, other.0))
    }

    /// Sixteen words as bytes, clamped to 0 and 255.
    #[inline(always)]
    pub(crate) fn narrow([a, b, c, d]: [Self; 4]) -> Bytes {
        Bytes(u8x16_narrow_i16x8(i16x8_narrow_i32x4(a.0, b.0), i16x8_narrow_i32x4(c.0, d.0)))
    }

    /// Sixteen masks of words as masks of bytes.
    #[inline(always)]
    pub(crate) fn narrow_mask([a, b, c, d]: [Self; 4]) -> Bytes {
        Bytes(i8x16_narrow_i16x8(i16x8_narrow_i32x4(a.0, b.0), i16x8_narrow_i32x4(c.0, d.0)))
    }
}
