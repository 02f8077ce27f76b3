//! Instances that have one bundle or model loaded: lent to one call at a time, or made for each call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use scorebox_abi::exports;

use crate::config::Isolation;
use crate::counts::Counts;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::guest::{Guest, Input};
use crate::module::{Artefact, Compiled};
use crate::snapshot;

/// What the bytes are, and so which export loads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bundle,
    Model,
}

impl Kind {
    const fn export(self) -> &'static str {
        match self {
            Self::Bundle => exports::LOAD,
            Self::Model => exports::LOAD_MODEL,
        }
    }
}

/// An instance and the handle of what it has loaded.
struct Seat {
    guest: Guest,
    handle: i32,
    /// Calls whose counts it still holds.
    counted: usize,
}

/// Calls whose counts an instance holds before they are fetched from it: enough that fetching costs nothing,
/// few enough that little is lost with an instance that traps.
const COUNTED_CALLS: usize = 64;
/// Counts that are kept apart before they are added up.
const KEPT_COUNTS: usize = 256;

#[derive(Default)]
struct Seats {
    idle: Vec<Seat>,
    /// Idle and lent ones together.
    made: usize,
    /// Calls that wait for one.
    waiting: usize,
}

/// The instances of one bundle or model. The bytes are kept to make further instances, when calls
/// overlap and when one was lost.
pub(crate) struct Pool {
    engine: Engine,
    compiled: Arc<Compiled>,
    kind: Kind,
    bytes: Arc<[u8]>,
    /// The handle in a snapshot, where each call gets an instance of its own.
    handle: Option<i32>,
    seats: Mutex<Seats>,
    returned: Condvar,
    /// Counts that were fetched from instances.
    counts: Mutex<Vec<Counts>>,
}

impl Pool {
    /// Loads `bytes` into a first instance: of the tabular module, or of the full one where the tabular
    /// one says that it is needed.
    pub(crate) fn load(engine: &Engine, kind: Kind, bytes: &Arc<[u8]>) -> Result<Self> {
        match Self::load_with(engine, Artefact::Tabular, kind, bytes) {
            Err(error) if error.code() == ErrorCode::BundleNeedsFull => {
                // Without the full module the tabular one's answer, which names the reason, stands.
                engine.prepare(Artefact::Full).map_err(|missing| match missing.code() {
                    ErrorCode::BundleNeedsFull => error,
                    _ => missing,
                })?;
                Self::load_with(engine, Artefact::Full, kind, bytes)
            }
            answer => answer,
        }
    }

    fn load_with(engine: &Engine, artefact: Artefact, kind: Kind, bytes: &Arc<[u8]>) -> Result<Self> {
        let (compiled, handle) = match engine.config().isolation {
            Isolation::Pooled => (engine.compiled(artefact)?, None),
            Isolation::PerRequest => {
                let load = |guest: &mut Guest| warm(guest, kind, bytes);
                let (compiled, handle) = snapshot::take(engine, artefact, load)?;
                (compiled, Some(handle))
            }
        };
        let pool = Self {
            engine: engine.clone(),
            compiled,
            kind,
            bytes: Arc::clone(bytes),
            handle,
            seats: Mutex::default(),
            returned: Condvar::new(),
            counts: Mutex::default(),
        };
        if handle.is_none() {
            let seat = pool.seat()?;
            *pool.seats() = Seats { idle: vec![seat], made: 1, waiting: 0 };
        }
        Ok(pool)
    }

    fn seat(&self) -> Result<Seat> {
        let mut guest = Guest::start(&self.engine, &self.compiled)?;
        let handle = guest.load_call(self.kind.export(), Input::Bytes(&self.bytes))?;
        Ok(Seat { guest, handle, counted: 0 })
    }

    /// A panic while the lock is held leaves counts that are still right, so poison is no reason to stop.
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sha256 of the module that the instances run, 64 hex digits.
    pub(crate) fn module_digest(&self) -> &Arc<str> {
        &self.compiled.digest
    }

    /// Lends an instance to `call`, waits for one where all are busy, and drops it where it has ended.
    pub(crate) fn with<T>(&self, call: impl FnOnce(&mut Guest, i32) -> Result<T>) -> Result<T> {
        if let Some(handle) = self.handle {
            return call(&mut Guest::resume(&self.engine, &self.compiled)?, handle);
        }
        let mut lent = self.lend()?;
        let Some(seat) = &mut lent.seat else {
            return Err(Error::new(ErrorCode::Internal, "the pool lent no instance"));
        };
        call(&mut seat.guest, seat.handle)
    }

    /// As [`Self::with`], for a call that counts what it decides on; `calls` of them.
    pub(crate) fn counting<T>(
        &self,
        calls: usize,
        call: impl FnOnce(&mut Guest, i32) -> Result<T>,
    ) -> Result<T> {
        if let Some(handle) = self.handle {
            // The instance ends with the call, so its counts are fetched at once.
            let mut guest = Guest::resume(&self.engine, &self.compiled)?;
            let answer = call(&mut guest, handle)?;
            self.keep(fetch(&mut guest, handle)?)?;
            return Ok(answer);
        }
        let mut lent = self.lend()?;
        let Some(seat) = &mut lent.seat else {
            return Err(Error::new(ErrorCode::Internal, "the pool lent no instance"));
        };
        let answer = call(&mut seat.guest, seat.handle)?;
        seat.counted += calls;
        if seat.counted >= COUNTED_CALLS {
            self.collect(seat)?;
        }
        Ok(answer)
    }

    fn collect(&self, seat: &mut Seat) -> Result<()> {
        let counts = fetch(&mut seat.guest, seat.handle)?;
        seat.counted = 0;
        self.keep(counts)
    }

    fn keep(&self, counts: Counts) -> Result<()> {
        let mut kept = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(counts);
        if kept.len() < KEPT_COUNTS {
            return Ok(());
        }
        let sum = sum(std::mem::take(&mut *kept))?;
        kept.extend(sum);
        Ok(())
    }

    /// What has been counted since this was last called, by calls that have ended. Instances that are at work
    /// keep what they counted before, at most [`COUNTED_CALLS`] calls each, for the next time.
    pub(crate) fn take_counts(&self) -> Result<Counts> {
        let idle = std::mem::take(&mut self.seats().idle);
        let mut failed = None;
        for mut seat in idle {
            if seat.counted > 0
                && let Err(error) = self.collect(&mut seat)
            {
                failed = Some(error);
            }
            drop(Lent { pool: self, seat: Some(seat) });
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let kept = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        match sum(kept)? {
            Some(counts) => Ok(counts),
            // Nothing was counted; the module says what that looks like.
            None => self.with(fetch),
        }
    }

    fn lend(&self) -> Result<Lent<'_>> {
        let mut seats = self.seats();
        loop {
            if let Some(seat) = seats.idle.pop() {
                return Ok(Lent { pool: self, seat: Some(seat) });
            }
            if seats.made < self.engine.config().instances {
                seats.made += 1;
                drop(seats);
                // From here on the place is taken; `Lent` gives it back, also where loading fails.
                let mut lent = Lent { pool: self, seat: None };
                lent.seat = Some(self.seat()?);
                return Ok(lent);
            }
            seats.waiting += 1;
            seats = self.returned.wait(seats).unwrap_or_else(PoisonError::into_inner);
            seats.waiting -= 1;
        }
    }
}

/// Loads into an instance of which a snapshot will be made. Golden records are replayed once, so that the
/// buffers that a call needs are there already; they are part of the bundle and nobody's secret.
fn warm(guest: &mut Guest, kind: Kind, bytes: &[u8]) -> Result<i32> {
    let handle = guest.load_call(kind.export(), Input::Bytes(bytes))?;
    if kind == Kind::Bundle {
        guest.handle_call(exports::VERIFY, handle)?;
    }
    Ok(handle)
}

/// What an instance has counted; it then forgets it.
fn fetch(guest: &mut Guest, handle: i32) -> Result<Counts> {
    guest.handle_call(exports::COUNTS, handle)?;
    Counts::read(guest.result()?)
}

fn sum(counts: Vec<Counts>) -> Result<Option<Counts>> {
    let mut counts = counts.into_iter();
    let Some(mut sum) = counts.next() else { return Ok(None) };
    counts.try_for_each(|more| sum.add(&more))?;
    Ok(Some(sum))
}

/// A lent instance, or the place of one that is being made.
struct Lent<'a> {
    pool: &'a Pool,
    seat: Option<Seat>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let seat = self.seat.take().filter(|seat| !seat.guest.is_dead() && !std::thread::panicking());
        let mut seats = self.pool.seats();
        match seat {
            Some(seat) => seats.idle.push(seat),
            None => seats.made -= 1,
        }
        let wanted = seats.waiting > 0;
        drop(seats);
        // To notify is a call of the system even where nobody waits, which is most of the time.
        if wanted {
            self.pool.returned.notify_one();
        }
    }
}
