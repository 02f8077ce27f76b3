//! Long batches: cut into pieces that each take a moment, scored side by side, put together in order.
//!
//! One call into the module has a deadline, and how long a row takes differs a thousandfold between
//! bundles. So the size of a piece follows what the pieces before it took, and a piece that still meets
//! the deadline is tried again in halves before it is given up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorCode, Result};
use crate::table::Batch;

/// Rows of the first piece, before anything is known.
const FIRST_ROWS: usize = 256;
/// The most rows of a piece: past it the call's own cost is nothing, and memory grows.
const MOST_ROWS: usize = 16_384;
/// Pieces begin at multiples of this, since bitmaps of present elements are cut at bytes.
const STEP_ROWS: usize = 8;
/// What a piece should take: much more than a call costs, much less than a deadline.
const PIECE_TIME: Duration = Duration::from_millis(100);

/// The size of the next piece, learned from those before it.
pub(crate) struct PieceSize {
    rows: AtomicUsize,
    time: Duration,
}

impl PieceSize {
    /// For calls with this deadline.
    pub(crate) fn new(deadline_ms: u64) -> Self {
        let time = PIECE_TIME.min(Duration::from_millis(deadline_ms / 4));
        Self { rows: AtomicUsize::new(FIRST_ROWS), time }
    }

    fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// `rows` took this long. Growth is held back: the first rows of a batch may be its cheapest.
    fn learn(&self, rows: usize, took: Duration) {
        let fitting = rows as f64 * self.time.as_secs_f64() / took.as_secs_f64().max(1e-6);
        let next = (fitting as usize).min(rows * 4);
        self.set(next);
    }

    fn set(&self, rows: usize) {
        let rows = rows.clamp(STEP_ROWS, MOST_ROWS);
        self.rows.store(rows - rows % STEP_ROWS, Ordering::Relaxed);
    }
}

/// Scores `batch` with `score` in pieces, on up to `lanes` threads.
pub(crate) fn score(
    batch: &Batch<'_>,
    size: &PieceSize,
    lanes: usize,
    score: impl Fn(&Batch<'_>) -> Result<Batch<'static>> + Sync,
) -> Result<Batch<'static>> {
    let pieces = Pieces { batch, size, next: Mutex::default(), score: &score };
    // What fits one piece needs no threads; that is also every call of a few rows.
    if batch.rows <= size.rows() || lanes < 2 {
        return pieces.run()?.into_values().try_fold(Batch::default(), together);
    }
    let answers = thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(|| pieces.run())).collect();
        let join = |lane: thread::ScopedJoinHandle<'_, Result<_>>| {
            lane.join().unwrap_or_else(|_| Err(Error::new(ErrorCode::Internal, "a thread ended early")))
        };
        // All lanes are joined before the first failure is looked at.
        lanes.into_iter().map(join).collect::<Vec<_>>()
    });
    let mut all = BTreeMap::new();
    for answer in answers {
        all.extend(answer?);
    }
    all.into_values().try_fold(Batch::default(), together)
}

fn together(mut all: Batch<'static>, more: Batch<'static>) -> Result<Batch<'static>> {
    all.append(more)?;
    Ok(all)
}

struct Pieces<'a, F> {
    batch: &'a Batch<'a>,
    size: &'a PieceSize,
    /// The first row that no lane has taken.
    next: Mutex<usize>,
    score: &'a F,
}

impl<F: Fn(&Batch<'_>) -> Result<Batch<'static>>> Pieces<'_, F> {
    /// Takes pieces until none is left; answers by their first row.
    fn run(&self) -> Result<BTreeMap<usize, Batch<'static>>> {
        let mut answers = BTreeMap::new();
        // An empty batch is asked for too: its answer has the columns.
        while let Some((start, end)) = self.take(answers.is_empty()) {
            match self.score(start, end) {
                Ok(answer) => answers.insert(start, answer),
                Err(error) => {
                    // The other lanes find nothing left.
                    self.set_next(self.batch.rows);
                    return Err(error);
                }
            };
        }
        Ok(answers)
    }

    fn take(&self, first: bool) -> Option<(usize, usize)> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *next;
        let empty = self.batch.rows == 0 && first;
        if start >= self.batch.rows && !empty {
            return None;
        }
        *next = self.batch.rows.min(start + self.size.rows());
        Some((start, *next))
    }

    fn set_next(&self, row: usize) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = row;
    }

    /// Scores some rows, in smaller pieces where they take too long.
    fn score(&self, start: usize, end: usize) -> Result<Batch<'static>> {
        let rows = end - start;
        let begin = Instant::now();
        match (self.score)(&self.batch.slice(start..end)) {
            Err(error) if error.code() == ErrorCode::Deadline && rows > STEP_ROWS => {
                let half = (rows / 2).next_multiple_of(STEP_ROWS);
                self.size.set(half / 2);
                let mut all = self.score(start, start + half)?;
                if start + half < end {
                    all.append(self.score(start + half, end)?)?;
                }
                Ok(all)
            }
            answer => {
                if rows >= STEP_ROWS {
                    self.size.learn(rows, begin.elapsed());
                }
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{PieceSize, score};
    use crate::error::{Error, ErrorCode};
    use crate::table::{Batch, Column, Data};

    fn batch(rows: usize) -> Batch<'static> {
        let numbers = Data::I64((0..rows as i64).collect());
        Batch { rows, columns: vec![Column::new("n", numbers)] }
    }

    fn owned(batch: &Batch<'_>) -> Batch<'static> {
        let Data::I64(numbers) = &batch.columns[0].data else { panic!("numbers go in") };
        let column = Column::new("n", Data::I64(numbers.to_vec().into()));
        Batch { rows: batch.rows, columns: vec![column] }
    }

    #[test]
    fn rows_come_back_in_order_whatever_the_pieces() {
        for rows in [0, 1, 7, 8, 255, 256, 257, 100_003] {
            for lanes in [1, 4] {
                let calls = AtomicUsize::new(0);
                let answer = score(&batch(rows), &PieceSize::new(1_000), lanes, |piece| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    Ok(owned(piece))
                });
                assert_eq!(answer.unwrap(), batch(rows), "{rows} rows, {lanes} lanes");
                assert!(calls.into_inner() >= 1);
            }
        }
    }

    #[test]
    fn a_piece_that_takes_too_long_is_halved() {
        let size = PieceSize::new(1_000);
        let answer = score(&batch(1_000), &size, 2, |piece| {
            if piece.rows > 40 { Err(Error::new(ErrorCode::Deadline, "late")) } else { Ok(owned(piece)) }
        });
        assert_eq!(answer.unwrap(), batch(1_000));
    }

    #[test]
    fn what_is_late_row_by_row_is_given_up() {
        let late = |_: &Batch<'_>| Err(Error::new(ErrorCode::Deadline, "late"));
        let error = score(&batch(100), &PieceSize::new(1_000), 2, late).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Deadline);
    }
}
