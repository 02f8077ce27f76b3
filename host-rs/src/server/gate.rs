//! Who may score now, who waits, and who is sent away: the bound on a bundle's work.
//!
//! The pool of instances would make a thread wait. The gate waits without one, so that the blocking
//! threads in use are never more than there are instances, and it refuses what would wait too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorCode, Result};

pub(crate) struct Gate {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    limit: usize,
}

/// Takes a waiting request off the count, also where its client has gone.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(places: usize, limit: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), waiting: AtomicUsize::new(0), limit }
    }

    /// A place, at once or after waiting for one. The place is free again when the permit is dropped.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(permit);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.limit {
            let message = "too many requests wait for this bundle; try again in a second";
            return Err(Error::new(ErrorCode::Overloaded, message));
        }
        let closed = |_| Error::new(ErrorCode::Overloaded, "the server is stopping");
        Arc::clone(&self.places).acquire_owned().await.map_err(closed)
    }

    /// Requests that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}
