//! A pool of n-grams, to be searched item by item: a tree whose edges are items.

use std::collections::HashMap;

use crate::error::{Error, ErrorCode, Result};

/// The number of an item; items that no n-gram has are [`UNKNOWN`].
pub(super) type Item = u32;

/// An item that is in no n-gram.
pub(super) const UNKNOWN: Item = Item::MAX;

/// Where a search stands: at the root, or after some items.
pub(super) type Node = u32;

/// The start of every search.
pub(super) const ROOT: Node = 0;

/// The pool.
#[derive(Default)]
pub(super) struct Ngrams {
    edges: HashMap<(Node, Item), Node>,
    /// The n-gram that ends at each node.
    ends: Vec<Option<u32>>,
}

impl Ngrams {
    /// Adds an n-gram under its number.
    ///
    /// # Errors
    /// [`ErrorCode::ModelAttribute`] where it is there already.
    pub(super) fn add(&mut self, items: &[Item], number: u32) -> Result<()> {
        if self.ends.is_empty() {
            self.ends.push(None);
        }
        let mut node = ROOT;
        for &item in items {
            let next = self.ends.len() as Node;
            node = *self.edges.entry((node, item)).or_insert(next);
            if node == next {
                self.ends.push(None);
            }
        }
        match self.ends.get_mut(node as usize) {
            Some(end @ None) => *end = Some(number),
            _ => {
                return Err(Error::new(
                    ErrorCode::ModelAttribute,
                    format!("n-gram {number} of the pool is there twice"),
                ));
            }
        }
        Ok(())
    }

    /// One item further.
    pub(super) fn step(&self, node: Node, item: Item) -> Option<Node> {
        self.edges.get(&(node, item)).copied()
    }

    /// The n-gram that ends here.
    pub(super) fn end(&self, node: Node) -> Option<u32> {
        self.ends.get(node as usize).copied().flatten()
    }
}
