//! Putting a [`Piece`] together, link by link.

use std::collections::BTreeMap;

use super::walk::{Link, NONE, Piece};

/// What a row must answer to go from a node to one below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// The player, as the whole model numbers it.
    pub(super) player: u32,
    /// Which answer says whether the row goes this way.
    pub(super) answer: u32,
    /// The answer with which it does.
    pub(super) side: bool,
    /// The share of the sample at the node above that goes this way.
    pub(super) step: f64,
}

/// A piece under construction. Nodes come in the order of a walk: what lies below a node follows it.
#[derive(Default)]
pub(super) struct Builder {
    piece: Piece,
    players: Vec<u32>,
    targets: Vec<u32>,
    /// The number within the piece of each player of the model.
    numbers: BTreeMap<u32, u32>,
    /// The number within the piece of each target of the model.
    target_numbers: BTreeMap<u32, u32>,
    /// Per player of the piece its last node on the path that the walk is on.
    last: Vec<u32>,
    /// The nodes of that path below the root, and what was the last one of their players before.
    path: Vec<(u32, u32)>,
    /// Per node how many players its path has.
    distinct: Vec<usize>,
}

impl Builder {
    /// A piece with nothing but its root, node 0.
    pub(super) fn new() -> Self {
        Self { distinct: vec![0], ..Self::default() }
    }

    /// Adds a node below `above` and gives its number.
    pub(super) fn push(&mut self, above: u32, way: Way) -> u32 {
        while let Some(&(node, before)) = self.path.last()
            && node != above
        {
            self.last[self.piece.links[node as usize - 1].player as usize] = before;
            self.path.pop();
        }
        let next = self.players.len() as u32;
        let player = *self.numbers.entry(way.player).or_insert(next);
        if player == next {
            self.players.push(way.player);
            self.last.push(NONE);
        }
        let before = self.last[player as usize];
        let share = match before {
            NONE => way.step,
            node => self.piece.links[node as usize - 1].share * way.step,
        };
        let Way { answer, side, step, .. } = way;
        self.piece.links.push(Link { above, before, player, answer, side, share, step });
        let node = self.piece.links.len() as u32;
        self.last[player as usize] = node;
        self.path.push((node, before));
        let distinct = self.distinct[above as usize] + usize::from(before == NONE);
        self.distinct.push(distinct);
        node
    }

    /// Makes a node a leaf with these votes.
    pub(super) fn leaf(&mut self, node: u32, votes: &[(u32, f64)]) {
        self.piece.longest = self.piece.longest.max(self.distinct[node as usize]);
        for &(target, weight) in votes {
            let next = self.targets.len() as u32;
            let own = *self.target_numbers.entry(target).or_insert(next);
            if own == next {
                self.targets.push(target);
            }
            self.piece.votes.push((node, own, weight));
        }
    }

    /// The piece, and for each of its players and targets the number in the model.
    pub(super) fn finish(mut self) -> (Piece, Vec<u32>, Vec<u32>) {
        self.piece.players = self.players.len();
        self.piece.targets = self.targets.len();
        self.piece.votes.sort_by_key(|vote| vote.1);
        (self.piece, self.players, self.targets)
    }
}
