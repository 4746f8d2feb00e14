//! A draft: a hidden file beside its target, locked while its process lives, synced, then renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, FlockOperation, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::marker::Marker;
use super::{Draft, Stored, cannot_create};
use crate::disk::behind::Behind;
use crate::disk::durable::{sync, sync_data, sync_names, unless_refused, words};
use crate::disk::retry::{retry, retry_at_end};
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

/// A draft's name: hidden, and reserved, so that no snapshot shows it.
const PREFIX: &str = ".larder-";
const ENDING: &str = ".partial";
/// What is said where the file system cannot be told to make something durable.
const UNSURE: &str = "it did not confirm that the new file is on its disk; it was read back and is listed, but after a power cut in the next \
                      minutes it may be gone";

pub(super) struct FileDraft {
    file: Arc<File>,
    written: Behind,
    /// The draft's own name; empty once published.
    draft: Option<PathBuf>,
    target: PathBuf,
    directory: PathBuf,
    /// Device and number of the file whose place it takes; none when it is a new one.
    replaces: Option<(u64, u64)>,
    /// Marks the directory once the draft is published.
    marker: Option<Marker>,
    /// What the file system cannot promise, for people.
    notes: Vec<String>,
    steps: Steps,
}

impl FileDraft {
    /// For a file that is not there yet.
    pub(super) fn create(directory: &Path, name: &str, target: PathBuf, steps: Steps) -> Result<Self> {
        if fs::symlink_metadata(&target).is_ok() {
            return Err(Error::Exists(format!("{} exists already", target.display())));
        }
        Self::new(directory, name, target, steps)
    }

    /// For a file that is there: it stays until the new one takes its place. The new one belongs to the same user, where that can be.
    pub(super) fn replace(directory: &Path, name: &str, target: PathBuf, steps: Steps) -> Result<Self> {
        let doing = || format!("cannot replace {}", target.display());
        let old = fs::symlink_metadata(&target).doing(doing)?;
        if !old.is_file() {
            return Err(Error::Denied(format!("{} is no file, and is not replaced", target.display())));
        }
        let mut draft = Self::new(directory, name, target.clone(), steps)?;
        // Who may not give a file away keeps it.
        let _ = std::os::unix::fs::fchown(&*draft.file, Some(old.uid()), Some(old.gid()));
        draft.replaces = Some((old.dev(), old.ino()));
        Ok(draft)
    }

    fn new(directory: &Path, name: &str, target: PathBuf, steps: Steps) -> Result<Self> {
        // The process id keeps two processes apart; the name itself may be as long as a name can be.
        let draft = directory.join(format!("{PREFIX}{}-{}{ENDING}", std::process::id(), short(name)));
        steps.at("draft: create");
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.doing(|| cannot_create(directory))?;
        let file = Arc::new(file);
        let mut this = Self {
            written: Behind::new(file.clone(), format!("cannot write {}", target.display())),
            file,
            draft: Some(draft),
            target,
            directory: directory.to_owned(),
            replaces: None,
            marker: None,
            notes: Vec::new(),
            steps,
        };
        this.lock()?;
        this.steps.at("draft: created");
        Ok(this)
    }

    /// A draft whose directory is marked once it is published.
    pub(super) fn marking(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    /// Shows others that its process lives. Where there are no locks, what a killed process leaves stays until a person removes it.
    fn lock(&mut self) -> Result<()> {
        let locked = retry(|| rustix::fs::flock(&self.file, FlockOperation::LockExclusive));
        let refused = unless_refused(locked).doing(|| format!("cannot lock {}", self.shown()))?;
        self.note(refused, "it has no locks, so what a killed backup leaves there (.larder-….partial) is not removed by itself");
        Ok(())
    }

    fn note(&mut self, refused: Option<Errno>, what: &str) {
        if let Some(errno) = refused {
            let note = format!("{}: {what} ({})", self.directory.display(), words(errno));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
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
        retry_at_end(|| self.file.write_all_at(bytes, offset))
            .doing(|| format!("cannot write {}", self.shown()))
    }

    fn read_back(&mut self) -> Result<Stored> {
        self.settle()?;
        self.steps.at("draft: read back");
        // What the disk does not hold yet cannot be read back from it.
        let refused = sync_data(&self.file).doing(|| format!("cannot make {} durable", self.shown()))?;
        self.note(refused, UNSURE);
        let file = self.file.try_clone().doing(|| format!("cannot read back {}", self.shown()))?;
        Ok(Stored::new(file, &self.shown())?.past_cache())
    }

    fn publish(mut self: Box<Self>) -> Result<Vec<String>> {
        self.settle()?;
        self.steps.at("draft: sync");
        let refused = sync(&self.file).doing(|| format!("cannot make {} durable", self.shown()))?;
        self.note(refused, UNSURE);
        self.steps.at("draft: rename");
        let Some(draft) = self.draft.clone() else { return Ok(Vec::new()) };
        match self.replaces {
            None => rename_new(&draft, &self.target, &self.file)?,
            Some(old) => rename_over(&draft, &self.target, old)?,
        }
        // From here on it is listed: nothing may fail any more.
        self.draft = None;
        self.steps.at("draft: sync directory");
        self.note(sync_names(&self.directory), UNSURE);
        self.marker.iter().for_each(Marker::place);
        self.steps.at("draft: published");
        Ok(std::mem::take(&mut self.notes))
    }
}

/// Renames, but never over something: where the file system cannot promise that, a look beforehand must do.
fn rename_new(from: &Path, to: &Path, file: &File) -> Result<()> {
    let what = || format!("cannot rename the finished backup to {}", to.display());
    let renamed = retry_at_end(|| renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE));
    let renamed = match renamed {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(Error::Exists(format!("{} exists already", to.display())));
            }
            retry_at_end(|| rustix::fs::rename(from, to))
        }
        other => other,
    };
    match renamed {
        // A share did it and said otherwise: it is listed.
        Err(_) if is(to, file) => Ok(()),
        other => other.doing(what),
    }
}

/// Renames over the file `old`, and over nothing that somebody else put there meanwhile.
fn rename_over(from: &Path, to: &Path, old: (u64, u64)) -> Result<()> {
    if fs::symlink_metadata(to).ok().map(identity) != Some(old) {
        return Err(Error::InUse(format!(
            "{} was changed meanwhile, so it was left alone: try again",
            to.display()
        )));
    }
    retry_at_end(|| rustix::fs::rename(from, to))
        .doing(|| format!("cannot put the finished backup in the place of {}", to.display()))
}

fn identity(metadata: fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether `path` is that file.
fn is(path: &Path, file: &File) -> bool {
    fs::symlink_metadata(path).ok().map(identity) == file.metadata().ok().map(identity)
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
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
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
