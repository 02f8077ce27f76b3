//! Contributions to a model's sums, term by term, while the model runs.

use std::sync::Arc;

use super::contributions::Contributions;
use super::numbers::{count_rows, input, read};
use super::profile::Profile;
use super::terms::{Reading, Sum, Term, Terms};
use super::trees::{Room, TreeExplainer, Trees};
use crate::error::{Error, ErrorCode, Result};
use crate::onnx::Model;
use crate::onnx::kernel::Inputs;
use crate::onnx::plan::Watcher;

/// Readings of one input of a step.
struct Table {
    step: usize,
    input: usize,
    /// Elements per row.
    width: usize,
    readings: Vec<Weighted>,
}

/// A reading, and which sums it counts for with which factors.
struct Weighted {
    element: usize,
    feature: usize,
    mean: f64,
    factors: Vec<(usize, f64)>,
}

/// Explains the sums that an output of a model comes from.
pub(super) struct Exact {
    terms: Terms,
    steps: Vec<usize>,
    trees: Vec<TreeExplainer>,
    tables: Vec<Table>,
    base: Vec<f64>,
    /// Whether the sums are the targets of the one part that is trees, so that nothing is left to add.
    plain: bool,
    numbers: Vec<f64>,
    /// Contributions and votes of a part, before they are weighted.
    values: Vec<f64>,
    votes: Vec<f64>,
}

impl Exact {
    /// Prepares to explain with what is known of a sample.
    ///
    /// # Errors
    /// [`ErrorCode::BundleNotPacked`] where the profile is that of another model.
    pub(super) fn new(model: &Arc<Model>, terms: Terms, profile: &Profile) -> Result<Self> {
        let unpacked = |what: &str| {
            let message = format!("the {what} are not those of this model; pack the bundle with a sample");
            Err(Error::new(ErrorCode::BundleNotPacked, message))
        };
        let parts = Trees::of_parts(model, &terms)?;
        let honest = |cover: &f64| cover.is_finite() && *cover >= 0.0;
        if profile.covers.len() != parts.iter().map(Trees::nodes).sum::<usize>()
            || !profile.covers.iter().all(honest)
        {
            return unpacked("node covers");
        }
        if profile.means.len() != terms.readings.len() || !profile.means.iter().all(|mean| mean.is_finite()) {
            return unpacked("column means");
        }
        let mut room = Room::new(model.limits().reasons_bytes, parts.len());
        let mut covers = profile.covers.as_slice();
        let mut trees = Vec::with_capacity(parts.len());
        for (part, own) in terms.parts.iter().zip(parts) {
            let (here, others) = covers.split_at(own.nodes());
            covers = others;
            trees.push(TreeExplainer::new(own, here, &part.columns, terms.features, &mut room));
        }
        Ok(Self::with(terms, trees, &profile.means))
    }

    fn with(terms: Terms, trees: Vec<TreeExplainer>, means: &[f64]) -> Self {
        let mean = |term: Term| match term {
            Term::Votes { part, target } => trees[part as usize].base()[target as usize],
            Term::Reading(reading) => means[reading as usize],
        };
        let base = terms.sums.iter().map(|sum| {
            let own: f64 = sum.terms.iter().map(|&(term, factor)| factor * mean(term)).sum();
            sum.bias + own
        });
        let own = |(at, sum): (usize, &Sum)| {
            let votes = Term::Votes { part: 0, target: at as u32 };
            sum.bias == 0.0 && sum.terms == [(votes, 1.0)]
        };
        let plain = matches!(trees.as_slice(), [only] if only.targets() == terms.sums.len())
            && terms.sums.iter().enumerate().all(own);
        let base = base.collect();
        Self {
            steps: terms.steps(),
            base,
            tables: tables(&terms, means),
            terms,
            trees,
            plain,
            numbers: Vec::new(),
            values: Vec::new(),
            votes: Vec::new(),
        }
    }

    pub(super) const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The mean of each sum over the sample.
    pub(super) fn base(&self) -> &[f64] {
        &self.base
    }

    /// The watcher of one run, which adds to `out`.
    pub(super) fn watch<'w>(&'w mut self, out: &'w mut Contributions) -> Watch<'w> {
        out.rows = 0;
        out.outputs = self.terms.sums.len();
        out.features = self.terms.features;
        Watch { exact: self, out }
    }

    fn trees(&mut self, part: usize, inputs: &dyn Inputs, out: &mut Contributions) -> Result<()> {
        let tensor = input(inputs, 0)?;
        let rows = count_rows(tensor, self.terms.parts[part].columns.len())?;
        out.begin(rows, &self.terms)?;
        self.numbers.clear();
        read(tensor, &mut self.numbers)?;
        let trees = &mut self.trees[part];
        if self.plain {
            trees.explain(&self.numbers, &mut out.values, &mut out.margins);
            return Ok(());
        }
        let (targets, features) = (trees.targets(), self.terms.features);
        self.values.clear();
        self.values.resize(rows * targets * features, 0.0);
        self.votes.clear();
        self.votes.resize(rows * targets, 0.0);
        trees.explain(&self.numbers, &mut self.values, &mut self.votes);
        for (output, sum) in self.terms.sums.iter().enumerate() {
            for &(term, factor) in &sum.terms {
                let Term::Votes { part: own, target } = term else { continue };
                if own as usize != part {
                    continue;
                }
                for row in 0..rows {
                    let from = row * targets + target as usize;
                    let own = &self.values[from * features..(from + 1) * features];
                    out.add(row, output, factor, own);
                    out.margins[row * out.outputs + output] += factor * self.votes[from];
                }
            }
        }
        Ok(())
    }

    /// Adds what the readings of a table contribute to each sum.
    fn table(&mut self, at: usize, inputs: &dyn Inputs, out: &mut Contributions) -> Result<()> {
        let table = &self.tables[at];
        let tensor = input(inputs, table.input)?;
        let rows = count_rows(tensor, table.width)?;
        out.begin(rows, &self.terms)?;
        self.numbers.clear();
        read(tensor, &mut self.numbers)?;
        for (row, numbers) in self.numbers.chunks_exact(table.width.max(1)).enumerate() {
            for Weighted { element, feature, mean, factors } in &table.readings {
                let value = numbers[*element];
                for &(output, factor) in factors {
                    let place = row * out.outputs + output;
                    out.values[place * out.features + feature] += factor * (value - mean);
                    out.margins[place] += factor * value;
                }
            }
        }
        Ok(())
    }
}

/// The readings of a model, input by input.
fn tables(terms: &Terms, means: &[f64]) -> Vec<Table> {
    let mut factors = vec![Vec::new(); terms.readings.len()];
    for (output, sum) in terms.sums.iter().enumerate() {
        for &(term, factor) in &sum.terms {
            if let Term::Reading(reading) = term {
                factors[reading as usize].push((output, factor));
            }
        }
    }
    let mut tables: Vec<Table> = Vec::new();
    for ((reading, &mean), factors) in terms.readings.iter().zip(means).zip(factors) {
        let Reading { step, input, element, width, feature } = *reading;
        let weighted = Weighted { element, feature: feature as usize, mean, factors };
        match tables.last_mut().filter(|table| (table.step, table.input) == (step, input)) {
            Some(table) => table.readings.push(weighted),
            None => tables.push(Table { step, input, width, readings: vec![weighted] }),
        }
    }
    tables
}

/// One run of a model that is explained.
pub(super) struct Watch<'w> {
    exact: &'w mut Exact,
    out: &'w mut Contributions,
}

impl Watcher for Watch<'_> {
    fn steps(&self) -> &[usize] {
        &self.exact.steps
    }

    fn see(&mut self, watched: usize, inputs: &dyn Inputs) -> Result<()> {
        let step = self.exact.steps[watched];
        for part in 0..self.exact.terms.parts.len() {
            if self.exact.terms.parts[part].step == step {
                self.exact.trees(part, inputs, self.out)?;
            }
        }
        for table in 0..self.exact.tables.len() {
            if self.exact.tables[table].step == step {
                self.exact.table(table, inputs, self.out)?;
            }
        }
        Ok(())
    }
}
