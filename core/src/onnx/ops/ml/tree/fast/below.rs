//! What lies below the tops of deep trees: walks, eight at a time.
//!
//! A top takes a row down six levels or so at the price of one; what is left of a random forest's tree has
//! too many splits to compute them all. So each row walks from its exit to a leaf, split by split. One such
//! walk waits for memory at every split; eight side by side wait together. A split's two children lie
//! next to each other, so that "which child" is an addition instead of a branch, and next to those lie
//! the grandchildren: two levels most often share a line of the cache. A leaf is a split that leads to
//! itself, so that walks of different lengths can go in step.
//!
//! Numbers are compared as they are here; ranks would cost more than they save at ten thousand thresholds.
//! What a row is replaced by is a list of columns in which NaN has become the infinity on the side where it
//! goes, and membership of a set 0 or 1.
//!
//! Measured: 4.3 times ONNX Runtime without tops (8 walks side by side, the best of the prototypes).

use super::super::ensemble::{Child, Forest};
use super::super::real::Real;
use super::cuts::{self, Question, Sets};

/// Walks side by side.
pub(super) const ABREAST: usize = 8;
/// Steps between two looks whether all walks have ended.
const STEPS: usize = 2;
const COLUMN_BITS: u32 = 12;
const NODE_BITS: u32 = 32 - COLUMN_BITS;

/// A split or leaf.
#[derive(Clone, Copy, Debug)]
struct Node<T> {
    /// The row goes high where its number is greater. In a leaf: the leaf's number, as a place.
    threshold: T,
    /// The column, then the low child's place within the tree; the high child is the next one.
    packed: u32,
}

/// A column of the rows that walks read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    feature: u32,
    nan_is_high: bool,
    set: Option<u32>,
}

/// All that is below tops.
#[derive(Debug)]
pub(super) struct Below<T> {
    nodes: Vec<Node<T>>,
    /// For each tree where its nodes start, and how deep they go; none where the top is all of it.
    trees: Vec<Option<(u32, u32)>>,
    columns: Vec<Column>,
    sets: Vec<Vec<T>>,
    /// For each exit of such trees the node that it leads to, counted within the tree.
    entries: Vec<u32>,
    entry_starts: Vec<u32>,
}

/// Adds trees one after another.
pub(super) struct Builder<T> {
    below: Below<T>,
    /// The column of a feature or set, by side of NaN.
    of_feature: Vec<[u16; 2]>,
}

impl<T: Real> Builder<T> {
    pub(super) fn new(features: usize) -> Self {
        // Column 0 is for leaves: minus infinity, which is greater than nothing.
        let columns = vec![Column { feature: u32::MAX, nan_is_high: false, set: None }];
        let below = Below {
            nodes: Vec::new(),
            trees: Vec::new(),
            columns,
            sets: Vec::new(),
            entries: Vec::new(),
            entry_starts: Vec::new(),
        };
        Self { below, of_feature: vec![[0; 2]; features] }
    }

    /// Adds what is below the exits of one tree's top. `None` where it is too large.
    pub(super) fn add(&mut self, forest: &Forest<T>, exits: &[Child], sets: &mut Sets<T>) -> Option<()> {
        let below = &mut self.below;
        below.entry_starts.push(u32::try_from(below.entries.len()).ok()?);
        if exits.iter().all(|exit| exit.as_leaf().is_some()) {
            below.trees.push(None);
            return Some(());
        }
        let start = below.nodes.len();
        let mut deepest = 0;
        // Nodes whose children have no place yet, with their depth.
        let mut waiting: Vec<(usize, Child, u32)> = Vec::new();
        for &exit in exits {
            let at = self.below.nodes.len();
            self.below.entries.push((at - start) as u32);
            self.below.nodes.push(Node { threshold: T::ZERO, packed: 0 });
            waiting.push((at, exit, 0));
            while let Some((at, child, depth)) = waiting.pop() {
                deepest = deepest.max(depth);
                // This node's children, and at once theirs, so that they are neighbours.
                if let Some(children) = self.place(forest, start, at, child, sets)? {
                    for (at, child) in children {
                        match self.place(forest, start, at, child, sets)? {
                            Some(children) => {
                                waiting.extend(children.map(|(at, child)| (at, child, depth + 2)));
                            }
                            None => deepest = deepest.max(depth + 1),
                        }
                    }
                }
            }
        }
        self.below.trees.push(Some((u32::try_from(start).ok()?, deepest)));
        Some(())
    }

    /// Fills in the node at `at` and makes places for its children, if it is a split.
    #[allow(clippy::type_complexity, reason = "two children with their places")]
    fn place(
        &mut self,
        forest: &Forest<T>,
        start: usize,
        at: usize,
        child: Child,
        sets: &mut Sets<T>,
    ) -> Option<Option<[(usize, Child); 2]>> {
        let next = self.below.nodes.len();
        let own = (at - start) as u32;
        if next - start + 2 > 1 << NODE_BITS {
            return None;
        }
        if let Some(leaf) = child.as_leaf() {
            self.below.nodes[at] = Node { threshold: T::from_place(leaf as u32), packed: own };
            return Some(None);
        }
        let cut = cuts::cut(forest, &forest.branches[child.place()], sets)?;
        let (threshold, set) = match cut.question {
            Question::Above(threshold) => (threshold, None),
            Question::In(set) => (T::from_f64(0.5), Some(set)),
        };
        let column = self.column(Column { feature: cut.feature, nan_is_high: cut.nan_is_high, set })?;
        let packed = u32::from(column) << NODE_BITS | (next - start) as u32;
        self.below.nodes[at] = Node { threshold, packed };
        self.below.nodes.extend([Node { threshold: T::ZERO, packed: 0 }; 2]);
        Some(Some([(next, cut.low), (next + 1, cut.high)]))
    }

    fn column(&mut self, column: Column) -> Option<u16> {
        let columns = &mut self.below.columns;
        let fresh = |columns: &mut Vec<Column>| {
            columns.push(column);
            (columns.len() <= 1 << COLUMN_BITS).then(|| columns.len() as u16 - 1)
        };
        if column.set.is_some() {
            return match columns.iter().position(|known| *known == column) {
                Some(known) => Some(known as u16),
                None => fresh(columns),
            };
        }
        let known = &mut self.of_feature.get_mut(column.feature as usize)?[usize::from(column.nan_is_high)];
        if *known == 0 {
            *known = fresh(columns)?;
        }
        Some(*known)
    }

    /// All that was added, or none where tops are all there is.
    pub(super) fn finish(self, sets: &Sets<T>) -> Option<Below<T>> {
        let mut below = self.below;
        below.sets = sets.list.iter().map(|(_, members)| members.clone()).collect();
        below.nodes.shrink_to_fit();
        below.trees.iter().any(Option::is_some).then_some(below)
    }
}

impl<T: Real> Below<T> {
    /// Numbers per row that walks read.
    pub(super) const fn width(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is anything below the top of tree `tree`.
    pub(super) fn has(&self, tree: usize) -> bool {
        self.trees[tree].is_some()
    }

    /// Makes what walks read of rows of `width` numbers: [`Self::width`] numbers per row.
    pub(super) fn fill(&self, rows: &[T], width: usize, out: &mut Vec<T>) {
        out.clear();
        let (lowest, highest) = (T::from_f64(f64::NEG_INFINITY), T::from_f64(f64::INFINITY));
        for row in rows.chunks_exact(width) {
            out.extend(self.columns.iter().map(|column| {
                let Some(&x) = row.get(column.feature as usize) else { return lowest };
                match column.set {
                    _ if x.partial_cmp(&x).is_none() => {
                        if column.nan_is_high {
                            highest
                        } else {
                            lowest
                        }
                    }
                    None => x,
                    Some(set) => {
                        let members = &self.sets[set as usize];
                        let at = members.partition_point(|member| *member < x);
                        let inside = members.get(at).is_some_and(|member| *member == x);
                        T::from_f64(f64::from(u8::from(inside)))
                    }
                }
            }));
        }
    }

    /// Where exit `exit` of tree `tree` leads.
    #[inline(always)]
    pub(super) fn entry(&self, tree: usize, exit: usize) -> u32 {
        self.entries[self.entry_starts[tree] as usize + exit]
    }

    /// Walks to the leaves: walk `i` is in tree `trees[i]` at node `at[i]` and reads the row that starts at
    /// `rows[i]` of what [`Self::fill`] made. Afterwards `at` holds the leaves' numbers.
    #[inline(never)]
    pub(super) fn walk(
        &self,
        trees: [usize; ABREAST],
        rows: [usize; ABREAST],
        filled: &[T],
        at: &mut [u32; ABREAST],
    ) {
        let found = trees.map(|tree| self.trees[tree].unwrap_or((0, 0)));
        let starts = found.map(|(start, _)| start);
        let deepest = found.iter().map(|&(_, deepest)| deepest).max().unwrap_or(0) as usize;
        let mask = (1 << NODE_BITS) - 1;
        let mut node = *at;
        for _ in 0..deepest.div_ceil(STEPS) {
            let before = node;
            for _ in 0..STEPS {
                for walk in 0..ABREAST {
                    let Node { threshold, packed } = self.nodes[(starts[walk] + node[walk]) as usize];
                    let x = filled[rows[walk] + (packed >> NODE_BITS) as usize];
                    node[walk] = (packed & mask) + u32::from(x > threshold);
                }
            }
            if node == before {
                break;
            }
        }
        for walk in 0..ABREAST {
            at[walk] = self.nodes[(starts[walk] + node[walk]) as usize].threshold.to_place();
        }
    }

    /// Bytes of the nodes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.nodes) + size_of_val(&*self.trees) + size_of_val(&*self.entries)
    }
}
