//! A database pinned in one committed state: the contents of its files, and what its check needs.

use std::sync::Arc;

use super::check::Source;
use super::content::Content;
use super::descriptor::Descriptor;
use crate::error::Error;

/// The files of a database, as they are to be stored.
#[derive(Clone)]
pub(super) struct PinnedDatabase {
    pub main: Content,
    pub log: Content,
    /// The rollback journal, if the main file is useless without it.
    pub journal: Option<Content>,
    /// Whether writers wait until the contents are dropped.
    pub blocks_writers: bool,
    /// What a check needs; `None` when the database was checked already or cannot be.
    pub unchecked: Option<Source>,
    /// Why the log cannot be read although it exists.
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
