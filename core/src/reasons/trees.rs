//! An ensemble as the walk of [`super::shapley`] needs it: one shape per tree.

use std::sync::Arc;

use super::shapley::{LEAF, TreeShape, Walk};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::explain::{Child, Ensemble, Trees as Part};

/// An ensemble with what is added to its sums.
pub(super) struct Trees {
    ensemble: Arc<Ensemble>,
    /// Which of the ensemble's targets are explained.
    targets: std::ops::Range<usize>,
    /// Added per explained target.
    offsets: Vec<f64>,
    /// What each vote counts: 1, or one over the number of trees.
    scale: f64,
}

impl Trees {
    pub(super) fn new(part: &Part<'_>) -> Result<Self> {
        let ensemble = Arc::clone(part.ensemble);
        if ensemble.shares_nodes() {
            return Err(Error::new(
                ErrorCode::ModelUnsupported,
                "some nodes of the trees have two parents, so that paths cannot be weighed; reasons need proper trees",
            ));
        }
        let targets = match part.outputs {
            Some(only) => only..only + 1,
            None => 0..ensemble.targets(),
        };
        // A single base value of a one-sum classifier is that of its sum.
        let offset = |target: usize| match part.base {
            [only] => *only,
            list => list.get(target).copied().unwrap_or(0.0),
        };
        let offsets = targets.clone().map(offset).collect();
        let scale = if part.average { 1.0 / ensemble.trees().max(1) as f64 } else { 1.0 };
        Ok(Self { ensemble, targets, offsets, scale })
    }

    /// The number of scores that are explained.
    pub(super) fn outputs(&self) -> usize {
        self.offsets.len()
    }

    /// The number of columns that the trees look at, at most.
    pub(super) fn width(&self) -> usize {
        self.ensemble.features()
    }

    /// The number of nodes: splits, then leaves.
    pub(super) fn nodes(&self) -> usize {
        self.ensemble.branches() + self.ensemble.leaves()
    }

    fn number(&self, child: Child) -> usize {
        child.as_leaf().map_or(child.place(), |leaf| self.ensemble.branches() + leaf)
    }

    /// Calls `reached` with every node that a row reaches, tree after tree.
    pub(super) fn visit(&self, row: &[f64], mut reached: impl FnMut(usize)) {
        for tree in 0..self.ensemble.trees() {
            let mut at = self.ensemble.root(tree);
            loop {
                reached(self.number(at));
                if at.as_leaf().is_some() {
                    break;
                }
                let (yes, no) = self.ensemble.children(at.place());
                at = if self.ensemble.holds(at.place(), row) { yes } else { no };
            }
        }
    }

    /// The sums of votes for one row, and what is added to them, in double.
    pub(super) fn margins(&self, row: &[f64], margins: &mut [f64]) {
        margins.copy_from_slice(&self.offsets);
        let branches = self.ensemble.branches();
        self.visit(row, |node| {
            if let Some(leaf) = node.checked_sub(branches) {
                self.add_votes(leaf, margins);
            }
        });
    }

    fn add_votes(&self, leaf: usize, sums: &mut [f64]) {
        for (target, weight) in self.ensemble.votes(leaf) {
            if let Some(sum) = target.checked_sub(self.targets.start).and_then(|at| sums.get_mut(at)) {
                *sum += weight * self.scale;
            }
        }
    }

    /// The shape of one tree with its covers, and for each of its nodes the number of the node.
    pub(super) fn shape(&self, tree: usize, covers: &[f64]) -> (TreeShape, Vec<u32>) {
        let outputs = self.outputs();
        let (mut shape, mut numbers) = (TreeShape::default(), Vec::new());
        let mut stack = vec![(self.ensemble.root(tree), None)];
        while let Some((child, parent)) = stack.pop() {
            let own = numbers.len();
            let number = self.number(child);
            numbers.push(number as u32);
            shape.cover.push(covers.get(number).copied().unwrap_or(0.0));
            shape.on_true.push(LEAF);
            shape.on_false.push(LEAF);
            shape.values.resize((own + 1) * outputs, 0.0);
            match parent {
                Some((parent, true)) => shape.on_true[parent as usize] = own as u32,
                Some((parent, false)) => shape.on_false[parent as usize] = own as u32,
                None => {}
            }
            if let Some(leaf) = child.as_leaf() {
                shape.feature.push(0);
                self.add_votes(leaf, &mut shape.values[own * outputs..]);
            } else {
                shape.feature.push(self.ensemble.feature(child.place()) as u32);
                let (yes, no) = self.ensemble.children(child.place());
                stack.push((no, Some((own as u32, false))));
                stack.push((yes, Some((own as u32, true))));
            }
        }
        (shape, numbers)
    }

    pub(super) fn shapes(&self, covers: &[f64]) -> Vec<(TreeShape, Vec<u32>)> {
        (0..self.ensemble.trees()).map(|tree| self.shape(tree, covers)).collect()
    }

    /// The mean scores over the sample.
    pub(super) fn base(&self, shapes: &[(TreeShape, Vec<u32>)]) -> Vec<f64> {
        let mut base = self.offsets.clone();
        for (shape, _) in shapes {
            shape.add_mean(self.outputs(), &mut base);
        }
        base
    }

    /// Adds the contributions of each column for one row: `width` values per output.
    pub(super) fn contributions(
        &self,
        shapes: &[(TreeShape, Vec<u32>)],
        row: &[f64],
        walk: &mut Walk,
        contributions: &mut [f64],
    ) {
        for (shape, numbers) in shapes {
            let holds = |node: usize| self.ensemble.holds(numbers[node] as usize, row);
            shape.add_contributions(self.outputs(), holds, walk, contributions);
        }
    }
}
