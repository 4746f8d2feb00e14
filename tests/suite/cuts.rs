//! Processes that are killed: at every step of a restore, of the recovery after it, and of a create.

mod creates;
mod disks;
mod restores;

use std::collections::HashMap;
use std::fs;

use larder_tests::{Run, TestHome};

/// The steps of a command, run in a copy of `home`. Of repeated steps only the first, the second and the last.
pub(crate) fn steps(home: &TestHome, arguments: &[&str]) -> Vec<String> {
    let copy = home.copy();
    let trace = copy.root().join("steps");
    let mut command = copy.command(arguments);
    command.env("LARDER_TRACE_STEPS", &trace);
    let run = Run::of(command);
    assert!(matches!(run.status, Some(0 | 3)), "{run:?}");
    chosen(&fs::read_to_string(trace).unwrap_or_default())
}

/// After the action has answered there is nothing left to interrupt.
fn chosen(trace: &str) -> Vec<String> {
    let trace = trace.strip_suffix("action: answered\n").unwrap();
    let mut counts = HashMap::new();
    trace.lines().for_each(|step| *counts.entry(step).or_insert(0_u64) += 1);
    let mut seen = HashMap::new();
    let numbered = trace.lines().filter_map(|step| {
        let number = *seen.entry(step).and_modify(|number| *number += 1).or_insert(1_u64);
        (number <= 2 || number == counts[step]).then(|| format!("{step}#{number}"))
    });
    numbered.collect()
}

/// Runs the command and kills it at that step.
#[track_caller]
pub(crate) fn cut(home: &TestHome, step: &str, arguments: &[&str]) {
    let mut command = home.command(arguments);
    command.env("LARDER_CUT_AT", step);
    let run = Run::of(command);
    assert_eq!(run.status, None, "was not cut at {step}: {run:?}");
}
