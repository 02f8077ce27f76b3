//! How far counts have moved from those of the training sample.

/// What is added to each count, so that an empty bin makes no share of 0 and no index infinite: half a row,
/// the prior of Jeffreys for shares (R. Krichevsky and V. Trofimov, "The performance of universal encoding",
/// IEEE Trans. Information Theory 27, 1981).
pub const SMOOTHING: f64 = 0.5;

/// The population stability index and what of it chance explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// Σ (a - e) ln(a / e) over the bins, a and e being the shares now and in the sample, with
    /// [`SMOOTHING`] (N. Siddiqi, "Credit Risk Scorecards", 2006).
    pub index: f64,
    /// The index that 1 in 20 comparisons pass although nothing has changed: with n and m rows and B bins,
    /// the index is distributed as (1 / n + 1 / m) times chi-squared with B - 1 degrees of freedom
    /// (B. Yurdakul, "Statistical properties of population stability index", Western Michigan University,
    /// 2018). Infinite where one side has no rows.
    pub noise: f64,
}

/// Compares counts with those of the sample, bin by bin; `None` where there is one bin or none.
#[must_use]
pub fn stability(now: &[u64], sample: &[u64]) -> Option<Stability> {
    let bins = now.len();
    if bins < 2 || sample.len() != bins {
        return None;
    }
    let rows = |counts: &[u64]| counts.iter().fold(0.0, |sum, &count| sum + count as f64);
    let (n, m) = (rows(now), rows(sample));
    let share = |count: u64, rows: f64| (count as f64 + SMOOTHING) / (rows + SMOOTHING * bins as f64);
    let index = now.iter().zip(sample).fold(0.0, |sum, (&now, &sample)| {
        let (a, e) = (share(now, n), share(sample, m));
        sum + (a - e) * libm::log(a / e)
    });
    Some(Stability { index, noise: (1.0 / n + 1.0 / m) * upper_chi_squared(bins - 1) })
}

/// The 95th percentile of chi-squared: for one degree of freedom the square of the normal one, for more by
/// E. Wilson and M. Hilferty's cube (1931), which is within one percent of tables there.
fn upper_chi_squared(degrees: usize) -> f64 {
    const Z: f64 = 1.644_853_626_951_472_2;
    if degrees == 1 {
        return 1.959_963_984_540_054 * 1.959_963_984_540_054;
    }
    let (degrees, ninths) = (degrees as f64, 2.0 / (9.0 * degrees as f64));
    let root = 1.0 - ninths + Z * libm::sqrt(ninths);
    degrees * root * root * root
}

/// How far a share may move by chance: 1.96 standard errors of the difference of two shares.
#[must_use]
pub fn share_noise(now: (u64, u64), sample: (u64, u64)) -> f64 {
    let (n, m) = (now.1 as f64, sample.1 as f64);
    let pooled = (now.0 as f64 + sample.0 as f64 + SMOOTHING) / (n + m + 2.0 * SMOOTHING);
    1.959_963_984_540_054 * libm::sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_index_by_hand() {
        // Shares with half a row more: 30.5 / 101 and 70.5 / 101 against 50.5 / 101 twice.
        let found = stability(&[30, 70], &[50, 50]).unwrap();
        let (a, b) = (30.5 / 101.0, 70.5 / 101.0);
        let wanted = (a - 0.5_f64) * (a / 0.5_f64).ln() + (b - 0.5_f64) * (b / 0.5_f64).ln();
        assert!((found.index - wanted).abs() < 1e-15);
        // Chi-squared of one degree has its 95th percentile at 3.841.
        assert!((found.noise - 0.02 * 3.841).abs() < 0.02 * 0.001, "{}", found.noise);
        let same = stability(&[10, 20, 30], &[10, 20, 30]).unwrap();
        assert_eq!(same.index, 0.0);
        // The index is the same from either side, but for what smoothing does to unequal numbers of rows.
        let (one, other) = (stability(&[5, 95], &[40, 60]).unwrap(), stability(&[40, 60], &[5, 95]).unwrap());
        assert!((one.index - other.index).abs() < 1e-15);
    }

    #[test]
    fn empty_bins_are_finite() {
        for (now, sample) in
            [([0, 0, 100], [100, 0, 0]), ([0, 0, 0], [5, 5, 5]), ([u64::MAX, 0, 0], [0, 0, 1])]
        {
            let found = stability(&now, &sample).unwrap();
            assert!(found.index.is_finite() && found.index >= 0.0, "{now:?} {sample:?} {found:?}");
        }
        assert_eq!(stability(&[0, 0, 0], &[5, 5, 5]).unwrap().noise, f64::INFINITY);
        assert_eq!(stability(&[7], &[9]), None);
        assert_eq!(stability(&[7, 1], &[9]), None);
    }

    #[test]
    fn percentiles_are_those_of_tables() {
        for (degrees, wanted) in [(1, 3.841), (2, 5.991), (5, 11.070), (10, 18.307), (30, 43.773)] {
            let found = upper_chi_squared(degrees);
            assert!((found / wanted - 1.0).abs() < 0.01, "{degrees}: {found} instead of {wanted}");
        }
    }

    #[test]
    fn shares_move_by_chance_as_a_poll_does() {
        // 1.96 sqrt(0.5 * 0.5 * 2 / 1000)
        assert!((share_noise((500, 1_000), (500, 1_000)) - 0.0438).abs() < 1e-4);
        assert!(share_noise((0, 1_000), (0, 1_000)) < 0.002);
    }
}
