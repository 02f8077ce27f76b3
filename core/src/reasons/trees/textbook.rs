//! The textbook's walk, to hold the fast one against.
//!
//! TreeSHAP as published (S. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized feature attribution
//! for tree ensembles", 2018, algorithm 2): one walk over the tree keeps, for every player on the path, the
//! share of the sample that would pass without it, and the weights of all subset sizes. Cost: leaves times
//! players on a path squared.

use super::shape::TreeShape;

/// A player on the path from the root.
#[derive(Clone, Copy, Debug)]
struct Step {
    player: u32,
    /// Share of the sample that goes on along the path where the player is not known.
    zero: f64,
    /// 1 where the row itself goes on along the path, 0 where it does not.
    one: f64,
    /// Weight of the subsets of as many players as the step's place.
    weight: f64,
}

/// A node to visit, with the path to it.
struct Visit {
    node: u32,
    /// Where its path starts in the stack of steps, and how long it is before the node's own step.
    start: usize,
    len: usize,
    step: (u32, f64, f64),
}

/// Adds what each player contributes to each target for one row. `holds` says whether the split of a node
/// holds. `contributions` has `players` values per target.
pub(super) fn add_contributions(
    shape: &TreeShape,
    players: usize,
    holds: impl Fn(usize) -> bool,
    contributions: &mut [f64],
) {
    let mut steps: Vec<Step> = Vec::new();
    let mut visits = vec![Visit { node: 0, start: 0, len: 0, step: (u32::MAX, 1.0, 1.0) }];
    while let Some(Visit { node, start, len, step }) = visits.pop() {
        // Paths of nodes visited earlier lie behind `start + len` and are done with.
        steps.truncate(start + len);
        let own = steps.len();
        steps.extend_from_within(start..start + len);
        extend(&mut steps, own, step);
        let at = node as usize;
        if shape.is_leaf(at) {
            let path = &steps[own..];
            for place in 1..path.len() {
                let Step { player, zero, one, .. } = path[place];
                let share = unwound_sum(path, place) * (one - zero);
                for &(target, weight) in shape.votes(at) {
                    contributions[target as usize * players + player as usize] += share * weight;
                }
            }
            continue;
        }
        let player = shape.player[at];
        let (mut zero, mut one) = (1.0, 1.0);
        if let Some(place) = steps[own + 1..].iter().position(|step| step.player == player) {
            let earlier = steps[own + 1 + place];
            (zero, one) = (earlier.zero, earlier.one);
            unwind(&mut steps, own, place + 1);
        }
        let (yes, no) = shape.shares(at);
        let (hot, cold) = if holds(at) {
            ((shape.on_true[at], yes), (shape.on_false[at], no))
        } else {
            ((shape.on_false[at], no), (shape.on_true[at], yes))
        };
        let len = steps.len() - own;
        // A branch that neither the row nor any row of the sample takes has weight zero everywhere.
        for ((child, share), one) in [(cold, 0.0), (hot, one)] {
            let zero = zero * share;
            if zero != 0.0 || one != 0.0 {
                visits.push(Visit { node: child, start: own, len, step: (player, zero, one) });
            }
        }
    }
}

/// Appends a step and brings the weights of all subset sizes up to date.
fn extend(steps: &mut Vec<Step>, own: usize, (player, zero, one): (u32, f64, f64)) {
    let len = steps.len() - own;
    steps.push(Step { player, zero, one, weight: if len == 0 { 1.0 } else { 0.0 } });
    let path = &mut steps[own..];
    let count = (len + 1) as f64;
    for at in (0..len).rev() {
        path[at + 1].weight += one * path[at].weight * (at + 1) as f64 / count;
        path[at].weight *= zero * (len - at) as f64 / count;
    }
}

/// Takes the step at `place` out again, as if it had never been there.
fn unwind(steps: &mut Vec<Step>, own: usize, place: usize) {
    let path = &mut steps[own..];
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[place];
    let count = (last + 1) as f64;
    let mut next = path[last].weight;
    for at in (0..last).rev() {
        if one != 0.0 {
            let old = path[at].weight;
            path[at].weight = next * count / ((at + 1) as f64 * one);
            next = old - path[at].weight * zero * (last - at) as f64 / count;
        } else {
            path[at].weight = path[at].weight * count / (zero * (last - at) as f64);
        }
    }
    for at in place..last {
        let Step { player, zero, one, .. } = path[at + 1];
        path[at] = Step { player, zero, one, weight: path[at].weight };
    }
    steps.pop();
}

/// The sum of weights that [`unwind`] would leave.
fn unwound_sum(path: &[Step], place: usize) -> f64 {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[place];
    let count = (last + 1) as f64;
    let mut next = path[last].weight;
    let mut sum = 0.0;
    for at in (0..last).rev() {
        if one != 0.0 {
            let weight = next * count / ((at + 1) as f64 * one);
            sum += weight;
            next = path[at].weight - weight * zero * (last - at) as f64 / count;
        } else {
            sum += path[at].weight * count / (zero * (last - at) as f64);
        }
    }
    sum
}
