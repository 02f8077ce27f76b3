//! Distributions of numbers: quantiles and bins of a sample.

use crate::reference::Distribution;

/// Shares at which a profile keeps quantiles; the extremes are left out, they are single rows.
const SHARES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
/// Bins of the population stability index, at most.
const BINS: usize = 10;

impl Distribution {
    /// The distribution of these numbers; `None` for none. The sum runs in the order of the sorted
    /// values, so it does not depend on the order of the rows.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut edges: Vec<f64> = (1..BINS).map(|bin| quantile(&values, bin as f64 / BINS as f64)).collect();
        edges.dedup();
        // An edge at the largest value would leave the last bin empty for ever.
        if edges.last() == values.last() {
            edges.pop();
        }
        let mut counts = vec![0; edges.len() + 1];
        for value in &values {
            counts[edges.partition_point(|edge| edge < value)] += 1;
        }
        let quantiles = SHARES.map(|share| (share, quantile(&values, share))).into();
        Some(Self { mean, quantiles, edges, counts })
    }
}

/// The smallest of the sorted values that at least this share of them does not exceed.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = libm::ceil(share * sorted.len() as f64) as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn bins_hold_every_row_once() {
        let found = Distribution::of((1..=1_000).rev().map(f64::from).collect()).unwrap();
        assert_eq!(found.mean, 500.5);
        assert_eq!(found.edges, [100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0]);
        assert_eq!(found.counts, [100; 10]);
        assert_eq!(found.quantiles[4], (0.5, 500.0));
    }

    #[test]
    fn few_values_make_few_bins() {
        let found = Distribution::of([vec![0.0; 95], vec![1.0; 5]].concat()).unwrap();
        assert_eq!((found.edges, found.counts), (vec![0.0], vec![95, 5]));
        let found = Distribution::of(vec![7.0; 20]).unwrap();
        assert_eq!((found.edges, found.counts), (vec![], vec![20]));
        assert_eq!(Distribution::of(vec![]), None);
    }
}
