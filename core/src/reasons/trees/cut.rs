//! Cutting a tree into regions small enough to be remembered.
//!
//! A region is some splits that hang together, and its leaves are those right below them. What its leaves
//! contribute depends on little of a row: for each player on the path to the region whether the row follows
//! all its questions, and the answers of its own splits. Splits that compare the same column answer
//! together: of `n` thresholds only `n + 1` patterns of answers can be. So all that a region can see is
//! numbered by a sum of weights, one per answer, and for each number the contributions are computed once and
//! looked up from then on ([`super::memo`]). Leaves that have too many players on their path, and those whose
//! region would take more memory than there is, stay together in one piece that is walked for every row.

use std::collections::BTreeMap;
use std::ops::Range;

use super::answers::Question;
use super::piece::{Builder, Way};
use super::shape::TreeShape;
use super::walk::{Link, NONE, Piece};

/// Most splits of a region. Splits that repeat a threshold add no states, so states alone would not bound them.
const MOST_SPLITS: usize = 256;

/// A step of a path from the root to a region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The step before, or [`NONE`].
    pub(super) above: u32,
    /// Which split's answer says whether a row goes this way.
    pub(super) split: u32,
    /// The answer with which it does.
    pub(super) side: bool,
    /// The bit of the player that the split asks.
    pub(super) bit: u32,
}

/// Splits that compare one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Per split of the region that belongs here: its place in the region, and the place of its threshold
    /// among the different ones, ascending.
    members: Vec<(usize, usize)>,
    /// How many different thresholds there are.
    thresholds: usize,
}

/// Some splits and their leaves, and the path to them.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) piece: Piece,
    /// Its players and targets, as the model numbers them.
    pub(super) players: Vec<u32>,
    pub(super) targets: Vec<u32>,
    /// The last step of the path to it, or [`NONE`] at the root.
    pub(super) step: u32,
    /// The steps to the regions below it.
    pub(super) steps: Range<u32>,
    /// How many players the path has: so many bits of a number come first.
    pub(super) path_bits: u32,
    /// Its splits, and what the answer of each adds to the number.
    pub(super) splits: Vec<(u32, u32)>,
    /// How many numbers there are.
    pub(super) states: usize,
    groups: Vec<Group>,
}

impl Region {
    /// Bytes that it takes, with the places of its states and the values of one.
    pub(super) fn bytes(&self) -> usize {
        let steps = (self.steps.end - self.steps.start) as usize;
        // A split is also asked, and is a member of a group.
        let split = size_of::<(u32, u32)>() + size_of::<Question>() + 8 + size_of::<(usize, usize)>();
        2 * size_of::<Self>()
            + self.piece.links.len() * size_of::<Link>()
            + self.piece.votes.len() * size_of::<(u32, u32, f64)>()
            + (self.players.len() + self.targets.len() + self.states) * size_of::<u32>()
            + self.splits.len() * split
            + self.groups.len() * size_of::<Group>()
            + steps * size_of::<Step>()
            + self.piece.width() * size_of::<f64>()
    }

    /// Writes the answers that a number stands for: those of the path, then those of the splits.
    pub(super) fn answers(&self, number: u32, answers: &mut Vec<u8>) {
        answers.clear();
        answers.extend((0..self.path_bits).map(|bit| (number >> bit & 1) as u8));
        let own = answers.len();
        answers.resize(own + self.splits.len(), 0);
        let mut rest = number as usize >> self.path_bits;
        for group in &self.groups {
            // So many thresholds are not below the value: the largest ones.
            let holding = rest % (group.thresholds + 1);
            rest /= group.thresholds + 1;
            for &(place, threshold) in &group.members {
                answers[own + place] = u8::from(threshold + holding >= group.thresholds);
            }
        }
    }
}

/// A tree in regions.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut {
    pub(super) steps: Vec<Step>,
    pub(super) regions: Vec<Region>,
    /// What is left: a piece whose answers are those of all splits, its players and targets.
    pub(super) rest: Option<(Piece, Vec<u32>, Vec<u32>)>,
}

/// The path to a node: its last step, and its players in order of first asking with the share of the sample
/// that follows each.
#[derive(Clone, Debug)]
struct Path {
    step: u32,
    players: Vec<(u32, f64)>,
}

struct Cutter<'s> {
    shape: &'s TreeShape,
    /// Per node the number of its split, in the order of nodes.
    split: Vec<u32>,
    questions: &'s [Question],
    most_states: usize,
    /// Bytes that regions may still take.
    room: &'s mut usize,
    in_rest: Vec<bool>,
    cut: Cut,
}

/// Cuts a tree into regions of at most `most_states` states and a rest. `questions` are those of its splits,
/// in the order of nodes. What regions take is taken off `room`; the first that does not fit leaves nothing.
pub(super) fn cut(shape: &TreeShape, questions: &[Question], most_states: usize, room: &mut usize) -> Cut {
    let mut split = vec![NONE; shape.len()];
    for (number, node) in (0..shape.len()).filter(|&node| !shape.is_leaf(node)).enumerate() {
        split[node] = number as u32;
    }
    let in_rest = vec![false; shape.len()];
    let mut cutter = Cutter { shape, split, questions, most_states, room, in_rest, cut: Cut::default() };
    let mut roots = vec![(0, Path { step: NONE, players: Vec::new() })];
    while let Some((root, path)) = roots.pop() {
        if *cutter.room == 0 || 2 << path.players.len() > most_states {
            cutter.in_rest[root] = true;
        } else {
            let found = cutter.region(root, &path);
            roots.extend(found.into_iter().rev());
        }
    }
    cutter.take_rest();
    cutter.cut
}

impl Cutter<'_> {
    /// The way from a node's parent to it.
    fn way(&self, node: usize) -> Way {
        let parent = self.shape.parent[node] as usize;
        Way {
            player: self.shape.player[parent],
            answer: self.split[parent],
            side: self.shape.is_on_true(node),
            step: self.shape.share(node),
        }
    }

    /// Makes the region at `root`, and gives the splits below it with their paths.
    fn region(&mut self, root: usize, path: &Path) -> Vec<(usize, Path)> {
        let inside = if self.shape.is_leaf(root) { Vec::new() } else { self.grow(root, path.players.len()) };
        let mut region = self.number(&inside, path.players.len());
        let mut builder = Builder::new();
        let mut end = 0;
        for (bit, &(player, share)) in path.players.iter().enumerate() {
            end = builder.push(end, Way { player, answer: bit as u32, side: true, step: share });
        }
        let mut paths = BTreeMap::from([(root, path.clone())]);
        let mut below = Vec::new();
        let first_step = self.cut.steps.len() as u32;
        // Nodes come as a walk meets them, as the builder asks.
        let mut stack = vec![(root, NONE)];
        while let Some((node, above)) = stack.pop() {
            let own = inside.binary_search(&node);
            if own.is_err() && !self.shape.is_leaf(node) {
                let path = self.path_to(node, &mut paths);
                below.push((node, path));
                continue;
            }
            let number = match above {
                NONE => end,
                above => {
                    let parent = inside.binary_search(&(self.shape.parent[node] as usize)).unwrap_or(0);
                    builder.push(above, Way { answer: region.path_bits + parent as u32, ..self.way(node) })
                }
            };
            if self.shape.is_leaf(node) {
                builder.leaf(number, self.shape.votes(node));
            } else {
                stack.push((self.shape.on_false[node] as usize, number));
                stack.push((self.shape.on_true[node] as usize, number));
            }
        }
        region.step = path.step;
        region.steps = first_step..self.cut.steps.len() as u32;
        (region.piece, region.players, region.targets) = builder.finish();
        let Some(room) = self.room.checked_sub(region.bytes()) else {
            *self.room = 0;
            self.cut.steps.truncate(first_step as usize);
            self.in_rest[root] = true;
            return Vec::new();
        };
        *self.room = room;
        self.cut.regions.push(region);
        below
    }

    /// The path to a node right below a region or in it.
    fn path_to(&mut self, node: usize, paths: &mut BTreeMap<usize, Path>) -> Path {
        if let Some(known) = paths.get(&node) {
            return known.clone();
        }
        let mut path = self.path_to(self.shape.parent[node] as usize, paths);
        let way = self.way(node);
        let known = path.players.iter().position(|player| player.0 == way.player);
        let bit = known.unwrap_or(path.players.len());
        match path.players.get_mut(bit) {
            Some(player) => player.1 *= way.step,
            None => path.players.push((way.player, way.step)),
        }
        let step = Step { above: path.step, split: way.answer, side: way.side, bit: bit as u32 };
        path.step = self.cut.steps.len() as u32;
        self.cut.steps.push(step);
        paths.insert(node, path.clone());
        path
    }

    /// Chooses the splits of the region at `root`, ascending: always the one that multiplies the states least.
    fn grow(&self, root: usize, players: usize) -> Vec<usize> {
        let mut columns: BTreeMap<Column, Vec<f64>> = BTreeMap::new();
        let mut states = 1 << players;
        let (mut inside, mut open) = (Vec::new(), vec![root]);
        while inside.len() < MOST_SPLITS {
            let grown = |&node: &usize| {
                let (column, threshold) = self.column(node);
                match columns.get(&column) {
                    Some(known) if place(known, threshold).is_ok() => states,
                    Some(known) => states / (known.len() + 1) * (known.len() + 2),
                    None => states * 2,
                }
            };
            let Some(at) = (0..open.len()).min_by_key(|&at| grown(&open[at])) else { break };
            let next = grown(&open[at]);
            if next > self.most_states {
                break;
            }
            states = next;
            let node = open.remove(at);
            let (column, threshold) = self.column(node);
            let known = columns.entry(column).or_default();
            if let Err(at) = place(known, threshold) {
                known.insert(at, threshold);
            }
            inside.push(node);
            let children = [self.shape.on_true[node], self.shape.on_false[node]].map(|child| child as usize);
            open.extend(children.into_iter().filter(|&child| !self.shape.is_leaf(child)));
        }
        // A split without a leaf right below it, at the edge, is asked for nothing.
        inside.sort_unstable();
        for at in (1..inside.len()).rev() {
            let node = inside[at];
            let children = [self.shape.on_true[node], self.shape.on_false[node]].map(|child| child as usize);
            let used = |child: &usize| self.shape.is_leaf(*child) || inside.binary_search(child).is_ok();
            if !children.iter().any(used) {
                inside.remove(at);
            }
        }
        inside
    }

    /// What a split compares with what, zero without a sign; other tests than comparisons are columns of their own.
    fn column(&self, node: usize) -> (Column, f64) {
        let number = self.split[node];
        match self.questions.get(number as usize) {
            Some(question) if question.is_plain() => {
                (Column::Compared(question.column), question.threshold + 0.0)
            }
            _ => (Column::Asked(number), 0.0),
        }
    }

    /// A region without its piece: these splits numbered by weights.
    fn number(&self, inside: &[usize], path_bits: usize) -> Region {
        let mut columns: BTreeMap<Column, Vec<(f64, usize)>> = BTreeMap::new();
        for (place, &node) in inside.iter().enumerate() {
            let (column, threshold) = self.column(node);
            columns.entry(column).or_default().push((threshold, place));
        }
        let mut splits: Vec<(u32, u32)> = inside.iter().map(|&node| (self.split[node], 0)).collect();
        let mut groups = Vec::new();
        let mut states = 1 << path_bits;
        for mut members in columns.into_values() {
            members.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut group = Group::default();
            let mut last = None;
            for (threshold, place) in members {
                // Of splits with one threshold one counts for all.
                if last.replace(threshold).is_none_or(|last: f64| last != threshold) {
                    group.thresholds += 1;
                    splits[place].1 = states as u32;
                }
                group.members.push((place, group.thresholds - 1));
            }
            states *= group.thresholds + 1;
            groups.push(group);
        }
        Region {
            piece: Piece::default(),
            players: Vec::new(),
            targets: Vec::new(),
            step: NONE,
            steps: 0..0,
            path_bits: path_bits as u32,
            splits,
            states,
            groups,
        }
    }

    /// Puts the leaves below what is marked into one piece.
    fn take_rest(&mut self) {
        let shape = self.shape;
        for node in 1..shape.len() {
            self.in_rest[node] |= self.in_rest[shape.parent[node] as usize];
        }
        // Whether a leaf of the rest is at a node or below it.
        let mut leads = self.in_rest.clone();
        for node in (1..shape.len()).rev() {
            let own = leads[node];
            leads[shape.parent[node] as usize] |= own;
        }
        if !leads.first().is_some_and(|leads| *leads) {
            return;
        }
        let mut builder = Builder::new();
        let mut numbers = vec![0; shape.len()];
        for node in (0..shape.len()).filter(|&node| leads[node]) {
            if node > 0 {
                numbers[node] = builder.push(numbers[shape.parent[node] as usize], self.way(node));
            }
            if shape.is_leaf(node) {
                builder.leaf(numbers[node], shape.votes(node));
            }
        }
        self.cut.rest = Some(builder.finish());
    }
}

/// The place of a threshold among ascending ones, or where it would be.
fn place(known: &[f64], threshold: f64) -> Result<usize, usize> {
    known.binary_search_by(|known| known.total_cmp(&threshold))
}

/// What splits are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    /// A column of the prepared row.
    Compared(u32),
    /// A split by itself.
    Asked(u32),
}
