//! Reasons of a decision: those of the rules that fired, then those of the model's contributions.

use super::Scorer;
use super::assess::Assessment;
use crate::decision::{CardTally, Explanation, Reason, ReasonSource};
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{self, Against, Class, OutputKind, ReasonMethod, Reasons};
use crate::models::{Answers, Scoring};
use crate::onnx::ValueInfo;
use crate::reasons::{CodeMap, Contributions, Explainer, Subject};
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
    part: Contributions,
}

/// What explains one row.
pub(super) struct Explained {
    pub(super) explanation: Explanation,
    /// Codes and their summed contributions, the most adverse first.
    pub(super) ranked: Vec<(usize, f64)>,
}

impl Explaining {
    /// Whether a call with these options explains the model at this place.
    pub(super) fn explains(&self, model: usize, options: &Options) -> bool {
        model == self.model && options.reasons != Some(0)
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
        let explainer = Explainer::new(&scoring.shared(), &subject(spec, scoring), profile)?;
        let trees = explainer.has_trees();
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
            part: Contributions::default(),
        })
    }

    /// Runs the model on the scored rows and explains them on the way.
    pub(super) fn run(
        &mut self,
        scoring: &mut Scoring,
        columns: &[Column],
        scored: &[usize],
        answers: &mut Answers,
    ) -> Result<()> {
        let Self { explainer, contributions, part, .. } = self;
        contributions.rows = 0;
        scoring.run_with(columns, scored, answers, &mut |session, feeds| {
            explainer.run(session, feeds, part)?;
            contributions.append(part);
            Ok(())
        })
    }

    /// The explanations of the rows that have an answer, from the run before.
    pub(super) fn explain(
        &self,
        answers: &[Answers],
        scored: &[usize],
        rows: usize,
        options: &Options,
    ) -> Result<Vec<Option<Explained>>> {
        let mut explained: Vec<Option<Explained>> = Vec::new();
        explained.resize_with(rows, || None);
        let scores = answers.get(self.model).map_or(&[][..], |answers| &answers.score);
        for (at, (&row, score)) in scored.iter().zip(scores).enumerate() {
            if let Some(slot) = explained.get_mut(row).filter(|_| score.is_finite()) {
                self.contributions.check(at, self.explainer.base())?;
                *slot = Some(self.row(at, options.reasons.unwrap_or(self.top)));
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
        let base = self.sign * self.explainer.base().get(self.output).copied().unwrap_or(f64::NAN);
        let explanation = Explanation {
            base,
            margin: self.sign * self.contributions.margin(at, self.output),
            sum: contributions.iter().fold(base, |sum, contribution| sum + contribution),
        };
        Explained { explanation, ranked: self.codes.rank(&contributions, top) }
    }
}

/// What is explained of a model: its answer, or its margin where the answer is no function of sums.
pub(super) fn subject(spec: &manifest::Model, scoring: &Scoring) -> Subject {
    let width = |info: &ValueInfo| spec.inputs.get(&*info.name).map(|feed| feed.names().len());
    let widths = scoring.model().inputs().iter().map(width).collect();
    let subject = Subject { output: Some(spec.output.name.clone()), widths };
    match &spec.margin {
        Some(margin) if subject.find(scoring.model()).is_err() => {
            Subject { output: Some(margin.name.clone()), ..subject }
        }
        _ => subject,
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
