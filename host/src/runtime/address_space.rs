//! Address space: how much of it each instance reserves.
//!
//! Usually each instance reserves 4 GiB, so that its code need not check its memory accesses. Where the system does not allow that
//! (`ulimit -v`, some containers), code with checks is compiled, and address space is reserved as memory grows.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use wasmtime::{Config, Engine, Memory, MemoryType, Store};

use crate::tunables::{BESIDE_WORKERS, Limits, MEMORY_GUARD, MEMORY_STEP, MIN_ADDRESSES};

/// The engine whose reservations fit this process, for all instances that usually run at once. An error when not even the minimum is
/// available.
pub(super) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    if limit(Resource::As).is_some_and(|most| most < MIN_ADDRESSES) {
        return Err(Errno::NOMEM.into());
    }
    let usual = Engine::new(&config())?;
    match allows(&usual, limits.workers.saturating_add(BESIDE_WORKERS)) {
        true => Ok(usual),
        false => Engine::new(sparing(&mut config())),
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config
}

/// Little is reserved ahead; memory moves when it grows beyond that.
fn sparing(config: &mut Config) -> &Config {
    config.memory_reservation(MEMORY_STEP);
    config.memory_reservation_for_growth(MEMORY_STEP);
    config.memory_guard_size(MEMORY_GUARD)
}

/// Whether the system allows the reservations of `instances` at once. They are released again.
fn allows(engine: &Engine, instances: usize) -> bool {
    let mut store = Store::new(engine, ());
    (0..instances).all(|_| Memory::new(&mut store, MemoryType::new(0, None)).is_ok())
}

/// Whether the system refused memory or address space, for a new instance or for one that grows.
pub(super) fn is_refusal(error: &wasmtime::Error) -> bool {
    system(error).is_some_and(|error| error.raw_os_error() == Some(Errno::NOMEM.raw_os_error()))
}

/// The system's error, if the system caused it.
pub(super) fn system(error: &wasmtime::Error) -> Option<io::Error> {
    error.chain().find_map(|cause| {
        let errno = cause.downcast_ref::<Errno>().map(|errno| errno.raw_os_error());
        let io = || cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        errno.or_else(io).map(io::Error::from_raw_os_error)
    })
}

/// The message for that case: the limit that was reached, and what to do.
pub(super) fn refused() -> String {
    let limits = [
        (Resource::As, "of addresses (`ulimit -v`, `LimitAS=`); raise that limit to at least 1024 MiB"),
        (Resource::Data, "of data (`ulimit -d`, `LimitDATA=`); raise that limit"),
    ];
    let found = limits.into_iter().find_map(|(resource, what)| Some((limit(resource)?, what)));
    let cause = match found {
        Some((most, what)) => format!("this process may have {} MiB {what}", most >> 20),
        None => "free some, or raise vm.overcommit_ratio where vm.overcommit_memory is 2".into(),
    };
    format!("the system refused it more memory: {cause}, or use fewer workers (--limit workers=1)")
}

/// The limit of this resource for this process in bytes, if there is one.
fn limit(resource: Resource) -> Option<u64> {
    getrlimit(resource).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_from_other_errors() {
        let refused = wasmtime::Error::from(Errno::NOMEM).context("mmap failed to reserve 0x104000000 bytes");
        assert!(is_refusal(&refused));
        assert!(is_refusal(&io::Error::from_raw_os_error(12).into()));
        assert!(!is_refusal(&wasmtime::Error::from(Errno::INVAL)));
        assert!(!is_refusal(&wasmtime::Error::msg("unreachable")));
    }
}
