//! The watchdog of one running instance: whether it is in the guest or in the host, since when, and why it was stopped.
//!
//! It is shared between the instance's thread, the engine's epoch callback and the thread that waits for the outcome. The epoch callback
//! stops running guest code (`check`), `watched` stops an instance that sleeps in the host, and the waiting thread gives up an
//! instance whose call to the host does not return (`overdue`).

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use larder_remote::Stop;
use wasmtime::{CallHook, UpdateDeadline};

use crate::time::stopwatch;
use crate::time::stopwatch::Stopwatch;
use crate::tunables::{EPOCH, Limits, POLL_INTERVAL};

pub(crate) struct Watchdog {
    pub(crate) limits: Limits,
    started: Stopwatch,
    /// The depth of nested calls between host and guest: 0 is idle, odd is in the guest, even is in the host on the guest's
    /// behalf.
    depth: AtomicU32,
    /// Milliseconds from `started` to the last call or return between host and guest.
    last_crossing: AtomicU64,
    /// Milliseconds from `started` to the moment when it was last idle.
    last_pause: AtomicU64,
    /// Milliseconds from `started` to the last check that found a call to the host.
    last_asked: AtomicU64,
    /// Calls and returns between host and guest: in all, and until the last check.
    crossings: AtomicU64,
    seen_crossings: AtomicU64,
    cancelled: AtomicBool,
    /// Stops calls that wait for another machine.
    token: Stop,
    /// The instance waits for another machine, a call with its own limits.
    in_network: AtomicBool,
    reason: Mutex<Option<String>>,
    /// Jobs and workers have a deadline; the manager lives as long as the host.
    is_job: bool,
}

impl Watchdog {
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
            token: Stop::default(),
            in_network: AtomicBool::new(false),
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

    /// The instance makes a call between host and guest, or returns from one.
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

    /// The instance waits for other instances. They have their own limits, so this wait does not count as a call that hangs.
    pub(super) fn waits_for_others(&self) {
        self.last_crossing.store(self.now(), Ordering::Relaxed);
    }

    /// Stops when the instance is stopped.
    pub(crate) fn token(&self) -> &Stop {
        &self.token
    }

    /// Until the answer is dropped, a call may wait for another machine. It gives up by itself when there is no progress.
    pub(crate) fn waits_for_network(self: &Arc<Self>) -> InNetwork {
        self.in_network.store(true, Ordering::Relaxed);
        InNetwork(self.clone())
    }

    fn is_in_host(&self) -> bool {
        let depth = self.depth.load(Ordering::Relaxed);
        depth > 0 && depth.is_multiple_of(2)
    }

    /// Stops the instance for `reason`, as soon as its code runs or its thread checks.
    pub(crate) fn cancel(&self, reason: impl Into<String>) {
        self.stop(reason.into());
        self.cancelled.store(true, Ordering::Relaxed);
        self.token.stop();
    }

    /// Records why the instance is stopped. The first reason counts.
    pub(super) fn stop(&self, reason: String) -> wasmtime::Error {
        let mut slot = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let reason = slot.get_or_insert(reason).clone();
        wasmtime::Error::msg(reason)
    }

    /// Why it was stopped, if it was.
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Called in every epoch while guest code runs.
    pub(crate) fn check(&self) -> wasmtime::Result<UpdateDeadline> {
        match self.overdue().or_else(|| self.computes_too_long()) {
            Some(reason) => Err(self.stop(reason)),
            None => {
                self.rest();
                Ok(UpdateDeadline::Continue(1))
            }
        }
    }

    /// After each epoch of computing, a job or worker sleeps for as long as its share of the processor requires.
    fn rest(&self) {
        let share = self.limits.cpu_share.clamp(1, 100);
        if self.is_job && share < 100 {
            std::thread::sleep(EPOCH * (100 - share) / share);
        }
    }

    /// A job may compute for as long as it calls the host now and then. The manager has to pause, because other calls wait for it.
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

    /// The epoch callback itself counts twice, for entering the host and for returning. Anything beyond that is a call of the guest.
    fn note_asking(&self) {
        let crossings = self.crossings.load(Ordering::Relaxed);
        let seen = self.seen_crossings.swap(crossings, Ordering::Relaxed);
        if crossings.saturating_sub(seen) > 2 {
            self.last_asked.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Why the instance must be given up, whatever it is doing, if it must.
    pub(crate) fn overdue(&self) -> Option<String> {
        // Checking also advances the counted time.
        stopwatch::tick();
        let Limits { job_time, host_time, .. } = self.limits;
        if self.cancelled.load(Ordering::Relaxed) {
            return self.reason();
        }
        if self.is_job && self.started.elapsed() > job_time {
            return Some(format!("it took longer than {} s (limit job-time)", job_time.as_secs_f64()));
        }
        let has_own_limit = self.in_network.load(Ordering::Relaxed);
        let is_stuck = !has_own_limit && self.is_in_host() && self.since(&self.last_crossing) > host_time;
        is_stuck.then(|| {
            format!("one call to the host took longer than {} s (limit host-time)", host_time.as_secs_f64())
        })
    }
}

/// A call that waits for another machine.
pub(crate) struct InNetwork(Arc<Watchdog>);

impl Drop for InNetwork {
    fn drop(&mut self) {
        self.0.in_network.store(false, Ordering::Relaxed);
        self.0.waits_for_others();
    }
}

/// Runs the work of an instance until it is done or overdue.
pub(super) async fn watched<T>(
    watchdog: &Watchdog,
    work: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let overdue = async {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if let Some(reason) = watchdog.overdue() {
                return reason;
            }
        }
    };
    tokio::select! {
        biased;
        result = work => result,
        reason = overdue => Err(watchdog.stop(reason)),
    }
}
