//! Trees on their way from a library's file to ONNX: what both readers fill and the writer writes.

use super::invalid;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::Limits;

/// What makes the answer of the margin. `m` is a row of margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// `value` = m.
    Identity,
    /// `probabilities` = [1 - p, p], p = 1 / (1 + exp(-m)).
    Logistic,
    /// `probabilities` = exp(m) / sum(exp(m)).
    Softmax,
    /// `probabilities` = 1 / (1 + exp(-m)) for each class by itself; they need not add up to one.
    OneVersusAll,
    /// `value` = exp(m).
    Exponential,
    /// `value` = ln(1 + exp(m)).
    Softplus,
    /// `value` = sign(m) * m * m.
    SignedSquare,
    /// `value` = 1 where m > 0, else 0.
    Step,
}

/// The comparison of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Leaf,
    Leq,
    Lt,
    Eq,
}

/// A comparison of a split. A split is one or several: the first that holds says where a value goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub(super) mode: Mode,
    pub(super) value: f32,
    /// Whether NaN passes for true.
    pub(super) missing: bool,
    /// Whether a value goes to the split's first child where this holds, else to its second.
    pub(super) first: bool,
}

/// A node as ONNX lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) tree: i64,
    pub(super) node: i64,
    pub(super) feature: i64,
    pub(super) mode: Mode,
    pub(super) value: f32,
    pub(super) on_true: i64,
    pub(super) on_false: i64,
    pub(super) missing: bool,
}

/// What a leaf adds to a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    pub(super) tree: i64,
    pub(super) node: i64,
    pub(super) target: i64,
    pub(super) weight: f32,
}

/// All trees.
#[derive(Debug)]
pub(super) struct Forest {
    /// The library's name, for the model's producer.
    pub(super) producer: &'static str,
    pub(super) features: usize,
    pub(super) targets: usize,
    /// What is added to each target; empty for nothing.
    pub(super) base: Vec<f32>,
    pub(super) link: Link,
    pub(super) rows: Vec<Row>,
    pub(super) votes: Vec<Vote>,
    max_rows: usize,
    tree: i64,
    tree_start: usize,
    spare_node: i64,
}

/// About what a node takes in an ONNX file.
const ROW_BYTES: usize = 24;

impl Forest {
    pub(super) fn new(
        producer: &'static str,
        features: usize,
        targets: usize,
        link: Link,
        limits: &Limits,
    ) -> Self {
        Self {
            producer,
            features,
            targets,
            base: Vec::new(),
            link,
            rows: Vec::new(),
            votes: Vec::new(),
            max_rows: limits.model_bytes / ROW_BYTES,
            tree: 0,
            tree_start: 0,
            spare_node: 0,
        }
    }

    /// Starts a tree whose own nodes have numbers below `nodes`.
    pub(super) fn start_tree(&mut self, nodes: usize) {
        (self.tree_start, self.spare_node) = (self.rows.len(), nodes as i64);
    }

    /// Adds a split: where no comparison holds, a value goes to the second child. No comparison at all
    /// is a test that never holds.
    pub(super) fn split(
        &mut self,
        node: usize,
        feature: usize,
        comparisons: &[Comparison],
        (first, second): (usize, usize),
    ) -> Result<()> {
        const NEVER: Comparison =
            Comparison { mode: Mode::Lt, value: f32::NEG_INFINITY, missing: false, first: true };
        let comparisons = if comparisons.is_empty() { &[NEVER] } else { comparisons };
        let mut own = node as i64;
        for (at, comparison) in comparisons.iter().enumerate() {
            let next = if at + 1 < comparisons.len() {
                self.spare_node += 1;
                self.spare_node - 1
            } else {
                second as i64
            };
            self.push(Row {
                tree: self.tree,
                node: own,
                feature: feature as i64,
                mode: comparison.mode,
                value: comparison.value,
                on_true: if comparison.first { first } else { second } as i64,
                on_false: next,
                missing: comparison.missing,
            })?;
            own = next;
        }
        Ok(())
    }

    /// Adds a leaf.
    pub(super) fn leaf(&mut self, node: usize, target: usize, weight: f32) -> Result<()> {
        let (tree, node) = (self.tree, node as i64);
        if !weight.is_finite() {
            return Err(invalid(format!("a leaf of tree {tree} has a value that is no finite float32")));
        }
        self.votes.push(Vote { tree, node, target: target as i64, weight });
        let (mode, value) = (Mode::Leaf, 0.0);
        self.push(Row { tree, node, feature: 0, mode, value, on_true: 0, on_false: 0, missing: false })
    }

    /// Ends the tree: its nodes come in the order of their numbers, the root first.
    pub(super) fn end_tree(&mut self) {
        if let Some(rows) = self.rows.get_mut(self.tree_start..) {
            rows.sort_unstable_by_key(|row| row.node);
        }
        self.tree += 1;
    }

    fn push(&mut self, row: Row) -> Result<()> {
        if self.rows.len() >= self.max_rows {
            let message = format!("the trees need more than {} nodes as ONNX", self.max_rows);
            return Err(Error::new(ErrorCode::ModelBudget, message));
        }
        self.rows.push(row);
        Ok(())
    }
}

/// The nodes of a tree of `count` nodes that node 0 leads to; each is met once or it is no tree.
pub(super) fn reachable(
    count: usize,
    children: impl Fn(usize) -> Result<Option<(usize, usize)>>,
) -> Result<Vec<usize>> {
    let mut seen = vec![false; count];
    let (mut order, mut stack) = (Vec::new(), vec![0]);
    while let Some(at) = stack.pop() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(invalid(format!("node {at} has two parents or is below itself"))),
            None => return Err(invalid(format!("a split leads to node {at}, the tree has {count}"))),
        }
        order.push(at);
        if let Some((first, second)) = children(at)? {
            stack.extend([second, first]);
        }
    }
    Ok(order)
}
