//! Checks of the scorecard.

use std::collections::BTreeSet;

use super::super::{Characteristic, InputType, Manifest, OnIssue, ScoreType, Scorecard};
use super::bins::check_bins;
use super::{check_texts, invalid, unique, unknown};
use crate::error::Result;
use crate::scorecard::PointsCard;

/// Points are exact as doubles up to here.
const MAX_POINTS: i64 = 1 << 53;
/// Points of one bin: the sum of as many characteristics as a manifest can have stays exact.
const MAX_BIN_POINTS: i64 = 1 << 32;

pub(super) fn check_scorecard(card: &Scorecard, manifest: &Manifest) -> Result<()> {
    let lowest = if card.characteristics.is_empty() {
        check_scaled(card, manifest)?
    } else {
        check_characteristics(card, manifest)?
    };
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
        Some(last) if last.min_points > lowest => {
            let message = format!(
                "the last grade must reach down to the fewest points, {lowest} (`floor`, or the worst bins), so \
                 that no score lacks a grade"
            );
            Err(invalid(message).at(format_args!("grades[{}].min_points", card.grades.len() - 1)))
        }
        _ => Ok(()),
    }
}

/// The scale of points: all of it or nothing.
fn check_scale(card: &Scorecard, needed: bool) -> Result<()> {
    for (key, number, positive) in [
        ("base_points", card.base_points, false),
        ("base_odds", card.base_odds, true),
        ("pdo", card.pdo, true),
    ] {
        let any = card.base_points.or(card.base_odds).or(card.pdo).is_some();
        match number {
            None if needed || any => {
                return Err(invalid("the scale is `base_points`, `base_odds` and `pdo` together").at(key));
            }
            Some(number) if !number.is_finite() || (positive && number <= 0.0) => {
                return Err(invalid("must be finite, and greater than 0 where it is odds or `pdo`").at(key));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A scorecard of a probability; gives its fewest points.
fn check_scaled(card: &Scorecard, manifest: &Manifest) -> Result<i64> {
    let known = || manifest.scores.keys().map(String::as_str);
    let Some(name) = &card.score else {
        return Err(invalid("a scorecard takes a probability (`score`) or has `characteristics`"));
    };
    let Some(score) = manifest.scores.get(name) else {
        return Err(unknown("score", name, known()).at("score"));
    };
    let model = score.model.as_deref().and_then(|id| manifest.model(id));
    let is_probability = model.is_some_and(super::super::Model::gives_probability);
    if !is_probability && (score.expr.is_none() || score.kind() != ScoreType::Number) {
        return Err(invalid("points come from a probability; this score is none").at("score"));
    }
    for (key, given) in [("start", card.start.is_some()), ("intercept", card.intercept.is_some())] {
        if given {
            return Err(invalid(format!("`{key}` is for a scorecard with `characteristics`")).at(key));
        }
    }
    check_scale(card, true)?;
    let (Some(floor), Some(cap)) = (card.floor, card.cap) else {
        let key = if card.floor.is_none() { "floor" } else { "cap" };
        return Err(invalid("the points of a probability have a `floor` and a `cap`").at(key));
    };
    if floor >= cap {
        return Err(invalid("`floor` must be less than `cap`").at("floor"));
    }
    if floor < -MAX_POINTS || cap > MAX_POINTS {
        return Err(invalid("`floor` and `cap` must lie within 2^53").at("cap"));
    }
    Ok(floor)
}

/// A scorecard of characteristics; gives its fewest points.
fn check_characteristics(card: &Scorecard, manifest: &Manifest) -> Result<i64> {
    if card.score.is_some() {
        let message = "a scorecard has `characteristics` or takes a probability (`score`), not both; a score takes its `points`";
        return Err(invalid(message).at("score"));
    }
    for (key, given) in [("floor", card.floor.is_some()), ("cap", card.cap.is_some())] {
        if given {
            let message =
                "the points of characteristics are their sum, always; the outer bins are its bounds";
            return Err(invalid(message).at(key));
        }
    }
    if card.start.is_some_and(|start| !(-MAX_BIN_POINTS..=MAX_BIN_POINTS).contains(&start)) {
        return Err(invalid("must lie within 2^32").at("start"));
    }
    let mut seen = BTreeSet::new();
    let mut derived = 0;
    for (at, own) in card.characteristics.iter().enumerate() {
        let place = |error: crate::Error| error.at(format_args!("characteristics[{at}]"));
        if !seen.insert(&own.of) {
            return Err(place(invalid(format!("`{}` has points already", own.of)).at("of")));
        }
        derived += usize::from(check_characteristic(own, manifest).map_err(place)?);
    }
    check_scale(card, derived > 0)?;
    match (derived, card.intercept) {
        (0, Some(_)) => {
            return Err(invalid("nothing is derived here: all bins have points").at("intercept"));
        }
        (0, None) => {}
        (_, intercept) => {
            if derived != card.characteristics.len() {
                let message = "points are derived for all characteristics or for none: the intercept is theirs together";
                return Err(invalid(message).at("characteristics"));
            }
            if !intercept.is_some_and(f64::is_finite) {
                return Err(
                    invalid("deriving points needs the `intercept` of the regression").at("intercept")
                );
            }
        }
    }
    let points = PointsCard::new(card);
    for (at, own) in points.characteristics().iter().enumerate() {
        if own.points.iter().any(|points| !(-MAX_BIN_POINTS..=MAX_BIN_POINTS).contains(points)) {
            let message = "the points of a bin must lie within 2^32";
            return Err(invalid(message).at(format_args!("characteristics[{at}]")));
        }
    }
    Ok(points.least())
}

/// Checks one characteristic; tells whether its points are derived.
fn check_characteristic(own: &Characteristic, manifest: &Manifest) -> Result<bool> {
    let input = manifest.input(&own.of);
    let feature = manifest.features.iter().find(|feature| feature.name == own.of);
    let Some(kind) = input.map(|input| input.kind).or_else(|| feature.map(|feature| feature.kind)) else {
        let known = manifest.inputs.iter().map(|input| input.name.as_str());
        let known = known.chain(manifest.features.iter().map(|feature| feature.name.as_str()));
        return Err(unknown("input or feature", &own.of, known).at("of"));
    };
    check_texts(&own.title).map_err(|error| error.at("title"))?;
    check_bins(&own.bins, kind)?;
    let may_lack = match (input, feature) {
        (Some(input), _) => manifest.may_lack(input),
        (_, Some(feature)) => feature.default.as_ref().is_none_or(crate::json::Value::is_null),
        _ => true,
    };
    check_coverage(own, kind, may_lack, manifest)?;
    let given = own.bins.iter().filter(|bin| bin.points.is_some()).count();
    if given == own.bins.len() {
        if own.coefficient.is_some() {
            let message = "all bins have points, so none are derived; drop the coefficient or the points";
            return Err(invalid(message).at("coefficient"));
        }
        return Ok(false);
    }
    if let Some(at) = own.bins.iter().position(|bin| bin.points.is_some() == (own.coefficient.is_some())) {
        let message = match own.coefficient {
            Some(_) => {
                "points are derived from the weights of evidence; drop these, or give all and no coefficient"
            }
            None => "each bin has points, or each has its `woe` and the characteristic a `coefficient`",
        };
        return Err(invalid(message).at(format_args!("bins[{at}]")));
    }
    if !own.coefficient.is_some_and(f64::is_finite) {
        return Err(invalid("the coefficient must be finite").at("coefficient"));
    }
    if let Some(at) = own.bins.iter().position(|bin| !bin.woe.is_some_and(f64::is_finite)) {
        return Err(invalid("a bin without points needs its `woe`").at(format_args!("bins[{at}]")));
    }
    Ok(true)
}

/// Every value that a scored record can have must have its points.
fn check_coverage(own: &Characteristic, kind: InputType, may_lack: bool, manifest: &Manifest) -> Result<()> {
    let lacks = |what: &str, bin: &str| Err(invalid(format!("no bin takes {what}; add {bin}")).at("bins"));
    if may_lack && !own.bins.iter().any(|bin| bin.missing) {
        return lacks(
            "missing values",
            "one with `\"missing\": true`, or have the record refused without it",
        );
    }
    if own.bins.iter().any(|bin| bin.other) {
        return Ok(());
    }
    let listed = || own.bins.iter().filter_map(|bin| bin.values.as_ref()).flatten();
    match kind {
        InputType::Boolean => {
            match [true, false]
                .into_iter()
                .find(|truth| !listed().any(|value| value.as_bool() == Some(*truth)))
            {
                Some(truth) => lacks(&truth.to_string(), "it, or one with `\"other\": true`"),
                None => Ok(()),
            }
        }
        InputType::String => {
            let input = manifest.input(&own.of).filter(|input| input.on_out_of_range() == OnIssue::Refuse);
            let Some(allowed) = input.and_then(|input| input.allowed.as_ref()) else {
                return lacks("texts that are not listed", "one with `\"other\": true`");
            };
            match allowed.iter().find(|value| !listed().any(|own| own == *value)) {
                Some(value) => {
                    lacks(&format!("the allowed value {value}"), "it, or one with `\"other\": true`")
                }
                None => Ok(()),
            }
        }
        _ => {
            let ranges = || own.bins.iter().filter(|bin| bin.is_range());
            if ranges().next().is_none_or(|bin| bin.from.is_some()) {
                return lacks(
                    "the smallest numbers",
                    "a range without `from`, or a bin with `\"other\": true`",
                );
            }
            if ranges().next_back().is_none_or(|bin| bin.to.is_some()) {
                return lacks("the largest numbers", "a range without `to`, or a bin with `\"other\": true`");
            }
            Ok(())
        }
    }
}
