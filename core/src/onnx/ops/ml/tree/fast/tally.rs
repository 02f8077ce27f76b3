//! From exits to sums: which votes an exit casts, and how they are added to the sums of many rows.
//!
//! In nearly all models the leaves of a tree vote for the same targets in the same order: one in boosting,
//! all classes in forests. Then the votes of a tree are a table per target, looked up by exit: for up to
//! 32 exits in four planes of bytes by swizzles, for more by plain loads. Sums are kept per target and
//! added to in the order of the trees, whichever rows share a vector, so every bit is that of the plain
//! evaluator.

use std::cell::Cell;

use super::super::ensemble::Forest;
use super::super::real::Real;
use super::columns::TILE;
use super::pieces::{EXITS, Top};
use super::simd::Bytes;

/// Exits that four planes of two vectors hold.
const SMALL: usize = 32;
/// Targets whose sums are kept per tile; more are scored plainly.
pub(super) const MAX_TARGETS: usize = 64;

/// The table of votes of one tree for one target.
#[derive(Clone, Copy, Debug)]
struct Ballot {
    target: u32,
    /// Where its votes start among `votes`, one per exit.
    votes: u32,
    /// Its place among the planes; none where it has more than 32 exits or votes are doubles.
    planes: Option<u32>,
}

/// The votes of all trees by exit.
#[derive(Debug)]
pub(super) struct Tally<T> {
    ballots: Vec<Ballot>,
    /// For each tree the number of ballots up to its end.
    ends: Vec<u32>,
    votes: Vec<T>,
    planes: Vec<[[Bytes; 2]; 4]>,
    /// The targets that each tree with something below its top votes for, leaf by leaf.
    pub(super) voted: Vec<bool>,
}

/// What the two precisions do each in their way.
pub(crate) trait Counted: Real {
    /// The votes as planes of bytes, lowest first, where they fit.
    fn planes(votes: &[Self]) -> Option<[[Bytes; 2]; 4]>;
    /// Adds the vote of each row's exit to sixteen sums, by planes.
    fn add_planes(planes: &[[Bytes; 2]; 4], exits: Bytes, sums: &mut [Self; 16]);
}

impl<T: Counted> Tally<T> {
    /// The tables of all trees, or none where leaves of one tree differ in what they vote for.
    pub(super) fn new(forest: &Forest<T>, tops: &[Top], targets: usize) -> Option<Self> {
        let mut tally = Self {
            ballots: Vec::new(),
            ends: Vec::with_capacity(tops.len()),
            votes: Vec::new(),
            planes: Vec::new(),
            voted: vec![false; targets],
        };
        if targets > MAX_TARGETS {
            return None;
        }
        // The leaves of a proper tree are numbered one after another.
        let mut leaves = super::leaf_ranges(forest);
        for top in tops {
            let range = leaves.next()?;
            let first = forest.range(range.start);
            let count = first.len();
            for leaf in range {
                let own = forest.range(leaf);
                let same = own.len() == count
                    && own.zip(first.clone()).all(|(own, first)| forest.target(own) == forest.target(first));
                if !same {
                    return None;
                }
            }
            let all_leaves: Option<Vec<usize>> = top.exits.iter().map(|exit| exit.as_leaf()).collect();
            for (vote, at) in first.enumerate() {
                let target = forest.target(at);
                tally.voted[target] = true;
                let start = tally.votes.len();
                if let Some(leaves) = &all_leaves {
                    tally
                        .votes
                        .extend(leaves.iter().map(|&leaf| forest.votes[forest.range(leaf).start + vote]));
                }
                let planes = T::planes(&tally.votes[start..]).map(|planes| {
                    tally.planes.push(planes);
                    tally.planes.len() as u32 - 1
                });
                tally.ballots.push(Ballot { target: target as u32, votes: start as u32, planes });
            }
            tally.ends.push(tally.ballots.len() as u32);
        }
        tally.votes.shrink_to_fit();
        Some(tally)
    }

    fn ballots(&self, tree: usize) -> &[Ballot] {
        let start = if tree == 0 { 0 } else { self.ends[tree - 1] };
        &self.ballots[start as usize..self.ends[tree] as usize]
    }

    /// Adds a tree's votes to the sums of a tile, [`TILE`] per target. `exits` gives those of sixteen rows.
    #[inline(never)]
    pub(super) fn add_tile(&self, tree: usize, exits: &[Cell<Bytes>], sums: &mut [[T; TILE]]) {
        for ballot in self.ballots(tree) {
            let sums = sums[ballot.target as usize]
                .as_chunks_mut::<16>()
                .0
                .iter_mut()
                .zip(exits.iter().map(Cell::get));
            if let Some(planes) = ballot.planes {
                let planes = &self.planes[planes as usize];
                sums.for_each(|(sums, exits)| T::add_planes(planes, exits, sums));
                continue;
            }
            let mut table = [T::ZERO; EXITS];
            for (place, &vote) in table.iter_mut().zip(&self.votes[ballot.votes as usize..]) {
                *place = vote;
            }
            for (sums, exits) in sums {
                for (sum, exit) in sums.iter_mut().zip(exits.array()) {
                    *sum += table[usize::from(exit) % EXITS];
                }
            }
        }
    }

    /// Adds a tree's votes to the sums of one row.
    #[inline(always)]
    pub(super) fn add_row(&self, tree: usize, exit: usize, sums: &mut [T]) {
        for ballot in self.ballots(tree) {
            sums[ballot.target as usize] += self.votes[ballot.votes as usize + exit];
        }
    }

    /// Whether every tree has one vote, and that for target 0.
    pub(super) fn single(&self) -> bool {
        self.ballots.len() == self.ends.len()
            && self.ballots.iter().all(|ballot| ballot.target == 0)
            && self.ends.iter().enumerate().all(|(tree, &end)| end as usize == tree + 1)
    }

    /// The sum of one row's votes, where [`Self::single`].
    #[inline(never)]
    pub(super) fn sum_single(&self, exits: impl Iterator<Item = usize>) -> T {
        let mut sum = T::ZERO;
        for (ballot, exit) in self.ballots.iter().zip(exits) {
            sum += self.votes.get(ballot.votes as usize + exit).copied().unwrap_or(T::ZERO);
        }
        sum
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.ballots) + size_of_val(&*self.votes) + size_of_val(&*self.planes)
    }
}

impl Counted for f32 {
    fn planes(votes: &[Self]) -> Option<[[Bytes; 2]; 4]> {
        if votes.is_empty() || votes.len() > SMALL {
            return None;
        }
        let byte =
            |byte: usize, at: usize| votes.get(at).map_or(0, |vote| vote.to_bits().to_le_bytes()[byte]);
        Some(std::array::from_fn(|plane| {
            [0, 16].map(|from| Bytes::of(std::array::from_fn(|at| byte(plane, from + at))))
        }))
    }

    #[inline(always)]
    fn add_planes(planes: &[[Bytes; 2]; 4], exits: Bytes, sums: &mut [Self; 16]) {
        // Past its sixteen bytes a table gives zero, so one of the two always does.
        let high = exits.minus(16);
        let bytes = planes.map(|[low, rest]| low.swizzle(exits).or(rest.swizzle(high)));
        Bytes::add_floats(bytes, sums);
    }
}

impl Counted for f64 {
    fn planes(_: &[Self]) -> Option<[[Bytes; 2]; 4]> {
        None
    }

    fn add_planes(_: &[[Bytes; 2]; 4], _: Bytes, _: &mut [Self; 16]) {}
}
