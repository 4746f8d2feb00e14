//! A draft: a hidden file beside its target, locked while its process lives, synced, then renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::local::sync_directory;
use super::marker::Marker;
use super::{Draft, Stored};
use crate::disk::behind::Behind;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

/// A draft's name: hidden, and reserved, so that no snapshot shows it.
const PREFIX: &str = ".larder-";
const ENDING: &str = ".partial";

pub(super) struct FileDraft {
    file: Arc<File>,
    written: Behind,
    /// The draft's own name; empty once published.
    draft: Option<PathBuf>,
    target: PathBuf,
    directory: PathBuf,
    /// Marks the directory once the draft is published.
    marker: Option<Marker>,
    steps: Steps,
}

impl FileDraft {
    pub(super) fn create(directory: &Path, name: &str, target: PathBuf, steps: Steps) -> Result<Self> {
        if fs::symlink_metadata(&target).is_ok() {
            return Err(Error::Exists(format!("{} exists already", target.display())));
        }
        // The process id keeps two processes apart; the name itself may be as long as a name can be.
        let draft = directory.join(format!("{PREFIX}{}-{}{ENDING}", std::process::id(), short(name)));
        steps.at("draft: create");
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.doing(|| format!("cannot create a backup in {}", directory.display()))?;
        let file = Arc::new(file);
        let this = Self {
            written: Behind::new(file.clone(), format!("cannot write {}", target.display())),
            file,
            draft: Some(draft),
            target,
            directory: directory.to_owned(),
            marker: None,
            steps,
        };
        this.file.lock().doing(|| format!("cannot lock {}", this.shown()))?;
        this.steps.at("draft: created");
        Ok(this)
    }

    /// A draft whose directory is marked once it is published.
    pub(super) fn marking(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    fn shown(&self) -> String {
        self.target.display().to_string()
    }

    /// Waits until the file holds all that was appended.
    fn settle(&mut self) -> Result<()> {
        self.written.settle()
    }
}

/// The last part of a name that leaves room for what is put around it.
fn short(name: &str) -> String {
    let skipped = name.chars().count().saturating_sub(40);
    name.chars().skip(skipped).collect()
}

impl Draft for FileDraft {
    fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.steps.at("draft: append");
        self.written.append(bytes)
    }

    fn append_from(&mut self, source: Stored, offset: u64, count: u64) -> Result<()> {
        self.steps.at("draft: append");
        self.written.append_from(count, Box::new(move |take| source.pass(offset, count, take)))
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.steps.at("draft: patch");
        if offset.saturating_add(bytes.len() as u64) > self.written.size() {
            return Err(Error::Invalid(format!("a patch of {} behind its end", self.shown())));
        }
        self.settle()?;
        self.file.write_all_at(bytes, offset).doing(|| format!("cannot write {}", self.shown()))
    }

    fn read_back(&mut self) -> Result<Stored> {
        self.settle()?;
        self.steps.at("draft: read back");
        // What the disk does not hold yet cannot be read back from it.
        self.file.sync_data().doing(|| format!("cannot make {} durable", self.shown()))?;
        let file = self.file.try_clone().doing(|| format!("cannot read back {}", self.shown()))?;
        Ok(Stored::new(file, &self.shown())?.past_cache())
    }

    fn publish(mut self: Box<Self>) -> Result<()> {
        self.settle()?;
        self.steps.at("draft: sync");
        self.file.sync_all().doing(|| format!("cannot make {} durable", self.shown()))?;
        self.steps.at("draft: rename");
        let Some(draft) = self.draft.clone() else { return Ok(()) };
        rename_new(&draft, &self.target)?;
        self.draft = None;
        self.steps.at("draft: sync directory");
        sync_directory(&self.directory)?;
        self.marker.iter().for_each(Marker::place);
        self.steps.at("draft: published");
        Ok(())
    }
}

/// Renames, but never over something: where the file system cannot promise that, a look beforehand must do.
fn rename_new(from: &Path, to: &Path) -> Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(Error::Exists(format!("{} exists already", to.display())));
            }
            fs::rename(from, to).doing(|| format!("cannot rename the finished backup to {}", to.display()))
        }
        outcome => outcome.doing(|| format!("cannot rename the finished backup to {}", to.display())),
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(draft);
        }
    }
}

/// Removes drafts that killed processes left in a directory; those of living ones are locked and stay. Returns their names.
pub fn remove_stale(directory: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.doing(|| format!("cannot list {}", directory.display()))?,
    };
    let mut removed = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) && name.ends_with(ENDING) && is_stale(&entry.path()) {
            fs::remove_file(entry.path()).doing(|| format!("cannot remove the leftover {name}"))?;
            removed.push(name);
        }
    }
    Ok(removed)
}

/// Whether no living process holds the lock of a draft.
fn is_stale(path: &Path) -> bool {
    match File::open(path).map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | Err(_) => false,
    }
}
