//! Checks of bins: ranges ascend, have a width and leave no gap; a value is in one bin only.

use std::collections::BTreeSet;

use crate::json::Value;

use super::super::{Bin, InputType};
use super::invalid;
use crate::error::Result;

/// Checks bins of values of this kind. Each place in an error is that of the list's owner: `bins[2].to`.
pub(super) fn check_bins(bins: &[Bin], kind: InputType) -> Result<()> {
    if bins.is_empty() {
        return Err(invalid("there must be at least one bin").at("bins"));
    }
    let numeric = matches!(kind, InputType::Number | InputType::Integer);
    if !numeric && !matches!(kind, InputType::String | InputType::Boolean) {
        let message = format!("values of type {} have no bins; convert them in a feature", kind.name());
        return Err(invalid(message).at("of"));
    }
    let has_other = bins.iter().any(|bin| bin.other);
    let mut ended: Option<Option<f64>> = None;
    let mut listed = BTreeSet::new();
    let mut single = BTreeSet::new();
    for (at, bin) in bins.iter().enumerate() {
        let place = |key: &str| format!("bins[{at}]{}{key}", if key.is_empty() { "" } else { "." });
        let kinds = [bin.is_range(), bin.values.is_some(), bin.missing, bin.other];
        if kinds.iter().filter(|kind| **kind).count() != 1 {
            let message = "a bin is exactly one of a range (`from`, `to`), `values`, `missing` and `other`";
            return Err(invalid(message).at(place("")));
        }
        for (key, given) in [("missing", bin.missing), ("other", bin.other)] {
            if given && !single.insert(key) {
                return Err(invalid(format!("there is a bin for `{key}` already")).at(place(key)));
            }
        }
        if let Some(values) = &bin.values {
            check_values(values, kind, &mut listed).map_err(|error| error.at(place("")))?;
        }
        if bin.is_range() {
            if !numeric {
                let message = format!("ranges are for numbers; list the `values` of type {}", kind.name());
                return Err(invalid(message).at(place("")));
            }
            check_range(bin, ended, has_other).map_err(|error| error.at(place("")))?;
            ended = Some(bin.to);
        }
    }
    Ok(())
}

/// A range after one that ended at `ended`: outer `None` for the first, inner `None` for no end.
fn check_range(bin: &Bin, ended: Option<Option<f64>>, may_have_gaps: bool) -> Result<()> {
    for (key, end) in [("from", bin.from), ("to", bin.to)] {
        if end.is_some_and(|end| !end.is_finite()) {
            return Err(invalid("an end must be finite; leave it out where there is none").at(key));
        }
    }
    if let (Some(from), Some(to)) = (bin.from, bin.to)
        && from >= to
    {
        let width = if from > to { "turned around" } else { "empty" };
        let message = format!("the range from {from} to {to} is {width}; `to` must be greater than `from`");
        return Err(invalid(message).at("to"));
    }
    let Some(ended) = ended else { return Ok(()) };
    let Some(ended) = ended else {
        return Err(invalid(
            "the range before has no upper end, so it takes all that would be here; give it a `to`",
        )
        .at("from"));
    };
    match bin.from {
        Some(from) if from == ended => Ok(()),
        Some(from) if from > ended && may_have_gaps => Ok(()),
        Some(from) if from > ended => Err(invalid(format!(
            "no bin takes what lies between {ended} and {from}; begin at {ended}, or add a bin with `other`"
        ))
        .at("from")),
        Some(from) => Err(invalid(format!(
            "the range begins at {from}, inside or before the one above, which ends at {ended}; ranges \
             ascend without overlap, so begin at {ended}"
        ))
        .at("from")),
        None => Err(invalid(format!(
            "only the first range has no lower end; the one above ends at {ended}, so begin at {ended}"
        ))
        .at("to")),
    }
}

fn check_values(values: &[Value], kind: InputType, listed: &mut BTreeSet<String>) -> Result<()> {
    if values.is_empty() {
        return Err(invalid("list at least one value").at("values"));
    }
    for (at, value) in values.iter().enumerate() {
        let fits = match kind {
            InputType::String => value.is_string(),
            InputType::Boolean => value.is_boolean(),
            _ => value.as_f64().is_some_and(f64::is_finite),
        };
        if !fits {
            let message = format!("the value must be of type {}", kind.name());
            return Err(invalid(message).at(format_args!("values[{at}]")));
        }
        // 1 and 1.0 are the same number.
        let key = value.as_f64().map_or_else(|| value.to_string(), |number| format!("{number:?}"));
        if !listed.insert(key) {
            return Err(invalid("this value is in a bin already").at(format_args!("values[{at}]")));
        }
    }
    Ok(())
}
