//! Reasons of a decision: those of the rules that fired, then those of the model's contributions.

use super::Scorer;
use super::assess::Assessment;
use crate::decision::{Explanation, Reason, ReasonSource};
use crate::error::Result;
use crate::limits::Limits;
use crate::manifest;
use crate::request::Options;
use crate::rules::Column;
use crate::scope::Scope;

/// Explains one model of the bundle.
pub(super) struct Explaining {
    model: usize,
}

/// What explains one row.
pub(super) struct Explained {
    pub(super) explanation: Explanation,
    /// Codes and their summed contributions, the most adverse first.
    pub(super) ranked: Vec<(usize, f64)>,
}

impl Explaining {
    /// The place of the model that is explained.
    pub(super) const fn model(&self) -> usize {
        self.model
    }

    /// Prepares contributions.
    pub(super) fn load(
        model: usize,
        spec: &manifest::Model,
        reasons: &manifest::Reasons,
        onnx: &[u8],
        reference: Option<&[u8]>,
        scope: &Scope,
        limits: &Limits,
    ) -> Result<Self> {
        let _ = (spec, reasons, onnx, reference, scope, limits);
        Ok(Self { model })
    }

    /// Explains the scored rows.
    pub(super) fn explain(
        &mut self,
        columns: &[Column],
        scored: &[usize],
        margins: &[f64],
        rows: usize,
    ) -> Result<Vec<Option<Explained>>> {
        let _ = (columns, scored, margins);
        Ok((0..rows).map(|_| None).collect())
    }
}

impl Scorer {
    /// The reasons of a decision: of each rule that fired, each code once; then of the model.
    pub(super) fn reasons<'s>(
        &'s self,
        assessment: &Assessment,
        row: usize,
        options: &Options,
    ) -> Vec<Reason<'s>> {
        let Some(section) = &self.manifest.reasons else { return Vec::new() };
        let language = options.lang.as_deref().unwrap_or("en");
        let reason = |code: &'s manifest::ReasonCode, source, contribution| Reason {
            code: &code.code,
            source,
            contribution,
            text: code.text.in_language(language).unwrap_or_default(),
        };
        let mut given: Vec<Reason<'s>> = Vec::new();
        let rules = self.manifest.policy.as_ref().map_or(&[][..], |policy| &policy.rules);
        let fired = assessment.ruling(row).map_or(&[][..], |ruling| &ruling.fired);
        for name in fired.iter().filter_map(|&at| rules.get(at)?.reason.as_ref()) {
            let code = section.codes.iter().find(|code| code.code == *name);
            if let Some(code) = code
                && !given.iter().any(|reason| reason.code == code.code)
            {
                given.push(reason(code, ReasonSource::Policy, f64::NAN));
            }
        }
        let top = options.reasons.unwrap_or(section.top);
        let ranked = assessment.explained(row).map_or(&[][..], |explained| &explained.ranked);
        for &(at, sum) in ranked.iter().take(top) {
            if let Some(code) = section.codes.get(at) {
                given.push(reason(code, ReasonSource::Model, sum));
            }
        }
        given
    }
}
