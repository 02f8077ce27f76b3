//! Checks of scores.

use super::super::{Manifest, OutputKind, Score};
use super::{invalid, unknown};
use crate::error::Result;

pub(super) fn check_score(score: &Score, manifest: &Manifest) -> Result<()> {
    match (&score.model, &score.expr) {
        (Some(id), None) => {
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
        (None, Some(expr)) if expr.trim().is_empty() => {
            return Err(invalid("an expression must not be empty").at("expr"));
        }
        (None, Some(_)) => {}
        _ => return Err(invalid("a score has exactly one of `model` and `expr`")),
    }
    match &score.unit {
        Some(unit) if unit.trim().is_empty() => Err(invalid("a unit must not be empty").at("unit")),
        _ => Ok(()),
    }
}
