//! The staging area of a restore. A new state of a directory is staged inside it and then swapped in as a whole or not at
//! all.
//!
//! The directory may be a mount point, so it is never renamed itself. Everything is staged in its subdirectory
//! `.larder-restore/`, which is on the same file system: `lock` is held while the owner lives, `new/` holds what was
//! staged, `old/` what was moved away, and `plan` is the journal. From the durable rename that creates `plan`, an
//! interrupted restore is completed rather than discarded; the rename to `done` marks the end.
//!
//! It knows no archive, no version and no rule of Home Assistant. It follows no symbolic link and touches nothing
//! outside the directory.

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

/// The directory and the settings of a restore.
pub struct Options {
    /// The directory whose state is replaced. With `Scope::Add` it is created, with its parents, when absent.
    pub directory: PathBuf,
    /// Absolute paths to keep, if they are directly in `directory`.
    pub keep: Vec<PathBuf>,
    /// Bytes of the file system that always stay free.
    pub reserve: u64,
    /// Whether files of root get the set-user-id and set-group-id bits of their entries, which the author of the
    /// archive chose.
    pub keep_setuid: bool,
    /// Called before every step of `commit`.
    pub steps: Steps,
}
