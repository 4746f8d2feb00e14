//! What a store carries: the instance's grants, its open things and its pulse.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::Runtime;
use super::jobs::Progress;
use super::memory::Memory;
use super::stderr::Stderr;
use super::threads::Threads;
use super::watchdog::Vitals;
use super::workers::Worker;
use crate::error::{Error, Result};
use crate::home::bus::Bus;
use crate::home::states::States;
use crate::steps::Steps;
use crate::storage::cache::Cache;
use crate::storage::documents::Documents;
use crate::storage::locations::Locations;
use crate::time::clock::Clock;
use crate::time::scheduler::Scheduler;
use crate::time::timezone::TimeZone;

/// What may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Nothing,
    /// What a person named: a new file, a new directory.
    Elsewhere,
    /// That, and objects of a location, each whole at any time: new ones, and others in the place of old ones.
    Objects,
    Everything,
}

/// What instances of the plugin are allowed to touch. Cheap to clone; nothing in here is reached in any other way.
#[derive(Clone)]
pub struct Grants {
    /// The directory that snapshots show.
    pub home: Option<PathBuf>,
    /// The directory that a target stages for: the home, or where the person asked to restore to.
    pub target: Option<PathBuf>,
    /// Where temporary copies of databases may lie.
    pub scratch: PathBuf,
    /// Never shown in a snapshot, never replaced by a restore: the state directory, the backups.
    pub hidden: Vec<PathBuf>,
    pub kept: Vec<PathBuf>,
    pub locations: Locations,
    pub bus: Bus,
    pub clock: Clock,
    pub states: States,
    pub scheduler: Scheduler,
    pub documents: Documents,
    /// What the person wrote for the plugin: a JSON object.
    pub settings: serde_json::Value,
    /// The hosts that it may reach, and with what; none at all when absent.
    pub network: Option<Network>,
    pub cache: Cache,
    /// The home's.
    pub time_zone: TimeZone,
    pub steps: Steps,
    pub writes: Writes,
    /// Whether a restore as root gives set-user-id and set-group-id bits.
    pub keep_setuid: bool,
}

#[derive(Clone)]
pub struct Network {
    pub client: crate::http::Client,
    pub hosts: crate::http::Hosts,
}

impl Grants {
    /// A worker has its pieces: whatever else it might touch is taken away.
    pub(super) fn of_a_worker(&self) -> Self {
        Self {
            home: None,
            target: None,
            locations: Locations::default(),
            cache: Cache::default(),
            network: None,
            writes: Writes::Nothing,
            ..self.clone()
        }
    }

    /// Whether the home, its backups and what is remembered may be changed.
    pub(crate) fn check_may_write(&self) -> Result<()> {
        match self.writes {
            Writes::Everything => Ok(()),
            Writes::Objects | Writes::Elsewhere | Writes::Nothing => Err(Error::Denied(
                "this command was started to read: nothing may be stored, deleted or restored".into(),
            )),
        }
    }

    /// Whether objects may be stored.
    pub(crate) fn check_may_store(&self) -> Result<()> {
        match self.writes {
            Writes::Objects => Ok(()),
            _ => self.check_may_write(),
        }
    }

    /// Whether something may be written that belongs to nobody yet: a new file, a new directory.
    pub(crate) fn check_may_write_elsewhere(&self) -> Result<()> {
        match self.writes {
            Writes::Elsewhere => Ok(()),
            _ => self.check_may_store(),
        }
    }
}

pub(crate) struct StoreData {
    pub(crate) grants: Grants,
    pub(crate) table: ResourceTable,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) memory: Memory,
    pub(crate) stderr: Stderr,
    pub(crate) runtime: Runtime,
    pub(crate) threads: Arc<Threads>,
    /// Set in a worker: its end of the desk.
    pub(crate) worker: Option<Worker>,
    /// Set in a job and in a worker: where its progress goes.
    pub(crate) progress: Option<watch::Sender<Option<Progress>>>,
    /// Shared with every open snapshot, so that they are counted.
    pub(crate) snapshots: Arc<()>,
    wasi: WasiCtx,
}

impl StoreData {
    pub(crate) fn new(
        runtime: Runtime,
        grants: Grants,
        vitals: Arc<Vitals>,
        threads: Arc<Threads>,
        progress: Option<watch::Sender<Option<Progress>>>,
    ) -> Self {
        let stderr = Stderr::default();
        // No directory, no network, no environment, no arguments: clocks, random numbers and a place to panic to.
        let wasi = WasiCtxBuilder::new()
            .stderr(stderr.clone())
            .wall_clock(grants.clock.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(vitals.limits.handles);
        let memory = Memory::new(vitals.clone());
        let snapshots = Arc::default();
        let worker = None;
        Self { grants, table, memory, vitals, stderr, runtime, threads, worker, progress, snapshots, wasi }
    }

    /// Waits until so many bytes may be read or written.
    pub(crate) fn pace(&self, count: usize) {
        self.runtime.pace().wait(count, || self.vitals.overdue().is_some());
    }

    /// Some things only the manager does: a job has nobody to be called by, and nothing to remember.
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
