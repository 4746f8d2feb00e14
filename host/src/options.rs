//! Every tunable: its name, its default and the reason for it.
//!
//! Nothing else in the host holds a timeout, a limit or a size of its own.

use std::time::Duration;

use crate::error::{Error, Result};

/// How often running components are looked at; the grain of `compute-time`.
pub const EPOCH: Duration = Duration::from_millis(50);
/// The most a content hands out at once: large enough that calls do not count, small enough for a small memory.
pub const MAX_READ: u32 = 1024 * 1024;
/// What a plugin may say on its standard error before the rest is dropped.
pub const STDERR_BYTES: usize = 64 * 1024;
/// Free space that a restore never uses: Home Assistant itself needs some to start.
pub const RESTORE_RESERVE: u64 = 16 * 1024 * 1024;
/// How long a command waits for the state directory: a moment, since another one that only starts holds it for one.
pub const LOCK_WAIT: Duration = Duration::from_secs(2);
/// The longest JSON text that is taken from a plugin.
pub const MAX_JSON: usize = 64 * 1024 * 1024;

/// What one instance of a component may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of linear memory and tables.
    pub memory: usize,
    /// Time without a call to the host.
    pub compute_time: Duration,
    /// Time that one call to the host may take before a job is given up.
    pub host_time: Duration,
    /// Time for a whole job.
    pub job_time: Duration,
    /// Things open at once: contents, drafts, jobs.
    pub handles: usize,
    /// How long a backup waits for a database that somebody holds locked: longer than a program keeps a transaction open.
    pub database_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 96 << 20,
            compute_time: Duration::from_secs(30),
            host_time: Duration::from_secs(15 * 60),
            job_time: Duration::from_secs(24 * 3600),
            handles: 256,
            database_wait: Duration::from_secs(30),
        }
    }
}

/// A limit as the command line shows it.
pub struct LimitInfo {
    pub name: &'static str,
    pub value: String,
    pub about: &'static str,
}

impl Limits {
    pub fn describe(&self) -> Vec<LimitInfo> {
        let info = |name, value, about| LimitInfo { name, value, about };
        let seconds = |time: Duration| format!("{} s", time.as_secs_f64());
        vec![
            info(
                "memory",
                format!("{} MiB", self.memory >> 20),
                "memory of one instance; a home of 100 000 files needs about 40",
            ),
            info(
                "compute-time",
                seconds(self.compute_time),
                "without asking the host for anything; then it loops",
            ),
            info(
                "host-time",
                seconds(self.host_time),
                "for one call to the host: a disk that does not answer",
            ),
            info(
                "job-time",
                seconds(self.job_time),
                "for a whole job; a large home on a slow disk takes hours",
            ),
            info("handles", self.handles.to_string(), "open contents, drafts and jobs of one instance"),
            info(
                "database-wait",
                seconds(self.database_wait),
                "for a database that somebody holds locked; then it is read as any file",
            ),
        ]
    }

    /// Sets one limit from `name=value`: MiB for `memory`, seconds for times.
    pub fn set(&mut self, text: &str) -> Result<()> {
        let wrong = || {
            let names: Vec<_> = self.describe().iter().map(|limit| limit.name).collect();
            Error::Invalid(format!("--limit {text}: write NAME=NUMBER with one of {}", names.join(", ")))
        };
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let number: u32 = value.parse().map_err(|_| wrong())?;
        let seconds = Duration::from_secs(number.into());
        match name {
            "memory" => self.memory = (number as usize) << 20,
            "compute-time" => self.compute_time = seconds,
            "host-time" => self.host_time = seconds,
            "job-time" => self.job_time = seconds,
            "handles" => self.handles = number as usize,
            "database-wait" => self.database_wait = seconds,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
