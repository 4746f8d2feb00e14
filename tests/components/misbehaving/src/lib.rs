//! A plugin that does everything it should not: what a test names, in the manager or in a job.
//!
//! `larder create --name job-loop` loops in a job, `--name manager-loop` in the manager. What it asked for and was refused
//! is its failure, code `refused`; what it should not have been given is said with the word `ALLOWED`.

#![cfg(target_family = "wasm")]
// Misbehaving is what it is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod component;
mod computing;
mod jobs;
mod reading;
mod speaking;
mod system;
mod workers;
mod writing;
