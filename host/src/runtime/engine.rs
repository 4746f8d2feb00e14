//! The engine, the compiled component and its linker: made once, shared by every instance.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, Linker, ResourceTableError};
use wasmtime::{Engine, FrameInfo, Store, Trap, WasmBacktrace};

use super::Failure;
use super::address_space;
use super::bindings::{Plugin, PluginPre};
use super::cache::Entry;
use super::store_data::{Grants, StoreData};
use super::threads::Threads;
use super::watchdog::Vitals;
use crate::capabilities::{self, TOO_MANY_OPEN};
use crate::disk::rate_limiter::RateLimiter;
use crate::error::reason;
use crate::options::{EPOCH, FRAMES, Limits};
use crate::time::stopwatch;

/// A component that is ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    component: Component,
    plugin: PluginPre<StoreData>,
    limits: Limits,
    pace: RateLimiter,
}

impl Runtime {
    /// Compiles `wasm`, a component of world `plugin`, or takes it from the cache. `name` is what errors call it.
    pub fn new(name: &str, wasm: &[u8], limits: Limits, cache: Option<&Path>) -> Result<Self, Failure> {
        let unusable = |error: wasmtime::Error| {
            Failure::stopped(match address_space::is_refusal(&error) {
                true => format!("{name} cannot be loaded: {}", address_space::refused()),
                false => {
                    // What the engine says can be a page.
                    let error = format!("{error:#}");
                    let line = error.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
                    format!("{name} is not a plugin that this host can run: {line}")
                }
            })
        };
        if let Some(what) = no_component(wasm) {
            return Err(unusable(wasmtime::Error::msg(what)));
        }
        let engine = address_space::engine(&limits).map_err(unusable)?;
        let component = component(&engine, wasm, cache).map_err(unusable)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(unusable)?;
        capabilities::add_to_linker(&mut linker).map_err(unusable)?;
        let plugin = linker.instantiate_pre(&component).and_then(PluginPre::new).map_err(unusable)?;
        tick(&engine).map_err(|error| Failure::stopped(format!("no thread for {name}: {error}")))?;
        let rate = u64::from(limits.bandwidth) << 20;
        let pace = RateLimiter::new(Some(rate).filter(|rate| *rate > 0));
        Ok(Self { inner: Arc::new(Inner { engine, component, plugin, limits, pace }) })
    }

    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn pace(&self) -> &RateLimiter {
        &self.inner.pace
    }

    /// Names of what the component imports, then exports.
    pub fn interfaces(&self) -> (Vec<String>, Vec<String>) {
        let ty = self.inner.component.component_type();
        let imports = ty.imports(&self.inner.engine).map(|(name, _)| name.to_owned()).collect();
        let exports = ty.exports(&self.inner.engine).map(|(name, _)| name.to_owned()).collect();
        (imports, exports)
    }

    pub(super) fn store(
        &self,
        grants: Grants,
        vitals: Arc<Vitals>,
        threads: Arc<Threads>,
        progress: Option<tokio::sync::watch::Sender<Option<super::jobs::Progress>>>,
    ) -> Store<StoreData> {
        let data = StoreData::new(self.clone(), grants, vitals, threads, progress);
        let mut store = Store::new(&self.inner.engine, data);
        store.limiter(|data| &mut data.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().vitals.check());
        store.call_hook(|store, hook| {
            store.data().vitals.crossed(hook);
            Ok(())
        });
        store
    }

    pub(super) async fn instantiate(&self, store: &mut Store<StoreData>) -> wasmtime::Result<Plugin> {
        self.inner.plugin.instantiate_async(store).await
    }
}

/// What is wrong with a file that does not even begin as a component.
fn no_component(wasm: &[u8]) -> Option<&'static str> {
    match wasm {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => None,
        [0, b'a', b's', b'm', ..] => {
            Some("it is a WebAssembly module, not a component; build it for the target wasm32-wasip2")
        }
        // The text format, which the engine takes too.
        _ if wasm.trim_ascii_start().starts_with(b"(component") => None,
        _ => Some("it is no WebAssembly component; name the file that a build for wasm32-wasip2 gives"),
    }
}

/// From the cache, or compiled and put there.
fn component(engine: &Engine, wasm: &[u8], cache: Option<&Path>) -> wasmtime::Result<Component> {
    let entry = cache.and_then(|directory| Entry::new(directory, engine, wasm));
    if let Some(component) = entry.as_ref().and_then(|entry| entry.load(engine)) {
        return Ok(component);
    }
    let component = Component::new(engine, wasm)?;
    if let Some(entry) = entry {
        entry.store(&component);
    }
    Ok(component)
}

/// Moves the engine's epoch on, and the time that is counted, for as long as somebody uses the engine.
fn tick(engine: &Engine) -> io::Result<()> {
    let weak = engine.weak();
    let work = move || {
        while let Some(engine) = weak.upgrade() {
            stopwatch::tick();
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    };
    std::thread::Builder::new().name("epochs".into()).spawn(work).map(drop)
}

/// What the engine says, with what it means where that is not plain.
fn trapped(error: &wasmtime::Error) -> String {
    let cause = format!("{:#}", error.root_cause());
    let is_overflow = match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => true,
        // A stack that grows beyond its part of the memory.
        Some(Trap::MemoryOutOfBounds) => error.downcast_ref::<WasmBacktrace>().is_some_and(is_recursion),
        _ => false,
    };
    match is_overflow {
        true => format!("its stack overflowed: it calls itself too often ({cause})"),
        false => cause,
    }
}

/// Whether a few functions call each other, as far down as is known.
fn is_recursion(trace: &WasmBacktrace) -> bool {
    let functions: BTreeSet<u32> = trace.frames().iter().map(FrameInfo::func_index).collect();
    trace.frames().len() >= FRAMES && functions.len() <= FRAMES / 4
}

/// What happened, for people: our own reason first, then the plugin's panic, then what the engine says.
pub(super) fn explain(what: &str, error: &wasmtime::Error, store: &StoreData) -> Failure {
    let full = || match error.downcast_ref::<ResourceTableError>() {
        Some(ResourceTableError::Full) => Some(TOO_MANY_OPEN.to_owned()),
        _ => None,
    };
    let panic = || store.stderr.panic().map(|words| format!("it {words}"));
    let refused = || address_space::is_refusal(error).then(address_space::refused);
    let cause = store.vitals.reason().or_else(full).or_else(refused).or_else(panic).unwrap_or_else(|| {
        let cause = match address_space::system(error) {
            Some(error) => reason(&error),
            None => trapped(error),
        };
        match store.stderr.last_words() {
            Some(words) => format!("{cause}; its last words: {words}"),
            None => cause,
        }
    });
    Failure::stopped(format!("the plugin was stopped while {what}: {cause}"))
}
