//! The journal of a restore: which names are moved away and which are put in place. Written durably, and validated when
//! read.
//!
//! Refuses names that are not directly in the directory or are reserved, so that a damaged journal cannot touch
//! anything else.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::area::{JOURNAL, JOURNAL_DRAFT, StagingArea};
use super::metadata::Metadata;
use super::rules::{is_reserved, is_single};
use crate::disk::retry::retry_at_end;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

/// The version of the journal's format. Other versions are not followed.
const VERSION: u32 = 1;
/// The largest journal, in bytes: some hundred thousand names. A larger one was not written by Larder.
const MAX_JOURNAL: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
pub(super) struct Journal {
    version: u32,
    pub(super) items: Vec<Item>,
    /// Metadata for the directory itself.
    pub(super) root: Option<Metadata>,
}

/// One name directly in the directory. Its progress is visible in the file system and not recorded here: once the name
/// is gone from `new/`, it is in place.
#[derive(Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    /// Whether an existing file or directory of that name is moved away.
    pub(super) old: bool,
    /// Whether a staged file or directory of that name is put in place.
    pub(super) new: bool,
    /// The mode of a directory that could not have been renamed with it.
    pub(super) late_mode: Option<u32>,
}

impl Journal {
    pub(super) fn new(items: Vec<Item>, root: Option<Metadata>) -> Self {
        Self { version: VERSION, items, root }
    }

    /// Puts the journal in force. When it returns, the journal is durable and the restore can only be completed or
    /// rolled back.
    pub(super) fn write(&self, area: &StagingArea, steps: &Steps) -> Result<()> {
        let doing = || format!("cannot write the restore journal in {}/.larder-restore", area.name);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from).doing(doing)?;
        if text.len() as u64 > MAX_JOURNAL {
            return Err(Error::Limit(format!(
                "the directory has {} entries to replace, more than one restore can handle: nothing was restored",
                self.items.len()
            )));
        }
        steps.at("restore: write the plan");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd =
            rustix::fs::openat(&area.staging, JOURNAL_DRAFT, flags, Mode::RUSR | Mode::WUSR).doing(doing)?;
        let file = File::from(fd);
        retry_at_end(|| file.write_all_at(&text, 0)).doing(doing)?;
        area.sync(&file).doing(doing)?;
        steps.at("restore: put the plan in force");
        retry_at_end(|| rustix::fs::renameat(&area.staging, JOURNAL_DRAFT, &area.staging, JOURNAL))
            .doing(doing)?;
        steps.at("restore: make the plan durable");
        area.sync(&area.staging).doing(doing)
    }

    /// Reads the journal of that file name. `Invalid` when it is damaged or of another version.
    pub(super) fn read(area: &StagingArea, name: &[u8]) -> Result<Self> {
        let doing = || format!("cannot read the restore journal in {}/.larder-restore", area.name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&area.staging, name, flags, Mode::empty()).doing(doing)?;
        let mut text = Vec::new();
        File::from(fd).take(MAX_JOURNAL + 1).read_to_end(&mut text).doing(doing)?;
        let journal = serde_json::from_slice::<Self>(&text).ok().filter(Self::is_sound);
        journal.ok_or_else(|| {
            Error::Invalid(format!(
                "the journal of an interrupted restore in {0}/.larder-restore is damaged or has another version, so nothing was \
                 changed: the previous files are in {0}/.larder-restore/old, the restored ones in new; move them into place by \
                 hand, then remove .larder-restore",
                area.name
            ))
        })
    }

    fn is_sound(&self) -> bool {
        self.version == VERSION
            && self.items.iter().all(|item| is_single(&item.name) && !is_reserved(&item.name))
    }
}
