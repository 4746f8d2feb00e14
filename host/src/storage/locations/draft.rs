//! Writes a file as a draft: a hidden file next to its target, locked while its process lives, then synced and renamed.
//!
//! A listing therefore never shows a file that is only partly written. Drafts of processes that died are removed at the next start.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation, fstat};
use rustix::io::Errno;

use super::file_checks::{already_exists, cannot_create};
use super::marker::Marker;
use super::reader::ObjectReader;
use super::types::Draft;
use crate::disk::directory::{Directory, PRIVATE};
use crate::disk::durable::{message, sync, sync_data, unless_refused};
use crate::disk::retry::{retry, retry_at_end};
use crate::disk::write_behind::WriteBehind;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

/// The prefix of a draft's name. It makes the file hidden, and it is reserved, so that no snapshot shows it.
const PREFIX: &str = ".larder-";
const SUFFIX: &str = ".partial";
/// The longest part of the target's name, in characters, that a draft's name repeats.
const MAX_REPEATED: usize = 40;
/// The note when a file system does not confirm that it has made something durable.
const NOT_DURABLE: &str = "the file system did not confirm that the new file is on its disk; the file was read back and is listed, but a \
                           power cut in the next minutes may remove it";

/// A draft of a file.
pub(super) struct FileDraft {
    file: Arc<File>,
    writer: WriteBehind,
    /// The name of the draft itself; `None` once it is published.
    draft: Option<OsString>,
    directory: Directory,
    /// The name of the file once it is published.
    name: OsString,
    /// The same with the path of the directory.
    target: PathBuf,
    /// Device and inode of the file that is replaced; `None` for a new file.
    replaces: Option<(u64, u64)>,
    /// Marks the directory when the draft is published.
    marker: Option<Marker>,
    /// Guarantees that the file system does not give, as messages.
    notes: Vec<String>,
    steps: Steps,
}

impl FileDraft {
    /// Begins a new file named `name` in `directory`.
    pub(super) fn create(directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let what = || cannot_create(directory);
        let opened = Directory::open(directory).doing(what)?;
        if opened.status(name).doing(what)?.is_some() {
            return Err(already_exists(&directory.join(name)));
        }
        Self::new(opened, directory, name, steps)
    }

    /// Begins a replacement of an existing file, which stays until the draft is published. The new file gets the same owner if this user
    /// may set it.
    pub(super) fn replace(directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let target = directory.join(name);
        let what = || format!("cannot replace {}", target.display());
        let opened = Directory::open(directory).doing(what)?;
        let Some(old) = opened.status(name).doing(what)? else {
            return Err(Error::NotFound(format!("{} no longer exists", target.display())));
        };
        if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile {
            return Err(Error::Denied(format!(
                "{} is not a regular file and is not replaced",
                target.display()
            )));
        }
        let mut draft = Self::new(opened, directory, name, steps)?;
        // Only a privileged user may give a file away.
        let _ = std::os::unix::fs::fchown(&*draft.file, Some(old.st_uid), Some(old.st_gid));
        draft.replaces = Some((old.st_dev, old.st_ino));
        Ok(draft)
    }

    fn new(opened: Directory, directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let target = directory.join(name);
        // The process id keeps two processes apart. Only a part of the name is repeated: it may already be as long as a name can be.
        let draft = format!("{PREFIX}{}-{}{SUFFIX}", std::process::id(), short(&name.to_string_lossy()));
        steps.at("draft: create");
        let file = opened.create_new(&draft, PRIVATE).doing(|| cannot_create(directory))?;
        let file = Arc::new(file);
        let mut this = Self {
            writer: WriteBehind::new(file.clone(), format!("cannot write {}", target.display())),
            file,
            draft: Some(draft.into()),
            directory: opened,
            name: name.to_owned(),
            target,
            replaces: None,
            marker: None,
            notes: Vec::new(),
            steps,
        };
        this.lock()?;
        this.steps.at("draft: created");
        Ok(this)
    }

    /// Marks the directory when this draft is published.
    pub(super) fn marking(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    /// Locks the draft, which shows other processes that its writer is alive. On a file system without locks, drafts of killed processes
    /// stay until the user removes them.
    fn lock(&mut self) -> Result<()> {
        let locked = retry(|| rustix::fs::flock(&self.file, FlockOperation::LockExclusive));
        let refused = unless_refused(locked).doing(|| format!("cannot lock {}", self.shown()))?;
        self.note(refused, "the file system has no locks, so Larder does not remove the .larder-….partial file of a killed backup there");
        Ok(())
    }

    fn note(&mut self, refused: Option<Errno>, what: &str) {
        if let Some(errno) = refused {
            let directory = self.target.parent().unwrap_or(Path::new("."));
            let note = format!("{}: {what} ({})", directory.display(), message(errno));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    fn shown(&self) -> String {
        self.target.display().to_string()
    }

    /// Renames the draft to its final name. Overwrites only the file that it replaces.
    fn rename(&self, draft: &OsStr) -> Result<()> {
        let shown = self.shown();
        if let Some(old) = self.replaces {
            if self.identity() != Some(old) {
                return Err(Error::InUse(format!(
                    "{shown} changed in the meantime and was not replaced; try again"
                )));
            }
            return retry_at_end(|| self.directory.rename(draft, &self.name))
                .doing(|| format!("cannot replace {shown} with the finished backup"));
        }
        match retry_at_end(|| self.directory.rename_new(draft, &self.name)) {
            // A network share renamed the file and still reported an error.
            Err(_) if self.is_renamed() => Ok(()),
            renamed => renamed.doing(|| format!("cannot rename the finished backup to {shown}")),
        }
    }

    /// Device and inode of the file that has the final name now.
    fn identity(&self) -> Option<(u64, u64)> {
        self.directory.status(&self.name).ok().flatten().map(|it| (it.st_dev, it.st_ino))
    }

    fn is_renamed(&self) -> bool {
        let found = self.identity();
        found.is_some() && found == fstat(&self.file).ok().map(|it| (it.st_dev, it.st_ino))
    }

    /// Waits until everything that was appended is in the file.
    fn flush(&mut self) -> Result<()> {
        self.writer.flush()
    }
}

/// The end of a name, short enough for what is put around it.
fn short(name: &str) -> String {
    let skipped = name.chars().count().saturating_sub(MAX_REPEATED);
    name.chars().skip(skipped).collect()
}

impl Draft for FileDraft {
    fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.steps.at("draft: append");
        self.writer.append(bytes)
    }

    fn append_from(&mut self, source: ObjectReader, offset: u64, count: u64) -> Result<()> {
        self.steps.at("draft: append");
        self.writer.append_from(count, Box::new(move |take| source.copy_to(offset, count, take)))
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.steps.at("draft: patch");
        if offset.saturating_add(bytes.len() as u64) > self.writer.size() {
            return Err(Error::Invalid(format!("cannot patch {} beyond its end", self.shown())));
        }
        self.flush()?;
        retry_at_end(|| self.file.write_all_at(bytes, offset))
            .doing(|| format!("cannot write {}", self.shown()))
    }

    fn read_back(&mut self) -> Result<ObjectReader> {
        self.flush()?;
        self.steps.at("draft: read back");
        // Sync first: only what is on the disk can be read back from there.
        let refused = sync_data(&self.file).doing(|| format!("cannot make {} durable", self.shown()))?;
        self.note(refused, NOT_DURABLE);
        let file = self.file.try_clone().doing(|| format!("cannot read back {}", self.shown()))?;
        Ok(ObjectReader::new(file, &self.shown())?.without_cache())
    }

    fn publish(mut self: Box<Self>) -> Result<Vec<String>> {
        self.flush()?;
        self.steps.at("draft: sync");
        let refused = sync(&self.file).doing(|| format!("cannot make {} durable", self.shown()))?;
        self.note(refused, NOT_DURABLE);
        self.steps.at("draft: rename");
        let Some(draft) = self.draft.clone() else { return Ok(Vec::new()) };
        self.rename(&draft)?;
        // The file is listed now, so nothing below may fail.
        self.draft = None;
        self.steps.at("draft: sync directory");
        self.note(self.directory.sync_names(), NOT_DURABLE);
        self.marker.iter().for_each(Marker::write_and_remember);
        self.steps.at("draft: published");
        Ok(std::mem::take(&mut self.notes))
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            // If this fails, the next start removes the draft.
            let _ = self.directory.remove(draft);
        }
    }
}

/// Removes the drafts of dead processes from a directory and returns their names. Drafts of living processes are locked and stay.
pub fn remove_stale(directory: &Path) -> Result<Vec<String>> {
    let what = || format!("cannot list {}", directory.display());
    let directory = match Directory::open(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.doing(what)?,
    };
    let mut removed = Vec::new();
    for name in directory.names().doing(what)? {
        let shown = name.to_string_lossy().into_owned();
        if shown.starts_with(PREFIX) && shown.ends_with(SUFFIX) && is_stale(&directory, &name) {
            directory.remove(&name).doing(|| format!("cannot remove the leftover draft {shown}"))?;
            removed.push(shown);
        }
    }
    Ok(removed)
}

/// Whether no process holds the lock of a draft.
fn is_stale(directory: &Directory, name: &OsStr) -> bool {
    directory.open_existing(name).is_ok_and(|file| file.try_lock().is_ok())
}
