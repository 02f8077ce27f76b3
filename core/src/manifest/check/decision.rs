//! Checks of scorecard and reasons.

use std::collections::BTreeSet;

use super::super::{Manifest, Model, OutputKind, Reasons, ScoreType, Scorecard};
use super::{check_texts, invalid, unique, unknown};
use crate::error::Result;

/// Most reasons that a decision can give.
const MAX_REASONS: usize = 64;

pub(super) fn check_scorecard(card: &Scorecard, manifest: &Manifest) -> Result<()> {
    let Some(score) = manifest.scores.get(&card.score) else {
        return Err(unknown("score", &card.score, manifest.scores.keys().map(String::as_str)).at("score"));
    };
    let kind = score.model.as_deref().and_then(|id| manifest.model(id)).map(|model| model.output.kind);
    let probability = matches!(kind, Some(OutputKind::Probability | OutputKind::Margin));
    if !probability && (score.expr.is_none() || score.kind() != ScoreType::Number) {
        return Err(invalid("points come from a probability; this score is none").at("score"));
    }
    for (key, number, positive) in [
        ("base_points", card.base_points, false),
        ("base_odds", card.base_odds, true),
        ("pdo", card.pdo, true),
    ] {
        if !number.is_finite() || (positive && number <= 0.0) {
            return Err(invalid("must be finite, and greater than 0 where it is odds or `pdo`").at(key));
        }
    }
    if card.floor >= card.cap {
        return Err(invalid("`floor` must be less than `cap`").at("floor"));
    }
    // Points are exact as doubles up to here.
    if card.floor < -(1 << 53) || card.cap > 1 << 53 {
        return Err(invalid("`floor` and `cap` must lie within 2^53").at("cap"));
    }
    unique("grades", card.grades.iter().map(|grade| grade.grade.as_str()), "grade")?;
    for (at, pair) in card.grades.windows(2).enumerate() {
        if pair[0].min_points <= pair[1].min_points {
            return Err(invalid(
                "grades go from best to worst: `min_points` must be less than the grade before",
            )
            .at(format_args!("grades[{}].min_points", at + 1)));
        }
    }
    match card.grades.last() {
        Some(last) if last.min_points > card.floor => {
            Err(invalid("the last grade must reach down to `floor`, so that no score lacks a grade")
                .at(format_args!("grades[{}].min_points", card.grades.len() - 1)))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_reasons(reasons: &Reasons, manifest: &Manifest) -> Result<()> {
    if !(1..=MAX_REASONS).contains(&reasons.top) {
        return Err(invalid(format!("must be 1 to {MAX_REASONS}")).at("top"));
    }
    let model = match &reasons.model {
        None => None,
        Some(id) => Some(manifest.model(id).ok_or_else(|| {
            unknown("model", id, manifest.models.iter().map(|model| model.id.as_str())).at("model")
        })?),
    };
    if model.is_some_and(Model::sees_items) {
        return Err(invalid("the model sees items of the catalogue; only `offers` can run it").at("model"));
    }
    if model.is_some() != reasons.method.is_some() {
        return Err(invalid("`model` and `method` go together: give both or neither").at("method"));
    }
    unique("codes", reasons.codes.iter().map(|code| code.code.as_str()), "code")?;
    let fed: BTreeSet<&str> = model
        .iter()
        .flat_map(|model| model.inputs.values())
        .flat_map(|feed| feed.names().iter().map(String::as_str))
        .collect();
    let mut mapped = BTreeSet::new();
    for (at, code) in reasons.codes.iter().enumerate() {
        let place = |key: &str| format!("codes[{at}].{key}");
        check_texts(&code.text).map_err(|error| error.at(place("text")))?;
        if code.text.is_empty() {
            return Err(invalid("a reason needs a text in at least one language").at(place("text")));
        }
        for (index, feature) in code.features.iter().enumerate() {
            let place = place(&format!("features[{index}]"));
            if !fed.contains(feature.as_str()) {
                return Err(unknown("input of the explained model", feature, fed.iter().copied()).at(place));
            }
            if !mapped.insert(feature.as_str()) {
                return Err(invalid(format!(
                    "`{feature}` has a reason code already; contributions count once"
                ))
                .at(place));
            }
        }
    }
    Ok(())
}
