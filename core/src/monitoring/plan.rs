//! What of a bundle is counted, and what it is compared with.

use std::collections::BTreeSet;

use crate::bundle::Sha256Digest;
use crate::frame::{Field, Issue};
use crate::manifest::{Input, Manifest, Monitoring, Outcome, Thresholds};
use crate::monitoring::Mix;
use crate::reference::{FieldProfile, Reference};
use crate::schema::Verdict;
use crate::scope::Scope;

/// The name of records without an offer.
pub const NO_OFFER: &str = "none";

/// The plan of one bundle.
#[derive(Clone, Debug)]
pub struct Plan {
    bundle: Sha256Digest,
    fields: Vec<FieldPlan>,
    inputs: Vec<String>,
    checks: Vec<String>,
    sources: Vec<String>,
    thresholds: Monitoring,
    /// Rows of the sample, and how many were scored.
    sample: Option<(u64, u64)>,
    mix: Option<Mix>,
    names: [(&'static str, BTreeSet<String>); 6],
}

/// What a field is in its bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An input.
    Input,
    /// A feature.
    Feature,
    /// A score.
    Score,
}

impl Role {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Feature => "feature",
            Self::Score => "score",
        }
    }
}

/// A field that is counted.
#[derive(Clone, Debug)]
pub struct FieldPlan {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Whether it is personal data: reports then say no bounds.
    pub personal: bool,
    /// The place of its column.
    pub(super) place: usize,
    /// Its bins.
    pub bins: Bins,
    /// Rows of the sample per bin, and without a value; empty without a sample.
    pub sample: (Vec<u64>, u64),
}

/// How the values of a field are divided.
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// Not at all: only missing values are counted.
    None,
    /// Numbers by the upper edges of all bins but the last.
    Edges(Vec<f64>),
    /// Texts by these, and one bin for all others.
    Texts(Vec<String>),
}

impl Bins {
    /// How many bins there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Edges(edges) => edges.len() + 1,
            Self::Texts(texts) => texts.len() + 1,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Plan {
    /// The plan of a bundle with its reference profile, where it has one.
    #[must_use]
    pub fn new(
        manifest: &Manifest,
        scope: &Scope,
        reference: Option<&Reference>,
        bundle: Sha256Digest,
    ) -> Self {
        let thresholds = manifest.monitoring.clone().unwrap_or_default();
        let inputs = manifest.inputs.iter().map(|input| (&input.name, Role::Input, input.personal));
        let features = manifest.features.iter().map(|feature| (&feature.name, Role::Feature, false));
        let scores = manifest.scores.keys().map(|name| (name, Role::Score, false));
        let mut fields = Vec::new();
        for (name, role, personal) in inputs.chain(features).chain(scores) {
            let ignored = thresholds.fields.get(name).is_some_and(|field| field.ignore);
            let (Some(place), false) = (scope.position(name), ignored) else { continue };
            let profile = reference.and_then(|reference| reference.fields.get(name));
            let (bins, sample) = divide(profile, reference.map_or(0, |reference| reference.scored));
            // A feature of personal inputs may tell as much as they do.
            let personal =
                personal || (role == Role::Feature && manifest.inputs.iter().any(|own| own.personal));
            fields.push(FieldPlan { name: name.clone(), role, personal, place, bins, sample });
        }
        Self {
            bundle,
            fields,
            inputs: manifest.inputs.iter().map(|input: &Input| input.name.clone()).collect(),
            checks: manifest.checks.iter().map(|check| check.id.clone()).collect(),
            sources: manifest.sources.iter().map(|source| source.id.clone()).collect(),
            sample: reference.map(|reference| (reference.rows, reference.scored)),
            mix: reference.and_then(|reference| reference.mix.clone()),
            names: names(manifest),
            thresholds,
        }
    }

    /// The digest of the bundle.
    #[must_use]
    pub const fn bundle(&self) -> Sha256Digest {
        self.bundle
    }

    /// The fields that are counted: inputs, features, scores, in the order of the manifest.
    #[must_use]
    pub fn fields(&self) -> &[FieldPlan] {
        &self.fields
    }

    /// Rows of the sample, and how many of them were scored.
    #[must_use]
    pub const fn sample(&self) -> Option<(u64, u64)> {
        self.sample
    }

    /// Quality and decisions of the sample, where the profile has them.
    #[must_use]
    pub const fn mix(&self) -> Option<&Mix> {
        self.mix.as_ref()
    }

    /// Scored records below which no level is given.
    #[must_use]
    pub const fn min_rows(&self) -> u64 {
        self.thresholds.min_rows
    }

    /// Thresholds of a field's stability, or those of all for a name that has none of its own.
    #[must_use]
    pub fn stability(&self, name: &str) -> Thresholds {
        let own = self.thresholds.fields.get(name).and_then(|field| field.stability);
        own.unwrap_or(self.thresholds.stability)
    }

    /// Thresholds of a field's quality.
    #[must_use]
    pub fn quality(&self, name: &str) -> Thresholds {
        let own = self.thresholds.fields.get(name).and_then(|field| field.quality);
        own.unwrap_or(self.thresholds.quality)
    }

    /// The inputs in the order of the manifest.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The name under which an issue with a field is counted. A field that the bundle does not know has no
    /// name of its own: it may be anything.
    #[must_use]
    pub fn issue_name(&self, field: &Field) -> String {
        let named = |kind: &str, names: &[String], at: usize| match names.get(at) {
            Some(name) => format!("{kind}{name}"),
            None => kind.to_owned(),
        };
        match field {
            Field::Input(at) | Field::Record(at, ..) => named("", &self.inputs, *at),
            Field::Check(at) => named("check:", &self.checks, *at),
            Field::Source(at) => named("source:", &self.sources, *at),
            Field::Key => "key".to_owned(),
            Field::Now => crate::scope::NOW.to_owned(),
            Field::Unknown(_) => Issue::UnknownField.name().to_owned(),
        }
    }

    /// Whether issues may be counted under this name.
    #[must_use]
    pub fn knows_issues_of(&self, name: &str) -> bool {
        let of = |prefix: &str, names: &[String]| {
            name.strip_prefix(prefix).is_some_and(|name| names.iter().any(|own| own == name))
        };
        matches!(name, "key" | "now" | "unknown_field")
            || of("", &self.inputs)
            || of("check:", &self.checks)
            || of("source:", &self.sources)
    }

    /// Whether a tally may have this name.
    #[must_use]
    pub fn knows(&self, tally: &str, name: &str) -> bool {
        self.names.iter().any(|(own, names)| *own == tally && names.contains(name))
    }
}

/// Every name that each tally may have.
fn names(manifest: &Manifest) -> [(&'static str, BTreeSet<String>); 6] {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let verdicts = [Verdict::Ok, Verdict::Degraded, Verdict::Refuse].map(Verdict::name);
    let mut outcomes = set(&[Outcome::Approve, Outcome::Review, Outcome::Decline].map(Outcome::name));
    outcomes.insert(Verdict::Refuse.name().to_owned());
    let grades = manifest.scorecard.iter().flat_map(|card| &card.grades).map(|grade| grade.grade.clone());
    let lifecycle = manifest.view.iter().filter_map(|view| view.lifecycle.as_ref());
    let stages = lifecycle.flat_map(|lifecycle| {
        lifecycle.stages.iter().map(|stage| stage.stage.clone()).chain([lifecycle.default.clone()])
    });
    let items = manifest.offers.iter().flat_map(|offers| &offers.items).map(|item| item.id.clone());
    [
        ("verdicts", set(&verdicts)),
        ("outcomes", outcomes),
        ("grades", grades.collect()),
        ("stages", stages.collect()),
        ("offers", items.chain([NO_OFFER.to_owned()]).collect()),
        ("issues", set(&Issue::ALL.map(Issue::name))),
    ]
}

/// The bins of a field, and how the sample falls into them.
fn divide(profile: Option<&FieldProfile>, scored: u64) -> (Bins, (Vec<u64>, u64)) {
    let Some(profile) = profile else { return (Bins::None, (Vec::new(), 0)) };
    if let Some(texts) = &profile.texts {
        let mut counts: Vec<u64> = texts.values().copied().collect();
        let known = counts.iter().fold(profile.missing, |sum, count| sum.saturating_add(*count));
        counts.push(scored.saturating_sub(known));
        return (Bins::Texts(texts.keys().cloned().collect()), (counts, profile.missing));
    }
    match &profile.numbers {
        Some(numbers) if numbers.counts.len() == numbers.edges.len() + 1 && numbers.edges.is_sorted() => {
            (Bins::Edges(numbers.edges.clone()), (numbers.counts.clone(), profile.missing))
        }
        _ => (Bins::None, (Vec::new(), profile.missing)),
    }
}
