//! The clock behind deadlines: a thread that advances wasmtime's epoch while calls are under way.
//!
//! It starts with the first call, sleeps when nothing has run for a second, and ends with its engine. A
//! call that finds it awake, which is every call of a busy host, pays two atomic operations.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// Milliseconds from one epoch to the next.
const TICK_MS: u64 = 5;

const TICK: Duration = Duration::from_millis(TICK_MS);

/// Ticks without a call after which the thread sleeps.
const IDLE_TICKS: u32 = 200;

struct Shared {
    epochs: wasmtime::Engine,
    calls: AtomicUsize,
    asleep: AtomicBool,
    ended: AtomicBool,
}

/// Advances the epoch of one wasmtime engine.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: OnceLock<Option<JoinHandle<()>>>,
}

/// Keeps the epoch advancing until it is dropped.
pub(crate) struct Ticking<'a>(&'a Shared);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Ticker {
    pub(crate) fn new(epochs: wasmtime::Engine) -> Self {
        let (calls, asleep, ended) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { epochs, calls, asleep, ended }), thread: OnceLock::new() }
    }

    /// The number of epochs after which `milliseconds` have surely passed. One more than the quotient:
    /// the first epoch may end at once.
    pub(crate) fn epochs(milliseconds: u64) -> u64 {
        milliseconds.div_ceil(TICK_MS).saturating_add(1)
    }

    /// Marks a call as under way, or `None` where the system gives no thread: then there would be no
    /// deadline, and the call must not start.
    pub(crate) fn tick(&self) -> Option<Ticking<'_>> {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        let ticking = Ticking(&self.shared);
        let thread = self.thread.get_or_init(|| {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("scorebox-deadline".into()).spawn(move || run(&shared)).ok()
        });
        let thread: &Thread = thread.as_ref()?.thread();
        if self.shared.asleep.load(Ordering::SeqCst) {
            thread.unpark();
        }
        Some(ticking)
    }
}

fn run(shared: &Shared) {
    let mut idle = 0;
    let mut last = Instant::now();
    while !shared.ended.load(Ordering::SeqCst) {
        if idle < IDLE_TICKS {
            thread::park_timeout(TICK);
        } else {
            // Order matters: whoever adds a call after this store sees it and wakes the thread, and
            // whoever added one before is seen here.
            shared.asleep.store(true, Ordering::SeqCst);
            if shared.calls.load(Ordering::SeqCst) == 0 && !shared.ended.load(Ordering::SeqCst) {
                thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
            last = Instant::now();
        }
        idle = if shared.calls.load(Ordering::SeqCst) > 0 { 0 } else { idle.saturating_add(1) };
        // A busy machine wakes the thread late; the epochs it slept through are made up for.
        while last.elapsed() >= TICK {
            shared.epochs.increment_epoch();
            last += TICK;
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(Some(thread)) = self.thread.take() {
            thread.thread().unpark();
            // The thread wakes at once and touches nothing of ours but what it shares.
            drop(thread.join());
        }
    }
}
