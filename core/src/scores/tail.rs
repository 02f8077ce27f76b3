//! Value at risk and expected shortfall of a list of losses, by historical simulation.
//!
//! A loss is what a gain is not: losses are positive. With n losses in ascending order and a confidence c,
//! value at risk is the c-quantile, read as the inverse of the empirical distribution or linearly between
//! two observations (types 1 and 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical
//! packages", The American Statistician 50, 1996). Expected shortfall is the mean of the worst n (1 - c)
//! losses, the last of them by the fraction that is left (C. Acerbi and D. Tasche, "On the coherence of
//! expected shortfall", Journal of Banking & Finance 26, 2002, definition 2.6). Confidences are counted in
//! millionths, so that 0.95 of 20 is 19 and nothing a rounding away from it.

use crate::manifest::Quantile;

/// Millionths in one.
const WHOLE: u64 = 1_000_000;

/// A confidence in millionths; `None` where it is not between 0 and 1 or has more than six decimals.
#[must_use]
pub fn confidence(share: f64) -> Option<u64> {
    let parts = libm::round(share * WHOLE as f64);
    let exact = (share * WHOLE as f64 - parts).abs() < 1e-6;
    (exact && parts > 0.0 && parts < WHOLE as f64).then_some(parts as u64)
}

/// Fewest observations that leave one beyond the confidence.
#[must_use]
pub(super) const fn least(confidence: u64) -> u64 {
    WHOLE.div_ceil(WHOLE - confidence)
}

/// The quantile of losses in ascending order; NaN for none.
#[must_use]
pub(super) fn value_at_risk(losses: &[f64], confidence: u64, quantile: Quantile) -> f64 {
    let n = losses.len() as u64;
    let at = |place: u64| losses.get(usize::try_from(place).unwrap_or(usize::MAX)).copied();
    match quantile {
        Quantile::InverseCdf => {
            let rank = (n * confidence).div_ceil(WHOLE);
            rank.checked_sub(1).and_then(at).unwrap_or(f64::NAN)
        }
        Quantile::Linear => {
            let Some(steps) = n.checked_sub(1).map(|steps| steps * confidence) else { return f64::NAN };
            let (place, part) = (steps / WHOLE, (steps % WHOLE) as f64 / WHOLE as f64);
            match (at(place), at(place + 1)) {
                (Some(low), Some(high)) => low + (high - low) * part,
                (Some(low), None) => low,
                _ => f64::NAN,
            }
        }
    }
}

/// The mean of the worst losses, given in ascending order; NaN for none.
#[must_use]
pub(super) fn expected_shortfall(losses: &[f64], confidence: u64) -> f64 {
    let n = losses.len() as u64;
    if n == 0 {
        return f64::NAN;
    }
    let tail = n * (WHOLE - confidence);
    let (whole, part) = ((tail / WHOLE) as usize, (tail % WHOLE) as f64 / WHOLE as f64);
    let mut worst = losses.iter().rev();
    let sum: f64 = worst.by_ref().take(whole).sum();
    let rest = worst.next().map_or(0.0, |next| part * next);
    (sum + rest) / (tail as f64 / WHOLE as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn ascending(n: u32) -> Vec<f64> {
        (1..=n).map(f64::from).collect()
    }

    #[test]
    fn confidences_are_exact() {
        for (share, parts) in [(0.99, Some(990_000)), (0.975, Some(975_000)), (0.123_456, Some(123_456))] {
            assert_eq!(confidence(share), parts);
        }
        for share in [0.0, 1.0, -0.5, 1.5, 0.999_999_9, f64::NAN, f64::INFINITY] {
            assert_eq!(confidence(share), None, "{share}");
        }
        assert_eq!((least(990_000), least(975_000), least(950_000), least(500_000)), (100, 40, 20, 2));
    }

    #[test]
    fn the_inverse_of_the_distribution_takes_an_observation() {
        let of = |n, c: f64| value_at_risk(&ascending(n), confidence(c).unwrap(), Quantile::InverseCdf);
        // At least 95 % of 1..100 do not exceed 95; of 20, 19 do not.
        assert_eq!((of(100, 0.95), of(20, 0.95), of(21, 0.95)), (95.0, 19.0, 20.0));
        // 0.07 x 100 is 7.000000000000001 in doubles.
        assert_eq!(of(100, 0.07), 7.0);
        assert_eq!((of(1, 0.99), of(2, 0.5), of(3, 0.5)), (1.0, 1.0, 2.0));
        assert!(value_at_risk(&[], 990_000, Quantile::InverseCdf).is_nan());
    }

    #[test]
    fn linear_quantiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 3, 4], [0.25, 0.5, 0.9, 0.99]) and of ten and a hundred values.
        let of = |n, c: f64| value_at_risk(&ascending(n), confidence(c).unwrap(), Quantile::Linear);
        for (n, c, expected) in [
            (4, 0.25, 1.75),
            (4, 0.5, 2.5),
            (4, 0.9, 3.7),
            (4, 0.99, 3.97),
            (10, 0.95, 9.55),
            (100, 0.99, 99.01),
        ] {
            assert!((of(n, c) - expected).abs() < 1e-12, "{n} {c}: {}", of(n, c));
        }
        assert_eq!(of(1, 0.99), 1.0);
    }

    #[test]
    fn expected_shortfall_is_the_mean_of_the_worst() {
        let of = |n, c: f64| expected_shortfall(&ascending(n), confidence(c).unwrap());
        // The worst five of a hundred: 96 to 100.
        assert_eq!(of(100, 0.95), 98.0);
        // The worst 2.5 of 100: 100, 99 and half of 98.
        assert!((of(100, 0.975) - (100.0 + 99.0 + 49.0) / 2.5).abs() < 1e-12);
        // 250 days at 0.99: 250, 249 and half of 248.
        assert!((of(250, 0.99) - (250.0 + 249.0 + 124.0) / 2.5).abs() < 1e-12);
        // Half an observation is in the tail: it is the worst one.
        assert_eq!(of(1, 0.5), 1.0);
        assert!(expected_shortfall(&[], 990_000).is_nan());
    }

    #[test]
    fn expected_shortfall_is_never_below_value_at_risk() {
        let mut state = 7_u64;
        for n in 1..200 {
            let mut losses: Vec<f64> = (0..n)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) as f64 / 1e6 - 1_000.0
                })
                .collect();
            losses.sort_by(f64::total_cmp);
            for c in [500_000, 900_000, 950_000, 990_000, 999_000] {
                let shortfall = expected_shortfall(&losses, c);
                assert!(shortfall >= value_at_risk(&losses, c, Quantile::InverseCdf) - 1e-9, "{n} {c}");
                assert!(shortfall <= losses[n - 1] + 1e-9);
            }
        }
    }
}
