//! Larder's host: it runs the backup plugin in a sandbox and gives it a home to read, locations to store to, and a clock.
//!
//! - `cli` is the command line; `service` is a running host.
//! - `assemble` is the only module that names concrete parts and connects them.
//! - `plugin` and `runtime` run a component; `capabilities` are what it may call.
//! - `home` (snapshots and restores) and `storage` (locations, documents, cache, locks) are the engines behind the capabilities. `disk`,
//!   `time` and `http_client` are what they build on.
//! - `automation` runs Home Assistant's automations, `notify` sends notifications, and `configuration` reads `larder.toml`.
//! - `tunables` holds every tunable, `model` the shared values, `error` the error type.

pub mod assemble;
pub mod automation;
mod capabilities;
pub mod cli;
pub mod configuration;
mod disk;
pub mod error;
pub mod home;
pub mod http_client;
pub mod model;
pub mod notify;
pub mod plugin;
pub mod process;
pub mod runtime;
pub mod service;
pub mod steps;
pub mod storage;
pub mod time;
pub mod tunables;
