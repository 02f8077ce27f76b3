//! Checks of models.

use std::collections::BTreeSet;

use super::super::{Calibration, CalibrationMethod, Feed, Model, ModelOutput, Offers, OutputKind};
use super::{invalid, unknown};
use crate::error::Result;
use crate::scope::ITEM;

pub(super) fn check_model(model: &Model, names: &BTreeSet<&str>, offers: Option<&Offers>) -> Result<()> {
    if model.file.is_empty() {
        return Err(invalid("a model needs its ONNX file").at("file"));
    }
    if model.inputs.is_empty() {
        return Err(invalid("a model needs at least one input").at("inputs"));
    }
    for (input, feed) in &model.inputs {
        if feed.names().is_empty() {
            return Err(invalid("the list must not be empty").at(format_args!("inputs.{input}")));
        }
        for (at, name) in feed.names().iter().enumerate() {
            if !names.contains(name.as_str()) && !is_item_name(name, offers) {
                let place = match feed {
                    Feed::One(_) => format!("inputs.{input}"),
                    Feed::Columns(_) => format!("inputs.{input}[{at}]"),
                };
                return Err(unknown("input or feature", name, names.iter().copied()).at(place));
            }
        }
    }
    check_output(&model.output).map_err(|error| error.at("output"))?;
    if model.margin.is_some() && !matches!(model.output.kind, OutputKind::Probability | OutputKind::Margin) {
        return Err(invalid("only a probability has a margin").at("margin"));
    }
    check_calibration(&model.calibration, model.output.kind).map_err(|error| error.at("calibration"))
}

/// Whether a name is that of an item's attribute.
fn is_item_name(name: &str, offers: Option<&Offers>) -> bool {
    let (Some(name), Some(offers)) = (name.strip_prefix(ITEM), offers) else { return false };
    matches!(name, "id" | "category" | "risk" | "price") || offers.attributes.contains_key(name)
}

fn check_output(output: &ModelOutput) -> Result<()> {
    let ModelOutput { kind, class, labels, .. } = output;
    if *kind == OutputKind::Vector && class.is_some() {
        return Err(
            invalid("a vector is read whole; a class alone is a `probability` or `value`").at("class")
        );
    }
    match labels {
        Some(_) if *kind != OutputKind::Vector => {
            Err(invalid("labels are for an output of kind `vector`").at("labels"))
        }
        Some(labels) if labels.is_empty() => Err(invalid("the list must not be empty").at("labels")),
        Some(labels) => {
            let mut seen = BTreeSet::new();
            let twice = labels.iter().position(|label| label.is_empty() || !seen.insert(label));
            twice.map_or(Ok(()), |at| {
                let message = "each label must be its own, and none empty";
                Err(invalid(message).at(format_args!("labels[{at}]")))
            })
        }
        None => Ok(()),
    }
}

fn check_calibration(calibration: &Calibration, kind: OutputKind) -> Result<()> {
    let Calibration { method, a, b, x, edges, y } = calibration;
    let line = a.is_some() || b.is_some();
    let points = x.is_some() || y.is_some() || edges.is_some();
    let probability = matches!(kind, OutputKind::Probability | OutputKind::Margin);
    match method {
        _ if kind == OutputKind::Vector && *method != CalibrationMethod::None => {
            Err(invalid("a vector is taken as it is; calibrate in the model").at("method"))
        }
        CalibrationMethod::None if line || points => Err(invalid("the method `none` takes no parameters")),
        CalibrationMethod::None => Ok(()),
        CalibrationMethod::Platt if points => Err(invalid("the method `platt` takes `a` and `b` only")),
        CalibrationMethod::Platt if !probability => {
            Err(invalid("the method `platt` needs an output of kind `probability` or `margin`").at("method"))
        }
        CalibrationMethod::Platt => match (a, b) {
            (Some(a), Some(b)) if a.is_finite() && b.is_finite() && *a != 0.0 => Ok(()),
            _ => Err(invalid("the method `platt` needs finite `a` (not 0) and `b`")),
        },
        CalibrationMethod::Table if line || x.is_some() => {
            Err(invalid("the method `table` takes `edges` and `y` only"))
        }
        CalibrationMethod::Table if kind == OutputKind::Label => {
            Err(invalid("labels have no bands; calibrate a probability, margin or value").at("method"))
        }
        CalibrationMethod::Table => check_bands(edges.as_deref(), y.as_deref()),
        CalibrationMethod::Isotonic if line || edges.is_some() => {
            Err(invalid("the method `isotonic` takes `x` and `y` only"))
        }
        CalibrationMethod::Isotonic => {
            let (Some(x), Some(y)) = (x, y) else {
                return Err(invalid("the method `isotonic` needs `x` and `y`"));
            };
            if x.is_empty() || x.len() != y.len() {
                return Err(invalid("`x` and `y` must be equally long and not empty"));
            }
            if !x.windows(2).all(|pair| pair[0] < pair[1]) || !x.iter().all(|x| x.is_finite()) {
                return Err(invalid("`x` must ascend strictly").at("x"));
            }
            if !y.windows(2).all(|pair| pair[0] <= pair[1]) || !y.iter().all(|y| (0.0..=1.0).contains(y)) {
                return Err(invalid("`y` must be probabilities, none below the one before").at("y"));
            }
            Ok(())
        }
    }
}

/// Bands with a probability each.
pub(super) fn check_bands(edges: Option<&[f64]>, y: Option<&[f64]>) -> Result<()> {
    let (Some(edges), Some(y)) = (edges, y) else {
        return Err(invalid("the method `table` needs `edges` and `y`"));
    };
    if edges.is_empty() || y.len() != edges.len() + 1 {
        let message = "`y` has one probability per band: one more than there are `edges`, of which there is at least one";
        return Err(invalid(message).at("y"));
    }
    for (at, edge) in edges.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| edges.get(before));
        if !edge.is_finite() || before.is_some_and(|before| before >= edge) {
            let message = "edges are finite and ascend; between two equal ones no band is left";
            return Err(invalid(message).at(format_args!("edges[{at}]")));
        }
    }
    let rises = y.windows(2).all(|pair| pair[0] <= pair[1]);
    let falls = y.windows(2).all(|pair| pair[0] >= pair[1]);
    if !(rises || falls) || !y.iter().all(|y| (0.0..=1.0).contains(y)) {
        let message =
            "must be probabilities that rise or fall throughout: a table that turns would turn the ranking";
        return Err(invalid(message).at("y"));
    }
    Ok(())
}
