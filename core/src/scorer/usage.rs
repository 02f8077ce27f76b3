//! Data minimisation: what a bundle does with each input, and which it could do without.
//!
//! A field that is collected and never used is a liability and nothing else, and personal data must be "adequate,
//! relevant and limited to what is necessary" (GDPR, article 5(1)(c)). What is used is read off the programs and
//! feeds themselves, so the report cannot disagree with what runs.

use crate::json::{Value, json};

use super::Scorer;
use crate::manifest::{Input, OnIssue, ReasonMethod};

/// What an input is used by.
#[derive(Default)]
struct Use {
    features: Vec<usize>,
    checks: Vec<usize>,
    models: Vec<usize>,
    by: Vec<&'static str>,
}

/// The report: per input and field what uses it, and the names of those that nothing or only one thing uses.
pub(super) fn report(scorer: &Scorer) -> Value {
    let mut inputs = Vec::new();
    let mut all: Vec<(String, Use)> = Vec::new();
    for (at, input) in scorer.manifest.inputs.iter().enumerate() {
        let own = of_input(scorer, at, input);
        let mut about = row(scorer, &input.name, input.personal, &own);
        let fields: Vec<Value> = input
            .fields
            .iter()
            .enumerate()
            .map(|(place, field)| {
                let name = format!("{}.{}", input.name, field.name);
                let own = of_field(scorer, at, place, field);
                let about = row(scorer, &field.name, field.personal || input.personal, &own);
                all.push((name, own));
                about
            })
            .collect();
        if !fields.is_empty() {
            about["fields"] = fields.into();
        }
        inputs.push(about);
        all.push((input.name.clone(), own));
    }
    let only = |but: &[&str], wanted: &[&str]| -> Vec<&str> {
        let is = |own: &Use| own.by.iter().filter(|by| !but.contains(*by)).eq(wanted);
        all.iter().filter(|(_, own)| is(own)).map(|(name, _)| name.as_str()).collect()
    };
    let idle = scorer.manifest.features.iter().filter(|feature| {
        let place = scorer.scope.position(&feature.name).unwrap_or(usize::MAX);
        let reads = |feature: usize, place: usize| scorer.features.reads(feature, place);
        follow(scorer, place, false, reads).by.is_empty()
    });
    json!({
        "inputs": inputs,
        "never": only(&[], &[]),
        "features_never": idle.map(|feature| &feature.name).collect::<Vec<_>>(),
        // Quality looks at nearly everything, and reasons are given of what a model has used anyway.
        "only_quality": only(&[], &["quality"]),
        "only_rules": only(&["quality"], &["rules"]),
        "only_models": only(&["quality", "reasons"], &["models"]),
        "only_reasons": only(&["quality"], &["reasons"]),
    })
}

fn row(scorer: &Scorer, name: &str, personal: bool, own: &Use) -> Value {
    let manifest = &scorer.manifest;
    let features = own.features.iter().filter_map(|at| Some(manifest.features.get(*at)?.name.as_str()));
    let checks = own.checks.iter().filter_map(|at| Some(manifest.checks.get(*at)?.id.as_str()));
    let models = own.models.iter().filter_map(|at| Some(manifest.models.get(*at)?.id.as_str()));
    json!({
        "name": name, "personal": personal, "used_by": own.by,
        "features": features.collect::<Vec<_>>(), "checks": checks.collect::<Vec<_>>(),
        "models": models.collect::<Vec<_>>(),
    })
}

fn of_input(scorer: &Scorer, at: usize, input: &Input) -> Use {
    let reads = |feature: usize, place: usize| scorer.features.reads(feature, place);
    let quality = looks(input) || scorer.manifest.duplicates.iter().any(|own| own.key.contains(&input.name));
    let source = scorer.manifest.sources.iter().find(|source| Some(&source.id) == input.source.as_ref());
    let quality = quality || source.is_some_and(|source| source.absent != OnIssue::Accept);
    follow(scorer, at, quality, reads)
}

/// A field of a list: features read it by itself, everything else that reads the list may.
fn of_field(scorer: &Scorer, at: usize, field: usize, own: &Input) -> Use {
    let reads = |feature: usize, place: usize| {
        if place == at {
            scorer.features.reads_field(feature, place, field)
        } else {
            scorer.features.reads(feature, place)
        }
    };
    follow(scorer, at, looks(own), reads)
}

/// Whether quality asks more of an input than its type.
fn looks(input: &Input) -> bool {
    input.on_missing() != OnIssue::Accept
        || input.min.is_some()
        || input.max.is_some()
        || input.allowed.is_some()
        || input.needs_now()
}

/// What uses the column at this place, by itself or through features.
fn follow(scorer: &Scorer, at: usize, quality: bool, reads: impl Fn(usize, usize) -> bool) -> Use {
    let manifest = &scorer.manifest;
    let mut own = Use::default();
    let mut places = vec![at];
    for (feature, declared) in manifest.features.iter().enumerate() {
        if places.iter().any(|&place| reads(feature, place)) {
            own.features.push(feature);
            places.extend(scorer.scope.position(&declared.name));
        }
    }
    let any = |reads: &dyn Fn(usize) -> bool| places.iter().any(|&place| reads(place));
    let named = |name: &str| scorer.scope.position(name).is_some_and(|place| places.contains(&place));
    own.checks =
        (0..manifest.checks.len()).filter(|&check| any(&|place| scorer.checks.reads(check, place))).collect();
    let fed = |model: &crate::manifest::Model| {
        model.inputs.values().flat_map(|feed| feed.names()).any(|name| named(name))
    };
    own.models =
        (0..manifest.models.len()).filter(|&model| manifest.models.get(model).is_some_and(fed)).collect();
    let card = manifest.scorecard.iter().flat_map(|card| &card.characteristics).any(|one| named(&one.of));
    let coded = manifest
        .reasons
        .iter()
        .flat_map(|own| &own.codes)
        .flat_map(|code| &code.features)
        .any(|name| named(name));
    let explained = manifest.reasons.as_ref().is_some_and(|reasons| match &reasons.model {
        Some(id) => own.models.iter().any(|at| manifest.models.get(*at).is_some_and(|model| model.id == *id)),
        None => reasons.method == Some(ReasonMethod::Scorecard) && card,
    });
    let view_names = manifest.view.iter().flat_map(|view| &view.fields);
    let seen = view_names
        .filter(|field| field.expr.is_none() && field.model.is_none())
        .any(|field| named(&field.name));
    for (used, by) in [
        (quality || !own.checks.is_empty(), "quality"),
        (!own.models.is_empty(), "models"),
        (card, "scorecard"),
        (any(&|place| scorer.scores.read(place)), "scores"),
        (seen || scorer.view.as_ref().is_some_and(|view| any(&|place| view.reads(place))), "view"),
        (scorer.policy.as_ref().is_some_and(|policy| any(&|place| policy.reads(place))), "rules"),
        (scorer.offers.as_ref().is_some_and(|offers| any(&|place| offers.reads(place))), "offers"),
        (coded && explained, "reasons"),
    ] {
        if used {
            own.by.push(by);
        }
    }
    own
}
