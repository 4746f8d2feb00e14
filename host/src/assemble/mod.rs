//! Assembling a host: the one place that names concrete types. Directories, locations and components become a running host.
//!
//! `setup` holds the choices of the user, `build` makes a host from them, `component` loads plugins, `grants` decides what each plugin
//! may access, `recovery` cleans up after a process that was killed, and `paths` resolves paths and their defaults.

mod build;
mod component;
mod grants;
mod locations;
mod paths;
mod recovery;
mod setup;

pub use crate::service::host::{Call, Host};
pub use crate::storage::directories::Directories;
pub use setup::HostSetup;
