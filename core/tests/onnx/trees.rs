//! Tree ensembles: where rows go, what votes come to, and which structures are refused.

use scorebox_core::onnx::{Data, Shape, Tensor, Value};

use super::ml_models::{
    DOUBLE, Stump, classifier, doubles, float_list, floats_of, integers, ml, one, regressor, stumps, table,
    tensor, text, text_list,
};
use super::writer::{FLOAT, INT64, Message, attribute_int, attribute_ints, numbers, refusal, run, value};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

/// Which values go to the true leaf (weight 1) rather than the false one (weight 2).
fn true_for(mode: &'static str, threshold: f32, missing_is_true: bool, values: &[f32]) -> Vec<bool> {
    let stump = Stump { missing_is_true, ..Stump::new(mode, threshold) };
    let other = Stump::new("BRANCH_LEQ", 0.0);
    let x = table(1, values);
    let alone = floats_of(&regressor(&[stump], 1, &[]), &x);
    // With a second kind of comparison beside it, the tree takes the way of mixed modes.
    let stump = Stump { missing_is_true, ..Stump::new(mode, threshold) };
    let beside = floats_of(&regressor(&[stump, other], 1, &[]), &x);
    let second: Vec<f32> = values.iter().map(|x| if *x <= 0.0 { 1.0 } else { 2.0 }).collect();
    let apart: Vec<f32> = beside.iter().zip(second).map(|(both, second)| both - second).collect();
    assert_eq!(alone, apart, "{mode}");
    alone.into_iter().map(|weight| weight == 1.0).collect()
}

#[test]
fn every_mode_compares_exactly_at_the_threshold() {
    let below = 0.5f32.next_down();
    let values = [below, 0.5, 0.5f32.next_up(), INF, -INF, NAN];
    for (mode, wanted) in [
        ("BRANCH_LEQ", [true, true, false, false, true]),
        ("BRANCH_LT", [true, false, false, false, true]),
        ("BRANCH_GTE", [false, true, true, true, false]),
        ("BRANCH_GT", [false, false, true, true, false]),
        ("BRANCH_EQ", [false, true, false, false, false]),
        ("BRANCH_NEQ", [true, false, true, true, true]),
    ] {
        for missing in [false, true] {
            let mut wanted = wanted.to_vec();
            wanted.push(missing);
            assert_eq!(true_for(mode, 0.5, missing, &values), wanted, "{mode} {missing}");
        }
    }
}

#[test]
fn zeros_are_equal_and_denormals_are_not_zero() {
    let tiny = f32::from_bits(1);
    assert_eq!(true_for("BRANCH_LEQ", 0.0, false, &[-0.0, 0.0, tiny, -tiny]), [true, true, false, true]);
    assert_eq!(true_for("BRANCH_EQ", -0.0, false, &[-0.0, 0.0, tiny]), [true, true, false]);
}

#[test]
fn thresholds_that_are_no_numbers_follow_the_rules_of_comparison() {
    assert_eq!(true_for("BRANCH_LEQ", NAN, false, &[0.0, NAN]), [false, false]);
    assert_eq!(true_for("BRANCH_NEQ", NAN, false, &[0.0, NAN]), [true, false]);
    assert_eq!(true_for("BRANCH_LT", INF, false, &[1.0, INF]), [true, false]);
}

#[test]
fn doubles_are_compared_as_doubles() {
    let near = 0.1f64 + 1e-12;
    let mut attributes = stumps("target", &[Stump::new("BRANCH_LEQ", 0.0)]);
    attributes.retain(|message| !message.0.windows(12).any(|part| part == b"nodes_values"));
    attributes.extend([doubles("nodes_values_as_tensor", &[0.1, 0.0, 0.0]), attribute_int("n_targets", 1)]);
    let inputs = [value("x0", DOUBLE, &["N", "1"])];
    let model = one(("ai.onnx.ml", "TreeEnsembleRegressor", 3), &attributes, &inputs, &["Z"]);
    let x = Value::Tensor(Tensor::new(Shape::matrix(2, 1), Data::F64(vec![0.1, near])).unwrap());
    assert_eq!(floats_of(&model, &x), [1.0, 2.0]);
    // The float nearest to 0.1 is above it.
    let model = ml("TreeEnsembleRegressor", 3, &attributes, "1", &["Z"]);
    assert_eq!(floats_of(&model, &table(1, &[0.1, 0.099_999_99])), [2.0, 1.0]);
}

#[test]
fn integers_are_features_too() {
    let mut attributes = stumps("target", &[Stump::new("BRANCH_LT", 2.0)]);
    attributes.push(attribute_int("n_targets", 1));
    let model = one(
        ("ai.onnx.ml", "TreeEnsembleRegressor", 1),
        &attributes,
        &[value("x0", INT64, &["N", "1"])],
        &["Z"],
    );
    let x = Value::Tensor(Tensor::new(Shape::matrix(2, 1), Data::I64(vec![1, 2])).unwrap());
    assert_eq!(floats_of(&model, &x), [1.0, 2.0]);
}

fn pair() -> [Stump; 2] {
    [
        Stump::votes(&[(0, 1.0), (1, -4.0)], &[(0, 5.0)]),
        Stump::votes(&[(0, -3.0)], &[(0, 7.0), (1, 2.0), (1, 0.5)]),
    ]
}

#[test]
fn aggregates_combine_the_votes_of_all_trees() {
    for (aggregate, wanted) in [
        ("SUM", [-2.0, -4.0, 12.0, 2.5]),
        ("AVERAGE", [-1.0, -2.0, 6.0, 1.25]),
        ("MIN", [-3.0, -4.0, 5.0, 0.5]),
        ("MAX", [1.0, -4.0, 7.0, 2.0]),
    ] {
        let aggregate = text("aggregate_function", aggregate);
        let x = table(1, &[-1.0, 1.0]);
        assert_eq!(floats_of(&regressor(&pair(), 2, std::slice::from_ref(&aggregate)), &x), wanted);
        let base = float_list("base_values", &[10.0, 20.0]);
        let wanted: Vec<f32> =
            wanted.iter().zip([10.0, 20.0, 10.0, 20.0]).map(|(sum, base)| sum + base).collect();
        assert_eq!(floats_of(&regressor(&pair(), 2, &[aggregate, base]), &x), wanted);
    }
}

#[test]
fn transforms_come_last() {
    let x = table(1, &[-1.0]);
    let transformed = |name: &str| floats_of(&regressor(&pair(), 2, &[text("post_transform", name)]), &x);
    let close = |found: &[f32], wanted: &[f32]| {
        found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6)
    };
    assert_eq!(transformed("NONE"), [-2.0, -4.0]);
    assert!(close(&transformed("LOGISTIC"), &[0.119_202_92, 0.017_986_21]));
    assert!(close(&transformed("SOFTMAX"), &[0.880_797, 0.119_202_92]));
    assert!(close(&transformed("SOFTMAX_ZERO"), &[0.880_797, 0.119_202_92]));
    assert!(transformed("PROBIT")[0].is_nan());
    let one = Stump::votes(&[(0, 0.8)], &[(0, 0.3)]);
    let probit =
        floats_of(&regressor(&[one], 1, &[text("post_transform", "PROBIT")]), &table(1, &[-1.0, 1.0]));
    assert!(close(&probit, &[0.841_756, -0.524_446]));
}

#[test]
fn a_batch_gives_the_bits_of_its_rows() {
    let trees: Vec<Stump> = (0..50)
        .map(|at| Stump { threshold: at as f32 / 10.0, ..Stump::votes(&[(0, 0.1)], &[(0, 1e-7)]) })
        .collect();
    let model = regressor(&trees, 1, &[]);
    let values: Vec<f32> = (0..200).map(|at| at as f32 / 40.0).collect();
    let batch = floats_of(&model, &table(1, &values));
    for (value, wanted) in values.iter().zip(batch) {
        assert_eq!(floats_of(&model, &table(1, &[*value]))[0].to_bits(), wanted.to_bits());
    }
    assert!(floats_of(&model, &table(1, &[])).is_empty());
}

fn decide(trees: &[Stump], labels: &[i64], more: &[Message], values: &[f32]) -> (Vec<i64>, Vec<f32>) {
    let made = run(&classifier(trees, labels, more), &[("x0", &table(1, values))]).unwrap();
    (integers(&made[0]), numbers(&made[1]))
}

#[test]
fn two_classes_as_gradient_boosting_writes_them() {
    // Margins of class 0 stand for the second label; compared with zero.
    let tree = || Stump::votes(&[(0, -2.0)], &[(0, 2.0)]);
    let logistic = text("post_transform", "LOGISTIC");
    let (labels, scores) = decide(&[tree()], &[5, 7], std::slice::from_ref(&logistic), &[-1.0, 1.0]);
    assert_eq!(labels, [5, 7]);
    assert!((scores[1] - 0.119_202_92).abs() < 1e-6 && (scores[3] - 0.880_797).abs() < 1e-6);
    assert!((scores[0] + scores[1] - 1.0).abs() < 1e-6);
    // One base value belongs to the one margin.
    let base = float_list("base_values", &[2.5]);
    let (labels, scores) = decide(&[tree()], &[5, 7], &[logistic, base.clone()], &[-1.0]);
    assert_eq!(labels, [7]);
    assert!((scores[1] - 0.622_459_3).abs() < 1e-6);
    let (labels, scores) = decide(&[tree()], &[5, 7], &[base], &[-1.0, 1.0]);
    assert_eq!((labels, scores), (vec![7, 7], vec![-0.5, 0.5, -4.5, 4.5]));
    // A margin of exactly zero is the first label.
    let (labels, _) = decide(&[Stump::votes(&[(0, -1.0)], &[(0, 0.0)])], &[5, 7], &[], &[-1.0, 1.0]);
    assert_eq!(labels, [5, 5]);
}

#[test]
fn two_classes_as_random_forests_write_them() {
    // No negative weight: probabilities of the second label, compared with a half.
    let (labels, scores) = decide(&[Stump::votes(&[(0, 0.5)], &[(0, 0.75)])], &[5, 7], &[], &[-1.0, 1.0]);
    assert_eq!((labels, scores), (vec![5, 7], vec![0.5, 0.5, 0.25, 0.75]));
}

#[test]
fn two_classes_with_votes_for_both_are_what_they_say() {
    let tree = || Stump::votes(&[(0, 0.75), (1, 0.25)], &[(0, 0.25), (1, 0.75)]);
    assert_eq!(decide(&[tree()], &[5, 7], &[], &[-1.0, 1.0]), (vec![5, 7], vec![0.75, 0.25, 0.25, 0.75]));
    let base = float_list("base_values", &[0.0, 1.0]);
    assert_eq!(decide(&[tree()], &[5, 7], &[base], &[-1.0]), (vec![7], vec![0.75, 1.25]));
    let second = Stump::votes(&[(1, 0.25)], &[(1, 0.75)]);
    assert_eq!(decide(&[second], &[5, 7], &[], &[-1.0, 1.0]), (vec![5, 7], vec![0.0, 0.25, 0.0, 0.75]));
}

#[test]
fn three_classes_take_the_best_that_has_votes() {
    let tree = Stump::votes(&[(0, -1.0), (1, -2.0)], &[(2, 1.0)]);
    let (labels, scores) = decide(&[tree], &[5, 6, 7], &[], &[-1.0, 1.0]);
    assert_eq!((labels, scores), (vec![5, 7], vec![-1.0, -2.0, 0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn labels_may_be_texts() {
    let mut attributes = stumps("class", &[Stump::votes(&[(0, -1.0)], &[(0, 1.0)])]);
    attributes.push(text_list("classlabels_strings", &["gut", "schlecht"]));
    let model = ml("TreeEnsembleClassifier", 1, &attributes, "1", &["L", "Z"]);
    let made = run(&model, &[("x0", &table(1, &[-1.0, 1.0]))]).unwrap();
    assert_eq!(super::ml_models::texts(&made[0]), ["gut", "schlecht"]);
}

/// Nodes of one tree: feature, mode, threshold, true child, false child; leaves weigh their number.
fn tree(nodes: &[(i64, &str, f32, i64, i64)]) -> Message {
    let list = |of: &dyn Fn(usize) -> i64| (0..nodes.len()).map(of).collect::<Vec<i64>>();
    let leaves: Vec<i64> = (0..nodes.len() as i64).filter(|&at| nodes[at as usize].1 == "LEAF").collect();
    let weights: Vec<f32> = leaves.iter().map(|&leaf| leaf as f32).collect();
    let attributes = [
        attribute_ints("nodes_treeids", &list(&|_| 0)),
        attribute_ints("nodes_nodeids", &list(&|at| at as i64)),
        attribute_ints("nodes_featureids", &list(&|at| nodes[at].0)),
        attribute_ints("nodes_truenodeids", &list(&|at| nodes[at].3)),
        attribute_ints("nodes_falsenodeids", &list(&|at| nodes[at].4)),
        text_list("nodes_modes", &nodes.iter().map(|node| node.1).collect::<Vec<_>>()),
        float_list("nodes_values", &nodes.iter().map(|node| node.2).collect::<Vec<_>>()),
        attribute_ints("target_treeids", &vec![0; leaves.len()]),
        attribute_ints("target_nodeids", &leaves),
        attribute_ints("target_ids", &vec![0; leaves.len()]),
        float_list("target_weights", &weights),
        attribute_int("n_targets", 1),
    ];
    ml("TreeEnsembleRegressor", 1, &attributes, "2", &["Z"])
}

const LEQ: &str = "BRANCH_LEQ";
const EQ: &str = "BRANCH_EQ";
const LEAF: (i64, &str, f32, i64, i64) = (0, "LEAF", 0.0, 0, 0);

#[test]
fn structures_that_are_no_trees_are_refused_with_the_node() {
    for (nodes, wanted) in [
        (vec![(0, LEQ, 0.0, 0, 1), LEAF], "node 0 of tree 0 leads to node 0"),
        (vec![(0, LEQ, 0.0, 1, 2), (0, LEQ, 1.0, 3, 4), LEAF, (0, LEQ, 2.0, 1, 4), LEAF], "cycle"),
        (vec![(0, LEQ, 0.0, 1, 9), LEAF, LEAF], "leads to node 9"),
        (vec![(0, LEQ, 0.0, 1, -1), LEAF, LEAF], "leads to node -1"),
        (vec![(2, LEQ, 0.0, 1, 2), LEAF, LEAF], "feature 2, the input has 2 columns"),
        (vec![(-1, LEQ, 0.0, 1, 2), LEAF, LEAF], "feature -1"),
        (vec![(0, "BRANCH_FOO", 0.0, 1, 2), LEAF, LEAF], "BRANCH_FOO"),
    ] {
        let message = refusal(&tree(&nodes));
        assert!(message.contains(wanted) && message.contains("TreeEnsembleRegressor"), "{message}");
    }
    for (more, wanted) in [
        (attribute_ints("nodes_hitrates_", &[]), "nodes_hitrates_"),
        (float_list("base_values", &[1.0, 2.0]), "base_values"),
        (text("aggregate_function", "MEDIAN"), "MEDIAN"),
        (text("post_transform", "TANH"), "TANH"),
        (doubles("nodes_values_as_tensor", &[1.0; 3]), "twice"),
    ] {
        let message = refusal(&regressor(&[Stump::new(LEQ, 0.0)], 1, &[more]));
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn chains_of_equality_are_sets_and_shared_children_are_allowed() {
    // Is x one of 1, 3, 5: three tests that lead to one leaf.
    let chain = [(0, EQ, 1.0, 3, 1), (0, EQ, 5.0, 3, 2), (0, EQ, 3.0, 3, 4), LEAF, LEAF];
    let x = table(2, &[1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 5.0, 0.0, NAN, 0.0]);
    assert_eq!(floats_of(&tree(&chain), &x), [3.0, 4.0, 3.0, 3.0, 4.0]);
    let shared = [(0, LEQ, 1.0, 1, 2), (1, LEQ, 0.0, 3, 4), (1, LEQ, 5.0, 3, 4), LEAF, LEAF];
    let x = table(2, &[1.0, 0.0, 2.0, 5.0, 1.0, 1.0]);
    assert_eq!(floats_of(&tree(&shared), &x), [3.0, 3.0, 4.0]);
}

#[test]
fn a_path_of_twenty_thousand_splits_loads_and_scores() {
    let depth = 20_000i64;
    let mut nodes = Vec::new();
    for at in 0..depth {
        nodes.push((0, LEQ, at as f32, 2 * at + 1, 2 * at + 2));
        nodes.push(LEAF);
    }
    nodes.push(LEAF);
    let x = table(2, &[-1.0, 0.0, 10_000.5, 0.0, 1e9, 0.0]);
    assert_eq!(floats_of(&tree(&nodes), &x), [1.0, 20_003.0, 40_000.0]);
}

#[test]
fn nodes_may_be_listed_in_any_order_after_the_root() {
    let attributes = [
        attribute_ints("nodes_treeids", &[7, 7, 7, 2]),
        attribute_ints("nodes_nodeids", &[4, 9, 1, 0]),
        attribute_ints("nodes_featureids", &[0, 0, 0, 0]),
        attribute_ints("nodes_truenodeids", &[1, 0, 0, 0]),
        attribute_ints("nodes_falsenodeids", &[9, 0, 0, 0]),
        text_list("nodes_modes", &[LEQ, "LEAF", "LEAF", "LEAF"]),
        float_list("nodes_values", &[0.0; 4]),
        attribute_ints("target_treeids", &[2, 7, 7]),
        attribute_ints("target_nodeids", &[0, 1, 9]),
        attribute_ints("target_ids", &[0, 0, 0]),
        float_list("target_weights", &[100.0, 1.0, 2.0]),
        attribute_int("n_targets", 1),
    ];
    let model = ml("TreeEnsembleRegressor", 1, &attributes, "1", &["Z"]);
    assert_eq!(floats_of(&model, &table(1, &[-1.0, 1.0])), [101.0, 102.0]);
    let twice = [attribute_ints("nodes_nodeids", &[4, 9, 9, 0])]
        .iter()
        .chain(&attributes[..1])
        .chain(&attributes[2..])
        .cloned()
        .collect::<Vec<_>>();
    assert!(refusal(&ml("TreeEnsembleRegressor", 1, &twice, "1", &["Z"])).contains("listed twice"));
}

fn floats_tensor(name: &str, values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|number| number.to_le_bytes()).collect();
    tensor(name, FLOAT, &raw, values.len())
}

/// TreeEnsemble of version 5: one split on column 0, then leaves 0 and 1.
fn flat(mode: u8, more: &[Message]) -> Message {
    let mut attributes = vec![
        tensor("nodes_modes", 2, &[mode], 1),
        floats_tensor("nodes_splits", &[2.0]),
        floats_tensor("leaf_weights", &[1.0, 2.0]),
        attribute_ints("nodes_featureids", &[0]),
        attribute_ints("nodes_truenodeids", &[0]),
        attribute_ints("nodes_trueleafs", &[1]),
        attribute_ints("nodes_falsenodeids", &[1]),
        attribute_ints("nodes_falseleafs", &[1]),
        attribute_ints("tree_roots", &[0]),
        attribute_ints("leaf_targetids", &[0, 1]),
        attribute_int("n_targets", 2),
    ];
    attributes.extend_from_slice(more);
    ml("TreeEnsemble", 5, &attributes, "1", &["Z"])
}

#[test]
fn version_five_splits_and_sets() {
    let x = table(1, &[1.0, 2.0, 3.0, NAN]);
    assert_eq!(floats_of(&flat(0, &[]), &x), [1.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 2.0]);
    let set = floats_tensor("membership_values", &[3.0, 1.0, NAN]);
    let missing = attribute_ints("nodes_missing_value_tracks_true", &[1]);
    assert_eq!(floats_of(&flat(6, std::slice::from_ref(&set)), &x), [1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 2.0]);
    assert_eq!(floats_of(&flat(6, &[set.clone(), missing]), &x)[6..], [1.0, 0.0]);
    // The standard's numbers of transforms: 1 is SOFTMAX, 2 is LOGISTIC.
    let logistic = floats_of(&flat(0, &[attribute_int("post_transform", 2)]), &x);
    assert!((logistic[0] - 0.731_058_6).abs() < 1e-6 && (logistic[1] - 0.5).abs() < 1e-6);
    assert!(refusal(&flat(7, &[])).contains("nodes_modes"));
    assert!(refusal(&flat(6, &[])).contains("membership_values"));
    assert!(refusal(&flat(0, &[set])).contains("membership_values"));
}
