//! What is read of the file; keys that do not bear on scores are skipped.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::authoring::convert::malformed;
use crate::error::Result;

/// The text with null for NaN, which is no JSON but what the library writes.
pub(super) fn nulls_for_nan(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.windows(3).any(|word| word == b"NaN") {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 3);
    let (mut rest, mut in_text) = (bytes, false);
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'\\' if in_text => {
                out.push(byte);
                out.extend(after.first());
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            b'"' => in_text = !in_text,
            b'N' if !in_text && after.starts_with(b"aN") => {
                out.extend(b"null");
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    Cow::Owned(out)
}

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: LearnerParams,
    pub(super) objective: Objective,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct LearnerParams {
    pub(super) base_score: String,
    #[serde(flatten)]
    counts: Params,
}

impl LearnerParams {
    pub(super) fn count(&self, key: &str) -> Result<usize> {
        self.counts.count(key)
    }
}

/// Numbers written as texts.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// A count; 0 where the library's version does not write it.
    pub(super) fn count(&self, key: &str) -> Result<usize> {
        let Some(text) = self.0.get(key) else { return Ok(0) };
        text.parse().map_err(|_| malformed(format!("{key} must be a whole number")))
    }
}

#[derive(Deserialize)]
pub(super) struct Booster {
    pub(super) name: String,
    #[serde(default)]
    pub(super) model: Option<Model>,
    /// The trees of the booster "dart".
    #[serde(default)]
    pub(super) gbtree: Option<Inner>,
    /// What each tree of the booster "dart" is multiplied by.
    #[serde(default)]
    pub(super) weight_drop: Vec<f32>,
}

#[derive(Deserialize)]
pub(super) struct Inner {
    #[serde(default)]
    pub(super) model: Option<Model>,
}

#[derive(Deserialize)]
pub(super) struct Model {
    /// Where each round's trees start.
    #[serde(default)]
    pub(super) iteration_indptr: Vec<u64>,
    /// The class or target of each tree.
    pub(super) tree_info: Vec<i64>,
    pub(super) trees: Vec<Tree>,
}

/// A tree as lists with a place per node; a node without a left child is a leaf, its value stands in
/// the place of the threshold.
#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) tree_param: Params,
    pub(super) left_children: Vec<i64>,
    pub(super) right_children: Vec<i64>,
    /// Nothing where the file has NaN, as versions before 2 write it for categorical splits.
    pub(super) split_conditions: Vec<Option<f32>>,
    pub(super) split_indices: Vec<i64>,
    pub(super) default_left: Vec<Flag>,
    /// 1 where a split is categorical.
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    #[serde(default)]
    categories: Vec<u64>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
}

impl Tree {
    /// The categories of each categorical split.
    pub(super) fn sets(&self) -> Result<HashMap<usize, &[u64]>> {
        let (nodes, starts, sizes) =
            (&self.categories_nodes, &self.categories_segments, &self.categories_sizes);
        if starts.len() != nodes.len() || sizes.len() != nodes.len() {
            return Err(malformed(
                "categories_segments and categories_sizes must be as long as categories_nodes",
            ));
        }
        nodes
            .iter()
            .zip(starts.iter().zip(sizes))
            .map(|(&node, (&start, &size))| {
                let set = start.checked_add(size).and_then(|end| self.categories.get(start..end));
                let set = set.ok_or_else(|| {
                    malformed(format!("the categories of node {node} are not in the list \"categories\""))
                })?;
                Ok((node, set))
            })
            .collect()
    }
}

/// A flag as versions of the library write it.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Truth(bool),
    Number(u8),
}

impl Flag {
    pub(super) const fn is_set(self) -> bool {
        match self {
            Self::Truth(flag) => flag,
            Self::Number(number) => number != 0,
        }
    }
}
