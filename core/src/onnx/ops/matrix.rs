//! The product of two matrices: one routine under every operator that needs it.
//!
//! The result is made in tiles whose sums stay in registers while k runs, the usual way of fast products
//! (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008). A tile changes which
//! elements are summed side by side, never the order within one sum, so its size changes no bit.

use super::compute::Compute;

/// Rows and columns of a tile: 8 vectors of sums, 2 of the right matrix and 1 of the left fit the 16
/// registers of every target.
const ROWS: usize = 4;
const COLUMNS: usize = 8;
/// Columns of a tile of one row: as many sums at a time as hide an addition's latency.
const WIDE: usize = 32;
/// Rows of a tile of one column, which has a sum in each.
const TALL: usize = 8;

/// out[m, n] = a[m, k] x b[k, n], row-major. Each element of the result is summed up over k in ascending
/// order, one rounding per product and per sum, whatever the other sizes are: a row gives the same bits
/// alone and in a batch.
pub(super) fn multiply<C: Compute>(a: &[C], b: &[C], out: &mut [C], k: usize, n: usize) {
    if n == 0 {
        return;
    }
    if k == 0 {
        out.fill(C::default());
        return;
    }
    if n == 1 {
        return bands::<C, TALL>(a, b, out, k, n);
    }
    bands::<C, ROWS>(a, b, out, k, n);
}

/// Bands of `R` rows, then the rows that are left one by one.
fn bands<C: Compute, const R: usize>(a: &[C], b: &[C], out: &mut [C], k: usize, n: usize) {
    let mut bands = out.chunks_exact_mut(R * n);
    let mut from = a.chunks_exact(R * k);
    for (a, out) in from.by_ref().zip(bands.by_ref()) {
        let mut column = 0;
        column = tiles::<C, R, COLUMNS>(a, b, out, [k, n], column);
        tiles::<C, R, 1>(a, b, out, [k, n], column);
    }
    for (a, out) in from.remainder().chunks_exact(k).zip(bands.into_remainder().chunks_exact_mut(n)) {
        let mut column = 0;
        column = tiles::<C, 1, WIDE>(a, b, out, [k, n], column);
        column = tiles::<C, 1, COLUMNS>(a, b, out, [k, n], column);
        tiles::<C, 1, 1>(a, b, out, [k, n], column);
    }
}

/// As many tiles of `R` rows and `N` columns as fit from column `column` on; gives the column after them.
#[inline(always)]
fn tiles<C: Compute, const R: usize, const N: usize>(
    a: &[C],
    b: &[C],
    out: &mut [C],
    [k, n]: [usize; 2],
    mut column: usize,
) -> usize {
    while column + N <= n {
        let mut sums = [[C::default(); N]; R];
        let rows: [&[C]; R] = std::array::from_fn(|row| &a[row * k..][..k]);
        for at in 0..k {
            let Some(line) = b[at * n + column..].first_chunk::<N>() else { break };
            for (sums, row) in sums.iter_mut().zip(rows) {
                let x = row[at];
                for (sum, &y) in sums.iter_mut().zip(line) {
                    *sum = sum.plus(x.times(y));
                }
            }
        }
        for (sums, out) in sums.iter().zip(out.chunks_exact_mut(n)) {
            out[column..column + N].copy_from_slice(sums);
        }
        column += N;
    }
    column
}

/// The transpose of a row-major matrix with `columns` columns.
pub(super) fn transpose<C: Copy>(matrix: &[C], columns: usize, out: &mut Vec<C>) {
    out.clear();
    let columns = columns.max(1);
    for column in 0..columns {
        out.extend(matrix.iter().skip(column).step_by(columns));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::multiply;

    /// Every size around the tiles' gives the bits of the plain sum, also where numbers differ so much in
    /// size that another order of summation would show.
    #[test]
    fn tiles_change_no_bit() {
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let size = 10_f32.powi(i32::try_from(state >> 29).unwrap() - 4);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * size
        };
        let mut products = 0;
        for m in [1, 2, 3, 4, 5, 7, 8, 9, 17] {
            for n in [1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 41, 64] {
                for k in [0, 1, 2, 5, 30] {
                    let a: Vec<f32> = (0..m * k).map(|_| next()).collect();
                    let b: Vec<f32> = (0..k * n).map(|_| next()).collect();
                    let mut out = vec![f32::NAN; m * n];
                    multiply(&a, &b, &mut out, k, n);
                    for (at, got) in out.iter().enumerate() {
                        let (row, column) = (at / n, at % n);
                        let want = (0..k).fold(0.0_f32, |sum, i| sum + a[row * k + i] * b[i * n + column]);
                        assert_eq!(got.to_bits(), want.to_bits(), "{m}x{k} by {k}x{n}, element {at}");
                    }
                    products += 1;
                }
            }
        }
        assert_eq!(products, 9 * 12 * 5);
    }
}
