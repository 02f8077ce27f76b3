//! Address space: how much of it an instance reserves, where a process may have little.
//!
//! With 4 GiB reserved, an address of the module cannot leave its memory, so its code needs no checks. A
//! process under `ulimit -v`, as batch schedulers and notebook servers set it, may not reserve that much;
//! whether it may is found out by asking for it once, when an engine is made.

use std::io;

use wasmtime::{Memory, MemoryType, Store};

use crate::config::Config;
use crate::error::{Error, ErrorCode, Result};

/// What an instance's memory reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {
    /// All that 32 bits can address.
    Whole,
    /// As much as the instance may use.
    Capped,
}

/// WebAssembly's unit of memory.
const PAGE_BYTES: u64 = 64 << 10;

impl Reservation {
    pub(crate) fn apply(self, config: &Config, wasmtime: &mut wasmtime::Config) {
        if self == Self::Capped {
            let cap = (config.memory_bytes as u64).next_multiple_of(PAGE_BYTES);
            // A memory that never outgrows its reservation never moves, and needs no room to move to.
            wasmtime.memory_reservation(cap).memory_reservation_for_growth(0).memory_may_move(false);
            wasmtime.memory_guard_size(PAGE_BYTES);
        }
    }
}

/// An engine whose instances the system has room for, as far as can be told now.
///
/// # Errors
/// `host_setup` where wasmtime does not support this machine, or where not even the capped reservation fits.
pub(crate) fn engine(
    config: &Config,
    settings: fn(&Config, Reservation) -> wasmtime::Config,
) -> Result<wasmtime::Engine> {
    let make = |reservation| {
        let engine = wasmtime::Engine::new(&settings(config, reservation))?;
        probe(&engine, config.instances)?;
        Ok::<_, wasmtime::Error>(engine)
    };
    let made = match make(Reservation::Whole) {
        Err(error) if refused(&error) => {
            tracing::debug!("little address space, so memories reserve their cap alone: {error:#}");
            make(Reservation::Capped)
        }
        made => made,
    };
    made.map_err(|error| {
        let message = match refused(&error) {
            true => refusal(config.memory_bytes, &error),
            false => format!("wasmtime: {error:#}"),
        };
        Error::new(ErrorCode::HostSetup, message)
    })
}

/// Asks for the memories of one bundle and gives them back.
fn probe(engine: &wasmtime::Engine, count: usize) -> std::result::Result<(), wasmtime::Error> {
    // One page each: what is asked for is the reservation.
    let mut stores: Vec<Store<()>> = Vec::new();
    for _ in 0..count {
        let mut store = Store::new(engine, ());
        Memory::new(&mut store, MemoryType::new(1, None))?;
        stores.push(store);
    }
    Ok(())
}

/// Whether the system refused to map memory.
pub(crate) fn refused(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
    }) || format!("{error:#}").contains("Cannot allocate memory")
}

/// What to do about it.
pub(crate) fn refusal(memory_bytes: usize, error: &wasmtime::Error) -> String {
    format!(
        "the system gives no address space for an instance of {memory_bytes} bytes; raise the process's limit \
         (`ulimit -v`), or lower the memory or the number of instances: {error:#}"
    )
}
