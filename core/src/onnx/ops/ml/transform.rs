//! What classifiers and regressors do to scores at the end: `post_transform`.
//!
//! The standard names the five transforms and leaves their arithmetic open; the formulas are those
//! of ONNX Runtime, in float, with exponentials and logarithms from `libm`.

use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;

/// A transform of a row of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostTransform {
    /// Leaves scores as they are.
    None,
    /// 1 / (1 + e^-x) of each score.
    Logistic,
    /// e^x over the sum of e^x.
    Softmax,
    /// Softmax over the scores that are not zero; those stay zero.
    SoftmaxZero,
    /// The inverse of the normal distribution function, of each score.
    Probit,
}

impl PostTransform {
    /// The transform that attribute `post_transform` names.
    pub(super) fn read(spec: &NodeSpec<'_>) -> Result<Self> {
        Ok(match spec.attributes.text("post_transform")? {
            None | Some("NONE") => Self::None,
            Some("LOGISTIC") => Self::Logistic,
            Some("SOFTMAX") => Self::Softmax,
            Some("SOFTMAX_ZERO") => Self::SoftmaxZero,
            Some("PROBIT") => Self::Probit,
            Some(other) => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!(
                        "attribute \"post_transform\" is \"{other}\", must be NONE, LOGISTIC, SOFTMAX, \
                         SOFTMAX_ZERO or PROBIT"
                    ),
                ));
            }
        })
    }

    /// The transform of this number in version 5 of TreeEnsemble.
    pub(super) fn from_number(number: i64) -> Result<Self> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Softmax,
            2 => Self::Logistic,
            3 => Self::SoftmaxZero,
            4 => Self::Probit,
            other => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!("attribute \"post_transform\" is {other}, must be 0 to 4"),
                ));
            }
        })
    }

    /// Transforms one row that has a score for each class or target.
    pub(crate) fn apply(self, scores: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Logistic => scores.iter_mut().for_each(|score| *score = logistic(*score)),
            Self::Softmax => softmax(scores, false),
            Self::SoftmaxZero => softmax(scores, true),
            Self::Probit => scores.iter_mut().for_each(|score| *score = probit(*score)),
        }
    }

    /// Transforms the one score of a row that has a single class or target. Softmax over one score
    /// says nothing, so only the two transforms that work on each score for itself change it.
    pub(crate) fn apply_single(self, score: f32) -> f32 {
        match self {
            Self::Logistic => logistic(score),
            Self::Probit => probit(score),
            _ => score,
        }
    }
}

/// 1 / (1 + e^-x), computed from |x| so that nothing overflows.
pub(crate) fn logistic(x: f32) -> f32 {
    let upper = 1.0 / (1.0 + libm::expf(-x.abs()));
    if x < 0.0 { 1.0 - upper } else { upper }
}

/// `(logistic(-x), logistic(x))`, bit for bit, with one exponential.
pub(crate) fn logistic_pair(x: f32) -> (f32, f32) {
    let upper = 1.0 / (1.0 + libm::expf(-x.abs()));
    if x < 0.0 {
        (upper, 1.0 - upper)
    } else if x > 0.0 {
        (1.0 - upper, upper)
    } else {
        (upper, upper)
    }
}

/// The inverse normal distribution function by Winitzki's approximation of the inverse error
/// function (constant 0.147), as ONNX Runtime has it.
fn probit(x: f32) -> f32 {
    let y = 2.0 * x - 1.0;
    let sign = if y < 0.0 { -1.0 } else { 1.0 };
    let log = libm::logf((1.0 - y) * (1.0 + y));
    let half = 2.0 / (std::f32::consts::PI * 0.147) + 0.5 * log;
    let rest = 1.0 / 0.147 * log;
    std::f32::consts::SQRT_2 * (sign * (-half + (half * half - rest).sqrt()).sqrt())
}

fn softmax(scores: &mut [f32], keep_zeros: bool) {
    let top = scores.iter().fold(-f32::MAX, |top, &score| if score > top { score } else { top });
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        if keep_zeros && !(*score > 1e-7 || *score < -1e-7) {
            *score *= libm::expf(-top);
        } else {
            *score = libm::expf(*score - top);
            sum += *score;
        }
    }
    for score in scores {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f32, expected: f32) -> bool {
        (found - expected).abs() <= 1e-6 * expected.abs().max(1.0)
    }

    #[test]
    fn logistic_saturates_without_overflow() {
        assert!(close(logistic(0.0), 0.5));
        assert!(close(logistic(2.0) + logistic(-2.0), 1.0));
        assert_eq!(logistic(200.0).to_bits(), 1.0f32.to_bits());
        assert_eq!(logistic(-200.0).to_bits(), 0.0f32.to_bits());
        assert!(logistic(f32::NAN).is_nan());
    }

    #[test]
    fn a_pair_of_logistics_is_both_of_them() {
        let odd = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-45, -1e-45, 88.0, -104.0, 200.0];
        let all = odd.into_iter().chain((0..4000).map(|at| (at as f32 - 2000.0) * 0.013));
        for x in all {
            let (no, yes) = logistic_pair(x);
            assert_eq!((no.to_bits(), yes.to_bits()), (logistic(-x).to_bits(), logistic(x).to_bits()), "{x}");
        }
        assert!(logistic_pair(f32::NAN).0.is_nan() && logistic_pair(f32::NAN).1.is_nan());
    }

    #[test]
    fn probit_is_the_inverse_of_the_normal_distribution() {
        assert!(probit(0.5).abs() < 1e-6);
        assert!((probit(0.8) - 0.841_756).abs() < 1e-5);
        assert!((probit(0.3) + 0.524_446).abs() < 1e-5);
        assert_eq!(probit(1.0), f32::INFINITY);
        assert!(probit(1.5).is_nan());
    }

    #[test]
    fn softmax_sums_to_one_and_may_leave_zeros_alone() {
        let mut scores = [1000.0, 1000.0, 0.0];
        PostTransform::Softmax.apply(&mut scores);
        assert!(close(scores[0], 0.5) && close(scores.iter().sum(), 1.0));
        let mut scores = [0.3, 0.0, -0.2];
        PostTransform::SoftmaxZero.apply(&mut scores);
        assert_eq!(scores[1], 0.0);
        assert!(close(scores[0] + scores[2], 1.0));
    }
}
