//! The scorecard: points and a grade.
//!
//! Either a probability becomes points on a scale that people can read: at `base_odds` (good : bad) a customer
//! has `base_points`, and every `pdo` points more double the odds. Or the characteristics of a record have
//! points per bin and the points of the record are their sum, exactly and always. Scale and derivation are
//! the industry's own; see N. Siddiqi, "Credit Risk Scorecards", 2006, chapter 6 ("Scorecard scaling").

mod points;

pub use points::{PointsCard, Tally};

use crate::calibration::logit;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Manifest, Scorecard};
use crate::rules::Column;
use crate::scope::Scope;

/// A scorecard, ready to give points.
#[derive(Clone, Debug)]
pub enum Card {
    /// Of the score whose column is at this place.
    Scaled(usize),
    /// Of characteristics, with the places of their columns.
    Points(Box<PointsCard>, Vec<usize>),
}

/// What a scorecard says about some rows.
#[derive(Clone, Debug, Default)]
pub struct CardPoints {
    /// Points per row; none for rows that were not scored.
    pub points: Vec<Option<i64>>,
    /// Where there are characteristics, what each row got its points for.
    pub tallies: Vec<Option<Tally>>,
}

impl Card {
    /// The scorecard of a manifest, where it has one.
    ///
    /// # Errors
    /// `internal` only; the manifest's check has seen to names.
    pub fn load(manifest: &Manifest, scope: &Scope) -> Result<Option<Self>> {
        let Some(card) = &manifest.scorecard else { return Ok(None) };
        let place = |name: &str| {
            let absent = || Error::new(ErrorCode::Internal, format!("`{name}` has no column"));
            scope.position(name).ok_or_else(absent)
        };
        Ok(Some(match &card.score {
            Some(score) => Self::Scaled(place(score)?),
            None => {
                let places = card.characteristics.iter().map(|own| place(&own.of)).collect::<Result<_>>()?;
                Self::Points(Box::new(PointsCard::new(card)), places)
            }
        }))
    }

    /// Whether it reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        match self {
            Self::Scaled(own) => *own == place,
            Self::Points(_, places) => places.contains(&place),
        }
    }

    /// The characteristics' points, where there are any.
    #[must_use]
    pub fn as_points(&self) -> Option<&PointsCard> {
        match self {
            Self::Scaled(_) => None,
            Self::Points(card, _) => Some(card),
        }
    }

    /// The points of characteristics on these rows; nothing for a scorecard of a probability.
    #[must_use]
    pub fn of_characteristics(&self, columns: &[Column], scored: &[usize], rows: usize) -> CardPoints {
        let Self::Points(card, places) = self else { return CardPoints::default() };
        let mut tallies = vec![None; rows];
        let read: Option<Vec<&Column>> = places.iter().map(|place| columns.get(*place)).collect();
        for (row, read) in scored.iter().zip(std::iter::repeat(read.unwrap_or_default())) {
            if let Some(slot) = tallies.get_mut(*row) {
                *slot = card.tally(&read, *row);
            }
        }
        CardPoints {
            points: tallies.iter().map(|tally| tally.as_ref().map(|own| own.sum)).collect(),
            tallies,
        }
    }

    /// The points of a probability on all rows; nothing for a scorecard of characteristics.
    #[must_use]
    pub fn of_probability(&self, own: &Scorecard, columns: &[Column], rows: usize) -> CardPoints {
        let Self::Scaled(place) = self else { return CardPoints::default() };
        let score = columns.get(*place);
        let probability = |row| score.and_then(|score| score.number(row).ok().flatten());
        CardPoints {
            points: (0..rows).map(|row| own.points(probability(row)?)).collect(),
            tallies: Vec::new(),
        }
    }
}

impl Scorecard {
    /// Points of a probability of the bad outcome: `base_points + pdo / ln 2 * ln(odds / base_odds)`,
    /// rounded half away from zero and kept between floor and cap. `None` for what is no probability, NaN
    /// among it, and without a whole scale.
    #[must_use]
    pub fn points(&self, probability: f64) -> Option<i64> {
        if !(0.0..=1.0).contains(&probability) {
            return None;
        }
        let factor = self.pdo? / std::f64::consts::LN_2;
        let raw = self.base_points? + factor * (-logit(probability) - libm::log(self.base_odds?));
        // Certainty has infinite odds; the clamp comes first so that it rounds to floor or cap.
        Some(libm::round(raw.clamp(self.floor? as f64, self.cap? as f64)) as i64)
    }

    /// The fewest and the most points that there are.
    #[must_use]
    pub fn range(&self) -> (i64, i64) {
        if self.characteristics.is_empty() {
            return (self.floor.unwrap_or_default(), self.cap.unwrap_or_default());
        }
        let card = PointsCard::new(self);
        (card.least(), card.most())
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
            score: Some("pd".into()),
            base_points: Some(600.0),
            base_odds: Some(50.0),
            pdo: Some(20.0),
            floor: Some(300),
            cap: Some(850),
            grades: vec![grade("A", 640), grade("B", 600), grade("C", 300)],
            ..Scorecard::default()
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
