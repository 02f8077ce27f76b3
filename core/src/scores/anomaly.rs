//! Anomalies: where a number stands in the training sample, in percent.
//!
//! The reference profile keeps the sample's quantiles at these shares; between two of them the percentile
//! is linear. Beyond the last one nothing is known, so it is never more than 99.9.

/// Shares of the sample whose quantiles a profile keeps: every half percent and one far out. The extremes
/// are left out, they are single rows.
pub const SHARES: usize = 200;

/// The share of the quantile at this place.
#[must_use]
pub fn share(at: usize) -> f64 {
    if at + 1 == SHARES { 0.999 } else { (at + 1) as f64 / SHARES as f64 }
}

/// The percentile of a number among quantiles at all [`SHARES`]: 0 below the first, NaN for NaN.
#[must_use]
pub(super) fn percentile(quantiles: &[f64], number: f64) -> f64 {
    if number.is_nan() || quantiles.len() != SHARES {
        return f64::NAN;
    }
    // Of equal quantiles the last counts: so many of the sample do not exceed the number.
    let above = quantiles.partition_point(|quantile| *quantile <= number);
    let Some(below) = above.checked_sub(1) else { return 0.0 };
    let low = share(below);
    let share = match (quantiles.get(below), quantiles.get(above)) {
        (Some(left), Some(right)) => low + (share(above) - low) * ((number - left) / (right - left)),
        _ => low,
    };
    share * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_grow_with_the_number() {
        let quantiles: Vec<f64> = (0..SHARES).map(|at| share(at) * 1_000.0).collect();
        for (number, expected) in [
            (-1.0, 0.0),
            (4.9, 0.0),
            (5.0, 0.5),
            (500.0, 50.0),
            (502.5, 50.25),
            (995.0, 99.5),
            (997.0, 99.7),
            (5e9, 99.9),
        ] {
            let found = percentile(&quantiles, number);
            assert!((found - expected).abs() < 1e-9, "{number}: {found}");
        }
        assert!(percentile(&quantiles, f64::NAN).is_nan());
        assert!(percentile(&[], 1.0).is_nan());
    }

    #[test]
    fn equal_quantiles_are_no_division_by_zero() {
        let mut quantiles = vec![0.0; SHARES];
        assert_eq!(percentile(&quantiles, 0.0), 99.9);
        quantiles[199] = 1.0;
        assert_eq!(percentile(&quantiles, 0.0), 99.5);
        assert!((percentile(&quantiles, 0.5) - 99.7).abs() < 1e-9);
    }
}
