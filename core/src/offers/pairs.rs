//! Pairs of a customer and an item as rows: the columns of both side by side, filled in as they are read.

use super::catalogue::Catalogue;
use crate::error::Result;
use crate::rules::{Column, Data};
use crate::scope::Bound;

/// A frame of pairs.
pub(super) struct Pairs<'a> {
    frame: &'a [Column],
    catalogue: &'a Catalogue,
    /// The place of the first item's column in the scope.
    first: usize,
    rows: Vec<usize>,
    items: Vec<usize>,
    /// As many as the scope has names; empty until they are read.
    columns: Vec<Column>,
    ready: Vec<bool>,
}

impl<'a> Pairs<'a> {
    /// Pairs of rows of `frame` with items; `width` is the number of names in scope.
    pub(super) fn new(
        frame: &'a [Column],
        catalogue: &'a Catalogue,
        first: usize,
        width: usize,
        pairs: impl Iterator<Item = (usize, usize)>,
    ) -> Self {
        let (rows, items) = pairs.unzip();
        let empty = || Column::new(Data::Bool(Vec::new()));
        Self {
            frame,
            catalogue,
            first,
            rows,
            items,
            columns: std::iter::repeat_with(empty).take(width).collect(),
            ready: vec![false; width],
        }
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The columns; those that were not asked for are empty.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Puts a column of the pairs themselves at a place.
    pub(super) fn set(&mut self, place: usize, column: Column) {
        if let (Some(slot), Some(ready)) = (self.columns.get_mut(place), self.ready.get_mut(place)) {
            (*slot, *ready) = (column, true);
        }
    }

    /// Fills in the columns at these places.
    pub(super) fn fill(&mut self, places: &[usize]) {
        for &place in places {
            if self.ready.get(place).copied().unwrap_or(true) {
                continue;
            }
            let column = match place.checked_sub(self.first) {
                None => self.frame.get(place).map(|column| column.take(&self.rows)),
                Some(own) => self.catalogue.columns().get(own).map(|column| column.take(&self.items)),
            };
            if let Some(column) = column {
                self.set(place, column);
            }
        }
    }

    /// Evaluates a program on all pairs.
    pub(super) fn evaluate(&mut self, program: &Bound) -> Result<Column> {
        self.fill(program.places());
        program.evaluate(&self.columns, self.len())
    }
}
