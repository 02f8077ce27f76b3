//! Numbers of any type as integers that sort alike, so that sorting is compiled once.

use crate::onnx::tensor::Data;

use super::compute::Compute;

/// A key that orders elements of one tensor by value. -0 and 0 are equal; every NaN is equal and larger
/// than all numbers. Text has no key.
pub(super) fn order_key(data: &Data, at: usize) -> u64 {
    const SIGN: u64 = 1 << 63;
    match data {
        Data::F32(_) | Data::F64(_) | Data::F16(_) => {
            let mut value = [0.0];
            f64::widen(data, at, &mut value);
            if value[0].is_nan() {
                return u64::MAX;
            }
            // Adding 0 turns -0 into 0. Negative numbers sort by their magnitude backwards.
            let bits = (value[0] + 0.0).to_bits();
            if bits & SIGN == 0 { bits | SIGN } else { !bits }
        }
        Data::U64(values) => values[at],
        Data::Str(_) => 0,
        _ => {
            let mut value = [0];
            i64::widen(data, at, &mut value);
            value[0] as u64 ^ SIGN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_the_numbers_do() {
        let sorted = [f64::NEG_INFINITY, -1e300, -1.0, -1e-320, 0.0, 1e-320, 2.0, f64::INFINITY, f64::NAN];
        let data = Data::F64(sorted.to_vec());
        let keys: Vec<u64> = (0..sorted.len()).map(|at| order_key(&data, at)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        let zeros = Data::F32(vec![0.0, -0.0]);
        assert_eq!(order_key(&zeros, 0), order_key(&zeros, 1));
        let integers = Data::I8(vec![-128, -1, 0, 127]);
        assert!((0..4).map(|at| order_key(&integers, at)).is_sorted());
    }
}
