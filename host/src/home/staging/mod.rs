//! A new state of a directory, staged inside it and then put in its place: all of it or nothing.
//!
//! The directory may be a mount point, so it is never renamed itself. Everything is staged in `.larder-restore/` in it (the
//! same file system): `lock` is held while the owner lives, `new/` is what was staged, `old/` what was taken away,
//! `plan` the journal. The durable rename of `plan` into being is the point of no return, its rename to `done` the end.
//!
//! It refuses to judge what is restored: no archive, no version and no rule of Home Assistant is known here. It follows no
//! symbolic link and names nothing outside the directory.

mod area;
mod dry_run;
mod in_use;
mod journal;
mod metadata;
mod mounts;
mod paths;
mod read_back;
mod recover;
mod remove;
mod rules;
mod space;
mod swap;
mod target;
mod tree;
mod warnings;
mod writer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use dry_run::dry_run;
pub use in_use::databases_in_use;
pub use recover::{Recovered, recover, was_interrupted};
pub use target::Target;
pub use writer::Writer;

use crate::steps::Steps;

/// Where and how to stage.
pub struct Options {
    /// The directory whose state is to change. Made with its parents for `Scope::Add` when absent.
    pub directory: PathBuf,
    /// Absolute paths that survive if they lie in `directory`, directly in it.
    pub keep: Vec<PathBuf>,
    /// Bytes of the file system that are never used.
    pub reserve: u64,
    /// Whether files of root get the set-user-id and set-group-id bits that an entry says: whoever wrote it chose them.
    pub keep_setuid: bool,
    /// Told before every step of `commit`.
    pub steps: Steps,
}
