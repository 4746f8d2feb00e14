//! Larder's host: loads the plugin into a sandbox and gives it a home to look at, places to store to, and a clock.
//!
//! `assemble` puts the parts together, `runtime` is the door into the component, `capabilities` what it is given,
//! `snapshot`, `staging` and `locations` the engines behind that, `disk` their ways to the disk, `automation` Home Assistant's automations; `cli` is the command line.

pub mod assemble;
pub mod automation;
pub mod bus;
pub mod cache;
mod capabilities;
pub mod cli;
pub mod clock;
pub mod configuration;
pub mod control;
mod core_dumps;
mod disk;
pub mod documents;
pub mod driver;
pub mod error;
mod host;
pub mod http;
pub mod locations;
mod lock;
pub mod log;
pub mod model;
pub mod notify;
pub mod options;
pub mod pace;
pub mod plugin;
pub mod runtime;
pub mod scheduler;
pub mod service;
pub mod snapshot;
pub mod staging;
pub mod states;
pub mod steps;
mod stopwatch;
pub mod terminal;
pub mod timezone;
