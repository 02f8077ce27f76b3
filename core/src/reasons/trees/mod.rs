//! Contributions to the sums of a tree ensemble, exactly.
//!
//! [`shape`] is one tree with the sample's shares, [`cut`] takes it apart, [`walk`] computes, [`memo`]
//! remembers, [`answers`] is what a row says to the splits.

mod answers;
mod cut;
mod memo;
mod piece;
mod shape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod textbook;
mod walk;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use self::answers::{Question, Rows};
use self::cut::{Region, Step};
use self::memo::Memo;
use self::shape::TreeShape;
use self::walk::{NONE, Piece, Space};
use super::quadrature::{Block, LANES, count, rule};
use super::terms::{Part, Terms};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::Model;
use crate::onnx::explain::{self, Child, Ensemble, ExplainPart};

/// Rows that go through one tree after another: as many as keep their values and sums in the cache.
const BLOCK_ROWS: usize = 1024;
/// Most states of a region. More mean fewer regions and more states that are met for the first time.
const MOST_STATES: usize = 512;

/// Links of a piece for which the walk takes as few lanes as it can: it keeps four numbers per link and lane.
const MANY_LINKS: usize = 1 << 17;
/// Numbers that the rows of a block may have after they are prepared.
const BLOCK_NUMBERS: usize = 1 << 20;

/// Bytes that an explainer may take: for tables, and for what it remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    tables: usize,
    memory: usize,
}

impl Room {
    /// So many bytes for `parts` ensembles.
    pub(super) fn new(bytes: usize, parts: usize) -> Self {
        Self { tables: bytes / 2, memory: bytes / 2 / parts.max(1) }
    }
}

/// An ensemble with what is added to its sums.
#[derive(Clone)]
pub(super) struct Trees {
    ensemble: Arc<Ensemble>,
    /// Which of the ensemble's targets are explained.
    targets: std::ops::Range<usize>,
    /// Added per explained target.
    offsets: Vec<f64>,
    /// What each vote counts: 1, or one over the number of trees.
    scale: f64,
}

impl Trees {
    /// The ensembles of all parts of a model that are trees.
    pub(super) fn of_parts(model: &Model, terms: &Terms) -> Result<Vec<Self>> {
        let steps = &model.plan().steps;
        let part = |part: &Part| match steps.get(part.step).and_then(|step| step.kernel.explain_part()) {
            Some(ExplainPart::Trees(trees)) => Ok(Self::new(&trees)),
            _ => Err(Error::new(ErrorCode::Internal, "the part that makes scores is gone")),
        };
        terms.parts.iter().map(part).collect()
    }

    fn new(part: &explain::Trees<'_>) -> Self {
        let ensemble = Arc::clone(part.ensemble);
        let targets = match part.outputs {
            Some(only) => only..only + 1,
            None => 0..ensemble.targets(),
        };
        // A single base value of a one-sum classifier is that of its sum.
        let offset = |target: usize| match part.base {
            [only] => *only,
            list => list.get(target).copied().unwrap_or(0.0),
        };
        let offsets = targets.clone().map(offset).collect();
        let scale = if part.average { 1.0 / ensemble.trees().max(1) as f64 } else { 1.0 };
        Self { ensemble, targets, offsets, scale }
    }

    /// The number of scores that are explained.
    pub(super) fn outputs(&self) -> usize {
        self.offsets.len()
    }

    /// The number of nodes: splits, then leaves.
    pub(super) fn nodes(&self) -> usize {
        self.ensemble.branches() + self.ensemble.leaves()
    }

    fn number(&self, child: Child) -> usize {
        child.as_leaf().map_or(child.place(), |leaf| self.ensemble.branches() + leaf)
    }

    /// Calls `reached` with every node that a row reaches, tree after tree.
    pub(super) fn visit(&self, row: &[f64], mut reached: impl FnMut(usize)) {
        for tree in 0..self.ensemble.trees() {
            let mut at = self.ensemble.root(tree);
            loop {
                reached(self.number(at));
                if at.as_leaf().is_some() {
                    break;
                }
                let (yes, no) = self.ensemble.children(at.place());
                at = if self.ensemble.holds(at.place(), row) { yes } else { no };
            }
        }
    }

    /// One tree with its covers. `players` says which player each column is.
    fn shape(&self, tree: usize, covers: &[f64], players: &[u32]) -> TreeShape {
        let mut shape = TreeShape::default();
        let mut stack = vec![(self.ensemble.root(tree), None)];
        while let Some((child, parent)) = stack.pop() {
            let number = self.number(child);
            let cover = covers.get(number).copied().unwrap_or(0.0);
            let split = child.as_leaf().is_none().then(|| child.place());
            let player = split.and_then(|split| players.get(self.ensemble.feature(split))).copied();
            let own = shape.push(number as u32, player.unwrap_or(0), cover);
            if let Some((parent, on_true)) = parent {
                shape.link(parent, own, on_true);
            }
            match split {
                Some(split) => {
                    let (yes, no) = self.ensemble.children(split);
                    stack.push((no, Some((own, false))));
                    stack.push((yes, Some((own, true))));
                }
                None => {
                    for (target, weight) in self.ensemble.votes(child.place()) {
                        if self.targets.contains(&target) {
                            shape.vote((target - self.targets.start) as u32, weight * self.scale);
                        }
                    }
                }
            }
        }
        shape
    }
}

/// A split, and what its answer adds to the number of its region's state.
struct Asked {
    question: Question,
    weight: u32,
}

/// A region of a tree, and where its parts are.
struct Place {
    region: Region,
    rule: u32,
    /// The first of its states among all.
    state: usize,
    path_mask: u32,
    asked: Range<usize>,
    steps: Range<usize>,
}

/// Leaves that are walked for every row.
struct Rest {
    piece: Piece,
    rule: u32,
    players: Vec<u32>,
    targets: Vec<u32>,
}

struct Tree {
    steps: Vec<Step>,
    /// Splits, region by region, then those that are of none.
    asked: Vec<Asked>,
    places: Vec<Place>,
    rest: Option<Rest>,
}

/// Explains the sums of an ensemble.
pub(super) struct TreeExplainer {
    trees: Trees,
    features: usize,
    width: usize,
    rows: Rows,
    parts: Vec<Tree>,
    rules: Rules,
    memo: Memo,
    base: Vec<f64>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    rows: Vec<f64>,
    answers: Vec<u8>,
    patterns: Vec<u32>,
    decoded: Vec<u8>,
    space: Space,
    values: Vec<f64>,
}

/// Quadrature rules by their number of nodes and their lanes.
#[derive(Default)]
struct Rules {
    list: Vec<Vec<Block>>,
    numbers: BTreeMap<(usize, usize), u32>,
}

impl Rules {
    fn number(&mut self, piece: &Piece) -> u32 {
        let lanes = if piece.links.len() > MANY_LINKS { 2 } else { LANES };
        *self.numbers.entry((count(piece.longest), lanes)).or_insert_with(|| {
            self.list.push(rule(piece.longest, lanes));
            self.list.len() as u32 - 1
        })
    }
}

impl TreeExplainer {
    /// `origins` says for each column which of the model's `features` it comes from.
    pub(super) fn new(
        trees: Trees,
        covers: &[f64],
        origins: &[u32],
        features: usize,
        room: &mut Room,
    ) -> Self {
        let width = origins.len();
        let mut base = trees.offsets.clone();
        let mut rows = Rows::new(&trees.ensemble, width);
        let mut rules = Rules::default();
        let mut states = 0;
        let mut parts = Vec::new();
        for tree in 0..trees.ensemble.trees() {
            let shape = trees.shape(tree, covers, origins);
            shape.add_mean(&mut base);
            let splits = (0..shape.len()).filter(|&node| !shape.is_leaf(node));
            let questions: Vec<Question> =
                splits.map(|node| rows.question(&trees.ensemble, shape.number[node])).collect();
            let cut = cut::cut(&shape, &questions, MOST_STATES, &mut room.tables);
            parts.push(place(cut, &questions, &mut rules, &mut states));
        }
        parts.retain(|tree| {
            tree.rest.is_some() || tree.places.iter().any(|place| place.region.piece.targets > 0)
        });
        let widest = parts.iter().flat_map(|tree| &tree.places).map(|place| place.region.piece.width()).max();
        // Values begin at 1.
        let most = (room.memory / size_of::<f64>()).max(widest.unwrap_or(0) + 1);
        let (memo, scratch) = (Memo::new(states, most), Scratch::default());
        Self { trees, features, width, rows, parts, rules, memo, base, scratch }
    }

    /// The number of sums.
    pub(super) fn targets(&self) -> usize {
        self.trees.outputs()
    }

    /// The mean sums over the sample.
    pub(super) fn base(&self) -> &[f64] {
        &self.base
    }

    /// Adds contributions of all trees, and writes their sums. `rows` are rows of the trees' input; `values`
    /// has per row and target a value per feature, `margins` per row and target one.
    pub(super) fn explain(&mut self, rows: &[f64], values: &mut [f64], margins: &mut [f64]) {
        let targets = self.trees.outputs();
        let most = (BLOCK_NUMBERS / self.rows.columns().max(1)).clamp(1, BLOCK_ROWS);
        let per_block = (self.width * most, targets * self.features * most, targets * most);
        let blocks = rows.chunks(per_block.0.max(1)).zip(values.chunks_mut(per_block.1.max(1)));
        for ((rows, values), margins) in blocks.zip(margins.chunks_mut(per_block.2.max(1))) {
            for row in margins.chunks_exact_mut(targets.max(1)) {
                row.copy_from_slice(&self.trees.offsets);
            }
            self.block(rows, values, margins);
        }
    }

    fn block(&mut self, rows: &[f64], values: &mut [f64], margins: &mut [f64]) {
        let columns = self.rows.columns().max(1);
        let targets = self.trees.outputs();
        let width = self.width.max(1);
        let mut prepared = std::mem::take(&mut self.scratch.rows);
        prepared.resize(rows.len() / width * columns, 0.0);
        for (row, prepared) in rows.chunks_exact(width).zip(prepared.chunks_exact_mut(columns)) {
            self.rows.prepare(row, prepared);
        }
        let per_row = (targets * self.features).max(1);
        let Self { trees, parts, rules, memo, scratch, features, .. } = self;
        for tree in &*parts {
            let rows = prepared.chunks_exact(columns).zip(values.chunks_exact_mut(per_row));
            for ((row, values), margins) in rows.zip(margins.chunks_exact_mut(targets.max(1))) {
                tree.explain(&trees.ensemble, row, rules, memo, scratch, &mut |found, players, targets| {
                    give(found, players, targets, *features, values, margins);
                });
            }
        }
        scratch.rows = prepared;
    }
}

impl Tree {
    #[inline]
    fn explain(
        &self,
        ensemble: &Ensemble,
        row: &[f64],
        rules: &Rules,
        memo: &mut Memo,
        scratch: &mut Scratch,
        give: &mut impl FnMut(&[f64], &[u32], &[u32]),
    ) {
        let Scratch { answers, patterns, decoded, space, values, .. } = scratch;
        answers.resize(self.asked.len(), 0);
        patterns.resize(self.steps.len(), 0);
        for place in &self.places {
            let region = &place.region;
            let path = if region.step == NONE { 0 } else { patterns[region.step as usize] };
            let mut number = path & place.path_mask;
            let asked = self.asked[place.asked.clone()].iter().zip(&mut answers[place.asked.clone()]);
            for (asked, answer) in asked {
                *answer = asked.question.answer(ensemble, row);
                number += u32::from(*answer) * asked.weight;
            }
            for at in place.steps.clone() {
                let step = &self.steps[at];
                let above = if step.above == NONE { u32::MAX } else { patterns[step.above as usize] };
                let leaves = (answers[step.split as usize] != 0) != step.side;
                patterns[at] = above & !(u32::from(leaves) << step.bit);
            }
            let width = region.piece.width();
            if width == 0 {
                continue;
            }
            let state = place.state + number as usize;
            let start = memo.find(state).unwrap_or_else(|| {
                region.answers(number, decoded);
                let start = memo.insert(state, width);
                region.piece.explain(
                    decoded,
                    &rules.list[place.rule as usize],
                    space,
                    memo.values_mut(start, width),
                );
                start
            });
            give(memo.values(start, width), &region.players, &region.targets);
        }
        if let Some(rest) = &self.rest {
            let asked = self.places.last().map_or(0, |place| place.asked.end);
            for (asked, answer) in self.asked[asked..].iter().zip(&mut answers[asked..]) {
                *answer = asked.question.answer(ensemble, row);
            }
            values.resize(rest.piece.width(), 0.0);
            rest.piece.explain(answers, &rules.list[rest.rule as usize], space, values);
            give(values, &rest.players, &rest.targets);
        }
    }
}

/// Lays a tree out: splits in the order in which they are asked.
fn place(cut: cut::Cut, questions: &[Question], rules: &mut Rules, states: &mut usize) -> Tree {
    let cut::Cut { mut steps, regions, mut rest } = cut;
    let mut asked = Vec::with_capacity(questions.len());
    let mut places = Vec::with_capacity(regions.len());
    let mut order = vec![NONE; questions.len()];
    let mut ask = |split: u32, weight: u32| {
        order[split as usize] = asked.len() as u32;
        asked.push(Asked { question: questions[split as usize], weight });
    };
    let mut start = 0;
    for region in regions {
        region.splits.iter().for_each(|&(split, weight)| ask(split, weight));
        places.push(Place {
            rule: rules.number(&region.piece),
            state: *states,
            path_mask: (1 << region.path_bits) - 1,
            asked: start..start + region.splits.len(),
            steps: region.steps.start as usize..region.steps.end as usize,
            region,
        });
        if let Some(place) = places.last() {
            start = place.asked.end;
            *states += if place.region.piece.targets > 0 { place.region.states } else { 0 };
        }
    }
    for split in 0..questions.len() as u32 {
        if order[split as usize] == NONE {
            order[split as usize] = asked.len() as u32;
            asked.push(Asked { question: questions[split as usize], weight: 0 });
        }
    }
    for step in &mut steps {
        step.split = order[step.split as usize];
    }
    let rest = rest.take().map(|(mut piece, players, targets)| {
        piece.links.iter_mut().for_each(|link| link.answer = order[link.answer as usize]);
        Rest { rule: rules.number(&piece), piece, players, targets }
    });
    Tree { steps, asked, places, rest }
}

fn give(
    found: &[f64],
    players: &[u32],
    targets: &[u32],
    features: usize,
    values: &mut [f64],
    margins: &mut [f64],
) {
    for (&target, found) in targets.iter().zip(found.chunks_exact(players.len() + 1)) {
        let target = target as usize;
        let values = &mut values[target * features..(target + 1) * features];
        for (&player, &found) in players.iter().zip(found) {
            values[player as usize] += found;
        }
        margins[target] += found[players.len()];
    }
}
