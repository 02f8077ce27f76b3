//! All stages of one bundle in order: the only place that sees them all.
//!
//! One record and a batch take the same way, a frame of some rows, so a batch gives the bytes that its
//! records give one by one. A loaded bundle keeps its models' memory between calls; it is made once and
//! used for one call at a time.

mod assess;
mod batch;
mod describe;
mod explain;
mod extra;
mod gather;
pub(crate) mod golden;
mod learn;
mod load;
mod monitor;
#[cfg(feature = "authoring")]
mod sample;
mod usage;
mod what_if;

use std::collections::BTreeMap;

use self::assess::Assessment;
use self::explain::Explaining;
use self::load::Purpose;
use crate::decision::{Decision, Letterhead, Shown, digest_input, outcome_name};
use crate::error::{Error, ErrorCode, Result};
use crate::exposure::Exposures;
use crate::features::Features;
use crate::frame::{Frame, read_record};
use crate::json::Value;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::models::{Answers, Scoring};
use crate::monitoring::{Counts, Plan};
use crate::offers::{Notes, Offers};
use crate::policy::Policy;
use crate::privacy;
use crate::reasons::CodeMap;
use crate::request::{Options, Output, read_options, read_request};
use crate::risk::Risks;
use crate::schema::{Checks, Schema};
use crate::scope::Scope;
use crate::scorecard::Card;
use crate::scores::Scores;
use crate::table;
use crate::view::View;

/// A loaded bundle.
pub struct Scorer {
    manifest: Manifest,
    limits: Limits,
    scope: Scope,
    schema: Schema,
    features: Features,
    checks: Checks,
    models: Vec<Scoring>,
    answers: Vec<Answers>,
    scores: Scores,
    card: Option<Card>,
    /// Which reason code each characteristic of the scorecard counts for.
    card_codes: Option<CodeMap>,
    risks: Option<Risks>,
    exposures: Option<Exposures>,
    view: Option<View>,
    policy: Option<Policy>,
    /// Whether a rule looks at what is wrong with the record.
    reads_issues: bool,
    offers: Option<Offers>,
    /// Per model whether it runs with the offers only.
    deferred: Vec<bool>,
    explaining: Option<Explaining>,
    head: Letterhead,
    /// What is counted, and what has been since the last time that somebody asked.
    plan: Plan,
    counts: Option<Counts>,
    /// What comparisons of the models with their sources found, as the bundle shows it.
    parity: Vec<Value>,
    /// Golden records that the lock pins, by their name in the bundle.
    golden: BTreeMap<String, Vec<u8>>,
    scratch: Vec<u8>,
}

impl Scorer {
    /// Loads a packed bundle from its zip archive. `module_digest` is the sha256 of the module's own bytes,
    /// which decisions carry.
    ///
    /// # Errors
    /// `bundle_malformed`, `bundle_not_packed`, `bundle_digest`, `manifest_invalid`, `rule_invalid`,
    /// `rule_budget`, `bundle_needs_full` and the codes of models.
    pub fn load(zip: &[u8], limits: &Limits, module_digest: [u8; 32]) -> Result<Self> {
        load::load(zip, limits, module_digest, Purpose::Decide)
    }

    /// What the bundle is, as JSON: name, version, digest, inputs, scores, outcomes, languages, models.
    #[must_use]
    pub fn describe(&self) -> String {
        describe::describe(self)
    }

    /// Scores the record of a request and writes the decision's canonical bytes to `out`, which it clears.
    ///
    /// # Errors
    /// `record_malformed`, `record_budget` and `request_invalid` for what is no request; `run_value` and
    /// `run_budget` from models; `reasons_sum`. A record with missing or wrong values is no error: it gets
    /// a decision that says so.
    pub fn score(&mut self, request: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let (fields, options) = read_request(request, &self.limits)?;
        let shown = privacy::Shown::new(&options.echo, self.schema.layout())?;
        if options.what_if {
            what_if::check(self)?;
        }
        let frame = read_record(&fields, self.schema.layout(), options.now);
        let assessment = self.assess(frame, &options)?;
        if options.monitor {
            self.observe(&assessment);
        }
        self.write_decision(&assessment, 0, &options, out);
        // What was asked for beside the decision comes after its digests.
        let end = out.pop();
        if options.what_if {
            let outcome = outcome_name(&assessment.quality[0], assessment.ruling(0));
            what_if::write(self, &fields, outcome, &options, out)?;
        }
        if let Some(shown) = shown {
            out.extend_from_slice(b",\"record\":");
            shown.write(&assessment.columns, 0, &options.salt, out);
        }
        out.extend(end);
        Ok(())
    }

    /// Scores a batch and writes the table of answers to `out`, which it clears.
    ///
    /// # Errors
    /// As [`Self::score`]; `record_malformed` also for a table that is none, `record_budget` for more rows
    /// than the limit.
    pub fn score_table(&mut self, table: &[u8], options: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let (options, output) = read_options(options, &self.limits)?;
        if options.what_if {
            let message = "what would change the outcome is asked for one record at a time";
            return Err(Error::new(ErrorCode::RequestInvalid, message).at("what_if"));
        }
        let table = table::read(table)?;
        // A batch that fails half way has decided nothing, so nothing of it is counted.
        let before = if options.monitor { self.counts.clone() } else { None };
        let done = match output {
            Output::Columns => batch::columns(self, &table, &options, out),
            Output::Decisions => batch::decisions(self, &table, &options, out),
            Output::Keys => batch::keys(self, &table, &options, out),
        };
        if done.is_err() && options.monitor {
            self.counts = before;
        }
        done
    }

    /// Replays the golden records and writes a report as JSON to `out`, which it clears: `failed`, and per
    /// case `id`, `why`, `ok` and, where it failed, `message`.
    ///
    /// # Errors
    /// `bundle_malformed` where a golden record is no golden record.
    pub fn verify(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        golden::verify(self, out)
    }

    /// Lets a bandit learn: reads `{"state", "rewards": [{"record", "now", "item", "reward"}]}` and writes the
    /// new state to `out`, which it clears. Without a state it starts from that of the bundle. The scorer
    /// itself does not change.
    ///
    /// # Errors
    /// `request_invalid` where the bundle has no bandit, the state is none of its bandit, or a reward is for
    /// no item of the catalogue or no record that can be scored; `record_malformed`, `record_budget`;
    /// `run_value` where the numbers grow past the range of doubles.
    pub fn update(&mut self, update: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        learn::update(self, update, out)
    }

    /// Writes the counts of what was decided, by calls with the option `monitor`, since this was last called,
    /// as JSON to `out`, which it clears.
    ///
    /// # Errors
    /// `internal` only.
    pub fn take_counts(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        monitor::take(self, out)
    }

    /// Adds counts up and reports on them: reads `{"counts": [...]}` and writes `{"counts": ..., "report":
    /// ...}` to `out`, which it clears.
    ///
    /// # Errors
    /// `request_invalid` where the counts are none of this bundle, `record_budget` where they are too many.
    pub fn monitor(&self, request: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        monitor::monitor(self, request, out)
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Judges and scores the rows of a frame.
    fn assess(&mut self, frame: Frame, options: &Options) -> Result<Assessment> {
        assess::assess(self, frame, options)
    }

    /// Appends the canonical bytes of the decision on one row.
    fn write_decision(&mut self, assessment: &Assessment, row: usize, options: &Options, out: &mut Vec<u8>) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let quality = &assessment.quality[row];
        let layout = self.schema.layout();
        let now = assessment.now(row);
        let reasons = self.reasons(assessment, row, options);
        let scores = assessment.scores_of(self.scores.entries(), row);
        let mut sections = Vec::new();
        self.write_sections(assessment, row, options, &mut sections);
        let decision = Decision {
            now,
            quality,
            scores: &scores,
            scored: assessment.scored(row),
            points: assessment.points(row),
            grade: assessment.grade(row, &self.manifest),
            ruling: assessment.ruling(row),
            reasons: &reasons,
            explanation: assessment.explanation(row),
            tally: self.tally(assessment, row, options),
            sections: &sections,
            lang: options.lang.as_deref().unwrap_or("en"),
            input: digest_input(&options.salt, &assessment.columns, layout, row, now, &mut scratch),
        };
        decision.write(&self.head, layout, out);
        self.scratch = scratch;
    }

    /// Columns of a batch's answer for the sections of risks, limits and policy.
    fn shown(&self) -> Vec<Shown> {
        let risks = self.risks.iter().flat_map(|risks| risks.shown(&self.scope));
        let limits = self.exposures.iter().flat_map(|exposures| exposures.shown(&self.scope));
        risks.chain(limits).chain(self.policy.iter().flat_map(Policy::shown)).collect()
    }

    /// Appends the sections that only some manifests ask for; null for a row that was not scored.
    fn write_sections(&self, assessment: &Assessment, row: usize, options: &Options, out: &mut Vec<u8>) {
        self.scores.write(&self.manifest, assessment.evidence(row), row, out);
        if let Some(risks) = &self.risks {
            risks.write(assessment.risk(row), out);
        }
        if let Some(exposures) = &self.exposures {
            exposures.write(assessment.exposure(row), out);
        }
        if let Some(policy) = &self.policy {
            policy.write(assessment.ruling(row), &assessment.columns, row, out);
        }
        if let (Some(view), Some(own)) = (&self.view, &self.manifest.view) {
            match assessment.view(row) {
                Some(views) => view.write(own, views, &assessment.columns, row, out),
                None => out.extend_from_slice(b",\"view\":null"),
            }
        }
        if let (Some(offers), Some(own)) = (&self.offers, &self.manifest.offers) {
            let notes = Notes {
                own,
                reasons: self.manifest.reasons.as_ref(),
                language: options.lang.as_deref().unwrap_or("en"),
                held: options.held.unwrap_or_else(|| own.held()),
            };
            match assessment.offers(row) {
                Some(made) => offers.write(made, &notes, out),
                None => out.extend_from_slice(b",\"offers\":null"),
            }
        }
    }
}
