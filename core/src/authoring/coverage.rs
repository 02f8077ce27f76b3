//! Whether the rows of a decision table overlap, leave gaps, or are never reached.
//!
//! Rows are boxes over the columns' regions; dates and scopes of rows are columns too. The columns are
//! taken as independent of each other, as decision-table tools do. A cell that names another value is only
//! known at the run: its row counts neither for nor against. A table that needs more steps than the budget
//! is left to the run, where a second hit or a gap is an error all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::domains;
use super::regions::{Axis, Domain, Set, has};
use crate::error::Result;
use crate::manifest::{Gaps, Manifest, MissingValue, Table, TableHitPolicy};
use crate::policy::cell::{Bound, Cell, End, Kind, Test};
use crate::policy::layout::{Layout, Literal};
use crate::time::Timestamp;

/// Steps of the search over all rows of one table.
const BUDGET: usize = 20_000_000;

/// Checks a table.
///
/// # Errors
/// `manifest_invalid` at the row, or the table, with values that show what is wrong.
pub(super) fn check(table: &Table, layout: &Layout, manifest: &Manifest) -> Result<()> {
    if !table.check {
        return Ok(());
    }
    let mut coverage = Coverage::new(table, layout, manifest);
    coverage.never()?;
    match table.hit_policy {
        TableHitPolicy::Unique | TableHitPolicy::Any => coverage.overlaps()?,
        TableHitPolicy::First | TableHitPolicy::Priority => coverage.unreached()?,
        _ => {}
    }
    coverage.gaps()
}

struct Coverage<'t> {
    table: &'t Table,
    layout: &'t Layout,
    axes: Vec<Axis>,
    /// Per row and axis the regions in which it holds; `None` where that is only known at the run.
    rows: Vec<Option<Vec<Vec<u64>>>>,
    /// Per row whether it holds everywhere along an axis.
    free: Vec<Vec<bool>>,
    left: usize,
}

/// A dimension of the rows: a column, the time, or a field of scopes.
struct Dimension {
    name: String,
    kind: Kind,
    domain: Domain,
    cells: Vec<Cell>,
}

impl<'t> Coverage<'t> {
    fn new(table: &'t Table, layout: &'t Layout, manifest: &Manifest) -> Self {
        let dimensions = dimensions(table, layout, manifest);
        let axes: Vec<Axis> = dimensions
            .iter()
            .map(|own| Axis::new(&own.name, own.kind, own.domain.clone(), own.cells.iter()))
            .collect();
        let set = |at: usize, row: usize| axes[at].set(&dimensions[at].cells[row]);
        let mut rows = Vec::with_capacity(table.rows.len());
        let mut free = Vec::with_capacity(table.rows.len());
        for row in 0..table.rows.len() {
            let sets: Vec<Set> = (0..axes.len()).map(|at| set(at, row)).collect();
            free.push(sets.iter().map(|set| *set == Set::All).collect());
            rows.push(sets.iter().zip(&axes).map(|(set, axis)| axis.existing(set)).collect());
        }
        Self { table, layout, axes, rows, free, left: BUDGET }
    }

    /// Rows that hold for no value that the columns can have.
    fn never(&self) -> Result<()> {
        for (at, row) in self.rows.iter().enumerate() {
            let Some(sets) = row else { continue };
            let empty = sets.iter().position(|set| set.iter().all(|word| *word == 0));
            if let Some(axis) = empty {
                let name = &self.axes[axis].name;
                let message = format!("this row can never hold: `{name}` has no value for which it would");
                return Err(match axis {
                    axis if axis < self.table.inputs.len() => self.table.when_error(at, axis, message),
                    _ => self.table.row_error(at, "", message),
                });
            }
        }
        Ok(())
    }

    /// Rows that hold together, where that must not be.
    fn overlaps(&mut self) -> Result<()> {
        for at in 0..self.rows.len() {
            for before in 0..at {
                let (Some(a), Some(b)) = (&self.rows[before], &self.rows[at]) else { continue };
                self.left = self.left.saturating_sub(self.axes.len());
                if self.left == 0 {
                    return Ok(());
                }
                let common: Option<Vec<usize>> =
                    a.iter().zip(b).zip(&self.axes).map(|((a, b), axis)| common(a, b, axis)).collect();
                let Some(common) = common else { continue };
                if self.table.hit_policy == TableHitPolicy::Any && self.may_agree(before, at) {
                    continue;
                }
                let (first, second) = (self.table.row_id(before), self.table.row_id(at));
                let place = self.place(&common);
                let message = if self.table.hit_policy == TableHitPolicy::Any {
                    format!(
                        "the rows `{first}` and `{second}` both hold for {place} and do not give the same, as `any` \
                         asks for; make them agree or narrow one"
                    )
                } else {
                    format!(
                        "the rows `{first}` and `{second}` both hold for {place}; under `unique` only one may: narrow \
                         one, or take `first` or `priority`"
                    )
                };
                return Err(self.table.row_error(at, "", message));
            }
        }
        Ok(())
    }

    /// Whether two rows give the same, or nobody knows.
    fn may_agree(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.layout.row(a).then, &self.layout.row(b).then);
        a.iter().zip(b).all(|((a, _), (b, _))| match (a, b) {
            (Literal::Expression(_), _) | (_, Literal::Expression(_)) => true,
            (a, b) => a == b,
        })
    }

    /// Rows before which others always win.
    fn unreached(&mut self) -> Result<()> {
        for at in 0..self.rows.len() {
            let Some(own) = self.rows[at].clone() else { continue };
            let wins = |other: usize| match self.table.hit_policy {
                TableHitPolicy::First => other < at,
                _ => (self.layout.ranks(other), other) < (self.layout.ranks(at), at),
            };
            let better: Vec<usize> =
                (0..self.rows.len()).filter(|&other| other != at && wins(other)).collect();
            let mut search = Search { within: Some(&own), seen: BTreeSet::new() };
            match self.uncovered(0, &better, &mut search) {
                None => return Ok(()),
                Some(Some(_)) => {}
                Some(None) => {
                    let why = match self.table.hit_policy {
                        TableHitPolicy::First => {
                            "rows above it hold wherever it does; move it up or remove it"
                        }
                        _ => "rows of a higher priority hold wherever it does; remove it or narrow those",
                    };
                    let message = format!("the row `{}` is never reached: {why}", self.table.row_id(at));
                    return Err(self.table.row_error(at, "", message));
                }
            }
        }
        Ok(())
    }

    /// Values for which no row holds, where that must not be.
    fn gaps(&mut self) -> Result<()> {
        let table = self.table;
        let complete = table.hit_policy.is_single() && table.gaps == Gaps::Refuse;
        let defaults = table.outputs.iter().all(|output| output.default.is_some());
        if !complete || defaults || self.rows.iter().any(Option::is_none) {
            return Ok(());
        }
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let mut search = Search { within: None, seen: BTreeSet::new() };
        let Some(Some(witness)) = self.uncovered(0, &all, &mut search) else { return Ok(()) };
        let message = format!(
            "no row holds for {}; add one, or a default for each output, or say \"gaps\": \"allow\"",
            self.place(&witness)
        );
        Err(table.columns_error("rows", &message))
    }

    /// A region along each axis from this one on that none of these rows covers; `Some(None)` where there
    /// is none, `None` where the budget is used up.
    fn uncovered(
        &mut self,
        axis: usize,
        rows: &[usize],
        search: &mut Search<'_>,
    ) -> Option<Option<Vec<usize>>> {
        self.left = self.left.checked_sub(1 + rows.len())?;
        let regions: Vec<usize> = match self.axes.get(axis) {
            None => return Some(rows.is_empty().then(Vec::new)),
            Some(own) => own
                .regions()
                .filter(|&region| search.within.is_none_or(|within| has(&within[axis], region)))
                .collect(),
        };
        let covers = |row: &usize| self.free[*row][axis..].iter().all(|free| *free);
        if rows.iter().any(covers) || !search.seen.insert((axis, rows.to_vec())) {
            return Some(None);
        }
        // Neighbouring regions mostly lie in the same rows: each group of rows is looked at once.
        let mut groups: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for region in regions {
            self.left = self.left.checked_sub(1 + rows.len())?;
            let inside = |row: &&usize| {
                self.rows[**row]
                    .as_ref()
                    .is_some_and(|sets| sets.get(axis).is_some_and(|set| has(set, region)))
            };
            groups.entry(rows.iter().filter(inside).copied().collect()).or_insert(region);
        }
        for (rows, region) in groups {
            if let Some(mut rest) = self.uncovered(axis + 1, &rows, search)? {
                rest.insert(0, region);
                return Some(Some(rest));
            }
        }
        Some(None)
    }

    /// Values in these regions, for people.
    fn place(&self, regions: &[usize]) -> String {
        let value = |(axis, region): (&Axis, &usize)| format!("{} = {}", axis.name, axis.witness(*region));
        self.axes.iter().zip(regions).map(value).collect::<Vec<_>>().join(", ")
    }
}

struct Search<'s> {
    /// Only these regions are asked for.
    within: Option<&'s [Vec<u64>]>,
    /// What has been found covered.
    seen: BTreeSet<(usize, Vec<usize>)>,
}

/// The first region that both have.
fn common(a: &[u64], b: &[u64], axis: &Axis) -> Option<usize> {
    let words = a.iter().zip(b).map(|(a, b)| a & b);
    let (at, word) = words.enumerate().find(|(_, word)| *word != 0)?;
    let first = at * 64 + word.trailing_zeros() as usize;
    debug_assert!(axis.regions().any(|region| region == first));
    Some(first)
}

fn dimensions(table: &Table, layout: &Layout, manifest: &Manifest) -> Vec<Dimension> {
    let mut dimensions: Vec<Dimension> = Vec::new();
    for (at, input) in table.inputs.iter().enumerate() {
        let cells: Vec<Cell> = (0..table.rows.len()).map(|row| layout.row(row).cells[at].clone()).collect();
        let mut domain = domains::of_column(input, manifest);
        // A missing value is an error of its own unless the table speaks of it.
        domain.nullable &= table.missing == MissingValue::NoMatch || cells.iter().any(Cell::names_null);
        dimensions.push(Dimension { name: input.name.clone(), kind: layout.column(at).kind, domain, cells });
    }
    let date = |date: &Option<String>| date.as_deref().and_then(Timestamp::parse_date);
    if table.rows.iter().any(|row| row.effective_from.is_some() || row.effective_until.is_some()) {
        let bound =
            |date: Option<Timestamp>, closed| date.map(|date| Bound { end: End::Instant(date), closed });
        let cells = table.rows.iter().map(|row| {
            let (from, until) =
                (bound(date(&row.effective_from), true), bound(date(&row.effective_until), false));
            if from.is_none() && until.is_none() {
                Cell::Any
            } else {
                Cell::Tests(vec![Test::Range(from, until)])
            }
        });
        let name = crate::scope::NOW.to_owned();
        dimensions.push(Dimension {
            name,
            kind: Kind::Instant,
            domain: Domain::default(),
            cells: cells.collect(),
        });
    }
    let fields: BTreeSet<&String> = table.rows.iter().flat_map(|row| row.scope.keys()).collect();
    for field in fields {
        let cells: Vec<Cell> = table.rows.iter().map(|row| scope_cell(row.scope.get(field))).collect();
        let kind = match cells
            .iter()
            .find_map(|cell| if let Cell::Tests(tests) = cell { tests.first() } else { None })
        {
            Some(Test::Equal(End::Truth(_))) => Kind::Truth,
            Some(Test::Equal(End::Integer(_))) => Kind::Integer,
            _ => Kind::Text,
        };
        let mut domain = domains::of_name(field, manifest);
        domain.nullable = false;
        dimensions.push(Dimension { name: field.clone(), kind, domain, cells });
    }
    dimensions
}

fn scope_cell(values: Option<&Vec<crate::json::Value>>) -> Cell {
    let Some(values) = values else { return Cell::Any };
    let end = |value: &crate::json::Value| match value {
        crate::json::Value::Bool(truth) => End::Truth(*truth),
        crate::json::Value::String(text) => End::Text(text.clone()),
        value => End::Integer(value.as_i64().unwrap_or_default()),
    };
    Cell::Tests(values.iter().map(|value| Test::Equal(end(value))).collect())
}
