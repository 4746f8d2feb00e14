//! A plugin that does everything it should not: whatever a test names, in the manager or in a job.
//!
//! `larder create --name job-loop` loops in a job, `--name manager-loop` in the manager. The plugin's failure, code `refused`, lists what it
//! asked for and was refused. The word `ALLOWED` marks what it received and should not have.

#![cfg(target_family = "wasm")]
// Misbehaving is its purpose.
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
