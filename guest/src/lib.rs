//! The Backup integration of Home Assistant: what to put into a backup, how to write, read, check and restore it.
//!
//! The map: `component` is the door (the only file with generated types), `ports` what the logic needs from outside.
//! `actions` turns text into a command, `manager` decides whether it may run now and starts a job, `jobs` runs in an
//! instance of its own: `create`, `verify`, `restore`, `extract`, `inspect`, `rewrite`, `keys`. `archive` knows the file format and nothing
//! else, `securetar` the encryption around its parts; `part` and `protection` are where the two meet. `schedule` says when a
//! backup is due and `retention` which ones go: rules without any effect.

pub mod actions;
pub mod announce;
pub mod archive;
pub mod automatic;
pub mod blocks;
#[cfg(target_family = "wasm")]
mod component;
pub mod config;
pub mod content;
pub mod create;
pub mod digest;
pub mod document;
pub mod entities;
pub mod error;
pub mod estimate;
pub mod extract;
pub mod home;
pub mod import;
pub mod inflate;
pub mod inspect;
pub mod jobs;
pub mod judge;
pub mod key;
pub mod key_ring;
pub mod keys;
pub mod library;
pub mod links;
pub mod log;
pub mod lost;
pub mod manager;
pub mod model;
pub mod naming;
pub mod objections;
pub mod part;
pub mod parts;
pub mod password;
pub mod plan;
pub mod planning;
pub mod ports;
pub mod progress;
pub mod proof;
pub mod protection;
pub mod recorder;
pub mod refusal;
pub mod rehearsal;
pub mod restore;
pub mod retain;
pub mod retention;
pub mod rewrite;
pub mod schedule;
pub mod securetar;
pub mod space;
pub mod staging;
pub mod store;
pub mod stored;
#[cfg(test)]
mod testing;
pub mod verify;
pub mod version;
