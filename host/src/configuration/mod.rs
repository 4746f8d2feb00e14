//! `larder.toml`: locations, schedules, notification targets, HTTP settings, and plugins besides the backup plugin.
//!
//! Strict: an unknown key is an error at its place. A table that is not allowed in a file at that path is ignored and
//! reported (`origin`). Reads through `Source`, so that tests need no disk. Starts nothing.

mod addresses;
mod credentials;
mod keys;
mod load;
mod location;
mod locations;
mod origin;
mod rate;
mod schedules;
mod sources;
mod targets;
mod tree;

#[cfg(test)]
mod tests;

pub use load::{Configuration, Plugin, load};
pub use location::{Location, LocationKind, Locations};
pub use origin::{MACHINE, Origin};
pub use sources::{Sources, without_home};
