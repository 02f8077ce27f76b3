//! The top of each tree, cut off where it has 64 ways out.
//!
//! ```text
//!            split                      A tree of up to 64 leaves is all top: its exits are its leaves.
//!           /     \                     Of a deeper one the top holds the first splits, level by level
//!       split     split                 (for a full tree: six levels), and some exits lead on to splits,
//!       /   \     /   \                 which `below` walks one by one.
//!   exit 0  ...       exit n
//! ```
//!
//! Exits are numbered from the low side to the high side, so that a byte holds the way out of a tree,
//! and a higher number is further to the high side. That is what both kernels compute with.

use super::super::ensemble::{Child, Forest};
use super::super::real::Real;
use super::cuts::{self, Cut, Sets};

/// Ways out of a top, at most.
pub(super) const EXITS: usize = 64;

/// Where a split of a top leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Out of the top by this exit.
    Exit(u8),
    /// To this split of the same top.
    Split(u8),
}

/// A split of a top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// The byte column that it looks at.
    pub(super) column: u16,
    /// It goes high where the column's byte is at least this, which is not 0.
    pub(super) cut: u8,
    pub(super) low: Link,
    pub(super) high: Link,
    /// The exits below it are `first..end`, and those from `middle` on are below `high`.
    pub(super) first: u8,
    pub(super) middle: u8,
    pub(super) end: u8,
}

/// The top of one tree: its splits, parents before children, the root first; none where the tree is a leaf.
#[derive(Clone, Debug, Default)]
pub(super) struct Top {
    pub(super) splits: Vec<Split>,
    /// What each exit leads to.
    pub(super) exits: Vec<Child>,
}

/// Cuts off the tops of one tree after another. What is kept is reused for the next tree.
#[derive(Debug)]
pub(super) struct Cutter<T> {
    cuts: Vec<Cut<T>>,
    /// The places of the two children among `cuts`, or none where they are exits.
    children: Vec<[Option<u8>; 2]>,
    top: Top,
}

impl<T> Default for Cutter<T> {
    fn default() -> Self {
        Self { cuts: Vec::new(), children: Vec::new(), top: Top::default() }
    }
}

impl<T: Real> Cutter<T> {
    /// The top of the tree that starts at `root`, and the cuts of its splits, one each. The splits' columns
    /// and cuts are not filled in. `None` where there are too many sets.
    pub(super) fn cut_off(
        &mut self,
        forest: &Forest<T>,
        root: Child,
        sets: &mut Sets<T>,
    ) -> Option<(&mut Top, &[Cut<T>])> {
        self.cuts.clear();
        self.children.clear();
        self.top.splits.clear();
        self.top.exits.clear();
        let mut expand = |cuts: &mut Vec<Cut<T>>, child: Child| {
            // Each split more is one exit more than before.
            if child.as_leaf().is_some() || cuts.len() + 1 >= EXITS {
                return Some(None);
            }
            cuts.push(cuts::cut(forest, &forest.branches[child.place()], sets)?);
            Some(Some(cuts.len() as u8 - 1))
        };
        if expand(&mut self.cuts, root)?.is_none() {
            self.top.exits.push(root);
            return Some((&mut self.top, &self.cuts));
        }
        let mut at = 0;
        while let Some(&Cut { low, high, .. }) = self.cuts.get(at) {
            let children = [expand(&mut self.cuts, low)?, expand(&mut self.cuts, high)?];
            self.children.push(children);
            at += 1;
        }
        let blank =
            Split { column: 0, cut: 0, low: Link::Exit(0), high: Link::Exit(0), first: 0, middle: 0, end: 0 };
        self.top.splits.resize(self.cuts.len(), blank);
        self.number(0);
        Some((&mut self.top, &self.cuts))
    }

    /// Numbers the exits below split `at`. The recursion is as deep as a top, below 64.
    fn number(&mut self, at: usize) {
        let (cut, children) = (self.cuts[at], self.children[at]);
        let first = self.top.exits.len() as u8;
        let low = self.number_child(children[0], cut.low);
        let middle = self.top.exits.len() as u8;
        let high = self.number_child(children[1], cut.high);
        let end = self.top.exits.len() as u8;
        self.top.splits[at] = Split { low, high, first, middle, end, ..self.top.splits[at] };
    }

    fn number_child(&mut self, split: Option<u8>, child: Child) -> Link {
        match split {
            Some(at) => {
                self.number(usize::from(at));
                Link::Split(at)
            }
            None => {
                self.top.exits.push(child);
                Link::Exit(self.top.exits.len() as u8 - 1)
            }
        }
    }
}
