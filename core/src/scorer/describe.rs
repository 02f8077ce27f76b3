//! What a bundle says about itself: enough for a page to build a form and for people to recognise it.

use crate::json::{Value, json};

use super::extra::view_columns;
use super::{Scorer, usage};
use crate::decision::Shown;
use crate::manifest::{Input, InputType, Manifest, OFFER_COLUMNS, Offers, Outcome, Texts, View};
use crate::onnx::ValueInfo;
use crate::policy::describe_rule;
use crate::rules::Type;
use crate::scope::{GRADE, POINTS};
use crate::scorecard::{Card, PointsCard};

pub(super) fn describe(scorer: &Scorer) -> String {
    let manifest = &scorer.manifest;
    let mut scores: Vec<&str> = scorer.scores.entries().iter().map(|entry| entry.name.as_str()).collect();
    if manifest.scorecard.is_some() {
        scores.extend([POINTS, GRADE]);
    }
    let grades = manifest.scorecard.iter().flat_map(|card| &card.grades).map(|grade| &grade.grade);
    let models = manifest.models.iter().zip(&scorer.models).map(|(spec, model)| {
        let list = |infos: &[ValueInfo]| -> Vec<Value> {
            infos.iter().map(|info| json!({"name": &*info.name, "type": info.kind.to_string()})).collect()
        };
        json!({
            "id": spec.id, "file": spec.file, "inputs": list(model.model().inputs()),
            "outputs": list(model.model().outputs()), "calibration": spec.calibration.method,
        })
    });
    let outcomes: Vec<&str> = match &manifest.policy {
        Some(_) => [Outcome::Approve, Outcome::Review, Outcome::Decline]
            .map(Outcome::name)
            .into_iter()
            .chain(["refuse"])
            .collect(),
        None => vec!["refuse"],
    };
    let codes = manifest.reasons.iter().flat_map(|reasons| &reasons.codes);
    json!({
        "kind": "bundle",
        "name": manifest.name,
        "version": manifest.version,
        "digest": scorer.head.digest.to_string(),
        "title": manifest.title,
        "description": manifest.description,
        "inputs": manifest.inputs.iter().map(input).collect::<Vec<_>>(),
        "data_use": usage::report(scorer),
        "sources": manifest.sources,
        "checks": manifest.checks,
        "duplicates": manifest.duplicates,
        "what_if": manifest.what_if,
        "scores": scores,
        "points": manifest.scorecard.as_ref().map(|card| {
            let (min, max) = card.range();
            json!({"min": min, "max": max})
        }),
        "scorecard": scorer.card.as_ref().and_then(Card::as_points).map(|card| scorecard(scorer, card)),
        "grades": grades.collect::<Vec<_>>(),
        "outcomes": outcomes,
        "steps": manifest.policy.as_ref().zip(scorer.policy.as_ref())
            .map_or_else(Vec::new, |(own, policy)| policy.describe(own)),
        "rules": manifest.policy.iter().flat_map(|policy| &policy.rules).map(describe_rule).collect::<Vec<_>>(),
        "columns": shown(scorer),
        "reasons": codes.map(|code| json!({"code": code.code, "text": code.text})).collect::<Vec<_>>(),
        "view": manifest.view.as_ref().map(view),
        "offers": manifest.offers.as_ref().map(offers),
        "monitored": scorer.plan.sample().is_some(),
        "models": models.collect::<Vec<_>>(),
        "parity": scorer.parity,
        "languages": languages(scorer),
        "needs_now": scorer.schema.needs_now(),
        "golden": scorer.golden.len(),
    })
    .to_string()
}

/// The points of all bins, derived ones among them.
fn scorecard(scorer: &Scorer, card: &PointsCard) -> Value {
    let own = scorer.manifest.scorecard.iter().flat_map(|card| &card.characteristics);
    let characteristics = own.zip(card.characteristics()).map(|(own, points)| {
        let bins = own.bins.iter().zip(&points.points);
        let bins = bins.map(|(bin, points)| {
            let mut bin = json!(bin);
            bin["points"] = (*points).into();
            bin
        });
        json!({
            "of": own.of, "title": own.title, "neutral_points": points.neutral,
            "bins": bins.collect::<Vec<_>>(),
        })
    });
    json!({ "start": card.start(), "characteristics": characteristics.collect::<Vec<_>>() })
}

fn input(input: &Input) -> Value {
    let mut about = json!({
        "name": input.name, "type": input.kind, "required": input.required, "min": input.min, "max": input.max,
        "allowed": input.allowed, "missing": input.on_missing(), "out_of_range": input.on_out_of_range(),
        "unit": input.unit, "personal": input.personal, "title": input.title,
    });
    let mut also = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            about[key] = value;
        }
    };
    // Only where the input has them: most have not.
    also("max_age_days", input.max_age_days.map(Value::from));
    also("stale", input.max_age_days.map(|_| json!(input.on_stale())));
    also("max_ahead_days", input.ahead_days().map(Value::from));
    also("future", input.ahead_days().map(|_| json!(input.on_future())));
    also("mask", input.mask.map(|mask| json!(mask)));
    also("source", input.source.clone().map(Value::from));
    if input.kind == InputType::Records {
        also("max_records", Some(input.most_records().into()));
        also("too_many", Some(json!(input.on_too_many())));
        also("fields", Some(input.fields.iter().map(self::input).collect()));
    }
    about
}

/// Fields with their bands, stages, tags and alerts: what a page needs to show a view.
fn view(view: &View) -> Value {
    let stages = view.lifecycle.iter().flat_map(|lifecycle| {
        let stages = lifecycle.stages.iter().map(|own| json!({"stage": own.stage, "title": own.title}));
        stages.chain([json!({"stage": lifecycle.default, "title": Texts::default()})])
    });
    json!({
        "fields": view.fields.iter().map(|field| json!({
            "name": field.name, "title": field.title, "unit": field.unit, "labelled": field.model.is_some(),
            "bands": field.bands.iter().map(|band| json!({
                "label": band.label, "below": band.below, "severity": band.severity, "title": band.title,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "stages": stages.collect::<Vec<_>>(),
        "tags": view.tags.iter().map(|own| json!({"tag": own.tag, "title": own.title})).collect::<Vec<_>>(),
        "alerts": view.alerts.iter().map(|own| json!({
            "id": own.id, "severity": own.severity, "title": own.title,
        })).collect::<Vec<_>>(),
    })
}

/// Languages that every reason has a text in; those of the title where there are no reasons.
fn languages(scorer: &Scorer) -> Vec<&str> {
    let codes = |texts: &'_ Texts, code: &str| texts.0.contains_key(code);
    let reasons = scorer.manifest.reasons.iter().flat_map(|reasons| &reasons.codes).map(|code| &code.text);
    let mut all: Vec<&Texts> = reasons.collect();
    if all.is_empty() {
        all.push(&scorer.manifest.title);
    }
    let first = all.first().map(|texts| texts.0.keys()).into_iter().flatten();
    first.filter(|code| all.iter().all(|texts| codes(texts, code))).map(String::as_str).collect()
}

/// Columns that a batch's answer has for sections that only some bundles have: their names, their types, and
/// where in a decision the value is. Of objects in a list, `each` names the members that are shown, which have a
/// colon between them.
fn shown(scorer: &Scorer) -> Vec<Value> {
    let view = view_columns(&scorer.manifest).into_iter().filter_map(|(name, pointer)| {
        let place = scorer.scope.position(&name)?;
        let ty = scorer.scope.all().get(place)?.ty.clone();
        Some(Shown::column(name, ty, place, pointer))
    });
    let column = |shown: Shown| {
        let kind = match shown.ty {
            Type::Double => "number",
            Type::Int => "integer",
            Type::Bool => "boolean",
            _ => "string",
        };
        json!({"name": shown.name, "type": kind, "pointer": shown.pointer})
    };
    view.chain(scorer.shown()).map(column).chain(offer_columns(&scorer.manifest)).collect()
}

/// The columns of the offers.
fn offer_columns(manifest: &Manifest) -> Vec<Value> {
    let Some(own) = &manifest.offers else { return Vec::new() };
    let first = |key: &str| format!("/offers/top/0/{key}");
    let [offer, channel, score, rank_by, reason, propensity, offers, held] = OFFER_COLUMNS;
    let mut columns = vec![
        json!({"name": offer, "type": "string", "pointer": first("id")}),
        json!({"name": channel, "type": "string", "pointer": first("channel")}),
        json!({"name": score, "type": "number", "pointer": first("score")}),
        json!({"name": rank_by, "type": "number", "pointer": first("rank_by")}),
        json!({"name": reason, "type": "string", "pointer": first("reason")}),
    ];
    if own.bandit.is_some() {
        columns.push(json!({"name": propensity, "type": "number", "pointer": first("propensity")}));
    }
    columns.push(json!({"name": offers, "type": "string", "pointer": "/offers/top/*/id"}));
    columns
        .push(json!({"name": held, "type": "string", "pointer": "/offers/held/*", "each": ["id", "cause"]}));
    columns
}

/// The catalogue and its channels, and whether a bandit learns.
fn offers(own: &Offers) -> Value {
    let items = own.items.iter().map(|item| json!({
        "id": item.id, "title": item.title, "category": item.category, "risk": item.risk, "price": item.price,
    }));
    let channels = own.contact.iter().flat_map(|contact| &contact.channels);
    json!({
        "top": own.top,
        "items": items.collect::<Vec<_>>(),
        "channels": channels.map(|own| json!({"id": own.id, "title": own.title})).collect::<Vec<_>>(),
        "bandit": own.bandit.as_ref().map(|bandit| bandit.algorithm),
    })
}
