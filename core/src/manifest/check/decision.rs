//! Checks of reasons.

use std::collections::BTreeSet;

use super::super::{Against, Direction, Manifest, Model, ReasonMethod, Reasons};
use super::{check_texts, invalid, unique, unknown};
use crate::error::Result;

/// Most reasons that a decision can give.
const MAX_REASONS: usize = 64;

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
    let by_card = reasons.method == Some(ReasonMethod::Scorecard);
    if by_card {
        check_card(reasons, manifest)?;
    } else if model.is_some() != reasons.method.is_some() {
        return Err(invalid("`model` and `method` go together: give both or neither").at("method"));
    } else if reasons.against != Against::Best {
        return Err(invalid("`against` is for the method `scorecard`").at("against"));
    }
    unique("codes", reasons.codes.iter().map(|code| code.code.as_str()), "code")?;
    let characteristics = manifest.scorecard.iter().flat_map(|card| &card.characteristics);
    let characteristics = characteristics.map(|characteristic| characteristic.of.as_str());
    let fed: BTreeSet<&str> = model
        .iter()
        .flat_map(|model| model.inputs.values())
        .flat_map(|feed| feed.names().iter().map(String::as_str))
        .chain(characteristics.filter(|_| by_card))
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
                let what =
                    if by_card { "characteristic of the scorecard" } else { "input of the explained model" };
                return Err(unknown(what, feature, fed.iter().copied()).at(place));
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

/// Reasons by points lost.
fn check_card(reasons: &Reasons, manifest: &Manifest) -> Result<()> {
    if reasons.model.is_some() {
        return Err(invalid("the method `scorecard` explains the scorecard, not a model").at("model"));
    }
    if reasons.direction != Direction::Increase {
        return Err(
            invalid("points lost are adverse; the method `scorecard` has no direction").at("direction")
        );
    }
    let card = manifest.scorecard.as_ref().filter(|card| !card.characteristics.is_empty());
    let Some(card) = card else {
        return Err(invalid("there is no scorecard with characteristics").at("method"));
    };
    let neutral = reasons.against == Against::Neutral;
    for own in card.characteristics.iter().filter(|_| neutral) {
        let derived = own.bins.iter().all(|bin| bin.points.is_none());
        if own.neutral_points.is_none() && !derived {
            let message = format!("the characteristic `{}` says no `neutral_points`", own.of);
            return Err(invalid(message).at("against"));
        }
    }
    Ok(())
}
