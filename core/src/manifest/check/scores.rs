//! Checks of scores and portfolios.

use super::super::sheet_file;
use super::super::{
    Anomaly, ExpectedLoss, Manifest, Model, OutputKind, PointsCalibration, PointsMethod, Portfolio, Score,
    ScoreType, TailLoss, Take,
};
use super::data::check_bands as check_edges;
use super::risk::check_amount;
use super::view::check_bands;
use super::{invalid, unknown};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::scope::BAND_SUFFIX;
use crate::scores::confidence;

/// The keys of which a score has exactly one.
const SOURCES: &str =
    "`model`, `expr`, `points`, `expected_loss`, `anomaly`, `value_at_risk` and `expected_shortfall`";

/// Names of the bands of scores, and where each is declared.
pub(super) fn band_names(manifest: &Manifest) -> Vec<(String, String)> {
    let banded = manifest.scores.iter().filter(|(_, score)| !score.bands.is_empty());
    banded.map(|(name, _)| (format!("{name}{BAND_SUFFIX}"), format!("scores.{name}.bands"))).collect()
}

pub(super) fn check_score(name: &str, score: &Score, manifest: &Manifest) -> Result<()> {
    let sources = [
        score.model.is_some(),
        score.expr.is_some(),
        score.points.is_some(),
        score.expected_loss.is_some(),
        score.anomaly.is_some(),
        score.value_at_risk.is_some(),
        score.expected_shortfall.is_some(),
    ];
    if sources.iter().filter(|there| **there).count() != 1 {
        return Err(invalid(format!("a score has exactly one of {SOURCES}")));
    }
    if score.kind.is_some() && score.expr.is_none() {
        return Err(invalid("`type` is for expressions; what other scores are is known").at("type"));
    }
    match &score.model {
        Some(id) => check_model(id, score, manifest)?,
        None if score.class.is_some() => return Err(invalid("a class is one of a model's").at("class")),
        None if score.take.is_some() => return Err(invalid("`take` goes with a `model`").at("take")),
        None => {}
    }
    if !score.values.is_empty() && score.take != Some(Take::Expected) {
        return Err(invalid("`values` go with `\"take\": \"expected\"`").at("values"));
    }
    if score.expr.as_ref().is_some_and(|expr| expr.trim().is_empty()) {
        return Err(invalid("an expression must not be empty").at("expr"));
    }
    if let Some(points) = &score.points {
        check_points(points, manifest).map_err(|error| error.at("points"))?;
    }
    if let Some(ExpectedLoss { pd, lgd, ead }) = &score.expected_loss {
        for (key, amount) in [("pd", pd), ("lgd", lgd), ("ead", ead)] {
            check_amount(amount).map_err(|error| error.at(format_args!("expected_loss.{key}")))?;
        }
    }
    if let Some(anomaly) = &score.anomaly {
        check_anomaly(name, anomaly, manifest).map_err(|error| error.at("anomaly.of"))?;
    }
    for (key, tail) in
        [("value_at_risk", &score.value_at_risk), ("expected_shortfall", &score.expected_shortfall)]
    {
        if let Some(tail) = tail {
            check_tail(tail, key == "value_at_risk", manifest).map_err(|error| error.at(key))?;
        }
    }
    if !score.bands.is_empty() && score.kind() != ScoreType::Number {
        return Err(invalid("only a number has bands").at("bands"));
    }
    check_bands(&score.bands)?;
    match &score.unit {
        Some(unit) if unit.trim().is_empty() => Err(invalid("a unit must not be empty").at("unit")),
        _ => Ok(()),
    }
}

fn check_model(id: &str, score: &Score, manifest: &Manifest) -> Result<()> {
    let Some(model) = manifest.model(id) else {
        let known = manifest.models.iter().map(|model| model.id.as_str());
        return Err(unknown("model", id, known).at("model"));
    };
    if model.sees_items() {
        return Err(invalid("the model sees items of the catalogue; only `offers` can run it").at("model"));
    }
    if score.class.is_some() && score.take.is_some() {
        return Err(invalid("give either a `class` or what to `take` of all classes").at("take"));
    }
    let labels = labels(model);
    match (&score.class, score.take, model.output.kind) {
        (None, None, OutputKind::Vector) => {
            let message =
                "the model gives many numbers; a score is one: say a `class`, or what to `take` of them";
            Err(invalid(message).at("model"))
        }
        (None, None, _) => Ok(()),
        (_, _, OutputKind::Vector) if labels.is_some() => check_classes(score, labels.unwrap_or_default()),
        (class, _, _) => {
            let message = "the model must have an output of kind `vector` with `labels`";
            Err(invalid(message).at(if class.is_some() { "class" } else { "take" }))
        }
    }
}

fn labels(model: &Model) -> Option<&[String]> {
    model.output.labels.as_deref()
}

fn check_classes(score: &Score, labels: &[String]) -> Result<()> {
    if let Some(class) = &score.class
        && !labels.contains(class)
    {
        return Err(unknown("class", class, labels.iter().map(String::as_str)).at("class"));
    }
    if score.take != Some(Take::Expected) {
        return Ok(());
    }
    for (label, value) in &score.values {
        let place = |error: Error| error.at(format_args!("values.{label}"));
        if !labels.contains(label) {
            return Err(place(unknown("label", label, labels.iter().map(String::as_str))));
        }
        if !value.is_finite() {
            return Err(place(invalid("the value must be finite")));
        }
    }
    match labels.iter().find(|label| !score.values.contains_key(*label)) {
        Some(label) => Err(invalid(format!("`{label}` has no value; each label needs one")).at("values")),
        None => Ok(()),
    }
}

fn check_anomaly(name: &str, anomaly: &Anomaly, manifest: &Manifest) -> Result<()> {
    let number = |score: &Score| score.kind() == ScoreType::Number;
    match manifest.scores.get(&anomaly.of) {
        Some(score) if anomaly.of != name && number(score) => Ok(()),
        Some(_) => Err(invalid("an anomaly is about another score, one that is a number")),
        None => {
            let known = manifest.scores.iter().filter(|(own, score)| *own != name && number(score));
            Err(unknown("score", &anomaly.of, known.map(|(own, _)| own.as_str())))
        }
    }
}

fn check_tail(tail: &TailLoss, quantile: bool, manifest: &Manifest) -> Result<()> {
    if !manifest.portfolios.contains_key(&tail.portfolio) {
        let known = manifest.portfolios.keys().map(String::as_str);
        return Err(unknown("portfolio", &tail.portfolio, known).at("portfolio"));
    }
    if confidence(tail.confidence).is_none() {
        return Err(
            invalid("a confidence lies between 0 and 1 and has at most six decimals").at("confidence")
        );
    }
    if !quantile && tail.quantile.is_some() {
        let message = "expected shortfall is a mean and reads no quantile; see `value_at_risk`";
        return Err(invalid(message).at("quantile"));
    }
    if tail.scale_to_days.is_some_and(|days| !days.is_finite() || days <= 0.0) {
        return Err(invalid("must be finite and greater than 0").at("scale_to_days"));
    }
    match tail.min_observations {
        Some(0) => Err(invalid("at least one observation is needed").at("min_observations")),
        _ => Ok(()),
    }
}

/// Checks a portfolio; `filled` says whether its file has been read.
pub(super) fn check_portfolio(portfolio: &Portfolio, filled: bool, limits: &Limits) -> Result<()> {
    let Portfolio { pnl, returns, file, exposures, horizon_days, unit } = portfolio;
    if horizon_days.is_some_and(|days| !days.is_finite() || days <= 0.0) {
        return Err(invalid("must be finite and greater than 0").at("horizon_days"));
    }
    if unit.as_ref().is_some_and(|unit| unit.trim().is_empty()) {
        return Err(invalid("a unit must not be empty").at("unit"));
    }
    if let Some(pnl) = pnl {
        if pnl.trim().is_empty() {
            return Err(invalid("an expression must not be empty").at("pnl"));
        }
        if !returns.is_empty() || file.is_some() || !exposures.is_empty() {
            return Err(invalid("a portfolio has either `pnl`, or returns and `exposures`").at("pnl"));
        }
        return Ok(());
    }
    if let Some(file) = file {
        sheet_file(file).map_err(|error| error.at("file"))?;
        if !filled {
            return if returns.is_empty() {
                Ok(())
            } else {
                Err(invalid("the returns are in the file; drop `returns` or `file`").at("returns"))
            };
        }
    }
    let place = |error: Error| if file.is_some() { error } else { error.at("returns") };
    if returns.is_empty() || returns.values().any(Vec::is_empty) {
        let message = "a portfolio has `pnl`, or `returns` (or a `file`) of at least one scenario";
        return Err(place(invalid(message)));
    }
    let cells: usize = returns.values().map(Vec::len).sum();
    if cells > limits.scenario_cells {
        let message = format!("there are {cells} returns, the limit is {}", limits.scenario_cells);
        return Err(place(invalid(message)));
    }
    for (factor, own) in returns {
        if own.len() != portfolio.scenarios() {
            let message =
                format!("each factor has as many returns as scenarios; `{factor}` has {}", own.len());
            return Err(place(invalid(message)));
        }
        if !own.iter().all(|number| number.is_finite()) {
            return Err(place(invalid(format!("the returns of `{factor}` must be finite"))));
        }
        if !exposures.contains_key(factor) {
            let message = format!("there is no exposure to `{factor}`; write 0 where it is meant to be none");
            return Err(invalid(message).at("exposures"));
        }
    }
    for (factor, amount) in exposures {
        let place = |error: Error| error.at(format_args!("exposures.{factor}"));
        if !returns.contains_key(factor) {
            return Err(place(unknown("factor", factor, returns.keys().map(String::as_str))));
        }
        check_amount(amount).map_err(place)?;
    }
    Ok(())
}

fn check_points(own: &PointsCalibration, manifest: &Manifest) -> Result<()> {
    let card = manifest.scorecard.as_ref().filter(|card| !card.characteristics.is_empty());
    let Some(card) = card else {
        return Err(invalid("there is no scorecard with characteristics that would give points"));
    };
    match own.method {
        PointsMethod::Table => check_edges(own.edges.as_deref(), own.y.as_deref()),
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
