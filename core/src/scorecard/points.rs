//! Points per bin. Where an author gives weights of evidence and the coefficients of a logistic regression of
//! the bad event, points follow from the scale (Siddiqi 2006, chapter 6): with n characteristics,
//!
//! ```text
//! points of a bin = -(coefficient * woe + intercept / n) * factor + offset / n
//! factor = pdo / ln 2, offset = base_points - factor * ln(base_odds)
//! ```
//!
//! rounded half away from zero, each bin by itself. So the points of a record are whole numbers that add up, and
//! differ from the scaled log odds by half a point per characteristic at most.

use crate::bins::Bins;
use crate::calibration::{logistic, of_band};
use crate::manifest::{Against, Characteristic, PointsCalibration, PointsMethod, Scorecard};
use crate::rules::Column;

/// A scorecard of characteristics.
#[derive(Clone, Debug)]
pub struct PointsCard {
    start: i64,
    characteristics: Vec<Points>,
    scale: Option<Scale>,
}

/// The points of one characteristic.
#[derive(Clone, Debug)]
pub struct Points {
    /// Name of the input or feature.
    pub of: String,
    /// Points per bin, in the manifest's order.
    pub points: Vec<i64>,
    /// Points that speak neither for nor against, where they are known.
    pub neutral: Option<i64>,
    bins: Bins,
}

/// What points mean.
#[derive(Clone, Copy, Debug)]
struct Scale {
    base_points: f64,
    ln_base_odds: f64,
    factor: f64,
}

/// What one row got its points for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Per characteristic the points of its bin.
    pub points: Vec<i64>,
    /// The start and all of them.
    pub sum: i64,
}

impl PointsCard {
    /// The points of a scorecard. What the manifest's check has seen to is taken as given.
    #[must_use]
    pub fn new(card: &Scorecard) -> Self {
        let scale = card.base_points.zip(card.base_odds).zip(card.pdo);
        let scale = scale.map(|((base_points, base_odds), pdo)| Scale {
            base_points,
            ln_base_odds: libm::log(base_odds),
            factor: pdo / std::f64::consts::LN_2,
        });
        let share = 1.0 / card.characteristics.len().max(1) as f64;
        let intercept = card.intercept.unwrap_or_default();
        let characteristics = card.characteristics.iter().map(|own| {
            let derive = |woe: f64| scale.map_or(0, |scale| scale.points(own, woe, intercept, share));
            let points = own.bins.iter();
            let points = points.map(|bin| bin.points.unwrap_or_else(|| derive(bin.woe.unwrap_or_default())));
            Points {
                of: own.of.clone(),
                points: points.collect(),
                neutral: own.neutral_points.or_else(|| own.coefficient.map(|_| derive(0.0))),
                bins: Bins::new(&own.bins, own.closed),
            }
        });
        Self { start: card.start.unwrap_or_default(), characteristics: characteristics.collect(), scale }
    }

    /// The characteristics in order.
    #[must_use]
    pub fn characteristics(&self) -> &[Points] {
        &self.characteristics
    }

    /// Points that everybody has before any characteristic.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// The fewest points that there are.
    #[must_use]
    pub fn least(&self) -> i64 {
        self.start
            + self
                .characteristics
                .iter()
                .map(|own| own.points.iter().min().copied().unwrap_or(0))
                .sum::<i64>()
    }

    /// The most points that there are.
    #[must_use]
    pub fn most(&self) -> i64 {
        self.start + self.characteristics.iter().map(Points::best).sum::<i64>()
    }

    /// The points of a row; `None` where a value has no bin, which the manifest's check rules out. `columns` are
    /// those of the characteristics, in order.
    #[must_use]
    pub fn tally(&self, columns: &[&Column], row: usize) -> Option<Tally> {
        let points: Option<Vec<i64>> = self
            .characteristics
            .iter()
            .enumerate()
            .map(|(at, own)| own.points.get(own.bins.of(columns.get(at)?, row)?).copied())
            .collect();
        let points = points?;
        Some(Tally { sum: points.iter().fold(self.start, |sum, points| sum + points), points })
    }

    /// Per characteristic, what a row lost; above 0 is adverse.
    #[must_use]
    pub fn lost(&self, tally: &Tally, against: Against) -> Vec<f64> {
        let lost = |(own, points): (&Points, &i64)| (own.reference(against) - points) as f64;
        self.characteristics.iter().zip(&tally.points).map(lost).collect()
    }

    /// The probability of the bad event that points mean; NaN without a scale.
    #[must_use]
    pub fn probability(&self, points: i64, by: &PointsCalibration) -> f64 {
        match by.method {
            PointsMethod::Table => of_band(
                by.edges.as_deref().unwrap_or_default(),
                by.y.as_deref().unwrap_or_default(),
                points as f64,
            ),
            PointsMethod::Odds => self.scale.map_or(f64::NAN, |scale| {
                logistic(-(scale.ln_base_odds + (points as f64 - scale.base_points) / scale.factor))
            }),
        }
    }
}

impl Points {
    fn best(&self) -> i64 {
        self.points.iter().max().copied().unwrap_or(0)
    }

    /// The points that others are compared with.
    #[must_use]
    pub fn reference(&self, against: Against) -> i64 {
        match (against, self.neutral) {
            (Against::Neutral, Some(neutral)) => neutral,
            _ => self.best(),
        }
    }
}

impl Scale {
    fn points(self, own: &Characteristic, woe: f64, intercept: f64, share: f64) -> i64 {
        let offset = self.base_points - self.factor * self.ln_base_odds;
        let log_odds_of_bad = own.coefficient.unwrap_or_default() * woe + intercept * share;
        libm::round(-log_odds_of_bad * self.factor + offset * share) as i64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::rules::Data;

    fn derived() -> PointsCard {
        let card: Scorecard = serde_json::from_str(
            r#"{"base_points": 600, "base_odds": 30, "pdo": 20, "intercept": -1.2, "characteristics": [
                {"of": "age", "coefficient": -0.8, "bins": [
                    {"to": 25, "woe": -0.5}, {"from": 25, "woe": 0.4}, {"missing": true, "woe": 0}]},
                {"of": "rent", "coefficient": -1.1, "bins": [{"to": 1, "woe": 0.3}, {"from": 1, "woe": -0.9}]}
            ]}"#,
        )
        .unwrap();
        PointsCard::new(&card)
    }

    #[test]
    fn points_follow_from_weights_of_evidence_and_the_scale() {
        let card = derived();
        // factor = 20 / ln 2, offset = 600 - factor * ln 30, by hand for the first bin:
        // -(-0.8 * -0.5 - 0.6) * 28.8539 + 501.8622 / 2 = 256.70
        assert_eq!(card.characteristics()[0].points, [257, 277, 268]);
        assert_eq!(card.characteristics()[1].points, [278, 240]);
        assert_eq!(
            (card.characteristics()[0].neutral, card.characteristics()[1].neutral),
            (Some(268), Some(268))
        );
        assert_eq!((card.least(), card.most()), (497, 555));
    }

    #[test]
    fn a_tally_is_the_sum_of_its_bins() {
        let card = derived();
        let age = Column::with_presence(Data::Double(vec![20.0, 25.0, 0.0]), &[true, true, false]);
        let rent = Column::new(Data::Double(vec![0.5, 2.0, 2.0]));
        let tally = |row| card.tally(&[&age, &rent], row).unwrap();
        assert_eq!(tally(0), Tally { points: vec![257, 278], sum: 535 });
        assert_eq!(tally(1).points, [277, 240]);
        assert_eq!(tally(2).points, [268, 240]);
        assert_eq!(card.lost(&tally(0), Against::Best), [20.0, 0.0]);
        assert_eq!(card.lost(&tally(0), Against::Neutral), [11.0, -10.0]);
    }

    #[test]
    fn the_scale_gives_the_odds_back() {
        let card = derived();
        let odds = PointsCalibration { method: PointsMethod::Odds, edges: None, y: None };
        assert!((card.probability(600, &odds) - 1.0 / 31.0).abs() < 1e-15);
        assert!((card.probability(620, &odds) - 1.0 / 61.0).abs() < 1e-15);
        assert!((card.probability(580, &odds) - 1.0 / 16.0).abs() < 1e-15);
        let table = PointsCalibration {
            method: PointsMethod::Table,
            edges: Some(vec![520.0]),
            y: Some(vec![0.2, 0.01]),
        };
        assert_eq!((card.probability(519, &table), card.probability(520, &table)), (0.2, 0.01));
    }
}
