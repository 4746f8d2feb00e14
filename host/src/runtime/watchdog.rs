//! The pulse of one running instance: where it is, since when, and why it was stopped.
//!
//! Shared between the instance's thread, the engine's epoch callback and whoever waits for the outcome. The epoch stops guest
//! code that runs (`check`), `watched` one that sleeps in the host, and whoever waits gives up one whose call to the host does
//! not return (`overdue`).

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::{CallHook, UpdateDeadline};

use crate::options::{EPOCH, Limits, POLL_INTERVAL};
use crate::time::stopwatch;
use crate::time::stopwatch::Stopwatch;

pub(crate) struct Vitals {
    pub(crate) limits: Limits,
    started: Stopwatch,
    /// How often the border between host and guest was crossed inwards: 0 is idle, odd is in the guest, even is in the host
    /// on the guest's behalf.
    depth: AtomicU32,
    /// Milliseconds from `started` to the last crossing of the border.
    last_crossing: AtomicU64,
    /// Milliseconds from `started` to when it was last idle.
    last_pause: AtomicU64,
    /// Milliseconds from `started` to the last look that found that it had asked the host for something.
    last_asked: AtomicU64,
    /// How often the border was crossed, in all and until the last look.
    crossings: AtomicU64,
    seen_crossings: AtomicU64,
    cancelled: AtomicBool,
    reason: Mutex<Option<String>>,
    /// Whole jobs have a deadline, the manager lives as long as the host.
    is_job: bool,
}

impl Vitals {
    pub(crate) fn new(limits: Limits, is_job: bool) -> Self {
        Self {
            limits,
            started: Stopwatch::start(),
            depth: AtomicU32::new(0),
            last_crossing: AtomicU64::new(0),
            last_pause: AtomicU64::new(0),
            last_asked: AtomicU64::new(0),
            crossings: AtomicU64::new(0),
            seen_crossings: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            reason: Mutex::new(None),
            is_job,
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self, moment: &AtomicU64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(moment.load(Ordering::Relaxed)))
    }

    /// The instance crosses the border between host and guest.
    pub(crate) fn crossed(&self, border: CallHook) {
        let now = self.now();
        self.last_crossing.store(now, Ordering::Relaxed);
        self.crossings.fetch_add(1, Ordering::Relaxed);
        let before = match border {
            CallHook::CallingWasm | CallHook::CallingHost => self.depth.fetch_add(1, Ordering::Relaxed),
            CallHook::ReturningFromWasm | CallHook::ReturningFromHost => {
                self.depth.fetch_sub(1, Ordering::Relaxed)
            }
        };
        if before == 0 {
            self.last_pause.store(now, Ordering::Relaxed);
        }
    }

    /// The instance waits for other instances, which have limits of their own: that is no call that does not come back.
    pub(super) fn waits_for_others(&self) {
        self.last_crossing.store(self.now(), Ordering::Relaxed);
    }

    fn is_in_host(&self) -> bool {
        let depth = self.depth.load(Ordering::Relaxed);
        depth > 0 && depth.is_multiple_of(2)
    }

    /// Has the instance stopped as soon as its code runs or its thread looks, for `reason`.
    pub(crate) fn cancel(&self, reason: impl Into<String>) {
        self.stop(reason.into());
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Remembers why the instance is stopped; the first reason counts.
    pub(super) fn stop(&self, reason: String) -> wasmtime::Error {
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
        match self.overdue().or_else(|| self.computes_too_long()) {
            Some(reason) => Err(self.stop(reason)),
            None => {
                self.rest();
                Ok(UpdateDeadline::Continue(1))
            }
        }
    }

    /// A job or worker that has computed for one epoch leaves the processor to others for as long as its share says.
    fn rest(&self) {
        let share = self.limits.cpu_share.clamp(1, 100);
        if self.is_job && share < 100 {
            std::thread::sleep(EPOCH * (100 - share) / share);
        }
    }

    /// A job may work as long as it asks for something now and then. The manager has others who wait for it.
    fn computes_too_long(&self) -> Option<String> {
        self.note_asking();
        let (moment, what) = match self.is_job {
            true => (&self.last_asked, "without asking the host for anything"),
            false => (&self.last_pause, "without a pause"),
        };
        let limit = self.limits.compute_time;
        let too_long = self.since(moment) > limit;
        too_long.then(|| format!("it computed for {} s {what} (limit compute-time)", limit.as_secs_f64()))
    }

    /// The epoch itself crosses the border, into the host before each look and back after it: what is more was asked for.
    fn note_asking(&self) {
        let crossings = self.crossings.load(Ordering::Relaxed);
        let seen = self.seen_crossings.swap(crossings, Ordering::Relaxed);
        if crossings.saturating_sub(seen) > 2 {
            self.last_asked.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Why it must be given up, whatever it does at the moment.
    pub(crate) fn overdue(&self) -> Option<String> {
        // Who looks counts the time, too.
        stopwatch::tick();
        let Limits { job_time, host_time, .. } = self.limits;
        if self.cancelled.load(Ordering::Relaxed) {
            return self.reason();
        }
        if self.is_job && self.started.elapsed() > job_time {
            return Some(format!("it took longer than {} s (limit job-time)", job_time.as_secs_f64()));
        }
        let is_stuck = self.is_in_host() && self.since(&self.last_crossing) > host_time;
        is_stuck.then(|| {
            format!("one call to the host took longer than {} s (limit host-time)", host_time.as_secs_f64())
        })
    }
}

/// Does the work of an instance, but not longer than it may take.
pub(super) async fn watched<T>(
    vitals: &Vitals,
    work: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let overdue = async {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if let Some(reason) = vitals.overdue() {
                return reason;
            }
        }
    };
    tokio::select! {
        biased;
        result = work => result,
        reason = overdue => Err(vitals.stop(reason)),
    }
}
