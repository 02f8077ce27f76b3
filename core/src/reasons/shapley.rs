//! Shapley values of decision trees, path-dependent: what each feature of a row contributes to a tree's
//! answer, where a feature that is "not known" is answered by the training rows of each node.
//!
//! The algorithm is TreeSHAP (S. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized feature
//! attribution for tree ensembles", 2018, algorithm 2): one walk over the tree keeps, for every feature on
//! the path, the share of training rows that would pass without it, and the weights of all subset sizes.
//! Cost: leaves x (distinct features on a path) squared. Arithmetic is double throughout, and the walk
//! keeps its own stack, so that a tree of any depth is safe.

/// A tree as the walk needs it: per node two children, or values.
#[derive(Clone, Debug, Default)]
pub struct TreeShape {
    /// Per node the child that is taken where the split holds; [`LEAF`] for leaves.
    pub on_true: Vec<u32>,
    /// Per node the child that is taken where it does not hold.
    pub on_false: Vec<u32>,
    /// Per node the feature that it splits on.
    pub feature: Vec<u32>,
    /// Per node how many training rows reached it.
    pub cover: Vec<f64>,
    /// Per node `outputs` values; those of splits are not read.
    pub values: Vec<f64>,
}

/// Marks a node without children.
pub const LEAF: u32 = u32::MAX;

/// A feature on the path from the root.
#[derive(Clone, Copy, Debug)]
struct Step {
    feature: u32,
    /// Share of the training rows that go on along the path where the feature is not known.
    zero: f64,
    /// 1 where the row itself goes on along the path, 0 where it does not.
    one: f64,
    /// Weight of the subsets of as many features as the step's place.
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

/// Reusable memory of the walk.
#[derive(Default)]
pub struct Walk {
    visits: Vec<Visit>,
    steps: Vec<Step>,
}

impl TreeShape {
    /// The shares of a split's rows that go to its two children. A node that no training row reached
    /// has even shares: any pair that adds up to one keeps the sum of contributions right.
    fn shares(&self, node: usize) -> (f64, f64) {
        let cover = |child: u32| self.cover.get(child as usize).copied().unwrap_or(0.0);
        let (yes, no) = (cover(self.on_true[node]), cover(self.on_false[node]));
        let all = yes + no;
        if all > 0.0 { (yes / all, no / all) } else { (0.5, 0.5) }
    }

    /// Adds the tree's mean answer over the training rows to `base`, one value per output.
    pub fn add_mean(&self, outputs: usize, base: &mut [f64]) {
        let mut stack = vec![(0u32, 1.0)];
        while let Some((node, share)) = stack.pop() {
            let at = node as usize;
            if self.on_true[at] == LEAF {
                let values = &self.values[at * outputs..(at + 1) * outputs];
                for (sum, value) in base.iter_mut().zip(values) {
                    *sum += share * value;
                }
            } else {
                let (yes, no) = self.shares(at);
                stack.push((self.on_false[at], share * no));
                stack.push((self.on_true[at], share * yes));
            }
        }
    }

    /// Adds what each feature contributes to the answer for one row. `holds` says whether the split of a
    /// node holds for the row. `contributions` has `features` values per output, output after output.
    pub fn add_contributions(
        &self,
        outputs: usize,
        holds: impl Fn(usize) -> bool,
        walk: &mut Walk,
        contributions: &mut [f64],
    ) {
        let features = contributions.len() / outputs.max(1);
        walk.visits.clear();
        walk.steps.clear();
        walk.visits.push(Visit { node: 0, start: 0, len: 0, step: (LEAF, 1.0, 1.0) });
        while let Some(Visit { node, start, len, step }) = walk.visits.pop() {
            // Paths of nodes visited earlier lie behind `start + len` and are done with.
            walk.steps.truncate(start + len);
            let own = walk.steps.len();
            walk.steps.extend_from_within(start..start + len);
            extend(&mut walk.steps, own, step);
            let at = node as usize;
            if self.on_true[at] == LEAF {
                let values = &self.values[at * outputs..(at + 1) * outputs];
                let path = &walk.steps[own..];
                for place in 1..path.len() {
                    let Step { feature, zero, one, .. } = path[place];
                    let share = unwound_sum(path, place) * (one - zero);
                    for (output, value) in values.iter().enumerate() {
                        contributions[output * features + feature as usize] += share * value;
                    }
                }
                continue;
            }
            let feature = self.feature[at];
            let (mut zero, mut one) = (1.0, 1.0);
            if let Some(place) = walk.steps[own + 1..].iter().position(|step| step.feature == feature) {
                let earlier = walk.steps[own + 1 + place];
                (zero, one) = (earlier.zero, earlier.one);
                unwind(&mut walk.steps, own, place + 1);
            }
            let (yes, no) = self.shares(at);
            let (hot, cold) = if holds(at) {
                ((self.on_true[at], yes), (self.on_false[at], no))
            } else {
                ((self.on_false[at], no), (self.on_true[at], yes))
            };
            let len = walk.steps.len() - own;
            // A branch that neither the row nor any training row takes has weight zero everywhere.
            for ((child, share), one) in [(cold, 0.0), (hot, one)] {
                let zero = zero * share;
                if zero != 0.0 || one != 0.0 {
                    walk.visits.push(Visit { node: child, start: own, len, step: (feature, zero, one) });
                }
            }
        }
    }
}

/// Appends a step and brings the weights of all subset sizes up to date.
fn extend(steps: &mut Vec<Step>, own: usize, (feature, zero, one): (u32, f64, f64)) {
    let len = steps.len() - own;
    steps.push(Step { feature, zero, one, weight: if len == 0 { 1.0 } else { 0.0 } });
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
        let Step { feature, zero, one, .. } = path[at + 1];
        path[at] = Step { feature, zero, one, weight: path[at].weight };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree over `depth` levels with features and covers from a small generator of numbers.
    fn grow(depth: u32, features: u32, seed: u64) -> TreeShape {
        let mut state = seed;
        let mut next = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        let nodes = (1usize << (depth + 1)) - 1;
        let inner = (1usize << depth) - 1;
        let mut tree =
            TreeShape { values: vec![0.0; nodes], cover: vec![0.0; nodes], ..TreeShape::default() };
        for node in 0..nodes {
            let leaf = node >= inner;
            tree.on_true.push(if leaf { LEAF } else { 2 * node as u32 + 1 });
            tree.on_false.push(if leaf { LEAF } else { 2 * node as u32 + 2 });
            tree.feature.push(next(u64::from(features)) as u32);
            if leaf {
                tree.values[node] = next(1_000) as f64 / 100.0 - 5.0;
                // Some leaves are reached by no training row at all.
                tree.cover[node] = next(5) as f64;
            }
        }
        for node in (0..inner).rev() {
            tree.cover[node] = tree.cover[2 * node + 1] + tree.cover[2 * node + 2];
        }
        tree
    }

    /// The answer where only the features in `known` are known: the definition, written down.
    fn answer(tree: &TreeShape, node: usize, known: u32, row: u32) -> f64 {
        if tree.on_true[node] == LEAF {
            return tree.values[node];
        }
        let child = |child: u32| answer(tree, child as usize, known, row);
        let feature = tree.feature[node];
        if known >> feature & 1 == 1 {
            return child(if row >> feature & 1 == 1 { tree.on_true[node] } else { tree.on_false[node] });
        }
        let (yes, no) = tree.shares(node);
        yes * child(tree.on_true[node]) + no * child(tree.on_false[node])
    }

    #[test]
    fn contributions_are_the_shapley_values_of_the_definition() {
        let features = 4u32;
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        for seed in 0..40 {
            let tree = grow(2 + seed as u32 % 4, features, seed);
            for row in 0..1 << features {
                let mut found = vec![0.0; features as usize];
                // The split of a node holds where the row has the bit of the node's feature.
                let holds = |node: usize| row >> tree.feature[node] & 1 == 1;
                tree.add_contributions(1, holds, &mut Walk::default(), &mut found);
                for feature in 0..features {
                    let mut wanted = 0.0;
                    for known in (0..1u32 << features).filter(|known| known >> feature & 1 == 0) {
                        let size = known.count_ones();
                        let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
                        let gain = answer(&tree, 0, known | 1 << feature, row) - answer(&tree, 0, known, row);
                        wanted += weight * gain;
                    }
                    let found = found[feature as usize];
                    assert!((found - wanted).abs() < 1e-9, "seed {seed} row {row}: {found}, want {wanted}");
                }
                let mut base = [0.0];
                tree.add_mean(1, &mut base);
                let sum = base[0] + found.iter().sum::<f64>();
                assert!((sum - answer(&tree, 0, u32::MAX, row)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn several_outputs_are_several_trees() {
        let tree = grow(3, 3, 7);
        let mut pair = tree.clone();
        pair.values = tree.values.iter().flat_map(|value| [*value, -2.0 * value]).collect();
        let (mut one, mut two) = (vec![0.0; 3], vec![0.0; 6]);
        tree.add_contributions(1, |node| node % 2 == 0, &mut Walk::default(), &mut one);
        pair.add_contributions(2, |node| node % 2 == 0, &mut Walk::default(), &mut two);
        for feature in 0..3 {
            assert!((two[feature] - one[feature]).abs() < 1e-12);
            assert!((two[3 + feature] + 2.0 * one[feature]).abs() < 1e-12);
        }
    }

    #[test]
    fn a_path_of_twenty_thousand_nodes_is_walked() {
        let depth = 20_000u32;
        let mut tree = TreeShape::default();
        for node in 0..depth {
            tree.on_true.extend([2 * node + 1, LEAF]);
            tree.on_false.extend([2 * node + 2, LEAF]);
            tree.feature.extend([node % 3, 0]);
            tree.cover.extend([f64::from(depth - node) + 1.0, 1.0]);
            tree.values.extend([0.0, 1.0]);
        }
        tree.on_true.push(LEAF);
        tree.on_false.push(LEAF);
        tree.feature.push(0);
        tree.cover.push(1.0);
        tree.values.push(5.0);
        let mut found = vec![0.0; 3];
        tree.add_contributions(1, |_| false, &mut Walk::default(), &mut found);
        let mut base = [0.0];
        tree.add_mean(1, &mut base);
        assert!((base[0] + found.iter().sum::<f64>() - 5.0).abs() < 1e-6);
    }
}
