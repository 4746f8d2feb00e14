//! `larder` with hooks for tests at its named steps.
//!
//! - `LARDER_CUT_AT=STEP[#N]`: kills itself when the step is reached for the N-th time; the first is 1.
//! - `LARDER_RUN_AT=STEP[#N]`: runs the shell command `LARDER_RUN` at that time and waits for it. Fails if the step is not reached.
//! - `LARDER_TRACE_STEPS=FILE`: appends the name of every step to a file.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use larder::steps::Steps;
use rustix::process::{Signal, getpid, kill_process};

/// The product's allocator.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The exit status when the step of `LARDER_RUN_AT` was not reached.
const NOT_REACHED: u8 = 99;

/// The N-th occurrence of a step.
struct At {
    step: String,
    count: u64,
}

impl At {
    fn from_environment(name: &str) -> Option<Self> {
        let text = std::env::var(name).ok()?;
        let (step, count) = text.rsplit_once('#').unwrap_or((&text, "1"));
        Some(Self { step: step.to_owned(), count: count.parse().unwrap() })
    }

    fn is(&self, step: &str, count: u64) -> bool {
        self.step == step && self.count == count
    }
}

fn main() -> ExitCode {
    let (cut, run) = (At::from_environment("LARDER_CUT_AT"), At::from_environment("LARDER_RUN_AT"));
    let trace = std::env::var_os("LARDER_TRACE_STEPS")
        .map(|path| OpenOptions::new().create(true).append(true).open(path).unwrap());
    let seen = Mutex::new(HashMap::<String, u64>::new());
    let is_missed = Arc::new(AtomicBool::new(run.is_some()));
    let missed = is_missed.clone();
    let status = larder::cli::main(Steps(Arc::new(move |step| {
        if let Some(mut file) = trace.as_ref() {
            writeln!(file, "{step}").unwrap();
        }
        let count = *seen.lock().unwrap().entry(step.to_owned()).and_modify(|count| *count += 1).or_insert(1);
        if cut.as_ref().is_some_and(|cut| cut.is(step, count)) {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        if run.as_ref().is_some_and(|run| run.is(step, count)) {
            missed.store(false, Ordering::Relaxed);
            run_command();
        }
    })));
    match is_missed.load(Ordering::Relaxed) {
        true => {
            eprintln!("the step of LARDER_RUN_AT was not reached");
            ExitCode::from(NOT_REACHED)
        }
        false => status,
    }
}

fn run_command() {
    let status = Command::new("sh").args(["-e", "-c"]).arg(std::env::var_os("LARDER_RUN").unwrap()).status();
    assert!(status.unwrap().success(), "LARDER_RUN failed");
}
