//! A database that is held in one committed state: the contents of its files, and how it can still be checked.

use std::sync::Arc;

use super::check::Source;
use super::content::Content;
use super::descriptor::Descriptor;
use crate::error::Error;

/// A database as it is read.
#[derive(Clone)]
pub(super) struct PinnedDatabase {
    pub main: Content,
    pub log: Content,
    /// The rollback journal, where the main file is worth nothing without it.
    pub journal: Option<Content>,
    /// Whether writers wait until the contents are dropped.
    pub blocks_writers: bool,
    /// How it can be checked; `None` when it was, or cannot be.
    pub unchecked: Option<Source>,
    /// Why the log could not be read, when it is there.
    pub log_error: Option<Error>,
}

impl PinnedDatabase {
    /// The main file alone, from a copy that holds everything. Readers see the modification time of `origin`.
    pub(super) fn from_copy(copied: Arc<Descriptor>, origin: &Descriptor, unchecked: Option<Source>) -> Self {
        Self { unchecked, ..Self::main_only(Content::whole(copied), origin) }
    }

    /// The main file alone, with the modification time of `origin`.
    pub(super) fn main_only(content: Content, origin: &Descriptor) -> Self {
        let modified = origin.facts.modified;
        let main = Content { modified, ..content };
        let log = Content::empty(modified);
        Self { main, log, journal: None, blocks_writers: false, unchecked: None, log_error: None }
    }
}
