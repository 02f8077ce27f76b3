//! Votes of leaves, put in the order of leaves.

use super::ensemble::Forest;
use crate::error::{Error, ErrorCode, Result};

/// Marks a vote that no reachable leaf has.
pub(super) const NO_LEAF: u32 = u32::MAX;

/// Checks the number of a target or class.
pub(super) fn target(id: i64, count: usize, attribute: &str) -> Result<u32> {
    u32::try_from(id).ok().filter(|&id| (id as usize) < count).ok_or_else(|| {
        Error::new(
            ErrorCode::ModelInvalid,
            format!("a vote is for target {id}, there are {count} (attribute \"{attribute}\")"),
        )
    })
}

/// Sorts votes by leaf; votes of one leaf keep their order. All targets are checked, those of votes
/// that count nowhere included.
pub(super) fn fill<T: Copy>(
    forest: &mut Forest<T>,
    leaves: usize,
    leaf_of_vote: &[u32],
    target: impl Fn(usize) -> Result<u32>,
    weight: impl Fn(usize) -> T,
) -> Result<()> {
    let mut ends = vec![0u32; leaves];
    let mut last_target = 0;
    for (vote, &leaf) in leaf_of_vote.iter().enumerate() {
        last_target = last_target.max(target(vote)?);
        if let Some(count) = ends.get_mut(leaf as usize) {
            *count += 1;
        }
    }
    let one_each = ends.iter().all(|&count| count == 1);
    let mut total = 0;
    for end in &mut ends {
        // For now where the leaf's votes start; each vote placed moves it on, at last to the end.
        let count = std::mem::replace(end, total);
        total += count;
    }
    let mut order = vec![0u32; total as usize];
    for (vote, &leaf) in leaf_of_vote.iter().enumerate() {
        if let Some(next) = ends.get_mut(leaf as usize) {
            order[*next as usize] = vote as u32;
            *next += 1;
        }
    }
    forest.votes = order.iter().map(|&vote| weight(vote as usize)).collect();
    if last_target > 0 {
        forest.targets = order.iter().map(|&vote| target(vote as usize)).collect::<Result<Vec<_>>>()?;
    }
    if !one_each {
        forest.ends = ends;
    }
    Ok(())
}
