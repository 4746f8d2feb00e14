//! Explanations for users of why a plugin was stopped.

use std::collections::BTreeSet;

use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

use super::address_space;
use super::failure::Failure;
use super::refusal::TOO_MANY_OPEN;
use super::store::StoreData;
use crate::error::reason;
use crate::tunables::FRAMES;

/// The engine's message, with an explanation where needed.
fn trapped(error: &wasmtime::Error) -> String {
    let cause = format!("{:#}", error.root_cause());
    let is_overflow = match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => true,
        // A stack that grew beyond its part of the memory.
        Some(Trap::MemoryOutOfBounds) => error.downcast_ref::<WasmBacktrace>().is_some_and(is_recursion),
        _ => false,
    };
    match is_overflow {
        true => format!("its stack overflowed: it calls itself too often ({cause})"),
        false => cause,
    }
}

/// Whether the known part of the stack consists of a few functions that call each other.
fn is_recursion(trace: &WasmBacktrace) -> bool {
    let functions: BTreeSet<u32> = trace.frames().iter().map(FrameInfo::func_index).collect();
    trace.frames().len() >= FRAMES && functions.len() <= FRAMES / 4
}

/// What happened: our own reason if there is one, else the plugin's panic, else the engine's message. `what` is what the plugin was doing.
pub(super) fn explain(what: &str, error: &wasmtime::Error, store: &StoreData) -> Failure {
    let full = || match error.downcast_ref::<ResourceTableError>() {
        Some(ResourceTableError::Full) => Some(TOO_MANY_OPEN.to_owned()),
        _ => None,
    };
    let panic = || store.stderr.panic().map(|panic| format!("it {panic}"));
    let refused = || address_space::is_refusal(error).then(address_space::refused);
    let cause = store.watchdog.reason().or_else(full).or_else(refused).or_else(panic).unwrap_or_else(|| {
        let cause = match address_space::system(error) {
            Some(error) => reason(&error),
            None => trapped(error),
        };
        match store.stderr.last_line() {
            Some(line) => format!("{cause}; its last output: {line}"),
            None => cause,
        }
    });
    Failure::stopped(format!("the plugin was stopped while {what}: {cause}"))
}
