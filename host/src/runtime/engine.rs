//! Loading a component: compiled or taken from the cache, linked once, then shared by every instance.

use std::io;
use std::path::Path;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::address_space;
use super::bindings::PluginPre;
use super::cache::Entry;
use super::failure::Failure;
use super::store::{Inner, Runtime};
use crate::capabilities;
use crate::disk::rate_limiter::RateLimiter;
use crate::time::stopwatch;
use crate::tunables::{EPOCH, Limits};

impl Runtime {
    /// Compiles `wasm`, a component of world `plugin`, or takes it from the cache. `name` names it in errors.
    pub fn new(name: &str, wasm: &[u8], limits: Limits, cache: Option<&Path>) -> Result<Self, Failure> {
        let unusable = |error: wasmtime::Error| {
            Failure::stopped(match address_space::is_refusal(&error) {
                true => format!("{name} cannot be loaded: {}", address_space::refused()),
                false => {
                    // The engine's message can be a page long.
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
        if let Some(version) = foreign_version(&engine, &component) {
            let fault = format!(
                "{name} was built for version {version} of the plugin contract; this Larder needs {CONTRACT}"
            );
            return Err(Failure::stopped(format!(
                "{fault}: build it again with the wit/ directory of this version"
            )));
        }
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(unusable)?;
        capabilities::add_to_linker(&mut linker).map_err(unusable)?;
        let plugin = linker.instantiate_pre(&component).and_then(PluginPre::new).map_err(unusable)?;
        tick(&engine)
            .map_err(|error| Failure::stopped(format!("cannot start a thread for {name}: {error}")))?;
        let rate = u64::from(limits.bandwidth) << 20;
        let pace = RateLimiter::new(Some(rate).filter(|rate| *rate > 0));
        Ok(Self { inner: Arc::new(Inner { engine, component, plugin, limits, pace }) })
    }

    /// The names of the component's imports, then of its exports.
    pub fn interfaces(&self) -> (Vec<String>, Vec<String>) {
        let ty = self.inner.component.component_type();
        let imports = ty.imports(&self.inner.engine).map(|(name, _)| name.to_owned()).collect();
        let exports = ty.exports(&self.inner.engine).map(|(name, _)| name.to_owned()).collect();
        (imports, exports)
    }
}

/// The version of the contract (`wit/`), reduced to the part that decides compatibility: before 1.0, its first two numbers.
const CONTRACT: &str = "0.2";

/// The version of the contract for which the component was built, if it is not this one. The names of its imports and exports tell.
fn foreign_version(engine: &Engine, component: &Component) -> Option<String> {
    let ty = component.component_type();
    let names = ty.imports(engine).chain(ty.exports(engine)).map(|(name, _)| name);
    let versions = names.filter_map(|name| name.strip_prefix("larder:automation/")?.split_once('@'));
    let mut short = versions.map(|(_, version)| version.rsplit_once('.').map_or(version, |(short, _)| short));
    short.find(|version| *version != CONTRACT).map(str::to_owned)
}

/// What is wrong with a file that does not start like a component.
fn no_component(wasm: &[u8]) -> Option<&'static str> {
    match wasm {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => None,
        [0, b'a', b's', b'm', ..] => {
            Some("it is a WebAssembly module, not a component; build it for the target wasm32-wasip2")
        }
        // The text format, which the engine also accepts.
        _ if wasm.trim_ascii_start().starts_with(b"(component") => None,
        _ => Some(
            "it is not a WebAssembly component; give the .wasm file that a build for wasm32-wasip2 makes",
        ),
    }
}

/// Takes the component from the cache, or compiles and caches it.
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

/// Advances the engine's epoch, and the counted time, for as long as the engine is in use.
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
