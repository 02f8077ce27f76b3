//! Cutting a batch into pieces and putting answers together again.

use std::borrow::Cow;
use std::ops::Range;

use super::{Batch, Column, Data};
use crate::error::{Error, ErrorCode, Result};

impl Batch<'_> {
    /// Some rows, borrowed. `rows.start` must be a multiple of 8, since bitmaps are cut at bytes.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Batch<'_> {
        let columns = self.columns.iter().map(|column| Column {
            name: Cow::Borrowed(&*column.name),
            data: column.data.slice(rows.clone()),
            valid: column.valid.as_deref().map(|bits| {
                let bytes = rows.start / 8..rows.end.div_ceil(8).min(bits.len());
                Cow::Borrowed(bits.get(bytes).unwrap_or_default())
            }),
        });
        Batch { rows: rows.len(), columns: columns.collect() }
    }
}

impl Batch<'static> {
    /// Appends the rows of a batch with the same columns.
    ///
    /// # Errors
    /// `host_format` where a column is missing or of another type.
    pub(crate) fn append(&mut self, more: Batch<'static>) -> Result<()> {
        if self.rows == 0 && self.columns.is_empty() {
            *self = more;
            return Ok(());
        }
        if self.columns.len() != more.columns.len() {
            return Err(Error::new(ErrorCode::HostFormat, "the number of columns changes between rows"));
        }
        for (column, next) in self.columns.iter_mut().zip(more.columns) {
            column.append(next, self.rows)?;
        }
        self.rows += more.rows;
        Ok(())
    }
}

impl Column<'static> {
    fn append(&mut self, more: Self, rows: usize) -> Result<()> {
        let changed = || {
            let message = "the column changes its name or type between rows";
            Error::new(ErrorCode::HostFormat, message).at(&self.name)
        };
        if self.name != more.name || self.data.dtype() != more.data.dtype() {
            return Err(changed());
        }
        if self.valid.is_some() || more.valid.is_some() {
            let total = rows + more.data.len();
            let bits = self.valid.take().unwrap_or_else(|| vec![0xff; rows.div_ceil(8)].into());
            self.valid = Some(append_bits(bits.into_owned(), rows, &more, total).into());
        }
        self.data.append(more.data);
        Ok(())
    }
}

/// The bitmap of `rows` elements, extended by those of `more`.
fn append_bits(mut bits: Vec<u8>, rows: usize, more: &Column<'_>, total: usize) -> Vec<u8> {
    bits.resize(total.div_ceil(8), 0);
    for at in rows..total {
        if let Some(byte) = bits.get_mut(at / 8) {
            let bit = 1 << (at % 8);
            *byte = if more.is_present(at - rows) { *byte | bit } else { *byte & !bit };
        }
    }
    bits
}

macro_rules! for_numbers {
    ($data:expr, $elements:ident => $numbers:expr, ($offsets:ident, $bytes:ident) => $text:expr) => {
        for_numbers!(@arms $data, $elements => $numbers, ($offsets, $bytes) => $text;
            F32 F64 F16 I8 I16 I32 I64 U8 U16 U32 U64 Bool)
    };
    (@arms $data:expr, $elements:ident => $numbers:expr, ($offsets:ident, $bytes:ident) => $text:expr;
        $($variant:ident)*) => {
        match $data {
            $(Data::$variant($elements) => Data::$variant($numbers),)*
            Data::Text { offsets: $offsets, bytes: $bytes } => $text,
        }
    };
}

impl Data<'_> {
    fn slice(&self, rows: Range<usize>) -> Data<'_> {
        for_numbers!(self,
            elements => Cow::Borrowed(elements.get(rows).unwrap_or_default()),
            (offsets, bytes) => Data::Text {
                offsets: Cow::Borrowed(offsets.get(rows.start..rows.end.saturating_add(1)).unwrap_or_default()),
                bytes: Cow::Borrowed(bytes),
            }
        )
    }
}

impl Data<'static> {
    /// Appends elements of the same type; others change nothing.
    fn append(&mut self, more: Self) {
        macro_rules! same {
            ($($variant:ident)*) => {
                match (self, more) {
                    $((Data::$variant(all), Data::$variant(more)) => all.to_mut().extend_from_slice(&more),)*
                    (Data::Text { offsets, bytes }, Data::Text { offsets: next, bytes: text }) => {
                        // Texts of the two lists lie in one buffer from here on: positions move by the
                        // difference between where the first ends and where the second starts.
                        let end = offsets.last().copied().unwrap_or(0);
                        let start = next.first().copied().unwrap_or(0);
                        bytes.to_mut().truncate(end as usize);
                        bytes.to_mut().extend_from_slice(text.get(start as usize..).unwrap_or_default());
                        let moved = next.iter().skip(1).map(|at| end.saturating_add(at - start));
                        offsets.to_mut().extend(moved);
                    }
                    _ => {}
                }
            };
        }
        same!(F32 F64 F16 I8 I16 I32 I64 U8 U16 U32 U64 Bool);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{Batch, Column, Data};
    use crate::table::{decode, encode};

    fn batch(rows: usize, valid: bool) -> Batch<'static> {
        let bits: Vec<u8> = (0..rows.div_ceil(8)).map(|at| 0b1010_0110 ^ at as u8).collect();
        let mut numbers = Column::new("n", Data::F64((0..rows).map(|row| row as f64).collect()));
        numbers.valid = valid.then(|| bits.into());
        let texts = Column::new("t", Data::texts((0..rows).map(|row| "x".repeat(row % 5))));
        Batch { rows, columns: vec![numbers, texts] }
    }

    fn owned(batch: &Batch<'_>) -> Batch<'static> {
        let plan = encode::batch(batch).unwrap();
        let mut bytes = vec![0; plan.bytes()];
        plan.write(&mut bytes);
        decode::batch(&bytes).unwrap()
    }

    #[test]
    fn pieces_put_together_are_the_whole() {
        for valid in [false, true] {
            let whole = batch(101, valid);
            for size in [8, 16, 64, 104] {
                let mut together = Batch::default();
                for start in (0..whole.rows).step_by(size) {
                    let piece = whole.slice(start..whole.rows.min(start + size));
                    together.append(owned(&piece)).unwrap();
                }
                assert_eq!(together.rows, whole.rows);
                for (column, expected) in together.columns.iter().zip(&whole.columns) {
                    assert_eq!(column.data, expected.data, "{size}");
                    let present =
                        |column: &Column<'_>| (0..101).map(|at| column.is_present(at)).collect::<Vec<_>>();
                    assert_eq!(present(column), present(expected), "{size}");
                }
            }
        }
    }

    #[test]
    fn a_bitmap_may_begin_in_the_middle() {
        let mut all = batch(5, false);
        all.append(batch(9, true)).unwrap();
        let column = &all.columns[0];
        let tail = batch(9, true);
        assert!((0..5).all(|at| column.is_present(at)));
        assert!((0..9).all(|at| column.is_present(5 + at) == tail.columns[0].is_present(at)));
    }

    #[test]
    fn columns_that_change_are_refused() {
        let mut all = batch(5, false);
        let mut other = batch(5, false);
        other.columns[0].data = Data::I64(vec![0; 5].into());
        assert_eq!(all.append(other).unwrap_err().path(), "n");
        all.columns.pop();
        assert!(all.append(batch(5, false)).is_err());
    }
}
