//! The one-row kernel: sixteen trees in a vector, each in a lane of its own.
//!
//! ```text
//! lane:      tree 0   tree 1  ...  tree 15
//! column:    bank[3]  bank[9] ...  bank[3]     one swizzle fetches a byte of the row for every lane
//! cut:       17       204          9           the lane's split: does the row go high there
//! first:     4        0            12          and has the lane come that far
//! middle:    6        1            20          then it is at least at this exit
//! exit:      max      max          max
//! ```
//!
//! A lane holds the lowest exit that its row may still take, at first 0. A split whose exits start at
//! `first` and whose high ones at `middle` lifts it to `middle` where the row goes high, provided that the
//! lane is not left of `first`: then the row never comes to that split. A split that lies to the low side
//! of a split where the row went high changes nothing, since the lane is past its exits already. So the
//! order of splits within a lane is free as long as those that have it on their high side come before
//! it, and lanes need no common shape and no pointers: the splits of sixteen trees are packed into
//! steps like any tasks with precedence, here those of a bank of sixteen columns at a time. Columns that
//! many splits ask for are in several banks, which fills more lanes per step.
//!
//! The sum of floats is serial, four cycles a tree; taking the trees in groups lets a processor that looks
//! ahead add one group's leaves while it computes the next.
//!
//! Tried and lost: walks of eight trees interleaved, and prefix tables of bit vectors (QuickScorer), which
//! were faster on 100 trees of 31 leaves and too large for more.

use super::columns::FLIP;
use super::pieces::{EXITS, Top};
use super::simd::Bytes;

/// Vectors per group: two chains of dependent instructions fill a processor's ports.
const ABREAST: usize = 2;
/// Trees per group.
const GROUP: usize = 16 * ABREAST;
/// Steps per tree past which walking its tree is no slower: a step of a group takes some six cycles, a walk
/// of ten splits and the branch that is guessed wrong at its end about sixty. It also bounds the tables.
const STEPS_PER_TREE: usize = 8;
/// Columns per bank.
const BANK: usize = 16;

/// One step of one vector of lanes.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Places in the bank.
    column: Bytes,
    /// As stored, flipped, less one: the row goes high where its byte is greater.
    cut: Bytes,
    /// `first` less one.
    first: Bytes,
    middle: Bytes,
}

/// Consecutive steps of one group that read the same bank.
#[derive(Clone, Copy, Debug)]
struct Run {
    bank: u16,
    steps: u16,
}

/// The steps of all trees.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    steps: Vec<[Step; ABREAST]>,
    runs: Vec<Run>,
    /// Runs up to the end of each group.
    groups: Vec<u32>,
    /// The column at each place of each bank.
    banks: Vec<[u16; BANK]>,
    /// For each column its places, as numbers over all banks: those of column `i` end at `ends[i]`.
    places: Vec<u16>,
    ends: Vec<u32>,
    /// The lane of each tree.
    lane_of: Vec<u32>,
}

/// What a row needs while it is scored.
#[derive(Debug, Default)]
pub(super) struct Row {
    banks: Vec<[u8; BANK]>,
    exits: Vec<[u8; 16]>,
}

/// No column.
const NONE: u16 = u16::MAX;

impl Lanes {
    /// Packs the tops of all trees, whose splits look at `columns` columns; `None` where there are more
    /// than [`STEPS_PER_TREE`] steps per tree.
    pub(super) fn new(tops: &[Top], columns: usize) -> Option<Self> {
        let mut lanes = Self::default();
        lanes.deal_columns(tops, columns);
        // Trees of about one size share a group, so that lanes end together.
        let mut order: Vec<usize> = (0..tops.len()).collect();
        order.sort_by_key(|&tree| tops[tree].splits.len());
        lanes.lane_of = vec![0; tops.len()];
        for (lane, &tree) in order.iter().enumerate() {
            lanes.lane_of[tree] = lane as u32;
        }
        for group in order.chunks(GROUP) {
            let tops: Vec<&Top> = group.iter().map(|&tree| &tops[tree]).collect();
            lanes.pack(&tops);
            lanes.groups.push(lanes.runs.len() as u32);
            if lanes.steps.len() > STEPS_PER_TREE * lanes.groups.len() * GROUP {
                return None;
            }
        }
        lanes.steps.shrink_to_fit();
        Some(lanes)
    }

    /// Deals the columns to banks: each to one at least, the busiest to more while there are places.
    fn deal_columns(&mut self, tops: &[Top], columns: usize) {
        let mut uses = vec![0u64; columns];
        for split in tops.iter().flat_map(|top| &top.splits) {
            uses[usize::from(split.column)] += 1;
        }
        let banks = columns.div_ceil(BANK);
        let mut copies = vec![1u64; columns];
        for _ in columns..banks * BANK {
            let wanting = (0..columns).filter(|&column| (copies[column] as usize) < banks);
            match wanting.max_by_key(|&column| uses[column] * 1024 / copies[column]) {
                Some(column) => copies[column] += 1,
                None => break,
            }
        }
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by_key(|&column| std::cmp::Reverse(uses[column]));
        self.banks = vec![[NONE; BANK]; banks];
        let (mut load, mut filled) = (vec![0u64; banks], vec![0usize; banks]);
        let mut places = vec![Vec::new(); columns];
        for column in order {
            for _ in 0..copies[column] {
                let fits =
                    |bank: &usize| filled[*bank] < BANK && !self.banks[*bank].contains(&(column as u16));
                let Some(bank) = (0..banks).filter(fits).min_by_key(|&bank| load[bank]) else { continue };
                self.banks[bank][filled[bank]] = column as u16;
                places[column].push((bank * BANK + filled[bank]) as u16);
                filled[bank] += 1;
                load[bank] += uses[column] / copies[column];
            }
        }
        for places in places {
            self.places.extend(places);
            self.ends.push(self.places.len() as u32);
        }
    }

    /// Where the byte of a column is looked for, as places in all banks.
    pub(super) fn places(&self, column: u16) -> &[u16] {
        let column = usize::from(column);
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.places[start as usize..self.ends[column] as usize]
    }

    /// Appends the steps of one group: again and again the bank that most lanes can use.
    fn pack(&mut self, tops: &[&Top]) {
        let mut lanes: Vec<Ready> = tops.iter().map(|top| Ready::new(top)).collect();
        let banks = self.banks.len();
        let mut last = usize::MAX;
        // How many lanes, and of those the ones with most left to do, could use each bank.
        let mut votes = vec![0u32; banks];
        loop {
            let most = lanes.iter().map(|lane| lane.left).max().unwrap_or(0);
            if most == 0 {
                break;
            }
            votes.fill(0);
            for lane in &mut lanes {
                let weight = if lane.left + 2 >= most { 2 } else { 1 };
                lane.usable(|split| self.places(split), banks, |bank| votes[bank] += 2 * weight);
            }
            // Staying with a bank saves a run.
            if let Some(vote) = votes.get_mut(last) {
                *vote += 1;
            }
            let bank = (0..banks).max_by_key(|&bank| (votes[bank], std::cmp::Reverse(bank))).unwrap_or(0);
            let mut raw = [[[0u8; 16]; 4]; ABREAST];
            for (at, lane) in lanes.iter_mut().enumerate() {
                let [column, cut, first, middle] = &mut raw[at / 16];
                let lane_at = at % 16;
                cut[lane_at] = 0x7f;
                let Some((place, split)) = lane.take(|column| self.places(column), bank) else { continue };
                column[lane_at] = (place as usize % BANK) as u8;
                cut[lane_at] = (split.cut - 1) ^ FLIP;
                first[lane_at] = split.first.wrapping_sub(1);
                middle[lane_at] = split.middle;
            }
            for unused in tops.len()..GROUP {
                raw[unused / 16][1][unused % 16] = 0x7f;
            }
            self.steps.push(raw.map(|[column, cut, first, middle]| Step {
                column: Bytes::of(column),
                cut: Bytes::of(cut),
                first: Bytes::of(first),
                middle: Bytes::of(middle),
            }));
            match self.runs.last_mut() {
                Some(run) if bank == last => run.steps += 1,
                _ => self.runs.push(Run { bank: bank as u16, steps: 1 }),
            }
            last = bank;
        }
    }

    /// Makes room for a row's bytes, bank after bank.
    pub(super) fn open<'r>(&self, row: &'r mut Row) -> &'r mut [u8] {
        row.banks.resize(self.banks.len(), [0; BANK]);
        row.exits.resize(self.groups.len() * ABREAST, [0; 16]);
        row.banks.as_flattened_mut()
    }

    /// Computes the exits of all trees for the row whose bytes have been put.
    #[inline(never)]
    pub(super) fn run(&self, row: &mut Row) {
        let (mut steps, mut start) = (self.steps.as_slice(), 0);
        for (&end, exits) in self.groups.iter().zip(row.exits.as_chunks_mut::<ABREAST>().0) {
            let mut exit = [Bytes::splat(0); ABREAST];
            for run in &self.runs[start..end as usize] {
                let bank = Bytes::of(row.banks[usize::from(run.bank)]);
                let (now, later) = steps.split_at(usize::from(run.steps));
                steps = later;
                for step in now {
                    for (exit, step) in exit.iter_mut().zip(step) {
                        let high = step.cut.below(bank.swizzle(step.column)).and(step.first.below(*exit));
                        *exit = Bytes::choose(high, exit.max(step.middle), *exit);
                    }
                }
            }
            start = end as usize;
            *exits = exit.map(Bytes::array);
        }
    }

    /// The exit of tree `tree` after [`Self::run`].
    pub(super) fn exit(&self, row: &Row, tree: usize) -> usize {
        usize::from(row.exits.as_flattened()[self.lane_of[tree] as usize]) % EXITS
    }

    /// The exits of all trees after [`Self::run`], in the order of the trees.
    pub(super) fn exits<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = usize> + 'r {
        let exits = row.exits.as_flattened();
        self.lane_of.iter().map(|&lane| usize::from(exits.get(lane as usize).copied().unwrap_or(0)))
    }

    /// Bytes of the steps.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.steps)
            + size_of_val(&*self.runs)
            + size_of_val(&*self.groups)
            + size_of_val(&*self.lane_of)
            + size_of_val(&*self.places)
    }
}

/// The splits of one tree that wait to be packed.
struct Ready<'t> {
    top: &'t Top,
    /// For each split the number of splits that wait for it, one after another: those first that hold up
    /// most.
    height: [u8; EXITS],
    /// The split that each waits for, the last one on whose high side it is; its own number for none.
    waits_for: [u8; EXITS],
    /// Splits that may be packed now, as a bit each.
    open: u64,
    left: usize,
}

impl<'t> Ready<'t> {
    fn new(top: &'t Top) -> Self {
        let mut ready =
            Self { top, height: [0; EXITS], waits_for: [0; EXITS], open: 0, left: top.splits.len() };
        for at in 0..top.splits.len() {
            ready.waits_for[at] = at as u8;
        }
        // Parents come before children, so one pass hands down and one in reverse hands up.
        for (at, split) in top.splits.iter().enumerate() {
            if let super::pieces::Link::Split(low) = split.low {
                let own = ready.waits_for[at];
                ready.waits_for[usize::from(low)] = if usize::from(own) == at { low } else { own };
            }
            if let super::pieces::Link::Split(high) = split.high {
                ready.waits_for[usize::from(high)] = at as u8;
            }
        }
        for at in (0..top.splits.len()).rev() {
            let waits_for = usize::from(ready.waits_for[at]);
            if waits_for == at {
                ready.open |= 1 << at;
            } else {
                ready.height[waits_for] = ready.height[waits_for].max(ready.height[at] + 1);
            }
        }
        ready
    }

    fn open(&self) -> impl Iterator<Item = usize> + use<> {
        let mut open = self.open;
        std::iter::from_fn(move || {
            (open != 0).then(|| {
                let at = open.trailing_zeros() as usize;
                open &= open - 1;
                at
            })
        })
    }

    /// Calls `count` once for every bank that some open split can use.
    fn usable<'p>(&self, places: impl Fn(u16) -> &'p [u16], banks: usize, mut count: impl FnMut(usize)) {
        let mut seen = 0u64;
        for at in self.open() {
            for &place in places(self.top.splits[at].column) {
                // With more than 64 banks some share a bit, and count once: a worse packing, no wrong one.
                let bank = usize::from(place) / BANK;
                if seen >> (bank % 64) & 1 == 0 {
                    seen |= 1 << (bank % 64);
                    count(bank);
                }
            }
            if seen.count_ones() as usize >= banks {
                break;
            }
        }
    }

    /// Takes the best open split that can use this bank.
    fn take<'p>(
        &mut self,
        places: impl Fn(u16) -> &'p [u16],
        bank: usize,
    ) -> Option<(u16, super::pieces::Split)> {
        let mut best: Option<(usize, u16, u32)> = None;
        for at in self.open() {
            let all = places(self.top.splits[at].column);
            if let Some(&place) = all.iter().find(|&&place| usize::from(place) / BANK == bank) {
                // What holds up most, then what fits the fewest banks.
                let rank = u32::from(self.height[at]) * 256 + 255 - (all.len() as u32).min(255);
                if best.is_none_or(|(_, _, top)| rank > top) {
                    best = Some((at, place, rank));
                }
            }
        }
        let (at, place, _) = best?;
        self.open &= !(1 << at);
        self.left -= 1;
        for (other, &waits_for) in self.waits_for.iter().enumerate().take(self.top.splits.len()) {
            if usize::from(waits_for) == at && other != at {
                self.open |= 1 << other;
            }
        }
        Some((place, self.top.splits[at]))
    }
}
