//! From rows of numbers to columns of bytes: all that a top asks of a row, exactly.
//!
//! A split asks whether x is above its threshold. Among the thresholds of all tops on one feature, its own
//! has a place, and x is above it where x's rank is more than that place. So a row of numbers can be
//! replaced by a row of ranks, and comparisons of numbers by comparisons of bytes. Three things make bytes
//! enough, always:
//! - a feature with more than 255 thresholds gets a column for every 255 of them;
//! - NaN has no rank: a feature whose splits send NaN to either side has a column for each side, in
//!   which NaN is 0 or 255;
//! - membership in a set is a column of 0 and 1.
//!
//! The idea of ranks is that of QuickScorer's successors (RapidScorer, and YDF's engines) and of
//! histogram-based training itself, where features never had more than 255 values. Bytes are stored with
//! the top bit flipped: signed comparison is the one that vector units have.

use super::super::real::Real;
use super::cuts::{Cut, Question, Sets};
use super::pieces::Split;
use super::scale::{Ranked, Scale};
use super::simd::{Bytes, Ints};

/// Rows of a tile: the batch kernel takes so many at a time, as sixteen vectors of sixteen bytes per column.
pub(super) const TILE: usize = 256;
/// One column of a tile.
pub(crate) type Column = [Bytes; TILE / 16];
/// Thresholds per column.
const CHUNK: usize = 255;
/// Features and columns that a forest's tops may have; one with more is scored plainly.
const MAX_FEATURES: usize = 1 << 16;
const MAX_COLUMNS: usize = 1 << 10;
/// The byte 0 as it is stored.
pub(super) const FLIP: u8 = 0x80;

/// One column.
#[derive(Clone, Copy, Debug)]
struct Output {
    column: u16,
    nan_is_high: bool,
    /// Thresholds that columns before it count.
    from: u16,
}

/// A feature, or a feature's sets, and its columns.
#[derive(Debug)]
struct Source<T> {
    feature: usize,
    kind: Kind<T>,
    outputs: Vec<Output>,
}

#[derive(Debug)]
enum Kind<T> {
    Scale(Scale<T>),
    Set(Vec<T>),
}

/// Makes bytes of numbers.
#[derive(Debug)]
pub(crate) struct Columns<T> {
    sources: Vec<Source<T>>,
    count: usize,
}

/// Where one byte of a row goes.
#[derive(Clone, Copy, Debug)]
struct Put {
    place: u16,
    /// Thresholds that the columns before count.
    from: u16,
    /// The byte of NaN.
    nan: u8,
}

/// Where all bytes of a row go, source by source.
#[derive(Debug, Default)]
pub(super) struct Puts {
    list: Vec<Put>,
    ends: Vec<u32>,
}

/// Collects what splits ask, then gives each its column.
pub(super) struct Collector<T> {
    thresholds: Vec<Vec<T>>,
    /// The column of each feature's thresholds by side of NaN and chunk, and of each set by side of NaN.
    of_feature: Vec<[Vec<u16>; 2]>,
    of_set: Vec<[u16; 2]>,
    count: usize,
}

const NONE: u16 = u16::MAX;

impl<T: Ranked> Collector<T> {
    /// A collector for so many features, or none where there are too many.
    pub(super) fn new(features: usize) -> Option<Self> {
        if features > MAX_FEATURES {
            return None;
        }
        let thresholds = (0..features).map(|_| Vec::new()).collect();
        Some(Self { thresholds, of_feature: Vec::new(), of_set: Vec::new(), count: 0 })
    }

    /// Takes note of a split's question.
    pub(super) fn add(&mut self, cut: &Cut<T>) {
        if let (Question::Above(threshold), Some(list)) =
            (cut.question, self.thresholds.get_mut(cut.feature as usize))
        {
            // Zeros are equal; which one it is must not matter.
            list.push(if threshold == T::ZERO { T::ZERO } else { threshold });
        }
    }

    /// Sorts what was collected. `None` where a feature has more thresholds than ranks can count.
    pub(super) fn sort(&mut self, sets: &Sets<T>) -> Option<()> {
        for list in &mut self.thresholds {
            list.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            list.dedup();
            if list.len() > usize::from(u16::MAX) {
                return None;
            }
            let chunks = list.len().div_ceil(CHUNK);
            self.of_feature.push([vec![NONE; chunks], vec![NONE; chunks]]);
        }
        self.of_set = vec![[NONE; 2]; sets.list.len()];
        Some(())
    }

    /// Fills in a split's column and cut. `None` where there are too many columns.
    pub(super) fn place(&mut self, cut: &Cut<T>, split: &mut Split) -> Option<()> {
        let side = usize::from(cut.nan_is_high);
        let column = match cut.question {
            Question::Above(threshold) => {
                let feature = cut.feature as usize;
                let place = self.thresholds.get(feature)?.partition_point(|&other| other < threshold);
                split.cut = (place % CHUNK + 1) as u8;
                self.of_feature.get_mut(feature)?[side].get_mut(place / CHUNK)?
            }
            Question::In(set) => {
                split.cut = 1;
                self.of_set.get_mut(set as usize)?.get_mut(side)?
            }
        };
        if *column == NONE {
            if self.count >= MAX_COLUMNS {
                return None;
            }
            *column = self.count as u16;
            self.count += 1;
        }
        split.column = *column;
        Some(())
    }

    /// The columns that splits were given.
    pub(super) fn finish(self, sets: Sets<T>) -> Columns<T> {
        let mut sources = Vec::new();
        let output = |column: u16, side: usize, chunk: usize| {
            (column != NONE).then_some(Output {
                column,
                nan_is_high: side == 1,
                from: (chunk * CHUNK) as u16,
            })
        };
        for (feature, (thresholds, columns)) in self.thresholds.iter().zip(self.of_feature).enumerate() {
            if !thresholds.is_empty() {
                let outputs = columns.iter().enumerate().flat_map(|(side, columns)| {
                    columns.iter().enumerate().filter_map(move |(chunk, &column)| output(column, side, chunk))
                });
                let (outputs, kind) = (outputs.collect(), Kind::Scale(Scale::new(thresholds)));
                sources.push(Source { feature, kind, outputs });
            }
        }
        for ((feature, members), columns) in sets.list.into_iter().zip(self.of_set) {
            let outputs = columns.iter().enumerate().filter_map(|(side, &column)| output(column, side, 0));
            let (outputs, kind) = (outputs.collect(), Kind::Set(members));
            sources.push(Source { feature: feature as usize, kind, outputs });
        }
        Columns { sources, count: self.count }
    }
}

impl<T: Ranked> Columns<T> {
    /// The number of columns.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Fills the columns for up to [`TILE`] rows of `width` numbers. Places past the last row hold
    /// anything.
    #[inline(never)]
    pub(super) fn fill_tile(&self, rows: &[T], width: usize, columns: &mut [Column]) {
        for source in &self.sources {
            for (place, rows) in rows.chunks(16 * width).enumerate() {
                let mut x = [T::ZERO; 16];
                for (x, row) in x.iter_mut().zip(rows.chunks_exact(width)) {
                    *x = row.get(source.feature).copied().unwrap_or(T::ZERO);
                }
                let (ranks, nan) = match &source.kind {
                    Kind::Scale(scale) => T::ranks(scale, &x),
                    Kind::Set(members) => set_ranks(members, &x),
                };
                let nan = Ints::narrow_mask(nan);
                for output in &source.outputs {
                    let from = Ints::splat(i32::from(output.from));
                    let bytes = Ints::narrow(ranks.map(|rank| rank.minus(from)));
                    let bytes = if output.nan_is_high { bytes.or(nan) } else { bytes.without(nan) };
                    if let Some(vector) =
                        columns.get_mut(usize::from(output.column)).and_then(|column| column.get_mut(place))
                    {
                        *vector = bytes.minus(FLIP);
                    }
                }
            }
        }
    }

    /// Where the bytes of one row go: for each column the places that `places` gives it.
    pub(super) fn puts<'p>(&self, places: impl Fn(u16) -> &'p [u16]) -> Puts {
        let mut puts = Puts::default();
        for source in &self.sources {
            for output in &source.outputs {
                puts.list.extend(places(output.column).iter().map(|&place| Put {
                    place,
                    from: output.from,
                    nan: if output.nan_is_high { 255 ^ FLIP } else { FLIP },
                }));
            }
            puts.ends.push(puts.list.len() as u32);
        }
        puts
    }

    /// Puts the bytes of one row in their places.
    #[inline(never)]
    pub(super) fn fill_row(&self, row: &[T], puts: &Puts, places: &mut [u8]) {
        let mut start = 0;
        for (source, &end) in self.sources.iter().zip(&puts.ends) {
            let x = row.get(source.feature).copied().unwrap_or(T::ZERO);
            let rank = match &source.kind {
                _ if x.partial_cmp(&x).is_none() => None,
                Kind::Scale(scale) => Some(scale.rank(x)),
                Kind::Set(members) => Some(u16::from(contains(members, x))),
            };
            for put in puts.list.get(start..end as usize).unwrap_or_default() {
                let byte = rank.map(|rank| rank.saturating_sub(put.from).min(255) as u8 ^ FLIP);
                if let Some(place) = places.get_mut(usize::from(put.place)) {
                    *place = byte.unwrap_or(put.nan);
                }
            }
            start = end as usize;
        }
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> usize {
        let of = |source: &Source<T>| match &source.kind {
            Kind::Scale(scale) => scale.bytes(),
            Kind::Set(members) => size_of_val(&**members),
        };
        self.sources.iter().map(of).sum()
    }
}

fn contains<T: Real>(members: &[T], x: T) -> bool {
    let at = members.partition_point(|member| *member < x);
    members.get(at).is_some_and(|member| *member == x)
}

fn set_ranks<T: Real>(members: &[T], x: &[T; 16]) -> ([Ints; 4], [Ints; 4]) {
    let four = |at: usize, of: &dyn Fn(T) -> i32| Ints::of(std::array::from_fn(|i| of(x[4 * at + i])));
    let inside = std::array::from_fn(|at| four(at, &|x| i32::from(contains(members, x))));
    let nan = std::array::from_fn(|at| four(at, &|x| if x.partial_cmp(&x).is_none() { -1 } else { 0 }));
    (inside, nan)
}
