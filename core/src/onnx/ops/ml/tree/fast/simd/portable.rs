//! The same operations as loops over arrays.

/// Sixteen bytes.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
pub(crate) struct Bytes([u8; 16]);

/// Four floats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floats([f32; 4]);

/// Four signed words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ints([i32; 4]);

fn each<A: Copy, B: Copy, R, const N: usize>(a: [A; N], b: [B; N], of: impl Fn(A, B) -> R) -> [R; N] {
    std::array::from_fn(|at| of(a[at], b[at]))
}

const fn mask(on: bool) -> i32 {
    if on { -1 } else { 0 }
}

impl Bytes {
    pub(crate) const fn splat(byte: u8) -> Self {
        Self([byte; 16])
    }

    pub(crate) const fn of(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn array(self) -> [u8; 16] {
        self.0
    }

    /// All ones where this byte is less than the other, both taken as signed.
    pub(crate) fn below(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| if a.cast_signed() < b.cast_signed() { 0xff } else { 0 }))
    }

    /// The bytes of `yes` where `mask` is all ones, of `no` where it is zero.
    pub(crate) fn choose(mask: Self, yes: Self, no: Self) -> Self {
        yes.and(mask).or(no.without(mask))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a & b))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a | b))
    }

    /// The bits that `other` does not have.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a & !b))
    }

    /// The larger bytes, taken as unsigned.
    pub(crate) fn max(self, other: Self) -> Self {
        Self(each(self.0, other.0, std::cmp::Ord::max))
    }

    /// Byte `index[i]` of this table at each place `i`, 0 where the index is past 15.
    pub(crate) fn swizzle(self, index: Self) -> Self {
        Self(index.0.map(|at| self.0.get(usize::from(at)).copied().unwrap_or(0)))
    }

    /// Each byte less `byte`, modulo 256.
    pub(crate) fn minus(self, byte: u8) -> Self {
        Self(self.0.map(|own| own.wrapping_sub(byte)))
    }

    /// Adds the floats whose bytes, lowest first, lie in four planes.
    pub(crate) fn add_floats(planes: [Self; 4], sums: &mut [f32; 16]) {
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum += f32::from_le_bytes(planes.map(|plane| plane.0[at]));
        }
    }
}

impl Floats {
    pub(crate) const fn of(floats: [f32; 4]) -> Self {
        Self(floats)
    }

    /// All ones where this float is greater than the other.
    pub(crate) fn above(self, other: Self) -> Ints {
        Ints(each(self.0, other.0, |a, b| mask(a > b)))
    }

    pub(crate) fn is_nan(self) -> Ints {
        Ints(self.0.map(|float| mask(float.is_nan())))
    }

    /// `(x - low) * scale`, clamped to 0 and `top` and rounded to a whole number; 0 for NaN.
    pub(crate) fn linear_bucket(self, low: f32, scale: f32, top: f32) -> [u32; 4] {
        self.0.map(|x| {
            let scaled = (x - low) * scale;
            let clamped = if scaled > 0.0 { scaled } else { 0.0 };
            let clamped = if clamped < top { clamped } else { top };
            // Beyond 2^23 floats are whole numbers, so adding it rounds, and leaves the number in the low bits.
            (clamped + 8_388_608.0).to_bits() & 0x7f_ffff
        })
    }

    /// The float's bits as a number ordered as floats are, less `low`, over 2^`shift`, clamped to 0 and `top`.
    pub(crate) fn bits_bucket(self, low: i32, shift: u32, top: u32) -> [u32; 4] {
        self.0.map(|x| {
            let bits = x.to_bits().cast_signed();
            let ordered = bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed();
            (ordered.max(low).wrapping_sub(low).cast_unsigned() >> shift).min(top)
        })
    }
}

impl Ints {
    pub(crate) const fn of(words: [i32; 4]) -> Self {
        Self(words)
    }

    pub(crate) const fn splat(word: i32) -> Self {
        Self([word; 4])
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(each(self.0, other.0, i32::wrapping_sub))
    }

    /// Sixteen words as bytes, clamped to 0 and 255.
    pub(crate) fn narrow(words: [Self; 4]) -> Bytes {
        Bytes(std::array::from_fn(|at| words[at / 4].0[at % 4].clamp(0, 255) as u8))
    }

    /// Sixteen masks of words as masks of bytes.
    pub(crate) fn narrow_mask(words: [Self; 4]) -> Bytes {
        Bytes(std::array::from_fn(|at| words[at / 4].0[at % 4] as u8))
    }
}
