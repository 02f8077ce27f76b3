//! Contributions of models that are made to take memory: answers stay what they are, with any budget.

use std::sync::Arc;

use scorebox_core::Limits;
use scorebox_core::onnx::{Model, Value};
use scorebox_core::reasons::{Contributions, Explainer, Profile, Subject};

use super::ml_models::{float_list, ml, table, text_list};
use super::writer::{Message, attribute_int, attribute_ints};

const FEATURES: u64 = 300;

/// A small generator of numbers.
struct Seed(u64);

impl Seed {
    fn next(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Nodes of some trees, and votes.
#[derive(Default)]
struct Forest {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    features: Vec<i64>,
    yes: Vec<i64>,
    no: Vec<i64>,
    modes: Vec<&'static str>,
    thresholds: Vec<f32>,
    votes: [Vec<i64>; 3],
    weights: Vec<f32>,
}

impl Forest {
    fn push(&mut self, tree: i64, node: i64, split: Option<(i64, f32, i64, i64)>) {
        let (feature, threshold, yes, no) = split.unwrap_or_default();
        self.trees.push(tree);
        self.nodes.push(node);
        self.features.push(feature);
        self.thresholds.push(threshold);
        self.yes.push(yes);
        self.no.push(no);
        self.modes.push(if split.is_some() { "BRANCH_LEQ" } else { "LEAF" });
    }

    fn vote(&mut self, tree: i64, node: i64, target: i64, weight: f32) {
        for (list, value) in self.votes.iter_mut().zip([tree, node, target]) {
            list.push(value);
        }
        self.weights.push(weight);
    }

    fn model(&self, targets: i64) -> Message {
        let [trees, nodes, targets_of] = &self.votes;
        let attributes = [
            attribute_ints("nodes_treeids", &self.trees),
            attribute_ints("nodes_nodeids", &self.nodes),
            attribute_ints("nodes_featureids", &self.features),
            attribute_ints("nodes_truenodeids", &self.yes),
            attribute_ints("nodes_falsenodeids", &self.no),
            text_list("nodes_modes", &self.modes),
            float_list("nodes_values", &self.thresholds),
            attribute_ints("target_treeids", trees),
            attribute_ints("target_nodeids", nodes),
            attribute_ints("target_ids", targets_of),
            float_list("target_weights", &self.weights),
            attribute_int("n_targets", targets),
        ];
        ml("TreeEnsembleRegressor", 3, &attributes, &FEATURES.to_string(), &["Z"])
    }
}

/// Full trees in which every split asks another feature: nothing that is asked is asked again.
fn full_trees(count: i64, depth: u32) -> Forest {
    let mut forest = Forest::default();
    let mut seed = Seed(7);
    for tree in 0..count {
        let splits = (1_i64 << depth) - 1;
        for node in 0..splits {
            let feature = seed.next(FEATURES) as i64;
            let threshold = seed.next(9) as f32 - 4.0;
            forest.push(tree, node, Some((feature, threshold, 2 * node + 1, 2 * node + 2)));
        }
        for node in splits..=2 * splits {
            forest.push(tree, node, None);
            forest.vote(tree, node, seed.next(2) as i64, seed.next(1_000) as f32 / 500.0 - 1.0);
        }
    }
    forest
}

/// One path, all of whose splits ask the same of the same column, with a leaf that votes for a target of
/// its own at each.
fn path(depth: i64, threshold: impl Fn(i64) -> f32) -> Forest {
    let mut forest = Forest::default();
    for level in 0..depth {
        forest.push(0, 2 * level, Some((level % 2, threshold(level), 2 * level + 1, 2 * level + 2)));
        forest.push(0, 2 * level + 1, None);
        forest.vote(0, 2 * level + 1, level % 2, level as f32 / depth as f32);
    }
    forest.push(0, 2 * depth, None);
    forest.vote(0, 2 * depth, 0, 3.0);
    forest
}

fn rows(count: usize) -> Value {
    let mut seed = Seed(11);
    let values: Vec<f32> = (0..count * FEATURES as usize).map(|_| seed.next(11) as f32 - 5.0).collect();
    table(FEATURES as usize, &values)
}

fn load(message: &Message, reasons_bytes: usize) -> Arc<Model> {
    let limits = Limits { reasons_bytes, ..Limits::DEFAULT };
    Arc::new(Model::load(&message.0, &limits).unwrap())
}

fn profile(model: &Arc<Model>, sample: &Value) -> Profile {
    let mut measure = Subject::default().measure(model).unwrap();
    measure.add(&[("x0", sample)]).unwrap();
    measure.finish().unwrap()
}

/// Explains with several budgets, and holds all against what is computed without any table.
fn compare(message: &Message, count: usize) {
    let known = profile(&load(message, 0), &rows(200));
    let explain = |bytes: usize| {
        let mut explainer = Explainer::new(&load(message, bytes), &Subject::default(), Some(&known)).unwrap();
        let (mut found, mut again) = (Contributions::default(), Contributions::default());
        explainer.contributions(&[("x0", &rows(count))], &mut found).unwrap();
        explainer.contributions(&[("x0", &rows(count))], &mut again).unwrap();
        // What is remembered is what was computed.
        assert_eq!(found, again);
        found
    };
    let plain = explain(0);
    assert!(plain.values.iter().any(|value| value.abs() > 1e-3));
    for bytes in [20_000, 1 << 20, Limits::DEFAULT.reasons_bytes] {
        let found = explain(bytes);
        assert_eq!((found.rows, found.outputs), (plain.rows, plain.outputs));
        let pairs = found.values.iter().zip(&plain.values).chain(found.margins.iter().zip(&plain.margins));
        for (found, plain) in pairs {
            assert!((found - plain).abs() < 1e-12 * plain.abs().max(1.0), "{bytes}: {found}, plain {plain}");
        }
    }
}

#[test]
fn many_deep_trees_of_many_features_answer_alike_with_any_budget() {
    compare(&full_trees(24, 10).model(2), 12);
}

#[test]
fn splits_that_repeat_themselves_answer_alike_with_any_budget() {
    compare(&path(2_000, |_| 1.0).model(2), 5);
    compare(&path(2_000, |level| (level % 7) as f32).model(2), 5);
}
