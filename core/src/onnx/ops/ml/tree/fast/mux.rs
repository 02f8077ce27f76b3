//! The batch kernel: sixteen rows in a vector, and every split of a top is computed for all of them.
//!
//! ```text
//! column 7:  x0 x1 x2 ... x15     one comparison says for sixteen rows at once who goes high
//!            <  >  >      <
//! low child: 3  3  1  ... 3       the exit that each row would take if it came to the low child
//! high child:5  4  4  ... 5       and to the high child
//!            --------------
//! this split:3  4  4  ... 3       a multiplexer, from the bottom of the tree to its root
//! ```
//!
//! A tree of 31 leaves has 30 splits, of which a row needs five or so; but a comparison and a choice for
//! sixteen rows cost two instructions, and nothing branches, gathers or waits. Splits whose children are
//! both exits come first: they read no earlier result. The others find exits, which are constants, in
//! the same slots as results, so that one loop serves all. A record is decoded once for up to 256 rows.
//!
//! Tried and lost, each measured in wasmtime as a multiple of ONNX Runtime's speed on batches: walks with
//! branches (0.6 to 1.6), eight rows interleaved (1.6 to 4.4), walks over bytes (1.1 to 2.7). Bit vectors of
//! leaves (QuickScorer) win only while their table fits the second cache. Taking the larger of the low child
//! and the masked high child costs one instruction more than choosing by mask, since compilers turn it into a
//! choice anyway. Four vectors per record instead of sixteen cost a third more: decoding is what is left.

use std::cell::Cell;

use super::columns::{Column, FLIP, TILE};
use super::pieces::{EXITS, Link, Split, Top};
use super::simd::Bytes;

/// Vectors handled per turn of the inner loops: enough to hide what a turn costs.
const TURN: usize = 4;
/// Slots: one for each exit, as many for results.
const SLOTS: usize = 2 * EXITS;

/// For a tile of rows the exit that each takes, in one slot per intermediate result.
pub(super) struct Slots(Box<[[Cell<Bytes>; TILE / 16]; SLOTS]>);

impl std::fmt::Debug for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slots").finish_non_exhaustive()
    }
}

impl Default for Slots {
    fn default() -> Self {
        let slot = |at: usize| std::array::from_fn(|_| Cell::new(Bytes::splat(at as u8)));
        Self(Box::new(std::array::from_fn(slot)))
    }
}

/// One split: where the row's byte in `column` is below `cut`, what `low` says, else what `high` says.
#[derive(Clone, Copy, Debug)]
struct Step {
    column: u16,
    /// As stored: flipped.
    cut: u8,
    low: u8,
    high: u8,
    to: u8,
}

/// The steps of one tree end here among all steps: those between two exits first, then the others.
#[derive(Clone, Copy, Debug)]
struct Program {
    pairs: u32,
    end: u32,
    result: u8,
}

/// The programs of all trees.
#[derive(Debug, Default)]
pub(super) struct Mux {
    steps: Vec<Step>,
    programs: Vec<Program>,
}

/// Gives results their slots.
struct Emitter<'t> {
    splits: &'t [Split],
    joins: Vec<Step>,
    free: Vec<u8>,
}

impl Mux {
    /// Appends the program of one tree.
    pub(super) fn add(&mut self, top: &Top) {
        let splits = &top.splits;
        let mut result_of = [0; EXITS];
        let mut next = SLOTS as u8;
        for (at, split) in splits.iter().enumerate() {
            if let (Link::Exit(low), Link::Exit(high)) = (split.low, split.high) {
                next -= 1;
                result_of[at] = next;
                self.steps.push(Step { column: split.column, cut: split.cut ^ FLIP, low, high, to: next });
            }
        }
        let pairs = self.steps.len() as u32;
        let free = (EXITS as u8..next).rev().collect();
        let mut emitter = Emitter { splits, joins: Vec::new(), free };
        let result = if splits.is_empty() { 0 } else { emitter.emit(Link::Split(0), &result_of) };
        self.steps.extend(emitter.joins);
        self.programs.push(Program { pairs, end: self.steps.len() as u32, result });
    }

    /// Computes for tree `tree` the exit of each row of a tile, sixteen rows per vector.
    #[inline(never)]
    pub(super) fn run<'s>(
        &self,
        tree: usize,
        columns: &[Column],
        vectors: usize,
        slots: &'s Slots,
    ) -> &'s [Cell<Bytes>; TILE / 16] {
        let (program, slots) = (self.programs[tree], &*slots.0);
        let start = if tree == 0 { 0 } else { self.programs[tree - 1].end };
        let turns = vectors.div_ceil(TURN);
        for step in &self.steps[start as usize..program.pairs as usize] {
            let x = columns[usize::from(step.column)].as_chunks::<TURN>().0;
            let to = slots[usize::from(step.to) % SLOTS].as_chunks::<TURN>().0;
            let (cut, low) = (Bytes::splat(step.cut), Bytes::splat(step.low));
            let high = Bytes::splat(step.high);
            for (x, to) in x.iter().zip(to).take(turns) {
                for (x, to) in x.iter().zip(to) {
                    to.set(Bytes::choose(x.below(cut), low, high));
                }
            }
        }
        for step in &self.steps[program.pairs as usize..program.end as usize] {
            let x = columns[usize::from(step.column)].as_chunks::<TURN>().0;
            let [low, high, to] = [step.low, step.high, step.to]
                .map(|slot| slots[usize::from(slot) % SLOTS].as_chunks::<TURN>().0);
            let cut = Bytes::splat(step.cut);
            for (((x, low), high), to) in x.iter().zip(low).zip(high).zip(to).take(turns) {
                for at in 0..TURN {
                    to[at].set(Bytes::choose(x[at].below(cut), low[at].get(), high[at].get()));
                }
            }
        }
        &slots[usize::from(program.result) % SLOTS]
    }

    /// Bytes of the programs.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.steps) + size_of_val(&*self.programs)
    }

    /// Gives back what growing took too much.
    pub(super) fn shrink(&mut self) {
        self.steps.shrink_to_fit();
    }
}

impl Emitter<'_> {
    /// Emits what makes the result of a link and gives its slot. As deep as a top, below 64.
    fn emit(&mut self, link: Link, pairs: &[u8; EXITS]) -> u8 {
        let at = match link {
            Link::Exit(exit) => return exit,
            Link::Split(at) if pairs[usize::from(at)] != 0 => return pairs[usize::from(at)],
            Link::Split(at) => at,
        };
        let split = self.splits[usize::from(at)];
        // The side with more splits first: then fewer results wait at a time.
        let larger_is_high = split.end - split.middle > split.middle - split.first;
        let (low, high) = if larger_is_high {
            let high = self.emit(split.high, pairs);
            (self.emit(split.low, pairs), high)
        } else {
            let low = self.emit(split.low, pairs);
            (low, self.emit(split.high, pairs))
        };
        self.free.extend([low, high].into_iter().filter(|&slot| slot >= EXITS as u8));
        // There are as many slots for results as exits, and each result that waits takes an exit's place.
        let to = self.free.pop().unwrap_or(EXITS as u8);
        self.joins.push(Step { column: split.column, cut: split.cut ^ FLIP, low, high, to });
        to
    }
}
