//! Features by table: the label or number of a value's bin; and one number by another, guarded.

use crate::json::Value as Json;

use crate::bins::Bins;
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{Edges, Ratio, Woe};
use crate::rules::{Column, Data, Texts};

/// What each bin of a value gives.
#[derive(Clone, Debug)]
pub(super) struct Table {
    of: usize,
    bins: Bins,
    gives: Gives,
}

#[derive(Clone, Debug)]
enum Gives {
    Numbers(Vec<f64>),
    Texts(Vec<Box<str>>),
}

impl Table {
    /// Labels or numbers between edges; `of` is the place of the column.
    pub(super) fn between(own: &Edges, of: usize) -> Self {
        let also = own.special.iter().map(|special| &special.to).chain(&own.missing);
        let gives = match (&own.labels, &own.values) {
            (Some(labels), _) => {
                let also = also.map(|to| to.as_str().unwrap_or_default());
                Gives::Texts(labels.iter().map(String::as_str).chain(also).map(Into::into).collect())
            }
            (None, values) => {
                let also = also.map(|to| to.as_f64().unwrap_or(f64::NAN));
                Gives::Numbers(values.iter().flatten().copied().chain(also).collect())
            }
        };
        // `"missing": null` is no label: without a bin, a missing value gives nothing.
        let bins = Bins::between(&Edges {
            missing: own.missing.clone().filter(|to| *to != Json::Null),
            ..own.clone()
        });
        Self { of, bins, gives }
    }

    /// Weights of evidence.
    pub(super) fn woe(own: &Woe, of: usize) -> Self {
        let weights = own.bins.iter().map(|bin| bin.woe.unwrap_or(f64::NAN)).collect();
        Self { of, bins: Bins::new(&own.bins, own.closed), gives: Gives::Numbers(weights) }
    }

    pub(super) const fn reads(&self, place: usize) -> bool {
        self.of == place
    }

    pub(super) fn evaluate(&self, columns: &[Column], rows: usize) -> Result<Column> {
        let column = columns.get(self.of).ok_or_else(absent)?;
        let found: Vec<Option<usize>> = (0..rows).map(|row| self.bins.of(column, row)).collect();
        let present: Vec<bool> = found.iter().map(Option::is_some).collect();
        let data = match &self.gives {
            Gives::Numbers(numbers) => {
                let number = |bin: &Option<usize>| bin.and_then(|bin| numbers.get(bin)).copied();
                Data::Double(found.iter().map(|bin| number(bin).unwrap_or_default()).collect())
            }
            Gives::Texts(texts) => {
                let text = |bin: &Option<usize>| bin.and_then(|bin| texts.get(bin)).map(|text| &**text);
                let texts: Texts = found.iter().map(|bin| text(bin).unwrap_or_default()).collect();
                Data::Text(texts)
            }
        };
        Ok(Column::with_presence(data, &present))
    }
}

/// One column by another.
#[derive(Clone, Debug)]
pub(super) struct Quotient {
    of: usize,
    by: usize,
    own: Ratio,
}

impl Quotient {
    pub(super) fn new(own: &Ratio, of: usize, by: usize) -> Self {
        Self { of, by, own: own.clone() }
    }

    pub(super) const fn reads(&self, place: usize) -> bool {
        self.of == place || self.by == place
    }

    pub(super) fn evaluate(&self, columns: &[Column], rows: usize) -> Result<Column> {
        let column = |place: usize| columns.get(place).ok_or_else(absent);
        let (of, by) = (column(self.of)?, column(self.by)?);
        let number = |column: &Column, row| column.number(row).ok().flatten();
        let quotients: Vec<Option<f64>> =
            (0..rows).map(|row| self.divide(number(of, row)?, number(by, row)?)).collect();
        let present: Vec<bool> = quotients.iter().map(Option::is_some).collect();
        let cells = quotients.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Column::with_presence(Data::Double(cells), &present))
    }

    fn divide(&self, of: f64, by: f64) -> Option<f64> {
        let Ratio { zero, negative, min, max, .. } = self.own;
        if by == 0.0 {
            return zero;
        }
        if by < 0.0 && negative.is_some() {
            return negative;
        }
        let quotient = of / by;
        let quotient = max.map_or(quotient, |max| quotient.min(max));
        Some(min.map_or(quotient, |min| quotient.max(min)))
    }
}

fn absent() -> Error {
    Error::new(ErrorCode::Internal, "a feature reads a column that is not there")
}
