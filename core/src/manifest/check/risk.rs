//! Checks of risks and of limits on exposure.

use std::collections::BTreeSet;

use super::super::{Amount, Banded, Combination, InputType, Limit, Limits, Manifest, Risk, Risks, ScoreType};
use super::policy::check_reason;
use super::view::check_bands;
use super::{check_name, check_texts, each, invalid, unique, unknown};
use crate::error::Result;
use crate::scope::GRADE;

/// Names below `risk` and `limits` that are not those of single ones.
const RISK_NAMES: [&str; 2] = ["level", "strategy"];
const LIMIT_NAMES: [&str; 3] = ["headroom", "binding", "breached"];

pub(super) fn check_risks(risks: &Risks) -> Result<()> {
    if risks.levels.is_empty() {
        return Err(invalid("name at least one level, the lowest first").at("levels"));
    }
    unique("levels", risks.levels.iter().map(String::as_str), "level")?;
    if risks.risks.is_empty() {
        return Err(invalid("name at least one risk").at("risks"));
    }
    unique("risks", risks.risks.iter().map(|risk| risk.id.as_str()), "id")?;
    each("risks", &risks.risks, |risk| check_risk(risk, risks))?;
    for level in risks.strategies.keys() {
        check_level(level, risks).map_err(|error| error.at(format_args!("strategies.{level}")))?;
    }
    match risks.levels.iter().find(|level| !risks.strategies.contains_key(*level)) {
        Some(level) if !risks.strategies.is_empty() => {
            Err(invalid(format!("the level `{level}` has no strategy; give each level one, or none"))
                .at("strategies"))
        }
        _ => Ok(()),
    }
}

fn check_risk(risk: &Risk, risks: &Risks) -> Result<()> {
    check_id(&risk.id, &RISK_NAMES)?;
    for (key, own) in [("likelihood", &risk.likelihood), ("impact", &risk.impact)] {
        check_banded(own).map_err(|error| error.at(key))?;
    }
    let (rows, columns) = (risk.likelihood.bands.len(), risk.impact.bands.len());
    if risk.cells.len() != rows {
        let message = format!("the likelihood has {rows} bands, so there are {rows} rows of cells");
        return Err(invalid(message).at("cells"));
    }
    for (at, row) in risk.cells.iter().enumerate() {
        if row.len() != columns {
            let message = format!("the impact has {columns} bands, so each row has {columns} levels");
            return Err(invalid(message).at(format_args!("cells[{at}]")));
        }
        for (index, level) in row.iter().enumerate() {
            check_level(level, risks).map_err(|error| error.at(format_args!("cells[{at}][{index}]")))?;
        }
    }
    if let Some(level) = &risk.missing {
        check_level(level, risks).map_err(|error| error.at("missing"))?;
    }
    match (risks.combine, risk.weight) {
        (Combination::Weighted, None) => {
            return Err(invalid("the combination `weighted` needs a weight for each risk").at("weight"));
        }
        (Combination::Max, Some(_)) => {
            return Err(invalid("weights have no effect unless the combination is `weighted`").at("weight"));
        }
        (_, Some(weight)) if !weight.is_finite() || weight <= 0.0 => {
            return Err(invalid("a weight must be finite and greater than 0").at("weight"));
        }
        _ => {}
    }
    check_texts(&risk.title).map_err(|error| error.at("title"))
}

fn check_id(id: &str, reserved: &[&str]) -> Result<()> {
    check_name(id).map_err(|error| error.at("id"))?;
    if reserved.contains(&id) {
        return Err(invalid(format!("`{id}` is what all of them together give; take another name")).at("id"));
    }
    Ok(())
}

fn check_level(level: &str, risks: &Risks) -> Result<()> {
    if risks.levels.iter().any(|own| own == level) {
        return Ok(());
    }
    Err(unknown("level", level, risks.levels.iter().map(String::as_str)))
}

fn check_banded(own: &Banded) -> Result<()> {
    check_amount(&own.of).map_err(|error| error.at("of"))?;
    if own.bands.is_empty() {
        return Err(invalid("give at least one band").at("bands"));
    }
    check_bands(&own.bands)
}

/// An amount that can be one.
pub(super) fn check_amount(amount: &Amount) -> Result<()> {
    match amount {
        Amount::Number(number) if !number.is_finite() => Err(invalid("the number must be finite")),
        Amount::Expression(text) if text.trim().is_empty() => Err(invalid("an expression must not be empty")),
        _ => Ok(()),
    }
}

pub(super) fn check_limits(limits: &Limits, manifest: &Manifest) -> Result<()> {
    check_amount(&limits.requested).map_err(|error| error.at("requested"))?;
    if limits.unit.as_ref().is_some_and(|unit| unit.trim().is_empty()) {
        return Err(invalid("a unit must not be empty").at("unit"));
    }
    if limits.limits.is_empty() {
        return Err(invalid("name at least one limit").at("limits"));
    }
    unique("limits", limits.limits.iter().map(|limit| limit.id.as_str()), "id")?;
    each("limits", &limits.limits, |limit| check_limit(limit, manifest))
}

fn check_limit(limit: &Limit, manifest: &Manifest) -> Result<()> {
    check_id(&limit.id, &LIMIT_NAMES)?;
    check_amount(&limit.current).map_err(|error| error.at("current"))?;
    check_texts(&limit.title).map_err(|error| error.at("title"))?;
    check_reason(limit.reason.as_deref(), manifest).map_err(|error| error.at("reason"))?;
    if limit.on_breach.is_some() && manifest.policy.is_none() {
        return Err(invalid("an outcome needs a policy").at("on_breach"));
    }
    match (&limit.limit, &limit.segment) {
        (Some(amount), None) => {
            if !limit.by_segment.is_empty() || limit.otherwise.is_some() {
                return Err(invalid("`by_segment` and `otherwise` go with `segment`").at("by_segment"));
            }
            check_amount(amount).map_err(|error| error.at("limit"))
        }
        (None, Some(segment)) => {
            if !text_names(manifest).contains(segment.as_str()) {
                return Err(unknown("text", segment, text_names(manifest).into_iter()).at("segment"));
            }
            if limit.by_segment.is_empty() {
                return Err(invalid("give at least one segment its limit").at("by_segment"));
            }
            let numbers = limit.by_segment.values().chain(&limit.otherwise);
            if !numbers.into_iter().all(|number| number.is_finite()) {
                return Err(invalid("a limit must be finite").at("by_segment"));
            }
            Ok(())
        }
        _ => Err(invalid("a limit has either `limit`, or `segment` with `by_segment`").at("limit")),
    }
}

/// Names of texts that records or scores have.
fn text_names(manifest: &Manifest) -> BTreeSet<&str> {
    let inputs = manifest.inputs.iter().filter(|input| input.kind == InputType::String);
    let features = manifest.features.iter().filter(|feature| feature.kind == InputType::String);
    let scores = manifest.scores.iter().filter(|(_, score)| score.kind() == ScoreType::String);
    let grade = manifest.scorecard.is_some().then_some(GRADE);
    let inputs = inputs.map(|input| input.name.as_str());
    let features = features.map(|feature| feature.name.as_str());
    inputs.chain(features).chain(scores.map(|(name, _)| name.as_str())).chain(grade).collect()
}
