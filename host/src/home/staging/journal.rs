//! The journal: which names are taken away and which placed. Written durably, read with suspicion.
//!
//! Refuses names that are not directly in the directory, or are ours: a damaged plan leads nowhere else.

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

/// The journal's format; another one is left alone.
const VERSION: u32 = 1;
/// Bytes of a plan: some hundred thousand names. What is larger is not ours.
const MAX_JOURNAL: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
pub(super) struct Journal {
    version: u32,
    pub(super) items: Vec<Item>,
    /// What the directory itself is to become.
    pub(super) root: Option<Metadata>,
}

/// One name directly in the directory. How far it is shows in the file system, not here: once `new/` has it no more, it is in place.
#[derive(Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    /// Whether something of that name is there and is taken away.
    pub(super) old: bool,
    /// Whether something of that name was staged and is placed.
    pub(super) new: bool,
    /// The mode of a placed directory that could not be moved with it.
    pub(super) late_mode: Option<u32>,
}

impl Journal {
    pub(super) fn new(items: Vec<Item>, root: Option<Metadata>) -> Self {
        Self { version: VERSION, items, root }
    }

    /// Makes the plan the one to follow. Durable, and the point of no return, when it returns.
    pub(super) fn write(&self, area: &StagingArea, steps: &Steps) -> Result<()> {
        let doing = || format!("cannot write the restore plan in {}/.larder-restore", area.name);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from).doing(doing)?;
        if text.len() as u64 > MAX_JOURNAL {
            return Err(Error::Limit(format!(
                "{} names directly in the directory are more than one restore can swap: nothing was restored",
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

    /// Reads the plan of that `name` back. `Invalid` when it is damaged or of another version.
    pub(super) fn read(area: &StagingArea, name: &[u8]) -> Result<Self> {
        let doing = || format!("cannot read the restore plan in {}/.larder-restore", area.name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&area.staging, name, flags, Mode::empty()).doing(doing)?;
        let mut text = Vec::new();
        File::from(fd).take(MAX_JOURNAL + 1).read_to_end(&mut text).doing(doing)?;
        let journal = serde_json::from_slice::<Self>(&text).ok().filter(Self::is_sound);
        journal.ok_or_else(|| {
            Error::Invalid(format!(
                "the plan of an interrupted restore in {0}/.larder-restore is damaged or of another version, so it was not \
                 followed: what was there before is in {0}/.larder-restore/old, what was restored in new; put it together by \
                 hand and remove .larder-restore",
                area.name
            ))
        })
    }

    fn is_sound(&self) -> bool {
        self.version == VERSION
            && self.items.iter().all(|item| is_single(&item.name) && !is_reserved(&item.name))
    }
}
