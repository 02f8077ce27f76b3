//! What one row may cost. Budgets are per row, never per batch, so that a row's answer does not depend
//! on its neighbours.

use super::fault::Fault;

/// Units that one row may spend in one program. A unit is a byte of text read or made by the general
/// path, an eighth of a loop step, or a thirty-second part of a list element. 4 Mi units are some
/// 500,000 loop steps; an honest rule over a few hundred transactions spends less than a hundredth.
pub(super) const ROW_UNITS: u32 = 4 << 20;

/// Units of one instruction on one element of a loop.
pub(super) const STEP: usize = 8;
/// Units of one element of a list, entry of a map, or value handled one by one.
pub(super) const ITEM: usize = 32;

/// The spending of the rows that are evaluated together.
#[derive(Debug)]
pub(super) struct Meter {
    spent: Vec<u32>,
    any_over: bool,
}

impl Meter {
    pub(super) fn new(rows: usize) -> Self {
        Self { spent: vec![0; rows], any_over: false }
    }

    /// Spends units of a row. Once over its budget a row stays over it: its result is a fault, so that
    /// the order of evaluation cannot matter.
    pub(super) fn charge(&mut self, row: usize, units: usize) -> Result<(), Fault> {
        let Some(spent) = self.spent.get_mut(row) else { return Err(Fault::Budget) };
        *spent = spent.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
        if *spent > ROW_UNITS {
            self.any_over = true;
            return Err(Fault::Budget);
        }
        Ok(())
    }

    /// Whether any row is over its budget.
    pub(super) fn is_any_over(&self) -> bool {
        self.any_over
    }

    /// Whether a row is over its budget.
    pub(super) fn is_over(&self, row: usize) -> bool {
        self.spent.get(row).is_none_or(|spent| *spent > ROW_UNITS)
    }
}
