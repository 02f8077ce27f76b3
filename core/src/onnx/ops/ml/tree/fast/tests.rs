//! Every kernel against the plain evaluator, bit for bit: random forests of every shape, comparison and
//! way of voting, on rows that lie on thresholds, beside them, and where floats are odd.

use proptest::prelude::*;

use super::super::aggregate::{self, Aggregate};
use super::super::ensemble::{Branch, Child, Ensemble, Forest, Precision, Test};
use super::{Fast, Scored, Work, build};

/// A small generator, so that one number tells a whole forest.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % count.max(1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Split anywhere until there are enough leaves.
    Any,
    /// All leaves at one depth.
    Full,
    /// Each split has a leaf.
    Chain,
    /// The tree is a leaf.
    Stump,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Votes {
    /// One per leaf, all for target 0.
    One,
    /// One per leaf, for a target of the tree's.
    OneEach,
    /// One for each target.
    All,
    /// Any number for any target.
    Any,
}

const EDGES: [f64; 14] = [
    f64::NEG_INFINITY,
    f64::INFINITY,
    f64::NAN,
    -0.0,
    0.0,
    1e-45,
    -1e-45,
    f32::MIN_POSITIVE as f64,
    f32::MAX as f64,
    f32::MIN as f64,
    1.0,
    -1.0,
    0.1,
    3.0,
];

struct Maker<T> {
    dice: Dice,
    forest: Forest<T>,
    features: usize,
    targets: usize,
    tests: Vec<Test>,
    pool: Vec<T>,
    leaves: u32,
}

impl<T: Fast> Maker<T> {
    fn leaf(&mut self, votes: Votes, tree: usize) -> Child {
        let list: Vec<u32> = match votes {
            Votes::One => vec![0],
            Votes::OneEach => vec![(tree % self.targets) as u32],
            Votes::All => (0..self.targets as u32).collect(),
            Votes::Any => (0..self.dice.below(4)).map(|_| self.dice.below(self.targets) as u32).collect(),
        };
        for target in list {
            self.forest.targets.push(target);
            let vote = (self.dice.below(2_000_001) as f64 - 1e6) * 1.000_001e-5;
            self.forest.votes.push(T::from_f64(vote));
        }
        self.forest.ends.push(self.forest.votes.len() as u32);
        self.leaves += 1;
        Child::leaf(self.leaves - 1)
    }

    fn tree(&mut self, shape: Shape, leaves: usize, votes: Votes, tree: usize) -> Child {
        if leaves <= 1 || matches!(shape, Shape::Stump) {
            return self.leaf(votes, tree);
        }
        let at = self.forest.branches.len();
        let test = self.tests[self.dice.below(self.tests.len())];
        let threshold = if test == Test::Member {
            // Sets are few, as those of a categorical feature are.
            T::from_place(self.dice.below(self.forest.set_ends.len()) as u32)
        } else {
            self.pool[self.dice.below(self.pool.len())]
        };
        let (feature, missing) = (self.dice.below(self.features), self.dice.one_in(3));
        self.forest.branches.push(Branch::new(threshold, feature as u32, test, missing));
        let first = match shape {
            Shape::Full => leaves / 2,
            Shape::Chain if self.dice.one_in(2) => 1,
            Shape::Chain => leaves - 1,
            _ => 1 + self.dice.below(leaves - 1),
        };
        let on_true = self.tree(shape, first, votes, tree);
        let on_false = self.tree(shape, leaves - first, votes, tree);
        (self.forest.branches[at].on_true, self.forest.branches[at].on_false) = (on_true, on_false);
        Child::branch(at as u32)
    }
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    trees: usize,
    leaves: usize,
    features: usize,
    targets: usize,
    thresholds: usize,
    shape: Shape,
    votes: Votes,
    aggregate: Aggregate,
    tests: Vec<Test>,
    rows: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = prop_oneof![
        4 => Just(Shape::Any), 2 => Just(Shape::Full), 2 => Just(Shape::Chain), 1 => Just(Shape::Stump)
    ];
    let votes = prop_oneof![3 => Just(Votes::One), 1 => Just(Votes::OneEach), 1 => Just(Votes::All), 1 => Just(Votes::Any)];
    let aggregate = prop_oneof![
        4 => Just(Aggregate::Sum), 1 => Just(Aggregate::Average), 1 => Just(Aggregate::Min), 1 => Just(Aggregate::Max)
    ];
    let all = vec![Test::Leq, Test::Lt, Test::Gte, Test::Gt, Test::Eq, Test::Neq, Test::Member];
    let tests = prop_oneof![
        Just(vec![Test::Leq]),
        Just(vec![Test::Lt]),
        Just(vec![Test::Gt]),
        Just(vec![Test::Leq, Test::Member]),
        Just(all)
    ];
    let sizes = (1usize..70, 1usize..150, 1usize..40, 1usize..4, 1usize..700);
    (any::<u64>(), sizes, shape, votes, aggregate, tests, 1usize..300).prop_map(
        |(seed, (trees, leaves, features, targets, thresholds), shape, votes, aggregate, tests, rows)| Case {
            seed,
            trees,
            leaves,
            features,
            targets,
            thresholds,
            shape,
            votes,
            aggregate,
            tests,
            rows,
        },
    )
}

/// What scores rows.
type Scorer<'a, T> = &'a mut dyn FnMut(&Forest<T>, &[T], &mut Scored<'_, T>);
/// The scores and what was voted for, as bits.
type Answer = (Vec<u64>, Vec<bool>);

fn check<T: Fast>(case: &Case) {
    let mut dice = Dice(case.seed);
    let number = |dice: &mut Dice| match dice.below(8) {
        0 => T::from_f64(EDGES[dice.below(EDGES.len())]),
        1 => T::from_f64(f64::from(f32::from_bits(dice.below(usize::MAX) as u32))),
        2 => T::from_f64((dice.below(40) as f64 - 20.0).exp2()),
        _ => T::from_f64((dice.below(4001) as f64 - 2000.0) / 100.0),
    };
    let pool: Vec<T> = (0..case.thresholds).map(|_| number(&mut dice)).collect();
    let mut forest = Forest::<T>::default();
    for _ in 0..6 {
        let mut set: Vec<T> = (0..dice.below(6)).map(|_| pool[dice.below(pool.len())]).collect();
        set.retain(|member| member.partial_cmp(member).is_some());
        set.sort_by(|a, b| a.partial_cmp(b).unwrap());
        set.dedup();
        forest.sets.extend(set);
        forest.set_ends.push(forest.sets.len() as u32);
    }
    let (features, targets, tests) = (case.features, case.targets, case.tests.clone());
    let mut maker = Maker { dice, forest, features, targets, tests, pool, leaves: 0 };
    for tree in 0..case.trees {
        let leaves = if maker.dice.one_in(9) { 1 } else { 1 + maker.dice.below(case.leaves) };
        let root = maker.tree(case.shape, leaves, case.votes, tree);
        maker.forest.roots.push(root);
    }
    let Maker { mut dice, mut forest, pool, leaves, .. } = maker;
    if case.votes == Votes::One {
        (forest.ends, forest.targets) = (Vec::new(), Vec::new());
    }
    let ensemble = Ensemble {
        forest: Precision::Single(Forest::default()),
        features,
        target_count: targets,
        leaf_count: leaves as usize,
        shared: false,
    };
    let width = features + dice.below(3);
    let rows: Vec<T> = (0..case.rows * width)
        .map(|_| match dice.below(5) {
            0 => number(&mut dice),
            1 => pool[dice.below(pool.len())].next_below(),
            _ => pool[dice.below(pool.len())],
        })
        .collect();
    let kernels = build(&forest, &ensemble, case.aggregate);
    let plain = answer(&forest, case, &rows, width, &mut |forest, rows, out| {
        aggregate::score_plainly(forest, case.aggregate, (rows, width), out);
    });
    let Some(kernels) = kernels else {
        // Only sets can be too many for the tables here.
        assert!(case.tests.len() > 1, "{case:?}");
        return;
    };
    assert!(kernels.bytes() > 0 || forest.branches.is_empty());
    let mut work = Work::default();
    let mut fast = |forest: &Forest<T>, rows: &[T], out: &mut Scored<'_, T>| {
        aggregate::score_fast(&kernels, forest, case.aggregate, (rows, width), out, &mut work);
    };
    assert_eq!(answer(&forest, case, &rows, width, &mut fast), plain, "at once: {case:?}");
    let parts = |size: usize, fast: Scorer<'_, T>| {
        let mut whole: Answer = Default::default();
        for rows in rows.chunks(size * width) {
            let part = answer(&forest, case, rows, width, fast);
            whole.0.extend(part.0);
            whole.1.extend(part.1);
        }
        whole
    };
    let size = 1 + dice.below(case.rows);
    assert_eq!(parts(size, &mut fast), plain, "{size} at a time: {case:?}");
    assert_eq!(parts(1, &mut fast), plain, "one at a time: {case:?}");
}

fn answer<T: Fast>(
    forest: &Forest<T>,
    case: &Case,
    rows: &[T],
    width: usize,
    score: Scorer<'_, T>,
) -> Answer {
    let count = rows.len() / width * case.targets;
    let (mut scores, mut seen) = (vec![T::ZERO; count], vec![false; count]);
    score(forest, rows, &mut Scored { targets: case.targets, scores: &mut scores, seen: &mut seen });
    (scores.iter().map(|score| score.to_f64().to_bits()).collect(), seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn kernels_give_the_bits_of_the_plain_evaluator(case in cases()) {
        check::<f32>(&case);
        check::<f64>(&case);
    }
}

fn case() -> Case {
    Case {
        seed: 7,
        trees: 40,
        leaves: 31,
        features: 20,
        targets: 1,
        thresholds: 300,
        shape: Shape::Any,
        votes: Votes::One,
        aggregate: Aggregate::Sum,
        tests: vec![Test::Leq],
        rows: 300,
    }
}

#[test]
fn the_shapes_that_kernels_are_chosen_by_are_all_met() {
    check::<f32>(&case());
    // Exits: 32 go by planes, 64 by tables, more lead below.
    for leaves in [32, 33, 64, 65, 66, 130, 500] {
        check::<f32>(&Case { leaves, shape: Shape::Full, ..case() });
        check::<f32>(&Case { leaves, shape: Shape::Chain, ..case() });
    }
    // More than 255 thresholds of one feature, and more than 1,023 in tops.
    check::<f32>(&Case { features: 1, thresholds: 5000, trees: 60, leaves: 64, ..case() });
    // Hundreds of columns and few trees: no lanes.
    check::<f32>(&Case { features: 900, trees: 10, ..case() });
    // One tree, no tree with a split.
    check::<f32>(&Case { trees: 1, ..case() });
    check::<f32>(&Case { shape: Shape::Stump, ..case() });
}

#[test]
fn what_the_tables_do_not_take_is_scored_plainly() {
    let mut forest = Forest::<f32>::default();
    forest.roots.push(Child::leaf(0));
    forest.votes.push(1.0);
    let mut ensemble = Ensemble {
        forest: Precision::Single(Forest::default()),
        features: 1 << 20,
        target_count: 1,
        leaf_count: 1,
        shared: false,
    };
    assert!(build(&forest, &ensemble, Aggregate::Sum).is_none());
    ensemble.features = 1;
    assert!(build(&forest, &ensemble, Aggregate::Sum).is_some());
    // Small forests are not worth it, shared nodes not possible.
    assert!(super::choose(&forest, &ensemble, Aggregate::Sum).is_none());
}

#[test]
fn a_path_of_thousands_of_splits_has_tables_as_small_as_itself() {
    let depth = 20_000;
    let mut forest = Forest::<f32>::default();
    forest.roots.push(Child::branch(0));
    for at in 0..depth {
        let mut branch = Branch::new(at as f32, 0, Test::Leq, false);
        (branch.on_true, branch.on_false) = (Child::leaf(at), Child::branch(at + 1));
        forest.branches.push(branch);
        forest.votes.push(at as f32);
    }
    forest.branches[depth as usize - 1].on_false = Child::leaf(depth);
    forest.votes.push(depth as f32);
    let ensemble = Ensemble {
        forest: Precision::Single(Forest::default()),
        features: 1,
        target_count: 1,
        leaf_count: depth as usize + 1,
        shared: false,
    };
    let kernels = build(&forest, &ensemble, Aggregate::Sum).unwrap();
    assert!(kernels.bytes() < 40 * depth as usize);
    let rows = [-1.0, 10.0, 10_000.5, 1e9, f32::NAN];
    let (mut scores, mut seen, mut work) = (vec![0.0; 5], vec![false; 5], Work::default());
    let mut out = Scored { targets: 1, scores: &mut scores, seen: &mut seen };
    aggregate::score_fast(&kernels, &forest, Aggregate::Sum, (&rows, 1), &mut out, &mut work);
    assert_eq!(scores, [0.0, 10.0, 10_001.0, 20_000.0, 20_000.0]);
}
