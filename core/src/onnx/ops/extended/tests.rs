//! What the standard's own node tests leave out: ignored and wrong classes, masks, refusals.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::super::tests::{attribute, code, list, run, tensor, whole};
use crate::error::ErrorCode;
use crate::onnx::proto::AttributeValue;
use crate::onnx::tensor::Tensor;

fn word<'m>(name: &'m str, value: &'m str) -> crate::onnx::proto::AttributeProto<'m> {
    attribute(name, AttributeValue::Text(value.as_bytes()))
}

#[test]
fn losses_weigh_classes_and_leave_out_the_ignored() {
    let logs = || tensor(&[3, 2], &[-1f32, -2.0, -3.0, -4.0, -5.0, -6.0]);
    let feeds = |targets: &[i64]| vec![logs(), list(targets), list(&[1f32, 3.0])];
    let loss =
        |attributes: &[_], targets: &[i64]| run("NegativeLogLikelihoodLoss", attributes, feeds(targets));
    assert_eq!(loss(&[], &[0, 1, 0]).unwrap(), Tensor::scalar((1.0 + 12.0 + 5.0) / 5f32));
    assert_eq!(loss(&[word("reduction", "sum")], &[0, 1, 0]).unwrap(), Tensor::scalar(18f32));
    let ignoring = [word("reduction", "none"), whole("ignore_index", -7)];
    assert_eq!(loss(&ignoring, &[0, -7, 1]).unwrap(), list(&[1f32, 0.0, 18.0]));
    assert_eq!(code(loss(&[], &[0, 2, 0])), ErrorCode::RunValue);
    assert_eq!(code(loss(&[], &[0, -1, 0])), ErrorCode::RunValue);
    assert_eq!(code(loss(&[], &[0, 1])), ErrorCode::InputShape);
    assert_eq!(code(loss(&[word("reduction", "median")], &[0, 1, 0])), ErrorCode::ModelAttribute);
}

#[test]
fn cross_entropy_of_equal_scores_is_the_logarithm_of_the_number_of_classes() {
    // Scores that would overflow if they were not shifted.
    let feeds = vec![tensor(&[1, 4], &[800f64; 4]), list(&[2i32])];
    let loss = run("SoftmaxCrossEntropyLoss", &[], feeds).unwrap();
    assert!((loss.elements::<f64>().unwrap()[0] - libm::log(4.0)).abs() < 1e-15);
}

fn attend(attributes: &[crate::onnx::proto::AttributeProto<'_>], mask: Option<Tensor>) -> Tensor {
    // Queries of zero weigh all keys alike.
    let (zeros, values) = (tensor(&[1, 1, 3, 1], &[0f32; 3]), tensor(&[1, 1, 3, 1], &[3f32, 6.0, 12.0]));
    let mut feeds = vec![zeros.clone(), zeros, values];
    feeds.extend(mask);
    run("Attention", attributes, feeds).unwrap()
}

#[test]
fn attention_sees_what_the_masks_leave() {
    let shape = [1, 1, 3, 1];
    assert_eq!(attend(&[], None), tensor(&shape, &[7f32; 3]));
    assert_eq!(attend(&[whole("is_causal", 1)], None), tensor(&shape, &[3f32, 4.5, 7.0]));
    let mask = list(&[false, true, true]);
    assert_eq!(attend(&[], Some(mask.clone())), tensor(&shape, &[9f32; 3]));
    // The first query sees nothing at all: zero, not NaN.
    assert_eq!(attend(&[whole("is_causal", 1)], Some(mask)), tensor(&shape, &[0f32, 6.0, 9.0]));
    // A mask that is too short hides the rest.
    assert_eq!(attend(&[], Some(list(&[0f32, 0.0]))), tensor(&shape, &[4.5f32; 3]));
}

#[test]
fn attention_shares_keys_among_heads_side_by_side() {
    let heads = [whole("q_num_heads", 2), whole("kv_num_heads", 1)];
    let feeds = || {
        vec![tensor(&[1, 1, 2], &[0f32; 2]), tensor(&[1, 2, 1], &[0f32; 2]), tensor(&[1, 2, 1], &[2f32, 4.0])]
    };
    assert_eq!(run("Attention", &heads, feeds()).unwrap(), tensor(&[1, 1, 2], &[3f32; 2]));
    assert_eq!(code(run("Attention", &[], feeds())), ErrorCode::InputShape);
    assert_eq!(
        code(run("Attention", &[whole("softmax_precision", 10)], feeds())),
        ErrorCode::ModelUnsupported
    );
    assert_eq!(
        code(run("Attention", &[whole("qk_matmul_output_mode", 4)], feeds())),
        ErrorCode::ModelAttribute
    );
}

#[test]
fn a_transform_and_its_inverse_give_the_signal_back() {
    let signal: Vec<f64> = (0..12).map(|at| f64::from(at * at % 7)).collect();
    let (axis, half) = (list(&[1i64]), [whole("onesided", 1)]);
    let length = |count: i64| list(&[count]);
    let feeds = |tensor: Tensor, count| vec![tensor, length(count), axis.clone()];
    for count in [12usize, 9] {
        let given = tensor(&[1, count, 1], &signal[..count]);
        let spectrum = run("DFT", &[], feeds(given.clone(), count as i64)).unwrap();
        assert_eq!(spectrum.shape().sizes(), [1, count, 2]);
        assert!((spectrum.elements::<f64>().unwrap()[0] - signal[..count].iter().sum::<f64>()).abs() < 1e-12);
        let back = run("DFT", &[whole("inverse", 1)], feeds(spectrum, count as i64)).unwrap();
        let real = back.elements::<f64>().unwrap().iter().step_by(2);
        assert!(real.zip(&signal).all(|(a, b)| (a - b).abs() < 1e-12));
        let spectrum = run("DFT", &half, feeds(given, count as i64)).unwrap();
        assert_eq!(spectrum.shape().sizes(), [1, count / 2 + 1, 2]);
        let both = [whole("onesided", 1), whole("inverse", 1)];
        let back = run("DFT", &both, feeds(spectrum, count as i64)).unwrap();
        assert_eq!(back.shape().sizes(), [1, count, 1]);
        let real = back.elements::<f64>().unwrap().iter();
        assert!(real.zip(&signal).all(|(a, b)| (a - b).abs() < 1e-12));
    }
    let pairs = tensor(&[1, 2, 2], &[0f64; 4]);
    assert_eq!(code(run("DFT", &half, feeds(pairs.clone(), 2))), ErrorCode::InputShape);
    assert_eq!(code(run("DFT", &[], feeds(pairs.clone(), 0))), ErrorCode::RunValue);
    assert_eq!(code(run("DFT", &[], feeds(pairs, i64::MAX))), ErrorCode::RunBudget);
}

#[test]
fn windows_start_at_their_lowest() {
    let symmetric = [whole("periodic", 0), whole("output_datatype", 11)];
    let window = run("HannWindow", &symmetric, vec![Tensor::scalar(3i64)]).unwrap();
    assert_eq!(window, list(&[0f64, 1.0, 0.0]));
    assert_eq!(code(run("HannWindow", &symmetric, vec![Tensor::scalar(1i64)])), ErrorCode::RunValue);
    assert_eq!(code(run("HannWindow", &[], vec![Tensor::scalar(-1i32)])), ErrorCode::RunValue);
    let integers = [whole("output_datatype", 7)];
    assert_eq!(code(run("HannWindow", &integers, vec![Tensor::scalar(4i64)])), ErrorCode::ModelUnsupported);
}

#[test]
fn of_boxes_that_overlap_the_best_stay() {
    let boxes = tensor(&[1, 3, 4], &[0f32, 0., 1., 1., 1., 1., 0., 0.1, 0., 2., 1., 3.]);
    let pick = |scores: [f32; 3], most: i64, overlap: f32| {
        let feeds = vec![boxes.clone(), tensor(&[1, 1, 3], &scores), list(&[most]), list(&[overlap])];
        run("NonMaxSuppression", &[], feeds)
    };
    assert_eq!(pick([0.5, 0.9, 0.1], 9, 0.5).unwrap(), tensor(&[2, 3], &[0i64, 0, 1, 0, 0, 2]));
    assert_eq!(pick([0.5, 0.9, 0.1], 1, 0.5).unwrap(), tensor(&[1, 3], &[0i64, 0, 1]));
    // Equal scores: the first box comes first.
    assert_eq!(pick([0.5; 3], 2, 1.0).unwrap(), tensor(&[2, 3], &[0i64, 0, 0, 0, 0, 1]));
    assert_eq!(pick([0.5; 3], 0, 1.0).unwrap(), tensor(&[0, 3], &[0i64; 0]));
    assert_eq!(code(pick([0.5; 3], 2, 1.5)), ErrorCode::RunValue);
    assert_eq!(code(pick([f32::NAN; 3], 2, 0.5)), ErrorCode::RunValue);
}

#[test]
fn tensors_are_cut_and_framed_about_their_middle() {
    let centre = |size: i64| run("CenterCropPad", &[], vec![list(&[1i32, 2, 3, 4]), list(&[size])]).unwrap();
    assert_eq!(centre(1), list(&[2i32]));
    assert_eq!(centre(7), list(&[0i32, 1, 2, 3, 4, 0, 0]));
    assert_eq!(centre(0), list::<i32>(&[]));
    let feeds = vec![list::<f32>(&[]), list(&[2i64])];
    assert_eq!(run("CenterCropPad", &[], feeds).unwrap(), list(&[0f32; 2]));
}

#[test]
fn caches_are_written_within_their_bounds() {
    let cache = || tensor(&[2, 3, 1], &[1i64, 2, 3, 4, 5, 6]);
    let write = |attributes: &[_], starts: &[i64]| {
        run("TensorScatter", attributes, vec![cache(), tensor(&[2, 2, 1], &[7i64, 8, 9, 0]), list(starts)])
    };
    assert_eq!(write(&[], &[0, 1]).unwrap(), tensor(&[2, 3, 1], &[7i64, 8, 3, 4, 9, 0]));
    assert_eq!(code(write(&[], &[0, 2])), ErrorCode::RunValue);
    assert_eq!(code(write(&[], &[0, -1])), ErrorCode::RunValue);
    assert_eq!(code(write(&[], &[0])), ErrorCode::InputShape);
    let circular = [word("mode", "circular")];
    assert_eq!(write(&circular, &[0, 2]).unwrap(), tensor(&[2, 3, 1], &[7i64, 8, 3, 0, 5, 9]));
    assert_eq!(code(write(&[whole("axis", 0)], &[0, 0])), ErrorCode::ModelAttribute);
}

#[test]
fn gates_do_not_stretch() {
    let gate = |b: &[f64]| run("SwiGLU", &[], vec![list(&[0f64, 40.0]), list(b)]);
    assert_eq!(gate(&[3.0, 0.5]).unwrap(), list(&[0f64, 20.0]));
    assert_eq!(code(gate(&[3.0])), ErrorCode::InputShape);
}

#[test]
fn linear_attention_sums_what_it_has_seen() {
    let ones = || tensor(&[1, 3, 1], &[1f32; 3]);
    let heads = |rule| [whole("q_num_heads", 1), whole("kv_num_heads", 1), word("update_rule", rule)];
    let feeds = || vec![ones(), ones(), tensor(&[1, 3, 1], &[1f32, 2.0, 3.0])];
    let sums = run("LinearAttention", &heads("linear"), feeds()).unwrap();
    assert_eq!(sums, tensor(&[1, 3, 1], &[1f32, 3.0, 6.0]));
    assert_eq!(code(run("LinearAttention", &heads("gated"), feeds())), ErrorCode::ModelInvalid);
    assert_eq!(code(run("LinearAttention", &heads("square"), feeds())), ErrorCode::ModelAttribute);
}
