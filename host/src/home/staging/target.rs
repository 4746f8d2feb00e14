//! The target of a restore: what may be staged, when it may be committed, and the order of steps of a commit.
//!
//! Refuses a directory whose database another process has open, one that cannot be swapped, and an empty new state.
//! Nothing outside the staging area changes before `commit`.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, statat};

use super::area::{NEW, StagingArea};
use super::journal::{Item, Journal};
use super::metadata::Metadata;
use super::paths::{MAX_NAME, check_path, first_component};
use super::read_back::ReadBack;
use super::recover::recover;
use super::remove::{exists, names};
use super::rules::{Rules, is_reserved};
use super::space::Budget;
use super::swap::{self, Outcome, finish_root};
use super::tree::{LateModes, StagedTree};
use super::warnings::Warning;
use super::writer::{Shared, Writer};
use super::{Options, databases_in_use};
use crate::disk::directory::Directory;
use crate::error::{Doing, Error, Result};
use crate::model::{Entry, HomePath, Kind, Scope, shown};
use crate::steps::Steps;

/// The suffixes of a database's companion files.
const DATABASE_COMPANIONS: [&[u8]; 3] = [b"-wal", b"-journal", b"-shm"];

/// A new state of a directory under construction. Dropped without `commit`, it leaves nothing behind.
pub struct Target {
    rules: Rules,
    tree: StagedTree,
    shared: Arc<Shared>,
    steps: Steps,
    /// Names at the top that were checked already.
    admitted: BTreeSet<Vec<u8>>,
    /// Present once reading back has begun.
    read_back: Option<ReadBack>,
    // The order of these two matters: the staging area is removed before the directory that contains it.
    staging: Staging,
    created: CreatedDirectories,
}

impl Target {
    /// Begins a restore, after recovering from an earlier one that was interrupted.
    ///
    /// `NotFound` when the directory is absent and the scope is not `Add`. `InUse` when another restore is under way
    /// or, unless `force`, another process has a database of the directory open. `Denied` when something could not be
    /// replaced (a mount point) or kept (a path that is too deep).
    pub fn open(options: Options, scope: Scope, force: bool) -> Result<Self> {
        let adds = matches!(scope, Scope::Add);
        let created =
            CreatedDirectories(if adds { create_directories(&options.directory)? } else { Vec::new() });
        let given = &options.directory;
        let directory = given.canonicalize().doing(|| format!("cannot restore into {}", given.display()))?;
        recover(&directory, &options.steps)?;
        let rules = Rules::new(directory.clone(), given, &options.keep, scope)?;
        rules.refuse_mounts()?;
        if rules.replaces_something() && !force {
            refuse_databases_in_use(&directory)?;
        }
        options.steps.at("restore: make the staging area");
        let area = StagingArea::create(&directory, rules.replaces_something())?;
        let top = area.subdirectory(NEW);
        let staging = Staging { area, has_journal: false };
        let own = staging.area.directory.try_clone().doing(|| "cannot stage a restore")?;
        let (budget, warnings) = (Budget::new(own, options.reserve)?, staging.area.warnings.clone());
        let shared = Arc::new(Shared::new(budget, warnings, options.keep_setuid));
        let (tree, admitted) = (StagedTree::new(top?, shared.clone()), BTreeSet::new());
        Ok(Self { rules, tree, shared, steps: options.steps, admitted, read_back: None, staging, created })
    }

    /// Bytes that may still be written.
    pub fn available(&self) -> u64 {
        self.shared.budget.available()
    }

    /// Stages a directory, symbolic link or hard link. The empty path is the directory itself.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        let path = entry.path.as_slice();
        let metadata = Metadata::of(entry)?;
        if path.is_empty() && entry.kind == Kind::Directory {
            return self.tree.add_root(metadata);
        }
        self.admit(path)?;
        self.refuse_after_read_back(path)?;
        match &entry.kind {
            Kind::Directory => self.tree.add_directory(path, metadata),
            Kind::Symlink(destination) => self.tree.add_symlink(path, destination, metadata),
            Kind::HardLink(file) => self.tree.add_hard_link(path, file),
            Kind::File(_) => {
                Err(Error::Invalid(format!("{} is a file: add it with its content", shown(path))))
            }
            Kind::Unusable(why) => Err(Error::Invalid(format!("{} cannot be restored: {why}", shown(path)))),
        }
    }

    /// Stages a regular file, which must be finished before `commit`.
    pub fn add_file(&mut self, entry: &Entry) -> Result<Writer> {
        let path = entry.path.as_slice();
        let Kind::File(size) = entry.kind else {
            return Err(Error::Invalid(format!("{} is not a file and has no content", shown(path))));
        };
        let metadata = Metadata::of(entry)?;
        self.admit(path)?;
        self.refuse_after_read_back(path)?;
        self.steps.at("restore: stage a file");
        let file = File::from(self.tree.create_file(path)?);
        Ok(Writer::new(file, path, size, metadata, self.shared.clone()))
    }

    /// Reads back about `max` bytes of the staged files from the disk and compares them with what was written. Returns
    /// the number of bytes, 0 when everything was read. Nothing may be added afterwards. `Io` when the disk returns
    /// something else.
    pub fn read_back(&mut self, max: u64) -> Result<u64> {
        self.begin_read_back()?.read(max)
    }

    /// Syncs first: what is not on the disk yet cannot be read back from it.
    fn begin_read_back(&mut self) -> Result<&mut ReadBack> {
        if self.read_back.is_none() {
            self.shared.check_finished()?;
            self.tree.link(&self.steps)?;
            self.make_durable("restore: make the staged contents durable")?;
            self.steps.at("restore: read the staged files back");
        }
        let (top, shared) = (self.tree.top(), &self.shared);
        Ok(self.read_back.get_or_insert_with(|| ReadBack::new(top, shared.take_written())))
    }

    fn make_durable(&self, step: &str) -> Result<()> {
        self.steps.at(step);
        self.staging.area.sync_all().doing(|| "cannot make the staged files durable")
    }

    /// Puts the staged state in place. Returns warnings about what could not be kept. After an error everything is as
    /// it was before, unless the error says otherwise.
    pub fn commit(mut self) -> Result<Vec<String>> {
        while self.read_back(u64::MAX)? > 0 {}
        let late_modes = self.tree.finish_directories(&self.steps)?;
        self.rules.refuse_mounts()?;
        let journal = self.make_journal(&late_modes)?;
        self.make_durable("restore: make the staged files durable")?;
        let area = &self.staging.area;
        journal.write(area, &self.steps)?;
        self.staging.has_journal = true;
        if let Outcome::RolledBack(why) = swap::run(area, &journal, &self.steps)? {
            self.staging.has_journal = false;
            return Err(why);
        }
        self.created.0.clear();
        // The restore is done. If its area cannot be removed now, `recover` tries again and reports it.
        if area.clear(&self.steps).is_ok() {
            let _ = finish_root(area, journal.root.as_ref());
        }
        Ok(area.warnings.sentences())
    }

    /// Checks whether that path may be staged, and spends the cost of one entry.
    fn admit(&mut self, path: &[u8]) -> Result<()> {
        check_path(path)?;
        let name = first_component(path);
        if !self.admitted.contains(name) {
            self.rules.admit(name)?;
            let directory = &self.staging.area.directory;
            if self.rules.only_adds()
                && !is_reserved(name)
                && exists(directory, name).doing(|| shown(name))?
            {
                return Err(self.already_exists(name));
            }
            if self.rules.only_adds()
                && let Some(other) = companion_of(directory, name).doing(|| shown(name))?
            {
                return Err(self.conflicts_with(name, &other));
            }
            self.tree.reserve_memory(name.len())?;
            self.admitted.insert(name.to_vec());
        }
        self.shared.budget.entry(path)
    }

    fn refuse_after_read_back(&self, path: &[u8]) -> Result<()> {
        match self.read_back {
            None => Ok(()),
            Some(_) => Err(Error::Invalid(format!("{} was added after reading back had begun", shown(path)))),
        }
    }

    fn already_exists(&self, name: &[u8]) -> Error {
        Error::Exists(format!(
            "{} is already in {}: choose another directory, or move it away",
            shown(name),
            self.staging.area.name
        ))
    }

    fn conflicts_with(&self, name: &[u8], other: &[u8]) -> Error {
        Error::Exists(format!(
            "{} is in {}, and SQLite would treat it and {} as one database: choose another directory, or move it away",
            shown(other),
            self.staging.area.name,
            shown(name)
        ))
    }

    /// Decides what happens to each name. A staged name is dropped if an existing one of that name is kept.
    fn make_journal(&self, late_modes: &LateModes) -> Result<Journal> {
        let area = &self.staging.area;
        let doing = || format!("cannot list {}", area.name);
        let existing: BTreeSet<HomePath> = names(&area.directory).doing(doing)?.into_iter().collect();
        let staged: BTreeSet<HomePath> = names(area.subdirectory(NEW)?).doing(doing)?.into_iter().collect();
        if self.rules.only_adds()
            && let Some(name) = staged.intersection(&existing).find(|name| !is_reserved(name))
        {
            return Err(self.already_exists(name));
        }
        if !self.rules.only_adds() && staged.is_empty() {
            return Err(Error::Invalid(format!("nothing was added, so {} was left unchanged", area.name)));
        }
        for name in staged.iter().filter(|name| is_reserved(name)) {
            area.warnings.add(Warning::Reserved, name, None);
        }
        let new = area.subdirectory(NEW)?;
        // The user chose where backups are kept: a restored link would send backups, and deletions, elsewhere.
        let is_kept_link = |name: &HomePath| self.rules.keeps(name) && is_link(&new, name);
        let late = |name: &HomePath| late_modes.get(name).copied();
        let items = existing.union(&staged).filter(|name| !is_reserved(name)).filter_map(|name| {
            let old = existing.contains(name);
            let is_replaced = old && self.rules.replaces(name);
            let is_placed = staged.contains(name) && (is_replaced || !old) && !is_kept_link(name);
            let item = || Item {
                name: name.clone(),
                old: is_replaced,
                new: is_placed,
                late_mode: late(name).filter(|_| is_placed),
            };
            (is_replaced || is_placed).then(item)
        });
        let root = self.tree.root().filter(|_| self.rules.owns_directory(!self.created.0.is_empty()));
        Ok(Journal::new(items.collect(), root))
    }
}

/// An existing file that SQLite would take for a companion file of `name`, or for the database that `name` belongs
/// to. SQLite trusts any log or journal that it finds next to a database.
fn companion_of(directory: &OwnedFd, name: &[u8]) -> std::io::Result<Option<HomePath>> {
    let parts = DATABASE_COMPANIONS.into_iter().map(|part| [name, part].concat());
    let base = DATABASE_COMPANIONS.into_iter().find_map(|part| name.strip_suffix(part)).map(<[u8]>::to_vec);
    // A name that is too long cannot exist.
    let others = parts.chain(base).filter(|other| (1..=MAX_NAME).contains(&other.len()));
    for other in others {
        if exists(directory, &other)? {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn is_link(parent: &OwnedFd, name: &[u8]) -> bool {
    statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Symlink)
}

pub(super) fn refuse_databases_in_use(directory: &Path) -> Result<()> {
    let open = databases_in_use(directory);
    if open.is_empty() {
        return Ok(());
    }
    Err(Error::InUse(format!(
        "cannot restore into {}, because {}: stop Home Assistant, or use --force",
        directory.display(),
        open.join(", ")
    )))
}

/// The staging area of a target that is not committed.
struct Staging {
    area: StagingArea,
    /// From then on the journal decides, and only the swap may remove anything.
    has_journal: bool,
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.has_journal {
            // If it cannot be removed now, the next start removes it.
            let _ = self.area.clear(&Steps::default());
        }
    }
}

/// Directories that were created for the target, deepest first. Removed on drop unless the target was committed.
struct CreatedDirectories(Vec<PathBuf>);

impl Drop for CreatedDirectories {
    fn drop(&mut self) {
        let _ = self.0.iter().try_for_each(std::fs::remove_dir);
    }
}

/// Creates a directory and its missing ancestors. Returns those that were created, deepest first.
fn create_directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let missing = directory.ancestors().filter(|path| !path.as_os_str().is_empty());
    let missing: Vec<PathBuf> = missing.take_while(|path| !path.exists()).map(Path::to_path_buf).collect();
    Directory::make(directory, 0o755).doing(|| format!("cannot create {}", directory.display()))?;
    Ok(missing)
}
