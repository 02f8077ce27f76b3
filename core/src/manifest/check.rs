//! What a manifest must keep beyond its types: names that are unique and mean something, ranges that
//! are not empty, references that lead somewhere.

mod actions;
mod bins;
mod data;
mod decision;
mod features;
mod inputs;
mod monitoring;
mod offers;
mod policy;
mod quality;
mod risk;
mod scorecard;
mod scores;
mod tables;
mod view;
mod what_if;

pub(super) use tables::check_tables;

use std::collections::BTreeSet;

use super::{Bin, Edges, Feature, Input, Manifest, Model, Offers, Risk, Risks, Scorecard, Texts, View};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;
use crate::scope::{LIMITS, RISK};

/// Names that expressions see without anybody declaring them.
pub const RESERVED_NAMES: [&str; 3] = ["now", "quality", "quality_issues"];
/// Names that a scorecard adds.
const SCORECARD_NAMES: [&str; 2] = ["points", "grade"];
/// Names that offers see beside those of rules.
const OFFER_NAMES: [&str; 2] = ["outcome", "item"];
/// Words of CEL that can be no name.
const CEL_WORDS: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];
const MAX_NAME_BYTES: usize = 64;

/// Checks all sections.
pub(super) fn check(manifest: &Manifest, limits: &Limits) -> Result<()> {
    check_head(manifest)?;
    check_size(manifest, limits)?;
    let names = check_names(manifest)?;
    inputs::check_inputs(manifest, limits)?;
    quality::check_quality(manifest)?;
    features::check_features(manifest)?;
    unique("models", manifest.models.iter().map(|model| model.id.as_str()), "id")?;
    each("models", &manifest.models, |model| data::check_model(model, &names, manifest.offers.as_ref()))?;
    for (name, score) in &manifest.scores {
        scores::check_score(name, score, manifest)
            .map_err(|error| error.at(format_args!("scores.{name}")))?;
    }
    for (name, portfolio) in &manifest.portfolios {
        let place = |error: Error| error.at(format_args!("portfolios.{name}"));
        check_name(name).map_err(place)?;
        scores::check_portfolio(portfolio, false, limits).map_err(place)?;
    }
    if let Some(scorecard) = &manifest.scorecard {
        scorecard::check_scorecard(scorecard, manifest).map_err(|error| error.at("scorecard"))?;
    }
    if let Some(risks) = &manifest.risk {
        risk::check_risks(risks).map_err(|error| error.at("risk"))?;
    }
    if let Some(limits) = &manifest.limits {
        risk::check_limits(limits, manifest).map_err(|error| error.at("limits"))?;
    }
    if let Some(view) = &manifest.view {
        view::check_view(view, manifest).map_err(|error| error.at("view"))?;
    }
    if let Some(policy) = &manifest.policy {
        policy::check_policy(policy, manifest).map_err(|error| error.at("policy"))?;
        tables::check_inline(manifest, limits)?;
    }
    if let Some(offers) = &manifest.offers {
        offers::check_offers(offers, manifest).map_err(|error| error.at("offers"))?;
    }
    if let Some(monitoring) = &manifest.monitoring {
        monitoring::check_monitoring(monitoring, manifest).map_err(|error| error.at("monitoring"))?;
    }
    if let Some(own) = &manifest.what_if {
        what_if::check_what_if(own, manifest, limits).map_err(|error| error.at("what_if"))?;
    }
    match &manifest.reasons {
        Some(reasons) => decision::check_reasons(reasons, manifest).map_err(|error| error.at("reasons")),
        None => Ok(()),
    }
}

fn each<T>(section: &str, items: &[T], check: impl Fn(&T) -> Result<()>) -> Result<()> {
    items
        .iter()
        .enumerate()
        .try_for_each(|(at, item)| check(item).map_err(|error| error.at(format_args!("{section}[{at}]"))))
}

fn unique<'m>(section: &str, names: impl Iterator<Item = &'m str>, key: &str) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        let problem = match name {
            "" => Some(format!("`{key}` must not be empty")),
            _ if name.len() > MAX_NAME_BYTES || name.contains(char::is_control) => {
                Some(format!("`{key}` has at most {MAX_NAME_BYTES} bytes and no control characters"))
            }
            _ if !seen.insert(name) => Some(format!("`{name}` is used twice; each {key} must be its own")),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(invalid(problem).at(format_args!("{section}[{at}].{key}")));
        }
    }
    Ok(())
}

fn check_head(manifest: &Manifest) -> Result<()> {
    if manifest.format != super::FORMAT {
        return Err(invalid(format!("this version of Scorebox reads format {}", super::FORMAT)).at("format"));
    }
    let name = &manifest.name;
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(sound) {
        return Err(invalid("the name is 1 to 64 lower-case letters, digits, `-` or `_`").at("name"));
    }
    let numbers: Vec<&str> = manifest.version.split('.').collect();
    let number =
        |text: &&str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if numbers.len() != 3 || !numbers.iter().all(number) {
        return Err(invalid("the version is three numbers, as in `1.0.0`").at("version"));
    }
    check_texts(&manifest.title).map_err(|error| error.at("title"))
}

fn check_texts(texts: &Texts) -> Result<()> {
    match texts.wrong_code() {
        Some(code) => Err(invalid(format!("{code:?} is no language code such as `en` or `pt-BR`"))),
        None => Ok(()),
    }
}

fn check_size(manifest: &Manifest, limits: &Limits) -> Result<()> {
    let points = |model: &Model| model.calibration.x.as_ref().map_or(0, Vec::len);
    let fed = |model: &Model| model.inputs.values().map(|feed| 1 + feed.names().len()).sum::<usize>();
    let labels = |model: &Model| model.output.labels.as_ref().map_or(0, Vec::len);
    let allowed = |input: &Input| input.allowed.as_ref().map_or(0, Vec::len);
    let listed = manifest.inputs.iter().flat_map(|input| &input.fields);
    let items = manifest.inputs.len()
        + manifest.inputs.iter().chain(listed).map(allowed).sum::<usize>()
        + manifest.inputs.iter().map(|input| input.fields.len()).sum::<usize>()
        + manifest.sources.len()
        + manifest.checks.len()
        + manifest.features.iter().map(feature_items).sum::<usize>()
        + manifest.models.iter().map(|model| 1 + fed(model) + points(model) + labels(model)).sum::<usize>()
        + manifest.scorecard.as_ref().map_or(0, card_items)
        + manifest.risk.as_ref().map_or(0, risk_items)
        + manifest.limits.as_ref().map_or(0, limit_items)
        + manifest.view.as_ref().map_or(0, view_items)
        + manifest.offers.as_ref().map_or(0, offer_items)
        + manifest.policy.as_ref().map_or(0, policy::items)
        + manifest.reasons.as_ref().map_or(0, |reasons| reasons.codes.len());
    if items > limits.manifest_items {
        return Err(invalid(format!(
            "inputs, features, bins, columns of models, rules, grades, codes, points, parts of the view and offers \
             together are {items}; the limit is {}",
            limits.manifest_items
        )));
    }
    Ok(())
}

fn bin_items(bins: &[Bin]) -> usize {
    bins.iter().map(|bin| 1 + bin.values.as_ref().map_or(0, Vec::len)).sum()
}

fn card_items(card: &Scorecard) -> usize {
    card.grades.len() + card.characteristics.iter().map(|own| 1 + bin_items(&own.bins)).sum::<usize>()
}

fn feature_items(feature: &Feature) -> usize {
    let edges = |own: &Edges| own.edges.len() + own.special.iter().map(|one| one.values.len()).sum::<usize>();
    1 + feature.bins.as_ref().map_or(0, edges) + feature.woe.as_ref().map_or(0, |woe| bin_items(&woe.bins))
}

fn offer_items(offers: &Offers) -> usize {
    let contact = offers.contact.as_ref().map_or(0, |contact| contact.channels.len() + contact.caps.len());
    let rules = offers.eligibility.len() + offers.gates.len() + offers.reasons.len();
    offers.items.len() + offers.attributes.len() + rules + contact
}

fn risk_items(risks: &Risks) -> usize {
    let cells = |risk: &Risk| 1 + risk.likelihood.bands.len() * risk.impact.bands.len().max(1);
    risks.levels.len() + risks.risks.iter().map(cells).sum::<usize>()
}

fn limit_items(limits: &super::Limits) -> usize {
    limits.limits.iter().map(|limit| 1 + limit.by_segment.len()).sum()
}

fn view_items(view: &View) -> usize {
    let stages = view.lifecycle.as_ref().map_or(0, |lifecycle| lifecycle.stages.len());
    let fields = view.fields.iter().map(|field| 1 + field.bands.len()).sum::<usize>();
    fields + stages + view.tags.len() + view.alerts.len()
}

/// A name that expressions can write.
fn check_name(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let sound = bytes.next().is_some_and(letter)
        && bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
        && name.len() <= MAX_NAME_BYTES
        && !CEL_WORDS.contains(&name);
    if sound {
        return Ok(());
    }
    Err(invalid(format!(
        "{name:?} is no name: a letter or `_`, then letters, digits or `_`, at most {MAX_NAME_BYTES}, \
         and no word of the rule language"
    )))
}

/// Gives the names that can feed models: inputs and features.
fn check_names(manifest: &Manifest) -> Result<BTreeSet<&str>> {
    let added = manifest.view.as_ref().map(view::names).unwrap_or_default();
    let bands = scores::band_names(manifest);
    let mut taken: BTreeSet<&str> = RESERVED_NAMES.into();
    if manifest.scorecard.is_some() {
        taken.extend(SCORECARD_NAMES);
    }
    taken.extend(manifest.risk.as_ref().map(|_| RISK));
    taken.extend(manifest.limits.as_ref().map(|_| LIMITS));
    let take = |name: &str, place: String, taken: &BTreeSet<&str>| -> Result<()> {
        check_name(name).map_err(|error| error.at(&place))?;
        if taken.contains(name) {
            return Err(invalid(format!(
                "`{name}` is taken: by another input, feature, score or part of the view, or reserved"
            ))
            .at(place));
        }
        Ok(())
    };
    if manifest.offers.is_some() {
        taken.extend(OFFER_NAMES);
    }
    let mut known = BTreeSet::new();
    for (at, input) in manifest.inputs.iter().enumerate() {
        take(&input.name, format!("inputs[{at}].name"), &taken)?;
        taken.insert(&input.name);
        known.insert(input.name.as_str());
    }
    for (at, feature) in manifest.features.iter().enumerate() {
        take(&feature.name, format!("features[{at}].name"), &taken)?;
        taken.insert(&feature.name);
        known.insert(feature.name.as_str());
    }
    for name in manifest.scores.keys() {
        take(name, format!("scores.{name}"), &taken)?;
        if manifest.offers.is_some() && super::OFFER_COLUMNS.contains(&name.as_str()) {
            let message =
                format!("`{name}` is a column of the answers of bundles with offers; take another name");
            return Err(invalid(message).at(format_args!("scores.{name}")));
        }
        taken.insert(name);
    }
    for (name, place) in bands.iter().chain(&added) {
        take(name, place.clone(), &taken)?;
        taken.insert(name);
    }
    if manifest.inputs.is_empty() {
        return Err(invalid("a bundle has at least one input").at("inputs"));
    }
    Ok(known)
}

fn unknown<'m>(what: &str, name: &str, known: impl Iterator<Item = &'m str>) -> Error {
    const SHOWN: usize = 30;
    let mut names: Vec<&str> = known.take(SHOWN + 1).collect();
    if names.len() > SHOWN {
        names.truncate(SHOWN);
        names.push("…");
    }
    let names = if names.is_empty() { "there is none".to_owned() } else { names.join(", ") };
    invalid(format!("there is no {what} {name:?}; known: {names}"))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
