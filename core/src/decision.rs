//! The decision on one record, and its canonical bytes.
//!
//! The bytes are part of the public interface: keys in a fixed order, no spaces, numbers as ECMAScript
//! prints them, null for what is not there. Every host gives the same bytes, so that a digest of them is
//! a receipt.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::bundle::Sha256Digest;
use crate::frame::{Field, Issue, Layout, Part, Place};
use crate::json::{push_integer, push_number, push_text};
use crate::manifest::{Against, Texts};
use crate::policy::{ActionPart, RuleResult, Ruling};
use crate::rules::{Column, Type, push_cell};
use crate::schema::{Quality, Verdict};
use crate::scorecard::{PointsCard, Tally};
use crate::time::Timestamp;

/// Where a reason comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonSource {
    /// A rule that fired.
    Policy,
    /// A stage, tag or alert of the customer view.
    View,
    /// The model's contributions.
    Model,
    /// Points lost in the scorecard.
    Scorecard,
}

/// A reason of a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason<'b> {
    /// Code.
    pub code: &'b str,
    /// Where it comes from.
    pub source: ReasonSource,
    /// Sum of the contributions under this code, in units of the model's margin or in points lost; NaN for rules.
    pub contribution: f64,
    /// What it says, in the language that was asked for.
    pub text: &'b str,
}

/// How the contributions add up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation {
    /// Margin of the average training row.
    pub base: f64,
    /// The model's margin for the record.
    pub margin: f64,
    /// Base plus all contributions; equals the margin but for rounding.
    pub sum: f64,
}

/// How the points of characteristics add up.
#[derive(Clone, Copy, Debug)]
pub struct CardTally<'b> {
    /// The scorecard.
    pub card: &'b PointsCard,
    /// The record's points.
    pub tally: &'b Tally,
    /// What they are compared with.
    pub against: Against,
}

/// A score of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score<'b> {
    /// There is none.
    None,
    /// A number.
    Number(f64),
    /// A text, such as a rating.
    Text(&'b str),
}

/// What issues are named after that are about more than one field.
#[derive(Clone, Debug, Default)]
pub struct IssueNames {
    /// Per check its id, its fields and its text.
    pub checks: Vec<(String, Vec<String>, Texts)>,
    /// Per source its id.
    pub sources: Vec<String>,
    /// The inputs that tell records apart.
    pub key: Vec<String>,
}

/// A column of a batch's answer that only some bundles have.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Its type; lists become texts with a comma between their items.
    pub ty: Type,
    /// Where in a decision its value is: a JSON pointer (RFC 6901) in which `*` stands for every item of a
    /// list.
    pub pointer: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a column of a batch's answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The column at this place.
    Column(usize),
    /// What the rules that fired ask for.
    Ruling(ActionPart),
}

impl Shown {
    /// One of the columns that expressions can name.
    #[must_use]
    pub fn column(name: impl Into<String>, ty: Type, place: usize, pointer: impl Into<String>) -> Self {
        Self { name: name.into(), ty, pointer: pointer.into(), source: Source::Column(place) }
    }
}

/// What does not differ between the decisions of a bundle.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The bundle's name.
    pub bundle: String,
    /// The bundle's version.
    pub version: String,
    /// Names of the scores in order.
    pub scores: Vec<String>,
    /// Whether there are points, and whether there are grades.
    pub points: bool,
    /// Hit policy and ids of the rules, where there is a policy.
    pub policy: Option<(&'static str, Vec<String>)>,
    /// The model that explanations are about.
    pub explained: Option<String>,
    /// What issues are named after that are about more than one field.
    pub issues: IssueNames,
    /// Digest of the module's bytes, as the host gave it.
    pub module: Sha256Digest,
    /// Digest of the bundle.
    pub digest: Sha256Digest,
}

/// The decision on one record.
#[derive(Clone, Debug)]
pub struct Decision<'b> {
    /// The time it was made for.
    pub now: Option<Timestamp>,
    /// The record's quality.
    pub quality: &'b Quality,
    /// Scores in the order of the letterhead; empty for a record that was not scored.
    pub scores: &'b [Score<'b>],
    /// Whether it was scored.
    pub scored: bool,
    /// Points.
    pub points: Option<i64>,
    /// Grade.
    pub grade: Option<&'b str>,
    /// What the policy says; `None` for a refused record or a bundle without a policy.
    pub ruling: Option<&'b Ruling>,
    /// Reasons, those of the policy first.
    pub reasons: &'b [Reason<'b>],
    /// How the contributions add up, where they were computed.
    pub explanation: Option<Explanation>,
    /// What the points were given for, where the scorecard has characteristics and explains itself.
    pub tally: Option<CardTally<'b>>,
    /// Further sections that the manifest asks for, each as `,"name":…`, as their stages wrote them.
    pub sections: &'b [u8],
    /// The language of texts.
    pub lang: &'b str,
    /// Digest of the record as it was understood.
    pub input: Sha256Digest,
}

/// The name of an outcome; null for a bundle without a policy.
#[must_use]
pub fn outcome_name(quality: &Quality, ruling: Option<&Ruling>) -> Option<&'static str> {
    match quality.verdict {
        Verdict::Refuse => Some("refuse"),
        _ => ruling.map(|ruling| ruling.outcome.name()),
    }
}

/// The name of an issue's field: that of an input, `transactions[3].amount` for a field of a record in a
/// list, `transactions[*].amount` for many of them, the id of a check or source.
#[must_use]
pub fn field_name<'f>(field: &'f Field, layout: &'f Layout, names: &'f IssueNames) -> Cow<'f, str> {
    let input = |at: usize| layout.inputs().get(at).map_or("", |input| input.name.as_str());
    Cow::Borrowed(match field {
        Field::Input(at) => input(*at),
        Field::Record(at, part, place) => {
            let list = input(*at);
            let part = match part {
                Part::Whole => None,
                Part::Known(field) => layout
                    .list(*at)
                    .and_then(|list| list.layout.inputs().get(*field))
                    .map(|field| &*field.name),
                Part::Unknown(name) => Some(&**name),
            };
            let dot = if part.is_some() { "." } else { "" };
            let part = part.unwrap_or_default();
            return match place {
                Place::One(record) => format!("{list}[{record}]{dot}{part}"),
                Place::Many(_) => format!("{list}[*]{dot}{part}"),
            }
            .into();
        }
        Field::Check(at) => names.checks.get(*at).map_or("", |(id, _, _)| id),
        Field::Source(at) => names.sources.get(*at).map_or("", String::as_str),
        Field::Key => return names.key.join("+").into(),
        Field::Now => crate::scope::NOW,
        Field::Unknown(name) => name,
    })
}

/// An issue as `field:issue`, as columns of answers and the rules' `quality_issues` have it.
#[must_use]
pub fn issue_text(field: &Field, issue: Issue, layout: &Layout, names: &IssueNames) -> String {
    format!("{}:{}", field_name(field, layout, names), issue.name())
}

impl Decision<'_> {
    /// Appends the canonical bytes.
    pub fn write(&self, head: &Letterhead, layout: &Layout, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"bundle\":");
        push_text(out, &head.bundle);
        out.extend_from_slice(b",\"version\":");
        push_text(out, &head.version);
        out.extend_from_slice(b",\"now\":");
        push_option(out, self.now, |out, now| push_text(out, &now.to_rfc3339_ms()));
        out.extend_from_slice(b",\"outcome\":");
        push_option(out, outcome_name(self.quality, self.ruling), push_text);
        self.write_quality(head, layout, out);
        self.write_scores(head, out);
        self.write_policy(head, out);
        out.extend_from_slice(b",\"reasons\":");
        push_list(out, self.reasons, write_reason);
        out.extend_from_slice(b",\"explanation\":");
        match (self.explanation.zip(head.explained.as_deref()), &self.tally) {
            (Some((explanation, model)), _) => write_explanation(out, explanation, model),
            (None, Some(tally)) => tally.write(out),
            (None, None) => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(self.sections);
        out.extend_from_slice(b",\"digests\":{\"module\":");
        push_text(out, &head.module.to_string());
        out.extend_from_slice(b",\"bundle\":");
        push_text(out, &head.digest.to_string());
        out.extend_from_slice(b",\"input\":");
        push_text(out, &self.input.to_string());
        out.extend_from_slice(b"}}");
    }

    fn write_quality(&self, head: &Letterhead, layout: &Layout, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"quality\":{\"verdict\":");
        push_text(out, self.quality.verdict.name());
        out.extend_from_slice(b",\"issues\":");
        push_list(out, &self.quality.issues, |out, (field, issue)| {
            out.extend_from_slice(b"{\"field\":");
            push_text(out, &field_name(field, layout, &head.issues));
            out.extend_from_slice(b",\"issue\":");
            push_text(out, issue.name());
            match field {
                Field::Record(_, _, Place::Many(count)) => {
                    out.extend_from_slice(b",\"records\":");
                    push_integer(out, (*count).into());
                }
                Field::Check(at) => {
                    if let Some((_, fields, text)) = head.issues.checks.get(*at) {
                        write_fields(out, fields);
                        out.extend_from_slice(b",\"text\":");
                        push_option(out, text.in_language(self.lang), push_text);
                    }
                }
                Field::Key => write_fields(out, &head.issues.key),
                _ => {}
            }
            out.push(b'}');
        });
        out.push(b'}');
    }

    fn write_scores(&self, head: &Letterhead, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"scores\":{");
        let start = out.len();
        let key = |out: &mut Vec<u8>, name: &str| {
            if out.len() > start {
                out.push(b',');
            }
            push_text(out, name);
            out.push(b':');
        };
        for (name, &score) in head.scores.iter().zip(self.scores) {
            key(out, name);
            match score {
                Score::None => out.extend_from_slice(b"null"),
                Score::Number(number) => push_number(out, number),
                Score::Text(text) => push_text(out, text),
            }
        }
        if head.points && self.scored {
            key(out, crate::scope::POINTS);
            push_option(out, self.points, push_integer);
            key(out, crate::scope::GRADE);
            push_option(out, self.grade, push_text);
        }
        out.push(b'}');
    }

    fn write_policy(&self, head: &Letterhead, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"policy\":");
        let Some((hit_policy, ids)) = &head.policy else {
            out.extend_from_slice(b"null");
            return;
        };
        out.extend_from_slice(b"{\"hit_policy\":");
        push_text(out, hit_policy);
        let id = |at: usize| ids.get(at).map_or("", String::as_str);
        let (fired, trace) =
            self.ruling.map_or((&[][..], &[][..]), |ruling| (&ruling.rules.fired, &ruling.rules.trace));
        out.extend_from_slice(b",\"fired\":");
        push_list(out, fired, |out, &at| push_text(out, id(at)));
        out.extend_from_slice(b",\"trace\":");
        push_trace(out, ids, trace);
        out.push(b'}');
    }
}

fn write_explanation(out: &mut Vec<u8>, explanation: Explanation, model: &str) {
    out.extend_from_slice(b"{\"model\":");
    push_text(out, model);
    for (key, number) in [
        (&b",\"base\":"[..], explanation.base),
        (b",\"margin\":", explanation.margin),
        (b",\"sum\":", explanation.sum),
    ] {
        out.extend_from_slice(key);
        push_number(out, number);
    }
    out.push(b'}');
}

impl CardTally<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"scorecard\":{\"start\":");
        push_integer(out, self.card.start());
        out.extend_from_slice(b",\"against\":");
        push_text(out, self.against.name());
        out.extend_from_slice(b",\"characteristics\":");
        let points: Vec<_> = self.card.characteristics().iter().zip(&self.tally.points).collect();
        push_list(out, &points, |out, (own, points)| {
            out.extend_from_slice(b"{\"name\":");
            push_text(out, &own.of);
            out.extend_from_slice(b",\"points\":");
            push_integer(out, **points);
            out.extend_from_slice(b",\"reference\":");
            push_integer(out, own.reference(self.against));
            out.push(b'}');
        });
        out.extend_from_slice(b",\"sum\":");
        push_integer(out, self.tally.sum);
        out.extend_from_slice(b"}}");
    }
}

fn write_fields(out: &mut Vec<u8>, fields: &[String]) {
    out.extend_from_slice(b",\"fields\":");
    push_list(out, fields, |out, field| push_text(out, field));
}

/// What became of each rule.
pub(crate) fn push_trace(out: &mut Vec<u8>, ids: &[String], trace: &[RuleResult]) {
    let trace: Vec<_> = trace.iter().enumerate().collect();
    push_list(out, &trace, |out, (at, result)| {
        out.extend_from_slice(b"{\"id\":");
        push_text(out, ids.get(*at).map_or("", String::as_str));
        out.extend_from_slice(b",\"result\":");
        push_text(out, result.name());
        out.push(b'}');
    });
}

fn write_reason(out: &mut Vec<u8>, reason: &Reason<'_>) {
    out.extend_from_slice(b"{\"code\":");
    push_text(out, reason.code);
    out.extend_from_slice(match reason.source {
        ReasonSource::Policy => b",\"source\":\"policy\",\"contribution\":".as_slice(),
        ReasonSource::View => b",\"source\":\"view\",\"contribution\":",
        ReasonSource::Scorecard => b",\"source\":\"scorecard\",\"contribution\":",
        ReasonSource::Model => b",\"source\":\"model\",\"contribution\":",
    });
    push_number(out, reason.contribution);
    out.extend_from_slice(b",\"text\":");
    push_text(out, reason.text);
    out.push(b'}');
}

pub(crate) fn push_option<T>(out: &mut Vec<u8>, value: Option<T>, push: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => push(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn push_list<T>(out: &mut Vec<u8>, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

/// The digest of a record as it was understood: SHA-256 over the salt and the canonical JSON of the typed
/// row, inputs in the order of the bundle and then `now`. `scratch` is used and left with that JSON.
#[must_use]
pub fn digest_input(
    salt: &[u8],
    columns: &[Column],
    layout: &Layout,
    row: usize,
    now: Option<Timestamp>,
    scratch: &mut Vec<u8>,
) -> Sha256Digest {
    scratch.clear();
    scratch.push(b'{');
    for (input, column) in layout.inputs().iter().zip(columns) {
        push_text(scratch, &input.name);
        scratch.push(b':');
        push_cell(scratch, column, row);
        scratch.push(b',');
    }
    push_text(scratch, crate::scope::NOW);
    scratch.push(b':');
    push_option(scratch, now, |out, now| push_text(out, &now.to_string()));
    scratch.push(b'}');
    Sha256Digest(Sha256::new().chain_update(salt).chain_update(&scratch).finalize().into())
}
