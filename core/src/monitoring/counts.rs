//! What is counted: exact whole numbers that add up in any order, and no value of a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::bundle::Sha256Digest;
use crate::error::{Error, ErrorCode, Result};

/// The format's number.
const FORMAT: u32 = 1;

/// Rows by name.
pub type Tally = BTreeMap<String, u64>;

/// Counts of some records that a bundle decided on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// 1.
    pub format: u32,
    /// The bundle.
    pub bundle: Sha256Digest,
    /// Records.
    pub rows: u64,
    /// Records that were scored: quality did not refuse them, and no score was lacking.
    pub scored: u64,
    /// Per input, feature and score how the scored records fall into the sample's bins.
    pub fields: BTreeMap<String, FieldCounts>,
    /// What was wrong with records, and what was decided.
    pub mix: Mix,
}

/// How a field's values fall into bins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FieldCounts {
    /// Records without a value.
    pub missing: u64,
    /// Records per bin; of texts, per allowed text in alphabetical order and then all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bins: Vec<u64>,
}

/// What was wrong with records, and what was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// Records per verdict on their quality.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verdicts: Tally,
    /// Per field (an input, `check:<id>`, `source:<id>`, `key`, `now` or `unknown_field`) the records with each
    /// issue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issues: BTreeMap<String, Tally>,
    /// Records per outcome, `refuse` among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: Tally,
    /// Scored records per grade.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grades: Tally,
    /// Scored records per stage of the lifecycle.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stages: Tally,
    /// Scored records per first offer; `none` for those without.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub offers: Tally,
}

impl Mix {
    /// All tallies by name.
    fn tallies(&self) -> [(&'static str, &Tally); 5] {
        [
            ("verdicts", &self.verdicts),
            ("outcomes", &self.outcomes),
            ("grades", &self.grades),
            ("stages", &self.stages),
            ("offers", &self.offers),
        ]
    }

    fn add(&mut self, other: &Self) -> Result<()> {
        for (field, issues) in &other.issues {
            add_tally(self.issues.entry(field.clone()).or_default(), issues)?;
        }
        for (own, other) in [
            (&mut self.verdicts, &other.verdicts),
            (&mut self.outcomes, &other.outcomes),
            (&mut self.grades, &other.grades),
            (&mut self.stages, &other.stages),
            (&mut self.offers, &other.offers),
        ] {
            add_tally(own, other)?;
        }
        Ok(())
    }
}

/// Counts one more row under a name.
pub(super) fn count(tally: &mut Tally, name: &str) {
    match tally.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            tally.insert(name.to_owned(), 1);
        }
    }
}

fn add_tally(own: &mut Tally, other: &Tally) -> Result<()> {
    other.iter().try_for_each(|(name, &count)| add_to(own.entry(name.clone()).or_default(), count))
}

fn add_to(own: &mut u64, more: u64) -> Result<()> {
    *own = own
        .checked_add(more)
        .ok_or_else(|| Error::new(ErrorCode::RequestInvalid, "the counts pass 64 bits"))?;
    Ok(())
}

impl Counts {
    /// No records yet.
    #[must_use]
    pub fn none(plan: &Plan) -> Self {
        let fields = plan
            .fields()
            .iter()
            .map(|field| (field.name.clone(), FieldCounts { missing: 0, bins: vec![0; field.bins.len()] }));
        Self {
            format: FORMAT,
            bundle: plan.bundle(),
            rows: 0,
            scored: 0,
            fields: fields.collect(),
            mix: Mix::default(),
        }
    }

    /// Adds the counts of other records of the same bundle. The order does not matter, nor how records were
    /// divided.
    ///
    /// # Errors
    /// `request_invalid` where a sum passes 64 bits.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        add_to(&mut self.rows, other.rows)?;
        add_to(&mut self.scored, other.scored)?;
        for (name, other) in &other.fields {
            let own = self.fields.entry(name.clone()).or_default();
            add_to(&mut own.missing, other.missing)?;
            own.bins.resize(own.bins.len().max(other.bins.len()), 0);
            for (own, &more) in own.bins.iter_mut().zip(&other.bins) {
                add_to(own, more)?;
            }
        }
        self.mix.add(&other.mix)
    }

    /// Whether these are counts of the plan's bundle, with its fields, bins and names and no others.
    ///
    /// # Errors
    /// `request_invalid` that names the place.
    pub fn check(&self, plan: &Plan) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(ErrorCode::RequestInvalid, message));
        if self.format != FORMAT {
            return invalid("the counts are of another format").map_err(|error| error.at("format"));
        }
        if self.bundle != plan.bundle() {
            return invalid("these are counts of another bundle").map_err(|error| error.at("bundle"));
        }
        let fits = |field: &super::plan::FieldPlan| {
            self.fields.get(&field.name).is_some_and(|own| own.bins.len() == field.bins.len())
        };
        if self.fields.len() != plan.fields().len() || !plan.fields().iter().all(fits) {
            return invalid("the fields and their bins are not those of the bundle")
                .map_err(|error| error.at("fields"));
        }
        let unknown = |known: bool, place: &str| {
            // The name may be anything, so it is not repeated.
            if known {
                Ok(())
            } else {
                invalid("the bundle knows no such name").map_err(|error| error.at(place))
            }
        };
        for (field, issues) in &self.mix.issues {
            unknown(plan.knows_issues_of(field), "issues")?;
            issues.keys().try_for_each(|issue| unknown(plan.knows("issues", issue), "issues"))?;
        }
        for (place, tally) in self.mix.tallies() {
            tally.keys().try_for_each(|name| unknown(plan.knows(place, name), place))?;
        }
        Ok(())
    }
}
