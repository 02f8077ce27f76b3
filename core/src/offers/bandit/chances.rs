//! How likely each item was to come first: what off-policy evaluation needs to know of a decision.

use super::draws::Draws;
use super::linear::dot;

/// Points of the grid per item.
const POINTS: usize = 48;
/// Standard deviations that the grid reaches to either side; 1e-9 lies outside.
const REACH: f64 = 6.0;
/// Draws of the estimate for items that vary together, each used with both signs.
pub(super) const DRAWS: u64 = 1_024;
/// The stream of these draws under the seed 0: they do not depend on the record.
const STREAM: u64 = 0x7072_6f70;

/// The chance of each of some independent normal variables to be the greatest. With Fᵢ the distribution of
/// the i-th, it is the integral of the product of all other F over Fᵢ; here a sum over the cells between
/// grid points of all variables, with the mean of the product at both ends, scaled to add up to 1.
pub(super) fn independent(means: &[f64], deviations: &[f64]) -> Vec<f64> {
    let count = means.len();
    if count <= 1 {
        return vec![1.0; count];
    }
    // A variable without deviation is a narrow one: an atom would need cells of no width.
    let scale = means.iter().chain(deviations).fold(f64::MIN_POSITIVE, |most, number| most.max(number.abs()));
    let deviations: Vec<f64> = deviations.iter().map(|own| own.abs().max(scale * 1e-9)).collect();
    let least =
        means.iter().zip(&deviations).map(|(mean, own)| mean - REACH * own).fold(f64::NEG_INFINITY, f64::max);
    let mut grid: Vec<f64> = Vec::with_capacity(count * POINTS);
    for (mean, own) in means.iter().zip(&deviations) {
        let step = |at: usize| mean + own * REACH * (2.0 * at as f64 / (POINTS - 1) as f64 - 1.0);
        // Below the lowest of the highest starts the product is nothing.
        grid.extend((0..POINTS).map(step).filter(|&point| point > least));
    }
    grid.push(least);
    grid.sort_unstable_by(f64::total_cmp);
    let below = |at: usize, point: f64| {
        0.5 * libm::erfc((means[at] - point) / deviations[at] * std::f64::consts::FRAC_1_SQRT_2)
    };
    let at_point = |point: f64| -> Vec<f64> { (0..count).map(|at| below(at, point)).collect() };
    let mut chances = vec![0.0; count];
    let mut before = at_point(least);
    let mut others_before = others(&before);
    for &point in grid.iter().skip(1) {
        let now = at_point(point);
        let others_now = others(&now);
        for at in 0..count {
            chances[at] += (now[at] - before[at]) * 0.5 * (others_before[at] + others_now[at]);
        }
        (before, others_before) = (now, others_now);
    }
    scaled(chances)
}

/// For each number the product of all others.
fn others(numbers: &[f64]) -> Vec<f64> {
    let mut products = vec![1.0; numbers.len()];
    let mut left = 1.0;
    for (product, number) in products.iter_mut().zip(numbers) {
        *product = left;
        left *= number;
    }
    let mut right = 1.0;
    for (product, number) in products.iter_mut().zip(numbers).rev() {
        *product *= right;
        right *= number;
    }
    products
}

/// An estimate for variables `mean + factors · z` that share the standard normal numbers z: the share of
/// [`DRAWS`] draws and their mirror images in which each is the greatest, with half a draw more for each, so
/// that none is impossible.
pub(super) fn together(means: &[f64], factors: &[Vec<f64>], dimension: usize) -> Vec<f64> {
    let draws = Draws::new(0);
    let mut wins = vec![0.5; means.len()];
    let mut z = vec![0.0; dimension];
    for draw in 0..DRAWS {
        for (at, number) in z.iter_mut().enumerate() {
            *number = draws.normal(STREAM, draw * dimension as u64 + at as u64);
        }
        let shifts: Vec<f64> = factors.iter().map(|own| dot(own, &z)).collect();
        for sign in [1.0, -1.0] {
            let mut best = None;
            for (at, (mean, shift)) in means.iter().zip(&shifts).enumerate() {
                let number = mean + sign * shift;
                if best.is_none_or(|(_, most)| number > most) {
                    best = Some((at, number));
                }
            }
            if let Some(win) = best.and_then(|(at, _)| wins.get_mut(at)) {
                *win += 1.0;
            }
        }
    }
    scaled(wins)
}

fn scaled(mut numbers: Vec<f64>) -> Vec<f64> {
    let sum: f64 = numbers.iter().sum();
    numbers.iter_mut().for_each(|number| *number /= sum);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal_below(z: f64) -> f64 {
        0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
    }

    #[test]
    fn two_variables_have_a_closed_form() {
        for (means, deviations) in [
            ([0.0, 0.0], [1.0, 1.0]),
            ([0.3, 0.1], [0.2, 0.5]),
            ([0.0, 5.0], [1.0, 1.0]),
            ([1.0, 0.9], [0.01, 1.0]),
            ([-2.0, 3.0], [4.0, 0.5]),
        ] {
            let z = (means[0] - means[1]) / libm::hypot(deviations[0], deviations[1]);
            let found = independent(&means, &deviations);
            assert!((found[0] - normal_below(z)).abs() < 2e-4, "{found:?}, {}", normal_below(z));
            assert!((found[0] + found[1] - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn equal_variables_have_equal_chances() {
        let found = independent(&[0.5; 7], &[0.3; 7]);
        assert!(found.iter().all(|chance| (chance - 1.0 / 7.0).abs() < 1e-12), "{found:?}");
        assert_eq!(independent(&[3.0], &[0.0]), [1.0]);
        assert_eq!(independent(&[], &[]), [0.0; 0]);
        let certain = independent(&[1.0, 2.0, 0.0], &[0.0; 3]);
        assert!(certain[1] > 1.0 - 1e-9, "{certain:?}");
    }

    #[test]
    fn many_variables_agree_with_draws() {
        let means = [0.10, 0.12, 0.05, 0.20, -0.3];
        let deviations = [0.05, 0.2, 0.1, 0.02, 0.4];
        let exact = independent(&means, &deviations);
        let draws = Draws::new(11);
        let (count, mut wins) = (40_000, [0.0; 5]);
        for draw in 0..count {
            let number = |at: usize| means[at] + deviations[at] * draws.normal(at as u64, draw);
            let best = (1..5).fold(0, |best, at| if number(at) > number(best) { at } else { best });
            wins[best] += 1.0 / count as f64;
        }
        for (at, chance) in exact.iter().enumerate() {
            // Four standard errors of the draws.
            let error = 4.0 * libm::sqrt(chance * (1.0 - chance) / count as f64) + 2e-4;
            assert!((chance - wins[at]).abs() < error, "{at}: {chance} and {}", wins[at]);
        }
        // Independent variables as ones with a number each of their own.
        let factors: Vec<Vec<f64>> =
            (0..5).map(|at| (0..5).map(|of| if at == of { deviations[at] } else { 0.0 }).collect()).collect();
        let estimated = together(&means, &factors, 5);
        assert!(exact.iter().zip(&estimated).all(|(a, b)| (a - b).abs() < 0.04), "{exact:?} {estimated:?}");
        assert!(estimated.iter().all(|&chance| chance > 0.0));
    }
}
