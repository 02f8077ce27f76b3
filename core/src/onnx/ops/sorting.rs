//! Sorting, compiled once: every operator that sorts turns its elements into keys first.

use std::collections::BinaryHeap;

use crate::onnx::tensor::{Data, Strings, Tensor};

use super::order_key::order_key;

/// Pairs of a key and a place in ascending order; equal keys by place.
pub(super) fn sorted(pairs: Vec<(u64, usize)>) -> Vec<(u64, usize)> {
    BinaryHeap::from(pairs).into_sorted_vec()
}

/// The `count` least of the pairs in ascending order, without sorting the rest.
pub(super) fn least(pairs: impl Iterator<Item = (u64, usize)>, count: usize) -> Vec<(u64, usize)> {
    let mut best = BinaryHeap::with_capacity(count);
    for pair in pairs {
        if best.len() < count {
            best.push(pair);
        } else if let Some(mut worst) = best.peek_mut()
            && pair < *worst
        {
            *worst = pair;
        }
    }
    best.into_sorted_vec()
}

/// A key per element that is equal for equal elements and sorts like them, texts by their bytes.
pub(super) fn keys(tensor: &Tensor) -> Vec<u64> {
    match tensor.data() {
        Data::Str(texts) => text_keys(texts),
        data => (0..tensor.len()).map(|at| order_key(data, at)).collect(),
    }
}

fn text_keys(texts: &Strings) -> Vec<u64> {
    let order =
        BinaryHeap::from_iter(texts.iter().enumerate().map(|(at, text)| (text, at))).into_sorted_vec();
    let mut keys = vec![0; texts.len()];
    let mut rank = 0;
    let mut last = None;
    for (text, at) in order {
        rank += u64::from(last.is_some_and(|last| last != text));
        last = Some(text);
        keys[at] = rank;
    }
    keys
}
