//! The fast evaluators. They give the bits of the plain one (`walk`), which stays as their reference.
//!
//! ```text
//!  row of numbers                                     votes, summed in tree order
//!       |  columns: ranks among the thresholds, exact      ^
//!       v                                                  |  tally: a table per tree
//!  bytes ----> mux: a batch, sixteen rows per vector ----> exit of each tree's top
//!        \---> lanes: one row, sixteen trees per vector -> exit ---> below: walks to the leaf
//! ```
//!
//! `pieces` cuts the top off each tree (all of it, up to 64 leaves); `cuts` makes one kind of question of
//! all comparisons; `columns` and `scale` turn numbers into bytes; `mux` and `lanes` find the way out of
//! each top for a batch and for one row; `below` walks on in deep trees; `tally` adds votes. Each module
//! says what it computes, as a picture, and what was tried and lost. Everything after the ranks works on
//! bytes, so float and double share the kernels.
//!
//! Tables are made at the first run, not at load: a model that is only checked, described or explained
//! does not pay for them, and memory that loading has freed is used again. It takes about as long as a
//! quarter of the load. A bundle's models make them when the bundle is loaded (`Model::prepare`), since
//! its memory may be kept as the snapshot that every call starts from.
//!
//! Sources: Lucchese et al., "QuickScorer" (SIGIR 2015) and "Exploiting CPU SIMD extensions to speed up
//! document scoring with tree ensembles" (SIGIR 2016); Ye et al., "RapidScorer" (KDD 2018); Guillame-Bert
//! et al., "Yggdrasil Decision Forests" (KDD 2023). Of those come ranks, many rows per instruction and
//! leaves as numbers from left to right; the two kernels are our own.

mod below;
mod columns;
mod cuts;
mod lanes;
mod mux;
mod pieces;
mod scale;
mod simd;
mod tally;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

use std::ops::Range;

use super::aggregate::Aggregate;
use super::ensemble::{Ensemble, Forest};
use below::Below;
use columns::{Collector, Columns, Puts, TILE};
use cuts::{Cut, Sets};
use lanes::Lanes;
use mux::{Mux, Slots};
use pieces::Cutter;
use tally::Tally;

/// A precision that the kernels compute in.
pub(crate) trait Fast: scale::Ranked + tally::Counted {
    /// The sums of a tile, and what walks read, among the buffers of a session.
    fn part(work: &mut Work) -> &mut Part<Self>;
}

/// Buffers of one precision.
#[derive(Debug, Default)]
pub(crate) struct Part<T> {
    sums: Vec<[T; TILE]>,
    filled: Vec<T>,
}

/// What the kernels need while they run; kept between runs.
#[derive(Debug, Default)]
pub(crate) struct Work {
    tile: Vec<columns::Column>,
    slots: Option<Slots>,
    row: lanes::Row,
    single: Part<f32>,
    double: Part<f64>,
}

impl Fast for f32 {
    fn part(work: &mut Work) -> &mut Part<Self> {
        &mut work.single
    }
}

impl Fast for f64 {
    fn part(work: &mut Work) -> &mut Part<Self> {
        &mut work.double
    }
}

/// Rows from which a batch goes through [`Mux`]. A vector holds sixteen; with fewer than half of it used,
/// [`Lanes`] is as fast row by row.
const BATCH: usize = 8;
/// Splits below which neither kernel pays for its tables: walking so few takes less than making bytes.
const SMALL_FOREST: usize = 32;

/// The tables of one forest.
#[derive(Debug)]
pub(crate) struct Kernels<T> {
    columns: Columns<T>,
    mux: Mux,
    /// None where a vector of lanes would be mostly empty, as with hundreds of columns and few trees.
    lanes: Option<Lanes>,
    puts: Puts,
    below: Option<Below<T>>,
    /// None where leaves of one tree vote for different targets, or the votes are not added up.
    tally: Option<Tally<T>>,
    /// Without a tally: the leaf behind each exit, and where each tree's exits start.
    leaves: Vec<u32>,
    starts: Vec<u32>,
    single: bool,
}

/// Chooses the kernels for a forest and makes their tables; `None` where it is scored plainly: where it is
/// small, where its "trees" share nodes (a top could then hold one of them many times), or where it has
/// more features, columns, sets, nodes or thresholds than the tables take (each module has its limit).
pub(crate) fn choose<T: Fast>(
    forest: &Forest<T>,
    ensemble: &Ensemble,
    aggregate: Aggregate,
) -> Option<Kernels<T>> {
    if forest.branches.len() < SMALL_FOREST || ensemble.shares_nodes() {
        return None;
    }
    build(forest, ensemble, aggregate)
}

fn build<T: Fast>(forest: &Forest<T>, ensemble: &Ensemble, aggregate: Aggregate) -> Option<Kernels<T>> {
    let (mut sets, mut collector) = (Sets::default(), Collector::new(ensemble.features())?);
    let (mut cutter, mut tops, mut cuts) = (Cutter::default(), Vec::new(), Vec::<Cut<T>>::new());
    for &root in &forest.roots {
        let (top, own) = cutter.cut_off(forest, root, &mut sets)?;
        own.iter().for_each(|cut| collector.add(cut));
        cuts.extend_from_slice(own);
        tops.push(top.clone());
    }
    let mut below = below::Builder::new(ensemble.features());
    for top in &tops {
        below.add(forest, &top.exits, &mut sets)?;
    }
    let below = below.finish(&sets);
    collector.sort(&sets)?;
    let mut rest = cuts.iter();
    for top in &mut tops {
        for (split, cut) in top.splits.iter_mut().zip(rest.by_ref()) {
            collector.place(cut, split)?;
        }
    }
    drop(cuts);
    let columns = collector.finish(sets);
    let mut mux = Mux::default();
    tops.iter().for_each(|top| mux.add(top));
    mux.shrink();
    let added = matches!(aggregate, Aggregate::Sum | Aggregate::Average);
    let tally = if added { Tally::new(forest, &tops, ensemble.targets()) } else { None };
    let (mut leaves, mut starts) = (Vec::new(), Vec::new());
    if tally.is_none() {
        for top in &tops {
            starts.push(leaves.len() as u32);
            leaves.extend(top.exits.iter().map(|exit| exit.place() as u32));
        }
    }
    let single = below.is_none() && tally.as_ref().is_some_and(Tally::single);
    let lanes = Lanes::new(&tops, columns.count());
    let puts = lanes.as_ref().map(|lanes| columns.puts(|column| lanes.places(column))).unwrap_or_default();
    Some(Kernels { columns, mux, lanes, puts, below, tally, leaves, starts, single })
}

/// The leaves of each tree; those of proper trees are numbered one tree after another.
fn leaf_ranges<T>(forest: &Forest<T>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut splits = forest.branches.len();
    let mut ends: Vec<usize> = Vec::with_capacity(forest.roots.len());
    // From the last tree on: a tree's splits reach from its root to the root of the next tree that has any.
    for root in forest.roots.iter().rev() {
        let own = if root.as_leaf().is_some() { 0 } else { splits - root.place() };
        splits -= own;
        ends.push(own + 1);
    }
    ends.into_iter().rev().scan(0, |end, own| {
        let start = *end;
        *end += own;
        Some(start..*end)
    })
}

fn halves(bytes: simd::Bytes) -> [[u8; 8]; 2] {
    let bytes = bytes.array();
    [0, 8].map(|from| std::array::from_fn(|at| bytes[from + at]))
}

/// Where scores go: as many per row as there are targets, and whether a target had any vote.
pub(crate) struct Scored<'s, T> {
    pub(crate) targets: usize,
    pub(crate) scores: &'s mut [T],
    pub(crate) seen: &'s mut [bool],
}

impl<T: Fast> Kernels<T> {
    /// Scores rows of `width` numbers, as `aggregate::score` says. `hit` is called with a row's number and
    /// its leaf, tree after tree, where votes are not tallied.
    pub(crate) fn score(
        &self,
        forest: &Forest<T>,
        (rows, width): (&[T], usize),
        out: &mut Scored<'_, T>,
        work: &mut Work,
        hit: &mut dyn FnMut(&mut Scored<'_, T>, usize, usize),
    ) {
        let count = rows.len() / width;
        if let (true, Some(lanes)) = (count < BATCH, &self.lanes) {
            for (at, row) in rows.chunks_exact(width).enumerate() {
                self.score_row(forest, lanes, (at, row), out, work, hit);
            }
            return;
        }
        for (tile, rows) in rows.chunks(TILE * width).enumerate() {
            self.score_tile(forest, (tile * TILE, rows), width, out, work, hit);
        }
    }

    /// Scores up to [`TILE`] rows, of which the first has number `first`.
    fn score_tile(
        &self,
        forest: &Forest<T>,
        (first, rows): (usize, &[T]),
        width: usize,
        out: &mut Scored<'_, T>,
        work: &mut Work,
        hit: &mut dyn FnMut(&mut Scored<'_, T>, usize, usize),
    ) {
        let count = rows.len() / width;
        let vectors = count.div_ceil(16);
        let mut part = std::mem::take(T::part(work));
        work.tile.resize(self.columns.count(), [simd::Bytes::splat(0); TILE / 16]);
        self.columns.fill_tile(rows, width, &mut work.tile);
        if let Some(below) = &self.below {
            below.fill(rows, width, &mut part.filled);
        }
        part.sums.clear();
        part.sums.resize(out.targets, [T::ZERO; TILE]);
        let slots = work.slots.get_or_insert_default();
        for tree in 0..forest.roots.len() {
            let exits = &self.mux.run(tree, &work.tile, vectors, slots)[..vectors];
            let below = self.below.as_ref().filter(|below| below.has(tree));
            match (below, &self.tally) {
                (None, Some(tally)) => {
                    tally.add_tile(tree, exits, &mut part.sums);
                }
                (None, None) => {
                    let leaves = &self.leaves[self.starts[tree] as usize..];
                    for (row, exit) in
                        exits.iter().flat_map(|exits| exits.get().array()).enumerate().take(count)
                    {
                        hit(out, first + row, leaves[usize::from(exit)] as usize);
                    }
                }
                (Some(below), _) => {
                    for (eight, exits) in exits.iter().flat_map(|exits| halves(exits.get())).enumerate() {
                        let from = eight * below::ABREAST;
                        if from >= count {
                            break;
                        }
                        let mut at = exits.map(|exit| below.entry(tree, usize::from(exit)));
                        // Places past the last row walk with it.
                        let rows = std::array::from_fn(|i| (from + i).min(count - 1) * below.width());
                        below.walk([tree; below::ABREAST], rows, &part.filled, &mut at);
                        for (row, leaf) in (from..count).zip(at) {
                            if self.tally.is_none() {
                                hit(out, first + row, leaf as usize);
                                continue;
                            }
                            for vote in forest.range(leaf as usize) {
                                part.sums[forest.target(vote)][row] += forest.votes[vote];
                            }
                        }
                    }
                }
            }
        }
        if let Some(tally) = &self.tally {
            for (target, (sums, &voted)) in part.sums.iter().zip(&tally.voted).enumerate() {
                let places = (first * out.targets + target..).step_by(out.targets);
                for (place, &sum) in places.zip(&sums[..count]) {
                    out.scores[place] = sum;
                    out.seen[place] = voted;
                }
            }
        }
        *T::part(work) = part;
    }

    fn score_row(
        &self,
        forest: &Forest<T>,
        lanes: &Lanes,
        (at, row): (usize, &[T]),
        out: &mut Scored<'_, T>,
        work: &mut Work,
        hit: &mut dyn FnMut(&mut Scored<'_, T>, usize, usize),
    ) {
        let own = &mut work.row;
        self.columns.fill_row(row, &self.puts, lanes.open(own));
        lanes.run(own);
        let trees = forest.roots.len();
        if let (true, Some(tally)) = (self.single, &self.tally) {
            let sum = tally.sum_single(lanes.exits(own));
            (out.scores[at * out.targets], out.seen[at * out.targets]) = (sum, true);
            return;
        }
        let from = at * out.targets;
        if let Some(tally) = &self.tally {
            out.seen[from..from + out.targets].copy_from_slice(&tally.voted);
        }
        let Some(below) = &self.below else {
            for tree in 0..trees {
                let exit = lanes.exit(own, tree);
                match &self.tally {
                    Some(tally) => tally.add_row(tree, exit, &mut out.scores[from..from + out.targets]),
                    None => hit(out, at, self.leaves[self.starts[tree] as usize + exit] as usize),
                }
            }
            return;
        };
        let mut part = std::mem::take(T::part(work));
        below.fill(row, row.len(), &mut part.filled);
        let own = &work.row;
        // A tree that is all top stands aside; its lane walks where another tree's does.
        let deep = (0..trees).find(|&tree| below.has(tree)).unwrap_or(0);
        for start in (0..trees).step_by(below::ABREAST) {
            let tree_of = |i: usize| (start + i).min(trees - 1);
            let walked: [usize; below::ABREAST] =
                std::array::from_fn(|i| if below.has(tree_of(i)) { tree_of(i) } else { deep });
            let mut at_node = walked.map(|tree| below.entry(tree, lanes.exit(own, tree)));
            below.walk(walked, [0; below::ABREAST], &part.filled, &mut at_node);
            for (tree, leaf) in (start..trees).zip(at_node) {
                let exit = lanes.exit(own, tree);
                match (&self.tally, below.has(tree)) {
                    (Some(tally), false) => {
                        tally.add_row(tree, exit, &mut out.scores[from..from + out.targets]);
                    }
                    (Some(_), true) => {
                        for vote in forest.range(leaf as usize) {
                            out.scores[from + forest.target(vote)] += forest.votes[vote];
                        }
                    }
                    (None, true) => hit(out, at, leaf as usize),
                    (None, false) => hit(out, at, self.leaves[self.starts[tree] as usize + exit] as usize),
                }
            }
        }
        *T::part(work) = part;
    }

    /// Bytes of all tables.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.bytes()
            + self.mux.bytes()
            + self.lanes.as_ref().map_or(0, Lanes::bytes)
            + self.below.as_ref().map_or(0, Below::bytes)
            + self.tally.as_ref().map_or(0, Tally::bytes)
            + size_of_val(&*self.leaves)
    }
}
