//! A profile of a sample that does not fit into one run of the model.

use super::profile::Profile;

/// Counts and sums over chunks of a sample, from which its profile is made.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    rows: f64,
    covers: Vec<f64>,
    sums: Vec<f64>,
}

impl Baseline {
    /// Adds the profile of a chunk of so many rows.
    pub fn add(&mut self, profile: &Profile, rows: usize) {
        let rows = rows as f64;
        self.rows += rows;
        add(&mut self.covers, profile.covers.iter().copied());
        add(&mut self.sums, profile.means.iter().map(|mean| mean * rows));
    }

    /// Adds those of a further part of the sample.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        add(&mut self.covers, other.covers.iter().copied());
        add(&mut self.sums, other.sums.iter().copied());
    }

    /// The profile of all rows.
    #[must_use]
    pub fn finish(self) -> Profile {
        let rows = self.rows;
        Profile { covers: self.covers, means: self.sums.into_iter().map(|sum| sum / rows).collect() }
    }
}

fn add(sums: &mut Vec<f64>, terms: impl ExactSizeIterator<Item = f64>) {
    sums.resize(terms.len().max(sums.len()), 0.0);
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}
