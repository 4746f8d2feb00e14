//! The home: its entity states and events, and its directory as a snapshot to read and a staging area to restore into.

pub mod bus;
pub mod snapshot;
pub mod staging;
pub mod states;
