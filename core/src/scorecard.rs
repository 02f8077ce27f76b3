//! The scorecard: a probability becomes points and a grade.
//!
//! Points are log-odds on a scale that people can read: at `base_odds` (good : bad) a customer has
//! `base_points`, and every `pdo` points more double the odds. The scale is the industry's own; see
//! N. Siddiqi, "Credit Risk Scorecards", 2006, chapter 6 ("Scorecard scaling").

use crate::calibration::logit;
use crate::manifest::Scorecard;

impl Scorecard {
    /// Points of a probability of the bad outcome: `base_points + pdo / ln 2 * ln(odds / base_odds)`,
    /// rounded half away from zero and kept between floor and cap. `None` for what is no probability, NaN
    /// among it.
    #[must_use]
    pub fn points(&self, probability: f64) -> Option<i64> {
        if !(0.0..=1.0).contains(&probability) {
            return None;
        }
        let factor = self.pdo / std::f64::consts::LN_2;
        let raw = self.base_points + factor * (-logit(probability) - libm::log(self.base_odds));
        // Certainty has infinite odds; the clamp comes first so that it rounds to floor or cap.
        Some(libm::round(raw.clamp(self.floor as f64, self.cap as f64)) as i64)
    }

    /// The grade of these points, or `None` where the scorecard has no grades.
    #[must_use]
    pub fn grade(&self, points: i64) -> Option<&str> {
        self.grades.iter().find(|grade| points >= grade.min_points).map(|grade| grade.grade.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Grade;

    fn card() -> Scorecard {
        let grade = |grade: &str, min_points| Grade { grade: grade.into(), min_points };
        Scorecard {
            score: "pd".into(),
            base_points: 600.0,
            base_odds: 50.0,
            pdo: 20.0,
            floor: 300,
            cap: 850,
            grades: vec![grade("A", 640), grade("B", 600), grade("C", 300)],
        }
    }

    #[test]
    fn base_odds_have_base_points_and_pdo_doubles() {
        let card = card();
        assert_eq!(card.points(1.0 / 51.0), Some(600));
        assert_eq!(card.points(1.0 / 101.0), Some(620));
        assert_eq!(card.points(1.0 / 26.0), Some(580));
    }

    #[test]
    fn certainty_meets_floor_and_cap() {
        let card = card();
        assert_eq!(card.points(0.0), Some(850));
        assert_eq!(card.points(1.0), Some(300));
        assert_eq!(card.points(f64::NAN), None);
    }

    #[test]
    fn grades_begin_at_their_points() {
        let card = card();
        for (points, grade) in [(850, "A"), (640, "A"), (639, "B"), (600, "B"), (599, "C"), (300, "C")] {
            assert_eq!(card.grade(points), Some(grade));
        }
    }
}
