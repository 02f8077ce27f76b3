//! The product of two matrices: one plain routine under every operator that needs it.

use super::compute::Compute;

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
    for (row, out) in a.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
        if n == 1 {
            out[0] = row.iter().zip(b).fold(C::default(), |sum, (&x, &y)| sum.plus(x.times(y)));
            continue;
        }
        out.fill(C::default());
        for (&x, line) in row.iter().zip(b.chunks_exact(n)) {
            for (sum, &y) in out.iter_mut().zip(line) {
                *sum = sum.plus(x.times(y));
            }
        }
    }
}

/// The transpose of a row-major matrix with `columns` columns.
pub(super) fn transpose<C: Copy>(matrix: &[C], columns: usize, out: &mut Vec<C>) {
    out.clear();
    let columns = columns.max(1);
    for column in 0..columns {
        out.extend(matrix.iter().skip(column).step_by(columns));
    }
}
