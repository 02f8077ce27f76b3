//! Instances that have one bundle or model loaded: lent to one call at a time, or made for each call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use scorebox_abi::exports;

use crate::config::Isolation;
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
}

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
        Ok(Seat { guest, handle })
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
