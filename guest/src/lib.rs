//! The Backup integration of Home Assistant: what to put into a backup, how to write, read, check and restore it.
//!
//! The map: `component` is the door (the only file with generated types), `ports` what the logic needs from outside.
//! `actions` turns text into a command, `manager` decides whether it may run now and starts a job, `jobs` runs in an
//! instance of its own: `create`, `verify`, `restore`, `inspect`. `archive` knows the file format and nothing else.

pub mod actions;
pub mod archive;
#[cfg(target_family = "wasm")]
mod component;
pub mod content;
pub mod create;
pub mod error;
pub mod estimate;
pub mod home;
pub mod inspect;
pub mod jobs;
pub mod key;
pub mod key_ring;
pub mod library;
pub mod manager;
pub mod model;
pub mod plan;
pub mod ports;
pub mod progress;
pub mod restore;
pub mod securetar;
pub mod verify;
