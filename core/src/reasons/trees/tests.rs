//! The fast walk against the textbook's, and both against the definition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::answers::Question;
use super::cut::{Cut, Region, cut};
use super::memo::Memo;
use super::shape::TreeShape;
use super::textbook;
use super::walk::{NONE, Piece, Space};
use crate::reasons::quadrature::{LANES, rule};

/// A small generator of numbers: a tree is a function of its seed.
struct Seed(u64);

impl Seed {
    fn next(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A tree of random form: up to `depth` levels, `players`, two targets, some leaves that no row reached.
fn grow(depth: u32, players: u32, targets: u32, seed: u64) -> TreeShape {
    let mut seed = Seed(seed);
    let mut shape = TreeShape::default();
    let mut stack = vec![(0, None)];
    while let Some((level, parent)) = stack.pop() {
        let leaf = level == depth || (level > 0 && seed.next(4) == 0);
        let player = seed.next(players.into()) as u32;
        let own = shape.push(shape.len() as u32, player, 0.0);
        if let Some((parent, on_true)) = parent {
            shape.link(parent, own, on_true);
        }
        if leaf {
            shape.cover[own as usize] = seed.next(6) as f64;
            for _ in 0..seed.next(3) {
                let target = seed.next(targets.into()) as u32;
                shape.vote(target, seed.next(1_000) as f64 / 100.0 - 5.0);
            }
        } else {
            stack.push((level + 1, Some((own, false))));
            stack.push((level + 1, Some((own, true))));
        }
    }
    for node in (1..shape.len()).rev() {
        let cover = shape.cover[node];
        shape.cover[shape.parent[node] as usize] += cover;
    }
    shape
}

/// The answer where only the players in `known` are known: the definition, written down. Splits hold by
/// the bits of `row`, a bit per player.
fn answer(shape: &TreeShape, node: usize, known: u32, holds: &dyn Fn(usize) -> bool, target: u32) -> f64 {
    if shape.is_leaf(node) {
        return shape.votes(node).iter().filter(|vote| vote.0 == target).map(|vote| vote.1).sum();
    }
    let child = |child: u32| answer(shape, child as usize, known, holds, target);
    if known >> shape.player[node] & 1 == 1 {
        return child(if holds(node) { shape.on_true[node] } else { shape.on_false[node] });
    }
    let (yes, no) = shape.shares(node);
    yes * child(shape.on_true[node]) + no * child(shape.on_false[node])
}

fn by_definition(shape: &TreeShape, players: u32, holds: &dyn Fn(usize) -> bool, target: u32) -> Vec<f64> {
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let of = |player: u32| {
        let without = (0..1_u32 << players).filter(|known| known >> player & 1 == 0);
        let gain = |known: u32| {
            let size = known.count_ones();
            let weight = factorial(size) * factorial(players - size - 1) / factorial(players);
            let with = answer(shape, 0, known | 1 << player, holds, target);
            weight * (with - answer(shape, 0, known, holds, target))
        };
        without.map(gain).sum()
    };
    (0..players).map(of).collect()
}

/// Adds up what the pieces of a tree give, each walked for these answers of the splits.
fn in_pieces(
    shape: &TreeShape,
    cut: &Cut,
    most_states: usize,
    answers: &[u8],
    players: usize,
    targets: usize,
) -> Vec<f64> {
    let mut sums = vec![0.0; targets * (players + 1)];
    let mut space = Space::default();
    let mut give = |piece: &Piece, own: &[u32], own_targets: &[u32], answers: &[u8]| {
        let mut found = vec![0.0; piece.width()];
        piece.explain(answers, &rule(piece.longest, LANES), &mut space, &mut found);
        for (target, found) in own_targets.iter().zip(found.chunks_exact(own.len() + 1)) {
            let sums = &mut sums[*target as usize * (players + 1)..];
            for (player, found) in own.iter().zip(found) {
                sums[*player as usize] += found;
            }
            sums[players] += found[own.len()];
        }
    };
    let mut patterns: Vec<u32> = Vec::new();
    for step in &cut.steps {
        let above = if step.above == NONE { u32::MAX } else { patterns[step.above as usize] };
        let leaves = (answers[step.split as usize] != 0) != step.side;
        patterns.push(above & !(u32::from(leaves) << step.bit));
    }
    let mut decoded = Vec::new();
    for region in &cut.regions {
        let path = if region.step == NONE { 0 } else { patterns[region.step as usize] };
        let mut number = path & ((1 << region.path_bits) - 1);
        for &(split, weight) in &region.splits {
            number += u32::from(answers[split as usize]) * weight;
        }
        assert!((number as usize) < region.states && region.states <= most_states.max(1));
        region.answers(number, &mut decoded);
        for (&(split, _), &answer) in region.splits.iter().zip(&decoded[region.path_bits as usize..]) {
            assert_eq!(answer, answers[split as usize]);
        }
        give(&region.piece, &region.players, &region.targets, &decoded);
    }
    if let Some((piece, own, own_targets)) = &cut.rest {
        give(piece, own, own_targets, answers);
    }
    let leaves = (0..shape.len()).filter(|&node| shape.is_leaf(node)).count();
    let votes = |piece: &Piece| piece.votes.len();
    let counted: usize = cut.regions.iter().map(|region| votes(&region.piece)).sum::<usize>()
        + cut.rest.as_ref().map_or(0, |rest| votes(&rest.0));
    let there: usize = (0..shape.len()).map(|node| shape.votes(node).len()).sum();
    assert_eq!(counted, there, "{leaves} leaves: each votes in one piece");
    sums
}

/// Splits whose answers say nothing about each other.
fn unlike(shape: &TreeShape) -> Vec<Question> {
    (0..shape.len() as u32).filter(|&node| !shape.is_leaf(node as usize)).map(Question::other).collect()
}

/// Answers of the splits of a tree, in the order of nodes.
fn answers(shape: &TreeShape, holds: &dyn Fn(usize) -> bool) -> Vec<u8> {
    (0..shape.len()).filter(|&node| !shape.is_leaf(node)).map(|node| holds(node).into()).collect()
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-11 * wanted.abs().max(1.0)
}

/// Holds the pieces, for regions of several sizes, against the textbook.
fn compare(
    shape: &TreeShape,
    questions: &[Question],
    players: usize,
    targets: usize,
    holds: &dyn Fn(usize) -> bool,
) {
    let mut wanted = vec![0.0; targets * players];
    textbook::add_contributions(shape, players, holds, &mut wanted);
    let mut base = vec![0.0; targets];
    shape.add_mean(&mut base);
    for states in [1, 2, 3, 8, 40, 512, 1 << 16] {
        let cut = cut(shape, questions, states, &mut (1 << 30));
        let found = in_pieces(shape, &cut, states, &answers(shape, holds), players, targets);
        for target in 0..targets {
            let found = &found[target * (players + 1)..(target + 1) * (players + 1)];
            for (player, &wanted) in wanted[target * players..][..players].iter().enumerate() {
                let found = found[player];
                assert!(close(found, wanted), "{states} states, player {player}: {found}, want {wanted}");
            }
            let margin = answer(shape, 0, u32::MAX, holds, target as u32);
            assert!(close(found[players], margin), "votes {}, want {margin}", found[players]);
            let sum = base[target] + found[..players].iter().sum::<f64>();
            assert!(close(sum, margin), "{states} states: they add up to {sum}, want {margin}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_is_the_textbook(depth in 0_u32..9, players in 1_u32..12, seed: u64, row: u64) {
        let shape = grow(depth, players, 2, seed);
        let holds = |node: usize| (row.rotate_left(node as u32 * 7) ^ seed) & 1 == 1;
        compare(&shape, &unlike(&shape), players as usize, 2, &holds);
    }

    #[test]
    fn thresholds_of_one_column_answer_together(depth in 0_u32..9, players in 1_u32..6, seed: u64, row: u64) {
        let shape = grow(depth, players, 2, seed);
        let mut seed = Seed(seed);
        let thresholds: Vec<f64> = (0..shape.len()).map(|_| seed.next(8) as f64).collect();
        let value = |player: u32| (row.rotate_left(player * 9) % 10) as f64 - 0.5;
        let splits = || (0..shape.len()).filter(|&node| !shape.is_leaf(node));
        let questions: Vec<Question> =
            splits().map(|node| Question::compare(shape.player[node], thresholds[node])).collect();
        compare(&shape, &questions, players as usize, 2, &|node| value(shape.player[node]) <= thresholds[node]);
    }

    #[test]
    fn the_textbook_is_the_definition(depth in 0_u32..5, players in 1_u32..5, seed: u64, row: u64) {
        let shape = grow(depth, players, 2, seed);
        let holds = |node: usize| row.rotate_left(node as u32 * 11) & 1 == 1;
        let mut found = vec![0.0; 2 * players as usize];
        textbook::add_contributions(&shape, players as usize, holds, &mut found);
        for target in 0..2 {
            let wanted = by_definition(&shape, players, &holds, target);
            for (found, wanted) in found[target as usize * players as usize..].iter().zip(wanted) {
                prop_assert!((found - wanted).abs() < 1e-9, "{found}, want {wanted}");
            }
        }
    }
}

/// A tree that is one long path with a leaf at every node, `players` asked in turn.
fn chain(depth: u32, players: u32) -> TreeShape {
    let mut shape = TreeShape::default();
    let mut parent = None;
    for level in 0..depth {
        let cover = f64::from(depth - level) + 1.0;
        let own = shape.push(2 * level, level % players, cover);
        if let Some(parent) = parent {
            shape.link(parent, own, false);
        }
        let leaf = shape.push(2 * level + 1, 0, 1.0);
        shape.vote(0, 1.0);
        shape.link(own, leaf, true);
        parent = Some(own);
    }
    let last = shape.push(2 * depth, 0, 1.0);
    shape.vote(0, 5.0);
    if let Some(parent) = parent {
        shape.link(parent, last, false);
    }
    shape
}

#[test]
fn a_path_of_twenty_thousand_nodes_is_walked() {
    for players in [3, 300, 20_000] {
        let shape = chain(20_000, players);
        let cut = cut(&shape, &unlike(&shape), 256, &mut (1 << 30));
        let found = in_pieces(&shape, &cut, 256, &answers(&shape, &|_| false), players as usize, 1);
        let mut base = [0.0];
        shape.add_mean(&mut base);
        let sum = base[0] + found[..players as usize].iter().sum::<f64>();
        assert_eq!(found[players as usize], 5.0);
        assert!((sum - 5.0).abs() < 1e-9, "{players} players: {sum}");
    }
}

/// The Shapley values of one leaf's votes by the coefficients of its polynomial, which are all positive, so
/// that nothing cancels: the textbook's walk loses digits on long paths.
fn by_polynomial(path: &[(f64, f64)], player: usize) -> f64 {
    let mut coefficients = vec![1.0];
    for (_, &(zero, one)) in path.iter().enumerate().filter(|other| other.0 != player) {
        let shifted = std::iter::once(0.0).chain(coefficients.iter().map(|known| one * known));
        coefficients = coefficients
            .iter()
            .map(|unknown| zero * unknown)
            .chain([0.0])
            .zip(shifted)
            .map(|(a, b)| a + b)
            .collect();
    }
    // s! (d - 1 - s)! / d! for each number s of known players.
    let mut weight = 1.0 / path.len() as f64;
    let mut sum = 0.0;
    for (known, coefficient) in coefficients.iter().enumerate() {
        sum += weight * coefficient;
        weight *= (known + 1) as f64 / (path.len() as f64 - 1.0 - known as f64).max(1.0);
    }
    let (zero, one) = path[player];
    (one - zero) * sum
}

#[test]
fn many_players_on_a_path_are_exact() {
    for players in [9, 40, 70] {
        let shape = chain(players, players);
        let holds = |node: usize| node.is_multiple_of(14);
        let mut wanted = vec![0.0; players as usize];
        let mut path = Vec::new();
        for level in 0..=players {
            let node = 2 * level as usize;
            if level < players {
                let (yes, no) = shape.shares(node);
                let follows = f64::from(u8::from(holds(node)));
                path.push((yes, follows));
                (0..path.len()).for_each(|player| wanted[player] += by_polynomial(&path, player));
                path.pop();
                path.push((no, 1.0 - follows));
            } else {
                (0..path.len()).for_each(|player| wanted[player] += 5.0 * by_polynomial(&path, player));
            }
        }
        let cut = cut(&shape, &unlike(&shape), 256, &mut (1 << 30));
        let found = in_pieces(&shape, &cut, 256, &answers(&shape, &holds), players as usize, 1);
        for (player, (found, wanted)) in found.iter().zip(wanted).enumerate() {
            assert!((found - wanted).abs() < 1e-13, "{players}, {player}: {found}, want {wanted}");
        }
    }
}

#[test]
fn regions_take_no_more_than_their_room() {
    let answers_of = |shape: &TreeShape| answers(shape, &|node| node.is_multiple_of(3));
    for whole in [0, 500, 40_000, 1 << 20] {
        let (mut room, mut taken, mut walked) = (whole, 0, 0);
        for seed in 0..60 {
            let shape = grow(11, 40, 2, seed);
            let cut = cut(&shape, &unlike(&shape), 512, &mut room);
            taken += cut.regions.iter().map(Region::bytes).sum::<usize>();
            walked += usize::from(cut.regions.is_empty());
            let found = in_pieces(&shape, &cut, 512, &answers_of(&shape), 40, 2);
            let mut wanted = vec![0.0; 80];
            textbook::add_contributions(&shape, 40, |node| node.is_multiple_of(3), &mut wanted);
            for (player, &wanted) in wanted.iter().enumerate() {
                assert!(close(found[player / 40 * 41 + player % 40], wanted), "room {whole}, tree {seed}");
            }
        }
        assert!(taken <= whole, "{taken} of {whole}");
        assert!(walked > 40 || whole == 1 << 20, "{whole}: {walked} trees have no region");
    }
}

#[test]
fn splits_of_one_threshold_do_not_make_a_region_without_end() {
    let shape = chain(20_000, 3);
    let questions: Vec<Question> = (0..20_000).map(|_| Question::compare(0, 1.0)).collect();
    let cut = cut(&shape, &questions, 512, &mut (1 << 30));
    assert!(cut.regions.len() > 20_000 / 512);
    assert!(cut.regions.iter().all(|region| region.splits.len() <= 256 && region.states <= 512));
}

#[test]
fn what_is_remembered_stays_under_its_bound() {
    let mut memo = Memo::new(1_000, 101);
    for state in 0..1_000 {
        let start = memo.insert(state, 10);
        memo.values_mut(start, 10).fill(state as f64);
        let there = (0..1_000).filter_map(|state| memo.find(state).map(|start| (state, start)));
        let mut count = 0;
        for (state, start) in there {
            assert_eq!(memo.values(start, 10), [state as f64; 10]);
            count += 1;
        }
        assert!(count <= 10, "{count} states of 10 values");
    }
}
