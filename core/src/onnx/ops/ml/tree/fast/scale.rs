//! The rank of a number among the thresholds of one feature: how many of them are less than it.
//!
//! A monotone function puts a number into one of some hundred buckets, a table says how many thresholds
//! lie in the buckets before, and those of the bucket itself are compared one by one, most often one. Since
//! the function is monotone, thresholds of other buckets need no comparison, so the rank is exact whatever
//! the function's rounding. Where the thresholds cluster too much for that, a binary search takes its place.

use super::super::real::Real;
use super::simd::{Floats, Ints};

/// The function from numbers to buckets. It depends on nothing but the number's value, except that zeros may
/// differ: thresholds are never -0.0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Buckets<T> {
    /// `(x - low) * scale`.
    Linear { low: T, scale: T },
    /// The exponent and the first bits of the fraction: amounts spread over orders of magnitude.
    Bits { low: i64, shift: u32 },
    /// None: binary search.
    Search,
}

/// The thresholds of one feature, ready to be searched.
#[derive(Clone, Debug)]
pub(crate) struct Scale<T> {
    buckets: Buckets<T>,
    /// Thresholds below each bucket; the last bucket takes everything above too.
    bases: Box<[u16]>,
    /// The thresholds, ascending, then `steps` times infinity, which no number is greater than.
    thresholds: Box<[T]>,
    /// Comparisons per number, or steps of the binary search.
    steps: u32,
}

/// Comparisons per number past which a binary search takes fewer.
const MAX_STEPS: u32 = 4;
const MAX_BUCKETS: usize = 4096;

impl<T: Ranked> Scale<T> {
    /// A scale of thresholds that ascend, at most 65,535, none of them NaN, infinity or -0.0.
    pub(super) fn new(thresholds: &[T]) -> Self {
        let count = thresholds.len();
        let mut best: Option<(Buckets<T>, usize, u32)> = None;
        let mut size = (2 * count).next_power_of_two().clamp(16, MAX_BUCKETS);
        while size <= MAX_BUCKETS && best.is_none_or(|(_, _, steps)| steps > 1) {
            for buckets in candidates(thresholds, size) {
                let steps = crowd(buckets, size, thresholds);
                if best.is_none_or(|(_, _, least)| steps < least) {
                    best = Some((buckets, size, steps));
                }
            }
            size *= 2;
        }
        let (buckets, size, steps) = match best {
            Some(best) if best.2 <= MAX_STEPS => best,
            _ => (Buckets::Search, 0, usize::BITS - count.leading_zeros()),
        };
        let mut bases = vec![0u16; size];
        if size > 0 {
            for &threshold in thresholds {
                if let Some(next) = bases.get_mut(T::bucket(buckets, size, threshold) + 1) {
                    *next += 1;
                }
            }
            let mut total = 0;
            for base in &mut bases {
                total += *base;
                *base = total;
            }
        }
        let padding = if size > 0 { steps as usize } else { 1 << steps };
        let mut padded = thresholds.to_vec();
        padded.resize(count + padding, T::from_f64(f64::INFINITY));
        Self { buckets, bases: bases.into(), thresholds: padded.into(), steps }
    }

    /// How many thresholds are less than `x`. For NaN, any number up to their count.
    pub(super) fn rank(&self, x: T) -> u16 {
        let less = |at: usize| self.thresholds.get(at).is_some_and(|&threshold| threshold < x);
        if let Buckets::Search = self.buckets {
            let mut rank = 0;
            for step in (0..self.steps).rev() {
                if less(rank + (1 << step) - 1) {
                    rank += 1 << step;
                }
            }
            return rank as u16;
        }
        let bucket = T::bucket(self.buckets, self.bases.len(), x);
        let base = self.bases.get(bucket).copied().unwrap_or(0);
        (0..self.steps as u16).fold(base, |rank, step| rank + u16::from(less(usize::from(base + step))))
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.bases) + size_of_val(&*self.thresholds)
    }
}

/// Both functions that fit so many buckets, where they can be had.
fn candidates<T: Ranked>(thresholds: &[T], size: usize) -> impl Iterator<Item = Buckets<T>> + use<T> {
    // The lowest threshold may be minus infinity, which no distance can be taken from.
    let low = thresholds.iter().copied().find(|&threshold| threshold > T::from_f64(f64::NEG_INFINITY));
    let high = thresholds.last().copied().unwrap_or(T::ZERO);
    let low = low.unwrap_or(high);
    let scale = T::from_f64((size - 1) as f64 / (high.to_f64() - low.to_f64()));
    let usable = scale > T::ZERO && scale < T::from_f64(f64::INFINITY);
    let (from, to) = (low.order_bits(), high.order_bits());
    let distance = to.wrapping_sub(from).cast_unsigned();
    let shift = (64 - distance.leading_zeros()).saturating_sub(size.trailing_zeros());
    let linear = usable.then_some(Buckets::Linear { low, scale });
    linear.into_iter().chain([Buckets::Bits { low: from, shift }])
}

/// The most thresholds in one bucket.
fn crowd<T: Ranked>(buckets: Buckets<T>, size: usize, thresholds: &[T]) -> u32 {
    let (mut most, mut run, mut last) = (0, 0, usize::MAX);
    for &threshold in thresholds {
        let bucket = T::bucket(buckets, size, threshold);
        run = if bucket == last { run + 1 } else { 1 };
        (most, last) = (run.max(most), bucket);
    }
    most
}

/// What the two precisions do each in their way.
pub(crate) trait Ranked: Real {
    /// A number's bits, ordered as the numbers are; zeros differ.
    fn order_bits(self) -> i64;
    /// The bucket of a number; any bucket for NaN.
    fn bucket(buckets: Buckets<Self>, size: usize, x: Self) -> usize;
    /// The ranks of sixteen numbers and the mask of those that are NaN.
    fn ranks(scale: &Scale<Self>, x: &[Self; 16]) -> ([Ints; 4], [Ints; 4]);
}

impl Ranked for f32 {
    fn order_bits(self) -> i64 {
        i64::from(ordered(self))
    }

    fn bucket(buckets: Buckets<Self>, size: usize, x: Self) -> usize {
        let top = size.saturating_sub(1) as u32;
        let x = Floats::of([x; 4]);
        let [bucket, ..] = match buckets {
            Buckets::Linear { low, scale } => x.linear_bucket(low, scale, top as Self),
            Buckets::Bits { low, shift } => x.bits_bucket(low as i32, shift, top),
            Buckets::Search => [0; 4],
        };
        bucket as usize
    }

    #[inline(never)]
    fn ranks(scale: &Scale<Self>, x: &[Self; 16]) -> ([Ints; 4], [Ints; 4]) {
        let fours = |x: &[Self; 16]| -> [Floats; 4] {
            std::array::from_fn(|at| Floats::of(std::array::from_fn(|i| x[4 * at + i])))
        };
        let four_ints = |x: &[i32; 16]| -> [Ints; 4] {
            std::array::from_fn(|at| Ints::of(std::array::from_fn(|i| x[4 * at + i])))
        };
        let numbers = fours(x);
        let nan = numbers.map(Floats::is_nan);
        let top = scale.bases.len().saturating_sub(1) as u32;
        let buckets = match scale.buckets {
            Buckets::Linear { low, scale } => numbers.map(|x| x.linear_bucket(low, scale, top as Self)),
            Buckets::Bits { low, shift } => numbers.map(|x| x.bits_bucket(low as i32, shift, top)),
            Buckets::Search => return (four_ints(&x.map(|x| i32::from(scale.rank(x)))), nan),
        };
        let bases = bases(&scale.bases, &buckets);
        let mut ranks = four_ints(&bases);
        for step in 0..scale.steps as usize {
            let less = fours(&thresholds(&scale.thresholds, &bases, step));
            for ((rank, x), less) in ranks.iter_mut().zip(numbers).zip(less) {
                // A mask is -1 where the threshold is less.
                *rank = rank.minus(x.above(less));
            }
        }
        (ranks, nan)
    }
}

// Functions of their own, so that their loops have the registers to themselves.
#[inline(never)]
fn bases(table: &[u16], buckets: &[[u32; 4]; 4]) -> [i32; 16] {
    let mut found = [0; 16];
    for (found, &bucket) in found.iter_mut().zip(buckets.as_flattened()) {
        *found = i32::from(table[bucket as usize]);
    }
    found
}

#[inline(never)]
fn thresholds(table: &[f32], bases: &[i32; 16], step: usize) -> [f32; 16] {
    let table = &table[step..];
    let mut found = [0.0; 16];
    for (found, &base) in found.iter_mut().zip(bases) {
        *found = table[base as usize];
    }
    found
}

const fn ordered(x: f32) -> i32 {
    let bits = x.to_bits().cast_signed();
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

impl Ranked for f64 {
    fn order_bits(self) -> i64 {
        let bits = self.to_bits().cast_signed();
        bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
    }

    fn bucket(buckets: Buckets<Self>, size: usize, x: Self) -> usize {
        let top = size.saturating_sub(1);
        match buckets {
            Buckets::Linear { low, scale } => {
                let scaled = (x - low) * scale;
                // A cast takes NaN and what is negative to 0.
                (scaled as usize).min(top)
            }
            Buckets::Bits { low, shift } => {
                let distance = x.order_bits().max(low).wrapping_sub(low).cast_unsigned();
                (distance >> shift).min(top as u64) as usize
            }
            Buckets::Search => 0,
        }
    }

    fn ranks(scale: &Scale<Self>, x: &[Self; 16]) -> ([Ints; 4], [Ints; 4]) {
        let four = |at: usize, of: &dyn Fn(f64) -> i32| Ints::of(std::array::from_fn(|i| of(x[4 * at + i])));
        let ranks = std::array::from_fn(|at| four(at, &|x| i32::from(scale.rank(x))));
        (ranks, std::array::from_fn(|at| four(at, &|x| if x.is_nan() { -1 } else { 0 })))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain<T: Real>(thresholds: &[T], x: T) -> u16 {
        thresholds.iter().filter(|&&threshold| threshold < x).count() as u16
    }

    fn check<T: Ranked + std::fmt::Debug>(mut thresholds: Vec<T>, more: &[T], beside: impl Fn(T) -> [T; 2]) {
        thresholds.retain(|t| *t < T::from_f64(f64::INFINITY));
        thresholds.iter_mut().filter(|t| **t == T::ZERO).for_each(|t| *t = T::ZERO);
        thresholds.sort_by(|a, b| a.partial_cmp(b).unwrap());
        thresholds.dedup();
        let scale = Scale::new(&thresholds);
        let around = thresholds.iter().flat_map(|&t| [t, beside(t)[0], beside(t)[1]]);
        let mut all: Vec<T> = around.chain(more.iter().copied()).collect();
        for &x in all.iter().filter(|x| x.partial_cmp(x).is_some()) {
            assert_eq!(scale.rank(x), plain(&thresholds, x), "{x:?} among {thresholds:?}");
        }
        all.resize(all.len().next_multiple_of(16), T::ZERO);
        for x in all.as_chunks::<16>().0 {
            let (ranks, nan) = T::ranks(&scale, x);
            let (ranks, nan) = (Ints::narrow(ranks).array(), Ints::narrow_mask(nan).array());
            for ((&x, rank), nan) in x.iter().zip(ranks).zip(nan) {
                assert_eq!(nan != 0, x.partial_cmp(&x).is_none());
                let wanted = plain(&thresholds, x).min(255) as u8;
                assert!(nan != 0 || rank == wanted, "{x:?}: {rank}, not {wanted}, among {thresholds:?}");
            }
        }
    }

    const EDGES: [f32; 12] = [
        f32::NEG_INFINITY,
        f32::MIN,
        -1.0,
        -f32::MIN_POSITIVE,
        -1e-45,
        -0.0,
        0.0,
        1e-45,
        1.0,
        f32::MAX,
        f32::INFINITY,
        f32::NAN,
    ];

    fn floats() -> impl Strategy<Value = f32> {
        prop_oneof![any::<u32>().prop_map(f32::from_bits), -10.0f32..10.0, (-5i8..5).prop_map(f32::from)]
    }

    proptest! {
        #[test]
        fn ranks_are_counts(thresholds in prop::collection::vec(floats(), 0..400), x in prop::collection::vec(floats(), 0..40)) {
            let x: Vec<f32> = x.into_iter().chain(EDGES).collect();
            check(thresholds.clone(), &x, |t| [t.next_up(), t.next_down()]);
            let wide = |list: &[f32]| list.iter().map(|&t| f64::from(t) * 1.000_000_000_1).collect::<Vec<f64>>();
            check(wide(&thresholds), &wide(&x), |t: f64| [t.next_up(), t.next_down()]);
        }
    }

    #[test]
    fn no_threshold_and_one_at_the_end_of_all_numbers() {
        for thresholds in [&[][..], &[f32::NEG_INFINITY], &[f32::NEG_INFINITY, 0.0], &[0.0], &[f32::MAX]] {
            check(thresholds.to_vec(), &EDGES, |t| [t.next_up(), t.next_down()]);
            let wide: Vec<f64> = thresholds.iter().copied().map(f64::from).collect();
            check(wide, &EDGES.map(f64::from), |t: f64| [t.next_up(), t.next_down()]);
        }
    }

    #[test]
    fn spread_and_clustered_thresholds_are_found() {
        let even: Vec<f32> = (0..255).map(|at| at as f32).collect();
        assert_eq!(Scale::new(&even).steps, 1);
        let amounts: Vec<f32> = (0..200).map(|at| 1.1f32.powi(at)).collect();
        assert!(Scale::new(&amounts).steps <= 2);
        let low = (0..100).map(|at| at as f32 * 1e-3);
        let clustered: Vec<f32> = low.chain((0..100).map(|at| 1e30 * (1.0 + at as f32 * 1e-5))).collect();
        let many: Vec<f32> = (0..60_000).map(|at| (at as f32).sqrt()).collect();
        for thresholds in [even, amounts, clustered, many] {
            let scale = Scale::new(&thresholds);
            for (at, &x) in thresholds.iter().enumerate() {
                assert_eq!(usize::from(scale.rank(x)), at);
                assert_eq!(usize::from(scale.rank(x.next_up())), at + 1);
            }
        }
    }
}
