//! What a store carries: the instance's grants, its open things and its pulse.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::Runtime;
use super::jobs::Progress;
use super::vitals::{MemoryLimit, Vitals};
use crate::bus::Bus;
use crate::locations::Locations;
use crate::options::STDERR_BYTES;
use crate::steps::Steps;

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
    /// An IANA name.
    pub time_zone: String,
    pub steps: Steps,
}

pub(crate) struct StoreData {
    pub(crate) grants: Grants,
    pub(crate) table: ResourceTable,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) memory: MemoryLimit,
    pub(crate) stderr: MemoryOutputPipe,
    pub(crate) runtime: Runtime,
    /// Set in a job: where its progress goes.
    pub(crate) progress: Option<watch::Sender<Option<Progress>>>,
    wasi: WasiCtx,
}

impl StoreData {
    pub(crate) fn new(
        runtime: Runtime,
        grants: Grants,
        vitals: Arc<Vitals>,
        progress: Option<watch::Sender<Option<Progress>>>,
    ) -> Self {
        let stderr = MemoryOutputPipe::new(STDERR_BYTES);
        // No directory, no network, no environment, no arguments: clocks, random numbers and a place to panic to.
        let wasi = WasiCtxBuilder::new().stderr(stderr.clone()).allow_tcp(false).allow_udp(false).build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(vitals.limits.handles);
        Self { grants, table, memory: MemoryLimit(vitals.clone()), vitals, stderr, runtime, progress, wasi }
    }

    /// The last line that the plugin wrote before it died: a panic's message.
    pub(crate) fn last_words(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.stderr.contents()).into_owned();
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let panic = lines.iter().position(|line| line.contains("panicked at"));
        let words = match panic {
            Some(at) => lines.get(at..at.saturating_add(2)).unwrap_or_default().join(" "),
            None => lines.last()?.to_string(),
        };
        Some(words)
    }
}

impl WasiView for StoreData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
