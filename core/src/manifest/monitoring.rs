//! Monitoring: when a change of the customers, the data or the decisions is worth a look.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::maps;

/// Thresholds of monitoring. A bundle that has this section keeps, when it is packed with a sample, the
/// sample's quality, outcomes and grades in its reference profile as well.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Monitoring {
    /// Stability index from which a change is worth a look.
    #[serde(default = "Thresholds::stability")]
    pub stability: Thresholds,
    /// Difference of shares of bad values (0.02 is two percent of all records) from which quality is worth
    /// a look.
    #[serde(default = "Thresholds::quality")]
    pub quality: Thresholds,
    /// Scored records below which no level is given.
    #[serde(default = "hundred")]
    pub min_rows: u64,
    /// Inputs, features and scores with thresholds of their own.
    #[serde(default, deserialize_with = "maps::unique")]
    pub fields: BTreeMap<String, FieldMonitoring>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            stability: Thresholds::stability(),
            quality: Thresholds::quality(),
            min_rows: hundred(),
            fields: BTreeMap::new(),
        }
    }
}

const fn hundred() -> u64 {
    100
}

/// From where a change is worth a look, and from where it is an alert.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Thresholds {
    /// Worth a look.
    pub watch: f64,
    /// An alert.
    pub alert: f64,
}

impl Thresholds {
    /// The industry's rule of thumb for the population stability index: 0.1 and 0.25 (N. Siddiqi, "Credit
    /// Risk Scorecards", 2006, "Scorecard monitoring reports").
    #[must_use]
    pub const fn stability() -> Self {
        Self { watch: 0.1, alert: 0.25 }
    }

    /// Two and five percent of the records.
    #[must_use]
    pub const fn quality() -> Self {
        Self { watch: 0.02, alert: 0.05 }
    }
}

/// Thresholds of one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct FieldMonitoring {
    /// Those of its stability index.
    #[serde(default)]
    pub stability: Option<Thresholds>,
    /// Those of its quality; for inputs.
    #[serde(default)]
    pub quality: Option<Thresholds>,
    /// Whether it is left out, as an identifier is that differs for every record.
    #[serde(default)]
    pub ignore: bool,
}
