//! LightGBM's text file (`booster.save_model`), versions 2 to 4.
//!
//! LightGBM compares doubles: a value `x` goes left where `x <= t`. For an `x` that is a float32 this is
//! the same as `x <= f`, `f` the largest float32 that does not exceed `t`. Its rules for missing values
//! (`Tree::NumericalDecision` and `Tree::CategoricalDecision` of the library) are a flag and two bits per
//! split: none (NaN is read as zero), zero (zero and NaN are missing), NaN (NaN is missing). Random forests
//! average their trees here already, and a `sigmoid` other than 1 is in the leaves, so that the margin of
//! a classifier is always its log odds.

mod text;

use self::text::{Section, sections};
use super::trees::{Comparison, Forest, Link, Mode, reachable};
use super::{invalid, malformed, unsupported};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// What is at most this far from zero is zero to LightGBM, whose interface for rows drops such values.
const ZERO: f32 = 1e-35;
/// The largest float32 that is below zero and not zero to LightGBM.
const BELOW_ZERO: f32 = f32::next_down(-ZERO);

const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

/// Reads the model.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Forest> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|&byte| byte == b'\n').count();
        malformed(format!("line {line}: the file is not UTF-8 text"))
    })?;
    let (head, trees) = sections(text)?;
    let targets = head.number::<usize>("num_tree_per_iteration")?;
    if !(1..=0xFFFF).contains(&targets) {
        return Err(head.wrong("num_tree_per_iteration", "must be 1 to 65535"));
    }
    let features = head.number::<usize>("max_feature_idx")?.saturating_add(1);
    let (link, slope) = link(&head, targets)?;
    if trees.len() % targets != 0 {
        let message = format!("the file has {} trees, which are not {targets} per round", trees.len());
        return Err(malformed(message));
    }
    // Random forests average over rounds.
    let rounds = if head.has("average_output") { (trees.len() / targets).max(1) } else { 1 };
    let scale = slope / rounds as f64;
    let mut forest = Forest::new("LightGBM", features, targets, link, limits);
    for (at, section) in trees.iter().enumerate() {
        add_tree(&mut forest, section, at % targets, scale)
            .map_err(|error| Error::new(error.code(), format!("{}: {}", section.place(), error.message())))?;
    }
    Ok(forest)
}

/// The link of the objective, and what margins are multiplied by so that they are log odds.
fn link(head: &Section<'_>, targets: usize) -> Result<(Link, f64)> {
    let Some(objective) = head.get("objective") else { return Ok((Link::Identity, 1.0)) };
    let mut words = objective.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut sigmoid = 1.0;
    let mut square_root = false;
    for word in words {
        match word.split_once(':') {
            Some(("sigmoid", slope)) => {
                let slope: Option<f64> = slope.parse().ok().filter(|slope: &f64| slope.is_finite());
                sigmoid =
                    slope.ok_or_else(|| head.wrong("objective", "must name a finite slope as sigmoid"))?;
            }
            None if word == "sqrt" => square_root = true,
            _ => {}
        }
    }
    let link = match name {
        "binary" => return Ok((Link::Logistic, sigmoid)),
        "multiclassova" => return Ok((Link::OneVersusAll, sigmoid)),
        "cross_entropy" if targets == 1 => Link::Logistic,
        "cross_entropy_lambda" => Link::Softplus,
        "multiclass" => Link::Softmax,
        "poisson" | "gamma" | "tweedie" => Link::Exponential,
        "regression" if square_root => Link::SignedSquare,
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank"
        | "rank_xendcg" | "custom" | "none" => Link::Identity,
        other => {
            let shown: String = other.chars().take(40).collect();
            return Err(unsupported(format!("the objective \"{shown}\" is not known here")));
        }
    };
    Ok((link, 1.0))
}

fn add_tree(forest: &mut Forest, tree: &Section<'_>, target: usize, scale: f64) -> Result<()> {
    if tree.get("is_linear").is_some_and(|flag| flag.trim() != "0") {
        return Err(unsupported("its leaves are linear models (linear_tree), which ONNX trees cannot say"));
    }
    let leaf_count = tree.number::<usize>("num_leaves")?;
    let values: Vec<f64> = tree.list("leaf_value", leaf_count)?;
    let Some(splits) = leaf_count.checked_sub(1) else {
        return Err(tree.wrong("num_leaves", "must be at least 1"));
    };
    let none = splits == 0;
    let list = |key| if none { Ok(Vec::new()) } else { tree.list::<i64>(key, splits) };
    let (features, left, right) = (list("split_feature")?, list("left_child")?, list("right_child")?);
    let kinds: Vec<u8> = if none { Vec::new() } else { tree.list("decision_type", splits)? };
    let thresholds: Vec<f64> = if none { Vec::new() } else { tree.list("threshold", splits)? };
    let sets = Sets::read(tree)?;
    // A child below zero is a leaf; leaves are numbered after the splits.
    let place = |child: i64| {
        let place = if child < 0 {
            usize::try_from(!child).ok()?.checked_add(splits)
        } else {
            usize::try_from(child).ok().filter(|&at| at < splits)
        };
        place.filter(|&at| at < splits + leaf_count)
    };
    let children = |at: usize| match (left.get(at), right.get(at)) {
        (Some(&left), Some(&right)) => match (place(left), place(right)) {
            (Some(left), Some(right)) => Ok(Some((left, right))),
            _ => Err(invalid(format!("split {at} leads to a node that is not there"))),
        },
        _ => Ok(None),
    };
    let nodes = reachable(splits + leaf_count, children)?;
    forest.start_tree(splits + leaf_count);
    let mut comparisons = Vec::new();
    for at in nodes {
        let Some(both) = children(at)? else {
            let value = at.checked_sub(splits).and_then(|leaf| values.get(leaf)).copied().unwrap_or(f64::NAN);
            forest.leaf(at, target, (value * scale) as f32)?;
            continue;
        };
        let (feature, kind, threshold) = (features[at], kinds[at], thresholds[at]);
        let feature = usize::try_from(feature).ok().filter(|&feature| feature < forest.features);
        let feature = feature.ok_or_else(|| {
            tree.wrong("split_feature", &format!("must name features below {}", forest.features))
        })?;
        comparisons.clear();
        if kind & CATEGORICAL != 0 {
            sets.compare(tree, threshold, &mut comparisons)?;
        } else {
            compare(tree, kind, threshold, &mut comparisons)?;
        }
        forest.split(at, feature, &comparisons, both)?;
    }
    forest.end_tree();
    Ok(())
}

/// The comparisons of a numerical split; the first child is the left one. All are `<=`, which the
/// runtime is fastest at.
fn compare(tree: &Section<'_>, kind: u8, threshold: f64, out: &mut Vec<Comparison>) -> Result<()> {
    if threshold.is_nan() {
        return Err(tree.wrong("threshold", "must not have NaN"));
    }
    let left = kind & DEFAULT_LEFT != 0;
    let leq = |value, missing, first| Comparison { mode: Mode::Leq, value, missing, first };
    let value = match round_down(threshold) {
        value if threshold >= 0.0 => value.max(ZERO),
        value => value.min(BELOW_ZERO),
    };
    match (kind >> 2, left) {
        (0, _) => out.push(leq(value, threshold >= 0.0, true)),
        (2, _) => out.push(leq(value, left, true)),
        (1, true) if threshold >= 0.0 => out.push(leq(value, true, true)),
        (1, true) if value == BELOW_ZERO => out.push(leq(ZERO, true, true)),
        (1, true) => {
            out.extend([leq(value, false, true), leq(BELOW_ZERO, false, false), leq(ZERO, true, true)]);
        }
        (1, false) if threshold < 0.0 => out.push(leq(value, false, true)),
        (1, false) if value == ZERO => out.push(leq(BELOW_ZERO, false, true)),
        (1, false) => {
            out.extend([leq(BELOW_ZERO, false, true), leq(ZERO, true, false), leq(value, false, true)]);
        }
        _ => return Err(tree.wrong("decision_type", "must be 0 to 11")),
    }
    Ok(())
}

/// The largest float32 that is not above `threshold`.
fn round_down(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }
}

/// The sets of categories of a tree: bit `b` of word `w` of a set is category `32 w + b`.
struct Sets {
    bounds: Vec<usize>,
    words: Vec<u32>,
}

impl Sets {
    fn read(tree: &Section<'_>) -> Result<Self> {
        let count = if tree.has("num_cat") { tree.number::<usize>("num_cat")? } else { 0 };
        if count == 0 {
            return Ok(Self { bounds: Vec::new(), words: Vec::new() });
        }
        let bounds: Vec<usize> = tree.list("cat_boundaries", count.saturating_add(1))?;
        let words = tree.list("cat_threshold", bounds.last().copied().unwrap_or(0))?;
        Ok(Self { bounds, words })
    }

    /// The categories of set number `set`; they go left, everything else and NaN go right.
    fn compare(&self, tree: &Section<'_>, set: f64, out: &mut Vec<Comparison>) -> Result<()> {
        let known = (set >= 0.0 && set < self.bounds.len() as f64).then_some(set as usize);
        let words = known.and_then(|set| self.words.get(*self.bounds.get(set)?..*self.bounds.get(set + 1)?));
        let words =
            words.ok_or_else(|| tree.wrong("threshold", "names a set of categories that is not there"))?;
        for (at, word) in words.iter().enumerate() {
            for bit in (0..32).filter(|bit| word >> bit & 1 == 1) {
                let category = at as u64 * 32 + bit;
                if category >= 1 << 24 {
                    return Err(unsupported("a category from 16777216 on is no float32"));
                }
                out.push(Comparison { mode: Mode::Eq, value: category as f32, missing: false, first: true });
            }
        }
        Ok(())
    }
}
