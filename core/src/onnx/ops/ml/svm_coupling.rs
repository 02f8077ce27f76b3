//! From the probabilities of pairs of classes to one for each class.
//!
//! T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for multi-class classification by pairwise
//! coupling" (2004), method 2, iterated in float and with the stopping rule of ONNX Runtime.

use super::transform::logistic;

/// Rounds after which the iteration stops, converged or not.
const ROUNDS: usize = 100;

/// The probability that the first class of a pair wins, from its machine's score, kept off 0 and 1;
/// NaN stays NaN.
pub(super) fn pair_probability(score: f32, slope: f32, offset: f32) -> f32 {
    (1.0 - logistic(score * slope + offset)).clamp(1e-7, 1.0 - 1e-7)
}

/// Buffers of the iteration.
#[derive(Default)]
pub(super) struct Coupling {
    pairs: Vec<f32>,
    matrix: Vec<f32>,
    product: Vec<f32>,
}

impl Coupling {
    /// Fills `classes` with a probability each. `pairs` are those of 0 against 1, 0 against 2 and so on.
    pub(super) fn couple(&mut self, mut pairs: impl Iterator<Item = f32>, classes: &mut [f32]) {
        let count = classes.len();
        self.pairs.clear();
        self.pairs.resize(count * count, 0.0);
        for i in 0..count {
            for j in i + 1..count {
                let probability = pairs.next().unwrap_or(0.5);
                self.pairs[i * count + j] = probability;
                self.pairs[j * count + i] = 1.0 - probability;
            }
        }
        self.fill_matrix(count);
        classes.fill(1.0 / count as f32);
        self.product.clear();
        self.product.resize(count, 0.0);
        for _ in 0..ROUNDS {
            if self.round(classes) {
                break;
            }
        }
    }

    /// The matrix whose quadratic form the probabilities make least.
    fn fill_matrix(&mut self, count: usize) {
        self.matrix.clear();
        self.matrix.resize(count * count, 0.0);
        for i in 0..count {
            for j in (0..count).filter(|&j| j != i) {
                let against = self.pairs[j * count + i];
                self.matrix[i * count + i] += against * against;
                self.matrix[i * count + j] =
                    if j < i { self.matrix[j * count + i] } else { -against * self.pairs[i * count + j] };
            }
        }
    }

    /// One round over all classes; whether the probabilities had settled before it.
    fn round(&mut self, classes: &mut [f32]) -> bool {
        let count = classes.len();
        let mut form = 0.0f32;
        for i in 0..count {
            let mut sum = 0.0f32;
            for (weight, class) in self.matrix[i * count..(i + 1) * count].iter().zip(classes.iter()) {
                sum += weight * class;
            }
            self.product[i] = sum;
            form += classes[i] * sum;
        }
        // A difference that is NaN counts for nothing, so that rows with missing values settle at once.
        let worst = self.product.iter().map(|product| (product - form).abs()).fold(0.0, f32::max);
        if worst < 0.005 / count as f32 {
            return true;
        }
        for i in 0..count {
            let own = self.matrix[i * count + i];
            let step = (-self.product[i] + form) / own;
            classes[i] += step;
            form = (form + step * (step * own + 2.0 * self.product[i])) / (1.0 + step) / (1.0 + step);
            let row = &self.matrix[i * count..(i + 1) * count];
            for ((product, class), weight) in self.product.iter_mut().zip(classes.iter_mut()).zip(row) {
                *product = (*product + step * weight) / (1.0 + step);
                *class /= 1.0 + step;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_keep_their_pair() {
        let mut classes = [0.0; 2];
        Coupling::default().couple([0.8].into_iter(), &mut classes);
        assert!((classes[0] - 0.8).abs() < 5e-3 && (classes[0] + classes[1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn consistent_pairs_give_the_classes_they_come_from() {
        let wanted = [0.5f32, 0.3, 0.2];
        let pair = |i: usize, j: usize| wanted[i] / (wanted[i] + wanted[j]);
        let mut classes = [0.0; 3];
        Coupling::default().couple([pair(0, 1), pair(0, 2), pair(1, 2)].into_iter(), &mut classes);
        for (found, wanted) in classes.iter().zip(wanted) {
            assert!((found - wanted).abs() < 5e-3, "{found} for {wanted}");
        }
    }
}
