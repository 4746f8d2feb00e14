//! The home: the states and events of its entities, the snapshot that backups read, and the staging area that restores
//! write.

pub mod bus;
pub mod snapshot;
pub mod staging;
pub mod states;
