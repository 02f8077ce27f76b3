//! Linear algebra of small symmetric tables, packed by rows of the lower triangle: what ridge regression
//! knows after some rewards. Sums run in index order.

/// Numbers of the lower triangle of a table of this many rows.
pub(super) const fn packed(dimension: usize) -> usize {
    dimension * (dimension + 1) / 2
}

/// The Cholesky factor L of a symmetric table A = L Lᵀ; `None` where it is not positive definite.
pub(super) fn factor(table: &[f64], dimension: usize) -> Option<Vec<f64>> {
    let mut lower = table.to_vec();
    let at = |row: usize, column: usize| row * (row + 1) / 2 + column;
    for row in 0..dimension {
        for column in 0..=row {
            let mut sum = *lower.get(at(row, column))?;
            for inner in 0..column {
                sum -= lower[at(row, inner)] * lower[at(column, inner)];
            }
            let value = match row == column {
                true if sum > 0.0 && sum.is_finite() => libm::sqrt(sum),
                true => return None,
                false => sum / lower[at(column, column)],
            };
            if !value.is_finite() {
                return None;
            }
            lower[at(row, column)] = value;
        }
    }
    Some(lower)
}

/// Solves L w = x; w's squared length is xᵀ A⁻¹ x. `out` is cleared first.
pub(super) fn forward(lower: &[f64], x: &[f64], out: &mut Vec<f64>) {
    out.clear();
    let mut start = 0;
    for (row, &own) in x.iter().enumerate() {
        let line = &lower[start..=start + row];
        let sum = line[..row].iter().zip(&*out).fold(own, |sum, (factor, done)| sum - factor * done);
        out.push(sum / line[row]);
        start += row + 1;
    }
}

/// Solves A t = b from the factor of A.
pub(super) fn solve(lower: &[f64], b: &[f64]) -> Vec<f64> {
    let mut solution = Vec::with_capacity(b.len());
    forward(lower, b, &mut solution);
    for row in (0..b.len()).rev() {
        for below in row + 1..b.len() {
            solution[row] -= lower[below * (below + 1) / 2 + row] * solution[below];
        }
        solution[row] /= lower[row * (row + 1) / 2 + row];
    }
    solution
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn factors_and_solves() {
        // [[4, 2, 0.5], [2, 5, 1], [0.5, 1, 3]]
        let table = [4.0, 2.0, 5.0, 0.5, 1.0, 3.0];
        let lower = factor(&table, 3).unwrap();
        let wanted = [2.0, 1.0, 2.0, 0.25, 0.375, libm::sqrt(3.0 - 0.0625 - 0.140_625)];
        assert!(lower.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-15), "{lower:?}");
        // A [1, -2, 3] = [1.5, -5, 7.5].
        let solution = solve(&lower, &[1.5, -5.0, 7.5]);
        assert!(solution.iter().zip([1.0, -2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-14), "{solution:?}");
        let mut w = Vec::new();
        forward(&lower, &[1.5, -5.0, 7.5], &mut w);
        // xᵀ A⁻¹ x = [1.5, -5, 7.5] · [1, -2, 3].
        assert!((dot(&w, &w) - 34.0).abs() < 1e-13);
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert_eq!(factor(&[0.0], 1), None);
        assert_eq!(factor(&[-1.0], 1), None);
        assert_eq!(factor(&[1.0, 1.0, 1.0], 2), None);
        assert_eq!(factor(&[1.0, 2.0, 1.0], 2), None);
        assert_eq!(factor(&[f64::NAN], 1), None);
        assert_eq!(factor(&[1e308, 1e308, 1e308, 1e308, 1e308, 1e308], 3), None);
        assert_eq!(factor(&[1.0], 2), None, "too short");
    }
}
