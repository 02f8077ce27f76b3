//! Checks of scores.

use super::super::{Manifest, OutputKind, PointsCalibration, PointsMethod, Score};
use super::data::check_bands;
use super::{invalid, unknown};
use crate::error::Result;

pub(super) fn check_score(score: &Score, manifest: &Manifest) -> Result<()> {
    match (&score.model, &score.expr, &score.points) {
        (Some(id), None, None) => {
            let Some(model) = manifest.model(id) else {
                let known = manifest.models.iter().map(|model| model.id.as_str());
                return Err(unknown("model", id, known).at("model"));
            };
            if model.output.kind == OutputKind::Vector {
                return Err(
                    invalid("the model gives many numbers; a score is one: say a `class`").at("model")
                );
            }
            if model.sees_items() {
                return Err(
                    invalid("the model sees items of the catalogue; only `offers` can run it").at("model")
                );
            }
            if score.kind.is_some() {
                return Err(invalid("`type` is for expressions; a model's answer is a number").at("type"));
            }
        }
        (None, Some(expr), None) if expr.trim().is_empty() => {
            return Err(invalid("an expression must not be empty").at("expr"));
        }
        (None, Some(_), None) => {}
        (None, None, Some(points)) => check_points(points, manifest).map_err(|error| error.at("points"))?,
        _ => return Err(invalid("a score has exactly one of `model`, `expr` and `points`")),
    }
    match &score.unit {
        Some(unit) if unit.trim().is_empty() => Err(invalid("a unit must not be empty").at("unit")),
        _ => Ok(()),
    }
}

fn check_points(own: &PointsCalibration, manifest: &Manifest) -> Result<()> {
    let card = manifest.scorecard.as_ref().filter(|card| !card.characteristics.is_empty());
    let Some(card) = card else {
        return Err(invalid("there is no scorecard with characteristics that would give points"));
    };
    match own.method {
        PointsMethod::Table => check_bands(own.edges.as_deref(), own.y.as_deref()),
        PointsMethod::Odds if own.edges.is_some() || own.y.is_some() => {
            Err(invalid("the method `odds` takes no parameters; the scorecard has them"))
        }
        PointsMethod::Odds if card.base_odds.is_none() => {
            Err(invalid("the method `odds` needs the scorecard's `base_points`, `base_odds` and `pdo`")
                .at("method"))
        }
        PointsMethod::Odds => Ok(()),
    }
}
