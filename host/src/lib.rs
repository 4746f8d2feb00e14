//! Larder's host: loads the plugin into a sandbox and gives it a home to look at, places to store to, and a clock.
//!
//! `assemble` puts the parts together, `runtime` is the door into the component, `capabilities` what it is given,
//! `snapshot`, `staging` and `locations` the engines behind that, `disk` their ways to the disk, `automation` Home Assistant's automations; `cli` is the command line.

pub mod assemble;
pub mod automation;
mod capabilities;
pub mod cli;
pub mod configuration;
mod disk;
pub mod error;
pub mod home;
pub mod http;
pub mod model;
pub mod notify;
pub mod options;
pub mod plugin;
pub mod process;
pub mod runtime;
pub mod service;
pub mod steps;
pub mod storage;
pub mod time;
