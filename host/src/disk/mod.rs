//! Ways to the disk: past the system's cache, ahead of who reads, behind who writes, and once more where a disk is not ready; files
//! that are made and opened without following anybody's link.
//!
//! Knows bytes and places in open files, not what they are for. Where a file system does not do it well, it is done as ever.

mod append;
pub(crate) mod atomic;
pub(crate) mod direct;
pub(crate) mod directory;
pub(crate) mod durable;
pub(crate) mod permits;
pub(crate) mod read_ahead;
pub(crate) mod regular;
pub(crate) mod retry;
#[cfg(test)]
mod tests;
pub mod throttle;
pub(crate) mod write_behind;
