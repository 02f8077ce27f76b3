//! Checks of the bandit.

use super::super::super::{
    Algorithm, Arms, Bandit, InputType, MAX_BANDIT_ITEMS, MAX_DIMENSION, Manifest, Offers, OnIssue, ScoreType,
};
use super::super::{invalid, unknown};
use super::check_numeric;
use crate::error::Result;

pub(super) fn check_bandit(bandit: &Bandit, offers: &Offers, manifest: &Manifest) -> Result<()> {
    if offers.items.len() > MAX_BANDIT_ITEMS {
        return Err(invalid(format!("a bandit chooses among at most {MAX_BANDIT_ITEMS} items")));
    }
    for (at, name) in bandit.context.iter().enumerate() {
        if bandit.context[..at].contains(name) {
            return Err(invalid("this is listed twice").at(format_args!("context[{at}]")));
        }
        check_context(name, manifest).map_err(|error| error.at(format_args!("context[{at}]")))?;
    }
    match bandit.arms {
        Arms::Item if !bandit.item_context.is_empty() => {
            return Err(invalid("an item that learns alone needs no description; this is for `shared` arms")
                .at("item_context"));
        }
        Arms::Shared if bandit.item_context.is_empty() => {
            return Err(
                invalid("without attributes all items would be the same to `shared` arms").at("item_context")
            );
        }
        _ => {}
    }
    for (at, name) in bandit.item_context.iter().enumerate() {
        if bandit.item_context[..at].contains(name) {
            return Err(invalid("this is listed twice").at(format_args!("item_context[{at}]")));
        }
        check_numeric(name, offers).map_err(|error| error.at(format_args!("item_context[{at}]")))?;
    }
    let dimension = bandit.dimension();
    if dimension > MAX_DIMENSION {
        return Err(invalid(format!(
            "the context has {dimension} numbers, the constant and products included; at most {MAX_DIMENSION}"
        ))
        .at("context"));
    }
    for (key, number, least) in [("alpha", bandit.alpha, 0.0), ("ridge", bandit.ridge, f64::MIN_POSITIVE)] {
        if !number.is_finite() || number < least {
            return Err(invalid("must be finite and not negative, and `ridge` greater than 0").at(key));
        }
    }
    if !(0.0..=1.0).contains(&bandit.explore) {
        return Err(invalid("must be a share from 0 to 1").at("explore"));
    }
    let draws = bandit.algorithm == Algorithm::Thompson || bandit.explore > 0.0;
    match &bandit.seed {
        None if draws => {
            Err(invalid("nothing is drawn without a seed: name the input that brings it").at("seed"))
        }
        None => Ok(()),
        Some(name) => check_seed(name, manifest).map_err(|error| error.at("seed")),
    }
}

fn check_context(name: &str, manifest: &Manifest) -> Result<()> {
    let numeric =
        |kind: InputType| matches!(kind, InputType::Number | InputType::Integer | InputType::Boolean);
    let input = manifest.input(name).map(|input| numeric(input.kind));
    let feature = || manifest.features.iter().find(|own| own.name == name).map(|own| numeric(own.kind));
    let score = || manifest.scores.get(name).map(|score| score.kind() == ScoreType::Number);
    let field = || {
        let fields = manifest.view.iter().flat_map(|view| &view.fields);
        fields.filter(|own| own.expr.is_some()).find(|own| own.name == name).map(|own| numeric(own.kind()))
    };
    match input.or_else(feature).or_else(score).or_else(field) {
        Some(true) => Ok(()),
        Some(false) => Err(invalid(format!("`{name}` is no number, integer or truth value"))),
        None => {
            let inputs = manifest.inputs.iter().map(|input| input.name.as_str());
            let known = inputs.chain(manifest.features.iter().map(|own| own.name.as_str()));
            Err(unknown("input, feature, score or field", name, known))
        }
    }
}

/// Whether what has this name is always there.
fn check_seed(name: &str, manifest: &Manifest) -> Result<()> {
    let input = manifest.input(name).map(|input| (input.kind, input.on_missing() == OnIssue::Refuse));
    let feature = || {
        let own = manifest.features.iter().find(|own| own.name == name)?;
        Some((own.kind, own.default.as_ref().is_some_and(|value| !value.is_null())))
    };
    match input.or_else(feature) {
        Some((InputType::String | InputType::Integer, true)) => Ok(()),
        Some((InputType::String | InputType::Integer, false)) => {
            Err(invalid("the seed may be missing; make the input required or give the feature a `default`"))
        }
        Some(_) => Err(invalid("a seed is of type string or integer")),
        None => {
            let known = manifest.inputs.iter().map(|input| input.name.as_str());
            Err(unknown("input or feature", name, known))
        }
    }
}
