//! `bundle.json` as types: what a bundle says about its inputs, features, models, scores, policy and
//! reasons. One file per section.
//!
//! Reading is strict. Unknown keys are refused, because a mistyped key that is silently ignored is a
//! rule that silently does not apply; and each error names the JSON path, the line and what would be
//! right. What needs more than one section to be judged (references, duplicate names) is in `check`.
//! The guide for authors is `docs/manifest.md` and the pages beside it; `docs/bundle.schema.json` is generated from here.

mod actions;
mod amounts;
mod bins;
mod check;
mod exposure;
mod features;
mod inputs;
mod losses;
mod maps;
mod models;
mod monitoring;
mod offers;
mod policy;
mod quality;
mod reasons;
mod risk;
mod scores;
mod severity;
mod sheet;
mod tables;
mod texts;
mod view;
mod what_if;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use actions::{Actions, AlertAction, CollateralAction, ConditionAction, LimitAction, PriceAction};
pub use amounts::Amount;
pub use bins::{Bin, Closed};
pub use check::RESERVED_NAMES;
pub use exposure::{Limit, LimitOf, Limits};
pub use features::{Edges, Feature, ListAggregate, ListFunction, Ratio, Special, Woe};
pub use inputs::{Input, InputType, Mask, OnIssue};
pub use losses::{Anomaly, ExpectedLoss, Portfolio, Quantile, TailLoss, Take};
pub use models::{Calibration, CalibrationMethod, Class, Feed, MarginOutput, Model, ModelOutput, OutputKind};
pub use monitoring::{FieldMonitoring, Monitoring, Thresholds};
pub use offers::{
    Algorithm, Arms, Bandit, Cap, CapScope, Channel, Contact, Diversity, Held, History, Item,
    MAX_BANDIT_ITEMS, MAX_DIMENSION, MAX_LISTED_ITEMS, Mmr, OFFER_COLUMNS, OfferReason, OfferRule,
    OfferScore, Offers, QuietHours, RiskLevel, Suitability,
};
pub use policy::{DefaultOutcome, FieldScope, HitPolicy, Outcome, Policy, Rule, RuleList, Step};
pub use quality::{Check, Duplicates, Source};
pub use reasons::{Against, Direction, ReasonCode, ReasonMethod, Reasons};
pub use risk::{Banded, Combination, Risk, RiskKind, Risks, Strategy};
pub use scores::{Characteristic, Grade, PointsCalibration, PointsMethod, Score, ScoreType, Scorecard};
pub use severity::Severity;
use tables::sheet_file;
pub use tables::{
    Aggregate, Gaps, MissingValue, Table, TableHitPolicy, TableInput, TableOutput, TableOutputType, TableRow,
    within,
};
pub use texts::Texts;
pub use view::{Alert, Band, Lifecycle, Stage, Tag, View, ViewField};
pub use what_if::{Lever, Toward, WhatIf};

use crate::bundle::MANIFEST;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Fault, locate};
use crate::limits;

/// The format's number.
pub const FORMAT: u32 = 1;

/// What a bundle is: its inputs, how they become scores, and what is decided with them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Where editors find the JSON Schema; not read.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The format's number: 1.
    pub format: u32,
    /// Name of the bundle: lower-case letters, digits, `-` and `_`, at most 64.
    pub name: String,
    /// Version of the bundle, as `1.0.0`.
    pub version: String,
    /// What people call it, by language.
    #[serde(default)]
    pub title: Texts,
    /// What it is for and what it is not for.
    #[serde(default)]
    pub description: Option<String>,
    /// The fields of a record.
    pub inputs: Vec<Input>,
    /// What a field that is no input means for the quality of a record. It is always reported.
    #[serde(default = "OnIssue::accept")]
    pub unknown_fields: OnIssue,
    /// Where inputs come from, and what it means that a source is absent.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What makes a record contradict itself.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// What makes two records of a batch the same.
    #[serde(default)]
    pub duplicates: Option<Duplicates>,
    /// Values computed from inputs and from earlier features.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// ONNX files and how they are fed and read.
    #[serde(default)]
    pub models: Vec<Model>,
    /// Portfolios whose losses scores measure.
    #[serde(default, deserialize_with = "maps::unique")]
    pub portfolios: BTreeMap<String, Portfolio>,
    /// Named scores, such as `pd`, the probability of default.
    #[serde(default, deserialize_with = "maps::unique")]
    pub scores: BTreeMap<String, Score>,
    /// Turns a probability into points and a grade.
    #[serde(default)]
    pub scorecard: Option<Scorecard>,
    /// Risk matrices: likelihood, impact, level and what is done about it.
    #[serde(default)]
    pub risk: Option<Risks>,
    /// Limits on exposure: per customer, per group, per segment.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// One view of the customer: fields with bands, lifecycle stage, tags and alerts.
    #[serde(default)]
    pub view: Option<View>,
    /// Turns scores and inputs into an outcome.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// What the customer is offered, gated by the outcome and by suitability.
    #[serde(default)]
    pub offers: Option<Offers>,
    /// Says why.
    #[serde(default)]
    pub reasons: Option<Reasons>,
    /// When a change of customers, data or decisions is worth a look.
    #[serde(default)]
    pub monitoring: Option<Monitoring>,
    /// Which fields may be varied to say what would change the outcome.
    #[serde(default)]
    pub what_if: Option<WhatIf>,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// `manifest_invalid` with the JSON path, the line and column, and what would be right.
    pub fn read(text: &[u8], limits: &limits::Limits) -> Result<Self> {
        let manifest: Self = json::from_slice(text).map_err(|fault: Fault| {
            let (line, column) = fault.place(text);
            let error = invalid(format!("{} ({MANIFEST} line {line} column {column})", fault.message()));
            if fault.path().is_empty() { error } else { error.at(fault.path()) }
        })?;
        check::check(&manifest, limits).map_err(|error| located(error, text))?;
        Ok(manifest)
    }

    /// The files beside the manifest that its tables and scenarios are written in; each once.
    #[must_use]
    pub fn table_files(&self) -> BTreeSet<&str> {
        let steps = self.policy.iter().flat_map(|policy| &policy.steps);
        let tables = steps.filter_map(|step| step.table.as_ref()?.file.as_deref());
        tables.chain(self.portfolios.values().filter_map(|own| own.file.as_deref())).collect()
    }

    /// Fills tables and scenarios from their files and checks them.
    ///
    /// # Errors
    /// `manifest_invalid` with the file, line and column, and what would be right; what `read` gives.
    pub fn read_tables<'b>(
        &mut self,
        limits: &limits::Limits,
        mut read: impl FnMut(&str) -> Result<Cow<'b, [u8]>>,
    ) -> Result<()> {
        let missing = |error: Error, place: String| match error.code() {
            ErrorCode::BundleMalformed => {
                let message = format!("{} (the folder needs the file that `file` names)", error.message());
                invalid(message).at(place)
            }
            _ => error,
        };
        for (name, portfolio) in &mut self.portfolios {
            let Some(file) = portfolio.file.clone() else { continue };
            let bytes = read(&file).map_err(|error| missing(error, format!("portfolios.{name}.file")))?;
            portfolio.returns = sheet::read_returns(&file, &bytes, limits.scenario_cells)?;
        }
        let steps = self.policy.iter_mut().flat_map(|policy| &mut policy.steps);
        for (at, table) in steps.enumerate().filter_map(|(at, step)| Some((at, step.table.as_mut()?))) {
            let Some(file) = table.file.clone() else { continue };
            let bytes =
                read(&file).map_err(|error| missing(error, format!("policy.steps[{at}].table.file")))?;
            sheet::fill(table, &file, &bytes, limits.table_cells)?;
        }
        check::check_tables(self, limits)
    }

    /// The input of this name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// Whether a record that is scored may lack this input.
    #[must_use]
    pub fn may_lack(&self, input: &Input) -> bool {
        let source = self.sources.iter().find(|source| Some(&source.id) == input.source.as_ref());
        input.on_missing() != OnIssue::Refuse || source.is_some_and(|source| source.absent != OnIssue::Refuse)
    }

    /// The model of this id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }
}

/// Adds line and column of the error's JSON path to its message, once.
#[must_use]
pub fn located(error: Error, json: &[u8]) -> Error {
    let place = format!("({MANIFEST} line ");
    if tables::is_in_file(&error) {
        return error;
    }
    match locate(json, error.path()) {
        Some((line, column)) if !error.message().contains(&place) => {
            let message = format!("{} {place}{line} column {column})", error.message());
            Error::new(error.code(), message).at(error.path())
        }
        _ => error,
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::ManifestInvalid, message)
}
