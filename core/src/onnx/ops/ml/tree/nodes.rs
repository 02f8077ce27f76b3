//! The layout of TreeEnsembleClassifier and TreeEnsembleRegressor: lists with an entry per node, leaves
//! among them, and lists with an entry per vote. Nodes are known by tree id and node id.

use super::assemble::{Assembler, Node, Source, feature};
use super::ensemble::{Branch, Ensemble, Precision, Test};
use super::real::Real;
use super::votes::{self, NO_LEAF};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::kernel::NodeSpec;
use crate::onnx::ops::ml::numbers::Numbers;
use crate::onnx::tensor::DType;

/// Names of the attributes that hold the votes: `target_…` or `class_…`.
pub(in super::super) struct Names {
    pub(in super::super) ids: &'static str,
    pub(in super::super) nodes: &'static str,
    pub(in super::super) trees: &'static str,
    pub(in super::super) weights: &'static str,
    pub(in super::super) weights_as_tensor: &'static str,
}

/// An ensemble with what classifiers ask about its votes.
pub(in super::super) struct Read {
    pub(in super::super) ensemble: Ensemble,
    pub(in super::super) base: Vec<f64>,
    /// Whether no vote has a negative weight.
    pub(in super::super) all_positive: bool,
    /// The one class that all votes are for, if it is one.
    pub(in super::super) single_class: Option<usize>,
}

struct Lists<'m> {
    trees: &'m [i64],
    nodes: &'m [i64],
    features: &'m [i64],
    modes: &'m [&'m [u8]],
    values: Numbers<'m>,
    missing: &'m [i64],
    /// Nodes by tree id and node id, where they are not listed that way.
    order: Option<Vec<u32>>,
    /// For each tree in the order of ids: id, start, end in that order of nodes.
    ranges: Vec<(i64, usize, usize)>,
    children: Vec<(u32, u32)>,
}

/// Reads and checks the ensemble of a node.
pub(in super::super) fn read(
    spec: &NodeSpec<'_>,
    names: &Names,
    target_count: usize,
    dtype: DType,
    columns: Option<usize>,
) -> Result<Read> {
    let attributes = &spec.attributes;
    let ints = |name| attributes.ints(name).map(Option::unwrap_or_default);
    // Hit rates are training statistics that no answer depends on.
    attributes.floats("nodes_hitrates")?;
    attributes.tensor_proto("nodes_hitrates_as_tensor")?;
    let base = Numbers::read(spec, "base_values", Some("base_values_as_tensor"))?;
    let weights = Numbers::read(spec, names.weights, Some(names.weights_as_tensor))?;
    let mut lists = Lists {
        trees: ints("nodes_treeids")?,
        nodes: ints("nodes_nodeids")?,
        features: ints("nodes_featureids")?,
        modes: attributes.byte_texts("nodes_modes")?.unwrap_or_default(),
        values: Numbers::read(spec, "nodes_values", Some("nodes_values_as_tensor"))?,
        missing: ints("nodes_missing_value_tracks_true")?,
        order: None,
        ranges: Vec::new(),
        children: Vec::new(),
    };
    let (on_true, on_false) = (ints("nodes_truenodeids")?, ints("nodes_falsenodeids")?);
    let len = lists.nodes.len();
    for (name, found) in [
        ("nodes_treeids", lists.trees.len()),
        ("nodes_featureids", lists.features.len()),
        ("nodes_modes", lists.modes.len()),
        ("nodes_values", lists.values.len()),
        ("nodes_truenodeids", on_true.len()),
        ("nodes_falsenodeids", on_false.len()),
        ("nodes_missing_value_tracks_true", if lists.missing.is_empty() { len } else { lists.missing.len() }),
    ] {
        same_length(name, found, "nodes_nodeids", len)?;
    }
    let votes =
        Votes { ids: ints(names.ids)?, nodes: ints(names.nodes)?, trees: ints(names.trees)?, weights };
    same_length(names.nodes, votes.nodes.len(), names.ids, votes.ids.len())?;
    same_length(names.trees, votes.trees.len(), names.ids, votes.ids.len())?;
    same_length(names.weights, votes.weights.len(), names.ids, votes.ids.len())?;
    lists.sort();
    lists.check_ids()?;
    lists.resolve(on_true, on_false)?;
    let double =
        dtype == DType::F64 || base.is_double() || lists.values.is_double() || votes.weights.is_double();
    let ensemble = if double {
        build::<f64>(&lists, &votes, names, target_count, columns, Precision::Double)?
    } else {
        build::<f32>(&lists, &votes, names, target_count, columns, Precision::Single)?
    };
    let first = votes.ids.first().copied();
    Ok(Read {
        ensemble,
        base: base.iter().collect(),
        // A NaN is not negative.
        all_positive: !votes.weights.iter().any(|weight| weight < 0.0),
        single_class: first.filter(|first| votes.ids.iter().all(|id| id == first)).map(|id| id as usize),
    })
}

struct Votes<'m> {
    ids: &'m [i64],
    nodes: &'m [i64],
    trees: &'m [i64],
    weights: Numbers<'m>,
}

fn same_length(name: &str, found: usize, other: &str, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::ModelAttribute,
        format!(
            "attribute \"{name}\" has {found} values, \"{other}\" has {expected}; there must be one per entry"
        ),
    ))
}

fn build<T: Real>(
    lists: &Lists<'_>,
    votes: &Votes<'_>,
    names: &Names,
    target_count: usize,
    columns: Option<usize>,
    wrap: impl Fn(super::Forest<T>) -> Precision,
) -> Result<Ensemble> {
    let mut assembler = Assembler::<T>::new(lists)?;
    if lists.modes.contains(&b"BRANCH_EQ".as_slice()) {
        assembler.count_parents(lists)?;
    }
    for root in lists.roots() {
        assembler.add_tree(lists, root)?;
    }
    let mut leaf_of_vote = Vec::with_capacity(votes.ids.len());
    let mut at = 0;
    for (&tree, &node) in votes.trees.iter().zip(votes.nodes) {
        // Votes follow the trees most often: the tree of the last vote is tried first.
        if lists.ranges.get(at).is_none_or(|range| range.0 != tree) {
            at = lists.ranges.partition_point(|range| range.0 < tree);
        }
        let found =
            lists.ranges.get(at).filter(|range| range.0 == tree).and_then(|range| lists.find(range, node));
        let Some(found) = found else {
            return Err(Error::new(
                ErrorCode::ModelInvalid,
                format!(
                    "a vote is for node {node} of tree {tree}, which is not there (attribute \"{}\")",
                    names.nodes
                ),
            ));
        };
        // Some exporters list votes for splits too; they never count.
        let leaf =
            if lists.is_leaf(found as usize) { assembler.places[found as usize].as_leaf() } else { None };
        leaf_of_vote
            .push(leaf.filter(|&leaf| leaf < assembler.leaves as usize).map_or(NO_LEAF, |leaf| leaf as u32));
    }
    votes::fill(
        &mut assembler.forest,
        assembler.leaves as usize,
        &leaf_of_vote,
        |vote| votes::target(votes.ids[vote], target_count, names.ids),
        |vote| T::from_f64(votes.weights.get(vote)),
    )?;
    let (forest, shape) = assembler.finish(target_count, columns)?;
    Ok(shape.ensemble(wrap(forest)))
}

impl Lists<'_> {
    fn key(&self, at: usize) -> (i64, i64) {
        (self.trees[at], self.nodes[at])
    }

    /// The node that is `rank`-th by tree id and node id.
    fn ranked(&self, rank: usize) -> usize {
        self.order.as_ref().map_or(rank, |order| order[rank] as usize)
    }

    fn is_leaf(&self, at: usize) -> bool {
        self.modes[at] == b"LEAF"
    }

    fn sort(&mut self) {
        let len = self.nodes.len();
        if (1..len).any(|at| self.key(at - 1) > self.key(at)) {
            let mut order: Vec<u32> = (0..len as u32).collect();
            order.sort_by_key(|&at| self.key(at as usize));
            self.order = Some(order);
        }
        for rank in 0..len {
            let tree = self.trees[self.ranked(rank)];
            match self.ranges.last_mut() {
                Some(range) if range.0 == tree => range.2 = rank + 1,
                _ => self.ranges.push((tree, rank, rank + 1)),
            }
        }
    }

    fn check_ids(&self) -> Result<()> {
        for rank in 1..self.nodes.len() {
            let at = self.ranked(rank);
            if self.key(self.ranked(rank - 1)) == self.key(at) {
                return Err(Error::new(
                    ErrorCode::ModelInvalid,
                    format!("{} is listed twice (attribute \"nodes_nodeids\")", self.name_of(at)),
                ));
            }
        }
        Ok(())
    }

    /// The node with this id in a tree: where it would be if ids count up, else by search.
    fn find(&self, &(_, start, end): &(i64, usize, usize), id: i64) -> Option<u32> {
        let first = self.nodes[self.ranked(start)];
        let guess = usize::try_from(id.checked_sub(first)?).ok().and_then(|offset| start.checked_add(offset));
        if let Some(rank) = guess.filter(|&rank| rank < end) {
            let at = self.ranked(rank);
            if self.nodes[at] == id {
                return Some(at as u32);
            }
        }
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.nodes[self.ranked(middle)] < id { low = middle + 1 } else { high = middle }
        }
        (low < end).then(|| self.ranked(low)).filter(|&at| self.nodes[at] == id).map(|at| at as u32)
    }

    /// The first listed node of each tree is its root; trees count in the order of their first nodes.
    fn roots(&self) -> Vec<usize> {
        let mut roots: Vec<usize> = self.ranges.iter().map(|range| self.root(range)).collect();
        roots.sort_unstable();
        roots
    }

    fn root(&self, &(_, start, end): &(i64, usize, usize)) -> usize {
        if self.order.is_none() {
            return start;
        }
        (start..end).map(|rank| self.ranked(rank)).min().unwrap_or(0)
    }

    fn resolve(&mut self, on_true: &[i64], on_false: &[i64]) -> Result<()> {
        let mut children = vec![(0, 0); self.nodes.len()];
        for range in &self.ranges {
            let root = self.root(range);
            for rank in range.1..range.2 {
                let at = self.ranked(rank);
                if self.is_leaf(at) {
                    continue;
                }
                let child = |id: i64, list: &str| {
                    let found = self.find(range, id).filter(|&found| found as usize != root);
                    found.ok_or_else(|| {
                        let why = if self.find(range, id).is_some() {
                            "which is the first of its tree and so the root: the tree has a cycle or lists its nodes \
                             out of order"
                        } else {
                            "which its tree does not have"
                        };
                        Error::new(
                            ErrorCode::ModelInvalid,
                            format!("{} leads to node {id}, {why} (attribute \"{list}\")", self.name_of(at)),
                        )
                    })
                };
                children[at] =
                    (child(on_true[at], "nodes_truenodeids")?, child(on_false[at], "nodes_falsenodeids")?);
            }
        }
        self.children = children;
        Ok(())
    }

    fn name_of(&self, at: usize) -> String {
        format!("node {} of tree {}", self.nodes[at], self.trees[at])
    }

    fn test(&self, at: usize) -> Result<Option<Test>> {
        Ok(Some(match self.modes[at] {
            b"LEAF" => return Ok(None),
            b"BRANCH_LEQ" => Test::Leq,
            b"BRANCH_LT" => Test::Lt,
            b"BRANCH_GTE" => Test::Gte,
            b"BRANCH_GT" => Test::Gt,
            b"BRANCH_EQ" => Test::Eq,
            b"BRANCH_NEQ" => Test::Neq,
            other => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!(
                        "{} has mode \"{}\", must be LEAF or BRANCH_ and one of LEQ, LT, GTE, GT, EQ, NEQ \
                         (attribute \"nodes_modes\")",
                        self.name_of(at),
                        String::from_utf8_lossy(other.get(..32).unwrap_or(other))
                    ),
                ));
            }
        }))
    }
}

impl<T: Real> Source<T> for Lists<'_> {
    fn len(&self) -> usize {
        self.nodes.len()
    }

    fn node(&self, at: usize) -> Result<Node<T>> {
        let Some(test) = self.test(at)? else { return Ok(Node::Leaf) };
        let feature = feature(self.features[at], || self.name_of(at))?;
        let missing = self.missing.get(at).is_some_and(|&flag| flag == 1);
        let (yes, no) = self.children[at];
        Ok(Node::Branch(Branch::new(T::from_f64(self.values.get(at)), feature, test, missing), yes, no))
    }

    fn name(&self, at: usize) -> String {
        self.name_of(at)
    }
}
