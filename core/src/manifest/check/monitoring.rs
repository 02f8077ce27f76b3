//! Checks of monitoring.

use super::super::{Manifest, Monitoring, Thresholds};
use super::{invalid, unknown};
use crate::error::Result;

pub(super) fn check_monitoring(monitoring: &Monitoring, manifest: &Manifest) -> Result<()> {
    check_thresholds(&monitoring.stability).map_err(|error| error.at("stability"))?;
    check_thresholds(&monitoring.quality).map_err(|error| error.at("quality"))?;
    for (name, field) in &monitoring.fields {
        let place = |key: &str| format!("fields.{name}.{key}");
        let input = manifest.input(name).is_some();
        let known = input
            || manifest.features.iter().any(|feature| feature.name == *name)
            || manifest.scores.contains_key(name);
        if !known {
            let inputs = manifest.inputs.iter().map(|input| input.name.as_str());
            let features = manifest.features.iter().map(|feature| feature.name.as_str());
            let known = inputs.chain(features).chain(manifest.scores.keys().map(String::as_str));
            return Err(unknown("input, feature or score", name, known).at(format_args!("fields.{name}")));
        }
        if let Some(own) = &field.stability {
            check_thresholds(own).map_err(|error| error.at(place("stability")))?;
        }
        if let Some(own) = &field.quality {
            if !input {
                return Err(invalid("only inputs have a quality").at(place("quality")));
            }
            check_thresholds(own).map_err(|error| error.at(place("quality")))?;
        }
    }
    Ok(())
}

fn check_thresholds(own: &Thresholds) -> Result<()> {
    if own.watch.is_finite() && own.alert.is_finite() && 0.0 < own.watch && own.watch <= own.alert {
        return Ok(());
    }
    Err(invalid("`watch` must be greater than 0 and `alert` not less than it").at("watch"))
}
