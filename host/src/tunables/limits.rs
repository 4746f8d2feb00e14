//! The limits of a sandbox. One table holds every limit that `--limit NAME=NUMBER` sets and `larder plugin` lists.

use std::time::Duration;

use crate::error::{Error, Result};

/// Workers that are started by default, however many cores there are: each takes some ten MiB.
const MOST_WORKERS: usize = 6;
/// Bytes of memory that an instance may use for each file or directory of the home that the host lists for it. It keeps some 600
/// bytes of each.
pub const ENTRY_MEMORY: usize = 1024;

/// The limits of one instance of a component.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of linear memory and tables.
    pub memory: usize,
    /// Additional bytes that the list of a large home may take.
    pub home_memory: usize,
    /// Time without a call to the host; in the manager, time without a pause.
    pub compute_time: Duration,
    /// Time for one call to the host. After that, the instance is given up.
    pub host_time: Duration,
    /// Time for a whole job.
    pub job_time: Duration,
    /// Time for a whole action with all its jobs.
    pub action_time: Duration,
    /// Jobs that run at once.
    pub jobs: usize,
    /// Workers that run at once, of all jobs together.
    pub workers: usize,
    /// The niceness of workers relative to their job. Not settable by name: it follows from the niceness of the service.
    pub workers_nice: i32,
    /// Open resources: contents, drafts, jobs.
    pub handles: usize,
    /// MiB per second that all instances together read and write; 0: unlimited.
    pub bandwidth: u32,
    /// The share of a processor that each job and worker may take, in per cent.
    pub cpu_share: u32,
    /// How long a backup waits for a locked database. It is longer than a program keeps a transaction open.
    pub database_wait: Duration,
    /// How long running work may continue when the service stops.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 96 << 20,
            home_memory: 1 << 30,
            compute_time: Duration::from_secs(30),
            host_time: Duration::from_secs(15 * 60),
            job_time: Duration::from_secs(24 * 3600),
            action_time: Duration::from_secs(48 * 3600),
            jobs: 16,
            workers: std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS),
            workers_nice: 0,
            handles: 256,
            bandwidth: 0,
            cpu_share: 100,
            database_wait: Duration::from_secs(30),
            stop_time: Duration::from_secs(60),
        }
    }
}

/// A limit as the command line shows it.
pub struct LimitInfo {
    /// The name that `--limit` takes.
    pub name: &'static str,
    /// The value with its unit.
    pub value: String,
    /// What it limits.
    pub about: &'static str,
}

/// A row of the table: a limit that has a name.
struct Entry {
    name: &'static str,
    /// What the error for a wrong number calls the unit.
    unit: &'static str,
    least: u32,
    most: u32,
    about: &'static str,
    show: fn(&Limits) -> String,
    set: fn(&mut Limits, u32),
}

const MIB: &str = " of MiB";
const SECONDS: &str = " of seconds";
const NO_UNIT: &str = "";
/// The largest memory in MiB: an instance cannot address more than 4 GiB.
const MOST_MEMORY: u32 = 4096;

/// All limits that have a name, in the order in which they are listed.
const TABLE: [Entry; 13] = [
    Entry {
        name: "memory",
        unit: MIB,
        least: 0,
        most: MOST_MEMORY,
        about: "memory of one instance; the next line adds some for a large home",
        show: |limits| mib(limits.memory),
        set: |limits, number| limits.memory = (number as usize) << 20,
    },
    Entry {
        name: "home-memory",
        unit: MIB,
        least: 0,
        most: MOST_MEMORY,
        about: "additional memory at most, 1 KiB for each file of the home; 0: none",
        show: |limits| mib(limits.home_memory),
        set: |limits, number| limits.home_memory = (number as usize) << 20,
    },
    Entry {
        name: "compute-time",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "without a call to the host; in the manager, without a pause",
        show: |limits| seconds(limits.compute_time),
        set: |limits, number| limits.compute_time = Duration::from_secs(number.into()),
    },
    Entry {
        name: "host-time",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "for one call to the host: a disk may not answer",
        show: |limits| seconds(limits.host_time),
        set: |limits, number| limits.host_time = Duration::from_secs(number.into()),
    },
    Entry {
        name: "job-time",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "for a whole job; a large home on a slow disk takes hours",
        show: |limits| seconds(limits.job_time),
        set: |limits, number| limits.job_time = Duration::from_secs(number.into()),
    },
    Entry {
        name: "action-time",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "for a whole action with all its jobs",
        show: |limits| seconds(limits.action_time),
        set: |limits, number| limits.action_time = Duration::from_secs(number.into()),
    },
    Entry {
        name: "jobs",
        unit: NO_UNIT,
        least: 0,
        most: 1024,
        about: "jobs that run at once, each with its own memory",
        show: |limits| limits.jobs.to_string(),
        set: |limits, number| limits.jobs = number as usize,
    },
    Entry {
        name: "workers",
        unit: NO_UNIT,
        least: 0,
        // No machine that runs Home Assistant has more cores.
        most: 64,
        about: "workers that run at once; default: one per core, at most 6; 0: none",
        show: |limits| limits.workers.to_string(),
        set: |limits, number| limits.workers = number as usize,
    },
    Entry {
        name: "handles",
        unit: NO_UNIT,
        least: 0,
        most: 65536,
        about: "open contents, drafts and jobs of one instance",
        show: |limits| limits.handles.to_string(),
        set: |limits, number| limits.handles = number as usize,
    },
    Entry {
        name: "bandwidth",
        unit: " of MiB a second",
        least: 0,
        most: u32::MAX,
        about: "that all instances together read and write; 0: unlimited",
        show: |limits| match limits.bandwidth {
            0 => "none".into(),
            most => format!("{most} MiB/s"),
        },
        set: |limits, number| limits.bandwidth = number,
    },
    Entry {
        name: "cpu-share",
        unit: " of per cent",
        least: 1,
        most: 100,
        about: "of a processor, for each job and worker",
        show: |limits| format!("{} %", limits.cpu_share),
        set: |limits, number| limits.cpu_share = number,
    },
    Entry {
        name: "database-wait",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "for a locked database; after that it is read like any other file",
        show: |limits| seconds(limits.database_wait),
        set: |limits, number| limits.database_wait = Duration::from_secs(number.into()),
    },
    Entry {
        name: "stop-time",
        unit: SECONDS,
        least: 0,
        most: u32::MAX,
        about: "for running work when the service stops",
        show: |limits| seconds(limits.stop_time),
        set: |limits, number| limits.stop_time = Duration::from_secs(number.into()),
    },
];

fn mib(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

impl Limits {
    /// All limits that have a name, with their values.
    pub fn describe(&self) -> Vec<LimitInfo> {
        let info = |it: &Entry| LimitInfo { name: it.name, value: (it.show)(self), about: it.about };
        TABLE.iter().map(info).collect()
    }

    /// The bytes of memory for an instance for which the host has listed that many entries of the home.
    pub fn memory_for(&self, entries: usize) -> usize {
        self.memory.saturating_add(entries.saturating_mul(ENTRY_MEMORY).min(self.home_memory))
    }

    /// Sets one limit from `NAME=NUMBER`. The error says what is accepted.
    pub fn set(&mut self, text: &str) -> Result<()> {
        let unknown = || {
            let names: Vec<_> = TABLE.iter().map(|entry| entry.name).collect();
            Error::Invalid(format!(
                "--limit {text}: write NAME=NUMBER, where NAME is one of {}",
                names.join(", ")
            ))
        };
        let (name, value) = text.split_once('=').ok_or_else(unknown)?;
        let entry = TABLE.iter().find(|entry| entry.name == name).ok_or_else(unknown)?;
        let number = value.parse().ok().filter(|number| (entry.least..=entry.most).contains(number));
        (entry.set)(self, number.ok_or_else(|| entry.wrong(text))?);
        Ok(())
    }
}

impl Entry {
    fn wrong(&self, text: &str) -> Error {
        let Self { name, unit, least, most, .. } = self;
        let range = match *most {
            u32::MAX => format!("{least} or more"),
            most => format!("{least} to {most}"),
        };
        Error::Invalid(format!("--limit {text}: {name} takes a whole number{unit}, {range}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_number_is_refused_with_what_the_limit_takes() {
        let message = |text: &str| Limits::default().set(text).unwrap_err().to_string();
        let cases = [
            ("memory=abc", "--limit memory=abc: memory takes a whole number of MiB, 0 to 4096"),
            ("memory=1.5", "--limit memory=1.5: memory takes a whole number of MiB, 0 to 4096"),
            ("workers=100", "--limit workers=100: workers takes a whole number, 0 to 64"),
            ("job-time=-1", "--limit job-time=-1: job-time takes a whole number of seconds, 0 or more"),
            ("cpu-share=0", "--limit cpu-share=0: cpu-share takes a whole number of per cent, 1 to 100"),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text), expected);
        }
        let names = "write NAME=NUMBER, where NAME is one of memory, home-memory, ";
        assert!(message("memory").starts_with(&format!("--limit memory: {names}")));
        assert!(message("colour=1").starts_with(&format!("--limit colour=1: {names}")));
    }

    #[test]
    fn every_limit_can_be_set_to_what_it_is() {
        for limit in Limits::default().describe() {
            let number: String = limit.value.chars().take_while(char::is_ascii_digit).collect();
            let number = if number.is_empty() { "0" } else { &number };
            Limits::default().set(&format!("{}={number}", limit.name)).unwrap();
        }
    }
}
