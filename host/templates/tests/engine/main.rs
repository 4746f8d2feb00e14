//! The engine from outside: against the answers of Home Assistant, and within its limits.

#![allow(clippy::unwrap_used, reason = "tests")]

mod functions;
mod goldens;
mod times;
mod world;
