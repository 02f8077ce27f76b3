//! XGBoost's JSON file (`booster.save_model("model.json")`), from version 1 of the library.
//!
//! XGBoost compares float32 with float32: a value goes left where `x < t`, and where it is missing to the
//! split's default. A category goes right where it is in the split's set. Margins start from
//! `base_score`, which the file gives in the units of the answer, so the link's inverse is taken first.

mod file;

use self::file::{File, Model, Tree, nulls_for_nan};
use super::trees::{Comparison, Forest, Link, Mode, reachable};
use super::{invalid, malformed, unsupported};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Reads the model.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Forest> {
    let file: File = serde_json::from_slice(&nulls_for_nan(bytes)).map_err(|error| {
        malformed(format!("not the JSON file that XGBoost's booster.save_model writes: {error}"))
    })?;
    let learner = &file.learner;
    let booster = &learner.gradient_booster;
    let (model, weights): (Option<&Model>, &[f32]) = match booster.name.as_str() {
        "gbtree" => (booster.model.as_ref(), &[]),
        "dart" => (booster.gbtree.as_ref().and_then(|inner| inner.model.as_ref()), &booster.weight_drop),
        "gblinear" => {
            return Err(unsupported("the booster \"gblinear\" is a linear model; only trees are read here"));
        }
        _ => return Err(unsupported("the booster must be \"gbtree\" or \"dart\"")),
    };
    let model = model.ok_or_else(|| malformed("learner.gradient_booster has no model"))?;
    check_rounds(&file, model)?;
    let params = &learner.learner_model_param;
    let features = params.count("num_feature")?;
    let targets = params.count("num_class")?.max(params.count("num_target")?).max(1);
    if targets > 0xFFFF {
        return Err(malformed("learner.learner_model_param: more than 65535 classes or targets"));
    }
    let (link, start) = link(&learner.objective.name, targets)?;
    let mut forest = Forest::new("XGBoost", features, targets, link, limits);
    forest.base = base(&params.base_score, start, targets)?;
    if model.tree_info.len() != model.trees.len() {
        return Err(malformed("tree_info must have one group per tree"));
    }
    if booster.name == "dart" && weights.len() != model.trees.len() {
        return Err(malformed("weight_drop must have one weight per tree"));
    }
    for (at, (tree, &target)) in model.trees.iter().zip(&model.tree_info).enumerate() {
        let weight = weights.get(at).copied().unwrap_or(1.0);
        let target = usize::try_from(target).ok().filter(|&target| target < targets);
        let target = target.ok_or_else(|| malformed(format!("tree_info[{at}] must be below {targets}")))?;
        add_tree(&mut forest, tree, target, weight)
            .map_err(|error| Error::new(error.code(), format!("trees[{at}]: {}", error.message())))?;
    }
    Ok(forest)
}

/// Refuses a model that was stopped early and not cut: the library's two interfaces disagree on
/// which of its trees count.
fn check_rounds(file: &File, model: &Model) -> Result<()> {
    let best = file.learner.attributes.get("best_iteration").and_then(|best| best.parse::<usize>().ok());
    let rounds = model.iteration_indptr.len().saturating_sub(1);
    match best {
        Some(best) if rounds > 0 && best + 1 < rounds => Err(unsupported(format!(
            "training stopped early: the file has {rounds} rounds, the best was {}; XGBoost's scikit-learn \
             interface uses those up to the best, its Booster all. Save booster[:{}] instead, or all of them \
             after booster.set_attr(best_iteration=None)",
            best + 1,
            best + 1
        ))),
        _ => Ok(()),
    }
}

/// What `base_score` becomes before it is added to margins.
#[derive(Clone, Copy)]
enum Start {
    AsIs,
    Logit,
    Log,
}

fn link(objective: &str, targets: usize) -> Result<(Link, Start)> {
    Ok(match objective {
        "binary:logistic" | "reg:logistic" if targets == 1 => (Link::Logistic, Start::Logit),
        "binary:logistic" | "reg:logistic" => (Link::OneVersusAll, Start::Logit),
        "binary:logitraw" => (Link::Identity, Start::AsIs),
        "binary:hinge" => (Link::Step, Start::AsIs),
        "multi:softprob" | "multi:softmax" => (Link::Softmax, Start::AsIs),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            (Link::Exponential, Start::Log)
        }
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:absoluteerror"
        | "reg:pseudohubererror"
        | "reg:quantileerror"
        | "reg:expectileerror"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Link::Identity, Start::AsIs),
        other => {
            let shown: String = other.chars().take(40).collect();
            return Err(unsupported(format!("the objective \"{shown}\" is not known here")));
        }
    })
}

/// The values that margins start from: one number for all targets, or a list in brackets.
fn base(text: &str, start: Start, targets: usize) -> Result<Vec<f32>> {
    let wrong = |message: &str| malformed(format!("learner.learner_model_param.base_score {message}"));
    let list = text.trim().trim_start_matches('[').trim_end_matches(']');
    let scores: Option<Vec<f64>> = list.split(',').map(|word| word.trim().parse().ok()).collect();
    let scores = scores.ok_or_else(|| wrong("must be a number or a list of numbers"))?;
    if scores.len() != 1 && scores.len() != targets {
        return Err(wrong(&format!("has {} numbers, must have 1 or {targets}", scores.len())));
    }
    let margins = scores.iter().map(|&score| match start {
        Start::AsIs => score,
        Start::Logit => -libm::log(1.0 / score - 1.0),
        Start::Log => libm::log(score),
    } as f32);
    let mut margins: Vec<f32> = margins.collect();
    if margins.iter().any(|margin| !margin.is_finite()) {
        return Err(wrong("has no finite margin under this objective"));
    }
    if let [only] = margins[..] {
        margins.resize(targets, only);
    }
    Ok(margins)
}

fn add_tree(forest: &mut Forest, tree: &Tree, target: usize, weight: f32) -> Result<()> {
    let count = tree.left_children.len();
    if tree.tree_param.count("size_leaf_vector")? > 1 {
        return Err(unsupported("its leaves are vectors (multi_output_tree)"));
    }
    for (name, found) in [
        ("right_children", tree.right_children.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("split_indices", tree.split_indices.len()),
        ("default_left", tree.default_left.len()),
        ("split_type", if tree.split_type.is_empty() { count } else { tree.split_type.len() }),
    ] {
        if found != count {
            return Err(malformed(format!("{name} has {found} values, left_children {count}")));
        }
    }
    let children = |at: usize| match (tree.left_children.get(at), tree.right_children.get(at)) {
        (Some(-1), _) => Ok(None),
        (Some(&left), Some(&right)) => match (usize::try_from(left), usize::try_from(right)) {
            (Ok(left), Ok(right)) => Ok(Some((left, right))),
            _ => Err(invalid(format!("node {at} has a child below zero"))),
        },
        _ => Err(invalid(format!("node {at} is not there"))),
    };
    let nodes = reachable(count, children)?;
    let sets = tree.sets()?;
    forest.start_tree(count);
    let mut comparisons = Vec::new();
    for at in nodes {
        let value = tree.split_conditions[at];
        let number = || value.ok_or_else(|| invalid(format!("split_conditions[{at}] must be a number")));
        let Some((left, right)) = children(at)? else {
            forest.leaf(at, target, number()? * weight)?;
            continue;
        };
        let feature = usize::try_from(tree.split_indices[at]).ok().filter(|&at| at < forest.features);
        let feature = feature
            .ok_or_else(|| invalid(format!("split_indices[{at}] must be below {}", forest.features)))?;
        let default_left = tree.default_left[at].is_set();
        if tree.split_type.get(at) != Some(&1) {
            let less = Comparison { mode: Mode::Lt, value: number()?, missing: default_left, first: true };
            forest.split(at, feature, &[less], (left, right))?;
            continue;
        }
        let set = sets.get(&at).copied().ok_or_else(|| malformed(format!("node {at} has no categories")))?;
        comparisons.clear();
        for (place, &category) in set.iter().enumerate() {
            if category >= 1 << 24 {
                return Err(unsupported("a category from 16777216 on is no float32"));
            }
            // NaN passes the first test where missing goes right, and none where it goes left.
            let missing = place == 0 && !default_left;
            comparisons.push(Comparison { mode: Mode::Eq, value: category as f32, missing, first: true });
        }
        if set.is_empty() && !default_left {
            let value = f32::NEG_INFINITY;
            comparisons.push(Comparison { mode: Mode::Lt, value, missing: true, first: true });
        }
        forest.split(at, feature, &comparisons, (right, left))?;
    }
    forest.end_tree();
    Ok(())
}
