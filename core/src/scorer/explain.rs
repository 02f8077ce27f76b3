//! Reasons of a decision: those of the rules that fired, then those of the model's contributions.

use super::Scorer;
use super::assess::Assessment;
use crate::decision::{CardTally, Explanation, Reason, ReasonSource};
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{self, Against, Class, OutputKind, ReasonMethod, Reasons};
use crate::models::{Answers, Scoring};
use crate::reasons::{CodeMap, Contributions, Explainer};
use crate::reference::Reference;
use crate::request::Options;
use crate::rules::Column;

/// Explains one model of the bundle.
pub(super) struct Explaining {
    model: usize,
    explainer: Explainer,
    codes: CodeMap,
    /// Which of the explained scores is the answer.
    output: usize,
    /// -1 where the answer is the probability of the class that the explained margin speaks against.
    sign: f64,
    top: usize,
    contributions: Contributions,
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

    /// Prepares contributions of the model at this place.
    pub(super) fn load(
        model: usize,
        scoring: &Scoring,
        spec: &manifest::Model,
        reasons: &Reasons,
        reference: Option<&Reference>,
    ) -> Result<Self> {
        let profile = reference.and_then(|reference| reference.models.get(&spec.id)?.reasons.as_ref());
        let explainer = Explainer::new(&scoring.shared(), profile)?;
        let trees = profile.is_some_and(|profile| !profile.covers.is_empty());
        let method = if trees { ReasonMethod::TreeShap } else { ReasonMethod::Linear };
        if reasons.method.is_some_and(|asked| asked != method) {
            let message = if trees {
                "the model is made of trees: `tree_shap`"
            } else {
                "the model is a weighted sum: `linear`"
            };
            return Err(Error::new(ErrorCode::ManifestInvalid, message).at("method"));
        }
        let mut features: Vec<&str> = Vec::new();
        for info in scoring.model().inputs() {
            let feed = spec.inputs.get(&*info.name);
            features.extend(feed.iter().flat_map(|feed| feed.names()).map(String::as_str));
        }
        if features.len() != explainer.features() {
            let message = "an input of the model keeps its default; reasons need all of them to be fed";
            return Err(Error::new(ErrorCode::ModelUnsupported, message).at("model"));
        }
        let (output, sign) = answer(spec, explainer.outputs())?;
        Ok(Self {
            model,
            codes: CodeMap::new(&reasons.codes, &features, reasons.direction),
            explainer,
            output,
            sign,
            top: reasons.top,
            contributions: Contributions::default(),
        })
    }

    /// Explains the scored rows that have an answer.
    pub(super) fn explain(
        &mut self,
        scoring: &mut Scoring,
        answers: &Answers,
        columns: &[Column],
        scored: &[usize],
        rows: usize,
        options: &Options,
    ) -> Result<Vec<Option<Explained>>> {
        let mut explained: Vec<Option<Explained>> = Vec::new();
        explained.resize_with(rows, || None);
        let answered = scored.iter().zip(&answers.score).filter(|(_, score)| score.is_finite());
        let answered: Vec<usize> = answered.map(|(&row, _)| row).collect();
        let chunk = if scoring.is_row_by_row() { 1 } else { answered.len().max(1) };
        for part in answered.chunks(chunk) {
            self.explainer.contributions(&scoring.feeds(columns, part)?, &mut self.contributions)?;
            for (at, &row) in part.iter().enumerate() {
                if let Some(slot) = explained.get_mut(row) {
                    *slot = Some(self.row(at, options.reasons.unwrap_or(self.top)));
                }
            }
        }
        Ok(explained)
    }

    fn row(&self, at: usize, top: usize) -> Explained {
        let contributions: Vec<f64> = self
            .contributions
            .of(at, self.output)
            .iter()
            .map(|contribution| self.sign * contribution)
            .collect();
        let base = self.sign * self.explainer.base(self.output);
        let margin = self.contributions.margins.get(at * self.contributions.outputs + self.output);
        let explanation = Explanation {
            base,
            margin: self.sign * margin.copied().unwrap_or(f64::NAN),
            sum: contributions.iter().fold(base, |sum, contribution| sum + contribution),
        };
        Explained { explanation, ranked: self.codes.rank(&contributions, top) }
    }
}

/// Which of the explained scores the bundle's answer is, and its sign.
fn answer(spec: &manifest::Model, outputs: usize) -> Result<(usize, f64)> {
    let class = spec.output.class.as_ref();
    if outputs == 1 {
        // Of two classes the margin is that of the second one.
        let first = matches!(class, Some(Class::Number(0))) && spec.output.kind == OutputKind::Probability;
        return Ok((0, if first { -1.0 } else { 1.0 }));
    }
    match class {
        Some(Class::Number(number)) if usize::try_from(*number).is_ok_and(|number| number < outputs) => {
            Ok((usize::try_from(*number).unwrap_or_default(), 1.0))
        }
        _ => Err(Error::new(
            ErrorCode::ManifestInvalid,
            format!("the model has {outputs} scores; reasons need `class` to be the number of one"),
        )
        .at("model")),
    }
}

impl Scorer {
    /// What the points of a row were given for, unless a model is explained or nothing is to be.
    pub(super) fn tally<'s>(
        &'s self,
        assessment: &'s Assessment,
        row: usize,
        options: &Options,
    ) -> Option<CardTally<'s>> {
        let section = self.manifest.reasons.as_ref();
        if options.reasons == Some(0) || section.is_some_and(|section| section.model.is_some()) {
            return None;
        }
        let card = self.card.as_ref()?.as_points()?;
        let against = section.map_or(Against::Best, |section| section.against);
        Some(CardTally { card, tally: assessment.tally(row)?, against })
    }

    /// The reasons of a decision: of each limit that is passed and each row and rule that fired, then of
    /// what the view shows, each code once; then of the model.
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
        let mut give = |name: &str, source| {
            let code = section.codes.iter().find(|code| code.code == *name);
            if let Some(code) = code
                && !given.iter().any(|reason| reason.code == code.code)
            {
                given.push(reason(code, source, f64::NAN));
            }
        };
        if let (Some(exposures), Some(ruling)) = (&self.exposures, assessment.exposure(row)) {
            exposures.reason_codes(ruling).for_each(|name| give(name, ReasonSource::Policy));
        }
        let ruled = self.policy.as_ref().zip(assessment.ruling(row));
        for name in ruled.map_or_else(Vec::new, |(policy, ruling)| policy.reason_codes(ruling)) {
            give(name, ReasonSource::Policy);
        }
        if let (Some(view), Some(seen)) =
            (&self.manifest.view, assessment.view(row).and_then(|views| views.seen(row)))
        {
            view.reasons(seen).for_each(|name| give(name, ReasonSource::View));
        }
        let top = options.reasons.unwrap_or(section.top);
        let ranked = assessment.explained(row).map_or(&[][..], |explained| &explained.ranked);
        for &(at, sum) in ranked.iter().take(top) {
            if let Some(code) = section.codes.get(at) {
                given.push(reason(code, ReasonSource::Model, sum));
            }
        }
        if section.method == Some(ReasonMethod::Scorecard)
            && let (Some(codes), Some(tally)) = (&self.card_codes, self.tally(assessment, row, options))
        {
            for (at, lost) in codes.rank(&tally.card.lost(tally.tally, tally.against), top) {
                if let Some(code) = section.codes.get(at) {
                    given.push(reason(code, ReasonSource::Scorecard, lost));
                }
            }
        }
        given
    }
}
