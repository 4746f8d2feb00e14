//! The pulse of one running instance: when it last asked for something, what it may use, and why it was stopped.
//!
//! Shared between the instance's thread, the engine's epoch callback and whoever waits for the outcome.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::options::Limits;

pub(crate) struct Vitals {
    pub(crate) limits: Limits,
    started: Instant,
    /// Milliseconds from `started` to the last call to the host; its lowest bit is not used.
    last_call: AtomicU64,
    in_host: AtomicBool,
    cancelled: AtomicBool,
    reason: Mutex<Option<String>>,
    /// Whole jobs have a deadline, the manager lives as long as the host.
    is_job: bool,
}

impl Vitals {
    pub(crate) fn new(limits: Limits, is_job: bool) -> Self {
        Self {
            limits,
            started: Instant::now(),
            last_call: AtomicU64::new(0),
            in_host: AtomicBool::new(true),
            cancelled: AtomicBool::new(false),
            reason: Mutex::new(None),
            is_job,
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The instance crosses into the host or back.
    pub(crate) fn crossed(&self, into_host: bool) {
        self.last_call.store(self.now(), Ordering::Relaxed);
        self.in_host.store(into_host, Ordering::Relaxed);
    }

    fn since_crossing(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.last_call.load(Ordering::Relaxed)))
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Remembers why the instance is stopped; the first reason counts.
    fn stop(&self, reason: String) -> wasmtime::Error {
        let mut slot = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let reason = slot.get_or_insert(reason).clone();
        wasmtime::Error::msg(reason)
    }

    /// Why it was stopped, when it was.
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Called at every epoch while guest code runs.
    pub(crate) fn check(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(self.stop("its starter stopped it".into()));
        }
        if self.since_crossing() > self.limits.compute_time {
            return Err(self.stop(format!(
                "it computed for {} s without asking the host for anything (limit compute-time)",
                self.limits.compute_time.as_secs_f64()
            )));
        }
        if self.is_job && self.started.elapsed() > self.limits.job_time {
            return Err(self.stop(format!(
                "it took longer than {} s (limit job-time)",
                self.limits.job_time.as_secs_f64()
            )));
        }
        Ok(UpdateDeadline::Continue(1))
    }

    /// Whether a call to the host takes so long that the job must be given up, with the reason.
    pub(crate) fn stuck(&self) -> Option<String> {
        let silent = self.in_host.load(Ordering::Relaxed) && self.since_crossing() > self.limits.host_time;
        silent.then(|| {
            format!(
                "the host's file system did not answer for {} s (limit host-time)",
                self.limits.host_time.as_secs_f64()
            )
        })
    }
}

/// Memory limits of one store.
pub(crate) struct MemoryLimit(pub(crate) std::sync::Arc<Vitals>);

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.allow(desired, "of memory")
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.allow(desired.saturating_mul(size_of::<usize>()), "in a table")
    }
}

impl MemoryLimit {
    fn allow(&self, desired: usize, what: &str) -> wasmtime::Result<bool> {
        if desired <= self.0.limits.memory {
            return Ok(true);
        }
        let limit = self.0.limits.memory >> 20;
        Err(self
            .0
            .stop(format!("it asked for {desired} bytes {what}, {limit} MiB are allowed (limit memory)")))
    }
}
