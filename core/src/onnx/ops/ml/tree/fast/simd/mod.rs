//! Sixteen bytes or four words at a time: the few vector operations that the tree kernels are made of.
//!
//! On wasm32 they are simd128 instructions (never relaxed ones, whose results differ between machines);
//! elsewhere the same functions are loops over arrays, so that native tests run the same algorithms, and
//! the optimiser makes vector code of most of them. Both give the same bits for every input.

#[cfg(not(target_arch = "wasm32"))]
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use portable::{Bytes, Floats, Ints};
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{Bytes, Floats, Ints};

#[cfg(test)]
mod tests {
    use super::{Bytes, Floats, Ints};

    fn counted(from: u8) -> Bytes {
        Bytes::of(std::array::from_fn(|at| from.wrapping_add(at as u8)))
    }

    #[test]
    fn bytes_compare_as_signed_numbers_and_choose_by_mask() {
        let mask = counted(0x78).below(Bytes::splat(0x7c));
        let wanted = std::array::from_fn(|at| if !(4..8).contains(&at) { 0xff } else { 0 });
        assert_eq!(mask.array(), wanted);
        let chosen = Bytes::choose(mask, Bytes::splat(1), Bytes::splat(2)).array();
        assert_eq!(chosen, wanted.map(|mask| if mask == 0 { 2 } else { 1 }));
        assert_eq!(mask.and(Bytes::splat(3)).array(), wanted.map(|mask| mask & 3));
        assert_eq!(mask.or(Bytes::splat(3)).array(), wanted.map(|mask| mask | 3));
        assert_eq!(mask.without(Bytes::splat(3)).array(), wanted.map(|mask| mask & !3));
        assert_eq!(counted(250).max(Bytes::splat(7)).array(), counted(250).array().map(|byte| byte.max(7)));
    }

    #[test]
    fn a_swizzle_looks_up_sixteen_bytes_and_gives_zero_outside() {
        let table = counted(100);
        let index = Bytes::of([0, 15, 16, 17, 127, 128, 255, 3, 3, 3, 3, 3, 3, 3, 3, 9]);
        assert_eq!(
            table.swizzle(index).array(),
            [100, 115, 0, 0, 0, 0, 0, 103, 103, 103, 103, 103, 103, 103, 103, 109]
        );
    }

    #[test]
    fn planes_of_bytes_become_floats() {
        let values: [f32; 16] = std::array::from_fn(|at| (at as f32 - 3.0) * 1.000_001);
        let planes =
            std::array::from_fn(|byte| Bytes::of(values.map(|value| value.to_bits().to_le_bytes()[byte])));
        let mut sums = [0.5; 16];
        Bytes::add_floats(planes, &mut sums);
        assert_eq!(sums, values.map(|value| 0.5 + value));
    }

    #[test]
    fn words_become_bytes_with_saturation() {
        let words = [[-5, 0, 1, 254], [255, 256, 70_000, -70_000], [7; 4], [8; 4]].map(Ints::of);
        assert_eq!(Ints::narrow(words).array(), [0, 0, 1, 254, 255, 255, 255, 0, 7, 7, 7, 7, 8, 8, 8, 8]);
        let masks = [[-1, 0, -1, 0], [0; 4], [-1; 4], [0; 4]].map(Ints::of);
        let wanted = [255, 0, 255, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0];
        assert_eq!(Ints::narrow_mask(masks).array(), wanted);
        let less = Ints::of([1, 2, 3, 4]).minus(Ints::of([1, 1, -1, 0]));
        assert_eq!(Ints::narrow([less; 4]).array()[..4], [0, 1, 4, 4]);
    }

    #[test]
    fn buckets_are_clamped_and_nan_is_somewhere() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let x = Floats::of([-inf, 3.0, inf, nan]);
        let found = x.linear_bucket(1.0, 2.0, 9.0);
        assert_eq!(found, [0, 4, 9, 0]);
        let low = 1.0f32.to_bits().cast_signed();
        let found = Floats::of([-2.0, 1.0, 4.0, inf]).bits_bucket(low, 22, 5);
        assert_eq!(found, [0, 0, 4, 5]);
        let above = x.above(Floats::of([0.0, 3.0, 3.0, 3.0]));
        assert_eq!(Ints::narrow_mask([above; 4]).array()[..4], [0, 0, 255, 0]);
        assert_eq!(Ints::narrow_mask([x.is_nan(); 4]).array()[..4], [0, 0, 0, 255]);
    }
}
