//! A number of the manifest that may differ from record to record.

use crate::bundle::Lock;
use crate::error::Result;
use crate::expression::{Expression, Wanted};
use crate::limits::Limits;
use crate::manifest::Amount;
use crate::rules::Column;
use crate::scope::{Bound, Scope};

/// Where an amount of the manifest stands, and what it may name.
#[derive(Clone, Debug)]
pub struct Slot<'m> {
    /// The amount.
    pub amount: &'m Amount,
    /// The unit that it must have; nothing is asked where there is none.
    pub unit: Option<&'m str>,
    /// Its program's name in the lock.
    pub program: String,
    /// Its JSON path in the manifest.
    pub place: String,
    /// How many of the scope's columns it can name.
    pub visible: usize,
}

impl Slot<'_> {
    /// The amount as an expression, where it is one.
    #[must_use]
    pub fn expression(&self) -> Option<Expression<'_>> {
        let text = self.amount.expression()?;
        let (program, place) = (self.program.clone(), self.place.clone());
        Some(Expression { program, place, text, visible: self.visible, wanted: Wanted::Number })
    }

    /// Binds the amount.
    ///
    /// # Errors
    /// Those of [`Expression::bind`].
    pub fn load(&self, scope: &Scope, lock: &Lock, limits: &Limits) -> Result<Quantity> {
        match (self.amount, self.expression()) {
            (_, Some(expression)) => {
                expression.bind(scope, lock, limits).map(|bound| Quantity::Computed(Box::new(bound)))
            }
            (Amount::Number(number), None) => Ok(Quantity::Number(*number)),
            (Amount::Expression(_), None) => Ok(Quantity::Number(f64::NAN)),
        }
    }
}

/// An amount, ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Quantity {
    /// The same for all.
    Number(f64),
    /// An expression.
    Computed(Box<Bound>),
}

impl Quantity {
    /// The number of each row; NaN where there is none, or none that is finite.
    ///
    /// # Errors
    /// `internal` only.
    pub fn values(&self, columns: &[Column], rows: usize) -> Result<Vec<f64>> {
        match self {
            Self::Number(number) => Ok(vec![*number; rows]),
            Self::Computed(bound) => {
                let column = bound.evaluate(columns, rows)?;
                let number =
                    |row| column.number(row).ok().flatten().filter(|number: &f64| number.is_finite());
                Ok((0..rows).map(|row| number(row).unwrap_or(f64::NAN)).collect())
            }
        }
    }

    /// Whether it reads the column at this place.
    #[must_use]
    pub fn reads(&self, place: usize) -> bool {
        matches!(self, Self::Computed(bound) if bound.reads(place))
    }
}
