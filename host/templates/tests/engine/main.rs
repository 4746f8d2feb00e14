//! The engine from outside: against the answers of Home Assistant, and within its limits.

#![allow(clippy::unwrap_used, reason = "tests")]

mod check;
mod functions;
mod goldens;
mod hostile;
mod times;
mod world;
