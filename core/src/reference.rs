//! The reference profile, `reference.json`: what the training sample looked like, without any of its rows.
//!
//! Packing makes it. It gives reasons their baseline and monitoring its yardstick. Texts are counted only
//! where the manifest lists the values that are allowed: any other text may name a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bundle::{REFERENCE, Sha256Digest};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Fault, from_slice};
#[cfg(feature = "authoring")]
use crate::json::{compact, push_map};
use crate::monitoring::Mix;
use crate::reasons::Profile;
use crate::scores::SHARES;

/// The format's number.
pub const FORMAT: u32 = 1;

/// `reference.json`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// 1.
    pub format: u32,
    /// Rows of the sample.
    pub rows: u64,
    /// Rows that were scored: quality did not refuse them.
    pub scored: u64,
    /// Per input, feature and score how it was distributed over the scored rows.
    pub fields: BTreeMap<String, FieldProfile>,
    /// Per score whose place in the sample an anomaly asks for, its quantiles at the shares of
    /// [`crate::scores::share`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub percentiles: BTreeMap<String, Vec<f64>>,
    /// What was wrong with the sample's records and what was decided on them, where the bundle has
    /// `monitoring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Mix>,
    /// Per model what its reasons need.
    pub models: BTreeMap<String, ModelProfile>,
}

/// What a profile knows of a model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelProfile {
    /// Digest of the ONNX file that the sample went through.
    pub sha256: Sha256Digest,
    /// Baseline of its contributions, where the bundle gives reasons for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Profile>,
}

/// How a field was distributed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FieldProfile {
    /// Rows without a value.
    pub missing: u64,
    /// Numbers, times as seconds since 1970, truth values as 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Distribution>,
    /// Rows per allowed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<BTreeMap<String, u64>>,
}

/// How the values of a numeric field are distributed: coarse enough to hold no row.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Arithmetic mean.
    pub mean: f64,
    /// Pairs of share and quantile: the smallest value that at least this share of the rows does not
    /// exceed.
    pub quantiles: Vec<(f64, f64)>,
    /// Upper edges of all bins but the last, ascending: a value belongs to the first bin whose edge it
    /// does not exceed, else to the last bin.
    pub edges: Vec<f64>,
    /// Rows per bin.
    pub counts: Vec<u64>,
}

/// Whether these are a sample's quantiles: at each share, ascending; or none at all, while one is profiled.
fn are_percentiles(quantiles: &[f64]) -> bool {
    let ascending = quantiles.is_sorted() && quantiles.iter().all(|own| own.is_finite());
    quantiles.is_empty() || (quantiles.len() == SHARES && ascending)
}

impl Reference {
    /// Reads a profile.
    ///
    /// # Errors
    /// `bundle_not_packed` where it is none of this format.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let stale = |message: String| Error::new(ErrorCode::BundleNotPacked, message).at(REFERENCE);
        let reference: Self = from_slice(bytes).map_err(|fault: Fault| {
            stale(format!("it cannot be read ({}); pack with a sample again", fault.explain(bytes)))
        })?;
        if reference.format != FORMAT {
            return Err(stale(format!("its format must be {FORMAT}; pack with a sample again")));
        }
        if let Some((name, _)) = reference.percentiles.iter().find(|(_, own)| !are_percentiles(own)) {
            return Err(stale(format!("the quantiles of `{name}` are none; pack with a sample again")));
        }
        Ok(reference)
    }

    /// The profile as a file: a line per field and per model, always the same for the same profile.
    ///
    /// # Errors
    /// `internal` where it cannot be written as JSON.
    #[cfg(feature = "authoring")]
    pub fn to_json(&self) -> Result<String> {
        let mut text = format!(
            "{{\n  \"format\": {},\n  \"rows\": {},\n  \"scored\": {},\n",
            self.format,
            compact(&self.rows)?,
            compact(&self.scored)?
        );
        if let Some(mix) = &self.mix {
            text.push_str(&format!("  \"mix\": {},\n", compact(mix)?));
        }
        if !self.percentiles.is_empty() {
            push_map(&mut text, "percentiles", &self.percentiles)?;
            text.push_str(",\n");
        }
        push_map(&mut text, "fields", &self.fields)?;
        text.push_str(",\n");
        push_map(&mut text, "models", &self.models)?;
        text.push_str("\n}\n");
        Ok(text)
    }
}
