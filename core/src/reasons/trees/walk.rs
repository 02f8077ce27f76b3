//! The walk: exact Shapley values of a piece of a tree for one row, by quadrature.
//!
//! A leaf's answer where only the players in a set are known is its votes times a product over the players
//! on its path: 1 or 0 for a known player (does the row follow the path?), the share of the sample that
//! follows it for one that is not known. With `z` the share and `o` the 0 or 1, the leaf contributes
//!
//! ```text
//! votes * (o_i - z_i) * integral over [0, 1] of the product over j != i of (z_j (1 - t) + o_j t) dt
//! ```
//!
//! to player `i` ([`super::super::quadrature`] says why). For each node of the rule the products of all
//! leaves share their beginnings and are summed from their ends, so one pass down and one up serve every
//! leaf and every player: time is linear in nodes times half the number of players on the longest path.
//! A player that is asked again has its factor replaced by one for both questions.
//!
//! Arithmetic is double. A float would halve the time, but a sum of a thousand trees would then stray from
//! LightGBM's by more than 1e-6, and the time goes elsewhere ([`super::memo`]).

use super::super::quadrature::Block;

/// No earlier node of the same player.
pub(super) const NONE: u32 = u32::MAX;

/// The way from a node's parent to the node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The node before on the path.
    pub(super) above: u32,
    /// The node nearest above whose link asks the same player, or [`NONE`].
    pub(super) before: u32,
    /// The player, numbered within the piece.
    pub(super) player: u32,
    /// Which answer says whether the row goes this way.
    pub(super) answer: u32,
    /// The answer with which it does.
    pub(super) side: bool,
    /// The share of the sample that follows all questions to this player up to here.
    pub(super) share: f64,
    /// The share of those before that go on: `share` divided by that of `before`.
    pub(super) step: f64,
}

/// A tree, or a part of it that holds some of its leaves and the paths to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    /// A link per node but the root, which is node 0; so node `i` has link `i - 1`.
    pub(super) links: Vec<Link>,
    /// Leaves: node, target within the piece, weight; ascending by target, then by node.
    pub(super) votes: Vec<(u32, u32, f64)>,
    /// How many players and targets there are.
    pub(super) players: usize,
    pub(super) targets: usize,
    /// The most players on one path.
    pub(super) longest: usize,
}

/// Memory of the walk, kept between rows.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// Per node whether the row follows all questions to the link's player up to here.
    follows: Vec<bool>,
    /// Per node whether the row comes here.
    reached: Vec<bool>,
    path: Vec<f64>,
    factors: Vec<f64>,
    inverse: Vec<f64>,
    below: Vec<f64>,
    sums: Vec<[f64; 2]>,
}

impl Piece {
    /// Numbers that [`Self::explain`] fills: per target those of the players, then the target's own votes.
    pub(super) fn width(&self) -> usize {
        self.targets * (self.players + 1)
    }

    /// Fills `out` with what each player contributes to each target for a row with these answers, and
    /// after the players of a target with what the leaf that the row comes to votes for it.
    pub(super) fn explain(&self, answers: &[u8], rule: &[Block], space: &mut Space, out: &mut [f64]) {
        out.fill(0.0);
        self.follow(answers, space);
        for &(node, target, weight) in &self.votes {
            if space.reached[node as usize] {
                out[target as usize * (self.players + 1) + self.players] += weight;
            }
        }
        for block in rule {
            match block.len {
                2 => self.pass::<2>(block, space, out),
                4 => self.pass::<4>(block, space, out),
                6 => self.pass::<6>(block, space, out),
                _ => self.pass::<8>(block, space, out),
            }
        }
    }

    fn follow(&self, answers: &[u8], space: &mut Space) {
        space.follows.clear();
        space.reached.clear();
        space.follows.push(true);
        space.reached.push(true);
        for link in &self.links {
            let takes = (answers[link.answer as usize] != 0) == link.side;
            let before = link.before == NONE || space.follows[link.before as usize];
            let reached = space.reached[link.above as usize];
            space.follows.push(takes && before);
            space.reached.push(takes && reached);
        }
    }

    fn pass<const K: usize>(&self, block: &Block, space: &mut Space, out: &mut [f64]) {
        let nodes = self.links.len() + 1;
        let Space { follows, path, factors, inverse, below, sums, .. } = space;
        for list in [&mut *path, factors, inverse, below] {
            list.resize(list.len().max(nodes * K), 0.0);
        }
        let (path, factors) = (lanes::<K>(path), lanes::<K>(factors));
        let (inverse, below) = (lanes::<K>(inverse), lanes::<K>(below));
        let (mut t, mut rest) = ([0.0; K], [0.0; K]);
        for lane in 0..K {
            t[lane] = block.nodes[lane];
            rest[lane] = 1.0 - block.nodes[lane];
            path[0][lane] = block.weights[lane];
        }
        let known = [[0.0; K], t];
        for (at, link) in self.links.iter().enumerate() {
            let node = at + 1;
            let above = path[link.above as usize];
            let add = &known[usize::from(follows[node])];
            let mut factor = [0.0; K];
            if link.before == NONE {
                for lane in 0..K {
                    factor[lane] = link.share * rest[lane] + add[lane];
                }
            } else if follows[link.before as usize] {
                let share = self.links[link.before as usize - 1].share;
                let inverse = &mut inverse[node];
                for lane in 0..K {
                    inverse[lane] = 1.0 / (share * rest[lane] + t[lane]);
                    factor[lane] = (link.share * rest[lane] + add[lane]) * inverse[lane];
                }
            } else {
                factor = [link.step; K];
            }
            let own = &mut path[node];
            for lane in 0..K {
                own[lane] = above[lane] * factor[lane];
            }
            factors[node] = factor;
        }
        let mut votes = self.votes.as_slice();
        for target in 0..self.targets {
            below[..nodes].fill([0.0; K]);
            sums.clear();
            sums.resize(self.players, [0.0; 2]);
            let count = votes.partition_point(|vote| vote.1 as usize <= target);
            let (own, others) = votes.split_at(count);
            votes = others;
            for &(node, _, weight) in own {
                below[node as usize] = [weight; K];
            }
            self.climb::<K>(follows, path, factors, inverse, below, sums);
            let out = &mut out[target * (self.players + 1)..];
            for (out, sum) in out.iter_mut().zip(&*sums) {
                *out += sum[0] + sum[1];
            }
        }
    }

    /// From the leaves to the root: what lies below each node, and what its link contributes.
    fn climb<const K: usize>(
        &self,
        follows: &[bool],
        path: &[[f64; K]],
        factors: &[[f64; K]],
        inverse: &[[f64; K]],
        below: &mut [[f64; K]],
        sums: &mut [[f64; 2]],
    ) {
        for (at, link) in self.links.iter().enumerate().rev() {
            let node = at + 1;
            let (own, factor, above) = (below[node], &factors[node], &path[link.above as usize]);
            let gain = f64::from(u8::from(follows[node])) - link.share;
            let mut terms = [0.0; K];
            for lane in 0..K {
                terms[lane] = above[lane] * own[lane];
            }
            if link.before == NONE {
                add(&mut sums[link.player as usize], &terms, gain);
            } else if follows[link.before as usize] {
                // What the node before has counted for the leaves below is taken off again.
                let counted = 1.0 - self.links[link.before as usize - 1].share;
                for lane in 0..K {
                    terms[lane] *= inverse[node][lane] * (gain - counted * factor[lane]);
                }
                add(&mut sums[link.player as usize], &terms, 1.0);
            }
            let above = &mut below[link.above as usize];
            for lane in 0..K {
                above[lane] += factor[lane] * own[lane];
            }
        }
    }
}

/// Adds the terms to a pair of sums, those of even lanes to the first.
fn add<const K: usize>(sum: &mut [f64; 2], terms: &[f64; K], gain: f64) {
    let mut pair = [0.0; 2];
    for lanes in terms.as_chunks::<2>().0 {
        pair[0] += lanes[0];
        pair[1] += lanes[1];
    }
    sum[0] += gain * pair[0];
    sum[1] += gain * pair[1];
}

fn lanes<const K: usize>(list: &mut [f64]) -> &mut [[f64; K]] {
    list.as_chunks_mut::<K>().0
}
