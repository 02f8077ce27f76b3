//! The layout of TreeEnsemble (version 5): splits and leaves in lists of their own, each leaf with one
//! vote, nodes known by their place in the lists.

use super::assemble::{Assembler, Node, Source, feature};
use super::ensemble::{Branch, Ensemble, Precision, Test};
use super::real::Real;
use super::votes::{self, NO_LEAF};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;
use crate::onnx::ops::ml::numbers::Numbers;
use crate::onnx::tensor::{DType, Data};

struct Lists<'m> {
    features: &'m [i64],
    modes: Vec<u8>,
    splits: Numbers<'m>,
    on_true: &'m [i64],
    true_is_leaf: &'m [i64],
    on_false: &'m [i64],
    false_is_leaf: &'m [i64],
    missing: &'m [i64],
    leaves: usize,
    members: Numbers<'m>,
    /// For each split where its set starts in `members`; splits without a set have the next one's.
    set_starts: Vec<usize>,
}

/// Reads and checks the ensemble of a node.
pub(in super::super) fn read(
    spec: &NodeSpec<'_>,
    target_count: usize,
    dtype: DType,
    columns: Option<usize>,
) -> Result<Ensemble> {
    let attributes = &spec.attributes;
    let ints = |name: &str| attributes.ints(name).map(Option::unwrap_or_default);
    attributes.tensor_proto("nodes_hitrates")?;
    let modes = match attributes.tensor("nodes_modes")? {
        Some(tensor) => match tensor.data() {
            Data::U8(modes) => modes.clone(),
            _ => return Err(wrong("nodes_modes", "must be a tensor of uint8")),
        },
        None => return Err(wrong("nodes_modes", "is required and missing")),
    };
    let leaf_targets = ints("leaf_targetids")?;
    let leaf_weights = Numbers::read(spec, "leaf_weights", None)?;
    let mut lists = Lists {
        features: ints("nodes_featureids")?,
        modes,
        splits: Numbers::read(spec, "nodes_splits", None)?,
        on_true: ints("nodes_truenodeids")?,
        true_is_leaf: ints("nodes_trueleafs")?,
        on_false: ints("nodes_falsenodeids")?,
        false_is_leaf: ints("nodes_falseleafs")?,
        missing: ints("nodes_missing_value_tracks_true")?,
        leaves: leaf_targets.len(),
        members: Numbers::read(spec, "membership_values", None)?,
        set_starts: Vec::new(),
    };
    let len = lists.modes.len();
    for (name, found) in [
        ("nodes_featureids", lists.features.len()),
        ("nodes_splits", lists.splits.len()),
        ("nodes_truenodeids", lists.on_true.len()),
        ("nodes_trueleafs", lists.true_is_leaf.len()),
        ("nodes_falsenodeids", lists.on_false.len()),
        ("nodes_falseleafs", lists.false_is_leaf.len()),
        ("nodes_missing_value_tracks_true", if lists.missing.is_empty() { len } else { lists.missing.len() }),
    ] {
        if found != len {
            return Err(wrong(name, &format!("has {found} values, \"nodes_modes\" has {len}")));
        }
    }
    if leaf_weights.len() != lists.leaves {
        let found = leaf_weights.len();
        return Err(wrong(
            "leaf_weights",
            &format!("has {found} values, \"leaf_targetids\" has {}", lists.leaves),
        ));
    }
    lists.find_sets()?;
    let roots = ints("tree_roots")?;
    let double = dtype == DType::F64
        || [&lists.splits, &leaf_weights, &lists.members].into_iter().any(Numbers::is_double);
    let votes = (leaf_targets, &leaf_weights);
    if double {
        build::<f64>(&lists, roots, votes, target_count, columns, Precision::Double)
    } else {
        build::<f32>(&lists, roots, votes, target_count, columns, Precision::Single)
    }
}

fn wrong(attribute: &str, message: &str) -> Error {
    Error::new(ErrorCode::ModelAttribute, format!("attribute \"{attribute}\" {message}"))
}

fn build<T: Real>(
    lists: &Lists<'_>,
    roots: &[i64],
    (targets, weights): (&[i64], &Numbers<'_>),
    target_count: usize,
    columns: Option<usize>,
    wrap: impl Fn(super::Forest<T>) -> Precision,
) -> Result<Ensemble> {
    let mut assembler = Assembler::<T>::new(lists)?;
    if lists.modes.contains(&(Test::Eq as u8)) {
        assembler.count_parents(lists)?;
    }
    for &root in roots {
        let Some(root) = usize::try_from(root).ok().filter(|&root| root < lists.modes.len()) else {
            return Err(wrong("tree_roots", &format!("names node {root}, there are {}", lists.modes.len())));
        };
        assembler.add_tree(lists, root)?;
    }
    let reached = assembler.leaves as usize;
    let leaf_of_vote: Vec<u32> = assembler.places[lists.modes.len()..]
        .iter()
        .map(|place| place.as_leaf().filter(|&leaf| leaf < reached).map_or(NO_LEAF, |leaf| leaf as u32))
        .collect();
    votes::fill(
        &mut assembler.forest,
        reached,
        &leaf_of_vote,
        |vote| votes::target(targets[vote], target_count, "leaf_targetids"),
        |vote| T::from_f64(weights.get(vote)),
    )?;
    let (forest, shape) = assembler.finish(target_count, columns)?;
    Ok(shape.ensemble(wrap(forest)))
}

impl Lists<'_> {
    /// Sets are listed in the order of the splits that test them, with a NaN after each; the last NaN
    /// may be left out.
    fn find_sets(&mut self) -> Result<()> {
        let mut start = 0;
        let mut starts = Vec::with_capacity(self.modes.len());
        for &mode in &self.modes {
            starts.push(start);
            if mode == Test::Member as u8 {
                if start >= self.members.len() {
                    return Err(wrong(
                        "membership_values",
                        "has fewer sets than there are splits that test one",
                    ));
                }
                start += self.members.iter().skip(start).take_while(|member| !member.is_nan()).count() + 1;
            }
        }
        if start < self.members.len() {
            return Err(wrong("membership_values", "has more sets than there are splits that test one"));
        }
        self.set_starts = starts;
        Ok(())
    }

    /// A child as the number that the assembler knows it by: leaves come after all splits.
    fn child(&self, at: usize, id: i64, leaf: i64, attribute: &str) -> Result<u32> {
        let (count, offset) = if leaf == 0 { (self.modes.len(), 0) } else { (self.leaves, self.modes.len()) };
        match usize::try_from(id) {
            Ok(id) if id < count => Ok((id + offset) as u32),
            _ => Err(Error::new(
                ErrorCode::ModelInvalid,
                format!(
                    "node {at} leads to {} {id}, there are {count} (attribute \"{attribute}\")",
                    if leaf == 0 { "node" } else { "leaf" }
                ),
            )),
        }
    }
}

impl<T: Real> Source<T> for Lists<'_> {
    fn len(&self) -> usize {
        self.modes.len() + self.leaves
    }

    fn node(&self, at: usize) -> Result<Node<T>> {
        let Some(&mode) = self.modes.get(at) else { return Ok(Node::Leaf) };
        let Some(test) = Test::from_number(mode) else {
            return Err(wrong("nodes_modes", &format!("has {mode} for node {at}, must be 0 to 6")));
        };
        let feature = feature(self.features[at], || format!("node {at}"))?;
        let missing = self.missing.get(at).is_some_and(|&flag| flag != 0);
        let yes = self.child(at, self.on_true[at], self.true_is_leaf[at], "nodes_truenodeids")?;
        let no = self.child(at, self.on_false[at], self.false_is_leaf[at], "nodes_falsenodeids")?;
        let branch = Branch::new(T::from_f64(self.splits.get(at)), feature, test, missing);
        if test != Test::Member {
            return Ok(Node::Branch(branch, yes, no));
        }
        let set = self.members.iter().skip(self.set_starts[at]).take_while(|member| !member.is_nan());
        Ok(Node::Member(branch, yes, no, set.map(T::from_f64).collect()))
    }

    fn name(&self, at: usize) -> String {
        format!("node {at}")
    }
}
