//! Home Assistant's Backup integration: what a backup contains, and how it is written, read, checked and restored.
//!
//! `component` holds the generated types, and `ports` what the logic needs from the host. `actions` checks what is
//! asked for, `manager` decides whether it may run now and starts a job, and `jobs` does the work, each job in its own instance
//! of the component. `archive` is the file format and `securetar` the encryption around its parts;
//! `protection` combines the two. `schedule` decides when a backup is due, `retention` which backups are deleted, and
//! `layout` how a backup lies in each kind of location: pure rules.

pub mod actions;
pub mod archive;
pub mod blocks;
#[cfg(target_family = "wasm")]
mod component;
pub mod error;
pub mod home;
pub mod jobs;
pub mod layout;
pub mod manager;
pub mod model;
pub mod ports;
pub mod progress;
pub mod protection;
pub mod retention;
pub mod schedule;
pub mod securetar;
pub mod settings;
pub mod stored_archive;
#[cfg(test)]
mod testing;
