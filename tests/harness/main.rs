//! `larder`, but it can be cut: with `LARDER_CUT_AT=STEP[#N]` it kills itself at the N-th time (the first is 1) that the
//! step is reached; with `LARDER_TRACE_STEPS=FILE` it writes the name of every step to a file.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use larder::steps::Steps;
use rustix::process::{Signal, getpid, kill_process};

fn main() -> ExitCode {
    let cut = std::env::var("LARDER_CUT_AT").ok().map(|cut| match cut.rsplit_once('#') {
        Some((step, count)) => (step.to_owned(), count.parse().unwrap()),
        None => (cut, 1_u64),
    });
    let trace = std::env::var_os("LARDER_TRACE_STEPS")
        .map(|path| OpenOptions::new().create(true).append(true).open(path).unwrap());
    let seen = Mutex::new(HashMap::<String, u64>::new());
    larder::cli::main(Steps(Arc::new(move |step| {
        if let Some(mut file) = trace.as_ref() {
            writeln!(file, "{step}").unwrap();
        }
        let Some((wanted, at)) = &cut else { return };
        let count = *seen.lock().unwrap().entry(step.to_owned()).and_modify(|count| *count += 1).or_insert(1);
        if wanted == step && *at == count {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    })))
}
