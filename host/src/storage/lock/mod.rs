//! Locks on directories: one writer at a time.
//!
//! `file` is a single lock: a locked file in a directory. `holder` finds the process that holds one. `writer` decides which directories
//! a command that changes something has to lock.

mod file;
mod holder;
#[cfg(test)]
mod tests;
mod writer;

pub use file::Lock;
pub use writer::WriterLocks;
