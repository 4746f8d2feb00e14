//! The home: its states and events, the snapshot that backups read, and the staging area that restores write.

pub mod bus;
pub mod snapshot;
pub mod staging;
pub mod states;
