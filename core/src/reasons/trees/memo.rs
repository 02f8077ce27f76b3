//! Contributions of regions, remembered by what they depend on.
//!
//! Rows of one portfolio answer alike: of the states that a region could see, few are seen. Each is walked
//! once, when it is first met, and kept; what is looked up is what a walk would give, bit for bit, so no
//! answer depends on what was asked before. When the memory is full it is emptied and filled anew.

/// States of all regions, and what each gives.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Per state where its values begin; 0 where it has not been met.
    starts: Vec<u32>,
    values: Vec<f64>,
    /// Most values that are kept.
    most: usize,
}

impl Memo {
    /// A memory for so many states, and for `most` values of them at one time.
    pub(super) fn new(states: usize, most: usize) -> Self {
        // Values begin at 1, so that 0 can stand for none.
        Self { starts: vec![0; states], values: vec![0.0], most: most.min(u32::MAX as usize) }
    }

    /// Where the values of a state begin, if it has been met.
    pub(super) fn find(&self, state: usize) -> Option<usize> {
        match self.starts[state] {
            0 => None,
            start => Some(start as usize),
        }
    }

    /// Makes room for the `width` values of a state, and gives where they begin.
    pub(super) fn insert(&mut self, state: usize, width: usize) -> usize {
        if self.values.len() + width > self.most {
            self.starts.fill(0);
            self.values.truncate(1);
        }
        let start = self.values.len();
        let end = start + width;
        if end > self.values.capacity() {
            let doubled = (2 * self.values.capacity()).min(self.most).max(end);
            self.values.reserve_exact(doubled - start);
        }
        self.values.resize(end, 0.0);
        self.starts[state] = start as u32;
        start
    }

    /// Values from a place on.
    pub(super) fn values(&self, start: usize, width: usize) -> &[f64] {
        &self.values[start..start + width]
    }

    /// Values from a place on, to be written.
    pub(super) fn values_mut(&mut self, start: usize, width: usize) -> &mut [f64] {
        &mut self.values[start..start + width]
    }
}
