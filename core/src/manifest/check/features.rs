//! Checks of features.

use crate::json::Value;

use super::super::{Edges, Feature, Input, InputType, ListAggregate, ListFunction, Manifest, Ratio, Woe};
use super::bins::check_bins;
use super::{invalid, unknown};
use crate::error::Result;

/// Days that a window may have or end before `now`: all of the calendar.
const MAX_DAYS: f64 = 3_652_059.0;

pub(super) fn check_features(manifest: &Manifest) -> Result<()> {
    for (at, feature) in manifest.features.iter().enumerate() {
        let known =
            Known { inputs: &manifest.inputs, features: manifest.features.get(..at).unwrap_or_default() };
        check_feature(feature, &known).map_err(|error| error.at(format_args!("features[{at}]")))?;
    }
    Ok(())
}

/// What a feature can be computed from.
struct Known<'m> {
    inputs: &'m [Input],
    features: &'m [Feature],
}

impl Known<'_> {
    fn kind(&self, name: &str) -> Result<InputType> {
        let kinds = || {
            let inputs = self.inputs.iter().map(|input| (input.name.as_str(), input.kind));
            inputs.chain(self.features.iter().map(|feature| (feature.name.as_str(), feature.kind)))
        };
        let found = kinds().find(|(own, _)| *own == name);
        found
            .map(|(_, kind)| kind)
            .ok_or_else(|| unknown("input or feature above", name, kinds().map(|(name, _)| name)))
    }

    fn number(&self, name: &str) -> Result<()> {
        match self.kind(name)? {
            InputType::Number | InputType::Integer => Ok(()),
            kind => Err(invalid(format!("`{name}` is of type {}; a number is wanted here", kind.name()))),
        }
    }
}

fn check_feature(feature: &Feature, known: &Known<'_>) -> Result<()> {
    let ways = [
        feature.expr.is_some(),
        feature.aggregate.is_some(),
        feature.ratio.is_some(),
        feature.bins.is_some(),
        feature.woe.is_some(),
    ];
    if ways.iter().filter(|way| **way).count() != 1 {
        return Err(invalid(
            "a feature is computed in exactly one way: `expr`, `aggregate`, `ratio`, `bins` or `woe`",
        ));
    }
    if feature.kind == InputType::Records {
        return Err(invalid("a feature is one value; `records` is for inputs").at("type"));
    }
    if feature.expr.as_ref().is_some_and(|expr| expr.trim().is_empty()) {
        return Err(invalid("an expression must not be empty").at("expr"));
    }
    if let Some(aggregate) = &feature.aggregate {
        check_aggregate(aggregate, feature.kind, known).map_err(|error| error.at("aggregate"))?;
    }
    if let Some(ratio) = &feature.ratio {
        check_ratio(ratio, known).map_err(|error| error.at("ratio"))?;
        number_only(feature, "a ratio")?;
    }
    if let Some(edges) = &feature.bins {
        check_edges(edges, feature.kind, known).map_err(|error| error.at("bins"))?;
    }
    if let Some(woe) = &feature.woe {
        check_woe(woe, known).map_err(|error| error.at("woe"))?;
        number_only(feature, "a weight of evidence")?;
    }
    match &feature.unit {
        Some(unit) if unit.trim().is_empty() => return Err(invalid("a unit must not be empty").at("unit")),
        Some(_) if !matches!(feature.kind, InputType::Number | InputType::Integer) => {
            return Err(invalid("units are for numbers and integers").at("unit"));
        }
        _ => {}
    }
    match &feature.default {
        Some(default) if !default.is_null() && !fits(default, feature.kind) => Err(invalid(format!(
            "the default must be of type {} (timestamps have none)",
            feature.kind.name()
        ))
        .at("default")),
        _ => Ok(()),
    }
}

fn number_only(feature: &Feature, what: &str) -> Result<()> {
    match feature.kind {
        InputType::Number => Ok(()),
        kind => Err(invalid(format!("{what} is of type number, not {}", kind.name())).at("type")),
    }
}

fn fits(value: &Value, kind: InputType) -> bool {
    match kind {
        InputType::Number => value.as_f64().is_some_and(f64::is_finite),
        InputType::Integer => value.is_i64(),
        InputType::String => value.is_string(),
        InputType::Boolean => value.is_boolean(),
        InputType::Timestamp | InputType::Records => false,
    }
}

fn check_aggregate(own: &ListAggregate, kind: InputType, known: &Known<'_>) -> Result<()> {
    let lists = || known.inputs.iter().filter(|input| input.kind == InputType::Records);
    let Some(list) = lists().find(|input| input.name == own.from) else {
        return Err(
            unknown("list of records", &own.from, lists().map(|input| input.name.as_str())).at("from")
        );
    };
    let function = own.function.name();
    match (own.function.takes_value(), &own.value) {
        (Some(true), None) => {
            return Err(invalid(format!("`{function}` needs a `value` of each record")).at("function"));
        }
        (Some(false), Some(_)) => return Err(invalid(format!("`{function}` takes no `value`")).at("value")),
        _ => {}
    }
    for (key, text) in [("value", &own.value), ("where", &own.condition)] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err(invalid("an expression must not be empty").at(key));
        }
    }
    if own.function.is_share() && own.condition.is_none() {
        return Err(
            invalid(format!("`{function}` needs a `where`; without one the share is 1")).at("function")
        );
    }
    check_window(own)?;
    let times = || list.fields.iter().filter(|field| field.kind == InputType::Timestamp);
    let needed = own.function.needs_order() || own.window_days.or(own.window_hours).is_some();
    match &own.time {
        Some(_) if !needed => {
            return Err(
                invalid(format!("`{function}` without a window does not look at the time")).at("time")
            );
        }
        Some(time) if !times().any(|field| field.name == *time) => {
            return Err(
                unknown("timestamp in the records", time, times().map(|field| &*field.name)).at("time")
            );
        }
        None if needed && times().count() != 1 => {
            let message = match times().count() {
                0 => format!("the records of `{}` have no timestamp to order them by", own.from),
                _ => format!(
                    "the records of `{}` have several timestamps; say which is their `time`",
                    own.from
                ),
            };
            return Err(invalid(message).at("from"));
        }
        _ => {}
    }
    let gives = match own.function {
        ListFunction::Count | ListFunction::Distinct => &[InputType::Integer, InputType::Number][..],
        ListFunction::Sum => &[InputType::Number, InputType::Integer],
        ListFunction::Min | ListFunction::Max => {
            &[InputType::Number, InputType::Integer, InputType::Timestamp]
        }
        ListFunction::First | ListFunction::Last => return Ok(()),
        _ => &[InputType::Number],
    };
    if gives.contains(&kind) {
        return Ok(());
    }
    let names: Vec<&str> = gives.iter().map(|kind| kind.name()).collect();
    // The type stands beside the aggregate.
    Err(invalid(format!("`{function}` gives values of type {}, not {}", names.join(" or "), kind.name()))
        .at("function"))
}

fn check_window(own: &ListAggregate) -> Result<()> {
    for (days, hours) in [
        (("window_days", own.window_days), ("window_hours", own.window_hours)),
        (("before_days", own.before_days), ("before_hours", own.before_hours)),
    ] {
        if days.1.is_some() && hours.1.is_some() {
            return Err(invalid(format!("give `{}` or `{}`, not both", days.0, hours.0)).at(hours.0));
        }
    }
    for (key, span, most) in
        [("window_days", own.window_days, MAX_DAYS), ("window_hours", own.window_hours, MAX_DAYS * 24.0)]
    {
        if span.is_some_and(|span| !(span > 0.0 && span <= most)) {
            return Err(invalid(format!("a window is longer than 0 and at most {most} long")).at(key));
        }
    }
    for (key, span, most) in
        [("before_days", own.before_days, MAX_DAYS), ("before_hours", own.before_hours, MAX_DAYS * 24.0)]
    {
        if span.is_some_and(|span| !(0.0..=most).contains(&span)) {
            return Err(invalid(format!("must be 0 or more, and at most {most}")).at(key));
        }
        if span.is_some() && own.window_days.or(own.window_hours).is_none() {
            return Err(invalid("only a window has an end; give `window_days` or `window_hours`").at(key));
        }
    }
    Ok(())
}

fn check_ratio(own: &Ratio, known: &Known<'_>) -> Result<()> {
    known.number(&own.of).map_err(|error| error.at("of"))?;
    known.number(&own.by).map_err(|error| error.at("by"))?;
    for (key, number) in [("zero", own.zero), ("negative", own.negative), ("min", own.min), ("max", own.max)]
    {
        if number.is_some_and(|number| !number.is_finite()) {
            return Err(invalid("must be finite").at(key));
        }
    }
    match (own.min, own.max) {
        (Some(min), Some(max)) if min >= max => Err(invalid("`min` must be less than `max`").at("min")),
        _ => Ok(()),
    }
}

fn check_edges(own: &Edges, kind: InputType, known: &Known<'_>) -> Result<()> {
    known.number(&own.of).map_err(|error| error.at("of"))?;
    if own.edges.is_empty() {
        return Err(invalid("there must be at least one edge").at("edges"));
    }
    for (at, edge) in own.edges.iter().enumerate() {
        let place = format!("edges[{at}]");
        if !edge.is_finite() {
            return Err(invalid("an edge must be finite").at(place));
        }
        match at.checked_sub(1).and_then(|before| own.edges.get(before)) {
            Some(before) if edge == before => {
                let message =
                    format!("the bin between {before} and {edge} has no width; drop one of the edges");
                return Err(invalid(message).at(place));
            }
            Some(before) if edge < before => {
                let message = format!("{edge} is less than the edge before it, {before}; edges ascend");
                return Err(invalid(message).at(place));
            }
            _ => {}
        }
    }
    let ranges = own.edges.len() + 1;
    let (key, given, wanted) = match (&own.labels, &own.values) {
        (Some(labels), None) => ("labels", labels.len(), InputType::String),
        (None, Some(values)) => ("values", values.len(), InputType::Number),
        _ => return Err(invalid("give `labels` or `values` for the ranges, one of both")),
    };
    if given != ranges {
        let message = format!(
            "{} edges make {ranges} ranges, so there are {ranges} `{key}`, not {given}",
            own.edges.len()
        );
        return Err(invalid(message).at(key));
    }
    if kind != wanted {
        let message =
            format!("`{key}` are of type {}, the feature is of type {}", wanted.name(), kind.name());
        return Err(invalid(message).at(key));
    }
    if own.values.iter().flatten().any(|value| !value.is_finite()) {
        return Err(invalid("a value must be finite").at("values"));
    }
    let mut listed: Vec<f64> = Vec::new();
    for (at, special) in own.special.iter().enumerate() {
        let place = |key: &str| format!("special[{at}].{key}");
        if special.values.is_empty() || special.values.iter().any(|value| !value.is_finite()) {
            return Err(invalid("list at least one number").at(place("values")));
        }
        if special.values.iter().any(|value| listed.contains(value)) {
            return Err(invalid("a number is listed twice").at(place("values")));
        }
        listed.extend(&special.values);
        if !fits(&special.to, kind) {
            return Err(invalid(format!("must be of type {}", kind.name())).at(place("to")));
        }
    }
    match &own.missing {
        Some(missing) if !missing.is_null() && !fits(missing, kind) => {
            Err(invalid(format!("must be of type {}", kind.name())).at("missing"))
        }
        _ => Ok(()),
    }
}

fn check_woe(own: &Woe, known: &Known<'_>) -> Result<()> {
    let kind = known.kind(&own.of).map_err(|error| error.at("of"))?;
    check_bins(&own.bins, kind)?;
    for (at, bin) in own.bins.iter().enumerate() {
        let place = |key: &str| format!("bins[{at}].{key}");
        if bin.points.is_some() {
            return Err(invalid("points are for a scorecard's characteristics").at(place("points")));
        }
        if !bin.woe.is_some_and(f64::is_finite) {
            return Err(invalid("each bin has its weight of evidence").at(format_args!("bins[{at}]")));
        }
    }
    Ok(())
}
