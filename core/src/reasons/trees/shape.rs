//! A tree as explanations see it: players instead of columns, and how the sample spread over it.

use std::collections::BTreeMap;

/// Marks a node without children.
pub(super) const LEAF: u32 = u32::MAX;

/// One tree: per node two children, or votes. Every node comes after its parent, and the nodes below a
/// node follow it without a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeShape {
    /// Per node the child that is taken where the split holds; [`LEAF`] for leaves.
    pub(super) on_true: Vec<u32>,
    /// Per node the child that is taken where it does not hold.
    pub(super) on_false: Vec<u32>,
    /// Per node its parent; the root is its own.
    pub(super) parent: Vec<u32>,
    /// Per split the player that it asks: the feature of the model that its column comes from.
    pub(super) player: Vec<u32>,
    /// Per node how many rows of the sample reached it.
    pub(super) cover: Vec<f64>,
    /// Per node its number in the ensemble: splits first, then leaves.
    pub(super) number: Vec<u32>,
    /// Targets and weights of all leaves, in the order of nodes.
    votes: Vec<(u32, f64)>,
    /// Per node where its votes end.
    ends: Vec<u32>,
    /// Where the votes of the last node are, by target.
    last: BTreeMap<u32, usize>,
}

impl TreeShape {
    /// The number of nodes.
    pub(super) fn len(&self) -> usize {
        self.on_true.len()
    }

    /// Appends a leaf without votes and gives its place. It becomes a split once a child is linked to it.
    pub(super) fn push(&mut self, number: u32, player: u32, cover: f64) -> u32 {
        let own = self.len() as u32;
        self.on_true.push(LEAF);
        self.on_false.push(LEAF);
        self.parent.push(own);
        self.player.push(player);
        self.cover.push(cover);
        self.number.push(number);
        self.ends.push(self.votes.len() as u32);
        self.last.clear();
        own
    }

    /// Makes `child` the true or the false child of `parent`.
    pub(super) fn link(&mut self, parent: u32, child: u32, on_true: bool) {
        self.parent[child as usize] = parent;
        let children = if on_true { &mut self.on_true } else { &mut self.on_false };
        children[parent as usize] = child;
    }

    /// Adds a vote to the node that was appended last; votes for one target are one.
    pub(super) fn vote(&mut self, target: u32, weight: f64) {
        let at = *self.last.entry(target).or_insert(self.votes.len());
        match self.votes.get_mut(at) {
            Some(vote) => vote.1 += weight,
            None => self.votes.push((target, weight)),
        }
        let last = self.len() - 1;
        self.ends[last] = self.votes.len() as u32;
    }

    fn votes_from(&self, node: usize) -> usize {
        node.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    /// What a leaf votes for.
    pub(super) fn votes(&self, node: usize) -> &[(u32, f64)] {
        &self.votes[self.votes_from(node)..self.ends[node] as usize]
    }

    pub(super) fn is_leaf(&self, node: usize) -> bool {
        self.on_true[node] == LEAF
    }

    /// Whether a node is its parent's true child.
    pub(super) fn is_on_true(&self, node: usize) -> bool {
        self.on_true[self.parent[node] as usize] == node as u32
    }

    /// The shares of a split's rows that go to its two children. A node that no row reached has even
    /// shares: any pair that adds up to one keeps the sum of contributions right.
    pub(super) fn shares(&self, node: usize) -> (f64, f64) {
        let cover = |child: u32| self.cover.get(child as usize).copied().unwrap_or(0.0);
        let (yes, no) = (cover(self.on_true[node]), cover(self.on_false[node]));
        let all = yes + no;
        if all > 0.0 { (yes / all, no / all) } else { (0.5, 0.5) }
    }

    /// The share of its parent's rows that come to a node.
    pub(super) fn share(&self, node: usize) -> f64 {
        let (yes, no) = self.shares(self.parent[node] as usize);
        if self.is_on_true(node) { yes } else { no }
    }

    /// Adds the tree's mean votes over the sample to `base`, a value per target.
    pub(super) fn add_mean(&self, base: &mut [f64]) {
        let mut stack = vec![(0_u32, 1.0)];
        while let Some((node, share)) = stack.pop() {
            let at = node as usize;
            if self.is_leaf(at) {
                for &(target, weight) in self.votes(at) {
                    base[target as usize] += share * weight;
                }
            } else {
                let (yes, no) = self.shares(at);
                stack.push((self.on_false[at], share * no));
                stack.push((self.on_true[at], share * yes));
            }
        }
    }
}
