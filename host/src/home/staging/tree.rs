//! The staged tree: puts entries under `new/`, each in a real directory.
//!
//! Links are created when all files are there: symbolic links last, so that no write goes through one, and hard links
//! before them. Directories keep a working mode until the end. Refuses paths that are not well formed, were added
//! twice, or are below something that is not a directory. Files are recorded only in the file system; memory holds
//! only what waits for the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::metadata::{Metadata, is_root};
use super::paths::{check_path, split_parent};
use super::remove::{exists, open_directory};
use super::warnings::Warning;
use super::writer::{Shared, Writer};
use crate::disk::durable::unless_refused;
use crate::disk::retry::retry;
use crate::error::{Doing, Error, Result};
use crate::model::{HomePath, MAX_PATH, shown};
use crate::steps::Steps;

/// The memory limit for what waits for the end, in bytes: some hundred thousand directories and links. An archive can
/// name millions. Plugins are promised 64 MiB (`wit/files.wit`); directories that were created without being added need
/// some more.
const MAX_MEMORY: usize = 96 << 20;
/// The memory of one of them in addition to its names: about a map node and two allocations.
const ENTRY_MEMORY: usize = 200;
/// The mode of a directory that was not added itself.
const IMPLICIT_MODE: Mode = Mode::from_raw_mode(0o755);
/// The chunk size for copying a file that cannot have two names.
const COPY_CHUNK: usize = 256 * 1024;
/// Except for root, renaming a directory to another parent needs write permission for the directory itself.
const MOVABLE: u32 = 0o700;

enum Link {
    Hard(HomePath),
    Symbolic(Vec<u8>, Metadata),
}

pub(super) struct StagedTree {
    top: Arc<OwnedFd>,
    /// Every directory that was created, and its metadata; `None` for one that was not added itself.
    directories: BTreeMap<HomePath, Option<Metadata>>,
    links: BTreeMap<HomePath, Link>,
    /// The directory that was opened last: entries usually come with their siblings.
    last_parent: Option<(HomePath, Arc<OwnedFd>)>,
    /// Metadata for the directory itself.
    root: Option<Metadata>,
    /// Bytes used of `MAX_MEMORY`.
    memory: usize,
    shared: Arc<Shared>,
}

/// Modes of directories at the top that can only be set in their final place.
pub(super) type LateModes = BTreeMap<Vec<u8>, u32>;

impl StagedTree {
    pub(super) fn new(top: OwnedFd, shared: Arc<Shared>) -> Self {
        let (directories, links) = (BTreeMap::new(), BTreeMap::new());
        Self { top: Arc::new(top), directories, links, last_parent: None, root: None, memory: 0, shared }
    }

    /// The handle of `new/`.
    pub(super) fn top(&self) -> Arc<OwnedFd> {
        self.top.clone()
    }

    pub(super) fn root(&self) -> Option<Metadata> {
        self.root.clone()
    }

    /// Counts memory for an item with names of that many `bytes`. `Limit` when it is too much for one restore.
    pub(super) fn reserve_memory(&mut self, bytes: usize) -> Result<()> {
        self.memory = self.memory.saturating_add(bytes).saturating_add(ENTRY_MEMORY);
        if self.memory > MAX_MEMORY {
            return Err(Error::Limit(format!(
                "the backup has more directories, links and top-level names than one restore can hold in {} MiB of memory: restore only a part \
                 of it",
                MAX_MEMORY >> 20
            )));
        }
        Ok(())
    }

    pub(super) fn add_root(&mut self, metadata: Metadata) -> Result<()> {
        match self.root.replace(metadata) {
            Some(_) => {
                Err(Error::Exists("the directory itself was added twice: add every path once".to_owned()))
            }
            None => Ok(()),
        }
    }

    pub(super) fn add_directory(&mut self, path: &[u8], metadata: Metadata) -> Result<()> {
        let (parent, name) = self.parent_of(path)?;
        match rustix::fs::mkdirat(&parent, name, Mode::RWXU) {
            // Created before for something below it.
            Err(Errno::EXIST) if matches!(self.directories.get(path), Some(None)) => Ok(()),
            outcome => unless_exists(path, outcome),
        }?;
        if self.directories.insert(path.to_vec(), Some(metadata)).is_none() {
            self.reserve_memory(path.len())?;
        }
        Ok(())
    }

    pub(super) fn add_symlink(&mut self, path: &[u8], destination: &[u8], metadata: Metadata) -> Result<()> {
        if destination.is_empty() || destination.contains(&0) || destination.len() > MAX_PATH {
            return Err(Error::Invalid(format!(
                "the symbolic link {} has an invalid target ({} bytes): leave it out",
                shown(path),
                destination.len()
            )));
        }
        self.add_link(path, Link::Symbolic(destination.to_vec(), metadata))
    }

    pub(super) fn add_hard_link(&mut self, path: &[u8], file: &[u8]) -> Result<()> {
        check_path(file)?;
        if !self.is_file(file) {
            return Err(Error::Invalid(format!(
                "{} is a hard link to {}, which was not added as a file before",
                shown(path),
                shown(file)
            )));
        }
        self.add_link(path, Link::Hard(file.to_vec()))
    }

    fn add_link(&mut self, path: &[u8], link: Link) -> Result<()> {
        let (parent, name) = self.parent_of(path)?;
        if exists(&parent, name).doing(|| cannot(path))? {
            return Err(added_twice(path));
        }
        let target = match &link {
            Link::Hard(target) | Link::Symbolic(target, _) => target.len(),
        };
        self.reserve_memory(path.len().saturating_add(target))?;
        self.links.insert(path.to_vec(), link);
        Ok(())
    }

    /// A new empty file, open for writing.
    pub(super) fn create_file(&mut self, path: &[u8]) -> Result<OwnedFd> {
        let (parent, name) = self.parent_of(path)?;
        // Its writer reads it back if its mode forbids reading it later.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        unless_exists(path, rustix::fs::openat(&parent, name, flags, Mode::RUSR | Mode::WUSR))
    }

    /// Creates the links.
    pub(super) fn link(&mut self, steps: &Steps) -> Result<()> {
        let links = std::mem::take(&mut self.links);
        steps.at("restore: make the hard links");
        for (path, link) in &links {
            if let Link::Hard(file) = link {
                self.make_hard_link(path, file)?;
            }
        }
        steps.at("restore: make the symbolic links");
        for (path, link) in &links {
            if let Link::Symbolic(destination, metadata) = link {
                self.make_symlink(path, destination, metadata)?;
            }
        }
        Ok(())
    }

    /// On a file system without symbolic links, only the link is lost.
    fn make_symlink(&mut self, path: &[u8], destination: &[u8], metadata: &Metadata) -> Result<()> {
        let (parent, name) = self.parent_of(path)?;
        let made = unless_refused(rustix::fs::symlinkat(destination, &parent, name));
        if let Some(errno) = unless_exists(path, made)? {
            self.shared.warnings.add(Warning::Symlink, path, Some(errno));
            return Ok(());
        }
        metadata.apply_to_link(&parent, name, self.shared.context(path)).doing(|| cannot(path))
    }

    /// On a file system without hard links, the second name becomes a copy.
    fn make_hard_link(&mut self, path: &[u8], file: &[u8]) -> Result<()> {
        let (from, file_name) = self.parent_of(file)?;
        let (parent, name) = self.parent_of(path)?;
        let made = unless_refused(rustix::fs::linkat(&from, file_name, &parent, name, AtFlags::empty()));
        if let Some(errno) = unless_exists(path, made)? {
            self.shared.warnings.add(Warning::HardLink, path, Some(errno));
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let original =
                rustix::fs::openat(&from, file_name, flags, Mode::empty()).doing(|| cannot(path))?;
            self.copy(path, &File::from(original))?;
        }
        Ok(())
    }

    /// Stages another file with the content and the metadata of a staged one.
    fn copy(&mut self, path: &[u8], original: &File) -> Result<()> {
        let status = rustix::fs::fstat(original).doing(|| cannot(path))?;
        let size = u64::try_from(status.st_size).unwrap_or(0);
        let file = File::from(self.create_file(path)?);
        let mut writer = Writer::new(file, path, size, Metadata::of_status(&status), self.shared.clone());
        let mut chunk = vec![0; COPY_CHUNK];
        let mut at = 0;
        while at < size {
            let read = retry(|| original.read_at(&mut chunk, at)).doing(|| cannot(path))?;
            let bytes = chunk.get(..read).filter(|bytes| !bytes.is_empty());
            writer.append(
                bytes.ok_or_else(|| Error::Io(format!("{}: the original file ended early", cannot(path))))?,
            )?;
            at = at.saturating_add(read as u64);
        }
        writer.finish()
    }

    /// Sets the metadata of the directories. Returns what has to wait for the swap. In reverse byte order, children
    /// come before their parents.
    pub(super) fn finish_directories(&mut self, steps: &Steps) -> Result<LateModes> {
        steps.at("restore: set the directories' metadata");
        self.last_parent = None;
        let mut late = LateModes::new();
        for (path, metadata) in self.directories.iter().rev() {
            let directory = self.open(path).doing(|| cannot(path))?;
            let Some(mut metadata) = metadata.clone() else {
                let moded = unless_refused(rustix::fs::fchmod(&directory, IMPLICIT_MODE));
                if let Some(errno) = moded.doing(|| cannot(path))? {
                    self.shared.warnings.add(Warning::Mode, path, Some(errno));
                }
                continue;
            };
            if !is_root() && !path.contains(&b'/') && metadata.mode & MOVABLE != MOVABLE {
                late.insert(path.clone(), metadata.mode);
                metadata.mode |= MOVABLE;
            }
            metadata
                .apply(&directory, self.shared.context(path))
                .doing(|| format!("cannot set mode, owner and time of {}", shown(path)))?;
        }
        Ok(late)
    }

    fn is_file(&self, path: &[u8]) -> bool {
        let (above, name) = split_parent(path);
        let status = self.open(above).and_then(|fd| rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW));
        status.is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::RegularFile)
    }

    /// Opens a staged directory.
    fn open(&self, path: &[u8]) -> rustix::io::Result<Arc<OwnedFd>> {
        let mut fd = self.top.clone();
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            fd = Arc::new(open_directory(&fd, part)?);
        }
        Ok(fd)
    }

    /// The parent directory of `path`, created when missing, and the name in it.
    fn parent_of<'a>(&mut self, path: &'a [u8]) -> Result<(Arc<OwnedFd>, &'a [u8])> {
        check_path(path)?;
        if self.links.contains_key(path) {
            return Err(added_twice(path));
        }
        let (above, name) = split_parent(path);
        if let Some((_, fd)) = self.last_parent.as_ref().filter(|(last_parent, _)| last_parent == above) {
            return Ok((fd.clone(), name));
        }
        let fd = self.open_or_create(above)?;
        self.last_parent = Some((above.to_vec(), fd.clone()));
        Ok((fd, name))
    }

    fn open_or_create(&mut self, path: &[u8]) -> Result<Arc<OwnedFd>> {
        let mut fd = self.top.clone();
        let mut so_far = HomePath::new();
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            if !so_far.is_empty() {
                so_far.push(b'/');
            }
            so_far.extend_from_slice(part);
            fd = Arc::new(self.open_or_create_child(&fd, &so_far, part)?);
        }
        Ok(fd)
    }

    fn open_or_create_child(&mut self, parent: &OwnedFd, path: &[u8], name: &[u8]) -> Result<OwnedFd> {
        if self.links.contains_key(path) {
            return Err(not_a_directory(path));
        }
        match open_directory(parent, name) {
            Err(Errno::NOENT) => {
                self.reserve_memory(path.len())?;
                unless_exists(path, rustix::fs::mkdirat(parent, name, Mode::RWXU))?;
                self.directories.insert(path.to_vec(), None);
                open_directory(parent, name).doing(|| cannot(path))
            }
            Err(Errno::NOTDIR | Errno::LOOP) => Err(not_a_directory(path)),
            other => other.doing(|| cannot(path)),
        }
    }
}

fn cannot(path: &[u8]) -> String {
    format!("cannot stage {}", shown(path))
}

fn added_twice(path: &[u8]) -> Error {
    Error::Exists(format!("{} was added already: add every path once", shown(path)))
}

fn not_a_directory(path: &[u8]) -> Error {
    Error::Invalid(format!("something was added below {}, which is not a directory", shown(path)))
}

fn unless_exists<T>(path: &[u8], outcome: rustix::io::Result<T>) -> Result<T> {
    match outcome {
        Err(Errno::EXIST) => Err(added_twice(path)),
        other => other.doing(|| cannot(path)),
    }
}
