//! Contributions of regions, remembered by what they depend on.
//!
//! Rows of one portfolio answer alike: of the states that a region could see, few are seen. Each is walked
//! once, when it is first met, and kept; what is looked up is what a walk would give, bit for bit, so no
//! answer depends on what was asked before. When the memory is full it is emptied and filled anew.

/// Bytes that the memory of one explainer may take.
const BYTES: usize = 64 << 20;

/// States of all regions, and what each gives.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Per state where its values begin; 0 where it has not been met.
    starts: Vec<u32>,
    values: Vec<f64>,
}

impl Memo {
    /// A memory for so many states.
    pub(super) fn new(states: usize) -> Self {
        // Values begin at 1, so that 0 can stand for none.
        Self { starts: vec![0; states], values: vec![0.0] }
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
        let used = self.starts.len() * size_of::<u32>() + (self.values.len() + width) * size_of::<f64>();
        if used > BYTES && self.values.len() > BYTES / 4 / size_of::<f64>() {
            self.starts.fill(0);
            self.values.truncate(1);
        }
        let start = self.values.len();
        self.values.resize(start + width, 0.0);
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
