//! The Backup integration of Home Assistant: what to put into a backup, how to write, read, check and restore it.
//!
//! The map: `component` is the door (the only directory with generated types), `ports` what the logic needs from outside.
//! `actions` turns text into a command, `manager` decides whether it may run now and starts a job, `jobs` runs in an
//! instance of its own: `create`, `verify`, `restore`, `extract`, `inspect`, `rewrite`, `keys`. `archive` knows the file format and nothing
//! else, `securetar` the encryption around its parts; `part` and `protection` are where the two meet. `schedule` says when a
//! backup is due and `retention` which ones go: rules without any effect.

pub mod actions;
pub mod archive;
pub mod blocks;
#[cfg(target_family = "wasm")]
mod component;
pub mod config;
pub mod error;
pub mod home;
pub mod jobs;
pub mod manager;
pub mod model;
pub mod ports;
pub mod protection;
pub mod retention;
pub mod schedule;
pub mod securetar;
#[cfg(test)]
mod testing;
