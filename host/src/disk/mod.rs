//! Disk access: direct I/O, read-ahead, write-behind, retries, durable and atomic writes. Also files that are created and
//! opened without following links.
//!
//! Knows bytes and offsets in open files, and does not know what they are for. Where a file system does not support a technique well,
//! ordinary reads and writes are used.

mod append;
pub(crate) mod atomic;
pub(crate) mod direct;
pub(crate) mod directory;
pub(crate) mod durable;
pub(crate) mod permits;
pub mod rate_limiter;
pub(crate) mod read_ahead;
pub(crate) mod regular;
pub(crate) mod retry;
#[cfg(test)]
mod tests;
pub(crate) mod write_behind;
