//! Calibration: a model's answer becomes a probability that means what it says.
//!
//! A boosted or weighted model ranks well and is still off in level. Platt scaling and isotonic regression
//! repair the level with a monotone map, so the ranking, the reasons and the tests of the model stay. A table
//! says what was observed in bands of the answer, as scorecards are validated.

use crate::manifest::{Calibration, CalibrationMethod};

/// The calibrated probability of a model's margin (log odds). Platt: `1 / (1 + exp(a * margin + b))`, J.
/// Platt, "Probabilistic outputs for support vector machines", 1999. Isotonic maps the logistic of the
/// margin. NaN stays NaN. The manifest's check has seen to the parameters.
#[must_use]
pub fn from_margin(calibration: &Calibration, margin: f64) -> f64 {
    match calibration.method {
        CalibrationMethod::Platt => {
            logistic(-(calibration.a.unwrap_or(-1.0) * margin + calibration.b.unwrap_or(0.0)))
        }
        CalibrationMethod::None | CalibrationMethod::Isotonic | CalibrationMethod::Table => {
            from_answer(calibration, logistic(margin))
        }
    }
}

/// The calibrated value of an answer: a probability between 0 and 1, without a method any number, which stays
/// as it is.
#[must_use]
pub fn from_answer(calibration: &Calibration, answer: f64) -> f64 {
    match calibration.method {
        CalibrationMethod::None => answer,
        CalibrationMethod::Platt => from_margin(calibration, logit(answer)),
        CalibrationMethod::Isotonic => interpolate(
            calibration.x.as_deref().unwrap_or_default(),
            calibration.y.as_deref().unwrap_or_default(),
            answer,
        ),
        CalibrationMethod::Table => of_band(
            calibration.edges.as_deref().unwrap_or_default(),
            calibration.y.as_deref().unwrap_or_default(),
            answer,
        ),
    }
}

/// What belongs to the band that a number lies in: `values[0]` below the first edge, the last from the last edge
/// on. NaN for NaN.
#[must_use]
pub fn of_band(edges: &[f64], values: &[f64], number: f64) -> f64 {
    if number.is_nan() {
        return f64::NAN;
    }
    values.get(edges.partition_point(|&edge| edge <= number)).copied().unwrap_or(f64::NAN)
}

/// `ln(p / (1 - p))`; -inf at 0 and +inf at 1.
#[must_use]
pub fn logit(probability: f64) -> f64 {
    libm::log(probability) - libm::log1p(-probability)
}

/// `1 / (1 + exp(-margin))`, computed so that neither end overflows.
#[must_use]
pub fn logistic(margin: f64) -> f64 {
    if margin >= 0.0 {
        1.0 / (1.0 + libm::exp(-margin))
    } else {
        let odds = libm::exp(margin);
        odds / (1.0 + odds)
    }
}

fn interpolate(x: &[f64], y: &[f64], at: f64) -> f64 {
    if at.is_nan() {
        return f64::NAN;
    }
    // The first point above `at`; The manifest's check has seen to equal lengths.
    let above = x.partition_point(|&point| point <= at);
    match (above.checked_sub(1), y.get(above)) {
        (None, _) => y.first().copied().unwrap_or(f64::NAN),
        (Some(below), None) => y.get(below).copied().unwrap_or(f64::NAN),
        (Some(below), Some(&top)) => match (x.get(below), y.get(below), x.get(above)) {
            (Some(&left), Some(&bottom), Some(&right)) => {
                bottom + (top - bottom) * ((at - left) / (right - left))
            }
            _ => f64::NAN,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platt(a: f64, b: f64) -> Calibration {
        Calibration { method: CalibrationMethod::Platt, a: Some(a), b: Some(b), ..Calibration::default() }
    }

    #[test]
    fn platt_with_unit_slope_changes_nothing_but_rounding() {
        let unit = platt(-1.0, 0.0);
        for p in [0.001, 0.2, 0.5, 0.9, 0.999] {
            assert!((from_answer(&unit, p) - p).abs() < 1e-15);
            assert!((from_margin(&unit, logit(p)) - p).abs() < 1e-15);
        }
        assert_eq!(from_answer(&unit, 0.0), 0.0);
        assert_eq!(from_answer(&unit, 1.0), 1.0);
        assert!(from_answer(&unit, f64::NAN).is_nan());
    }

    #[test]
    fn platt_shifts_log_odds() {
        assert!((from_answer(&platt(-1.0, -libm::log(2.0)), 0.5) - 2.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn isotonic_is_flat_outside_and_linear_inside() {
        let line = Calibration {
            method: CalibrationMethod::Isotonic,
            x: Some(vec![0.1, 0.3, 0.7]),
            y: Some(vec![0.05, 0.25, 0.25]),
            ..Calibration::default()
        };
        for (answer, wanted) in [(0.0, 0.05), (0.1, 0.05), (0.2, 0.15), (0.5, 0.25), (0.7, 0.25), (1.0, 0.25)]
        {
            assert!((from_answer(&line, answer) - wanted).abs() < 1e-15, "{answer}");
        }
        assert!(from_answer(&line, f64::NAN).is_nan());
    }

    #[test]
    fn a_table_gives_what_was_observed_in_the_band() {
        let table = Calibration {
            method: CalibrationMethod::Table,
            edges: Some(vec![500.0, 600.0]),
            y: Some(vec![0.2, 0.1, 0.02]),
            ..Calibration::default()
        };
        for (answer, wanted) in
            [(-1e9, 0.2), (499.9, 0.2), (500.0, 0.1), (599.0, 0.1), (600.0, 0.02), (1e9, 0.02)]
        {
            assert_eq!(from_answer(&table, answer), wanted, "{answer}");
        }
        assert!(from_answer(&table, f64::NAN).is_nan());
        let margins = Calibration { edges: Some(vec![0.5]), y: Some(vec![0.1, 0.9]), ..table };
        assert_eq!((from_margin(&margins, -0.1), from_margin(&margins, 0.0)), (0.1, 0.9));
    }

    #[test]
    fn without_calibration_an_answer_stays() {
        assert_eq!(from_answer(&Calibration::default(), -7.5), -7.5);
        assert_eq!(from_margin(&Calibration::default(), 0.0), 0.5);
    }
}
