//! The compiled component and the data of each of its stores. They are in one file because each names the other: the component is linked
//! for that data, and the data refers to the component, to start jobs from it.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::component::{Component, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::bindings::{Plugin, PluginPre};
use super::grants::Grants;
use super::job::Progress;
use super::memory::Memory;
use super::pool::Worker;
use super::stderr::Stderr;
use super::threads::Threads;
use super::watchdog::Watchdog;
use crate::disk::rate_limiter::RateLimiter;
use crate::tunables::Limits;

/// A component that is ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) engine: Engine,
    pub(super) component: Component,
    pub(super) plugin: PluginPre<StoreData>,
    pub(super) limits: Limits,
    pub(super) pace: RateLimiter,
}

impl Runtime {
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn pace(&self) -> &RateLimiter {
        &self.inner.pace
    }

    pub(super) fn store(
        &self,
        grants: Grants,
        watchdog: Arc<Watchdog>,
        threads: Arc<Threads>,
        progress: Option<watch::Sender<Option<Progress>>>,
    ) -> Store<StoreData> {
        let data = StoreData::new(self.clone(), grants, watchdog, threads, progress);
        let mut store = Store::new(&self.inner.engine, data);
        store.limiter(|data| &mut data.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().watchdog.check());
        store.call_hook(|store, hook| {
            store.data().watchdog.crossed(hook);
            Ok(())
        });
        store
    }

    pub(super) async fn instantiate(&self, store: &mut Store<StoreData>) -> wasmtime::Result<Plugin> {
        self.inner.plugin.instantiate_async(store).await
    }
}

/// What a store carries: the instance's grants, its handles and its watchdog.
pub(crate) struct StoreData {
    pub(crate) grants: Grants,
    pub(crate) table: ResourceTable,
    pub(crate) watchdog: Arc<Watchdog>,
    pub(crate) memory: Memory,
    pub(crate) stderr: Stderr,
    pub(crate) runtime: Runtime,
    pub(crate) threads: Arc<Threads>,
    /// Set in a worker: its end of the work queue.
    pub(crate) worker: Option<Worker>,
    /// Set in a job and in a worker: where its progress goes.
    pub(crate) progress: Option<watch::Sender<Option<Progress>>>,
    /// Counts the open snapshots: each holds a reference.
    pub(crate) snapshots: Arc<()>,
    wasi: WasiCtx,
}

impl StoreData {
    pub(crate) fn new(
        runtime: Runtime,
        grants: Grants,
        watchdog: Arc<Watchdog>,
        threads: Arc<Threads>,
        progress: Option<watch::Sender<Option<Progress>>>,
    ) -> Self {
        let stderr = Stderr::default();
        // No directory, no network, no environment, no arguments; only clocks, random numbers and standard error.
        let wasi = WasiCtxBuilder::new()
            .stderr(stderr.clone())
            .wall_clock(grants.clock.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(watchdog.limits.handles);
        let memory = Memory::new(watchdog.clone());
        let snapshots = Arc::default();
        let worker = None;
        Self { grants, table, memory, watchdog, stderr, runtime, threads, worker, progress, snapshots, wasi }
    }

    /// Waits until the rate limiter permits `count` more bytes.
    pub(crate) fn pace(&self, count: usize) {
        self.runtime.pace().wait(count, || self.watchdog.overdue().is_some());
    }

    /// Stops a job or worker that tries what only the manager may do.
    pub(crate) fn must_be_manager(&self, what: &str) -> wasmtime::Result<()> {
        match self.progress {
            None => Ok(()),
            Some(_) => Err(wasmtime::Error::msg(format!("a job tried to {what}: only the manager may"))),
        }
    }
}

impl WasiView for StoreData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
