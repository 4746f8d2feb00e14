//! A draft: a hidden file beside its target, locked while its process lives, synced, then renamed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation, fstat};
use rustix::io::Errno;

use super::marker::Marker;
use super::{Draft, Stored, cannot_create};
use crate::disk::directory::{Directory, PRIVATE};
use crate::disk::durable::{sync, sync_data, unless_refused, words};
use crate::disk::retry::{retry, retry_at_end};
use crate::disk::write_behind::Behind;
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
    draft: Option<OsString>,
    directory: Directory,
    /// The name that it gets there.
    name: OsString,
    /// The same, with the directory's path.
    target: PathBuf,
    /// Device and number of the file whose place it takes; none when it is a new one.
    replaces: Option<(u64, u64)>,
    /// Marks the directory once the draft is published.
    marker: Option<Marker>,
    /// What the file system cannot promise, for people.
    notes: Vec<String>,
    steps: Steps,
}

impl FileDraft {
    /// For a file that is not there yet. `name` is one in `directory`.
    pub(super) fn create(directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let what = || cannot_create(directory);
        let opened = Directory::open(directory).doing(what)?;
        if opened.status(name).doing(what)?.is_some() {
            return Err(Error::Exists(format!("{} exists already", directory.join(name).display())));
        }
        Self::new(opened, directory, name, steps)
    }

    /// For a file that is there: it stays until the new one takes its place. The new one belongs to the same user, where that can be.
    pub(super) fn replace(directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let target = directory.join(name);
        let what = || format!("cannot replace {}", target.display());
        let opened = Directory::open(directory).doing(what)?;
        let Some(old) = opened.status(name).doing(what)? else {
            return Err(Error::NotFound(format!("{} is not there any more", target.display())));
        };
        if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile {
            return Err(Error::Denied(format!("{} is no file, and is not replaced", target.display())));
        }
        let mut draft = Self::new(opened, directory, name, steps)?;
        // Who may not give a file away keeps it.
        let _ = std::os::unix::fs::fchown(&*draft.file, Some(old.st_uid), Some(old.st_gid));
        draft.replaces = Some((old.st_dev, old.st_ino));
        Ok(draft)
    }

    fn new(opened: Directory, directory: &Path, name: &OsStr, steps: Steps) -> Result<Self> {
        let target = directory.join(name);
        // The process id keeps two processes apart; the name itself may be as long as a name can be.
        let draft = format!("{PREFIX}{}-{}{ENDING}", std::process::id(), short(&name.to_string_lossy()));
        steps.at("draft: create");
        let file = opened.create_new(&draft, PRIVATE).doing(|| cannot_create(directory))?;
        let file = Arc::new(file);
        let mut this = Self {
            written: Behind::new(file.clone(), format!("cannot write {}", target.display())),
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
            let directory = self.target.parent().unwrap_or(Path::new("."));
            let note = format!("{}: {what} ({})", directory.display(), words(errno));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    fn shown(&self) -> String {
        self.target.display().to_string()
    }

    /// Gives the draft its name: over the file whose place it takes, else over nothing.
    fn rename(&self, draft: &OsStr) -> Result<()> {
        let shown = self.shown();
        if let Some(old) = self.replaces {
            if self.identity() != Some(old) {
                return Err(Error::InUse(format!(
                    "{shown} was changed meanwhile, so it was left alone: try again"
                )));
            }
            return retry_at_end(|| self.directory.rename(draft, &self.name))
                .doing(|| format!("cannot put the finished backup in the place of {shown}"));
        }
        match retry_at_end(|| self.directory.rename_new(draft, &self.name)) {
            // A share did it and said otherwise: it is listed.
            Err(_) if self.has_its_name() => Ok(()),
            renamed => renamed.doing(|| format!("cannot rename the finished backup to {shown}")),
        }
    }

    /// Of the file that has the name now.
    fn identity(&self) -> Option<(u64, u64)> {
        self.directory.status(&self.name).ok().flatten().map(|it| (it.st_dev, it.st_ino))
    }

    fn has_its_name(&self) -> bool {
        let found = self.identity();
        found.is_some() && found == fstat(&self.file).ok().map(|it| (it.st_dev, it.st_ino))
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
        self.rename(&draft)?;
        // From here on it is listed: nothing may fail any more.
        self.draft = None;
        self.steps.at("draft: sync directory");
        self.note(self.directory.sync_names(), UNSURE);
        self.marker.iter().for_each(Marker::place);
        self.steps.at("draft: published");
        Ok(std::mem::take(&mut self.notes))
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            // What cannot be removed now is removed at the next start.
            let _ = self.directory.remove(draft);
        }
    }
}

/// Removes drafts that killed processes left in a directory; those of living ones are locked and stay. Returns their names.
pub fn remove_stale(directory: &Path) -> Result<Vec<String>> {
    let what = || format!("cannot list {}", directory.display());
    let directory = match Directory::open(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.doing(what)?,
    };
    let mut removed = Vec::new();
    for name in directory.names().doing(what)? {
        let shown = name.to_string_lossy().into_owned();
        if shown.starts_with(PREFIX) && shown.ends_with(ENDING) && is_stale(&directory, &name) {
            directory.remove(&name).doing(|| format!("cannot remove the leftover {shown}"))?;
            removed.push(shown);
        }
    }
    Ok(removed)
}

/// Whether no living process holds the lock of a draft.
fn is_stale(directory: &Directory, name: &OsStr) -> bool {
    directory.open_existing(name).is_ok_and(|file| file.try_lock().is_ok())
}
